//! The inventory: every object of a database with its properties, read from the catalog by one query.
//!
//! Takes rows, gives values that can be compared, hashed and kept. The dump tells how to make a
//! database; the inventory tells what is there. It also sees what `pg_dump` has no words for, and it can be
//! read from a live database without `pg_dump`. Pure: `postgres::inventory` runs the query.

pub mod accepted;
pub mod difference;
pub mod drift;
pub mod majors;
pub mod older;
pub mod owner;
pub mod printing;
pub mod proof;
pub mod tenant;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::schema::{self, Object};
pub use difference::Difference;

/// The kind of a setting of the database. It is of the database, not of what is in it: no copy and no dump carries it.
pub const DATABASE_SETTING: &str = "database setting";

/// The query; its parameters are schema and name of the version table. What it expects of the session is
/// told in the file.
pub const QUERY: &str = include_str!("inventory.sql");

/// Properties by name. One that has the value which everybody expects is not there.
pub type Definition = BTreeMap<String, String>;

/// One object.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Item {
    /// What it is; kind, schema and name as the query tells them, the names as SQL writes them.
    #[serde(flatten)]
    pub object: Object,
    /// Its properties.
    pub definition: Definition,
}

/// All objects of a database.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Inventory {
    major: u32,
    items: Vec<Item>,
}

/// What the inventory of an archive cannot be.
#[derive(Debug, thiserror::Error)]
#[error("the inventory cannot be read")]
pub struct UnreadableInventory(#[from] serde_json::Error);

impl Inventory {
    /// The inventory of a server of this major version.
    pub fn new(major: u32, mut items: Vec<Item>) -> Self {
        items.sort_unstable();
        Self { major, items }
    }

    /// The major version of the server that printed it: others print some things differently.
    pub fn major(&self) -> u32 {
        self.major
    }

    /// The objects, sorted.
    pub fn items(&self) -> &[Item] {
        &self.items
    }

    /// SHA-256 over all of it, as hexadecimal text.
    pub fn sha256(&self) -> String {
        let mut hash = Sha256::new();
        for item in &self.items {
            // No part holds a zero byte, so that no two inventories run together to the same bytes.
            let Object { kind, schema, name } = &item.object;
            for part in [kind.as_str(), schema.as_deref().unwrap_or_default(), name] {
                hash.update(part);
                hash.update([0]);
            }
            for (property, value) in &item.definition {
                hash.update(property);
                hash.update([0]);
                hash.update(value);
                hash.update([0]);
            }
            hash.update([0]);
        }
        schema::hex(&hash.finalize())
    }
}

/// The inventory in both forms. `PostgreSQL` prints some expressions differently after a round trip, so a
/// database that ran the history looks different from one that began with the baseline.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Forms {
    /// As the history makes it.
    pub history: Inventory,
    /// As the baseline makes it.
    pub baseline: Inventory,
    /// What each run of the history makes differently.
    pub varying: Vec<Varying>,
}

/// A property that is another one whenever the history runs: a default that froze the time, say.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Varying {
    /// The object.
    #[serde(flatten)]
    pub object: Object,
    /// The property.
    pub property: String,
}

/// `inventory.json`. The second form is told by what differs from the first: that is little.
#[derive(Serialize, Deserialize)]
struct Kept {
    postgres: u32,
    history: Vec<Item>,
    baseline: Vec<Other>,
    /// Told only if there are some.
    #[serde(default)]
    varying: Vec<Varying>,
}

/// An object that the baseline makes differently: `None` if it makes none.
#[derive(Serialize, Deserialize)]
struct Other {
    #[serde(flatten)]
    object: Object,
    definition: Option<Definition>,
}

impl Forms {
    /// `inventory.json`: one object a line, the same bytes for the same inventories.
    pub fn to_json(&self) -> Vec<u8> {
        // Text and numbers always go into JSON.
        let line = |value: serde_json::Result<String>| value.unwrap_or_default();
        let history: Vec<_> =
            self.history.items.iter().map(|item| line(serde_json::to_string(item))).collect();
        let others: Vec<_> =
            self.others().iter().map(|item| line(serde_json::to_string(item))).collect();
        let varying: Vec<_> =
            self.varying.iter().map(|varying| line(serde_json::to_string(varying))).collect();
        let varying = match &varying[..] {
            [] => String::new(),
            lines => format!(",\n\"varying\": [\n{}\n]", lines.join(",\n")),
        };
        format!(
            "{{\n\"postgres\": {},\n\"history\": [\n{}\n],\n\"baseline\": [\n{}\n]{varying}\n}}\n",
            self.history.major,
            history.join(",\n"),
            others.join(",\n")
        )
        .into_bytes()
    }

