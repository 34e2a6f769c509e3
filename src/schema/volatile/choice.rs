//! What the user has decided about values that change: `--freeze`, `[seed]`, `--drop-seed`,
//! `--frozen-keys`. Names are looked up among the tables that hold rows.

use std::collections::{BTreeMap, BTreeSet};

use crate::schema::Entry;
use crate::schema::rows::{self, Insert};
use crate::schema::volatile::facts::Name;
use crate::schema::volatile::find::name_of;

/// The choices as they are written.
#[derive(Debug, Clone, Default)]
pub struct Choices {
    /// `TABLE.COLUMN`, kept as the replay made them.
    pub freeze: Vec<String>,
    /// `TABLE.COLUMN` and the expression that takes the place of its values.
    pub seed: Vec<(String, String)>,
    /// Tables whose rows are left out.
    pub drop: Vec<String>,
    /// Whether random keys keep the values of this run.
    pub frozen_keys: bool,
    /// Whether a part of the history is kept: a `[seed]` of the configuration may mean its rows.
    pub partial: bool,
}

/// A name that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ChoiceError {
    /// There are no rows of that name.
    #[error("{origin} names `{name}`, which is no {what} with rows that the history made")]
    Unknown {
        /// The flag or the table of the configuration.
        origin: &'static str,
        /// The name.
        name: String,
        /// Table or column.
        what: &'static str,
        /// What could be named.
        known: Vec<String>,
    },
    /// There are several.
    #[error("{origin} names `{name}`, which may be {}", candidates.join(" or "))]
    Ambiguous {
        /// The flag or the table of the configuration.
        origin: &'static str,
        /// The name.
        name: String,
        /// What it may be.
        candidates: Vec<String>,
    },
}

/// A column of a table.
pub type ColumnName = (Name, String);

/// The choices, by the names of the catalog.
#[derive(Debug, Clone, Default)]
pub struct Chosen {
    /// Kept as the replay made them.
    pub freeze: BTreeSet<ColumnName>,
    /// Made by an expression.
    pub seed: BTreeMap<ColumnName, String>,
    /// Left out.
    pub drop: BTreeSet<Name>,
    /// Whether random keys keep the values of this run.
    pub frozen_keys: bool,
}

impl Choices {
    /// Looks the names up among the rows of a dump.
    pub fn among(&self, entries: &[Entry]) -> Result<Chosen, ChoiceError> {
        let mut tables: BTreeMap<Name, Vec<String>> = BTreeMap::new();
        for entry in entries.iter().filter(|entry| entry.is_rows()) {
            let columns = entry.statements.first().and_then(|s| Insert::cut(s));
            tables.insert(name_of(&entry.object), columns.map(|c| c.columns).unwrap_or_default());
        }
        let mut chosen = Chosen { frozen_keys: self.frozen_keys, ..Chosen::default() };
        for name in &self.freeze {
            chosen.freeze.insert(column(&tables, "--freeze", name)?);
        }
        for (name, expression) in &self.seed {
            match column(&tables, "[seed]", name) {
                Err(ChoiceError::Unknown { .. }) if self.partial => {}
                found => _ = chosen.seed.insert(found?, expression.clone()),
            }
        }
        for name in &self.drop {
            chosen.drop.insert(table(&tables, "--drop-seed", name)?);
        }
        Ok(chosen)
    }
}

/// `a."b.c"` as its parts.
fn parts(text: &str) -> Vec<String> {
    let mut parts = Vec::new();
    let mut rest = text;
    while let Some((part, after)) = rows::identifier(rest) {
        parts.push(part);
        match after.strip_prefix('.') {
            Some(more) => rest = more,
            None if after.is_empty() => return parts,
            None => break,
        }
    }
    Vec::new()
}

fn is_called(table: &Name, parts: &[String]) -> bool {
    match parts {
        [name] => table.1 == *name,
        [schema, name] => table.0 == *schema && table.1 == *name,
        _ => false,
    }
}

