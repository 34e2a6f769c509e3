//! Values that change from run to run: found between two replays, written so that every install gets
//! its own, and masked in the proof.
//!
//! Pure. `find` pairs the rows of both replays and tells what each differing value is made of; `settle`
//! decides, by the columns and by what the user says, how it is written, or refuses it; `mask` turns
//! the values of any run into tokens that can be compared. Nothing random gets into a file in silence.

pub mod choice;
pub mod clock;
pub mod drift;
pub mod facts;
pub mod find;
pub mod mask;
pub mod offset;
pub mod pair;
pub mod settle;
pub mod shape;
pub mod sources;
pub mod stamp;
pub mod token;
mod write;

use arcstr::Substr;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde::Serialize;

use crate::schema::inventory::Varying;
use crate::schema::volatile::choice::shown;
use crate::schema::volatile::clock::Window;
use crate::schema::volatile::find::name_of;
use crate::schema::volatile::mask::{Masks, Run};
use crate::schema::{Entry, Object, Statements, repair};

/// What an expression that draws on the salt begins with.
pub const SALT: &str = "md5(current_setting('rebaseline.salt')";

/// What becomes of values that change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Class {
    /// An expression over the clock.
    Now,
    /// The column's own default.
    Default,
    /// A uuid of each install.
    Uuid,
    /// An expression of the user's.
    Seed,
    /// What this run made.
    Frozen,
    /// What this run made: it holds today's date, which may be chance.
    Dated,
    /// The rows are left out.
    Dropped,
    /// `env.py` makes it.
    Beforehand,
}

/// What is told about a column.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Told {
    /// The table.
    pub table: String,
    /// The column; none where the whole table is meant.
    pub column: Option<String>,
    /// What becomes of its values.
    pub class: Class,
    /// The expressions that take their place, or the value that stays.
    pub rendered: Option<String>,
}

/// The values that change, settled.
#[derive(Debug, Clone)]
pub struct Volatile {
    /// What is told about them.
    pub told: Vec<Told>,
    /// Rows as they were inserted, each with expressions in place of values, in the order of writing.
    pub rendered: Arc<BTreeMap<Object, Vec<(Substr, Substr)>>>,
    /// Whether a salt is needed.
    pub salted: bool,
    /// Objects whose definition changes from run to run, or holds today's date.
    pub schema: Vec<String>,
    /// The same by property, of what the catalog tells.
    pub varying: Vec<Varying>,
    masks: Arc<BTreeMap<Object, Masks>>,
    window: Window,
    dropped: BTreeSet<Object>,
    lenient: bool,
    /// Nobody has looked (`--once`).
    pub unknown: bool,
}

impl Volatile {
    /// Nothing changes.
    pub fn none(window: &Window) -> Self {
        Self::new(window, BTreeSet::new())
    }

    fn new(window: &Window, dropped: BTreeSet<Object>) -> Self {
        Self {
            told: Vec::new(),
            rendered: Arc::default(),
            salted: false,
            schema: Vec::new(),
            varying: Vec::new(),
            masks: Arc::default(),
            window: window.clone(),
            dropped,
            lenient: false,
            unknown: false,
        }
    }

    /// Whether the rows of this object are left out.
    pub fn is_dropped(&self, object: &Object) -> bool {
        self.dropped.contains(object)
    }

    /// Whether an object changes from run to run: its definition, or a value in its rows. All rows may, where nobody
    /// has looked.
    pub fn changes(&self, object: &Object) -> bool {
        if object.kind != "TABLE DATA" {
            return self.schema.iter().any(|line| line.starts_with(&format!("{object}: ")));
        }
        let name = shown(&name_of(object));
        self.unknown
            || self.masks.contains_key(object)
            || self.told.iter().any(|told| told.table == name)
    }

