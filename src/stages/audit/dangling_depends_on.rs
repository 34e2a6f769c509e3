//! `dangling-depends-on`: a `depends_on` that is neither a revision nor a branch label. Alembic ends
//! in a `KeyError`; it takes a partial id on its command line, but not in a file.

use super::Known;
use super::rule::{Group, Rule};
use crate::history::{Finding, RevisionId, Severity};

pub(super) const RULE: Rule = Rule {
    code: "dangling-depends-on",
    group: Group::Structure,
    severity: Severity::Error,
    fixed: true,
    summary: "a `depends_on` that is neither a revision nor a branch label",
    why: "Alembic ends in a `KeyError`. It takes a partial id on its command line, but not in a file.",
    mend: "Write the whole id of an existing revision, or a branch label, or remove it.",
};

pub(super) fn finding(
    id: &RevisionId,
    depends_on: &str,
    candidates: &[RevisionId],
    known: &Known,
) -> Finding {
    let place = known.source(id).and_then(|source| {
        source
            .depends_on
            .iter()
            .find(|name| name.value == depends_on)
            .map(|name| name.range.clone())
    });
    let mut finding = known.finding(&RULE, id, place);
    finding.message = format!(
        "revision `{id}` depends on `{depends_on}`, which is neither a revision nor a branch label"
    );
    let broken = known.broken.iter().find(|broken| broken.id.as_deref() == Some(depends_on));
    finding.help = match (broken, candidates) {
        (Some(broken), _) => {
            format!("repair `{}` first: it declares `{depends_on}`", broken.file.display())
        }
        (None, [only]) => format!("write the whole id: `{only}`"),
        (None, []) => "name an existing revision or branch label, or remove it".to_owned(),
        (None, several) => format!("write one whole id: {}", super::quoted(several)),
    };
    finding
}
