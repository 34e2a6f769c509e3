//! `dangling-depends-on`: a `depends_on` that is neither a revision nor a branch label. Alembic ends
//! in a `KeyError`; it takes a partial id on its command line, but not in a file.

use super::Known;
use crate::history::{Finding, RevisionId};

pub(super) fn finding(
    id: &RevisionId,
    depends_on: &str,
    candidates: &[RevisionId],
    known: &Known,
) -> Finding {
    let line = known.source(id).and_then(|source| {
        source.depends_on.iter().find(|name| name.value == depends_on).map(|name| name.line)
    });
    let mut finding = known.error("dangling-depends-on", id, line);
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
