//! Revisions that depend on each other in a circle. Never mended by guess: one of its edges is wrong, and
//! which one only people know. The likeliest is offered first: the one whose Create Date runs backwards.

use super::tree::{Tree, among};
use super::{Candidate, Question, Reason};
use crate::format::alembic::mend;
use crate::history::{History, RevisionId, StructureError};

const RULE: &str = "cycle";

/// How many edges are offered.
const MANY: usize = 8;

/// An edge of a circle: a revision and the parent that it would lose.
struct Edge {
    child: usize,
    parent: RevisionId,
    /// What it builds on instead, if anything.
    instead: Option<RevisionId>,
    why: String,
    /// The smaller, the likelier.
    rank: u8,
}

pub(super) fn mend(tree: &mut Tree<'_>) {
    // Each answer opens a circle, and another one may show behind it.
    for _ in 0..=tree.answers.len() {
        let answered = circles(tree).into_iter().any(|ids| ask(tree, &ids));
        if !answered {
            return;
        }
    }
}

fn circles(tree: &Tree<'_>) -> Vec<Vec<RevisionId>> {
    let Err(errors) = History::link(tree.revisions()) else { return Vec::new() };
    let circle = |error| match error {
        StructureError::Cycle { ids } => Some(ids),
        _ => None,
    };
    errors.into_iter().filter_map(circle).collect()
}

/// Asks about one circle; says whether it was cut.
fn ask(tree: &mut Tree<'_>, ids: &[RevisionId]) -> bool {
    let about: Vec<usize> = ids.iter().filter_map(|id| tree.find(id.as_str())).collect();
    // With a double id in it, it may be no circle at all.
    if about.iter().any(|at| tree.open.contains(at)) {
        return false;
    }
    let mut edges: Vec<Edge> = Vec::new();
    for (number, id) in ids.iter().enumerate() {
        let parent = &ids[(number + ids.len() - 1) % ids.len()];
        if let Some(child) = tree.find(id.as_str())
            && tree.nodes[child].now.parents.contains(parent)
        {
            edges.push(edge(tree, child, parent));
        }
    }
    edges.sort_by_key(|edge| edge.rank);
    edges.truncate(MANY);
    let candidates: Vec<Candidate> = edges.iter().map(|edge| candidate(tree, edge)).collect();
    let names: Vec<String> = ids.iter().chain(ids.first()).map(|id| format!("`{id}`")).collect();
    let fits = among(&candidates);
    let question = Question {
        rule: RULE,
        revision: ids.iter().min().map(ToString::to_string).unwrap_or_default(),
        files: about.iter().map(|at| tree.nodes[*at].file.path.clone()).collect(),
        text: format!("revisions depend on each other in a circle: {}", names.join(" -> ")),
        candidates,
    };
    let Some(answer) = tree.ask(question, &about, fits) else { return false };
    let chosen = |edge: &&Edge| answer == self::answer(tree, edge);
    let Some(edge) = edges.iter().find(chosen) else { return false };
    let node = &mut tree.nodes[edge.child];
    let mut parents = Vec::new();
    for old in &node.now.parents {
        let new = if *old == edge.parent { edge.instead.as_ref() } else { Some(old) };
        parents.extend(new.filter(|id| !parents.contains(*id)).cloned());
    }
    node.now.parents = parents;
    let text = format!(
        "it stands in the circle {}, which is cut here (as chosen): {}",
        names.join(" -> "),
        does(edge, node.now.parents.is_empty())
    );
    node.reasons.push(Reason { rule: RULE, text });
    true
}

fn answer(tree: &Tree<'_>, edge: &Edge) -> String {
    format!("cut:{}", tree.nodes[edge.child].now.id)
}

fn does(edge: &Edge, base: bool) -> String {
    match &edge.instead {
        Some(id) => format!("it builds on `{id}`, and no more on `{}`", edge.parent),
        None if base => format!("it builds no more on `{}`, and becomes a base", edge.parent),
        None => format!("it builds no more on `{}`", edge.parent),
    }
}

fn candidate(tree: &Tree<'_>, edge: &Edge) -> Candidate {
    let node = &tree.nodes[edge.child];
    Candidate {
        answer: answer(tree, edge),
        does: format!("cut at `{}`: {}", node.now.id, does(edge, node.now.parents.len() == 1)),
        why: edge.why.clone(),
    }
}

fn edge(tree: &Tree<'_>, child: usize, parent: &RevisionId) -> Edge {
    let node = &tree.nodes[child];
    let below = tree.descendants(&node.now.id);
    let outside = |id: &RevisionId| tree.find(id.as_str()).is_some() && !below.contains(id);
    let said = mend::said(&node.file.text, node.source).revises;
    let named = said.as_deref().and_then(|ids| match ids {
        [only] => RevisionId::new(only.as_str()).ok().filter(outside),
        _ => None,
    });
    let is_base = said.is_some_and(|ids| ids.is_empty());
    let times =
        (node.created(), tree.find(parent.as_str()).and_then(|at| tree.nodes[at].created()));
    let (mut why, mut rank) = (Vec::new(), 3);
    if let (Some(own), Some(of_parent)) = times
        && own < of_parent
    {
        why.push(format!("it was created {own}, and `{parent}` later, {of_parent}"));
        rank -= 2;
    }
    if named.is_some() || is_base {
        why.push("its docstring says so".to_owned());
        rank -= 1;
    }
    // What was the last one before it, if nothing else builds on that.
    let last = || {
        let built_on = |id: &RevisionId| tree.live().any(|(_, n)| n.now.parents.contains(id));
        let before = tree.live().filter(|(_, n)| {
            n.created().is_some() && n.created() < node.created() && outside(&n.now.id)
        });
        let newest = before.max_by_key(|(at, n)| (n.created(), *at)).map(|(_, n)| n.now.id.clone());
        newest.filter(|id| !built_on(id))
    };
    let instead = match (named, is_base) {
        (Some(id), _) => Some(id),
        (None, true) => None,
        (None, false) => last(),
    };
    Edge { child, parent: parent.clone(), instead, why: why.join("; "), rank }
}
