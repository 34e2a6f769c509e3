//! `duplicate-branch-label`: a label that another revision has too, or that is also an id. Alembic
//! refuses the whole history.

use super::Known;
use super::rule::{Group, Rule};
use crate::history::{Finding, RevisionId, Severity};

pub(super) const RULE: Rule = Rule {
    code: "duplicate-branch-label",
    group: Group::Structure,
    severity: Severity::Error,
    fixed: true,
    summary: "a branch label that is used twice, or that is also an id",
    why: "Labels and ids share one name space. Alembic refuses the whole history.",
    mend: "Remove or rename the label in one of the two places.",
};

pub(super) fn finding(label: &str, id: &RevisionId, other: &RevisionId, known: &Known) -> Finding {
    let place = known.source(id).and_then(|source| {
        source
            .labels
            .iter()
            .find(|literal| literal.value == label)
            .map(|literal| literal.range.clone())
    });
    let mut finding = known.finding(&RULE, id, place);
    let owner = match () {
        () if other.as_str() == label => "the id of a revision as well".to_owned(),
        () if other == id => "written twice".to_owned(),
        () => format!("a label of revision `{other}` as well"),
    };
    finding.message = format!("the branch label `{label}` of revision `{id}` is {owner}");
    finding.help = format!("remove or rename the label `{label}` in one of the two places");
    finding
}
