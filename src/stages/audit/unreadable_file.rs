//! `unreadable-file`, and what else can be odd about a file before its text is looked at:
//! `symlinked-file`, `missing-version-location`.

use std::path::PathBuf;

use super::files::FileProblem;
use super::rule::{Group, Rule};
use crate::history::{Finding, Severity};

pub(super) const RULE: Rule = Rule {
    code: "unreadable-file",
    group: Group::Structure,
    severity: Severity::Error,
    fixed: true,
    summary: "a file of a version location that cannot be read as text",
    why: "Alembic loads every `.py` file there and stops at this one: no right to read it, a link that leads \
          nowhere, a pipe, another encoding than UTF-8, a compiled file without its source.",
    mend: "Make it readable, save it as UTF-8, or take it out of the version location.",
};

pub(super) const LINK: Rule = Rule {
    code: "symlinked-file",
    group: Group::Structure,
    severity: Severity::Warning,
    fixed: false,
    summary: "a revision file that is a link",
    why: "An archive holds what is in the folder, and a swap replaces files there: what the link leads to stays \
          as it is.",
    mend: "Replace the link by the file itself.",
};

pub(super) const NO_LOCATION: Rule = Rule {
    code: "missing-version-location",
    group: Group::Structure,
    severity: Severity::Warning,
    fixed: false,
    summary: "a configured version location that does not exist",
    why: "Alembic takes it as empty. If it is a slip of the pen, revisions are missing.",
    mend: "Make the folder, or take it out of `version_locations`.",
};

pub(super) fn finding(file: PathBuf, problem: &FileProblem) -> Finding {
    let (rule, message, help) = match problem {
        FileProblem::Io(error) => (
            &RULE,
            format!("the file cannot be read: {error}"),
            "make it readable, or take it out of the version location",
        ),
        FileProblem::NotAFile => (
            &RULE,
            "this is no regular file, and Alembic would load it".to_owned(),
            "take it out of the version location",
        ),
        FileProblem::Encoding { .. } => (
            &RULE,
            "the file is not UTF-8".to_owned(),
            "save it as UTF-8 and remove its `coding:` line",
        ),
        FileProblem::Compiled => (
            &RULE,
            "`sourceless = true` makes Alembic load this compiled file, which has no source"
                .to_owned(),
            "put its source back, or remove the compiled file",
        ),
        FileProblem::Link { target } => (
            &LINK,
            format!("the file is a link to `{}`", target.display()),
            "replace the link by the file itself: an archive holds what is in this folder",
        ),
        FileProblem::NoLocation => (
            &NO_LOCATION,
            "this version location does not exist; Alembic takes it as empty".to_owned(),
            "make the folder, or take it out of `version_locations`",
        ),
    };
    let line = if let FileProblem::Encoding { line } = problem { Some(*line) } else { None };
    Finding { line, ..rule.finding().at(file, None).says(message, help) }
}
