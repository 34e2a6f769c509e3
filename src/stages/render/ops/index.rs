//! `CREATE INDEX` as `op.create_index`.

use arcstr::ArcStr;

use crate::stages::render::ops::layout::Code;
use crate::stages::render::ops::scan::{Cursor, Name, Qualified, without_brackets};
use crate::stages::render::ops::{Ability, Key, say, table};

/// An index.
#[derive(Debug)]
pub struct Index<'a> {
    /// Its table.
    pub table: Qualified<'a>,
    /// What it names besides, each with whether it is a function.
    pub mentions: Vec<(Key<'a>, bool)>,
    /// The operation.
    pub code: Code,
}

impl<'a> Index<'a> {
    /// Reads an index, if all of it can be said.
    pub fn read(statement: &'a str, ability: Ability) -> Option<Self> {
        let mut cursor = Cursor::after("CREATE", statement)?;
        let unique = cursor.eat("UNIQUE");
        cursor.need("INDEX")?;
        let name = cursor.name()?;
        cursor.need("ON")?;
        let table = cursor.qualified()?;
        let mentions = cursor.clone().mentions();
        cursor.need("USING")?;
        let using = cursor.name()?;
        let (elements, operators) = elements(&mut cursor)?;
        let include =
            if cursor.eat("INCLUDE") { Some(say::names(&cursor.names()?)?) } else { None };
        let distinct = cursor.eat("NULLS NOT DISTINCT");
        let parameters = if cursor.eat("WITH") { cursor.parameters()? } else { vec![] };
        let condition = if cursor.eat("WHERE") {
            Some(say::text(without_brackets(cursor.until(|_| false)?))?)
        } else {
            None
        };
        if !cursor.at_end() || (distinct && !ability.has(Ability::NULLS_NOT_DISTINCT)) {
            return None;
        }
        let using = (using.text != "btree").then(|| Code::string(&using.text));
        let operators = (!operators.is_empty()).then(|| Code::dictionary(operators));
        let items = [say::exact(&name.text)?, say::name(&table.name)?, Code::list(elements)];
        let code = Code::call("op.create_index", items)
            .with_some("unique", unique.then(|| Code::boolean(true)))
            .with("schema", say::name(&table.schema)?)
            .with_some("postgresql_using", using)
            .with_some("postgresql_ops", operators)
            .with_some("postgresql_include", include)
            .with_some("postgresql_nulls_not_distinct", distinct.then(|| Code::boolean(true)))
            .with_some("postgresql_with", table::parameters(&parameters))
            .with_some("postgresql_where", condition);
        Some(Self { table, mentions, code })
    }
}

/// Operator classes by column.
type Classes = Vec<(ArcStr, Code)>;

/// The elements, and the operator classes of those that are a column with nothing else.
fn elements(cursor: &mut Cursor) -> Option<(Vec<Code>, Classes)> {
    let mut elements = Vec::new();
    let mut operators = Classes::new();
    let mut columns: Vec<String> = Vec::new();
    cursor.need("(")?;
    loop {
        let element = cursor.until(|_| false)?;
        match with_operators(element) {
            // Operator classes are found by column: a column that comes twice would have one for both.
            Some((name, class)) if !columns.iter().any(|column| *column == name.text) => {
                elements.push(say::name(&name.text)?);
                if let Some(class) = class {
                    operators.push((Code::key(&name.text), say::value(class)?));
                }
                columns.push(name.text.into_owned());
            }
            _ => elements.push(say::text(element)?),
        }
        if !cursor.eat(",") {
            cursor.need(")")?;
            return Some((elements, operators));
        }
    }
}

/// `column` or `column opclass`.
fn with_operators(element: &str) -> Option<(Name<'_>, Option<&str>)> {
    let mut cursor = Cursor::new(element)?;
    let name = cursor.name()?;
    if cursor.at_end() {
        return Some((name, None));
    }
    let class = match cursor.qualified() {
        Some(class) => class.raw,
        None => cursor.name()?.raw,
    };
    cursor.at_end().then_some((name, Some(class)))
}
