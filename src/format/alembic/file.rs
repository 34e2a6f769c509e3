//! A file that Alembic would load as a revision, as it was read: what the audit reads and the repair changes.

use std::path::PathBuf;

use crate::format::alembic::python::{BrokenSource, RevisionSource};

/// A file that Alembic would load as a revision, as it was read.
#[derive(Debug, Clone)]
pub struct File {
    /// Relative to the project if it lies inside.
    pub path: PathBuf,
    /// Its text.
    pub text: String,
    /// The hash of its bytes, in hexadecimal.
    pub sha256: String,
    /// Whether it is a link: nothing is written through one.
    pub link: bool,
    /// What it declares.
    pub read: Result<RevisionSource, BrokenSource>,
}
