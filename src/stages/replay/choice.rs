//! What of a database is taken: by schema, by owner, without what is ignored. Pure.
//!
//! Takes the facts of the database and what the user asks for; says which entries of its dump and which items
//! of its inventory belong to the baseline, and what was left out.

use std::collections::{BTreeMap, BTreeSet};

use crate::likeness::nearest;
use crate::postgres::live::{Facts, Relation, Without};
use crate::schema::inventory::{Inventory, Item, owner};
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
        for item in live.items() {
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
mod tests {
    use super::*;
    use crate::postgres::live::Marked;
    use crate::postgres::programs::Table;

    fn relation(schema: &str, name: &str, kind: &str, owner: &str) -> Relation {
        let text = str::to_owned;
        Relation {
            schema: text(schema),
            name: text(name),
            kind: text(kind),
            owner: text(owner),
            ..Relation::default()
        }
    }

    fn facts() -> Facts {
        let schemas = [("public", "app"), ("audit", "auditor")];
        Facts {
            version: "15.1".to_owned(),
            table: Table { schema: "public".to_owned(), name: "alembic_version".to_owned() },
            rows: Vec::new(),
            owner: "app".to_owned(),
            schemas: schemas.map(|(s, o)| (s.to_owned(), o.to_owned())).into(),
            relations: vec![
                relation("public", "alembic_version", "r", "app"),
                relation("public", "dish", "r", "app"),
                relation("public", "Guest", "r", "other"),
                relation("public", "spatial_ref", "r", "app"),
                relation("audit", "log", "r", "auditor"),
            ],
            beside: Vec::new(),
            roles: vec!["auditor".to_owned(), "other".to_owned()],
        }
    }

    fn entry(kind: &str, schema: Option<&str>, name: &str, owner: &str) -> Entry {
        let schema = schema.map(str::to_owned);
        let object = Object { kind: kind.to_owned(), schema, name: name.to_owned() };
        Entry { object, owner: Some(owner.to_owned()), statements: Vec::new() }
    }

    #[test]
    fn what_is_asked_for_is_taken_and_the_version_table_always() {
        let facts = facts();
        let asked = Asked { owners: vec!["other".to_owned()], ..Asked::default() };
        let choice = Choice::new(&asked, &facts).unwrap();
        let takes =
            |kind, schema, name, owner| choice.takes_entry(&entry(kind, schema, name, owner));
        assert!(takes("TABLE", Some("public"), "Guest", "other"));
        assert!(!takes("TABLE", Some("public"), "dish", "app"));
        assert!(!takes("FUNCTION", Some("public"), "f()", "app"));
        assert!(takes("TABLE", Some("public"), "alembic_version", "app"));
        assert!(takes("CONSTRAINT", Some("public"), "alembic_version alembic_version_pkc", "app"));
        assert!(!takes("TABLE", Some("public"), "alembic_version2", "app"));
        assert!(takes("SCHEMA", None, "audit", "auditor"));
        assert_eq!(
            choice.without().relations,
            [("public", "dish"), ("public", "spatial_ref"), ("audit", "log")]
                .map(|(s, n)| (s.to_owned(), n.to_owned()))
        );
        let asked = Asked { schemas: vec!["audit".to_owned()], ..Asked::default() };
        let choice = Choice::new(&asked, &facts).unwrap();
        assert!(choice.takes_entry(&entry("TABLE", Some("audit"), "log", "auditor")));
        assert!(!choice.takes_entry(&entry("TABLE", Some("public"), "dish", "app")));
        assert!(!choice.takes_entry(&entry("PUBLICATION", None, "p", "app")));
        assert!(choice.takes_entry(&entry("EXTENSION", None, "citext", "")));
    }

    #[test]
    fn rows_are_taken_of_named_tables_only() {
        let facts = facts();
        let pattern = |text| glob::Pattern::new(text).unwrap();
        let asked = Asked { seed_tables: vec![pattern("public.di*")], ..Asked::default() };
        let choice = Choice::new(&asked, &facts).unwrap();
        assert_eq!(choice.seeded(), ["public.dish"]);
        assert!(!choice.without().rows.contains(&("public".to_owned(), "dish".to_owned())));
        assert!(choice.without().rows.contains(&("audit".to_owned(), "log".to_owned())));
        let asked = Asked { seed_tables: vec![pattern("nothing")], ..Asked::default() };
        assert!(matches!(Choice::new(&asked, &facts), Err(AskedError::SeedTable { .. })));
        let asked = Asked { schemas: vec!["gone".to_owned()], ..Asked::default() };
        assert!(matches!(Choice::new(&asked, &facts), Err(AskedError::Schema { .. })));
        let asked = Asked { owners: vec!["nobody".to_owned()], ..Asked::default() };
        assert!(matches!(Choice::new(&asked, &facts), Err(AskedError::Owner { .. })));
    }

    #[test]
    fn partitions_go_with_their_table_and_positions_with_the_rows() {
        let mut facts = facts();
        let pair = |name: &str| ("public".to_owned(), name.to_owned());
        let part = relation("public", "dish_1", "r", "app");
        let ancestors = vec![pair("dish_half"), pair("menu")];
        let shared = relation("public", "ids", "S", "app");
        let used_by = vec![pair("dish_1"), pair("Guest")];
        facts.relations.extend([
            relation("public", "menu", "p", "app"),
            Relation { ancestors, ..part },
            Relation { used_by, ..shared },
            relation("public", "lonely", "S", "app"),
        ]);
        let seeds = |pattern: &str| Asked {
            seed_tables: vec![glob::Pattern::new(pattern).unwrap()],
            ..Asked::default()
        };
        let position = |name| entry("SEQUENCE SET", Some("public"), name, "app");
        let rows = |name| entry("TABLE DATA", Some("public"), name, "app");
        let (menu, dish, lonely) = (seeds("public.menu"), seeds("dish"), seeds("lonely"));
        let choice = Choice::new(&menu, &facts).unwrap();
        assert_eq!(choice.seeded(), ["public.menu", "public.dish_1"]);
        assert!(!choice.without().rows.contains(&pair("dish_1")));
        assert!(choice.takes_entry(&rows("dish_1")) && !choice.takes_entry(&rows("dish")));
        assert!(choice.takes_entry(&position("ids")) && !choice.takes_entry(&position("lonely")));
        assert_eq!(choice.untaken_rows(&[position("ids")]), Vec::<String>::new());
        assert_eq!(choice.untaken_rows(&[]), ["position of sequence `public.ids`"]);
        let choice = Choice::new(&dish, &facts).unwrap();
        assert_eq!(choice.seeded(), ["public.dish"]);
        assert!(!choice.takes_entry(&position("ids")));
        let choice = Choice::new(&lonely, &facts).unwrap();
        assert_eq!(choice.seeded(), ["public.lonely"]);
        assert!(choice.takes_entry(&position("lonely")));
    }

    #[test]
    fn rows_of_an_extension_are_taken_if_they_are_named() {
        let mut facts = facts();
        let of = |name, member| Relation {
            member: Some(member),
            ..relation("public", name, "r", "postgres")
        };
        facts.relations.extend([of("jobs", Marked::Configuration), of("inner", Marked::No)]);
        let rows = entry("TABLE DATA", Some("public"), "jobs", "postgres");
        let asked = Asked::default();
        let choice = Choice::new(&asked, &facts).unwrap();
        assert!(!choice.takes_entry(&rows));
        assert!(choice.without().rows.contains(&("public".to_owned(), "jobs".to_owned())));
        let told = ["rows of `public.jobs`, which an extension keeps as its configuration"];
        assert_eq!(choice.untaken_rows(&[]), told);
        let pattern = |text| vec![glob::Pattern::new(text).unwrap()];
        let asked = Asked { seed_tables: pattern("jobs"), ..Asked::default() };
        let choice = Choice::new(&asked, &facts).unwrap();
        assert!(choice.takes_entry(&rows));
        assert_eq!(choice.untaken_rows(&[]), Vec::<String>::new());
        let asked = Asked { seed_tables: pattern("inner"), ..Asked::default() };
        assert!(matches!(Choice::new(&asked, &facts), Err(AskedError::SeedTable { .. })));
    }

    #[test]
    fn what_is_ignored_is_left_out() {
        let facts = facts();
        let ignore = vec![glob::Pattern::new("public.spatial*").unwrap()];
        let asked = Asked { ignore, ..Asked::default() };
        let choice = Choice::new(&asked, &facts).unwrap();
        let left = choice.without().relations;
        assert_eq!(left, [("public".to_owned(), "spatial_ref".to_owned())]);
    }
}
