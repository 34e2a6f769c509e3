//! `ALTER TABLE ... ADD CONSTRAINT` as part of a table, or as an operation of its own.

use std::borrow::Cow;

use crate::stages::render::ops::layout::Code;
use crate::stages::render::ops::scan::{Cursor, Kind, Name, Qualified, without_brackets};
use crate::stages::render::ops::{Ability, say};

/// A constraint and its table.
#[derive(Debug)]
pub struct Constraint<'a> {
    /// The table.
    pub table: Qualified<'a>,
    /// Its name.
    pub name: Name<'a>,
    /// What it is.
    pub kind: Form<'a>,
    not_valid: bool,
}

/// What a constraint says.
#[derive(Debug)]
pub enum Form<'a> {
    /// A primary key or a unique constraint.
    Unique(Unique<'a>),
    /// A foreign key.
    Foreign(Box<Foreign<'a>>),
    /// An exclusion constraint.
    Exclude(Exclude),
    /// A check that `pg_dump` writes apart from its table.
    Check(Code),
}

/// The keyword of a constraint that is not checked against what is there.
const NOT_VALID: &str = "postgresql_not_valid";

/// A primary key or a unique constraint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unique<'a> {
    /// Whether it is the primary key.
    pub primary: bool,
    /// Its columns.
    pub columns: Vec<Cow<'a, str>>,
    include: Vec<Cow<'a, str>>,
    nulls_not_distinct: bool,
    deferrable: Option<bool>,
}

/// A foreign key.
#[derive(Debug)]
pub struct Foreign<'a> {
    columns: Vec<Cow<'a, str>>,
    referred: Qualified<'a>,
    referred_columns: Vec<Cow<'a, str>>,
    options: Vec<(&'static str, &'static str)>,
    deferrable: Option<bool>,
}

/// An exclusion constraint.
#[derive(Debug)]
pub struct Exclude {
    elements: Vec<(Code, Code)>,
    using: String,
    condition: Option<Code>,
    deferrable: Option<bool>,
}

impl<'a> Constraint<'a> {
    /// Reads a constraint, if all of it can be said.
    pub fn read(statement: &'a str, ability: Ability) -> Option<Self> {
        let mut cursor = Cursor::after("ALTER TABLE", statement)?;
        cursor.eat("ONLY");
        let table = cursor.qualified()?;
        cursor.need("ADD CONSTRAINT")?;
        let name = cursor.name()?;
        say::name(&name.text)?;
        let kind = if cursor.eat("PRIMARY KEY") {
            Form::Unique(unique(&mut cursor, true, ability)?)
        } else if cursor.eat("UNIQUE") {
            Form::Unique(unique(&mut cursor, false, ability)?)
        } else if cursor.eat("FOREIGN KEY") {
            Form::Foreign(Box::new(foreign(&mut cursor)?))
        } else if cursor.eat("EXCLUDE USING") {
            Form::Exclude(exclude(&mut cursor)?)
        } else if cursor.eat("CHECK") {
            Form::Check(say::text(without_brackets(cursor.bracketed()?))?)
        } else {
            return None;
        };
        let not_valid =
            matches!(kind, Form::Foreign(_) | Form::Check(_)) && cursor.eat("NOT VALID");
        let known = !not_valid || ability.has(Ability::NOT_VALID);
        (cursor.at_end() && known).then_some(Self { table, name, kind, not_valid })
    }

    /// The operation.
    pub fn code(&self) -> Option<Code> {
        let name = say::exact(&self.name.text)?;
        let table = say::name(&self.table.name)?;
        let schema = say::name(&self.table.schema)?;
        let not_valid = self.not_valid.then(|| Code::boolean(true));
        match &self.kind {
            Form::Unique(unique) => unique.alone(name, table, schema),
            Form::Foreign(foreign) => {
                let code = foreign.code(name, table, schema)?;
                Some(code.with_some(NOT_VALID, not_valid))
            }
            Form::Exclude(exclude) => {
                let mut items = vec![name, table];
                let pair = |(element, operator): &(Code, Code)| {
                    Code::tuple([element.clone(), operator.clone()])
                };
                items.extend(exclude.elements.iter().map(pair));
                let code = Code::call("op.create_exclude_constraint", items)
                    .with("using", Code::string(&exclude.using))
                    .with_some("where", exclude.condition.clone())
                    .with("schema", schema);
                Some(deferred(code, exclude.deferrable))
            }
            Form::Check(condition) => {
                let items = [name, table, condition.clone()];
                let code = Code::call("op.create_check_constraint", items).with("schema", schema);
                Some(code.with_some(NOT_VALID, not_valid))
            }
        }
    }
}

