//! What has become of the revisions that a branch builds on. Pure.
//!
//! A parent must have been the cut: whoever built on it knew all that the baseline stands for. A
//! dependency only says that something must have run before; the baseline that holds it says that too.

use std::collections::{BTreeMap, BTreeSet};

use rebaseline_archive::Manifest;

use crate::commands::rebase::Refusal;
use crate::format::alembic::python::RevisionSource;
use crate::history::RevisionId;

/// What one squash did with ids.
#[derive(Debug, Clone, Default)]
pub struct Squashed {
    /// The squashed revisions.
    ids: BTreeSet<String>,
    /// Each baseline with the heads that it stands for, and all that it holds.
    baselines: Vec<(String, Vec<String>, BTreeSet<String>)>,
}

impl Squashed {
    /// What the manifest of an archive tells.
    pub fn of(manifest: &Manifest) -> Self {
        let history = &manifest.history;
        let squashed = history.revisions.iter().filter(|r| !history.kept.contains(&r.id));
        let parents: BTreeMap<&str, &Vec<String>> =
            history.revisions.iter().map(|r| (r.id.as_str(), &r.parents)).collect();
        let baselines = manifest.baselines().map(|baseline| {
            let mut held = BTreeSet::new();
            let mut todo = baseline.replaces.clone();
            while let Some(id) = todo.pop() {
                todo.extend(parents.get(id.as_str()).into_iter().flat_map(|p| p.iter().cloned()));
                held.insert(id);
            }
            (baseline.revision.clone(), baseline.replaces.clone(), held)
        });
        Self { ids: squashed.map(|r| r.id.clone()).collect(), baselines: baselines.collect() }
    }
}

/// What is there, and what has become of the rest.
#[derive(Debug)]
pub struct Destiny<'a> {
    /// The ids of the project and of the branch.
    pub there: BTreeSet<&'a str>,
    /// Their labels.
    pub labels: BTreeSet<&'a str>,
    /// The squashes, oldest first.
    pub squashed: Vec<Squashed>,
}

