//! Decides how each changing value is written: as the column's default, from the clock, as a uuid of
//! each install, as the user says; or refuses it.

use arcstr::Substr;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use crate::schema::rows;
use crate::schema::volatile::choice::{Chosen, shown};
use crate::schema::volatile::clock::Window;
use crate::schema::volatile::facts::{Facts, Name, looks_secret};
use crate::schema::volatile::find::{Found, Table, Uneven, name_of};
use crate::schema::volatile::shape::{Part, Shape};
use crate::schema::volatile::sources::Sources;
use crate::schema::volatile::token::{self, Token, tokens};
use crate::schema::volatile::write::{Fates, Writer};
use crate::schema::volatile::{Class, Told, Volatile};
use crate::schema::{Entry, Object};

/// A column whose values cannot be written, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// The table.
    pub table: Name,
    /// The column; none if the whole table is meant.
    pub column: Option<String>,
    /// Why.
    pub why: String,
}

/// A default, evaluated twice, and when.
#[derive(Debug, Clone)]
pub struct Sample {
    /// What it made.
    pub values: [String; 2],
    /// When.
    pub window: Window,
}

/// What the decision needs.
#[derive(Debug)]
pub struct Settle<'a> {
    /// The entries of the first replay.
    pub entries: &'a [Entry],
    /// Statements for roles and settings.
    pub made: &'a [String],
    /// Its window.
    pub window: &'a Window,
    /// The columns.
    pub facts: &'a Facts,
    /// The revision files.
    pub sources: &'a Sources,
    /// The choices of the user.
    pub chosen: &'a Chosen,
    /// The defaults of the columns that change, evaluated.
    pub samples: &'a BTreeMap<(Name, String), Sample>,
    /// Rows that are there before the first revision: they do not go into the baseline.
    pub beforehand: &'a HashSet<&'a str>,
    /// Which of several baselines makes a row, by the row; empty where there is one only. A salt is drawn
    /// by each.
    pub parts: &'a HashMap<&'a str, usize>,
    /// Nothing is written: the values are masked only, and one that was frozen is right, too.
    pub lenient: bool,
}

/// What becomes of one value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Fate {
    Expression,
    Default,
    Frozen,
    Seed(String),
    Beforehand,
    Compared,
}

/// Where a uuid stands.
type Places = BTreeMap<u128, Vec<Option<(usize, usize)>>>;

