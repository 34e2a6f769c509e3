//! `cycle`: revisions that wait for each other. Alembic refuses some cycles and hangs at full CPU,
//! without a word, on those that can be reached from a base and from a head.

use super::Known;
use crate::history::{Finding, RevisionId, Severity};

pub(super) fn finding(ids: &[RevisionId], known: &Known) -> Finding {
    let first = ids.first();
    let source = first.and_then(|id| known.source(id));
    let circle: Vec<String> = ids.iter().chain(first).map(|id| format!("`{id}`")).collect();
    let files = super::quoted(ids.iter().filter_map(|id| known.file(id)).map(|it| it.display()));
    Finding {
        rule: "cycle",
        severity: Severity::Error,
        revision: first.map(ToString::to_string),
        file: first.and_then(|id| known.file(id)).cloned(),
        line: source.map(|source| source.down_revision.line),
        column: None,
        message: match ids {
            [only] => format!("revision `{only}` comes after itself"),
            _ => format!("revisions go in a circle: {}", circle.join(" -> ")),
        },
        help: format!("correct `down_revision` or `depends_on` in {files}"),
    }
}
