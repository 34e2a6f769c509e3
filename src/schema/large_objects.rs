//! Large objects, as one revision can make them.
//!
//! `pg_dump` opens a large object, writes to it and closes it, in a transaction of its own. A revision
//! runs in a transaction already, and says the same by `lo_put`. The number stays: rows may refer to it,
//! and large objects have numbers of their own in each database.

use crate::schema::{Entry, Statements};

/// How many bytes of large objects a baseline carries.
pub const LARGEST: usize = 1024 * 1024;

/// The statements of such an entry for a revision; `None` where they are not what `pg_dump` writes.
pub fn statements(entry: &Entry) -> Option<Statements> {
    if entry.object.kind != "BLOBS" {
        return Some(entry.statements.clone());
    }
    let mut statements = Vec::new();
    let (mut number, mut offset) = (None, 0);
    for statement in &entry.statements {
        if let Some(opened) = opened(statement) {
            (number, offset) = (Some(opened), 0);
        } else if let Some(bytes) = written(statement) {
            statements.push(
                format!("SELECT pg_catalog.lo_put({}, {offset}, '\\x{bytes}')", number?).into(),
            );
            offset += bytes.len() / 2;
        } else if !matches!(
            statement.as_str(),
            "BEGIN" | "COMMIT" | "SELECT pg_catalog.lo_close(0)"
        ) {
            return None;
        }
    }
    Some(statements.into())
}

/// What takes away the large objects that an entry makes.
pub fn drops(entry: &Entry) -> impl Iterator<Item = String> {
    let made = entry.statements.iter().filter_map(|statement| {
        statement.strip_prefix("SELECT pg_catalog.lo_create('")?.strip_suffix("')")
    });
    made.map(|number| {
        let there = "FROM pg_catalog.pg_largeobject_metadata";
        format!("SELECT pg_catalog.lo_unlink(oid) {there} WHERE oid = {number}")
    })
}

/// How many bytes an entry writes.
pub fn size(entry: &Entry) -> usize {
    entry.statements.iter().filter_map(|s| written(s)).map(|bytes| bytes.len() / 2).sum()
}

fn opened(statement: &str) -> Option<&str> {
    let rest = statement.strip_prefix("SELECT pg_catalog.lo_open('")?;
    rest.split_once('\'').map(|(number, _)| number)
}

fn written(statement: &str) -> Option<&str> {
    let rest = statement.strip_prefix("SELECT pg_catalog.lowrite(0, '\\x")?;
    let bytes = rest.strip_suffix("')")?;
    bytes.bytes().all(|b| b.is_ascii_hexdigit()).then_some(bytes)
}

#[cfg(test)]
mod tests {
    use arcstr::Substr;

    use super::*;
    use crate::schema::Object;

    fn texts(all: &[Substr]) -> Vec<&str> {
        all.iter().map(Substr::as_str).collect()
    }

    #[test]
    fn chunks_follow_each_other() {
        let object = Object { kind: "BLOBS".to_owned(), schema: None, name: "BLOBS".to_owned() };
        let text = r"BEGIN;SELECT pg_catalog.lo_open('16500', 131072);SELECT pg_catalog.lowrite(0, '\x6869')
            ;SELECT pg_catalog.lowrite(0, '\x21');SELECT pg_catalog.lo_close(0)
            ;SELECT pg_catalog.lo_open('7', 131072);SELECT pg_catalog.lowrite(0, '\xff')
            ;SELECT pg_catalog.lo_close(0);COMMIT";
        let statements_ = text.split(';').map(|s| Substr::from(s.trim())).collect();
        let mut entry = Entry { object, owner: None, statements: statements_ };
        assert_eq!(size(&entry), 4);
        insta::assert_snapshot!(texts(&statements(&entry).unwrap()).join("\n"), @r"
        SELECT pg_catalog.lo_put(16500, 0, '\x6869')
        SELECT pg_catalog.lo_put(16500, 2, '\x21')
        SELECT pg_catalog.lo_put(7, 0, '\xff')
        ");
        entry.statements.to_mut().push("SELECT something_else()".into());
        assert_eq!(statements(&entry), None);
    }
}
