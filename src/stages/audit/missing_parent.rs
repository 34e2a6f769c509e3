//! `missing-parent`: a `down_revision` that no file declares. Alembic ends in a `KeyError`.
//!
//! The reason is told if it can be known: the parent's own file is broken, the name is a branch
//! label, or `None` was put in quotes.

use std::collections::BTreeSet;

use super::rule::{Group, Rule};
use super::{Broken, Known, unread_parent};
use crate::history::{Finding, RevisionId, Severity};

pub(super) const RULE: Rule = Rule {
    code: "missing-parent",
    group: Group::Structure,
    severity: Severity::Error,
    fixed: true,
    summary: "a `down_revision` that no file declares",
    why: "The chain is broken: Alembic ends in a `KeyError`. Mostly the file was deleted, renamed with its id, or \
          is on another branch.",
    mend: "Put the file back (`git log --all --diff-filter=D --name-only -- '*ID*'` finds it), or name another \
           revision in `down_revision`.",
};

pub(super) fn finding(
    id: &RevisionId,
    parent: &RevisionId,
    label_of: Option<&RevisionId>,
    known: &Known,
) -> Finding {
    let place = known.source(id).and_then(|source| {
        source
            .parents
            .iter()
            .find(|literal| literal.value == *parent)
            .map(|literal| literal.range.clone())
    });
    let mut finding = known.finding(&RULE, id, place);
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
        // Nothing is wrong here: the file of the parent has a finding of its own.
        unread_parent::instead(&mut finding, id, parent, &broken.file);
    } else if parent.as_str() == "None" {
        "write `down_revision = None`, without quotes".clone_into(&mut finding.help);
    } else if !known.broken.is_empty() {
        let files = match known.broken.as_slice() {
            few if few.len() <= 3 => {
                // They come in the order of the folder, which differs from disk to disk.
                let files: BTreeSet<_> = few.iter().map(|broken| &broken.file).collect();
                super::quoted(files.into_iter().map(|file| file.display()))
            }
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