impl Settle<'_> {
    /// Decides about everything that was found.
    pub fn run(&self, found: &Found<'_>) -> Result<Volatile, Vec<Refusal>> {
        let mut refused = Vec::new();
        if !self.lenient {
            refused.extend(found.uneven.iter().map(uneven));
            refused.extend(self.dangling());
        }
        let places = self.places(found);
        let mut fates = BTreeMap::new();
        for (number, table) in found.tables.iter().enumerate() {
            let columns: BTreeSet<usize> = table.cells.keys().map(|(_, column)| *column).collect();
            for column in columns {
                match self.fates(table, number, column, &places) {
                    Ok(rows) => {
                        fates.extend(rows.into_iter().map(|(r, f)| ((number, r, column), f)));
                    }
                    Err(why) => refused.push(Refusal {
                        table: table.name.clone(),
                        column: Some(table.columns[column].clone()),
                        why,
                    }),
                }
            }
        }
        if !refused.is_empty() {
            return Err(refused);
        }
        let frozen = frozen_uuids(found, &fates, &places);
        let mut writer = Writer::new(self, frozen);
        let orders = writer.number(found, &fates);
        let mut volatile = Volatile::new(self.window, self.dropped_rows());
        volatile.lenient = self.lenient;
        if self.lenient {
            volatile.dropped.extend(found.uneven.iter().map(Uneven::object));
        }
        for (number, table) in found.tables.iter().enumerate() {
            let fate = |row, column| &fates[&(number, row, column)];
            writer.table(&mut volatile, table, &orders[number], fate);
        }
        volatile.salted = writer.is_salted();
        for ((table, column), value) in &found.dated {
            volatile.told.push(Told {
                table: shown(table),
                column: Some(column.clone()),
                class: Class::Dated,
                rendered: Some(value.clone()),
            });
        }
        for table in &self.chosen.drop {
            let table = shown(table);
            volatile.told.push(Told { table, column: None, class: Class::Dropped, rendered: None });
        }
        Ok(volatile)
    }

    fn dropped_rows(&self) -> BTreeSet<Object> {
        let rows = self.entries.iter().filter(|entry| entry.is_rows()).map(|entry| &entry.object);
        rows.filter(|object| self.chosen.drop.contains(&name_of(object))).cloned().collect()
    }

    /// Rows that refer to rows which are left out.
    fn dangling(&self) -> Vec<Refusal> {
        let mut refused = Vec::new();
        for entry in self.entries.iter().filter(|entry| entry.is_rows()) {
            let name = name_of(&entry.object);
            let Some(facts) = self.facts.tables.get(&name) else { continue };
            if self.chosen.drop.contains(&name) {
                continue;
            }
            for key in facts.foreign_keys.iter().filter(|key| self.chosen.drop.contains(&key.table))
            {
                let refers = |statement: &Substr| {
                    rows::Insert::cut(statement).is_none_or(|row| {
                        let values = row.columns.iter().zip(&row.values);
                        let mut values = values.filter(|(column, _)| key.columns.contains(column));
                        values.all(|(_, value)| *value != "NULL")
                    })
                };
                if entry.statements.iter().any(refers) {
                    let why = format!(
                        "its rows refer to rows of {}, which --drop-seed leaves out",
                        shown(&key.table)
                    );
                    let column = Some(key.columns.join(", "));
                    refused.push(Refusal { table: name.clone(), column, why });
                }
            }
        }
        refused
    }

    /// Every place of every random uuid: a cell, or none for a text that stays as it is.
    fn places(&self, found: &Found<'_>) -> Places {
        let mut places = Places::new();
        let mut random = Vec::new();
        for (number, table) in found.tables.iter().enumerate() {
            for ((row, column), shape) in &table.cells {
                match shape {
                    Shape::Parts(parts) => {
                        for part in parts {
                            if let Part::Uuid { value, .. } = part {
                                places.entry(*value).or_default().push(Some((number, *column)));
                            }
                        }
                    }
                    Shape::Random => random.extend(rows::content(table.rows[*row][*column])),
                }
            }
        }
        if places.is_empty() {
            return places;
        }
        for uuid in self.shared(found) {
            places.entry(uuid).or_default().push(None);
        }
        let schema = self.entries.iter().filter(|e| !e.is_rows()).flat_map(|e| &e.statements);
        let random = random.iter().map(AsRef::as_ref);
        let made = self.made.iter().map(String::as_str);
        for text in schema.map(Substr::as_str).chain(made).chain(random) {
            for uuid in uuids(text) {
                if let Some(places) = places.get_mut(&uuid) {
                    places.push(None);
                }
            }
        }
        places
    }

    /// The uuids that several baselines would have to make.
    fn shared(&self, found: &Found<'_>) -> BTreeSet<u128> {
        let mut parts: BTreeMap<u128, BTreeSet<usize>> = BTreeMap::new();
        if !self.parts.is_empty() {
            for table in &found.tables {
                for ((row, _), shape) in &table.cells {
                    let inserted = rows::statement(table.head, &table.rows[*row]);
                    let part = self.parts.get(inserted.as_str()).copied();
                    for uuid in shape.uuids() {
                        parts.entry(uuid).or_default().extend(part);
                    }
                }
            }
        }
        parts.into_iter().filter(|(_, parts)| parts.len() > 1).map(|(uuid, _)| uuid).collect()
    }

    /// A value from the clock: is it what the column's default makes?
    fn clock(&self, name: &(Name, String), parts: &[Part], sample: Option<&Sample>) -> Fate {
        let ([Part::Clock(clock, precision)], Some(sample)) = (parts, sample) else {
            return Fate::Expression;
        };
        let default = self.facts.column(&name.0, &name.1).and_then(|c| c.default.as_ref());
        // A date in the default's own text is no clock.
        let says = default.is_some_and(|default| default.contains(&sample.values[0]));
        let fits = |value: &String| clock.fits(value, &sample.window, *precision);
        if !says && sample.values.iter().all(fits) { Fate::Default } else { Fate::Expression }
    }

    /// What becomes of the changing values of a column, by row.
    fn fates(
        &self,
        table: &Table<'_>,
        number: usize,
        column: usize,
        places: &Places,
    ) -> Result<Vec<(usize, Fate)>, String> {
        let name = (table.name.clone(), table.columns[column].clone());
        let mut cells: Vec<(usize, &Shape)> = table
            .cells
            .iter()
            .filter(|((_, c), _)| *c == column)
            .map(|((r, _), s)| (*r, s))
            .collect();
        if self.lenient {
            return Ok(cells.iter().map(|(row, _)| (*row, Fate::Compared)).collect());
        }
        let mut fates = Vec::new();
        if !self.beforehand.is_empty() {
            cells.retain(|(row, _)| {
                let inserted = rows::statement(table.head, &table.rows[*row]);
                let there = self.beforehand.contains(inserted.as_str());
                fates.extend(there.then_some((*row, Fate::Beforehand)));
                !there
            });
        }
        let is_random = |shape: &Shape| *shape == Shape::Random;
        let random = cells.iter().filter(|(_, shape)| is_random(shape)).count();
        let key = self.facts.key_columns(&table.name).contains(name.1.as_str());
        let secret = looks_secret(&name.1);
        let values: BTreeSet<u128> = cells.iter().flat_map(|(_, shape)| shape.uuids()).collect();
        let elsewhere = |value: &u128| {
            let here = Some((number, column));
            places.get(value).is_some_and(|p| p.len() > 1 || p.iter().any(|place| *place != here))
        };
        let referred = values.iter().any(elsewhere);
        // What the user says is said of what cannot be made again; where all can, of all.
        let chosen = if let Some(expression) = self.chosen.seed.get(&name) {
            if random == 0 && referred {
                return Err(
                    "other values refer to it, so no expression can take its place".to_owned()
                );
            }
            Some(Fate::Seed(expression.clone()))
        } else if self.chosen.freeze.contains(&name) {
            Some(Fate::Frozen)
        } else {
            None
        };
        if let Some(fate) = &chosen
            && random == 0
        {
            fates.extend(cells.iter().map(|(row, _)| (*row, fate.clone())));
            return Ok(fates);
        }
        let sample = self.samples.get(&name);
        let foreign = self.facts.tables.get(&table.name).is_some_and(|facts| {
            facts.foreign_keys.iter().any(|key| key.columns.contains(&name.1))
        });
        let several = cells.len() > 1 && self.facts.is_unique(&name.0, &name.1);
        for (row, shape) in &cells {
            let value = rows::content(table.rows[*row][column]).unwrap_or_default();
            let fate = match shape {
                Shape::Random => match (&chosen, sample) {
                    (Some(fate), _) => fate.clone(),
                    (None, Some(sample)) if !foreign && sample.is_like(&value) => Fate::Default,
                    (None, _) if key && !secret => Fate::Frozen,
                    (None, _) => {
                        let rows =
                            if random == 1 { "1 row".to_owned() } else { format!("{random} rows") };
                        let named = if secret { ", and its name looks like a secret" } else { "" };
                        return Err(format!("a random value in {rows}{named}"));
                    }
                },
                Shape::Parts(parts) if !shape.uuids().is_empty() => {
                    let whole = matches!(&parts[..], [Part::Uuid { .. }]);
                    match sample {
                        Some(sample)
                            if whole && !foreign && !referred && sample.is_like(&value) =>
                        {
                            Fate::Default
                        }
                        _ if secret && !key && !referred => {
                            return Err(
                                "a random uuid, and its name looks like a secret".to_owned()
                            );
                        }
                        _ if self.chosen.frozen_keys => Fate::Frozen,
                        _ => Fate::Expression,
                    }
                }
                Shape::Parts(_) if several => Fate::Expression,
                Shape::Parts(parts) => self.clock(&name, parts, sample),
            };
            fates.push((*row, fate));
        }
        Ok(fates)
    }
}

