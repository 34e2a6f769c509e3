//! Repair: which changes make a broken history hold together again.
//!
//! Takes every revision file as it was read, what git knows of files that are gone, and the answers that
//! were given; gives a [`Plan`]: a [`Mend`] for each file that changes, with its reasons, a [`Question`] for
//! all that the files do not decide, and what is left alone. Pure: it reads, runs and writes nothing.
//!
//! The steps come in this order because each one needs the ids of the one before: empty files go, an id
//! that is there twice becomes two, parents that are gone are replaced, circles are cut where the user
//! says, docstrings are set right.

mod candidates;
mod cycles;
mod deleted;
mod duplicates;
mod parents;
mod same_code;
#[cfg(test)]
mod tests;
mod tree;

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::Serialize;

pub use crate::format::alembic::file::File;
use crate::format::alembic::mend::{self, Identity};
use crate::format::alembic::python::{ProblemKind, RevisionSource};
use crate::history::{History, RevisionId};
use tree::Tree;

/// A revision file that git has and the project has not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Deleted {
    /// Where it lay.
    pub path: String,
    /// The commit that took it away, shortened.
    pub commit: String,
    /// What it built on.
    pub parents: Vec<RevisionId>,
    /// The revision files that the same commit added: it may be one of them under a new id.
    pub added: Vec<Added>,
}

/// A revision file that the commit of a deletion added.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Added {
    /// Where it lay.
    pub path: String,
    /// What it declared, if that can be read.
    pub id: Option<RevisionId>,
}

/// An answer to a question: the revision that it is about, and what was chosen.
pub type Answer = (String, String);

/// All that is known.
#[derive(Debug, Clone, Copy)]
pub struct Input<'a> {
    /// The revision files, in Alembic's reading order.
    pub files: &'a [File],
    /// How many more there are that cannot be read: they may declare what is missing.
    pub unreadable: usize,
    /// Revisions that git saw deleted.
    pub deleted: &'a BTreeMap<RevisionId, Deleted>,
    /// Revisions that a squash took, with its archive: `rebase` knows what stands for them.
    pub squashed: &'a BTreeMap<RevisionId, PathBuf>,
    /// What was answered so far.
    pub answers: &'a [Answer],
}

/// Why something is mended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Reason {
    /// The audit's rule for what is wrong, or `docstring`.
    pub rule: &'static str,
    /// What is wrong, and what is done about it.
    pub text: String,
}

/// A file that changes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mend {
    /// The file.
    pub path: PathBuf,
    /// Its text before; none for a file that is new.
    pub old: Option<String>,
    /// Its text afterwards; none if it goes.
    pub new: Option<String>,
    /// Why.
    pub reasons: Vec<Reason>,
}

/// One way out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Candidate {
    /// What to answer.
    pub answer: String,
    /// What it does.
    pub does: String,
    /// What speaks for it; may be empty.
    pub why: String,
}

/// Something that the files do not decide.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Question {
    /// The audit's rule for what is wrong.
    pub rule: &'static str,
    /// The revision that it is about: `--choose REVISION=ANSWER`. With a colon and the parent behind it, where
    /// several parents of one revision are missing.
    pub revision: String,
    /// The files that it is about.
    pub files: Vec<PathBuf>,
    /// What is wrong.
    pub text: String,
    /// The ways out, the likeliest first; none if it can only be mended by hand.
    pub candidates: Vec<Candidate>,
}

/// What is not mended, and why not.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Left {
    /// The file.
    pub file: PathBuf,
    /// Why it is left alone.
    pub why: String,
    /// Whether nothing may be written because of it.
    pub stops: bool,
}

/// What a repair would do.
#[derive(Debug, Clone, Default)]
pub struct Plan {
    /// The files that change, by path.
    pub mends: Vec<Mend>,
    /// What is to be decided, the first to be answered first.
    pub questions: Vec<Question>,
    /// What is left alone.
    pub left: Vec<Left>,
    /// The heads afterwards, with their files, if the history then holds together.
    pub heads: Vec<(RevisionId, PathBuf)>,
    /// Every id that is taken afterwards.
    pub ids: Vec<RevisionId>,
    /// Answers that no question asked for.
    pub unasked: Vec<Answer>,
}

