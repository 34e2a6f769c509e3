//! `missing-parent`: a `down_revision` that no file declares. Alembic ends in a `KeyError`.
//!
//! The reason is told if it can be known: the parent's own file is broken, the name is a branch
//! label, or `None` was put in quotes.

use super::{Broken, Known};
use crate::history::{Finding, RevisionId};

pub(super) fn finding(
    id: &RevisionId,
    parent: &RevisionId,
    label_of: Option<&RevisionId>,
    known: &Known,
) -> Finding {
    let line = known.source(id).and_then(|source| {
        source.parents.iter().find(|literal| literal.value == *parent).map(|literal| literal.line)
    });
    let mut finding = known.error("missing-parent", id, line);
    finding.message = format!("the parent `{parent}` of revision `{id}` is in no file");
    finding.help = format!(
        "put the file of `{parent}` back (find it: `git log --all --diff-filter=D --name-only -- \
         '*{parent}*'`), or name another revision in the `down_revision` of `{id}`"
    );
    if let Some(label_of) = label_of {
        finding.message =
            format!("the parent `{parent}` of revision `{id}` is a branch label, not a revision");
        finding.help = format!("write `down_revision = \"{label_of}\"`");
    } else if let Some(broken) = culprit(parent, &known.broken) {
        let file = broken.file.display();
        finding.message =
            format!("the parent `{parent}` of revision `{id}` is missing: `{file}` is broken");
        finding.help = format!("repair `{file}` first: it has a finding of its own");
    } else if parent.as_str() == "None" {
        "write `down_revision = None`, without quotes".clone_into(&mut finding.help);
    } else if !known.broken.is_empty() {
        let files = match known.broken.as_slice() {
            few if few.len() <= 3 => super::quoted(few.iter().map(|broken| broken.file.display())),
            many => format!("the {} broken files", many.len()),
        };
        finding.help = format!("repair {files} first, which may declare it; or: {}", finding.help);
    }
    finding
}

/// The broken file that declares `parent`: it says so itself, or its name does.
fn culprit<'a>(parent: &RevisionId, broken: &'a [Broken]) -> Option<&'a Broken> {
    let says = |broken: &&Broken| broken.id.as_deref() == Some(parent.as_str());
    let named = |broken: &&Broken| {
        let stem = broken.file.file_stem().map(|stem| stem.to_string_lossy().into_owned());
        let words = stem.unwrap_or_default();
        broken.id.is_none()
            && (words == parent.as_str()
                || words.starts_with(&format!("{parent}_"))
                || words.ends_with(&format!("_{parent}"))
                || words.contains(&format!("_{parent}_")))
    };
    broken.iter().find(says).or_else(|| broken.iter().find(named))
}
