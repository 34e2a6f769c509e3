//! What to do with a database, decided from the rows of its version table alone. Pure.

use std::collections::BTreeSet;

use rebaseline_archive::VersionTableRecord;

use crate::stages::stamp::check::Check;
use crate::stages::stamp::graph::{Requires, closed, in_order};

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
    /// All graphs of all squashes and the project's, with each baseline on top of what it stands for.
    pub all: Requires,
    /// The same without dependencies: a row beside one that depends on it is nothing odd, `alembic stamp
    /// heads` writes such.
    pub lineage: Requires,
    /// The ids of baselines, of every squash, that no squashed revision had.
    pub minted: BTreeSet<String>,
    /// What the user allows.
    pub allowed: Allowed,
    /// What catalogs are compared with.
    pub check: Check,
}

/// A baseline and what it stands for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Replaced {
    /// Its id.
    pub baseline: String,
    /// The heads that it stands for.
    pub heads: Vec<String>,
}

/// What the user allows besides.
#[derive(Debug, Clone, Copy, Default)]
pub struct Allowed {
    /// Stamp a database whose rows say nothing, if its catalog is right.
    pub adopt: bool,
    /// Remove rows that say nothing beside one that does.
    pub purge: bool,
}

/// What to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Decision {
    /// Nothing.
    AlreadyThere,
    /// Write these rows.
    Stamp(Vec<String>),
    /// Write these rows, in a version table that may have to be made.
    Adopt(Vec<String>),
    /// Leave it: why, and what to do.
    Refuse(String, String),
}

/// How far a database is from what the archive's inventory tells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reach {
    /// It stands at all baselines, and nothing came after.
    Exact,
    /// It stands at these baselines only.
    Some(Vec<String>),
    /// Later revisions have run.
    Beyond(Vec<String>),
}

/// A decision and what it is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Judgement {
    /// What to do.
    pub decision: Decision,
    /// What its catalog can be compared with.
    pub reach: Reach,
    /// The archived revisions that it lacks up to the cut, in the order in which they would run.
    pub missing: Vec<String>,
    /// Rows that say nothing: unknown ones, and those that another row implies.
    pub ghosts: Vec<String>,
}

impl Plan {
    /// The ids of the baselines, for a reader.
    pub fn shown(&self) -> String {
        let ids: Vec<_> = self.baselines.iter().map(|b| b.baseline.as_str()).collect();
        ids.join(", ")
    }

    /// How wide the column of a new version table must be: Alembic's own 32, or what the longest id takes.
    pub fn width(&self) -> usize {
        let ids = self.all.keys().chain(self.baselines.iter().map(|b| &b.baseline));
        ids.map(|id| id.chars().count()).max().unwrap_or_default().max(32)
    }

    /// Decides from the rows; `None` stands for no version table.
    pub fn judge(&self, rows: Option<&[String]>, allowed: Allowed) -> Judgement {
        let found = rows.unwrap_or_default();
        let (unknown, known): (Vec<String>, Vec<String>) =
            found.iter().cloned().partition(|row| !self.knows(row));
        let (implied, good): (Vec<String>, Vec<String>) =
            known.iter().cloned().partition(|row| self.is_implied(row, &known));
        if good.is_empty() {
            return self.says_nothing(rows, allowed);
        }
        let ghosts = [unknown.clone(), implied.clone()].concat();
        if !ghosts.is_empty() && !allowed.purge {
            let mut why = Vec::new();
            if !unknown.is_empty() {
                let unknown = unknown.join(", ");
                why.push(format!("{unknown}, which neither the project nor its archives know"));
            }
            if !implied.is_empty() {
                why.push(format!("{}, which {} implies", implied.join(", "), good.join(" or ")));
            }
            let why =
                format!("beside {} its version table has {}", good.join(", "), why.join(", and "));
            let help = "if they are left over from something that is gone: rebaseline stamp --purge \
                        removes them";
            return Judgement { ghosts, ..self.at(refuse(&why, help), &good) };
        }
        let mut decision = self.decide(&good);
        if decision == Decision::AlreadyThere && !ghosts.is_empty() {
            decision = Decision::Stamp(good.clone());
        }
        let ghosts = if matches!(decision, Decision::Refuse(..)) { Vec::new() } else { ghosts };
        Judgement { ghosts, ..self.at(decision, &good) }
    }

