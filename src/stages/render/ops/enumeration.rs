//! `CREATE TYPE ... AS ENUM` as an operation that asks no server, so that it works offline.

use crate::stages::render::ops::layout::Code;
use crate::stages::render::ops::scan::Cursor;
use crate::stages::render::ops::{Key, say};

/// An enum's name and labels.
pub fn read(statement: &str) -> Option<(Key<'_>, Vec<String>)> {
    let mut cursor = Cursor::after("CREATE TYPE", statement)?;
    let name = cursor.qualified()?.key();
    cursor.need("AS ENUM (")?;
    let mut labels = Vec::new();
    while let Some(label) = cursor.literal() {
        labels.push(label.into_owned());
        cursor.eat(",");
    }
    cursor.need(")")?;
    cursor.at_end().then_some((name, labels))
}

/// The operation that makes it; `None` for one without labels.
pub fn code((schema, name): &Key<'_>, labels: &[String]) -> Option<Code> {
    let labels = labels.iter().map(|label| say::value(label)).collect::<Option<Vec<_>>>()?;
    if labels.is_empty() {
        return None;
    }
    let kind = Code::call("postgresql.ENUM", labels)
        .with("name", say::name(name)?)
        .with("schema", say::name(schema)?);
    Some(Code::call("op.execute", [Code::call("postgresql.CreateEnumType", [kind])]))
}
