//! What is told of one database, for people and for scripts.

use std::collections::BTreeSet;
use std::fmt;

use serde::{Serialize, Serializer};

use crate::report::count;
use crate::schema::Object;
use crate::schema::index::nearest::Whereabouts;
use crate::schema::inventory::difference::{Change, Difference};
use crate::schema::inventory::drift::{Because, Drift};
use crate::stages::stamp::Plan;

/// What became of a database.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// It stands at the baseline or later.
    AlreadyThere,
    /// The baseline's id was written.
    Stamped,
    /// The archived revisions that it lacked were run, and it stands at the baseline.
    CaughtUp,
    /// It would be caught up.
    WouldCatchUp,
    /// It would be stamped.
    WouldStamp,
    /// Its rows said nothing; its catalog did, and the baseline's id was written.
    Adopted,
    /// It would be adopted.
    WouldAdopt,
    /// It was left as it is.
    Refused,
    /// Nothing was tried: another target was refused first, or the run was interrupted.
    NotTried,
    /// The run was interrupted while this one was worked on.
    Interrupted,
}

impl Outcome {
    /// Whether the database stands at the baseline or later, and nothing is left to be done.
    pub fn is_done(self) -> bool {
        matches!(self, Self::AlreadyThere | Self::Stamped | Self::CaughtUp | Self::Adopted)
    }
}

/// One line of the report.
#[derive(Debug, Clone, Serialize)]
pub struct Told {
    /// The database, without its password.
    pub target: String,
    /// What became of it.
    pub outcome: Outcome,
    /// Whether it could be read at all.
    #[serde(skip)]
    pub read: bool,
    /// The rows of its version table; none if there is no such table.
    pub found: Option<Vec<String>>,
    /// The id that it should have.
    pub expected: String,
    /// The archived revisions that it lacks up to the cut, in order.
    pub missing: Vec<String>,
    /// Rows of its version table that say nothing beside the others: they were removed if it was stamped.
    pub ghosts: Vec<String>,
    /// How its catalog compares with what the history builds; none if it was refused before that.
    pub catalog: Option<Catalog>,
    /// The archived revisions that were run on it; if one failed, env.py's transaction decides whether they stay.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub applied: Vec<String>,
    /// The file of its backup.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub backup: Option<String>,
    /// What would be run on it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sql: Option<String>,
    /// Which archived revision its catalog is nearest to, where its version table does not say enough.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub nearest: Option<Whereabouts>,
    /// Why it was refused.
    pub why: Option<String>,
    /// What to do.
    pub help: Option<String>,
    /// How long it took.
    #[serde(serialize_with = "milliseconds")]
    pub seconds: f64,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks for this signature")]
fn milliseconds<S: Serializer>(seconds: &f64, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_f64((seconds * 1000.0).round() / 1000.0)
}

/// How much of a catalog was compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Compared {
    /// All of it that the history owns.
    All,
    /// A part: the reason tells which.
    Some,
    /// Nothing.
    No,
}

/// A comparison of a catalog.
#[derive(Debug, Clone, Serialize)]
pub struct Catalog {
    /// How much was compared.
    pub compared: Compared,
    /// What was not compared, and why.
    pub not_compared: Option<String>,
    /// What differs, one line for each property.
    pub drift: Vec<Line>,
    /// What differs and does not count.
    pub noted: Vec<Noted>,
    /// Accepted names that mean nothing here. People are told of those that mean nothing anywhere.
    pub unmatched: Vec<String>,
}

/// One property that differs, or an object.
#[derive(Debug, Clone, Serialize)]
pub struct Line {
    /// The object.
    pub object: Object,
    /// The property; none means the object as a whole.
    pub property: Option<String>,
    /// What the history makes; none if it makes none.
    pub expected: Option<String>,
    /// What is there.
    pub actual: Option<String>,
    /// The same in words.
    pub told: String,
}

/// A difference that does not count.
#[derive(Debug, Clone, Serialize)]
pub struct Noted {
    /// Why not.
    pub because: Reason,
    /// The difference.
    #[serde(flatten)]
    pub line: Line,
}

