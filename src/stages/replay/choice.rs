//! What of a database is taken: by schema, by owner, without what is ignored. Pure.
//!
//! Takes the facts of the database and what the user asks for; says which entries of its dump and which items
//! of its inventory belong to the baseline, and what was left out.

use std::collections::{BTreeMap, BTreeSet};

use crate::likeness::nearest;
use crate::postgres::live::{Facts, Relation, Without};
use crate::schema::inventory::{DATABASE_SETTING, Inventory, Item, owner};
use crate::schema::{Entry, Object};

mod rows;

/// What the inventory calls the role that runs the migrations.
const OWNER: &str = "CURRENT_USER";

/// What the user asks for.
#[derive(Debug, Clone, Default)]
pub struct Asked {
    /// Only these schemas; all if there are none.
    pub schemas: Vec<String>,
    /// Only the objects of these owners; of all if there are none.
    pub owners: Vec<String>,
    /// The tables whose rows are taken, and sequences whose positions are.
    pub seed_tables: Vec<glob::Pattern>,
    /// What belongs to other tools: patterns for `schema.name`.
    pub ignore: Vec<glob::Pattern>,
}

/// The inventory of what is taken.
#[derive(Debug)]
pub struct Taken {
    /// As it is there.
    pub found: Inventory,
    /// Without owners: as a database tells it of which all belongs to the role that runs the migrations.
    pub without_owners: Inventory,
    /// What is not taken, by kind and name.
    pub left_out: Vec<String>,
}

/// A name that means nothing there, and the names there that are written much like it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AskedError {
    /// No such schema.
    #[error("there is no schema `{name}` in it")]
    Schema {
        /// The name.
        name: String,
        /// The schemas.
        near: Vec<String>,
    },
    /// Nothing of that owner.
    #[error("nothing in it belongs to `{name}`")]
    Owner {
        /// The name.
        name: String,
        /// The owners.
        near: Vec<String>,
    },
    /// No such table or sequence among what is taken.
    #[error("no table that is taken is called `{name}`, and no sequence")]
    SeedTable {
        /// The name or pattern.
        name: String,
        /// The tables.
        near: Vec<String>,
    },
}

impl AskedError {
    /// What to write instead.
    pub fn hints(&self) -> Vec<String> {
        let (option, near) = match self {
            Self::Schema { near, .. } => ("--schema", near),
            Self::Owner { near, .. } => ("--owner", near),
            Self::SeedTable { near, .. } => ("--seed-tables", near),
        };
        match &near[..] {
            [] => vec!["its names, as psql tells them: \\dn, \\du, \\dt *.*".to_owned()],
            _ => vec![format!(
                "is one of these meant? {option} {}",
                near.join(&format!(", {option} "))
            )],
        }
    }
}

/// The choice among what is there.
#[derive(Debug)]
pub struct Choice<'a> {
    asked: &'a Asked,
    facts: &'a Facts,
    /// Relations and indexes by schema and name as SQL writes them, without those of extensions.
    relations: BTreeMap<(String, String), &'a Relation>,
}

impl<'a> Choice<'a> {
    /// Checks what is asked for.
    pub fn new(asked: &'a Asked, facts: &'a Facts) -> Result<Self, AskedError> {
        if let Some(name) = asked.schemas.iter().find(|name| !facts.schemas.contains_key(*name)) {
            let near = nearest(name, facts.schemas.keys().cloned());
            return Err(AskedError::Schema { name: name.clone(), near });
        }
        let mut owners: BTreeSet<&String> = own(facts).map(|r| &r.owner).collect();
        owners.extend(facts.schemas.values());
        owners.extend(&facts.roles);
        if let Some(name) = asked.owners.iter().find(|name| !owners.contains(name)) {
            let near = nearest(name, owners.into_iter().cloned());
            return Err(AskedError::Owner { name: name.clone(), near });
        }
        let key = |r: &Relation| (written(&r.schema), written(&r.name));
        let relations = own(facts).map(|r| (key(r), r)).collect();
        let choice = Self { asked, facts, relations };
        choice.check_seeds()?;
        Ok(choice)
    }

