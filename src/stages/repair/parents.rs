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
use std::path::Path;

use super::tree::{Tree, is_named};
use super::{Candidate, Left, Question, Reason};
use crate::format::alembic::mend;
use crate::format::alembic::python::ProblemKind;
use crate::history::RevisionId;

const RULE: &str = "missing-parent";

/// How many candidates are told.
const MANY: usize = 6;

/// The answer that makes a base of a revision.
const NONE: &str = "none";

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
    let deleted = from_git(tree, parent).filter(|lead| {
        let ends = lead.ids.is_empty() && has_other_roots(tree, at, &below);
        let twin = !twins(tree, at, parent, &below).is_empty();
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
    let candidates = candidates(tree, at, parent, &below);
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

/// Those that build on just what a deleted revision of the way up built on, and not on the one that misses its
/// parent; with the deleted one. What the files say counts, not what is mended already.
fn twins<'a>(
    tree: &'a Tree<'_>,
    at: usize,
    parent: &'a RevisionId,
    below: &'a BTreeSet<RevisionId>,
) -> Vec<(&'a RevisionId, RevisionId)> {
    let way = from_git(tree, parent).map_or_else(|| vec![parent.clone()], |lead| lead.way);
    let others = tree.live().filter(|(other, o)| *other != at && !below.contains(&o.now.id));
    let mut twins = Vec::new();
    for (_, other) in others {
        let parents = || other.source.parents.iter().map(|parent| &parent.value);
        let builds_alike = |gone: &&RevisionId| {
            let deleted = tree.input.deleted.get(*gone);
            deleted.is_some_and(|d| !d.parents.is_empty() && parents().eq(&d.parents))
        };
        twins.extend(way.iter().find(builds_alike).map(|gone| (&other.now.id, gone.clone())));
    }
    twins
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

/// What the docstring says instead, if it is one id.
fn said(tree: &Tree<'_>, at: usize) -> Option<RevisionId> {
    let node = &tree.nodes[at];
    let said = mend::said(&node.file.text, node.source).revises?;
    let [only] = said.as_slice() else { return None };
    RevisionId::new(only.as_str()).ok().filter(|_| node.now.parents.len() == 1)
}

/// Where git leads.
struct Lead {
    /// Ids that are there; none if all above is gone too.
    ids: Vec<RevisionId>,
    why: String,
    /// The deleted revisions on the way up.
    way: Vec<RevisionId>,
    /// No commit on the way added a revision.
    clear: bool,
}

/// What a deleted revision built on, as far up as git leads.
fn from_git(tree: &Tree<'_>, parent: &RevisionId) -> Option<Lead> {
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

/// The revisions that could be meant, the likeliest first.
fn candidates(
    tree: &Tree<'_>,
    at: usize,
    parent: &RevisionId,
    below: &BTreeSet<RevisionId>,
) -> Vec<Candidate> {
    let node = &tree.nodes[at];
    let others: Vec<_> =
        tree.live().filter(|(other, o)| *other != at && !below.contains(&o.now.id)).collect();
    let good = |id: &RevisionId| others.iter().any(|(_, node)| node.now.id == *id);
    let mut found: Vec<(RevisionId, Vec<String>)> = Vec::new();
    let mut add = |id: &RevisionId, why: String| match found.iter_mut().find(|(f, _)| f == id) {
        Some((_, whys)) => whys.push(why),
        None => found.push((id.clone(), vec![why])),
    };
    if let Some(deleted) = tree.input.deleted.get(parent) {
        for added in &deleted.added {
            let Some(id) = added.id.as_ref().filter(|id| good(id)) else { continue };
            let what = format!(
                "{} took `{parent}` and added `{}`: it may be that one, under a new id",
                deleted.commit, added.path
            );
            add(id, what);
        }
    }
    for (id, gone) in twins(tree, at, parent, below) {
        add(id, format!("it builds on what `{gone}` built on: it may be that one, under a new id"));
    }
    if let Some(lead) = from_git(tree, parent)
        && let [id] = lead.ids.as_slice()
        && good(id)
    {
        add(id, lead.why);
    }
    if let Some(id) = said(tree, at).filter(good) {
        add(&id, "the docstring says so".to_owned());
    }
    let alike = |id: &RevisionId| {
        let (id, parent) = (id.as_str().to_lowercase(), parent.as_str().to_lowercase());
        id == parent
            || (parent.len() >= 4 && id.starts_with(&parent))
            || (id.len() >= 4 && parent.starts_with(&id))
    };
    for (_, other) in others.iter().filter(|(_, other)| alike(&other.now.id)) {
        add(&other.now.id, format!("its id is like `{parent}`"));
    }
    let before =
        others.iter().filter(|(_, o)| o.created().is_some() && o.created() <= node.created());
    if let Some((_, other)) = before.max_by_key(|(at, other)| (other.created(), *at)) {
        let time = other.source.created.as_deref().unwrap_or_default();
        add(&other.now.id, format!("it was created last before this one, {time}"));
    }
    // Names that begin with a number are made to be sorted; others say nothing by their order.
    let here = others.iter().filter(|(_, o)| {
        o.folder() == node.folder() && is_numbered(&o.file.path) && is_numbered(&node.file.path)
    });
    let before = here.filter(|(_, other)| other.file.path < node.file.path);
    if let Some((_, other)) = before.max_by_key(|(_, other)| &other.file.path) {
        add(&other.now.id, "its file stands before this one".to_owned());
    }
    let built_on: BTreeSet<&RevisionId> =
        tree.live().flat_map(|(_, node)| &node.now.parents).collect();
    for (_, other) in others.iter().filter(|(_, o)| !built_on.contains(&o.now.id)) {
        add(&other.now.id, "nothing builds on it".to_owned());
    }
    // The more speaks for one, the likelier it is; else what is named first.
    found.sort_by_key(|(_, whys)| std::cmp::Reverse(whys.len()));
    found.truncate(MANY);
    let candidate = |(id, whys): (RevisionId, Vec<String>)| Candidate {
        does: format!("build on `{id}`, in {}", place(tree, &id)),
        answer: id.to_string(),
        why: whys.join("; "),
    };
    let base = Candidate {
        answer: NONE.to_owned(),
        does: if node.now.parents.len() > 1 { "take this parent out" } else { "make it a base" }
            .to_owned(),
        why: String::new(),
    };
    found.into_iter().map(candidate).chain([base]).collect()
}

/// Whether a file's name begins with a number, or a date.
fn is_numbered(path: &Path) -> bool {
    let stem = path.file_stem().unwrap_or_default().to_string_lossy();
    let first = stem.split(['_', '-']).next().unwrap_or_default();
    !first.is_empty() && first.bytes().all(|byte| byte.is_ascii_digit())
}

fn place(tree: &Tree<'_>, id: &RevisionId) -> String {
    tree.find(id.as_str()).map(|at| tree.nodes[at].shown()).unwrap_or_default()
}
