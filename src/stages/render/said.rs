//! What the statements of a baseline become in its file: calls, under headings.
//!
//! Takes the blocks of a dump. Nothing else of a squash is needed for it, so it can be done early. Pure.

use std::collections::BTreeSet;

use arcstr::Substr;

use crate::format::alembic::literal;
use crate::stages::dump::Block;
use crate::stages::render::Style;
use crate::stages::render::ops::{self, Ability, Need};
use crate::stages::render::sql_file;

/// How the statements are said.
#[derive(Debug, Clone, Copy)]
pub struct Wording {
    /// As SQL, or as operations.
    style: Style,
    /// What the project's SQLAlchemy can.
    ability: Ability,
    /// From how many bytes of SQL on it gets a file of its own; none if it never does.
    sql_file_above: Option<usize>,
}

impl Wording {
    /// This style, for this version of SQLAlchemy (if it is known). `template` is the text of the user's; one that
    /// knows of no SQL file gets none.
    pub fn new(
        style: Style,
        sqlalchemy: Option<&str>,
        template: Option<&str>,
        sql_file_above: usize,
    ) -> Self {
        let knows = template.is_none_or(|text| text.contains("sql_file"));
        let sql_file_above = knows.then_some(sql_file_above);
        Self { style, ability: Ability::of(sqlalchemy), sql_file_above }
    }
}

/// The calls under one heading.
#[derive(Debug, PartialEq, Eq)]
pub struct Calls {
    /// The heading.
    pub heading: Heading,
    /// The calls, for a body that is indented by four spaces.
    pub lines: Vec<String>,
    /// The statements that are sent as they are.
    pub statements: Vec<Substr>,
}

/// What stands above calls.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Heading {
    /// The title of this block of the dump, as it will be.
    Block(usize),
    /// A text.
    Text(String),
}

impl Calls {
    /// None yet.
    pub fn under(heading: Heading) -> Self {
        Self { heading, lines: Vec::new(), statements: Vec::new() }
    }

    /// A statement as it is.
    pub fn execute(&mut self, statement: &Substr) {
        self.lines.push(literal::call("execute", statement));
        self.statements.push(statement.clone());
    }
}

/// What `upgrade()` says between its settings.
#[derive(Debug)]
pub struct Said {
    /// The calls, in order.
    pub blocks: Vec<Calls>,
    /// What they need to be imported.
    pub needs: BTreeSet<Need>,
    /// How many statements are run.
    pub statements: usize,
    /// Which blocks stand in a SQL file.
    pub in_file: InFile,
}

/// Which blocks stand in a SQL file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum InFile {
    /// None: there is no such file.
    None,
    /// The rows of tables.
    Rows,
    /// All.
    All,
}

impl InFile {
    fn of(blocks: &[Block], wording: Wording) -> Self {
        let bytes: usize = blocks.iter().flat_map(|b| &b.statements).map(Substr::len).sum();
        if wording.sql_file_above.is_none_or(|above| bytes <= above) {
            return Self::None;
        }
        match wording.style {
            Style::Sql if !blocks.is_empty() => Self::All,
            Style::Ops if blocks.iter().any(Block::is_rows) => Self::Rows,
            _ => Self::None,
        }
    }

    /// Whether this block does.
    pub fn has(self, block: &Block) -> bool {
        match self {
            Self::None => false,
            Self::Rows => block.is_rows(),
            Self::All => true,
        }
    }
}

/// Says what these blocks do.
pub fn say(blocks: &[Block], wording: Wording) -> Said {
    let in_file = InFile::of(blocks, wording);
    let counts: Vec<usize> =
        blocks.iter().filter(|b| in_file.has(b)).map(sql_file::count).collect();
    let from_file: usize = counts.iter().sum();
    let (said, needs) = match (wording.style, in_file) {
        (Style::Ops, _) => {
            let ops::Operations { blocks, needs } =
                ops::operations(blocks, wording.ability, &counts);
            (blocks, needs)
        }
        (Style::Sql, InFile::None) => {
            let calls = blocks.iter().enumerate().map(|(at, block)| {
                let mut calls = Calls::under(Heading::Block(at));
                block.statements.iter().for_each(|statement| calls.execute(statement));
                calls
            });
            (calls.collect(), BTreeSet::new())
        }
        (Style::Sql, _) => {
            let heading = "What the old revisions made: all statements of the SQL file.";
            let mut calls = Calls::under(Heading::Text(heading.to_owned()));
            calls.lines.push("for statement in sql:\n        execute(statement)".to_owned());
            (vec![calls], BTreeSet::from([Need::File]))
        }
    };
    // A loop over the file is one line, whatever it runs.
    let loops = if in_file == InFile::All { 1 } else { counts.len() };
    let lines: usize = said.iter().map(|calls| calls.lines.len()).sum();
    Said { blocks: said, needs, statements: lines - loops + from_file, in_file }
}
