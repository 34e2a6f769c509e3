//! `CREATE TABLE` as `op.create_table`.
//!
//! A table comes out in one call, with whatever of its keys, comments and sequences the caller has found
//! for it. A default or a check that cannot be said becomes a statement right after it. A table that is
//! more than columns and checks (typed, partitioned, a child of another) is not read at all.

use std::borrow::Cow;
use std::collections::HashMap;

use crate::postgres::identifier;
use crate::stages::render::ops::constraint::Unique;
use crate::stages::render::ops::layout::Code;
use crate::stages::render::ops::scan::{Cursor, Name, Qualified, without_brackets};
use crate::stages::render::ops::sequence::Identity;
use crate::stages::render::ops::types::{Type, Types};
use crate::stages::render::ops::{Ability, Key, say};

/// A table as `pg_dump` writes it.
#[derive(Debug)]
pub struct Table<'a> {
    /// Its name.
    pub name: Qualified<'a>,
    /// Its columns, in order.
    pub columns: Vec<Column<'a>>,
    checks: Vec<Check<'a>>,
    unlogged: bool,
    parameters: Option<&'a str>,
    said_parameters: Option<Code>,
}

/// A column.
#[derive(Debug)]
pub struct Column<'a> {
    /// Its name.
    pub name: Name<'a>,
    /// Its type.
    pub kind: Type<'a>,
    /// Whether its values are computed.
    pub is_computed: bool,
    /// Its default, or what computes it.
    pub value: Option<&'a str>,
    /// Whether it is `NOT NULL`.
    pub not_null: bool,
    /// What this is called, if that is another name than `PostgreSQL` would choose (since 18).
    not_null_name: Option<Name<'a>>,
}

#[derive(Debug)]
struct Check<'a> {
    name: Name<'a>,
    expression: &'a str,
    no_inherit: bool,
}

/// What is said in a table's place though `pg_dump` writes it elsewhere.
#[derive(Debug, Default)]
pub struct Folded<'a> {
    /// The table's comment.
    pub comment: Option<Code>,
    /// The comments of its columns.
    pub comments: HashMap<Cow<'a, str>, Code>,
    /// Its keys, by name.
    pub keys: Vec<(Cow<'a, str>, Unique<'a>)>,
    /// The column that is serial.
    pub serial: Option<Cow<'a, str>>,
    /// Columns that count by themselves.
    pub identities: HashMap<Cow<'a, str>, Identity<'a>>,
}

impl<'a> Folded<'a> {
    /// The columns of the primary key.
    pub fn primary(&self) -> Option<&[Cow<'a, str>]> {
        self.keys.iter().find(|(_, key)| key.primary).map(|(_, key)| &*key.columns)
    }
}

impl<'a> Table<'a> {
    /// Reads a table, if all of it can be said.
    pub fn read(statement: &'a str, types: &Types) -> Option<Self> {
        let mut cursor = Cursor::after("CREATE", statement)?;
        let unlogged = cursor.eat("UNLOGGED");
        cursor.need("TABLE")?;
        let name = cursor.qualified()?;
        cursor.need("(")?;
        let mut table = Self {
            name,
            columns: vec![],
            checks: vec![],
            unlogged,
            parameters: None,
            said_parameters: None,
        };
        if !cursor.eat(")") {
            loop {
                if cursor.eat("CONSTRAINT") {
                    table.checks.push(check(&mut cursor)?);
                } else {
                    table.columns.push(column(&mut cursor, types)?);
                }
                if !cursor.eat(",") {
                    cursor.need(")")?;
                    break;
                }
            }
        }
        if cursor.eat("WITH") {
            let known = types.ability.has(Ability::TABLE_PARAMETERS);
            table.said_parameters =
                cursor.clone().parameters().filter(|_| known).as_deref().and_then(parameters);
            table.parameters = Some(cursor.bracketed()?);
        }
        let can_be_named = |column: &Column| say::name(&column.name.text).is_some();
        let sayable = cursor.at_end() && table.columns.iter().all(can_be_named);
        (sayable
            && say::name(&table.name.name).is_some()
            && say::name(&table.name.schema).is_some())
        .then_some(table)
    }

    /// Schema and name.
    pub fn key(&self) -> Key<'a> {
        self.name.key()
    }

    /// Names of `NOT NULL` constraints as `PostgreSQL` chooses them here, each with the name that it has.
    pub fn renamed(&self) -> impl Iterator<Item = (String, &Name<'a>)> {
        self.columns.iter().filter_map(|column| {
            let name = column.not_null_name.as_ref()?;
            Some((format!("{}_{}_not_null", self.name.name, column.name.text), name))
        })
    }

    /// A column by its name.
    pub fn column(&self, name: &str) -> Option<&Column<'a>> {
        self.columns.iter().find(|column| column.name.text == name)
    }

    /// The call, and the statements for what it leaves out.
    pub fn code(&self, folded: &Folded) -> (Code, Vec<String>) {
        let mut statements = Vec::new();
        let raw = self.name.raw;
        let mut items = vec![Code::string(&self.name.name)];
        for column in &self.columns {
            let (code, value) = column.code(folded);
            items.push(code);
            if let Some(value) = value {
                let name = column.name.raw;
                statements
                    .push(format!("ALTER TABLE {raw} ALTER COLUMN {name} SET DEFAULT {value}"));
            }
        }
        items.extend(folded.keys.iter().filter_map(|(name, key)| key.inline(name)));
        for check in &self.checks {
            if let Some(code) = check.code() {
                items.push(code);
            } else {
                let Check { name, expression, no_inherit } = check;
                let no_inherit = if *no_inherit { " NO INHERIT" } else { "" };
                let name = name.raw;
                statements.push(format!(
                    "ALTER TABLE {raw}\n    ADD CONSTRAINT {name} CHECK ({expression}){no_inherit}"
                ));
            }
        }
        for (chosen, name) in self.renamed() {
            let chosen = identifier::quote(&chosen);
            statements
                .push(format!("ALTER TABLE {raw} RENAME CONSTRAINT {chosen} TO {}", name.raw));
        }
        if let (Some(list), None) = (self.parameters, &self.said_parameters) {
            statements.push(format!("ALTER TABLE {raw} SET ({list})"));
        }
        let prefixes = self.unlogged.then(|| Code::list([Code::string("UNLOGGED")]));
        let call = Code::call("op.create_table", items)
            .with("schema", Code::string(&self.name.schema))
            .with_some("comment", folded.comment.clone())
            .with_some("prefixes", prefixes)
            .with_some("postgresql_with", self.said_parameters.clone());
        (call.opened(), statements)
    }
}

