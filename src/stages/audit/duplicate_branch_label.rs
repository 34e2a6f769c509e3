//! `duplicate-branch-label`: a label that another revision has too, or that is also an id. Alembic
//! refuses the whole history.

use super::Known;
use crate::history::{Finding, RevisionId};

pub(super) fn finding(label: &str, id: &RevisionId, other: &RevisionId, known: &Known) -> Finding {
    let line = known.source(id).and_then(|source| {
        source.labels.iter().find(|literal| literal.value == label).map(|literal| literal.line)
    });
    let mut finding = known.error("duplicate-branch-label", id, line);
    let owner = match () {
        () if other.as_str() == label => "the id of a revision as well".to_owned(),
        () if other == id => "written twice".to_owned(),
        () => format!("a label of revision `{other}` as well"),
    };
    finding.message = format!("the branch label `{label}` of revision `{id}` is {owner}");
    finding.help = format!("remove or rename the label `{label}` in one of the two places");
    finding
}