    /// Reads `inventory.json`.
    pub fn from_json(json: &[u8]) -> Result<Self, UnreadableInventory> {
        let kept: Kept = serde_json::from_slice(json)?;
        let mut items: BTreeMap<Object, Definition> =
            kept.history.iter().map(|i| (i.object.clone(), i.definition.clone())).collect();
        for Other { object, definition } in kept.baseline {
            match definition {
                Some(definition) => items.insert(object, definition),
                None => items.remove(&object),
            };
        }
        let items =
            items.into_iter().map(|(object, definition)| Item { object, definition }).collect();
        Ok(Self {
            history: Inventory::new(kept.postgres, kept.history),
            baseline: Inventory::new(kept.postgres, items),
            varying: kept.varying,
        })
    }

    fn others(&self) -> Vec<Other> {
        let [history, baseline] = [&self.history, &self.baseline].map(Inventory::by_object);
        let mut others = Vec::new();
        for (object, definition) in &baseline {
            if history.get(object) != Some(definition) {
                let definition = Some((*definition).clone());
                others.push(Other { object: (*object).clone(), definition });
            }
        }
        for object in history.keys().filter(|object| !baseline.contains_key(*object)) {
            others.push(Other { object: (*object).clone(), definition: None });
        }
        others.sort_by(|a, b| a.object.cmp(&b.object));
        others
    }
}

impl Inventory {
    fn by_object(&self) -> BTreeMap<&Object, &Definition> {
        self.items.iter().map(|item| (&item.object, &item.definition)).collect()
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// Kind, `schema.name`, properties.
    type Row<'a> = (&'a str, &'a str, &'a [(&'a str, &'a str)]);

    pub fn inventory(major: u32, lines: &[Row<'_>]) -> Inventory {
        let items = lines.iter().map(|(kind, name, properties)| {
            let (schema, name) = match name.split_once('.') {
                Some((schema, name)) => (Some(schema.to_owned()), name.to_owned()),
                None => (None, (*name).to_owned()),
            };
            let object = Object { kind: (*kind).to_owned(), schema, name };
            let pair = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
            Item { object, definition: properties.iter().map(pair).collect() }
        });
        Inventory::new(major, items.collect())
    }

    fn forms() -> Forms {
        Forms {
            history: inventory(
                15,
                &[
                    ("table", "s.t", &[]),
                    ("column", "s.t.a", &[("type", "integer"), ("default", "1")]),
                    ("constraint", "s.t.c", &[("definition", "CHECK (a IN (1))")]),
                    ("schema", "s", &[("comment", "\"all\"\nof it")]),
                ],
            ),
            baseline: inventory(
                15,
                &[
                    ("column", "s.t.a", &[("type", "integer"), ("default", "1")]),
                    ("constraint", "s.t.c", &[("definition", "CHECK (a = 1)")]),
                    ("schema", "s", &[("comment", "\"all\"\nof it")]),
                    ("view", "s.v", &[]),
                ],
            ),
            varying: Vec::new(),
        }
    }

    #[test]
    fn both_forms_are_kept_and_the_second_is_small() {
        let json = forms().to_json();
        insta::assert_snapshot!(String::from_utf8(json.clone()).unwrap(), @r#"
        {
        "postgres": 15,
        "history": [
        {"kind":"column","schema":"s","name":"t.a","definition":{"default":"1","type":"integer"}},
        {"kind":"constraint","schema":"s","name":"t.c","definition":{"definition":"CHECK (a IN (1))"}},
        {"kind":"schema","schema":null,"name":"s","definition":{"comment":"\"all\"\nof it"}},
        {"kind":"table","schema":"s","name":"t","definition":{}}
        ],
        "baseline": [
        {"kind":"constraint","schema":"s","name":"t.c","definition":{"definition":"CHECK (a = 1)"}},
        {"kind":"table","schema":"s","name":"t","definition":null},
        {"kind":"view","schema":"s","name":"v","definition":{}}
        ]
        }
        "#);
        let column = Object {
            kind: "column".to_owned(),
            schema: Some("s".to_owned()),
            name: "t.a".to_owned(),
        };
        let varying = vec![Varying { object: column, property: "default".to_owned() }];
        let varies = Forms { varying, ..forms() };
        assert_eq!(Forms::from_json(&varies.to_json()).unwrap(), varies);
        assert_eq!(Forms::from_json(&json).unwrap(), forms());
        assert!(Forms::from_json(b"{}").is_err());
    }

    #[test]
    fn the_hash_knows_where_a_part_ends() {
        let one = inventory(15, &[("table", "s.t", &[("a", "bc")])]);
        let same = inventory(16, &[("table", "s.t", &[("a", "bc")])]);
        assert_eq!(one.sha256(), same.sha256());
        for (kind, name, property, value) in
            [("table", "s.t", "ab", "c"), ("table", "st.", "a", "bc"), ("tables", ".t", "a", "bc")]
        {
            let other = inventory(15, &[(kind, name, &[(property, value)])]);
            assert_ne!(one.sha256(), other.sha256());
        }
    }
}
