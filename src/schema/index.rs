//! The index of an archive: the inventory after each of its revisions.
//!
//! Kept in a compact form, each step as changes against the one before: neighbours share nearly all. Pure:
//! `stages::index` fills it, `commands::index` keeps it.

pub mod nearest;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::schema::Object;
use crate::schema::inventory::{Definition, Inventory, Item};

/// The form of the file. Another number is another form, and the file is made again.
const FORMAT: u32 = 1;

/// The inventories of revisions, in the order in which they ran.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Index {
    format: u32,
    /// The major version of the server that told them.
    postgres: u32,
    steps: Vec<Step>,
    /// What was there after the last step.
    #[serde(skip)]
    last: BTreeMap<Object, Definition>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Step {
    revision: String,
    changes: Vec<Change>,
}

/// An object that a step made or changed; without a definition, one that it removed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Change {
    #[serde(flatten)]
    object: Object,
    definition: Option<Definition>,
}

/// A file that is no index of ours.
#[derive(Debug, thiserror::Error)]
pub enum UnreadableIndex {
    /// No JSON of this shape.
    #[error("it is no index")]
    Json(#[from] serde_json::Error),
    /// Another form.
    #[error("it has form {found}, not {FORMAT}")]
    Format {
        /// Its form.
        found: u32,
    },
}

impl Index {
    /// An index without steps.
    pub fn new(postgres: u32) -> Self {
        Self { format: FORMAT, postgres, steps: Vec::new(), last: BTreeMap::new() }
    }

    /// Adds what is there after a revision.
    pub fn push(&mut self, revision: &str, inventory: &Inventory) {
        let now: BTreeMap<Object, Definition> =
            inventory.items().iter().map(|i| (i.object.clone(), i.definition.clone())).collect();
        let other = now.iter().filter(|(object, new)| self.last.get(*object) != Some(*new));
        let made = other.map(|(object, definition)| Change {
            object: object.clone(),
            definition: Some(definition.clone()),
        });
        let gone = self.last.keys().filter(|object| !now.contains_key(*object));
        let removed = gone.map(|object| Change { object: object.clone(), definition: None });
        let changes = made.chain(removed).collect();
        self.steps.push(Step { revision: revision.to_owned(), changes });
        self.last = now;
    }

    /// How many revisions it knows.
    pub fn len(&self) -> usize {
        self.steps.len()
    }

    /// Whether it knows none.
    pub fn is_empty(&self) -> bool {
        self.steps.is_empty()
    }

    /// The major version of the server that told it.
    pub fn postgres(&self) -> u32 {
        self.postgres
    }

    /// Each revision with the inventory after it.
    pub fn inventories(&self) -> impl Iterator<Item = (&str, Inventory)> {
        let mut objects: BTreeMap<Object, Definition> = BTreeMap::new();
        self.steps.iter().map(move |step| {
            for Change { object, definition } in &step.changes {
                match definition {
                    Some(definition) => objects.insert(object.clone(), definition.clone()),
                    None => objects.remove(object),
                };
            }
            let items = objects.iter().map(|(object, definition)| Item {
                object: object.clone(),
                definition: definition.clone(),
            });
            (step.revision.as_str(), Inventory::new(self.postgres, items.collect()))
        })
    }

    /// Its file.
    pub fn to_json(&self) -> Vec<u8> {
        // Text and numbers always go into JSON.
        serde_json::to_vec(self).unwrap_or_default()
    }

    /// Reads a file.
    pub fn from_json(json: &[u8]) -> Result<Self, UnreadableIndex> {
        let index: Self = serde_json::from_slice(json)?;
        if index.format != FORMAT {
            return Err(UnreadableIndex::Format { found: index.format });
        }
        Ok(index)
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// Tables of schema `s` by name, with one property.
    pub fn inventory(tables: &[(&str, &str)]) -> Inventory {
        let items = tables.iter().map(|(name, property)| Item {
            object: Object {
                kind: "table".to_owned(),
                schema: Some("s".to_owned()),
                name: (*name).to_owned(),
            },
            definition: [("x".to_owned(), (*property).to_owned())].into(),
        });
        Inventory::new(15, items.collect())
    }

    #[test]
    fn steps_come_back_as_they_were_and_hold_only_what_changed() {
        let steps = [
            ("a", inventory(&[("t", "1")])),
            ("b", inventory(&[("t", "1"), ("u", "1")])),
            ("c", inventory(&[("t", "2")])),
            ("d", inventory(&[("t", "2")])),
        ];
        let mut index = Index::new(15);
        for (revision, inventory) in &steps {
            index.push(revision, inventory);
        }
        let read = Index::from_json(&index.to_json()).unwrap();
        let back: Vec<_> =
            read.inventories().map(|(id, inventory)| (id.to_owned(), inventory)).collect();
        let wanted: Vec<_> = steps.iter().map(|(id, i)| ((*id).to_owned(), i.clone())).collect();
        assert_eq!(back, wanted);
        let counts: Vec<_> = read.steps.iter().map(|step| step.changes.len()).collect();
        assert_eq!(counts, [1, 1, 2, 0]);
        assert!(Index::from_json(b"{}").is_err());
        let other =
            String::from_utf8(index.to_json()).unwrap().replace("\"format\":1", "\"format\":9");
        assert!(matches!(
            Index::from_json(other.as_bytes()),
            Err(UnreadableIndex::Format { found: 9 })
        ));
    }
}
