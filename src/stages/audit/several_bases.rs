//! `several-bases`: more than one first revision. Labelled ones are branches that somebody meant.

use super::Known;
use super::rule::{Group, Rule};
use crate::history::{Finding, History, Severity};

pub(super) const RULE: Rule = Rule {
    code: "several-bases",
    group: Group::Structure,
    severity: Severity::Warning,
    fixed: false,
    summary: "more than one revision without a parent, and without a branch label",
    why: "Branches of their own begin with a labelled base (`alembic revision --head=base --branch-label=...`). \
          Without a label it is mostly a `down_revision = None` that was forgotten: the revision may run before \
          those that it needs. A squash makes one baseline of all, or one for each base with `--per-branch`.",
    mend: "Name the parent in `down_revision`, or give the branch a label.",
};

pub(super) fn finding(history: &History, known: &Known) -> Option<Finding> {
    let bases = history.bases();
    let mut bare: Vec<_> = bases
        .iter()
        .filter(|id| history.get(id).is_some_and(|revision| revision.labels.is_empty()))
        .collect();
    if bases.len() < 2 || bare.is_empty() {
        return None;
    }
    bare.sort();
    // One unlabelled base beside labelled ones is the trunk.
    let [_, .., last] = bare.as_slice() else { return None };
    let place = known.source(last).map(|source| source.down_revision.range.clone());
    Some(known.finding(&RULE, last, place).says(
        format!("the history has {} bases without a label: {}", bare.len(), super::quoted(&bare)),
        "name the parent in `down_revision`; a branch that is meant needs `branch_labels = (\"...\",)`",
    ))
}