fn table(
    tables: &BTreeMap<Name, Vec<String>>,
    origin: &'static str,
    name: &str,
) -> Result<Name, ChoiceError> {
    let parts = parts(name);
    let found: Vec<&Name> = tables.keys().filter(|table| is_called(table, &parts)).collect();
    one(origin, name, "table", found, shown, || tables.keys().map(shown).collect()).cloned()
}

fn column(
    tables: &BTreeMap<Name, Vec<String>>,
    origin: &'static str,
    name: &str,
) -> Result<ColumnName, ChoiceError> {
    let parts = parts(name);
    let (table, column) = match parts.split_last() {
        Some((column, table)) => (table, column.as_str()),
        None => (&[][..], ""),
    };
    let has = |(name, columns): &(&Name, &Vec<String>)| {
        is_called(name, table) && columns.iter().any(|c| c == column)
    };
    let found: Vec<&Name> = tables.iter().filter(has).map(|(name, _)| name).collect();
    let shown_column = |table: &Name| format!("{}.{column}", shown(table));
    let named = tables.iter().filter(|(name, _)| is_called(name, table));
    let known = || {
        named
            .flat_map(|(t, columns)| columns.iter().map(move |c| format!("{}.{c}", shown(t))))
            .collect()
    };
    let found = one(origin, name, "column", found, shown_column, known)?;
    Ok((found.clone(), column.to_owned()))
}

fn one<'a>(
    origin: &'static str,
    name: &str,
    what: &'static str,
    found: Vec<&'a Name>,
    shown: impl Fn(&Name) -> String,
    known: impl FnOnce() -> Vec<String>,
) -> Result<&'a Name, ChoiceError> {
    let name = name.to_owned();
    match found[..] {
        [one] => Ok(one),
        [] => Err(ChoiceError::Unknown { origin, name, what, known: known() }),
        _ => {
            let candidates = found.into_iter().map(shown).collect();
            Err(ChoiceError::Ambiguous { origin, name, candidates })
        }
    }
}

/// A table as a user writes it.
pub fn shown(table: &Name) -> String {
    let part = |text: &str| {
        if text.contains(['.', '"', ' ']) {
            format!("\"{}\"", text.replace('"', "\"\""))
        } else {
            text.to_owned()
        }
    };
    format!("{}.{}", part(&table.0), part(&table.1))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema::{Object, Statements};

    fn rows(schema: &str, name: &str) -> Entry {
        let object = Object {
            kind: "TABLE DATA".to_owned(),
            schema: Some(schema.to_owned()),
            name: name.to_owned(),
        };
        let statements = Statements::one("INSERT INTO x (id, secret) VALUES (1, 'x')");
        Entry { object, owner: None, statements }
    }

    fn frozen(name: &str) -> String {
        let entries = [rows("a", "t"), rows("b", "t"), rows("b", "u.v")];
        let choices = Choices { freeze: vec![name.to_owned()], ..Choices::default() };
        match choices.among(&entries) {
            Ok(chosen) => {
                let names = chosen
                    .freeze
                    .iter()
                    .map(|(table, column)| [shown(table), column.clone()].join("|"));
                names.collect()
            }
            Err(error) => error.to_string(),
        }
    }

    #[test]
    fn names_are_looked_up() {
        assert_eq!(frozen("a.t.secret"), "a.t|secret");
        assert_eq!(frozen("\"u.v\".secret"), "b.\"u.v\"|secret");
        assert_eq!(
            frozen("t.secret"),
            "--freeze names `t.secret`, which may be a.t.secret or b.t.secret"
        );
        assert_eq!(
            frozen("a.t.secrets"),
            "--freeze names `a.t.secrets`, which is no column with rows that the history made"
        );
        assert!(frozen("secret").contains("which is no column"));
        assert!(frozen("a..b").contains("which is no column"));
    }
}