/// Why a difference does not count.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    /// `--accept-drift` names it.
    Accepted,
    /// Only the print differs.
    Print,
    /// A version that the server offers.
    Version,
    /// `[stamp] ignore` means it.
    Ignored,
    /// The history owns neither the object nor its schema.
    NotOfTheHistory,
    /// It is a setting of the database itself, which no copy and no dump carries.
    OfTheDatabase,
    /// Each run of the history makes it differently.
    Varies,
}

impl Catalog {
    /// What was found.
    pub fn of(drift: &Drift, not_compared: Option<String>) -> Self {
        let noted = drift.noted.iter().flat_map(|(difference, because)| {
            let because = match because {
                Because::Accepted => Reason::Accepted,
                Because::NotOfTheHistory => Reason::NotOfTheHistory,
                Because::Ignored => Reason::Ignored,
                Because::Version => Reason::Version,
                Because::Print => Reason::Print,
                Because::OfTheDatabase => Reason::OfTheDatabase,
                Because::Varies => Reason::Varies,
            };
            lines(difference).into_iter().map(move |line| Noted { because, line })
        });
        Self {
            compared: if not_compared.is_some() { Compared::Some } else { Compared::All },
            not_compared,
            drift: drift.counted.iter().flat_map(lines).collect(),
            noted: noted.collect(),
            unmatched: drift.unmatched.clone(),
        }
    }

    /// Nothing was compared, for this reason.
    pub fn none(reason: String) -> Self {
        Self {
            compared: Compared::No,
            not_compared: Some(reason),
            drift: Vec::new(),
            noted: Vec::new(),
            unmatched: Vec::new(),
        }
    }
}

fn lines(difference: &Difference) -> Vec<Line> {
    let line = |property: Option<&str>, expected: Option<&str>, actual: Option<&str>, told| Line {
        object: difference.object.clone(),
        property: property.map(str::to_owned),
        expected: expected.map(str::to_owned),
        actual: actual.map(str::to_owned),
        told,
    };
    let changes = difference.changes();
    if changes.is_empty() {
        return vec![line(None, None, None, difference.to_string())];
    }
    let one = |(property, expected, actual): Change<'_>| {
        let side =
            |value: Option<&str>| value.map(|v| (property.to_owned(), v.to_owned())).into_iter();
        let alone = Difference {
            object: difference.object.clone(),
            expected: Some(side(expected).collect()),
            actual: Some(side(actual).collect()),
        };
        line(Some(property), expected, actual, alone.to_string())
    };
    changes.into_iter().map(one).collect()
}

impl Told {
    /// A database that was left as it is, before anything could be found.
    pub fn untouched(target: &impl fmt::Display, plan: &Plan, outcome: Outcome) -> Self {
        Self {
            target: target.to_string(),
            outcome,
            read: false,
            found: None,
            expected: plan.shown(),
            missing: Vec::new(),
            ghosts: Vec::new(),
            catalog: None,
            applied: Vec::new(),
            backup: None,
            sql: None,
            nearest: None,
            why: None,
            help: None,
            seconds: 0.0,
        }
    }

    /// The same, for this reason and with this help.
    #[must_use]
    pub fn because(self, why: String, help: &str) -> Self {
        Self { why: Some(why), help: Some(help.to_owned()), ..self }
    }

    /// The lines for people: the first tells the outcome, the others why and what to do.
    pub fn lines(&self) -> Vec<String> {
        let word = match self.outcome {
            Outcome::AlreadyThere => "already there",
            Outcome::Stamped => "stamped",
            Outcome::CaughtUp => "caught up",
            Outcome::WouldCatchUp => "can be caught up",
            Outcome::WouldStamp => "can be stamped",
            Outcome::Adopted => "adopted",
            Outcome::WouldAdopt => "can be adopted",
            Outcome::Refused => "refused",
            Outcome::NotTried => "not tried",
            Outcome::Interrupted => "interrupted",
        };
        let found = match &self.found {
            Some(rows) if !rows.is_empty() => format!(" (found {})", rows.join(", ")),
            _ => String::new(),
        };
        let mut lines = vec![format!("{word:<14} {}{found}", self.target)];
        let revisions = |ids: &[String]| {
            format!("{} ({})", count(ids.len() as u64, "revision", "revisions"), ids.join(", "))
        };
        if self.outcome == Outcome::WouldCatchUp {
            lines.push(format!("  would run: {}", revisions(&self.missing)));
        }
        if !self.applied.is_empty() {
            lines.push(format!("  run: {}", revisions(&self.applied)));
        }
        lines.extend(self.backup.iter().map(|file| format!("  backup: {file}")));
        lines.extend(self.why.iter().map(|why| format!("  why: {why}")));
        lines.extend(self.nearest.iter().map(|nearest| format!("  where: {}", nearest.text())));
        if let Some(catalog) = &self.catalog {
            lines.extend(catalog.drift.iter().map(|line| format!("  differs: {}", line.told)));
            lines.extend(catalog.notes().into_iter().map(|note| format!("  note: {note}")));
        }
        if self.outcome != Outcome::Refused && !self.ghosts.is_empty() {
            let removed = match self.outcome {
                Outcome::WouldStamp => "would be removed",
                _ => "removed",
            };
            lines.push(format!("  note: rows {removed}: {}", self.ghosts.join(", ")));
        }
        lines.extend(self.help.iter().map(|help| format!("  help: {help}")));
        lines
    }
}

