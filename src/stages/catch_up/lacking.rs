//! What a database lacks up to the cut of a squash, decided from the rows of its version table. Pure.
//!
//! Several squashes chain: the baseline of one is a squashed revision of the next. A database stands in
//! the newest generation whose revisions hold all of its rows.

use std::collections::{BTreeMap, BTreeSet};

/// What each revision requires, by id.
pub type Requires = BTreeMap<String, Vec<String>>;

/// What one archive says of its history.
#[derive(Debug, Clone, Default)]
pub struct Generation {
    /// Every revision before the squash in an order in which they can run.
    pub order: Vec<String>,
    /// Their parents.
    pub parents: Requires,
    /// Their parents and dependencies.
    pub requires: Requires,
    /// Those that were kept.
    pub kept: BTreeSet<String>,
    /// The heads that each baseline stands for.
    pub heads: Vec<Vec<String>>,
}

/// The generation that a database with these rows stands in.
pub fn standing(generations: &[Generation], rows: &[String]) -> Option<usize> {
    let holds = |generation: &Generation| {
        !rows.is_empty() && rows.iter().all(|row| generation.requires.contains_key(row))
    };
    generations.iter().rposition(holds)
}

impl Generation {
    /// The squashed revisions that a database with these rows lacks, in an order in which they can run.
    /// A branch of which it has nothing is none of its own: the branch's baseline builds it later.
    pub fn lacking(&self, rows: &[String]) -> Vec<String> {
        let has = closed(&self.requires, rows);
        let mut wanted = BTreeSet::new();
        let mut left: Vec<&Vec<String>> = self.heads.iter().collect();
        loop {
            let begun = |heads: &&Vec<String>| {
                let own = closed(&self.parents, heads);
                own.iter().any(|id| has.contains(id) || wanted.contains(id))
            };
            // A branch that another one depends on may have begun by that alone.
            let Some(next) = left.iter().position(begun) else { break };
            wanted.extend(closed(&self.requires, left.remove(next)));
        }
        let lacks =
            |id: &&String| wanted.contains(*id) && !has.contains(*id) && !self.kept.contains(*id);
        self.order.iter().filter(lacks).cloned().collect()
    }

    /// The rows of a database that had these and then ran these revisions.
    pub fn rows_after(&self, rows: &[String], ran: &[String]) -> Vec<String> {
        let has: BTreeSet<&String> = rows.iter().chain(ran).collect();
        let implied: BTreeSet<String> = has
            .iter()
            .flat_map(|id| {
                closed(&self.requires, self.requires.get(*id).map_or(&[], Vec::as_slice))
            })
            .collect();
        has.into_iter().filter(|id| !implied.contains(*id)).cloned().collect()
    }

    /// All revisions that may run: what these rows say is there, and what is lacking.
    pub fn up_to_the_cut(&self, rows: &[String]) -> BTreeSet<String> {
        closed(&self.requires, rows).into_iter().chain(self.lacking(rows)).collect()
    }
}

/// These revisions and all that they require.
fn closed(graph: &Requires, ids: &[String]) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let mut todo = ids.to_vec();
    while let Some(id) = todo.pop() {
        if found.insert(id.clone()) {
            todo.extend(graph.get(&id).into_iter().flatten().cloned());
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Lines `id parents` or `id parents : dependencies`, in an order in which they can run.
    fn generation(lines: &[&str], kept: &[&str], heads: &[&[&str]]) -> Generation {
        let owned = |names: &[&str]| names.iter().map(|n| (*n).to_owned()).collect::<Vec<_>>();
        let mut generation = Generation {
            kept: owned(kept).into_iter().collect(),
            heads: heads.iter().map(|heads| owned(heads)).collect(),
            ..Generation::default()
        };
        for line in lines {
            let (names, dependencies) = line.split_once(" : ").unwrap_or((line, ""));
            let mut names = names.split_whitespace().map(str::to_owned);
            let id = names.next().unwrap();
            let parents: Vec<String> = names.collect();
            let mut requires = parents.clone();
            requires.extend(dependencies.split_whitespace().map(str::to_owned));
            generation.order.push(id.clone());
            generation.parents.insert(id.clone(), parents);
            generation.requires.insert(id, requires);
        }
        generation
    }

    fn lacking(generation: &Generation, rows: &[&str]) -> String {
        let rows: Vec<String> = rows.iter().map(|row| (*row).to_owned()).collect();
        let lacking = generation.lacking(&rows);
        let after = generation.rows_after(&rows, &lacking);
        format!("{} => {}", lacking.join(" "), after.join(" "))
    }

    #[test]
    fn a_chain_and_what_is_kept() {
        let chain = generation(&["a", "b a", "c b", "d c"], &["d"], &[&["c"]]);
        assert_eq!(lacking(&chain, &["a"]), "b c => c");
        assert_eq!(lacking(&chain, &["c"]), " => c");
        assert_eq!(lacking(&chain, &["d"]), " => d");
    }

    #[test]
    fn a_fork_is_brought_to_both_heads_and_a_kept_branch_stays() {
        let fork = generation(&["a", "b a", "c a", "x"], &["x"], &[&["b", "c"]]);
        assert_eq!(lacking(&fork, &["b"]), "c => b c");
        assert_eq!(lacking(&fork, &["a", "x"]), "b c => b c x");
    }

    #[test]
    fn branches_that_have_not_begun_stay_away_unless_another_depends_on_them() {
        let lines = ["a", "a2 a", "b", "b2 b : a", "z"];
        let branches = generation(&lines, &[], &[&["a2"], &["b2"], &["z"]]);
        assert_eq!(lacking(&branches, &["a"]), "a2 => a2");
        assert_eq!(lacking(&branches, &["b"]), "a a2 b2 => a2 b2");
    }

    #[test]
    fn the_newest_generation_that_knows_all_rows() {
        let first = generation(&["a", "b a"], &[], &[&["b"]]);
        let second = generation(&["b", "c b"], &[], &[&["c"]]);
        let both = [first, second];
        let at = |rows: &[&str]| {
            standing(&both, &rows.iter().map(|row| (*row).to_owned()).collect::<Vec<_>>())
        };
        assert_eq!(at(&["a"]), Some(0));
        assert_eq!(at(&["b"]), Some(1));
        assert_eq!(at(&["x"]), None);
        assert_eq!(at(&[]), None);
    }
}
