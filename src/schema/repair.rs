//! What `pg_dump`'s text loses or cannot restore, put right, so that a sound history has a baseline.
//!
//! Pure. The entries that are compared stay `pg_dump`'s own. What is put right here goes into the
//! baseline and into the text that psql restores for the control:
//!
//! - `-0` in a float column is written bare, and read back as the integer 0;
//! - an event trigger that stands before `REFRESH MATERIALIZED VIEW` fires there;
//! - an extension whose comment the history removed gets it back from `CREATE EXTENSION`;
//! - a function without a search path of its own that a check, a generated column or an index calls may
//!   look for its friends by the search path, which `pg_dump` empties;
//! - a table whose replica identity was an index that was dropped has none, which `pg_dump` does not say;
//! - a view on the version table: the version table is not part of the dump.

use arcstr::Substr;
use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use crate::postgres::identifier::{literal, qualify, quote};
use crate::schema::{Entry, Object, Statements};

/// What the catalog tells beside the dump.
#[derive(Debug, Clone, Default)]
pub struct Facts {
    /// Extensions that bring a comment and have none.
    pub without_comment: Vec<String>,
    /// Relations (schema and name) that call functions which have no search path of their own, with the
    /// schemas these functions are in.
    pub callers: BTreeMap<(String, String), Vec<String>>,
    /// Tables whose replica identity is an index that is gone: they have none (ALTER TABLE, REPLICA IDENTITY).
    pub without_identity: BTreeSet<(String, String)>,
}

/// The entries, put right.
pub fn entries<'a>(
    entries: impl IntoIterator<Item = Cow<'a, Entry>>,
    facts: &Facts,
) -> Vec<Cow<'a, Entry>> {
    let mut repaired = Vec::new();
    for mut entry in entries {
        if entry.is_rows() && entry.statements.iter().any(|row| with_negative_zero(row).is_some()) {
            for row in entry.to_mut().statements.to_mut() {
                if let Some(quoted) = with_negative_zero(row) {
                    *row = quoted.into();
                }
            }
        }
        if entry.object.kind == "TABLE"
            && let Some(schema) = &entry.object.schema
            && facts.without_identity.contains(&(schema.clone(), entry.object.name.clone()))
        {
            let table = qualify(Some(schema), &entry.object.name);
            let nothing = format!("ALTER TABLE ONLY {table} REPLICA IDENTITY NOTHING");
            entry.to_mut().statements.to_mut().push(nothing.into());
        }
        let extension = Some(&entry.object).filter(|object| {
            object.kind == "EXTENSION" && facts.without_comment.contains(&object.name)
        });
        let comment = extension.map(|object| without_comment(&object.name));
        let path = path_of(&entry, facts);
        let has_path = path.is_some();
        repaired.extend(path.map(|path| Cow::Owned(search_path(&path))));
        repaired.push(entry);
        repaired.extend(has_path.then(|| Cow::Owned(search_path(""))));
        repaired.extend(comment.map(Cow::Owned));
    }
    event_triggers_last(repaired)
}