impl Catalog {
    fn notes(&self) -> Vec<String> {
        let mut notes = Vec::new();
        match (self.compared, &self.not_compared) {
            (Compared::No, Some(reason)) => {
                notes.push(format!("its catalog was not compared: {reason}"));
            }
            (_, Some(reason)) => notes.push(reason.clone()),
            (_, None) => {}
        }
        for noted in &self.noted {
            let told = &noted.line.told;
            notes.extend(match noted.because {
                Reason::Accepted => Some(format!("accepted: {told}")),
                Reason::Print => Some(format!("only printed differently: {told}")),
                Reason::Version => Some(format!("what the server offers: {told}")),
                Reason::OfTheDatabase => Some(format!("no copy and no dump carries it: {told}")),
                Reason::Varies => {
                    Some(format!("each run of the history makes it differently: {told}"))
                }
                Reason::Ignored | Reason::NotOfTheHistory => None,
            });
        }
        for (reason, words) in [
            (Reason::Ignored, "ignored by rebaseline.toml"),
            (Reason::NotOfTheHistory, "not of the history"),
        ] {
            let names: Vec<String> = self
                .noted
                .iter()
                .filter(|noted| noted.because == reason)
                .map(|noted| noted.line.object.to_string())
                .collect();
            if !names.is_empty() {
                notes.push(format!("{words}: {}", shortened(&names)));
            }
        }
        notes
    }
}

/// The accepted names that mean nothing on any of these databases; none where no catalog was compared.
pub fn unmatched<'a>(catalogs: impl Iterator<Item = &'a Catalog>) -> Vec<String> {
    let mut compared = catalogs.filter(|catalog| catalog.compared != Compared::No);
    let Some(first) = compared.next() else { return Vec::new() };
    let mut names = first.unmatched.clone();
    let mut seen = BTreeSet::new();
    names.retain(|name| seen.insert(name.clone()));
    for catalog in compared {
        names.retain(|name| catalog.unmatched.contains(name));
    }
    names
}

/// The first few of a list, and how many there are.
pub fn shortened(names: &[String]) -> String {
    const SHOWN: usize = 3;
    let shown = names.iter().take(SHOWN).map(String::as_str).collect::<Vec<_>>().join("; ");
    match names.len().saturating_sub(SHOWN) {
        0 => shown,
        more => format!("{shown}; and {more} more"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn catalog(compared: Compared, unmatched: &[&str]) -> Catalog {
        let unmatched = unmatched.iter().map(|name| (*name).to_owned()).collect();
        Catalog { compared, unmatched, ..Catalog::none("no reason".to_owned()) }
    }

    #[test]
    fn a_name_that_means_something_on_one_database_is_not_told() {
        let all = Compared::All;
        let fleet = [
            catalog(Compared::No, &[]),
            catalog(all, &["a", "b", "b", "c"]),
            catalog(Compared::Some, &["c", "b"]),
        ];
        assert_eq!(unmatched(fleet.iter()), ["b", "c"]);
        assert_eq!(unmatched(fleet[..1].iter()), [""; 0]);
        assert_eq!(unmatched([catalog(all, &["a"]), catalog(all, &[])].iter()), [""; 0]);
    }
}
