//! The rows that are taken, and the positions that go with them. Pure.
//!
//! Nobody's rows are taken unasked: only those of tables that a pattern names. A partition is named by any table
//! that it is a part of too. A position is taken if a table's rows are taken that has its numbers from there.

use crate::likeness::nearest;
use crate::postgres::live::{Marked, Relation};
use crate::schema::Entry;
use crate::stages::replay::choice::{AskedError, Choice};

impl Choice<'_> {
    /// Each pattern must name something: a misspelt one would lose rows.
    pub(super) fn check_seeds(&self) -> Result<(), AskedError> {
        let names = |pattern: &glob::Pattern, r: &Relation| {
            let rows = self.has_rows(r) && names_rows(pattern, r);
            rows || self.has_position(r) && names(pattern, &r.schema, &r.name)
        };
        let mut patterns = self.asked.seed_tables.iter();
        let nothing = |p: &&glob::Pattern| !self.facts.relations.iter().any(|r| names(p, r));
        match patterns.find(nothing) {
            Some(pattern) => {
                let name = pattern.as_str().to_owned();
                let tables = self.facts.relations.iter().filter(|r| self.has_rows(r));
                let tables = tables.map(|r| format!("{}.{}", r.schema, r.name));
                // Somebody who leaves out the schema means that of most tables.
                let full = if name.contains('.') { name.clone() } else { format!("public.{name}") };
                Err(AskedError::SeedTable { near: nearest(&full, tables), name })
            }
            None => Ok(()),
        }
    }

    /// The tables whose rows are taken, and the sequences that were named themselves, as `schema.name`.
    pub fn seeded(&self) -> Vec<String> {
        let is_used = |r: &Relation| users(r).any(|table| self.takes_rows_named(table));
        let alone = |r: &Relation| self.has_position(r) && self.is_named(r) && !is_used(r);
        let seeded = self.facts.relations.iter().filter(|r| self.takes_rows(r) || alone(r));
        seeded.map(|r| format!("{}.{}", r.schema, r.name)).collect()
    }

    /// Whether the rows of a relation are taken.
    pub(super) fn takes_rows(&self, relation: &Relation) -> bool {
        let mut patterns = self.asked.seed_tables.iter();
        self.has_rows(relation) && patterns.any(|pattern| names_rows(pattern, relation))
    }

    /// The same for the table of an entry of the dump.
    pub(super) fn takes_rows_of(&self, schema: &str, name: &str) -> bool {
        self.facts.relations.iter().any(|r| is_entry_of(r, schema, name) && self.takes_rows(r))
    }

    /// Whether the position of the sequence of an entry of the dump is taken.
    pub(super) fn takes_position_of(&self, schema: &str, name: &str) -> bool {
        let is_it = |r: &Relation| is_entry_of(r, schema, name) && self.has_position(r);
        self.facts.relations.iter().any(|r| is_it(r) && self.wants_position(r))
    }

    /// In words: positions that belong to rows that are taken, or were named, and are not in these entries; and the
    /// rows that extensions keep for the database and nobody named.
    pub fn untaken_rows(&self, taken: &[Entry]) -> Vec<String> {
        let is_position = |entry: &Entry, r: &Relation| {
            let object = &entry.object;
            let schema = object.schema.as_deref().unwrap_or_default();
            object.kind == "SEQUENCE SET" && is_entry_of(r, schema, &object.name)
        };
        let is_taken = |r: &Relation| taken.iter().any(|entry| is_position(entry, r));
        let told = |r: &Relation| {
            let name = format!("{}.{}", r.schema, r.name);
            let is_marked = r.member == Some(Marked::Configuration);
            match r.kind.as_str() {
                "S" if self.wants_position(r) && !is_taken(r) => {
                    Some(format!("position of sequence `{name}`"))
                }
                "r" if is_marked && !self.takes_rows(r) => {
                    Some(format!("rows of `{name}`, which an extension keeps as its configuration"))
                }
                _ => None,
            }
        };
        let mut told: Vec<String> = self.facts.relations.iter().filter_map(told).collect();
        told.sort_unstable();
        told
    }

    /// Whether it is a table that is taken and whose rows a dump can have.
    fn has_rows(&self, relation: &Relation) -> bool {
        let version = &self.facts.table;
        let is_version = relation.schema == version.schema && relation.name == version.name;
        matches!(relation.kind.as_str(), "r" | "p")
            && relation.member != Some(Marked::No)
            && !is_version
            && self.takes(relation)
    }

    /// Whether it is a sequence that is taken and whose position a dump can have.
    fn has_position(&self, relation: &Relation) -> bool {
        relation.kind == "S" && relation.member != Some(Marked::No) && self.takes(relation)
    }

    /// Positions are those of the rows: a table without rows begins anew.
    fn wants_position(&self, sequence: &Relation) -> bool {
        self.is_named(sequence) || users(sequence).any(|table| self.takes_rows_named(table))
    }

    fn is_named(&self, relation: &Relation) -> bool {
        let mut patterns = self.asked.seed_tables.iter();
        patterns.any(|pattern| names(pattern, &relation.schema, &relation.name))
    }

    fn takes_rows_named(&self, (schema, name): &(String, String)) -> bool {
        let is_it = |r: &Relation| r.schema == *schema && r.name == *name;
        self.facts.relations.iter().any(|r| is_it(r) && self.takes_rows(r))
    }
}

/// The tables that have their numbers from a sequence: the one that owns it, and those with a default that says so.
fn users(sequence: &Relation) -> impl Iterator<Item = &(String, String)> {
    sequence.of.iter().chain(&sequence.used_by)
}

/// A pattern names a table's rows by its name, or by the name of a table that it is a part of.
fn names_rows(pattern: &glob::Pattern, table: &Relation) -> bool {
    let mut above = table.ancestors.iter();
    names(pattern, &table.schema, &table.name) || above.any(|(s, n)| names(pattern, s, n))
}

/// A pattern for `schema.name`, or for `name` in any schema.
fn names(pattern: &glob::Pattern, schema: &str, name: &str) -> bool {
    let has_schema = pattern.as_str().contains('.');
    if has_schema { pattern.matches(&format!("{schema}.{name}")) } else { pattern.matches(name) }
}

/// Whether an entry of the dump is of this relation: `pg_dump` writes line breaks in its comments as blanks.
fn is_entry_of(relation: &Relation, schema: &str, name: &str) -> bool {
    let plain = |text: &str| text.replace(['\n', '\r'], " ");
    plain(&relation.schema) == schema && plain(&relation.name) == name
}
