//! `unreadable-file`, and what else can be odd about a file before its text is looked at:
//! `symlinked-file`, `missing-version-location`.

use std::path::PathBuf;

use super::files::FileProblem;
use crate::history::Finding;

pub(super) fn finding(file: PathBuf, problem: &FileProblem) -> Finding {
    let (rule, message, help) = match problem {
        FileProblem::Io(error) => (
            "unreadable-file",
            format!("the file cannot be read: {error}"),
            "make it readable, or take it out of the version location",
        ),
        FileProblem::NotAFile => (
            "unreadable-file",
            "this is no regular file, and Alembic would load it".to_owned(),
            "take it out of the version location",
        ),
        FileProblem::Encoding { .. } => (
            "unreadable-file",
            "the file is not UTF-8".to_owned(),
            "save it as UTF-8 and remove its `coding:` line",
        ),
        FileProblem::Compiled => (
            "unreadable-file",
            "`sourceless = true` makes Alembic load this compiled file, which has no source"
                .to_owned(),
            "put its source back, or remove the compiled file",
        ),
        FileProblem::Link { target } => (
            "symlinked-file",
            format!("the file is a link to `{}`", target.display()),
            "replace the link by the file itself: an archive holds what is in this folder",
        ),
        FileProblem::NoLocation => (
            "missing-version-location",
            "this version location does not exist; Alembic takes it as empty".to_owned(),
            "make the folder, or take it out of `version_locations`",
        ),
    };
    let line = if let FileProblem::Encoding { line } = problem { Some(*line) } else { None };
    Finding {
        rule,
        severity: problem.severity(),
        revision: None,
        file: Some(file),
        line,
        column: None,
        message,
        help: help.to_owned(),
    }
}
