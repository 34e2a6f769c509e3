//! What git knows of a parent whose file was deleted. Pure: the commits were read before.

use std::collections::BTreeSet;

use super::tree::Tree;
use crate::history::RevisionId;

/// Where git leads.
pub struct Lead {
    /// Ids that are there; none if all above is gone too.
    pub ids: Vec<RevisionId>,
    /// What git says, for people.
    pub why: String,
    /// The deleted revisions on the way up.
    pub way: Vec<RevisionId>,
    /// No commit on the way added a revision.
    pub clear: bool,
}

/// What a deleted revision built on, as far up as git leads.
pub fn from_git(tree: &Tree<'_>, parent: &RevisionId) -> Option<Lead> {
    let deleted = tree.input.deleted.get(parent)?;
    let mut clear = deleted.added.is_empty();
    let mut seen = BTreeSet::from([parent.clone()]);
    let mut found: Vec<RevisionId> = Vec::new();
    let mut todo: Vec<RevisionId> = deleted.parents.iter().rev().cloned().collect();
    let mut why = format!("git has `{}`, deleted in {}", deleted.path, deleted.commit);
    while let Some(id) = todo.pop() {
        if !seen.insert(id.clone()) {
            continue;
        }
        if tree.find(id.as_str()).is_some() {
            found.push(id);
        } else {
            // What a squash took has a baseline in its place, which is not what stands above it.
            let above =
                tree.input.deleted.get(&id).filter(|_| !tree.input.squashed.contains_key(&id))?;
            clear &= above.added.is_empty();
            why.push_str(&format!(", and `{}`, deleted in {}", above.path, above.commit));
            todo.extend(above.parents.iter().rev().cloned());
        }
    }
    let found_too = |id: &RevisionId| found.contains(id);
    let way = seen.into_iter().filter(|id| !found_too(id)).collect();
    Some(Lead { ids: found, why, way, clear })
}

/// Those that build on just what a deleted revision of the way up built on, and not on the one that misses its
/// parent; with the deleted one. What the files say counts, not what is mended already.
pub fn twins<'a>(
    tree: &'a Tree<'_>,
    at: usize,
    way: &'a [RevisionId],
    below: &'a BTreeSet<RevisionId>,
) -> Vec<(&'a RevisionId, &'a RevisionId)> {
    let others = tree.live().filter(|(other, o)| *other != at && !below.contains(&o.now.id));
    let mut twins = Vec::new();
    for (_, other) in others {
        let parents = || other.source.parents.iter().map(|parent| &parent.value);
        let builds_alike = |gone: &&RevisionId| {
            let deleted = tree.input.deleted.get(*gone);
            deleted.is_some_and(|d| !d.parents.is_empty() && parents().eq(&d.parents))
        };
        twins.extend(way.iter().find(builds_alike).map(|gone| (&other.now.id, gone)));
    }
    twins
}
