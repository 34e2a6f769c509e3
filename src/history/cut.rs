//! A cut: which revisions are squashed and which stay as they are. Pure.
//!
//! Takes what the user asks for ([`Choice`]); gives a cut whose squashed part is closed under parents and
//! dependencies, or the nearest cuts that are possible.

use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDateTime;

use super::{History, RevisionId, created, ends};

/// Which revisions the user wants squashed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Choice {
    /// All.
    #[default]
    Whole,
    /// These and all that must run before them: ids, beginnings of ids, or branch labels.
    Upto(Vec<String>),
    /// All but the newest; more stay where the history can't be cut so late.
    Keep(usize),
    /// Those that were created before this time, and all that must run before them.
    Before(NaiveDateTime),
}

/// Two sets of revisions: the squashed ones and the rest, each in running order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cut {
    squashed: Vec<RevisionId>,
    kept: Vec<RevisionId>,
    heads: Vec<RevisionId>,
    version_rows: Vec<RevisionId>,
}

/// A cut that cannot be made.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CutError {
    /// No such revision.
    #[error("there is no revision `{id}` in the history")]
    UnknownRevision {
        /// The id that was asked for.
        id: String,
    },
    /// The beginning of several ids.
    #[error("`{id}` is the beginning of several revisions: {}", joined(candidates))]
    Ambiguous {
        /// What was asked for.
        id: String,
        /// The revisions.
        candidates: Vec<RevisionId>,
    },
    /// Nothing lies before the cut.
    #[error("the cut squashes nothing: {why}")]
    Nothing {
        /// Why.
        why: String,
    },
    /// A kept revision builds on a part of what is squashed: a database that has it may lack the rest.
    #[error(
        "the cut splits the history: `{kept}` is kept and builds on a part of what is squashed, but not \
         on {}",
        joined(without)
    )]
    Splits {
        /// The kept revision.
        kept: RevisionId,
        /// Heads of the cut that it does not build on.
        without: Vec<RevisionId>,
        /// The nearest cut that squashes less: its heads, and how many revisions.
        smaller: Option<(Vec<RevisionId>, usize)>,
        /// The nearest cut that squashes more.
        larger: Option<(Vec<RevisionId>, usize)>,
    },
}

fn joined(ids: &[RevisionId]) -> String {
    ids.iter().map(|id| format!("`{id}`")).collect::<Vec<_>>().join(", ")
}

impl Cut {
    /// Everything is squashed.
    pub fn whole(history: &History) -> Self {
        Self::new(history, &history.order.iter().cloned().collect())
    }

    /// The cut that the user wants.
    ///
    /// # Errors
    /// A choice that names nothing, cuts nothing, or splits the history.
    pub fn choose(history: &History, choice: &Choice) -> Result<Self, CutError> {
        let wanted = match choice {
            Choice::Whole => return Ok(Self::whole(history)),
            Choice::Upto(names) => {
                let mut closed = BTreeSet::new();
                for name in names {
                    let id = find(history, name)?;
                    closed.extend(history.ancestors(&id));
                    closed.insert(id);
                }
                let cut = Self::new(history, &closed);
                return match cut.split(history) {
                    None => Ok(cut),
                    Some((kept, without)) => {
                        let smaller = cut.smaller(history).map(|cut| cut.told());
                        let larger = cut.larger(history).map(|cut| cut.told());
                        Err(CutError::Splits { kept, without, smaller, larger })
                    }
                };
            }
            Choice::Keep(count) => all_but_newest(history, *count),
            Choice::Before(time) => {
                let mut closed = BTreeSet::new();
                for revision in history.iter().rev() {
                    let before = created::of(revision).is_some_and(|created| created < *time);
                    if before && !closed.contains(&revision.id) {
                        closed.extend(history.ancestors(&revision.id));
                        closed.insert(revision.id.clone());
                    }
                }
                closed
            }
        };
        let cut = Self::new(history, &wanted);
        let cut = if cut.split(history).is_none() { Some(cut) } else { cut.smaller(history) };
        cut.filter(|cut| !cut.squashed.is_empty()).ok_or_else(|| nothing(history, choice))
    }

    /// `closed` must be closed under parents and dependencies.
    pub(super) fn new(history: &History, closed: &BTreeSet<RevisionId>) -> Self {
        let (squashed, kept): (Vec<_>, Vec<_>) =
            history.order.iter().cloned().partition(|id| closed.contains(id));
        let heads = ends(&squashed, |id| history.parents(id).iter().collect());
        let version_rows = ends(&squashed, |id| history.requires(id).collect());
        Self { squashed, kept, heads, version_rows }
    }

    /// A kept revision that builds on a part of what is squashed and not on the rest. A database that
    /// has this revision may lack the rest, and nobody could tell.
    fn split(&self, history: &History) -> Option<(RevisionId, Vec<RevisionId>)> {
        let squashed: BTreeSet<&RevisionId> = self.squashed.iter().collect();
        self.kept.iter().find_map(|kept| {
            if !history.requires(kept).any(|needed| squashed.contains(needed)) {
                return None;
            }
            let ancestors = history.ancestors(kept);
            let without: Vec<_> =
                self.version_rows.iter().filter(|id| !ancestors.contains(*id)).cloned().collect();
            (!without.is_empty()).then(|| (kept.clone(), without))
        })
    }