/// Plans a repair.
pub fn plan(input: Input<'_>) -> Plan {
    let mut tree = Tree::of(input);
    let mut removed = empty_files(&mut tree);
    duplicates::mend(&mut tree);
    parents::mend(&mut tree);
    cycles::mend(&mut tree);
    removed.extend(finish(&mut tree));
    let heads = heads(&tree);
    let Tree { nodes, mut left, questions, answers, .. } = tree;
    let ids = nodes.iter().filter(|node| !node.removed).map(|node| node.now.id.clone()).collect();
    removed.sort_by(|a, b| a.path.cmp(&b.path));
    left.sort_by(|a, b| (&a.file, &a.why).cmp(&(&b.file, &b.why)));
    left.dedup();
    Plan { mends: removed, questions, left, heads, ids, unasked: answers }
}

/// Files without a statement go; what else cannot be read is left alone.
fn empty_files(tree: &mut Tree<'_>) -> Vec<Mend> {
    let mut mends = Vec::new();
    for file in tree.input.files {
        let Err(broken) = &file.read else { continue };
        let left = |why: &str, stops| Left { file: file.path.clone(), why: why.to_owned(), stops };
        if has_conflict(&file.text) {
            let why = "it has git's conflict markers: finish the merge first";
            tree.left.push(left(why, true));
        } else if broken.problems.iter().any(|problem| problem.kind != ProblemKind::Empty) {
            tree.left.push(left("it cannot be read as a revision: repair it by hand", false));
        } else if file.link {
            tree.left
                .push(left("it is empty, but a link: nothing is written through links", false));
        } else {
            let what =
                if file.text.trim().is_empty() { "it is empty" } else { "it has only comments" };
            mends.push(Mend {
                path: file.path.clone(),
                old: Some(file.text.clone()),
                new: None,
                reasons: vec![Reason {
                    rule: "empty-file",
                    text: format!("{what}, and Alembic stops at it: removed"),
                }],
            });
        }
    }
    mends
}

/// Whether a text is what git leaves in the middle of a merge.
pub fn has_conflict(text: &str) -> bool {
    let begins = |mark: &str| text.lines().any(|line| line.starts_with(mark));
    begins("<<<<<<< ") && begins(">>>>>>> ")
}

/// What has become of the revisions, as texts.
fn finish(tree: &mut Tree<'_>) -> Vec<Mend> {
    let mut mends = Vec::new();
    for at in 0..tree.nodes.len() {
        let node = &tree.nodes[at];
        let file = node.file;
        let changed = node.removed || node.now != Identity::of(node.source);
        // A docstring may tell what was meant: it stays as it is while there is a question.
        if !changed && tree.open.contains(&at) {
            continue;
        }
        let new = if node.removed {
            Ok(None)
        } else {
            match mend::mend(&file.text, node.source, &node.now) {
                Ok(None) => continue,
                Ok(Some(text)) => Ok(Some(text)),
                Err(error) => Err(error),
            }
        };
        let mut left = |why: String, stops| {
            tree.left.push(Left { file: file.path.clone(), why, stops });
        };
        match new {
            // Others may follow this change, so that none can be made without it.
            _ if file.link => {
                left("it is a link: nothing is written through links".to_owned(), changed);
            }
            Err(error) => left(error.to_string(), changed),
            Ok(new) => {
                let mut reasons = tree.nodes[at].reasons.clone();
                if reasons.is_empty() {
                    reasons.push(docstring(&file.text, tree.nodes[at].source));
                }
                mends.push(Mend {
                    path: file.path.clone(),
                    old: Some(file.text.clone()),
                    new,
                    reasons,
                });
            }
        }
    }
    mends
}

fn docstring(text: &str, source: &RevisionSource) -> Reason {
    let said = mend::said(text, source);
    let id = said.id.filter(|id| id != source.id.as_str());
    let wrong = match (id, said.revises) {
        (Some(id), _) => format!("`Revision ID: {id}`"),
        (None, Some(ids)) => format!("`Revises: {}`", ids.join(", ")),
        (None, None) => "something else".to_owned(),
    };
    let text =
        format!("its docstring says {wrong}, its code says otherwise: the docstring is set right");
    Reason { rule: "docstring", text }
}

fn heads(tree: &Tree<'_>) -> Vec<(RevisionId, PathBuf)> {
    let broken = tree.input.unreadable > 0 || !tree.left.is_empty();
    if broken || !tree.questions.is_empty() {
        return Vec::new();
    }
    let Ok(history) = History::link(tree.revisions()) else { return Vec::new() };
    let file = |id: RevisionId| {
        let path = tree.find(id.as_str()).map(|at| tree.nodes[at].file.path.clone());
        Some((id, path?))
    };
    history.heads().into_iter().filter_map(file).collect()
}
