//! What the catalog says of the columns that hold rows.

use std::collections::{BTreeMap, BTreeSet};

/// A table by schema and name.
pub type Name = (String, String);

/// A column.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Column {
    /// The type below all domains, without modifiers.
    pub base: String,
    /// The type as declared.
    pub declared: String,
    /// The digits after the seconds, if the type says.
    pub digits: Option<i32>,
    /// The default.
    pub default: Option<String>,
}

/// A foreign key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ForeignKey {
    /// Its columns.
    pub columns: Vec<String>,
    /// The table that it refers to.
    pub table: Name,
    /// The columns that it refers to.
    pub referenced: Vec<String>,
}

/// A table.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TableFacts {
    /// Its columns.
    pub columns: BTreeMap<String, Column>,
    /// Its primary key, then its other unique keys.
    pub keys: Vec<Vec<String>>,
    /// Its foreign keys.
    pub foreign_keys: Vec<ForeignKey>,
}

/// All tables.
#[derive(Debug, Clone, Default)]
pub struct Facts {
    /// By name.
    pub tables: BTreeMap<Name, TableFacts>,
}

impl Facts {
    /// What is known about a column.
    pub fn column(&self, table: &Name, column: &str) -> Option<&Column> {
        self.tables.get(table)?.columns.get(column)
    }

    /// The columns of a table that are part of a key, refer to one, or are referred to.
    pub fn key_columns(&self, table: &Name) -> BTreeSet<&str> {
        let own = self.tables.get(table);
        let keys = own.into_iter().flat_map(|facts| facts.keys.iter().flatten());
        let references =
            own.into_iter().flat_map(|f| f.foreign_keys.iter().flat_map(|k| &k.columns));
        let all = self.tables.values().flat_map(|facts| &facts.foreign_keys);
        let referred = all.filter(|key| key.table == *table).flat_map(|key| &key.referenced);
        keys.chain(references).chain(referred).map(String::as_str).collect()
    }

    /// Whether a column is part of a unique key.
    pub fn is_unique(&self, table: &Name, column: &str) -> bool {
        let keys = self.tables.get(table).map(|facts| facts.keys.as_slice()).unwrap_or_default();
        keys.iter().flatten().any(|name| name == column)
    }
}

/// Whether a column's name says that its values are secret.
pub fn looks_secret(column: &str) -> bool {
    const WORDS: [&str; 20] = [
        "secret",
        "secrets",
        "token",
        "tokens",
        "salt",
        "key",
        "keys",
        "password",
        "passwords",
        "passwd",
        "passphrase",
        "pwd",
        "pass",
        "apikey",
        "credential",
        "credentials",
        "private",
        "pin",
        "otp",
        "nonce",
    ];
    let mut words = String::new();
    for c in column.chars() {
        if c.is_uppercase() {
            words.push('_');
        }
        words.extend(c.to_lowercase());
    }
    words.split(|c: char| !c.is_alphabetic()).any(|word| WORDS.contains(&word))
        || ["secret", "password", "apikey", "token"]
            .iter()
            .any(|w| column.to_lowercase().contains(w))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_secrets() {
        for name in
            ["jwt_secret", "apiKey", "password_hash", "Salt", "access_token", "key", "clientsecret"]
        {
            assert!(looks_secret(name), "{name}");
        }
        for name in ["keyboard", "monkey", "slug", "compass", "spinner", "basalt"] {
            assert!(!looks_secret(name), "{name}");
        }
    }
}
