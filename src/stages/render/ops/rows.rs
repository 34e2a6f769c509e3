//! Seed rows as `op.bulk_insert`.
//!
//! Integers, numbers, booleans, text and enums go as what they are; every other value goes as text, which
//! PostgreSQL casts as it would read the literal. One row with anything else (an expression, a
//! backslash), and the table's rows stay the INSERTs that `pg_dump` wrote.

use arcstr::Substr;
use std::borrow::Cow;

use crate::stages::render::ops::layout::Code;
use crate::stages::render::ops::scan::{Cursor, Kind};
use crate::stages::render::ops::table::Table;
use crate::stages::render::ops::types::Seed;
use crate::stages::render::ops::{Key, say};

#[derive(Debug, PartialEq, Eq)]
enum Value<'a> {
    Null,
    Default,
    Boolean(bool),
    Number(&'a str),
    Text(Cow<'a, str>),
}

struct Row<'a> {
    table: Key<'a>,
    columns: Vec<Cow<'a, str>>,
    values: Vec<Value<'a>>,
}

/// The table of an INSERT.
pub fn table(statement: &str) -> Option<Key<'_>> {
    // Only the head is read: rows can be long.
    let head = statement.get(..statement.find(" (")?)?;
    let mut cursor = Cursor::new(head)?;
    cursor.need("INSERT INTO")?;
    Some(cursor.qualified()?.key())
}

/// All rows of a table in one call; `None` if one of them cannot be said.
pub fn code(statements: &[Substr], table: &Table) -> Option<Code> {
    let rows = statements.iter().map(|s| row(s)).collect::<Option<Vec<_>>>()?;
    let first = rows.first()?;
    let key = table.key();
    if rows.iter().any(|row| row.table != key || row.columns != first.columns) {
        return None;
    }
    let mut columns = vec![say::name(&table.name.name)?];
    let mut written = vec![Vec::with_capacity(first.columns.len()); rows.len()];
    for (number, name) in first.columns.iter().enumerate() {
        let column = table.column(name)?;
        let values = rows.iter().map(|row| &row.values[number]);
        // What is left out gets its default.
        if values.clone().all(|value| *value == Value::Default) {
            continue;
        }
        // These names are the names of parameters too.
        let plain = |c: char| c.is_ascii_alphanumeric() || c == '_';
        let digit = |c: char| c.is_ascii_digit();
        if !name.chars().all(plain) || name.starts_with(digit) || name == "self" {
            return None;
        }
        let mut items = vec![say::name(name)?];
        // NULL is NULL, whatever the type; but a driver may have its own idea of a JSON null.
        let seed = if values.clone().all(|value| *value == Value::Null) {
            None
        } else {
            items.push(column.kind.of_seeds()?);
            Some(column.kind.seed)
        };
        columns.push(Code::call("sa.column", items));
        let key = Code::key(name);
        for (row, value) in written.iter_mut().zip(values) {
            row.push((key.clone(), value.code(seed)?));
        }
    }
    if columns.len() == 1 {
        return None;
    }
    let schema = say::name(&table.name.schema)?;
    let target = Code::call("sa.table", columns).with("schema", schema).opened();
    let rows = written.into_iter().map(Code::dictionary);
    Some(Code::call("op.bulk_insert", [target, Code::list(rows).opened()]))
}

impl Value<'_> {
    fn code(&self, seed: Option<Seed>) -> Option<Code> {
        match (self, seed) {
            (Self::Null, _) => Some(Code::plain("None")),
            (Self::Boolean(value), Some(Seed::Boolean)) => Some(Code::boolean(*value)),
            (Self::Number(number), Some(Seed::Integer)) => {
                is_integer(number).then(|| Code::plain((*number).to_owned()))
            }
            (Self::Number(number), Some(Seed::Decimal)) => {
                // An integer in quotes is what linters complain about.
                let argument = if is_integer(number) {
                    Code::plain((*number).to_owned())
                } else {
                    Code::string(number)
                };
                Some(Code::call("Decimal", [argument]))
            }
            (Self::Text(text), Some(Seed::Text | Seed::Cast)) => say::value(text),
            (Self::Number(number), Some(Seed::Cast)) => Some(Code::string(number)),
            _ => None,
        }
    }
}

fn is_integer(number: &str) -> bool {
    let digits = number.strip_prefix('-').unwrap_or(number);
    digits.bytes().all(|byte| byte.is_ascii_digit())
}

/// `INSERT INTO schema.table (columns) VALUES (values)`
fn row(statement: &str) -> Option<Row<'_>> {
    let mut cursor = Cursor::after("INSERT INTO", statement)?;
    let table = cursor.qualified()?.key();
    let columns = cursor.names()?;
    cursor.need("VALUES")?;
    cursor.need("(")?;
    let mut values = vec![value(&mut cursor)?];
    while cursor.eat(",") {
        values.push(value(&mut cursor)?);
    }
    cursor.need(")")?;
    (cursor.at_end() && columns.len() == values.len()).then_some(Row { table, columns, values })
}

fn value<'a>(cursor: &mut Cursor<'a>) -> Option<Value<'a>> {
    if let Some(number) = cursor.number() {
        return Some(Value::Number(number));
    }
    if let Some(text) = cursor.literal() {
        return Some(Value::Text(text));
    }
    match cursor.next(Kind::Word)? {
        "NULL" => Some(Value::Null),
        "DEFAULT" => Some(Value::Default),
        "true" => Some(Value::Boolean(true)),
        "false" => Some(Value::Boolean(false)),
        _ => None,
    }
}