impl<'a> Column<'a> {
    /// The column, and its default if that is left out.
    fn code(&self, folded: &Folded) -> (Code, Option<&'a str>) {
        let Self { name, kind, value, .. } = self;
        let name: &str = &name.text;
        let mut column = Code::call("sa.Column", [Code::string(name), kind.code.clone()]);
        let mut server_default = None;
        let mut left = None;
        let identity = folded.identities.get(name).and_then(Identity::code);
        match value {
            Some(value) if self.is_computed => {
                let expression = say::sql(value).unwrap_or_else(|| Code::string(value));
                let computed = Code::call("sa.Computed", [expression]);
                column = column.and(computed.with("persisted", Code::boolean(true)));
            }
            Some(value) => match say::text(value) {
                Some(text) => server_default = Some(text),
                None => left = Some(*value),
            },
            None => {}
        }
        let is_serial = folded.serial.as_deref() == Some(name);
        // SQLAlchemy would make it serial.
        let is_not_serial = kind.counts_by_itself
            && server_default.is_none()
            && identity.is_none()
            && folded.primary().is_some_and(|columns| columns == [name]);
        if let Some(identity) = identity {
            column = column.and(identity);
        }
        let code = column
            .with_some("server_default", server_default)
            .with_some(
                "autoincrement",
                (is_serial || is_not_serial).then(|| Code::boolean(is_serial)),
            )
            .with_some("nullable", self.not_null.then(|| Code::boolean(false)))
            .with_some("comment", folded.comments.get(name).cloned());
        (code, left)
    }
}

impl Check<'_> {
    fn code(&self) -> Option<Code> {
        let expression = say::sql(without_brackets(self.expression))?;
        let name = say::exact(&self.name.text)?;
        (!self.no_inherit)
            .then(|| Code::call("sa.CheckConstraint", [expression]).with("name", name))
    }
}

/// The tables that a `CREATE TABLE` inherits from: what is said of them reaches their children too.
pub fn parents(statement: &str) -> Vec<Key<'_>> {
    let read = || {
        let (_, rest) = statement.rsplit_once("\nINHERITS ")?;
        let mut cursor = Cursor::new(rest)?;
        cursor.need("(")?;
        let mut parents = vec![cursor.qualified()?.key()];
        while cursor.eat(",") {
            parents.push(cursor.qualified()?.key());
        }
        Some(parents)
    };
    read().unwrap_or_default()
}

/// `ALTER TABLE ONLY parent ATTACH PARTITION child ...`: both.
pub fn attached(statement: &str) -> Option<[Key<'_>; 2]> {
    let mut cursor = Cursor::after("ALTER TABLE ONLY", statement)?;
    let parent = cursor.qualified()?.key();
    cursor.need("ATTACH PARTITION")?;
    Some([parent, cursor.qualified()?.key()])
}

/// Storage parameters as a dictionary.
pub fn parameters(parameters: &[(String, String)]) -> Option<Code> {
    let text = |(name, value): &(String, String)| (Code::key(name), Code::string(value));
    (!parameters.is_empty()).then(|| Code::dictionary(parameters.iter().map(text).collect()))
}

fn column<'a>(cursor: &mut Cursor<'a>, types: &Types<'_>) -> Option<Column<'a>> {
    let name = cursor.name()?;
    let is_clause = |c: &Cursor| {
        ["COLLATE", "DEFAULT", "NOT NULL", "GENERATED", "CONSTRAINT"]
            .iter()
            .any(|word| c.sees(word))
    };
    let kind = cursor.until(is_clause)?;
    let mut collation = None;
    let mut value = None;
    let (mut is_computed, mut not_null) = (false, false);
    let mut not_null_name = None;
    loop {
        if cursor.eat("COLLATE") {
            collation = Some(cursor.until(is_clause)?);
        } else if cursor.eat("DEFAULT") {
            value = Some(cursor.until(|c| is_clause(c))?);
        } else if cursor.eat("GENERATED ALWAYS AS") {
            value = Some(cursor.bracketed()?);
            is_computed = true;
            cursor.need("STORED")?;
        } else if cursor.eat("NOT NULL") {
            not_null = true;
        } else if cursor.eat("CONSTRAINT") {
            not_null_name = Some(cursor.name()?);
            cursor.need("NOT NULL")?;
            not_null = true;
        } else {
            break;
        }
    }
    // A computed column cannot be given its expression later.
    if is_computed && say::sql(value?).is_none() {
        return None;
    }
    let kind = types.of(kind, collation)?;
    Some(Column { name, kind, is_computed, value, not_null, not_null_name })
}

fn check<'a>(cursor: &mut Cursor<'a>) -> Option<Check<'a>> {
    let name = cursor.name()?;
    cursor.need("CHECK")?;
    let expression = cursor.bracketed()?;
    let no_inherit = cursor.eat("NO INHERIT");
    Some(Check { name, expression, no_inherit })
}