    /// What `pg_dump` need not look at: it locks every table that it dumps.
    pub fn without(&self) -> Without {
        let schemas = self.facts.schemas.keys().filter(|name| !self.takes_schema(name));
        let name = |r: &Relation| (r.schema.clone(), r.name.clone());
        let is_there = |r: &&Relation| matches!(r.kind.as_str(), "r" | "p" | "v" | "m" | "S" | "f");
        // What an extension made goes with the extension, which always stays.
        let relations = own(self.facts).filter(is_there);
        let relations =
            relations.filter(|r| self.takes_schema(&r.schema) && !self.takes(r)).map(name);
        let is_empty = |r: &&Relation| r.kind == "r" && !self.takes_rows(r);
        let rows = self.facts.relations.iter().filter(is_empty).map(name);
        Without {
            schemas: schemas.cloned().collect(),
            relations: relations.collect(),
            rows: rows.collect(),
        }
    }

    fn takes_schema(&self, name: &str) -> bool {
        let asked = &self.asked.schemas;
        asked.is_empty()
            || asked.iter().any(|schema| schema == name)
            // The version table's own is needed for the version table alone.
            || self.facts.table.schema == name
    }

    fn takes(&self, relation: &Relation) -> bool {
        let table = &self.facts.table;
        if relation.schema == table.schema && relation.name == table.name {
            return true;
        }
        let asked = &self.asked.schemas;
        let in_schema = asked.is_empty() || asked.contains(&relation.schema);
        let ignored = |schema: &str, name: &str| {
            let name = format!("{schema}.{name}");
            self.asked.ignore.iter().any(|pattern| pattern.matches(&name))
        };
        let of_ignored = relation.of.as_ref().is_some_and(|(schema, name)| ignored(schema, name));
        in_schema
            && self.takes_owner(&relation.owner)
            && !of_ignored
            && !ignored(&relation.schema, &relation.name)
    }

    fn takes_owner(&self, owner: &str) -> bool {
        self.asked.owners.is_empty() || self.asked.owners.iter().any(|asked| asked == owner)
    }

    /// Whether an entry of the dump is taken.
    pub fn takes_entry(&self, entry: &Entry) -> bool {
        let Object { kind, schema, name } = &entry.object;
        if kind == "SEQUENCE SET" {
            return self.takes_position_of(schema.as_deref().unwrap_or_default(), name);
        }
        if self.is_version_table(schema.as_deref(), name) {
            return true;
        }
        if kind == "TABLE DATA" {
            return self.takes_rows_of(schema.as_deref().unwrap_or_default(), name);
        }
        // What other objects are made with.
        if kind == "EXTENSION" || name.starts_with("EXTENSION ") || kind == "SETTING" {
            return true;
        }
        let takes_all = self.asked.schemas.is_empty();
        let lies_in = if let Some(schema) = schema {
            takes_all || self.asked.schemas.contains(schema)
        } else {
            let schema = name.strip_prefix("SCHEMA ").unwrap_or(name);
            let of_schema = matches!(kind.as_str(), "SCHEMA" | "ACL" | "COMMENT");
            takes_all || of_schema && self.takes_schema(schema.trim_matches('"'))
        };
        // A schema may be another's and hold what is taken; what is in none of the asked ones was left out above.
        let is_schema = kind == "SCHEMA" || name.starts_with("SCHEMA ");
        let of_owner = entry.owner.as_deref().is_none_or(|owner| self.takes_owner(owner));
        lies_in && (of_owner || is_schema)
    }

    fn is_version_table(&self, schema: Option<&str>, name: &str) -> bool {
        let table = &self.facts.table;
        let own = |rest: Option<&str>| rest.is_some_and(|r| r.is_empty() || r.starts_with(' '));
        schema == Some(table.schema.as_str())
            && own(name.strip_prefix("TABLE ").unwrap_or(name).strip_prefix(table.name.as_str()))
    }

