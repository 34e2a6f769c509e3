//! What `pg_dump` gives a table or a column afterwards: comments and defaults.

use crate::stages::render::ops::layout::Code;
use crate::stages::render::ops::scan::Cursor;
use crate::stages::render::ops::{Key, say};

/// A comment on a table, or on one of its columns, if it can be said.
pub fn comment(statement: &str) -> Option<(Key, Option<String>, Code)> {
    let mut cursor = Cursor::new(statement)?;
    cursor.need("COMMENT ON")?;
    let on_column = cursor.eat("COLUMN");
    if !on_column {
        cursor.need("TABLE")?;
    }
    let table = cursor.qualified()?.key();
    let column = if on_column {
        cursor.need(".")?;
        Some(cursor.name()?.text.into_owned())
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
    pub table: Key,
    /// The column.
    pub column: String,
    expression: &'a str,
}

impl<'a> Given<'a> {
    /// Reads one.
    pub fn read(statement: &'a str) -> Option<Self> {
        let mut cursor = Cursor::new(statement)?;
        cursor.need("ALTER TABLE ONLY")?;
        let table = cursor.qualified()?.key();
        cursor.need("ALTER COLUMN")?;
        let column = cursor.name()?.text.into_owned();
        cursor.need("SET DEFAULT")?;
        let expression = cursor.until(|_| false)?;
        cursor.at_end().then_some(Self { table, column, expression })
    }

    /// The sequence of `nextval('...'::regclass)`.
    pub fn next_value(&self) -> Option<Key> {
        let mut cursor = Cursor::new(self.expression)?;
        cursor.need("nextval (")?;
        let name = cursor.literal()?;
        cursor.need(": : regclass )")?;
        let mut named = Cursor::new(&name)?;
        let sequence = named.qualified()?.key();
        (cursor.at_end() && named.at_end()).then_some(sequence)
    }

    /// The operation.
    pub fn code(&self) -> Option<Code> {
        let (schema, table) = &self.table;
        let names = vec![say::name(table)?, say::name(&self.column)?];
        let code = Code::call("op.alter_column", names)
            .with("server_default", say::text(self.expression)?)
            .with("schema", say::name(schema)?);
        Some(code)
    }
}