    /// The largest cut inside of this one that does not split the history.
    fn smaller(&self, history: &History) -> Option<Self> {
        let mut best: Option<Self> = None;
        for (position, id) in self.squashed.iter().enumerate().rev() {
            // A cut at `id` squashes at most what comes before it.
            if best.as_ref().is_some_and(|best| position < best.squashed.len()) {
                break;
            }
            let before = history.ancestors(id);
            let mut with = before.clone();
            with.insert(id.clone());
            for closed in [with, before] {
                let larger = best.as_ref().is_none_or(|best| closed.len() > best.squashed.len());
                if !closed.is_empty() && larger {
                    let cut = Self::new(history, &closed);
                    if cut.split(history).is_none() {
                        best = Some(cut);
                    }
                }
            }
        }
        best
    }

    /// A small cut around this one that does not split the history.
    fn larger(&self, history: &History) -> Option<Self> {
        self.kept.iter().find_map(|id| {
            let mut closed = history.ancestors(id);
            closed.insert(id.clone());
            if !self.version_rows.iter().all(|row| closed.contains(row)) {
                return None;
            }
            Some(Self::new(history, &closed)).filter(|cut| cut.split(history).is_none())
        })
    }

    /// Why no more than this can be squashed if so many revisions are to stay: a revision among those, and the
    /// older ones that it lacks.
    pub fn in_the_way(history: &History, keep: usize) -> Option<(RevisionId, Vec<RevisionId>)> {
        Self::new(history, &all_but_newest(history, keep)).split(history)
    }

    fn told(&self) -> (Vec<RevisionId>, usize) {
        (self.version_rows.clone(), self.squashed.len())
    }

    /// The revisions that the baseline replaces. Closed under parents and dependencies.
    pub fn squashed(&self) -> &[RevisionId] {
        &self.squashed
    }

    /// The revisions that stay as they are.
    pub fn kept(&self) -> &[RevisionId] {
        &self.kept
    }

    /// The squashed revisions that are no parent of another squashed one.
    pub fn heads(&self) -> &[RevisionId] {
        &self.heads
    }

    /// The version table's rows in a database that stands exactly at the cut (see
    /// [`History::version_rows`]).
    pub fn version_rows(&self) -> &[RevisionId] {
        &self.version_rows
    }
}

/// An id, a branch label, or the beginning of an id, as Alembic takes them.
fn find(history: &History, name: &str) -> Result<RevisionId, CutError> {
    if let Some(revision) = history.revisions.get(name) {
        return Ok(revision.id.clone());
    }
    if let Some(id) = history.labels.get(name) {
        // A label means its whole branch: the newest revision of it.
        let branch = |other: &&RevisionId| *other == id || history.ancestors(other).contains(id);
        let last = history.order.iter().rfind(branch);
        return Ok(last.unwrap_or(id).clone());
    }
    let candidates: Vec<_> =
        history.order.iter().filter(|id| id.as_str().starts_with(name)).cloned().collect();
    match candidates.as_slice() {
        [only] => Ok(only.clone()),
        [] => Err(CutError::UnknownRevision { id: name.to_owned() }),
        _ => Err(CutError::Ambiguous { id: name.to_owned(), candidates }),
    }
}

/// All revisions but the newest `count`: one end after the other is taken off, the newest first.
fn all_but_newest(history: &History, count: usize) -> BTreeSet<RevisionId> {
    let times = created::times(history);
    let position: BTreeMap<&RevisionId, usize> =
        history.order.iter().enumerate().map(|(position, id)| (id, position)).collect();
    let mut needed_by: BTreeMap<&RevisionId, usize> = BTreeMap::new();
    for id in &history.order {
        for needed in history.requires(id).collect::<BTreeSet<_>>() {
            *needed_by.entry(needed).or_default() += 1;
        }
    }
    let age = |id: &RevisionId| (times.get(id).copied(), position.get(id).copied());
    let mut free: BTreeSet<_> = history
        .order
        .iter()
        .filter(|id| !needed_by.contains_key(id))
        .map(|id| (age(id), id))
        .collect();
    let mut rest: BTreeSet<RevisionId> = history.order.iter().cloned().collect();
    for _ in 0..count {
        let Some((_, id)) = free.pop_last() else { break };
        rest.remove(id);
        for needed in history.requires(id).collect::<BTreeSet<_>>() {
            let left = needed_by.entry(needed).or_default();
            *left = left.saturating_sub(1);
            if *left == 0 {
                free.insert((age(needed), needed));
            }
        }
    }
    rest
}

fn nothing(history: &History, choice: &Choice) -> CutError {
    let why = match choice {
        Choice::Keep(count) if *count >= history.len() => {
            format!("the history has {} revisions, and {count} are to stay", history.len())
        }
        Choice::Before(time) => match history.iter().filter_map(created::of).min() {
            None => "no revision tells when it was created".to_owned(),
            Some(oldest) if oldest >= *time => {
                format!("the oldest revision was created on {}", oldest.format("%Y-%m-%d %H:%M:%S"))
            }
            _ => "no cut before that date leaves the branches whole".to_owned(),
        },
        _ => "no cut there leaves the branches whole".to_owned(),
    };
    CutError::Nothing { why }
}

#[cfg(test)]
#[path = "cut/tests.rs"]
mod tests;
