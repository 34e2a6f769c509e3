//! What a database holds, as `pg_dump` tells it: statements with the identity of their object.
//!
//! All of this is pure: texts in, values out. The dump stage fetches the texts; the render stage turns
//! the statements into a revision; the prove stage compares them.

pub mod changed;
pub mod compare;
pub mod drops;
pub mod existing;
pub mod index;
pub mod inventory;
pub mod large_objects;
pub mod plain;
pub mod portable;
pub mod repair;
pub mod roles;
pub mod rows;
pub mod secrets;
mod statements;
pub mod toc;
pub mod volatile;

use std::collections::BTreeMap;
use std::fmt;

use arcstr::Substr;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use statements::Coming;
pub use statements::Statements;

/// The identity of an object in a dump.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Object {
    /// `pg_dump`'s word, e.g. `TABLE`, `FK CONSTRAINT`, `TABLE DATA`.
    pub kind: String,
    /// The schema, if the object lives in one.
    pub schema: Option<String>,
    /// The name as `pg_dump` tells it, e.g. `orders`, `orders orders_pkey`, `f(integer)`.
    pub name: String,
}

impl fmt::Display for Object {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = match self.kind.as_str() {
            "TABLE DATA" => "rows of".to_owned(),
            "SEQUENCE SET" => "position of sequence".to_owned(),
            "ACL" => "privileges on".to_owned(),
            "COMMENT" => "comment on".to_owned(),
            "BLOB" | "BLOB METADATA" => "large object".to_owned(),
            "BLOBS" => "content of large object".to_owned(),
            other => other.to_lowercase(),
        };
        match (&self.schema, self.kind.as_str()) {
            // These names begin with the word for what they belong to: `TABLE orders`.
            (Some(schema), "ACL" | "COMMENT" | "SECURITY LABEL") => {
                match self.name.split_once(' ') {
                    Some((word, name)) => {
                        write!(f, "{kind} {} `{schema}.{name}`", word.to_lowercase())
                    }
                    None => write!(f, "{kind} `{schema}.{}`", self.name),
                }
            }
            (None, "BLOBS") if self.name == "BLOBS" => f.write_str("content of large objects"),
            // `USER MAPPING public SERVER s`
            (None, "USER MAPPING") => {
                f.write_str(&self.name.replacen("USER MAPPING", "user mapping", 1))
            }
            (Some(schema), _) => write!(f, "{kind} `{schema}.{}`", self.name),
            (None, _) => write!(f, "{kind} `{}`", self.name),
        }
    }
}

/// What `pg_dump` calls by more than one word in the names of comments and privileges.
const LONG_WORDS: [&str; 13] = [
    "ACCESS METHOD",
    "EVENT TRIGGER",
    "FOREIGN DATA WRAPPER",
    "FOREIGN SERVER",
    "FOREIGN TABLE",
    "LARGE OBJECT",
    "MATERIALIZED VIEW",
    "OPERATOR CLASS",
    "OPERATOR FAMILY",
    "TEXT SEARCH CONFIGURATION",
    "TEXT SEARCH DICTIONARY",
    "TEXT SEARCH PARSER",
    "TEXT SEARCH TEMPLATE",
];

impl Object {
    /// The object in a line of differences: without quotes, and told by the table it belongs to.
    pub fn plain(&self) -> String {
        let schema = self.schema.as_ref().map(|schema| format!("{schema}.")).unwrap_or_default();
        let name = self.name.as_str();
        let on_table = |kind: &str| match name.split_once(' ') {
            // A name with a space in it cannot be told from two names.
            Some((table, own)) if !own.contains(' ') => format!("{kind} {own} on {schema}{table}"),
            _ => format!("{kind} {schema}{name}"),
        };
        let of = |kind: &str| {
            let long = LONG_WORDS
                .iter()
                .find_map(|word| Some((*word, name.strip_prefix(word)?.strip_prefix(' ')?)));
            match long.or_else(|| name.split_once(' ')) {
                Some((word, name)) => format!("{kind} {} {schema}{name}", word.to_lowercase()),
                None => format!("{kind} {schema}{}", name.to_lowercase()),
            }
        };
        match self.kind.as_str() {
            "TABLE DATA" => format!("rows of {schema}{name}"),
            "SEQUENCE SET" => format!("position of sequence {schema}{name}"),
            "ACL" => of("privileges on"),
            "COMMENT" => of("comment on"),
            "SECURITY LABEL" => of("security label on"),
            "CONSTRAINT" | "CHECK CONSTRAINT" => on_table("constraint"),
            "FK CONSTRAINT" => on_table("foreign key"),
            "POLICY" => on_table("policy"),
            "TRIGGER" => on_table("trigger"),
            "RULE" => on_table("rule"),
            "DEFAULT" => {
                format!("default of column {schema}{}", name.replacen(' ', ".", 1))
            }
            "USER MAPPING" => {
                format!("user mapping {}", name.strip_prefix("USER MAPPING ").unwrap_or(name))
            }
            "BLOB" | "BLOB METADATA" => format!("large object {name}"),
            "BLOBS" if name == "BLOBS" => "content of large objects".to_owned(),
            "BLOBS" => format!("content of large object {name}"),
            "ROW SECURITY" => format!("row security of {schema}{name}"),
            "TABLE ATTACH" | "INDEX ATTACH" => format!("partition {schema}{name}"),
            "DEFAULT ACL" => match &self.schema {
                Some(schema) => format!("{} in schema {schema}", name.to_lowercase()),
                None => name.to_lowercase(),
            },
            kind => format!("{} {schema}{name}", kind.to_lowercase()).trim_end().to_owned(),
        }
    }
}

