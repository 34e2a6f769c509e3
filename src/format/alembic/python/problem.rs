//! Why a revision file cannot be read statically.

use std::ops::Range;

use crate::history::IllegalRevisionId;

/// A file that could not be read, with all that is wrong in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BrokenSource {
    /// At least one.
    pub problems: Vec<SourceProblem>,
    /// Its id, if that much could be read: others may name it as their parent.
    pub id: Option<String>,
}

/// One problem and where it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourceProblem {
    /// From 1.
    pub line: u32,
    /// In characters, from 1.
    pub column: u32,
    /// In bytes.
    pub range: Range<usize>,
    /// What is wrong.
    pub kind: ProblemKind,
}

/// What can be wrong in a revision file.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ProblemKind {
    /// Python could not read it either.
    #[error("syntax error: {message}")]
    Syntax {
        /// The parser's words.
        message: String,
    },
    /// Nothing but white space and comments.
    #[error("the file is empty")]
    Empty,
    /// `revision` is not assigned.
    #[error("the file assigns no `revision`")]
    NoRevisionId,
    /// `down_revision` is not assigned, not even to `None`.
    #[error("the file assigns no `down_revision`")]
    NoDownRevision,
    /// The value is known only when the file runs.
    #[error("`{name}` is known only when the file runs: {why}")]
    Dynamic {
        /// The variable.
        name: &'static str,
        /// What makes it so.
        why: &'static str,
    },
    /// A literal that Alembic cannot use.
    #[error("`{name}` is {found}, not {expected}")]
    WrongType {
        /// The variable.
        name: &'static str,
        /// What it is.
        found: &'static str,
        /// What Alembic takes.
        expected: &'static str,
    },
    /// Not a revision id.
    #[error("{illegal}, in `{name}`")]
    Illegal {
        /// The variable.
        name: &'static str,
        /// What is wrong with the id.
        illegal: IllegalRevisionId,
    },
}
