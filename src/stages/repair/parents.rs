//! A parent that no file declares.
//!
//! It is clear what was meant where `None` was put in quotes, where a branch label stands for its revision,
//! where git knows what the deleted revision built on, and where the docstring names a revision that is
//! there. Else the revisions that it could be are ranked, and the user is asked.
//!
//! A deletion is not clear if its commit added revisions too, or if another revision builds on just what the
//! deleted one built on: it may be the same one under a new id.
//! It is not clear either if all above is gone, and there are other histories that the rest may belong to.
//! What a squash took is not gone: `rebase` knows the baseline that stands for it.

use std::collections::BTreeSet;

use super::candidates::{Missing, NONE, said};
use super::deleted;
use super::tree::{Tree, is_named};
use super::{Left, Question, Reason};
use crate::format::alembic::python::ProblemKind;
use crate::history::RevisionId;

const RULE: &str = "missing-parent";

pub(super) fn mend(tree: &mut Tree<'_>) {
    let mut order: Vec<usize> = tree.live().map(|(at, _)| at).collect();
    order.sort_by(|a, b| tree.nodes[*a].file.path.cmp(&tree.nodes[*b].file.path));
    let there: BTreeSet<RevisionId> = tree.live().map(|(_, node)| node.now.id.clone()).collect();
    for at in order {
        // Of a double id it is not known yet which one stays.
        if tree.open.contains(&at) {
            continue;
        }
        let parents = tree.nodes[at].now.parents.iter();
        let missing: Vec<_> = parents.filter(|id| !there.contains(*id)).cloned().collect();
        for parent in &missing {
            // One of several questions about a revision is told by its parent.
            let id = &tree.nodes[at].now.id;
            let key = if missing.len() > 1 { format!("{id}:{parent}") } else { id.to_string() };
            replace(tree, at, parent, key);
        }
    }
}

fn replace(tree: &mut Tree<'_>, at: usize, parent: &RevisionId, key: String) {
    if broken(tree, at, parent) || squashed(tree, at, parent) {
        return;
    }
    let below = tree.descendants(&tree.nodes[at].now.id);
    let good = |id: &RevisionId| tree.find(id.as_str()).is_some() && !below.contains(id);
    if parent.as_str() == "None" {
        let text = "`None` stands in quotes: it is a base".to_owned();
        return put(tree, at, parent, &[], &text);
    }
    let label = tree.labels().get(parent.as_str()).map(|id| (*id).clone());
    if let Some(id) = label.filter(|id| good(id)) {
        let text = format!("its parent `{parent}` is a branch label: it is that of `{id}`");
        return put(tree, at, parent, &[id], &text);
    }
    let lead = deleted::from_git(tree, parent);
    let deleted = lead.as_ref().filter(|lead| {
        let ends = lead.ids.is_empty() && has_other_roots(tree, at, &below);
        let twin = !deleted::twins(tree, at, &lead.way, &below).is_empty();
        lead.clear && !ends && !twin && lead.ids.iter().all(good)
    });
    let said = said(tree, at).filter(good);
    // What speaks against git's answer speaks against the docstring's as well: it is as old as the parent.
    let unclear = deleted.is_none() && tree.input.deleted.contains_key(parent);
    if !tree.is_unsure() {
        if let Some(lead) = deleted {
            let text = format!("its parent `{parent}` is gone; {}", lead.why);
            return put(tree, at, parent, &lead.ids, &text);
        }
        if let Some(id) = said.filter(|_| !unclear) {
            let text =
                format!("its parent `{parent}` is in no file; its docstring says `Revises: {id}`");
            return put(tree, at, parent, &[id], &text);
        }
    }
    let missing = Missing { tree, at, parent, below: &below, lead: lead.as_ref() };
    let candidates = missing.candidates();
    let node = &tree.nodes[at];
    let question = Question {
        rule: RULE,
        revision: key,
        files: vec![node.file.path.clone()],
        text: format!("the parent `{parent}` of `{}` is in no file", node.now.id),
        candidates,
    };
    let fits = |answer: &str| answer == NONE || RevisionId::new(answer).is_ok_and(|id| good(&id));
    let allowed: BTreeSet<String> = tree
        .live()
        .map(|(_, node)| node.now.id.to_string())
        .chain([NONE.to_owned()])
        .filter(|answer| fits(answer))
        .collect();
    let Some(answer) = tree.ask(question, &[at], |answer| allowed.contains(answer)) else { return };
    let ids: Vec<RevisionId> =
        RevisionId::new(answer.as_str()).ok().filter(|_| answer != NONE).into_iter().collect();
    let text = format!("its parent `{parent}` is in no file (as chosen)");
    put(tree, at, parent, &ids, &text);
}

/// Whether a file that cannot be read declares the parent: then that one is to be repaired.
fn broken(tree: &mut Tree<'_>, at: usize, parent: &RevisionId) -> bool {
    let declares = |file: &&super::File| match &file.read {
        Ok(_) => false,
        Err(broken) => {
            let empty = broken.problems.iter().all(|p| p.kind == ProblemKind::Empty);
            let named = broken.id.is_none() && is_named(&file.path, parent.as_str());
            !empty && (broken.id.as_deref() == Some(parent.as_str()) || named)
        }
    };
    let Some(culprit) = tree.input.files.iter().find(declares) else { return false };
    let why = format!(
        "its parent `{parent}` is declared in `{}`, which cannot be read",
        culprit.path.display()
    );
    tree.left.push(Left { file: tree.nodes[at].file.path.clone(), why, stops: false });
    tree.open.insert(at);
    true
}

/// Whether a squash took the parent: then the baseline that stands for it is to be found, and nothing above it.
fn squashed(tree: &mut Tree<'_>, at: usize, parent: &RevisionId) -> bool {
    let Some(archive) = tree.input.squashed.get(parent) else { return false };
    let file = tree.nodes[at].file.path.clone();
    let why = format!(
        "its parent `{parent}` was squashed, it is in `{}`: rebaseline rebase {}",
        archive.display(),
        shell_words::quote(&file.display().to_string())
    );
    tree.left.push(Left { file, why, stops: false });
    tree.open.insert(at);
    true
}

/// Whether there are others, not behind this one, that build on nothing that is there.
fn has_other_roots(tree: &Tree<'_>, at: usize, below: &BTreeSet<RevisionId>) -> bool {
    let gone = |id: &RevisionId| tree.find(id.as_str()).is_none();
    tree.live().any(|(other, node)| {
        other != at && !below.contains(&node.now.id) && node.now.parents.iter().all(gone)
    })
}

/// Puts these in the place of a parent, each only once.
fn put(tree: &mut Tree<'_>, at: usize, parent: &RevisionId, new: &[RevisionId], text: &str) {
    let node = &mut tree.nodes[at];
    let mut parents: Vec<RevisionId> = Vec::new();
    for old in &node.now.parents {
        let replaced = if old == parent { new } else { std::slice::from_ref(old) };
        for id in replaced {
            if !parents.contains(id) {
                parents.push(id.clone());
            }
        }
    }
    let names: Vec<String> = new.iter().map(|id| format!("`{id}`")).collect();
    let does = if !names.is_empty() {
        format!("it builds on {} instead", names.join(" and "))
    } else if parents.is_empty() {
        "it becomes a base".to_owned()
    } else {
        "this parent is taken out".to_owned()
    };
    node.now.parents = parents;
    node.reasons.push(Reason { rule: RULE, text: format!("{text}: {does}") });
}