/// One object of a dump with the statements that make it, without their final `;`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// What it is.
    pub object: Object,
    /// Its owner, if it has one.
    pub owner: Option<String>,
    /// The statements, in order. Rows are one INSERT each. They are parts of the dump's text, not copies.
    pub statements: Statements,
}

impl Entry {
    /// Whether this is the content of a table.
    pub fn is_rows(&self) -> bool {
        self.object.kind == "TABLE DATA"
    }
}

/// The entries of another dump, to be found by their objects.
#[derive(Debug)]
pub struct Twins<'a>(BTreeMap<&'a Object, Vec<&'a Entry>>);

impl<'a> Twins<'a> {
    /// Those of these entries.
    pub fn of(entries: &'a [Entry]) -> Self {
        let mut twins: BTreeMap<&Object, Vec<&Entry>> = BTreeMap::new();
        for entry in entries.iter().rev() {
            twins.entry(&entry.object).or_default().push(entry);
        }
        Self(twins)
    }

    /// The next entry of this object: some have several.
    pub fn take(&mut self, object: &Object) -> Option<&'a Entry> {
        self.0.get_mut(object)?.pop()
    }
}

/// Lets equal statements of the same objects be one text in memory: a database may hold many rows, and all that are
/// compared hold much the same. What differs becomes a copy, so that the text it was read from can go.
pub fn share(entries: &mut [Entry], with: &[Entry]) {
    let mut twins = Twins::of(with);
    for entry in entries {
        let mut coming = Coming::like(twins.take(&entry.object).map(|twin| &twin.statements));
        entry.statements.iter().for_each(|statement| coming.push(statement.clone(), true));
        entry.statements = coming.end();
    }
}

/// The counts that a report shows.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[expect(missing_docs, reason = "the names say it")]
pub struct Counts {
    pub tables: u64,
    pub indexes: u64,
    pub functions: u64,
    pub views: u64,
    pub types: u64,
    pub policies: u64,
    pub triggers: u64,
    pub seed_rows: u64,
}

impl Counts {
    /// Counts the objects of a dump. An index that a primary key or a unique constraint brings along
    /// counts as its constraint, not here.
    pub fn of(entries: &[Entry]) -> Self {
        let mut counts = Self::default();
        for entry in entries {
            match entry.object.kind.as_str() {
                "TABLE" | "FOREIGN TABLE" => counts.tables += 1,
                "INDEX" => counts.indexes += 1,
                "FUNCTION" | "PROCEDURE" | "AGGREGATE" => counts.functions += 1,
                "VIEW" | "MATERIALIZED VIEW" => counts.views += 1,
                "TYPE" | "DOMAIN" => counts.types += 1,
                "POLICY" => counts.policies += 1,
                "TRIGGER" | "EVENT TRIGGER" => counts.triggers += 1,
                "TABLE DATA" => counts.seed_rows += entry.statements.len() as u64,
                _ => {}
            }
        }
        counts
    }

    /// The counts by name, for the archive.
    pub fn by_name(&self) -> BTreeMap<String, u64> {
        [
            ("tables", self.tables),
            ("indexes", self.indexes),
            ("functions", self.functions),
            ("views", self.views),
            ("types", self.types),
            ("policies", self.policies),
            ("triggers", self.triggers),
            ("seed_rows", self.seed_rows),
        ]
        .into_iter()
        .map(|(name, count)| (name.to_owned(), count))
        .collect()
    }
}

/// Hashes a dump: SHA-256 over its statements, as hexadecimal text.
pub fn sha256(entries: &[Entry], roles: &[String]) -> String {
    let mut hash = Sha256::new();
    let statements = entries.iter().flat_map(|entry| &entry.statements).map(Substr::as_str);
    let statements = statements.chain(roles.iter().map(String::as_str));
    for statement in statements {
        hash.update(statement.as_bytes());
        hash.update(b";\n");
    }
    hex(&hash.finalize())
}

/// Bytes as hexadecimal text.
pub fn hex(bytes: &[u8]) -> String {
    use fmt::Write;
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        // Writing to a String cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_statements_become_one_text_and_others_let_theirs_go() {
        let dump = |text: &str| arcstr::ArcStr::from(text);
        let entry = |text: &arcstr::ArcStr, parts: &[&str]| Entry {
            object: Object { kind: "TABLE DATA".to_owned(), schema: None, name: "t".to_owned() },
            owner: None,
            statements: parts
                .iter()
                .map(|part| text.substr_from(&text[text.find(part).unwrap()..][..part.len()]))
                .collect(),
        };
        let (first, second) = (dump("one two three"), dump("one two other"));
        let with = [entry(&first, &["one", "two", "three"])];
        let mut entries = [entry(&second, &["one", "two", "other"])];
        let before = entries.clone();
        share(&mut entries, &with);
        assert_eq!(entries, before);
        for (number, shared) in [(0, true), (1, true), (2, false)] {
            let parent = entries[0].statements[number].parent();
            assert_eq!(arcstr::ArcStr::ptr_eq(parent, &first), shared);
            assert!(!arcstr::ArcStr::ptr_eq(parent, &second));
        }
    }
}