/// Whether nothing had to be put right.
pub fn is_same(repaired: &[Cow<'_, Entry>], entries: &[Entry]) -> bool {
    repaired.len() == entries.len()
        && repaired.iter().zip(entries).all(|(repaired, entry)| match repaired {
            Cow::Borrowed(same) => std::ptr::eq(*same, entry),
            Cow::Owned(_) => false,
        })
}

/// Moves event triggers behind all else: none may fire while the rest is made.
pub fn event_triggers_last(entries: Vec<Cow<'_, Entry>>) -> Vec<Cow<'_, Entry>> {
    let is_last = |entry: &Cow<'_, Entry>| {
        let object = &entry.object;
        let on_one = matches!(object.kind.as_str(), "COMMENT" | "SECURITY LABEL")
            && object.name.starts_with("EVENT TRIGGER ");
        object.kind == "EVENT TRIGGER" || on_one
    };
    let (last, mut first): (Vec<_>, Vec<_>) = entries.into_iter().partition(is_last);
    first.extend(last);
    first
}

/// What makes the version table itself, from a dump of that table.
pub fn version_table(alone: &[Entry]) -> Vec<Entry> {
    let table = alone.iter().filter(|e| matches!(e.object.kind.as_str(), "TABLE" | "CONSTRAINT"));
    let created = |entry: &Entry| {
        entry.statements.iter().filter(|s| !s.contains(" OWNER TO ")).cloned().collect()
    };
    table.map(|entry| Entry { statements: created(entry), ..entry.clone() }).collect()
}

/// Puts the version table where the first relation may need it.
pub fn with_version_table<'a>(
    mut entries: Vec<Cow<'a, Entry>>,
    alone: &[Entry],
) -> Vec<Cow<'a, Entry>> {
    let is_early =
        |entry: &Cow<'_, Entry>| matches!(entry.object.kind.as_str(), "SCHEMA" | "EXTENSION");
    let place = entries.iter().rposition(is_early).map_or(0, |last| last + 1);
    entries.splice(place..place, alone.iter().cloned().map(Cow::Owned));
    entries
}

/// Puts privileges on schemas before what is made in them: a role that shall own a table must be allowed
/// to create one there, unless a superuser gives it. A privilege that `user` itself loses stays where
/// it is.
pub fn schema_privileges_first<'a>(
    mut entries: Vec<Cow<'a, Entry>>,
    user: &str,
) -> Vec<Cow<'a, Entry>> {
    let from = [format!(" FROM {user}"), format!(" FROM {}", quote(user))];
    let loses = |s: &Substr| from.iter().any(|end| s.ends_with(end)) || s.starts_with("SET ");
    let is_early = |entry: &Cow<'_, Entry>| {
        let object = &entry.object;
        object.kind == "ACL"
            && object.name.starts_with("SCHEMA ")
            && !entry.statements.iter().any(loses)
    };
    let schemas = |entry: &Cow<'_, Entry>| entry.object.kind == "SCHEMA";
    let place = entries.iter().rposition(schemas).map_or(0, |last| last + 1);
    let late = entries.split_off(place);
    let (early, late): (Vec<_>, Vec<_>) = late.into_iter().partition(is_early);
    entries.extend(early);
    entries.extend(late);
    entries
}

fn without_comment(extension: &str) -> Entry {
    let name = format!("EXTENSION {}", quote(extension));
    let object = Object { kind: "COMMENT".to_owned(), schema: None, name };
    let statement = format!("COMMENT ON EXTENSION {} IS NULL", quote(extension));
    Entry { object, owner: None, statements: Statements::one(statement) }
}

/// The search path that an entry needs to be made.
fn path_of(entry: &Entry, facts: &Facts) -> Option<String> {
    let runs_functions = ["TABLE DATA", "INDEX", "CONSTRAINT", "MATERIALIZED VIEW DATA"];
    if !runs_functions.contains(&entry.object.kind.as_str()) {
        return None;
    }
    // A constraint is called after its table and itself: `t t_excl`.
    let name = entry.object.name.rsplit(' ').next()?;
    let schema = entry.object.schema.clone()?;
    let mut schemas = facts.callers.get(&(schema.clone(), name.to_owned()))?.clone();
    schemas.extend([schema, "public".to_owned()]);
    let mut path: Vec<String> = Vec::new();
    for schema in schemas.iter().map(|schema| quote(schema)) {
        if !path.contains(&schema) {
            path.push(schema);
        }
    }
    Some(path.join(", "))
}

fn search_path(path: &str) -> Entry {
    let name = if path.is_empty() {
        "the empty search path".to_owned()
    } else {
        format!("search path {path}")
    };
    let object = Object { kind: "SETTING".to_owned(), schema: None, name };
    let set = format!("SELECT pg_catalog.set_config('search_path', {}, false)", literal(path));
    Entry { object, owner: None, statements: Statements::one(set) }
}

