//! What an audit has to say about a history: one [`Finding`] a problem.
//!
//! `message` says what is so, `help` says what to type or change. They are apart so that a report
//! can show them differently.

use std::ops::Range;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

/// How bad a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// The history cannot be squashed, and mostly not run either.
    Error,
    /// It can, but it is likely not what was meant.
    Warning,
    /// Worth knowing.
    Info,
}

impl Severity {
    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warning => "warning",
            Self::Info => "info",
        }
    }
}

/// What a user makes of a rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// It is not told.
    Off,
    /// As information.
    Info,
    /// As a warning.
    Warning,
    /// As an error.
    Error,
}

/// A place in a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Position {
    /// From 1.
    pub line: u32,
    /// In characters, from 1.
    pub column: u32,
}

/// One thing that was found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// The rule's name in kebab-case.
    pub rule: &'static str,
    /// How bad it is.
    pub severity: Severity,
    /// The revision it is about, when one is known.
    pub revision: Option<String>,
    /// The file it is about, relative to the project.
    pub file: Option<PathBuf>,
    /// Line in the file, from 1.
    pub line: Option<u32>,
    /// Column in the line in characters, from 1.
    pub column: Option<u32>,
    /// Behind the last character of the place.
    pub end: Option<Position>,
    /// What is so, naming the ids.
    pub message: String,
    /// What to do about it.
    pub help: String,
    /// The place in bytes of the file. Line, column and end are worked out from it.
    #[serde(skip)]
    pub span: Option<Range<usize>>,
}

impl Finding {
    /// A finding that says nothing yet.
    pub fn new(rule: &'static str, severity: Severity) -> Self {
        Self {
            rule,
            severity,
            revision: None,
            file: None,
            line: None,
            column: None,
            end: None,
            message: String::new(),
            help: String::new(),
            span: None,
        }
    }

    /// What is so, and what to do.
    #[must_use]
    pub fn says(mut self, message: impl Into<String>, help: impl Into<String>) -> Self {
        self.message = message.into();
        self.help = help.into();
        self
    }

    /// The revision it is about.
    #[must_use]
    pub fn about(mut self, revision: &impl ToString) -> Self {
        self.revision = Some(revision.to_string());
        self
    }

    /// The file it is about, and the place in it.
    #[must_use]
    pub fn at(mut self, file: impl Into<PathBuf>, span: Option<Range<usize>>) -> Self {
        self.file = Some(file.into());
        self.span = span;
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_form() {
        let finding = Finding::new("several-heads", Severity::Warning)
            .at("versions/a.py", Some(3..5))
            .says("two", "merge");
        insta::assert_snapshot!(serde_json::to_string(&finding).unwrap(), @r#"{"rule":"several-heads","severity":"warning","revision":null,"file":"versions/a.py","line":null,"column":null,"end":null,"message":"two","help":"merge"}"#);
    }
}
