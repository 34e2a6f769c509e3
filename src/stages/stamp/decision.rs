//! What to do with a database, decided from the rows of its version table alone. Pure.

use std::collections::{BTreeMap, BTreeSet};

use rebaseline_archive::VersionTableRecord;

/// What each revision requires, by id: parents and dependencies.
pub type Requires = BTreeMap<String, Vec<String>>;

/// What the archives and the project say about where databases can stand.
#[derive(Debug, Clone)]
pub struct Plan {
    /// The version table, as env.py names it.
    pub version_table: VersionTableRecord,
    /// The baselines of the newest squash.
    pub baselines: Vec<Replaced>,
    /// All archived revisions, of every squash, without the ids that baselines have kept.
    pub archived: BTreeSet<String>,
    /// The graph before the newest squash, kept revisions included.
    pub old: Requires,
    /// The project's graph now.
    pub new: Requires,
}

/// A baseline and what it stands for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Replaced {
    /// Its id.
    pub baseline: String,
    /// The heads that it stands for.
    pub heads: Vec<String>,
}

/// What to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Decision {
    /// Nothing.
    AlreadyThere,
    /// Write these rows.
    Stamp(Vec<String>),
    /// Leave it: why, and what to do.
    Refuse(String, String),
}

impl Plan {
    /// The ids of the baselines, for a reader.
    pub fn shown(&self) -> String {
        let ids: Vec<_> = self.baselines.iter().map(|b| b.baseline.as_str()).collect();
        ids.join(", ")
    }

    /// Decides from the rows; `None` stands for no version table.
    pub fn decide(&self, rows: Option<&[String]>) -> Decision {
        let Some(rows) = rows else {
            return refuse(
                "it has no version table",
                "an empty database needs no stamp: alembic upgrade head builds it from the baseline",
            );
        };
        if rows.is_empty() {
            return refuse(
                "its version table is empty",
                "if it is an empty database: alembic upgrade head builds it from the baseline",
            );
        }
        let unknown: Vec<&str> =
            rows.iter().filter(|row| !self.knows(row)).map(String::as_str).collect();
        if !unknown.is_empty() {
            return refuse(
                &format!(
                    "it stands at {}, which neither the project nor its archives know",
                    unknown.join(", ")
                ),
                "check that this database belongs to this project, and that its branch is merged",
            );
        }
        if rows.iter().all(|row| self.new.contains_key(row)) {
            return Decision::AlreadyThere;
        }
        if let Some(rows) = self.stamped(rows) {
            return Decision::Stamp(rows);
        }
        let cut: Vec<_> = self.baselines.iter().flat_map(|b| b.heads.clone()).collect();
        refuse(
            &format!(
                "it stands at {}, which is behind the cut ({})",
                rows.join(", "),
                cut.join(", ")
            ),
            "take the old revisions out (rebaseline archive restore --into DIR), upgrade this database \
             with them to the cut, then stamp it",
        )
    }

    fn knows(&self, row: &str) -> bool {
        self.new.contains_key(row)
            || self.old.contains_key(row)
            || self.archived.contains(row)
            || self.baselines.iter().any(|b| b.baseline == *row)
    }

    /// The rows that say with baselines what these rows say with archived revisions; `None` if a
    /// baseline stands for more than the database has.
    fn stamped(&self, rows: &[String]) -> Option<Vec<String>> {
        // A database may lack a whole branch, but not a part of what one baseline stands for.
        let has = closed(&self.old, rows);
        let mut stamped: BTreeSet<String> =
            rows.iter().filter(|row| self.new.contains_key(*row)).cloned().collect();
        let mut said: BTreeSet<&str> = stamped.iter().map(String::as_str).collect();
        let mut baselines = Vec::new();
        for replaced in &self.baselines {
            let heads = &replaced.heads;
            if heads.iter().all(|head| has.contains(head)) {
                said.extend(heads.iter().map(String::as_str));
                baselines.push(replaced.baseline.clone());
            }
        }
        if !rows.iter().all(|row| said.contains(row.as_str())) {
            return None;
        }
        stamped.extend(baselines);
        // A row that another row implies has none of its own.
        let implied: BTreeSet<String> = stamped
            .iter()
            .flat_map(|row| closed(&self.new, self.new.get(row).map_or(&[][..], Vec::as_slice)))
            .collect();
        Some(stamped.into_iter().filter(|row| !implied.contains(row)).collect())
    }
}