/// An INSERT with each value that is `-0` quoted, if there is one: only a float is printed so.
pub fn with_negative_zero(row: &str) -> Option<String> {
    if !row.contains("-0,") && !row.contains("-0)") {
        return None;
    }
    let mut text = String::with_capacity(row.len() + 2);
    let (mut quoted, mut changed) = (None, false);
    let mut rest = row;
    while let Some(first) = rest.chars().next() {
        let is_zero = quoted.is_none()
            && (rest.starts_with("-0,") || rest.starts_with("-0)"))
            && text.ends_with([' ', '(']);
        if is_zero {
            text.push_str("'-0'");
            changed = true;
            rest = &rest[2..];
            continue;
        }
        match quoted {
            Some(quote) if quote == first => quoted = None,
            None if matches!(first, '\'' | '"') => quoted = Some(first),
            _ => {}
        }
        text.push(first);
        rest = &rest[first.len_utf8()..];
    }
    changed.then_some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(kind: &str, name: &str, statement: &str) -> Entry {
        let object =
            Object { kind: kind.to_owned(), schema: Some("s".to_owned()), name: name.to_owned() };
        Entry { object, owner: None, statements: Statements::one(statement) }
    }

    #[test]
    fn only_a_bare_negative_zero_is_quoted() {
        let row = "INSERT INTO s.t (\"a(-0)\", b, c, d) VALUES (-0, 'x''(-0)', -0.5, -0)";
        assert_eq!(
            with_negative_zero(row).unwrap(),
            "INSERT INTO s.t (\"a(-0)\", b, c, d) VALUES ('-0', 'x''(-0)', -0.5, '-0')"
        );
        assert_eq!(with_negative_zero("INSERT INTO s.t (a) VALUES ('(-0)')"), None);
    }

    #[test]
    fn each_thing_stands_where_it_works() {
        let all = [
            entry("EXTENSION", "citext", "CREATE EXTENSION citext"),
            entry("TABLE", "t", "CREATE TABLE s.t"),
            entry("TABLE DATA", "t", "INSERT"),
            entry("INDEX", "i", "CREATE INDEX i"),
            entry("CONSTRAINT", "t t_excl", "ALTER TABLE s.t ADD CONSTRAINT"),
            entry("EVENT TRIGGER", "e", "CREATE EVENT TRIGGER e"),
            entry("COMMENT", "EVENT TRIGGER e", "COMMENT ON EVENT TRIGGER e"),
            entry("MATERIALIZED VIEW DATA", "m", "REFRESH"),
        ];
        let called = |name: &str| (("s".to_owned(), name.to_owned()), vec!["h".to_owned()]);
        let facts = Facts {
            without_comment: vec!["citext".to_owned()],
            callers: [called("t"), called("t_excl")].into(),
            without_identity: BTreeSet::new(),
        };
        let alone = [entry("TABLE", "v", "CREATE TABLE s.v"), entry("ACL", "TABLE v", "GRANT")];
        let repaired = with_version_table(
            entries(all.iter().map(Cow::Borrowed), &facts),
            &version_table(&alone),
        );
        let shown: Vec<&str> =
            repaired.iter().flat_map(|e| e.statements.iter()).map(Substr::as_str).collect();
        insta::assert_snapshot!(shown.join("\n"), @r#"
        CREATE EXTENSION citext
        CREATE TABLE s.v
        COMMENT ON EXTENSION "citext" IS NULL
        CREATE TABLE s.t
        SELECT pg_catalog.set_config('search_path', '"h", "s", "public"', false)
        INSERT
        SELECT pg_catalog.set_config('search_path', '', false)
        CREATE INDEX i
        SELECT pg_catalog.set_config('search_path', '"h", "s", "public"', false)
        ALTER TABLE s.t ADD CONSTRAINT
        SELECT pg_catalog.set_config('search_path', '', false)
        REFRESH
        CREATE EVENT TRIGGER e
        COMMENT ON EVENT TRIGGER e
        "#);
    }
}