    /// The inventory of what is taken.
    pub fn inventory(&self, live: &Inventory) -> Taken {
        let (mut found, mut taken, mut left_out) = (Vec::new(), Vec::new(), Vec::new());
        // Settings of the database are told by the facts.
        let items = live.items().iter().filter(|item| item.object.kind != DATABASE_SETTING);
        for item in items {
            if self.takes_item(item) {
                found.push(item.clone());
                let mut item = item.clone();
                item.definition.remove("owner");
                taken.push(item);
            } else if !is_part(&item.object) {
                left_out.push(item.object.to_string());
            }
        }
        let taken = Inventory::new(live.major(), taken);
        // What was granted to that role on the things of others is its own now.
        let taken = owner::seen_by(&taken, OWNER);
        let is_owned_public = |item: &&Item| {
            let Object { kind, name, .. } = &item.object;
            let owner = item.definition.get("owner").map(String::as_str);
            kind == "schema" && name == "public" && owner == Some(OWNER)
        };
        // Schema `public` begins with another owner: that it is this one is a property.
        let public = live.items().iter().find(is_owned_public).map(|item| &item.object);
        let items = taken.items().iter().cloned().map(|mut item| {
            if Some(&item.object) == public {
                item.definition.insert("owner".to_owned(), OWNER.to_owned());
            }
            item
        });
        let without_owners = Inventory::new(taken.major(), items.collect());
        Taken { found: Inventory::new(live.major(), found), without_owners, left_out }
    }

    fn takes_item(&self, item: &Item) -> bool {
        let Object { kind, schema, name } = &item.object;
        let unquoted = |name: &str| name.trim_matches('"').replace("\"\"", "\"");
        let Some(schema) = schema else {
            return match kind.as_str() {
                "extension" | "extension member" | "system object" => true,
                "schema" => self.asked.schemas.is_empty() || self.takes_schema(&unquoted(name)),
                _ => self.asked.schemas.is_empty() && self.takes_item_owner(item),
            };
        };
        let relation = self.relations.get(&(schema.clone(), name.clone())).or_else(|| {
            let whole = first_part(name);
            self.relations.get(&(schema.clone(), whole.to_owned()))
        });
        if let Some(relation) = relation {
            return self.takes(relation);
        }
        let plain = unquoted(schema);
        (self.asked.schemas.is_empty() || self.asked.schemas.contains(&plain))
            && self.takes_item_owner(item)
    }

    fn takes_item_owner(&self, item: &Item) -> bool {
        let owner = item.definition.get("owner");
        let owner = owner.map(|name| name.trim_matches('"').replace("\"\"", "\""));
        self.takes_owner(owner.as_deref().unwrap_or(&self.facts.owner))
    }
}

/// All but what extensions made.
fn own(facts: &Facts) -> impl Iterator<Item = &Relation> {
    facts.relations.iter().filter(|r| r.member.is_none())
}

/// What goes with its table or view is not told by itself.
fn is_part(object: &Object) -> bool {
    const PARTS: [&str; 9] = [
        "column",
        "attribute",
        "constraint",
        "index",
        "trigger",
        "rule",
        "policy",
        "statistics",
        "publication member",
    ];
    PARTS.contains(&object.kind.as_str())
}

/// A name as SQL writes it, as far as `quote_ident` would leave it alone.
fn written(name: &str) -> String {
    let plain = name
        .chars()
        .enumerate()
        .all(|(at, c)| c == '_' || c.is_ascii_lowercase() || at > 0 && c.is_ascii_digit());
    if plain && !name.is_empty() {
        name.to_owned()
    } else {
        format!("\"{}\"", name.replace('"', "\"\""))
    }
}

/// `t` of `t.c`, `"a.b"` of `"a.b".c`.
fn first_part(name: &str) -> &str {
    let mut quoted = false;
    for (at, c) in name.char_indices() {
        match c {
            '"' => quoted = !quoted,
            '.' if !quoted => return &name[..at],
            _ => {}
        }
    }
    name
}

#[cfg(test)]
mod tests;
