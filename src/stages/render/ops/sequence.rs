//! Sequences that a column brings along by itself: `serial` and `GENERATED ... AS IDENTITY`.
//!
//! `pg_dump` takes a serial column apart into a sequence, its owner and a default. It is put together again
//! only where PostgreSQL would choose the same name and the same values by itself.

use std::borrow::Cow;

use crate::stages::render::ops::Key;
use crate::stages::render::ops::layout::Code;
use crate::stages::render::ops::say;
use crate::stages::render::ops::scan::Cursor;

/// The options of a sequence, as `pg_dump` writes them.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Options<'a> {
    data_type: Option<Cow<'a, str>>,
    start: &'a str,
    increment: &'a str,
    minimum: Option<&'a str>,
    maximum: Option<&'a str>,
    cache: &'a str,
    cycle: bool,
}

impl<'a> Options<'a> {
    fn read(cursor: &mut Cursor<'a>) -> Option<Self> {
        let mut options = Self::default();
        loop {
            if cursor.eat("AS") {
                options.data_type = Some(cursor.name()?.text);
            } else if cursor.eat("START WITH") {
                options.start = cursor.number()?;
            } else if cursor.eat("INCREMENT BY") {
                options.increment = cursor.number()?;
            } else if cursor.eat("MINVALUE") {
                options.minimum = Some(cursor.number()?);
            } else if cursor.eat("MAXVALUE") {
                options.maximum = Some(cursor.number()?);
            } else if cursor.eat("CACHE") {
                options.cache = cursor.number()?;
            } else if cursor.eat("CYCLE") {
                options.cycle = true;
            } else if !(cursor.eat("NO MINVALUE") || cursor.eat("NO MAXVALUE")) {
                break;
            }
        }
        let is_set = !options.start.is_empty() && !options.increment.is_empty();
        (is_set && !options.cache.is_empty()).then_some(options)
    }

    /// Whether this is what `serial` makes of a column of this type.
    pub fn is_serial(&self, data_type: &str) -> bool {
        let plain = Self {
            data_type: self.data_type.clone(),
            start: "1",
            increment: "1",
            cache: "1",
            ..Self::default()
        };
        *self == plain && self.data_type.as_deref().unwrap_or("bigint") == data_type
    }
}

/// `CREATE SEQUENCE ...`
pub fn created(statement: &str) -> Option<(Key<'_>, Options<'_>)> {
    let mut cursor = Cursor::after("CREATE SEQUENCE", statement)?;
    let name = cursor.qualified()?.key();
    let options = Options::read(&mut cursor)?;
    cursor.at_end().then_some((name, options))
}

/// `ALTER SEQUENCE ... OWNED BY schema.table.column`: the sequence, the table, the column.
pub fn owned(statement: &str) -> Option<(Key<'_>, Key<'_>, Cow<'_, str>)> {
    let mut cursor = Cursor::after("ALTER SEQUENCE", statement)?;
    let sequence = cursor.qualified()?.key();
    cursor.need("OWNED BY")?;
    let table = cursor.qualified()?.key();
    cursor.need(".")?;
    let column = cursor.name()?.text;
    cursor.at_end().then_some((sequence, table, column))
}

/// A column that counts by itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity<'a> {
    /// The table.
    pub table: Key<'a>,
    /// The column.
    pub column: Cow<'a, str>,
    sequence: Key<'a>,
    always: bool,
    options: Options<'a>,
}

impl<'a> Identity<'a> {
    /// `ALTER TABLE ... ALTER COLUMN ... ADD GENERATED ... AS IDENTITY (...)`
    pub fn read(statement: &'a str) -> Option<Self> {
        let mut cursor = Cursor::after("ALTER TABLE", statement)?;
        let table = cursor.qualified()?.key();
        cursor.need("ALTER COLUMN")?;
        let column = cursor.name()?.text;
        cursor.need("ADD GENERATED")?;
        let always = cursor.eat("ALWAYS");
        if !always {
            cursor.need("BY DEFAULT")?;
        }
        cursor.need("AS IDENTITY ( SEQUENCE NAME")?;
        let sequence = cursor.qualified()?.key();
        let options = Options::read(&mut cursor)?;
        cursor.need(")")?;
        cursor.at_end().then_some(Self { table, column, sequence, always, options })
    }

    /// Its place in a column; `None` if its sequence would have another name.
    pub fn code(&self) -> Option<Code> {
        if sequence_of(&self.table, &self.column)? != self.sequence {
            return None;
        }
        let options = &self.options;
        let number = |value: &str| Code::plain(value.to_owned());
        let unlike = |value: &str, usual: &str| (value != usual).then(|| number(value));
        // Without a MINVALUE a sequence that rises begins at 1, one that falls at -1.
        let first = match (&options.minimum, &options.maximum, options.increment.starts_with('-')) {
            (None, _, false) => "1",
            (_, None, true) => "-1",
            _ => "",
        };
        let code = Code::call("sa.Identity", [])
            .with_some("always", self.always.then(|| Code::boolean(true)))
            .with_some("start", unlike(options.start, first))
            .with_some("increment", unlike(options.increment, "1"))
            .with_some("minvalue", options.minimum.map(number))
            .with_some("maxvalue", options.maximum.map(number))
            .with_some("cycle", options.cycle.then(|| Code::boolean(true)))
            .with_some("cache", unlike(options.cache, "1"));
        Some(code)
    }
}

/// The name that PostgreSQL gives the sequence of a column; `None` where it would have to be shortened.
pub fn sequence_of<'a>((schema, table): &Key<'a>, column: &str) -> Option<Key<'a>> {
    let name = format!("{table}_{column}_seq");
    (name.len() <= say::LONGEST_NAME).then(|| (schema.clone(), name.into()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_serial_column_is_known_again() {
        let statement = "CREATE SEQUENCE public.t_id_seq\n    AS integer\n    START WITH 1\n    \
                         INCREMENT BY 1\n    NO MINVALUE\n    NO MAXVALUE\n    CACHE 1";
        let (name, options) = created(statement).unwrap();
        assert_eq!(Some(name), sequence_of(&("public".into(), "t".into()), "id"));
        assert!(options.is_serial("integer") && !options.is_serial("bigint"));
        let other = statement.replace("START WITH 1", "START WITH 7");
        let (_, other) = created(&other).unwrap();
        assert!(!other.is_serial("integer"));
        assert!(
            created(&format!("{statement} CYCLE")).is_some_and(|(_, o)| !o.is_serial("integer"))
        );
    }

    #[test]
    fn an_identity_tells_what_is_not_usual() {
        let statement = |name: &str, options: &str| {
            let text = format!(
                "ALTER TABLE public.t ALTER COLUMN \"No\" ADD GENERATED ALWAYS AS IDENTITY (\n    \
                 SEQUENCE NAME public.\"{name}\"\n    {options}\n)"
            );
            Identity::read(&text).unwrap().code().map(|code| code.source(0))
        };
        let usual = "START WITH 1\n INCREMENT BY 1\n NO MINVALUE\n NO MAXVALUE\n CACHE 1";
        assert_eq!(statement("t_No_seq", usual).unwrap(), "sa.Identity(always=True)");
        assert_eq!(statement("other", usual), None);
        let odd = "START WITH -5\n INCREMENT BY -2\n MINVALUE -9\n MAXVALUE -1\n CACHE 4\n CYCLE";
        assert_eq!(
            statement("t_No_seq", odd).unwrap(),
            "sa.Identity(\n    always=True, start=-5, increment=-2, minvalue=-9, maxvalue=-1, cycle=True, \
             cache=4\n)"
        );
    }
}