    /// No row tells where the database stands.
    fn says_nothing(&self, rows: Option<&[String]>, allowed: Allowed) -> Judgement {
        let baselines: Vec<String> = self.baselines.iter().map(|b| b.baseline.clone()).collect();
        if allowed.adopt {
            let rows = self.minimal(baselines.into_iter().collect());
            return self.at(Decision::Adopt(rows.clone()), &rows);
        }
        let built = "an empty database needs no stamp: alembic upgrade head builds it from the baseline; one \
                     that this history has built: rebaseline stamp --adopt";
        let decision = match rows {
            None => refuse("it has no version table", built),
            Some([]) => refuse("its version table is empty", built),
            Some(rows) => refuse(
                &format!(
                    "it stands at {}, which neither the project nor its archives know",
                    rows.join(", ")
                ),
                "check that this database belongs to this project, and that its branch is merged; if its \
                 catalog is that of the cut: rebaseline stamp --adopt",
            ),
        };
        self.at(decision, &[])
    }

    fn at(&self, decision: Decision, rows: &[String]) -> Judgement {
        let rows = match &decision {
            Decision::Stamp(rows) | Decision::Adopt(rows) => rows,
            _ => rows,
        };
        let missing = match &decision {
            Decision::Refuse(..) => self.missing(rows),
            _ => Vec::new(),
        };
        Judgement { reach: self.reach(rows), missing, decision, ghosts: Vec::new() }
    }

    /// Decides from rows that all mean something.
    fn decide(&self, rows: &[String]) -> Decision {
        if rows.iter().all(|row| self.new.contains_key(row)) {
            return Decision::AlreadyThere;
        }
        if let Some(rows) = self.stamped(rows) {
            return Decision::Stamp(rows);
        }
        let cut: Vec<_> = self.baselines.iter().flat_map(|b| b.heads.clone()).collect();
        refuse(
            &format!(
                "it stands at {}, which is behind the cut ({}){}",
                rows.join(", "),
                cut.join(", "),
                lacks(&self.missing(rows))
            ),
            "rebaseline stamp --catch-up runs what it lacks, then stamps it (first look: --catch-up --dry-run)",
        )
    }

    fn knows(&self, row: &str) -> bool {
        self.new.contains_key(row)
            || self.old.contains_key(row)
            || self.archived.contains(row)
            || self.baselines.iter().any(|b| b.baseline == *row)
    }

    /// Whether another of these rows descends from this one.
    fn is_implied(&self, row: &String, rows: &[String]) -> bool {
        rows.iter()
            .filter(|other| *other != row)
            .any(|other| closed(&self.lineage, std::slice::from_ref(other)).contains(row))
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
        Some(self.minimal(stamped))
    }

    /// Without the rows that others imply: these have none of their own.
    fn minimal(&self, rows: BTreeSet<String>) -> Vec<String> {
        let implied: BTreeSet<String> = rows
            .iter()
            .flat_map(|row| closed(&self.new, self.new.get(row).map_or(&[][..], Vec::as_slice)))
            .collect();
        rows.into_iter().filter(|row| !implied.contains(row)).collect()
    }

    /// What a database with these rows, all of them the project's, has of the baselines, and beyond.
    fn reach(&self, rows: &[String]) -> Reach {
        let is_baseline = |id: &String| self.baselines.iter().any(|b| b.baseline == *id);
        let (baselines, later): (Vec<_>, Vec<_>) =
            closed(&self.new, rows).into_iter().partition(is_baseline);
        if !later.is_empty() {
            Reach::Beyond(rows.iter().filter(|row| !is_baseline(row)).cloned().collect())
        } else if baselines.len() < self.baselines.len() {
            Reach::Some(baselines)
        } else {
            Reach::Exact
        }
    }

    /// What would have to run to bring the branches that a database has to the cut.
    fn missing(&self, rows: &[String]) -> Vec<String> {
        if rows.is_empty() {
            return Vec::new();
        }
        let has = closed(&self.all, rows);
        let heads = |replaced: &Replaced| in_order(&self.all, &replaced.heads);
        let begun =
            self.baselines.iter().map(heads).filter(|ids| ids.iter().any(|id| has.contains(id)));
        let mut missing: Vec<String> = Vec::new();
        for id in begun.flatten() {
            if !has.contains(&id) && !self.minted.contains(&id) && !missing.contains(&id) {
                missing.push(id);
            }
        }
        missing
    }
}

/// `: it lacks 5 revisions: a, b, c...`
fn lacks(missing: &[String]) -> String {
    const SHOWN: usize = 3;
    let shown = missing.iter().take(SHOWN).map(String::as_str).collect::<Vec<_>>().join(", ");
    let more = if missing.len() > SHOWN { "..." } else { "" };
    match missing.len() {
        0 => String::new(),
        1 => format!(": it lacks the revision {shown}"),
        count => format!(": it lacks {count} revisions: {shown}{more}"),
    }
}

fn refuse(why: &str, help: &str) -> Decision {
    Decision::Refuse(why.to_owned(), help.to_owned())
}

#[cfg(test)]
mod tests;
