//! The revisions while they are being mended: what each file declares by now, and how they hang together.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use chrono::NaiveDateTime;

use super::{Answer, Candidate, File, Input, Left, Question, Reason};
use crate::format::alembic::mend::Identity;
use crate::format::alembic::python::{ProblemKind, RevisionSource};
use crate::history::{Revision, RevisionId, SourceFile, created};

/// A readable revision file.
pub(super) struct Node<'a> {
    pub(super) file: &'a File,
    pub(super) source: &'a RevisionSource,
    /// What it declares by now.
    pub(super) now: Identity,
    pub(super) removed: bool,
    pub(super) reasons: Vec<Reason>,
}

impl Node<'_> {
    /// The folder that it lies in.
    pub(super) fn folder(&self) -> &Path {
        self.file.path.parent().unwrap_or(Path::new(""))
    }

    /// When it was created, if it tells.
    pub(super) fn created(&self) -> Option<NaiveDateTime> {
        self.source.created.as_deref().and_then(created::parse)
    }

    /// Whether it names this id as a parent or a dependency.
    pub(super) fn names(&self, id: &str) -> bool {
        self.now.parents.iter().any(|parent| parent.as_str() == id)
            || self.now.depends_on.iter().any(|name| name == id)
    }

    /// Its path, for messages.
    pub(super) fn shown(&self) -> String {
        format!("`{}`", self.file.path.display())
    }
}

/// All of them.
pub(super) struct Tree<'a> {
    pub(super) input: Input<'a>,
    pub(super) nodes: Vec<Node<'a>>,
    pub(super) questions: Vec<Question>,
    pub(super) left: Vec<Left>,
    /// Nodes that a question is about.
    pub(super) open: BTreeSet<usize>,
    /// Answers that were not used yet.
    pub(super) answers: Vec<Answer>,
}