impl Unique<'_> {
    /// As a part of its table.
    pub fn inline(&self, name: &str) -> Option<Code> {
        let class = if self.primary { "sa.PrimaryKeyConstraint" } else { "sa.UniqueConstraint" };
        let columns =
            self.columns.iter().map(|column| say::name(column)).collect::<Option<Vec<_>>>()?;
        let code = Code::call(class, columns).with("name", say::exact(name)?);
        self.options(code)
    }

    fn alone(&self, name: Code, table: Code, schema: Code) -> Option<Code> {
        // The operation knows the table by the key's own columns: it does not find the included ones.
        if !self.include.is_empty() {
            return None;
        }
        let columns = say::names(&self.columns)?;
        let of = |function| Code::call(function, [name, table, columns]).with("schema", schema);
        if self.primary {
            return self.deferrable.is_none().then(|| of("op.create_primary_key"));
        }
        self.options(of("op.create_unique_constraint"))
    }

    fn options(&self, code: Code) -> Option<Code> {
        let include = &self.include;
        let include = if include.is_empty() { None } else { Some(say::names(include)?) };
        let distinct = self.nulls_not_distinct.then(|| Code::boolean(true));
        Some(deferred(code, self.deferrable))
            .map(|code| code.with_some("postgresql_nulls_not_distinct", distinct))
            .map(|code| code.with_some("postgresql_include", include))
    }
}

impl Foreign<'_> {
    fn code(&self, name: Code, table: Code, schema: Code) -> Option<Code> {
        let columns = [
            name,
            table,
            say::name(&self.referred.name)?,
            say::names(&self.columns)?,
            say::names(&self.referred_columns)?,
        ];
        let mut code = Code::call("op.create_foreign_key", columns)
            .with("source_schema", schema)
            .with("referent_schema", say::name(&self.referred.schema)?);
        for (keyword, value) in &self.options {
            code = code.with(keyword, Code::string(value));
        }
        Some(deferred(code, self.deferrable))
    }
}

fn deferred(code: Code, deferrable: Option<bool>) -> Code {
    let Some(initially) = deferrable else { return code };
    code.with("deferrable", Code::boolean(true))
        .with_some("initially", initially.then(|| Code::string("DEFERRED")))
}

/// `DEFERRABLE [INITIALLY DEFERRED]`: whether it begins deferred.
fn deferrable(cursor: &mut Cursor) -> Option<bool> {
    cursor.eat("DEFERRABLE").then(|| cursor.eat("INITIALLY DEFERRED"))
}

fn unique<'a>(cursor: &mut Cursor<'a>, primary: bool, ability: Ability) -> Option<Unique<'a>> {
    let nulls_not_distinct = cursor.eat("NULLS NOT DISTINCT");
    let columns = cursor.names()?;
    let include = if cursor.eat("INCLUDE") { cursor.names()? } else { vec![] };
    let known = (!nulls_not_distinct || ability.has(Ability::NULLS_NOT_DISTINCT))
        && (include.is_empty() || ability.has(Ability::CONSTRAINT_INCLUDE));
    let deferrable = deferrable(cursor);
    known.then_some(Unique { primary, columns, include, nulls_not_distinct, deferrable })
}

fn foreign<'a>(cursor: &mut Cursor<'a>) -> Option<Foreign<'a>> {
    const ACTIONS: [&str; 5] = ["CASCADE", "SET NULL", "SET DEFAULT", "RESTRICT", "NO ACTION"];
    let columns = cursor.names()?;
    cursor.need("REFERENCES")?;
    let referred = cursor.qualified()?;
    let referred_columns = cursor.names()?;
    let mut options = Vec::new();
    if cursor.eat("MATCH FULL") {
        options.push(("match", "FULL"));
    }
    for (words, keyword) in [("ON UPDATE", "onupdate"), ("ON DELETE", "ondelete")] {
        if cursor.eat(words) {
            options.push((keyword, *ACTIONS.iter().find(|action| cursor.eat(action))?));
        }
    }
    let deferrable = deferrable(cursor);
    Some(Foreign { columns, referred, referred_columns, options, deferrable })
}

fn exclude(cursor: &mut Cursor) -> Option<Exclude> {
    let using = cursor.name()?.text.into_owned();
    cursor.need("(")?;
    let mut elements = Vec::new();
    loop {
        let element = cursor.until(|c| c.sees("WITH"))?;
        cursor.need("WITH")?;
        // OPERATOR(public.=) can only be sent as it is.
        let operator = cursor.next(Kind::Operator)?;
        if operator.contains('%') || operator.starts_with('E') {
            return None;
        }
        elements.push((column_or_sql(element)?, Code::string(operator)));
        if !cursor.eat(",") {
            cursor.need(")")?;
            break;
        }
    }
    let condition = if cursor.eat("WHERE") {
        Some(say::text(without_brackets(cursor.bracketed()?))?)
    } else {
        None
    };
    let deferrable = deferrable(cursor);
    Some(Exclude { elements, using, condition, deferrable })
}

/// A column by its name. Anything else as SQL that has a name: Alembic asks for one.
fn column_or_sql(element: &str) -> Option<Code> {
    let mut cursor = Cursor::new(element)?;
    match cursor.name() {
        Some(name) if cursor.at_end() => say::name(&name.text),
        _ => Some(Code::call("sa.literal_column", [say::name(element)?])),
    }
}
