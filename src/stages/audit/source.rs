//! Findings in a single file, one rule for each kind of problem: `syntax-error`, `empty-file`,
//! `no-revision-id`, `no-down-revision`, `dynamic-identifier`, `wrong-identifier-type`,
//! `illegal-revision-id`.

use std::path::Path;

use crate::format::alembic::python::{BrokenSource, ProblemKind, SourceProblem};
use crate::history::{Finding, Severity};

pub(super) fn findings(file: &Path, broken: &BrokenSource) -> Vec<Finding> {
    // A module without an id is no revision: that it has no parent either says nothing more.
    let no_id = broken.problems.iter().any(|problem| problem.kind == ProblemKind::NoRevisionId);
    let told = broken
        .problems
        .iter()
        .filter(|problem| !(no_id && problem.kind == ProblemKind::NoDownRevision));
    let finding = |problem: &SourceProblem| {
        let (rule, help) = rule(&problem.kind);
        Finding {
            rule,
            severity: Severity::Error,
            revision: broken.id.clone(),
            file: Some(file.to_owned()),
            line: Some(problem.line),
            column: Some(problem.column),
            message: problem.kind.to_string(),
            help,
        }
    };
    told.map(finding).collect()
}

fn rule(kind: &ProblemKind) -> (&'static str, String) {
    match kind {
        ProblemKind::Syntax { .. } => {
            ("syntax-error", "repair the file: Alembic cannot load it either".to_owned())
        }
        ProblemKind::Empty => (
            "empty-file",
            "remove the file, or put its content back: Alembic stops at it".to_owned(),
        ),
        ProblemKind::NoRevisionId => (
            "no-revision-id",
            "add `revision = \"...\"`; if this is a helper module, move it out of the version \
             location: Alembic loads every `.py` file there and stops at this one"
                .to_owned(),
        ),
        ProblemKind::NoDownRevision => (
            "no-down-revision",
            "add `down_revision = \"...\"`, or `down_revision = None` for the first revision"
                .to_owned(),
        ),
        ProblemKind::Dynamic { name, .. } => (
            "dynamic-identifier",
            format!("write the value of `{name}` as a plain string or a tuple of plain strings"),
        ),
        ProblemKind::WrongType { name, expected, .. } => {
            let none = if *name == "revision" { "" } else { ", or `None`" };
            ("wrong-identifier-type", format!("make `{name}` {expected}{none}"))
        }
        ProblemKind::Illegal { name: "revision", .. } => (
            "illegal-revision-id",
            "give the revision another id, here and in the `down_revision` of its children; \
             Alembic refuses `@`, `-`, `+` and `:`"
                .to_owned(),
        ),
        ProblemKind::Illegal { name, .. } => (
            "illegal-revision-id",
            format!("name an existing revision in `{name}`; no id can be like this"),
        ),
    }
}
