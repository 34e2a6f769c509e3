//! What `pg_dump` gives a table or a column afterwards: comments and defaults.

use std::borrow::Cow;

use crate::stages::render::ops::layout::Code;
use crate::stages::render::ops::scan::Cursor;
use crate::stages::render::ops::{Key, say};

/// A comment on a table, or on one of its columns, if it can be said.
pub fn comment(statement: &str) -> Option<(Key<'_>, Option<Cow<'_, str>>, Code)> {
    let mut cursor = Cursor::after("COMMENT ON", statement)?;
    let on_column = cursor.eat("COLUMN");
    if !on_column {
        cursor.need("TABLE")?;
    }
    let table = cursor.qualified()?.key();
    let column = if on_column {
        cursor.need(".")?;
        Some(cursor.name()?.text)
    } else {
        None
    };
    cursor.need("IS")?;
    let text = say::value(&cursor.literal()?)?;
    cursor.at_end().then_some((table, column, text))
}

/// `ALTER TABLE ONLY ... ALTER COLUMN ... SET DEFAULT ...`
#[derive(Debug)]
pub struct Given<'a> {
    /// The table.
    pub table: Key<'a>,
    /// The column.
    pub column: Cow<'a, str>,
    expression: &'a str,
}

impl<'a> Given<'a> {
    /// Reads one.
    pub fn read(statement: &'a str) -> Option<Self> {
        let mut cursor = Cursor::after("ALTER TABLE ONLY", statement)?;
        let table = cursor.qualified()?.key();
        cursor.need("ALTER COLUMN")?;
        let column = cursor.name()?.text;
        cursor.need("SET DEFAULT")?;
        let expression = cursor.until(|_| false)?;
        cursor.at_end().then_some(Self { table, column, expression })
    }

    /// The sequence of `nextval('...'::regclass)`.
    pub fn next_value(&self) -> Option<Key<'a>> {
        let mut cursor = Cursor::new(self.expression)?;
        cursor.need("nextval (")?;
        let name = cursor.literal()?;
        cursor.need(": : regclass )")?;
        if !cursor.at_end() {
            return None;
        }
        match name {
            Cow::Borrowed(name) => named(name),
            Cow::Owned(name) => {
                let (schema, name) = named(&name)?;
                Some((schema.into_owned().into(), name.into_owned().into()))
            }
        }
    }

    /// The operation.
    pub fn code(&self) -> Option<Code> {
        let (schema, table) = &self.table;
        let names = [say::name(table)?, say::name(&self.column)?];
        let code = Code::call("op.alter_column", names)
            .with("server_default", say::text(self.expression)?)
            .with("schema", say::name(schema)?);
        Some(code)
    }
}

/// A name that is all of a text.
fn named(text: &str) -> Option<Key<'_>> {
    let mut cursor = Cursor::new(text)?;
    let key = cursor.qualified()?.key();
    cursor.at_end().then_some(key)
}
