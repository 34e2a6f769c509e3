//! Findings in a single file, one rule for each kind of problem: `syntax-error`, `empty-file`,
//! `no-revision-id`, `no-down-revision`, `dynamic-identifier`, `wrong-identifier-type`,
//! `illegal-revision-id`.

use std::path::Path;

use super::merge_conflict;
use super::rule::{Group, Rule};
use crate::format::alembic::python::{BrokenSource, ProblemKind, SourceProblem};
use crate::history::{Finding, Severity};

/// What all of these have in common.
const ERROR: Rule = Rule {
    code: "",
    group: Group::Structure,
    severity: Severity::Error,
    fixed: true,
    summary: "",
    why: "",
    mend: "",
};

pub(super) const SYNTAX: Rule = Rule {
    code: "syntax-error",
    summary: "a file that is no Python",
    why: "Alembic loads every revision file before it does anything, and cannot load this one.",
    mend: "Repair the file; version control has the last one that could be read.",
    ..ERROR
};

pub(super) const EMPTY: Rule = Rule {
    code: "empty-file",
    summary: "a revision file without a statement",
    why: "Alembic stops at it: a module without `revision`. Mostly a merge or a crash left it.",
    mend: "Remove the file, or put its content back.",
    ..ERROR
};

pub(super) const NO_ID: Rule = Rule {
    code: "no-revision-id",
    summary: "a file that assigns no `revision`",
    why: "Alembic loads every `.py` file of a version location and stops at this one.",
    mend: "Add `revision = \"...\"`. If the file is a helper module, move it out of the version location.",
    ..ERROR
};

pub(super) const NO_PARENT: Rule = Rule {
    code: "no-down-revision",
    summary: "a file that assigns no `down_revision`",
    why: "Where the revision stands in the history is not known; Alembic ends in an `AttributeError`.",
    mend: "Add `down_revision = \"...\"`, or `down_revision = None` for the first revision.",
    ..ERROR
};

pub(super) const DYNAMIC: Rule = Rule {
    code: "dynamic-identifier",
    summary: "an id, a parent, a dependency or a label that only running the file could tell",
    why: "Revision files are read without running them, and nothing is guessed: a label that was lost in the \
          baseline would break `upgrade LABEL@head`.",
    mend: "Write the value as a plain string or a tuple of plain strings; a constant of the same file will do.",
    ..ERROR
};

pub(super) const WRONG_TYPE: Rule = Rule {
    code: "wrong-identifier-type",
    summary: "an id, a parent, a dependency or a label of a type that Alembic cannot use",
    why: "An id without quotes is a number, and `0012` is not even that. Alembic fails, or finds no such revision.",
    mend: "Write it as a string, or as a tuple of strings.",
    ..ERROR
};

pub(super) const ILLEGAL: Rule = Rule {
    code: "illegal-revision-id",
    summary: "an id with characters that Alembic refuses",
    why: "`@`, `-`, `+` and `:` have a meaning on Alembic's command line.",
    mend: "Give the revision another id, in its file and in the `down_revision` of its children.",
    ..ERROR
};

/// What is wrong with a file. The first finding of a merge conflict stands for the errors that it makes.
pub(super) fn findings(file: &Path, text: &str, broken: &BrokenSource) -> Vec<Finding> {
    if let Some(conflict) = merge_conflict::finding(file, text, true) {
        let mut conflict = conflict;
        conflict.revision.clone_from(&broken.id);
        return vec![conflict];
    }
    // A module without an id is no revision: that it has no parent either says nothing more.
    let no_id = broken.problems.iter().any(|problem| problem.kind == ProblemKind::NoRevisionId);
    let told = broken
        .problems
        .iter()
        .filter(|problem| !(no_id && problem.kind == ProblemKind::NoDownRevision));
    let finding = |problem: &SourceProblem| {
        let (rule, help) = rule(&problem.kind);
        let finding = rule
            .finding()
            .at(file, Some(problem.range.clone()))
            .says(problem.kind.to_string(), help);
        Finding { revision: broken.id.clone(), ..finding }
    };
    told.map(finding).collect()
}

fn rule(kind: &ProblemKind) -> (&'static Rule, String) {
    match kind {
        ProblemKind::Syntax { .. } => {
            (&SYNTAX, "repair the file: Alembic cannot load it either".to_owned())
        }
        ProblemKind::Empty => {
            (&EMPTY, "remove the file, or put its content back: Alembic stops at it".to_owned())
        }
        ProblemKind::NoRevisionId => (
            &NO_ID,
            "add `revision = \"...\"`; if this is a helper module, move it out of the version \
             location: Alembic loads every `.py` file there and stops at this one"
                .to_owned(),
        ),
        ProblemKind::NoDownRevision => (
            &NO_PARENT,
            "add `down_revision = \"...\"`, or `down_revision = None` for the first revision"
                .to_owned(),
        ),
        ProblemKind::Dynamic { name, .. } => (
            &DYNAMIC,
            format!("write the value of `{name}` as a plain string or a tuple of plain strings"),
        ),
        ProblemKind::WrongType { name, expected, .. } => {
            let none = if *name == "revision" { "" } else { ", or `None`" };
            (&WRONG_TYPE, format!("make `{name}` {expected}{none}"))
        }
        ProblemKind::Illegal { name: "revision", .. } => (
            &ILLEGAL,
            "give the revision another id, here and in the `down_revision` of its children; \
             Alembic refuses `@`, `-`, `+` and `:`"
                .to_owned(),
        ),
        ProblemKind::Illegal { name, .. } => {
            (&ILLEGAL, format!("name an existing revision in `{name}`; no id can be like this"))
        }
    }
}