/// The uuids that stay as they are, because something that stays as it is holds them.
fn frozen_uuids(found: &Found<'_>, fates: &Fates, places: &Places) -> BTreeSet<u128> {
    let mut frozen: BTreeSet<u128> = places
        .iter()
        .filter(|(_, places)| places.contains(&None))
        .map(|(value, _)| *value)
        .collect();
    for ((number, row, column), fate) in fates {
        let table = &found.tables[*number];
        if *fate == Fate::Frozen
            && let Some(text) = rows::content(table.rows[*row][*column])
        {
            frozen.extend(uuids(&text));
        }
    }
    frozen
}

fn uneven(uneven: &Uneven) -> Refusal {
    let [one, two] = uneven.rows;
    let why = if one == two {
        "its rows change from run to run and cannot be told apart".to_owned()
    } else {
        format!("one replay made {one} rows and the other {two}")
    };
    Refusal { table: uneven.table.clone(), column: None, why }
}

fn uuids(text: &str) -> impl Iterator<Item = u128> {
    tokens(text).into_iter().filter_map(|token| match token {
        Token::Uuid(value, _) => Some(value),
        _ => None,
    })
}

impl Sample {
    /// Whether the default makes values like this one: another one each time, of the same look.
    fn is_like(&self, value: &str) -> bool {
        let [one, two] = &self.values;
        if one == two {
            return false;
        }
        let is_uuid = |text: &str| token::uuid(text).is_some();
        if is_uuid(one) && is_uuid(two) {
            return is_uuid(value) && value.len() == one.len();
        }
        let is_number = |text: &str| text.parse::<f64>().is_ok();
        if is_number(one) && is_number(two) {
            return is_number(value);
        }
        let common = one.chars().zip(two.chars()).take_while(|(a, b)| a == b).count();
        let prefix: String =
            if common > 2 { one.chars().take(common.min(4)).collect() } else { String::new() };
        let class = |c: char| match c {
            'a'..='f' => 0,
            'g'..='z' => 1,
            'A'..='F' => 2,
            'G'..='Z' => 3,
            '0'..='9' => 4,
            _ => 5,
        };
        let classes: BTreeSet<i32> = one.chars().chain(two.chars()).map(class).collect();
        let same_length = one.len() != two.len() || value.len() == one.len();
        same_length
            && value.starts_with(&prefix)
            && value.chars().all(|c| classes.contains(&class(c)))
    }
}

impl Shape {
    pub(super) fn uuids(&self) -> Vec<u128> {
        let Self::Parts(parts) = self else { return Vec::new() };
        let uuid = |part: &Part| match part {
            Part::Uuid { value, .. } => Some(*value),
            _ => None,
        };
        parts.iter().filter_map(uuid).collect()
    }
}