impl Destiny<'_> {
    /// The new names of what this revision builds on and is gone.
    pub fn renamed(
        &self,
        source: &RevisionSource,
    ) -> Result<BTreeMap<RevisionId, RevisionId>, Refusal> {
        let mut renamed = BTreeMap::new();
        let mut note = |old: &str, new: String| {
            if let (Ok(old), Ok(new)) = (RevisionId::new(old), RevisionId::new(new)) {
                renamed.insert(old, new);
            }
        };
        for parent in &source.parents {
            let parent = parent.value.as_str();
            if !self.there.contains(parent) {
                note(parent, self.stands_for(&source.id, parent)?);
            }
        }
        for dependency in &source.depends_on {
            let name = dependency.value.as_str();
            // A label goes over to the baseline; a partial id is none of ours.
            if !self.there.contains(name)
                && !self.labels.contains(name)
                && let Some(baseline) = self.holds(name)
            {
                note(name, baseline);
            }
        }
        Ok(renamed)
    }

    /// The baseline that stands for exactly what a parent stood for.
    fn stands_for(&self, revision: &RevisionId, parent: &str) -> Result<String, Refusal> {
        let mut id = parent.to_owned();
        let mut from = 0;
        while !self.there.contains(id.as_str()) {
            // The newest squash that took it, if nothing has led here; after that, a later one.
            let took = |squashed: &Squashed| squashed.ids.contains(&id);
            let Some(number) = self.squashed[from..].iter().rposition(took) else {
                return Err(Refusal::Unknown {
                    revision: revision.to_string(),
                    parent: parent.to_owned(),
                });
            };
            let squashed = &self.squashed[from + number];
            let Some((baseline, ..)) =
                squashed.baselines.iter().find(|(_, heads, _)| heads.contains(&id))
            else {
                let heads = squashed.baselines.iter().filter(|(.., held)| held.contains(&id));
                return Err(Refusal::Middle {
                    revision: revision.to_string(),
                    parent: parent.to_owned(),
                    heads: heads.flat_map(|(_, heads, _)| heads.clone()).collect(),
                });
            };
            from += number + 1;
            id.clone_from(baseline);
        }
        Ok(id)
    }

    /// The baseline that holds a revision, through all squashes.
    fn holds(&self, dependency: &str) -> Option<String> {
        let mut id = dependency.to_owned();
        let mut from = 0;
        while !self.there.contains(id.as_str()) {
            let took = |squashed: &Squashed| squashed.ids.contains(&id);
            let number = from + self.squashed[from..].iter().position(took)?;
            let baselines = &self.squashed[number].baselines;
            let (baseline, ..) = baselines.iter().find(|(.., held)| held.contains(&id))?;
            from = number + 1;
            id.clone_from(baseline);
        }
        Some(id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::format::alembic::python::read_revision;

    fn squashed(ids: &[&str], baselines: &[(&str, &[&str])]) -> Squashed {
        let owned = |ids: &[&str]| ids.iter().map(|id| (*id).to_owned()).collect::<Vec<_>>();
        let ids: BTreeSet<String> = owned(ids).into_iter().collect();
        let baselines =
            baselines.iter().map(|(id, heads)| ((*id).to_owned(), owned(heads), ids.clone()));
        Squashed { baselines: baselines.collect(), ids }
    }

    fn told(there: &[&str], squashes: Vec<Squashed>, down: &str, depends_on: &str) -> String {
        let text = format!("revision = 'x'\ndown_revision = {down}\ndepends_on = {depends_on}\n");
        let destiny = Destiny {
            there: there.iter().copied().collect(),
            labels: ["billing"].into(),
            squashed: squashes,
        };
        match destiny.renamed(&read_revision(&text).unwrap()) {
            Ok(renamed) => {
                let renamed: Vec<_> = renamed.iter().map(|(o, n)| format!("{o}->{n}")).collect();
                renamed.join(" ")
            }
            Err(refusal) => refusal.to_string(),
        }
    }

    #[test]
    fn the_cut_leads_to_its_baseline_and_the_middle_does_not() {
        let one = || vec![squashed(&["a", "b", "c"], &[("n", &["c"])])];
        assert_eq!(told(&["n"], one(), "'c'", "None"), "c->n");
        assert_eq!(told(&["n"], one(), "'n'", "None"), "");
        assert_eq!(told(&["n"], one(), "'n'", "'a'"), "a->n");
        assert_eq!(told(&["n"], one(), "'c'", "('b', 'billing')"), "b->n c->n");
        assert!(
            told(&["n"], one(), "'b'", "None")
                .contains("in the middle of what was squashed (up to c)")
        );
        assert!(told(&["n"], one(), "'z'", "None").contains("neither in the project"));
        let kept = vec![squashed(&["a", "b"], &[("b", &["b"])])];
        assert_eq!(told(&["b"], kept, "'b'", "None"), "");
    }

    #[test]
    fn several_heads_come_together() {
        let one = vec![squashed(&["a", "b", "c"], &[("n", &["b", "c"])])];
        assert_eq!(told(&["n"], one, "('b', 'c')", "None"), "b->n c->n");
    }

    #[test]
    fn squashes_chain_where_the_baseline_was_the_cut_again() {
        let first = squashed(&["a", "b"], &[("n", &["b"])]);
        let again = squashed(&["n"], &[("m", &["n"])]);
        let later = squashed(&["n", "c"], &[("m", &["c"])]);
        assert_eq!(told(&["m"], vec![first.clone(), again], "'b'", "None"), "b->m");
        assert!(
            told(&["m"], vec![first.clone(), later.clone()], "'b'", "None").contains("up to c")
        );
        assert_eq!(told(&["m"], vec![first, later], "'m'", "'a'"), "a->m");
        // An id that was kept by the first squash and went in the second.
        let first = squashed(&["a", "b"], &[("b", &["b"])]);
        let second = squashed(&["b", "c"], &[("c", &["c"])]);
        assert!(told(&["c"], vec![first, second], "'b'", "None").contains("up to c"));
    }
}
