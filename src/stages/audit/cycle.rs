//! `cycle`: revisions that wait for each other. Alembic refuses some cycles and hangs at full CPU,
//! without a word, on those that can be reached from a base and from a head.

use super::Known;
use super::rule::{Group, Rule};
use crate::history::{Finding, RevisionId, Severity};

pub(super) const RULE: Rule = Rule {
    code: "cycle",
    group: Group::Structure,
    severity: Severity::Error,
    fixed: true,
    summary: "revisions that wait for each other",
    why: "No order exists in which they could run. Alembic refuses some cycles, and hangs at full CPU \
          without a word on those that can be reached from a base and from a head.",
    mend: "Correct the `down_revision` or the `depends_on` that closes the circle; it is mostly the one that \
           was edited last.",
};

pub(super) fn finding(ids: &[RevisionId], known: &Known) -> Finding {
    let Some(first) = ids.first() else { return RULE.finding() };
    let source = known.source(first);
    let circle: Vec<String> = ids.iter().chain([first]).map(|id| format!("`{id}`")).collect();
    let files = super::quoted(ids.iter().filter_map(|id| known.file(id)).map(|it| it.display()));
    let mut finding =
        known.finding(&RULE, first, source.map(|source| source.down_revision.range.clone()));
    finding.message = match ids {
        [only] => format!("revision `{only}` comes after itself"),
        _ => format!("revisions go in a circle: {}", circle.join(" -> ")),
    };
    finding.help = format!("correct `down_revision` or `depends_on` in {files}");
    finding
}
