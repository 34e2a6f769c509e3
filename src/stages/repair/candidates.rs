//! The revisions that a missing parent could be, ranked by what speaks for them.

use std::cmp::Reverse;
use std::collections::BTreeSet;
use std::path::Path;

use super::Candidate;
use super::deleted::{self, Lead};
use super::tree::{Node, Tree};
use crate::format::alembic::mend;
use crate::history::RevisionId;

/// How many candidates are told.
const MANY: usize = 6;

/// The answer that makes a base of a revision.
pub const NONE: &str = "none";

/// A revision whose parent is in no file.
pub struct Missing<'a> {
    pub tree: &'a Tree<'a>,
    /// The revision.
    pub at: usize,
    pub parent: &'a RevisionId,
    /// What builds on the revision, and cannot be its parent.
    pub below: &'a BTreeSet<RevisionId>,
    /// What git says of the parent.
    pub lead: Option<&'a Lead>,
}

/// The candidates so far, each with what speaks for it.
#[derive(Default)]
struct Found(Vec<(RevisionId, Vec<String>)>);

impl Found {
    fn add(&mut self, id: &RevisionId, why: String) {
        match self.0.iter_mut().find(|(found, _)| found == id) {
            Some((_, whys)) => whys.push(why),
            None => self.0.push((id.clone(), vec![why])),
        }
    }
}

impl Missing<'_> {
    /// The revisions that could be meant, the likeliest first; at last that there is no parent.
    pub fn candidates(&self) -> Vec<Candidate> {
        let others = self.tree.live().filter(|(other, _)| *other != self.at);
        let others: Vec<(usize, &Node<'_>)> =
            others.filter(|(_, other)| !self.below.contains(&other.now.id)).collect();
        let mut found = Found::default();
        self.by_git(&others, &mut found);
        if let Some(id) = said(self.tree, self.at).filter(|id| is_among(&others, id)) {
            found.add(&id, "the docstring says so".to_owned());
        }
        self.by_what_is_there(&others, &mut found);
        // The more speaks for one, the likelier it is; else what is named first.
        let Found(mut found) = found;
        found.sort_by_key(|(_, whys)| Reverse(whys.len()));
        found.truncate(MANY);
        let candidate = |(id, whys): (RevisionId, Vec<String>)| Candidate {
            does: format!("build on `{id}`, in {}", self.place(&id)),
            answer: id.to_string(),
            why: whys.join("; "),
        };
        let several = self.tree.nodes[self.at].now.parents.len() > 1;
        let base = Candidate {
            answer: NONE.to_owned(),
            does: if several { "take this parent out" } else { "make it a base" }.to_owned(),
            why: String::new(),
        };
        found.into_iter().map(candidate).chain([base]).collect()
    }

    /// What the commits say that took the parent, and those above it.
    fn by_git(&self, others: &[(usize, &Node<'_>)], found: &mut Found) {
        let parent = self.parent;
        if let Some(deleted) = self.tree.input.deleted.get(parent) {
            for added in &deleted.added {
                let id = added.id.as_ref().filter(|id| is_among(others, id));
                let Some(id) = id else { continue };
                let what = format!(
                    "{} took `{parent}` and added `{}`: it may be that one, under a new id",
                    deleted.commit, added.path
                );
                found.add(id, what);
            }
        }
        let way = self.lead.map_or(std::slice::from_ref(parent), |lead| &lead.way);
        for (id, gone) in deleted::twins(self.tree, self.at, way, self.below) {
            let why =
                format!("it builds on what `{gone}` built on: it may be that one, under a new id");
            found.add(id, why);
        }
        if let Some(lead) = self.lead
            && let [id] = lead.ids.as_slice()
            && is_among(others, id)
        {
            found.add(id, lead.why.clone());
        }
    }

    /// Ids, dates, names of files and what has no child yet.
    fn by_what_is_there(&self, others: &[(usize, &Node<'_>)], found: &mut Found) {
        let node = &self.tree.nodes[self.at];
        for (_, other) in others.iter().filter(|(_, other)| is_like(&other.now.id, self.parent)) {
            found.add(&other.now.id, format!("its id is like `{}`", self.parent));
        }
        let before =
            others.iter().filter(|(_, o)| o.created().is_some() && o.created() <= node.created());
        if let Some((_, other)) = before.max_by_key(|(at, other)| (other.created(), *at)) {
            let time = other.source.created.as_deref().unwrap_or_default();
            found.add(&other.now.id, format!("it was created last before this one, {time}"));
        }
        // Names that begin with a number are made to be sorted; others say nothing by their order.
        let here = others.iter().filter(|(_, o)| {
            o.folder() == node.folder() && is_numbered(&o.file.path) && is_numbered(&node.file.path)
        });
        let before = here.filter(|(_, other)| other.file.path < node.file.path);
        if let Some((_, other)) = before.max_by_key(|(_, other)| &other.file.path) {
            found.add(&other.now.id, "its file stands before this one".to_owned());
        }
        let built_on: BTreeSet<&RevisionId> =
            self.tree.live().flat_map(|(_, node)| &node.now.parents).collect();
        for (_, other) in others.iter().filter(|(_, o)| !built_on.contains(&o.now.id)) {
            found.add(&other.now.id, "nothing builds on it".to_owned());
        }
    }

    fn place(&self, id: &RevisionId) -> String {
        self.tree.find(id.as_str()).map(|at| self.tree.nodes[at].shown()).unwrap_or_default()
    }
}

fn is_among(others: &[(usize, &Node<'_>)], id: &RevisionId) -> bool {
    others.iter().any(|(_, node)| node.now.id == *id)
}

/// The same in other letters, or one cut short.
fn is_like(id: &RevisionId, parent: &RevisionId) -> bool {
    let (id, parent) = (id.as_str().to_lowercase(), parent.as_str().to_lowercase());
    id == parent
        || (parent.len() >= 4 && id.starts_with(&parent))
        || (id.len() >= 4 && parent.starts_with(&id))
}

/// Whether a file's name begins with a number, or a date.
fn is_numbered(path: &Path) -> bool {
    let stem = path.file_stem().unwrap_or_default().to_string_lossy();
    let first = stem.split(['_', '-']).next().unwrap_or_default();
    !first.is_empty() && first.bytes().all(|byte| byte.is_ascii_digit())
}

/// What the docstring says instead, if it is one id.
pub fn said(tree: &Tree<'_>, at: usize) -> Option<RevisionId> {
    let node = &tree.nodes[at];
    let said = mend::said(&node.file.text, node.source).revises?;
    let [only] = said.as_slice() else { return None };
    RevisionId::new(only.as_str()).ok().filter(|_| node.now.parents.len() == 1)
}