impl<'a> Tree<'a> {
    pub(super) fn of(input: Input<'a>) -> Self {
        let node = |file: &'a File| {
            let source = file.read.as_ref().ok()?;
            let (now, reasons) = (Identity::of(source), Vec::new());
            Some(Node { file, source, now, removed: false, reasons })
        };
        Self {
            input,
            nodes: input.files.iter().filter_map(node).collect(),
            questions: Vec::new(),
            left: Vec::new(),
            open: BTreeSet::new(),
            answers: input.answers.to_vec(),
        }
    }

    /// The nodes that stay.
    pub(super) fn live(&self) -> impl Iterator<Item = (usize, &Node<'a>)> {
        self.nodes.iter().enumerate().filter(|(_, node)| !node.removed)
    }

    /// The first node of an id.
    pub(super) fn find(&self, id: &str) -> Option<usize> {
        self.live().find(|(_, node)| node.now.id.as_str() == id).map(|(at, _)| at)
    }

    /// The node of each id; of an id that is there twice, the first.
    pub(super) fn by_id(&self) -> BTreeMap<&str, usize> {
        let mut found = BTreeMap::new();
        for (at, node) in self.live() {
            found.entry(node.now.id.as_str()).or_insert(at);
        }
        found
    }

    /// The ids that build on this one, in any number of steps; and itself.
    pub(super) fn descendants(&self, id: &RevisionId) -> BTreeSet<RevisionId> {
        let labels: BTreeMap<&str, &RevisionId> = self.labels();
        let mut children: BTreeMap<&str, Vec<&RevisionId>> = BTreeMap::new();
        for (_, node) in self.live() {
            for parent in &node.now.parents {
                children.entry(parent.as_str()).or_default().push(&node.now.id);
            }
            for name in &node.now.depends_on {
                let target = labels.get(name.as_str()).map_or(name.as_str(), |id| id.as_str());
                children.entry(target).or_default().push(&node.now.id);
            }
        }
        let mut found = BTreeSet::new();
        let mut todo = vec![id];
        while let Some(next) = todo.pop() {
            if found.insert(next.clone()) {
                todo.extend(children.get(next.as_str()).into_iter().flatten());
            }
        }
        found
    }

    /// Branch labels and who carries them.
    pub(super) fn labels(&self) -> BTreeMap<&str, &RevisionId> {
        let labels = self.live().flat_map(|(_, node)| {
            node.source.labels.iter().map(|label| (label.value.as_str(), &node.now.id))
        });
        labels.collect()
    }

    /// As the graph takes them.
    pub(super) fn revisions(&self) -> Vec<Revision> {
        let revision = |node: &Node<'_>| Revision {
            id: node.now.id.clone(),
            parents: node.now.parents.clone(),
            depends_on: node.now.depends_on.clone(),
            labels: node.source.labels.iter().map(|label| label.value.clone()).collect(),
            message: String::new(),
            created: node.source.created.clone(),
            files: vec![SourceFile {
                path: node.file.path.clone(),
                sha256: node.file.sha256.clone(),
            }],
        };
        self.live().map(|(_, node)| revision(node)).collect()
    }

    /// Gives a node another id. `follows` tells which of those that name the old one mean this node.
    pub(super) fn rename(
        &mut self,
        at: usize,
        new: &RevisionId,
        reason: &Reason,
        follows: impl Fn(usize, &Node<'a>) -> bool,
    ) {
        let old = std::mem::replace(&mut self.nodes[at].now.id, new.clone());
        self.nodes[at].reasons.push(reason.clone());
        let following: Vec<usize> = self
            .live()
            .filter(|(other, node)| {
                *other != at && node.names(old.as_str()) && follows(*other, node)
            })
            .map(|(other, _)| other)
            .collect();
        let path = self.nodes[at].shown();
        for other in following {
            let node = &mut self.nodes[other];
            for parent in node.now.parents.iter_mut().filter(|parent| **parent == old) {
                parent.clone_from(new);
            }
            for name in node.now.depends_on.iter_mut().filter(|name| *name == old.as_str()) {
                *name = new.to_string();
            }
            let text = format!("it builds on {path}, which is `{new}` now");
            node.reasons.push(Reason { rule: reason.rule, text });
        }
    }

    /// Takes a node out.
    pub(super) fn remove(&mut self, at: usize, reason: Reason) {
        self.nodes[at].removed = true;
        self.nodes[at].reasons.push(reason);
    }

    /// Asks, or takes the answer that was given: one that `fits`.
    pub(super) fn ask(
        &mut self,
        question: Question,
        about: &[usize],
        fits: impl Fn(&str) -> bool,
    ) -> Option<String> {
        let answers = |(revision, answer): &Answer| *revision == question.revision && fits(answer);
        if let Some(at) = self.answers.iter().position(answers) {
            return Some(self.answers.remove(at).1);
        }
        self.open.extend(about);
        self.questions.push(question);
        None
    }

    /// Whether a file that cannot be read may declare any id at all.
    pub(super) fn is_unsure(&self) -> bool {
        let unknown = |file: &&File| match &file.read {
            Ok(_) => false,
            Err(broken) => {
                broken.id.is_none() && broken.problems.iter().any(|p| p.kind != ProblemKind::Empty)
            }
        };
        self.input.unreadable > 0 || self.input.files.iter().any(|file| unknown(&file))
    }
}

/// Whether an answer is one of these.
pub(super) fn among(candidates: &[Candidate]) -> impl Fn(&str) -> bool + use<> {
    let answers: BTreeSet<String> = candidates.iter().map(|c| c.answer.clone()).collect();
    move |answer| answers.contains(answer)
}

/// Whether a file's name has this id as a word.
pub(super) fn is_named(path: &Path, id: &str) -> bool {
    let stem = path.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default();
    let is_word = |c: Option<char>| c.is_some_and(char::is_alphanumeric);
    stem.match_indices(id).any(|(at, _)| {
        !is_word(stem[..at].chars().next_back()) && !is_word(stem[at + id.len()..].chars().next())
    })
}