    /// The statements of these rows, with expressions in place of values.
    pub fn written(&self, object: &Object, statements: &Statements) -> Statements {
        let Some(rendered) = self.rendered.get(object) else { return statements.clone() };
        let mut left: BTreeMap<&str, usize> = BTreeMap::new();
        for statement in statements {
            *left.entry(statement).or_default() += 1;
        }
        let mut written = Vec::with_capacity(statements.len());
        let mut take = |statement: &str| {
            let left = left.get_mut(statement).filter(|left| **left > 0);
            left.is_some_and(|left| {
                *left -= 1;
                true
            })
        };
        for (statement, expression) in rendered {
            if take(statement) {
                written.push(expression.clone());
            } else if let Some(repaired) = repair::with_negative_zero(statement)
                && take(&repaired)
            {
                let repaired = repair::with_negative_zero(expression);
                written.push(repaired.map_or_else(|| expression.clone(), Substr::from));
            }
        }
        // A row that has changed since is as it was.
        for (statement, left) in left {
            written.extend(std::iter::repeat_n(Substr::from(statement), left));
        }
        written.into()
    }

    /// The same, told of these objects only.
    #[must_use]
    pub fn about<'a>(&self, objects: impl Iterator<Item = &'a Object>) -> Self {
        let tables: BTreeSet<String> = objects.map(|object| shown(&name_of(object))).collect();
        let mut about = self.clone();
        about.told.retain(|told| told.class == Class::Dropped || tables.contains(&told.table));
        about
    }

    /// The rows that are left out.
    pub fn dropped(&self) -> impl Iterator<Item = &Object> {
        self.dropped.iter()
    }

    /// Masks what a restore of the replay's own rows holds; gives the random uuids in it.
    pub fn mask_replay(&self, entries: &mut Vec<Entry>) -> BTreeSet<u128> {
        entries.retain(|entry| !self.is_dropped(&entry.object));
        let strangers = BTreeSet::new();
        let run = Run { window: &self.window, strangers: &strangers, is_replay: true };
        mask::mask(&self.masks, entries, &run)
    }

    /// Masks what a run of the baseline made; gives the random uuids in it.
    pub fn mask_run(
        &self,
        entries: &mut Vec<Entry>,
        window: &Window,
        strangers: &BTreeSet<u128>,
    ) -> BTreeSet<u128> {
        if self.lenient {
            entries.retain(|entry| !self.is_dropped(&entry.object));
        }
        let run = Run { window, strangers, is_replay: false };
        mask::mask(&self.masks, entries, &run)
    }

    /// What a reader of the baseline must know.
    pub fn notes(&self) -> Vec<String> {
        let mut notes = Vec::new();
        if self.unknown {
            notes.push(
                "Seed values that change from run to run were not looked for (--once): all are kept as one run \
                 of the history made them."
                    .to_owned(),
            );
        }
        let told = |classes: &[Class]| -> Vec<&Told> {
            self.told.iter().filter(|told| classes.contains(&told.class)).collect()
        };
        let mut note = |classes: &[Class], head: &str, line: &dyn Fn(&Told) -> String| {
            let lines: Vec<String> = told(classes)
                .into_iter()
                .map(|t| format!("  {}: {}", t.place(), line(t)))
                .collect();
            if !lines.is_empty() {
                notes.push(format!("{head}\n{}", lines.join("\n")));
            }
        };
        let made = [Class::Now, Class::Default, Class::Uuid, Class::Seed];
        note(&made, "Seed values that each run makes anew, as the history did:", &|told| {
            let uuid = "a uuid of each run, the same wherever it is referred to".to_owned();
            told.rendered.clone().unwrap_or(uuid)
        });
        note(
            &[Class::Frozen],
            "Random seed values, kept as one run of the history made them:",
            &|_| "frozen".to_owned(),
        );
        note(
            &[Class::Dated],
            "Seed values kept as they are, though they hold the date of the run:",
            &|told| told.rendered.clone().unwrap_or_default(),
        );
        note(&[Class::Dropped], "Rows of the history that were left out (--drop-seed):", &|_| {
            "all rows".to_owned()
        });
        if !self.schema.is_empty() {
            let lines: Vec<String> = self.schema.iter().map(|line| format!("  {line}")).collect();
            let head = "The schema depends on when the history runs; this is what one run made:";
            notes.push(format!("{head}\n{}", lines.join("\n")));
        }
        notes
    }
}

impl Told {
    /// Table and column.
    pub fn place(&self) -> String {
        match &self.column {
            Some(column) => format!("{}.{column}", self.table),
            None => self.table.clone(),
        }
    }
}

#[cfg(test)]
mod tests;
