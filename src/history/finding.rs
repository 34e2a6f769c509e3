//! What an audit has to say about a history: one [`Finding`] a problem.
//!
//! `message` says what is so, `help` says what to type or change. They are apart so that a report
//! can show them differently.

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
    #[serde(skip_serializing_if = "Option::is_none")]
    pub column: Option<u32>,
    /// What is so, naming the ids.
    pub message: String,
    /// What to do about it.
    pub help: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_form() {
        let finding = Finding {
            rule: "several-heads",
            severity: Severity::Warning,
            revision: None,
            file: Some("versions/a.py".into()),
            line: Some(3),
            column: None,
            message: "two".to_owned(),
            help: "merge".to_owned(),
        };
        insta::assert_snapshot!(serde_json::to_string(&finding).unwrap(), @r#"{"rule":"several-heads","severity":"warning","revision":null,"file":"versions/a.py","line":3,"message":"two","help":"merge"}"#);
    }
}