/// These revisions and all that they require.
fn closed(graph: &Requires, ids: &[String]) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let mut todo = ids.to_vec();
    while let Some(id) = todo.pop() {
        todo.extend(graph.get(&id).into_iter().flatten().cloned());
        found.insert(id);
    }
    found
}

fn refuse(why: &str, help: &str) -> Decision {
    Decision::Refuse(why.to_owned(), help.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `a->b` is drawn as `a b`, one line for each edge or lone revision.
    fn graph(edges: &[&str]) -> Requires {
        let mut graph = Requires::new();
        for edge in edges {
            let mut names = edge.split(' ');
            let parent = names.next().unwrap().to_owned();
            graph.entry(parent.clone()).or_default();
            if let Some(child) = names.next() {
                graph.entry(child.to_owned()).or_default().push(parent);
            }
        }
        graph
    }

    fn plan(old: &[&str], new: &[&str], baselines: &[(&str, &[&str])]) -> Plan {
        let replaced = |(baseline, heads): &(&str, &[&str])| Replaced {
            baseline: (*baseline).to_owned(),
            heads: heads.iter().map(|head| (*head).to_owned()).collect(),
        };
        Plan {
            version_table: VersionTableRecord { schema: None, table: "t".to_owned() },
            baselines: baselines.iter().map(replaced).collect(),
            archived: ["older".to_owned()].into(),
            old: graph(old),
            new: graph(new),
        }
    }

    fn told(plan: &Plan, rows: &[&str]) -> String {
        let rows: Vec<String> = rows.iter().map(|row| (*row).to_owned()).collect();
        match plan.decide(Some(&rows)) {
            Decision::AlreadyThere => "there".to_owned(),
            Decision::Stamp(rows) => format!("stamp {}", rows.join(" ")),
            Decision::Refuse(why, _) => why,
        }
    }

    #[test]
    fn one_head_whose_id_is_kept() {
        let plan = plan(&["a b", "b c"], &["c", "c z"], &[("c", &["c"])]);
        assert_eq!(told(&plan, &["c"]), "there");
        assert_eq!(told(&plan, &["z"]), "there");
        assert!(told(&plan, &["a"]).contains("behind the cut"));
        assert!(told(&plan, &["older"]).contains("behind the cut"));
        assert!(told(&plan, &["x"]).contains("neither the project nor its archives"));
        assert!(matches!(plan.decide(None), Decision::Refuse(..)));
        assert!(told(&plan, &[]).contains("empty"));
    }

    #[test]
    fn several_heads_in_one_baseline() {
        let plan = plan(&["a c", "a d"], &["n"], &[("n", &["c", "d"])]);
        assert_eq!(told(&plan, &["n"]), "there");
        assert_eq!(told(&plan, &["d", "c"]), "stamp n");
        assert!(told(&plan, &["c"]).contains("behind the cut"));
        assert!(told(&plan, &["n", "c"]).contains("behind the cut"));
        assert!(told(&plan, &["x", "c"]).contains("neither the project nor its archives"));
    }

    #[test]
    fn a_kept_revision_says_what_it_builds_on() {
        let plan = plan(&["a b", "a c", "b d", "c d"], &["n d", "d e"], &[("n", &["b", "c"])]);
        assert_eq!(told(&plan, &["b", "c"]), "stamp n");
        assert_eq!(told(&plan, &["d"]), "there");
        assert_eq!(told(&plan, &["e"]), "there");
        // A row that should have gone when `d` ran.
        assert_eq!(told(&plan, &["d", "c"]), "stamp d");
        assert!(told(&plan, &["b"]).contains("behind the cut"));
    }

    #[test]
    fn a_branch_may_be_missing_as_a_whole() {
        let plan = plan(&["a b", "x y", "b y"], &["n", "n m"], &[("n", &["b"]), ("m", &["y"])]);
        assert_eq!(told(&plan, &["b"]), "stamp n");
        assert_eq!(told(&plan, &["y"]), "stamp m");
        assert!(told(&plan, &["b", "x"]).contains("behind the cut"));
    }
}
