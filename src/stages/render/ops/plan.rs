//! Decides what becomes of every statement: an operation, a part of another one, or what it is.

use std::collections::{HashMap, HashSet};

use arcstr::Substr;

use crate::stages::dump::Block;
use crate::stages::render::ops::constraint::{Constraint, Form};
use crate::stages::render::ops::index::Index;
use crate::stages::render::ops::layout::Code;
use crate::stages::render::ops::property::{self, Given};
use crate::stages::render::ops::sequence::{self, Identity};
use crate::stages::render::ops::table::{self, Folded, Table};
use crate::stages::render::ops::types::Types;
use crate::stages::render::ops::{Ability, Key, enumeration, kind, say};

/// What becomes of a statement.
#[derive(Debug)]
pub enum Item<'a> {
    /// It is said elsewhere.
    Gone,
    /// It is sent as it is.
    Execute(&'a Substr),
    /// An operation.
    Say(Code),
}

/// What becomes of all statements.
#[derive(Debug)]
pub struct Plan<'a> {
    /// The blocks of the dump.
    pub blocks: &'a [Block],
    /// What becomes of their statements.
    pub items: Vec<Vec<Item<'a>>>,
    /// The tables that are said, each with its block.
    pub tables: HashMap<Key<'a>, (usize, Table<'a>)>,
    /// What is said within them.
    pub folded: HashMap<Key<'a>, Folded<'a>>,
    /// Indexes that are said after the block of their table.
    pub indexes: HashMap<usize, Vec<Code>>,
    /// The tables of the blocks that are foreign keys.
    pub foreign: HashMap<usize, Key<'a>>,
    ability: Ability,
    /// Whether something may be made with its table, before its own place: not if a setting or an
    /// operator class stands in between.
    movable: bool,
}

impl<'a> Plan<'a> {
    pub fn new(blocks: &'a [Block], ability: Ability) -> Self {
        let mut items: Vec<Vec<Item>> = blocks
            .iter()
            .map(|block| block.statements.iter().map(Item::Execute).collect())
            .collect();
        let mut types = Types { ability, ..Types::default() };
        let mut family = HashSet::new();
        for (block, items) in blocks.iter().zip(&mut items) {
            let Some(statement) = block.statements.first() else { continue };
            match kind(block) {
                "TYPE" => {
                    let Some((key, labels)) = enumeration::read(statement) else { continue };
                    if let Some(code) = enumeration::code(&key, &labels) {
                        items[0] = Item::Say(code);
                    }
                    types.enums.insert(key);
                }
                "TABLE" => family.extend(table::parents(statement)),
                "TABLE ATTACH" => family.extend(table::attached(statement).into_iter().flatten()),
                _ => {}
            }
        }
        let mut tables = HashMap::new();
        for (at, block) in blocks.iter().enumerate().filter(|(_, block)| kind(block) == "TABLE") {
            let table = block.statements.first().and_then(|s| Table::read(s, &types));
            // A change of a parent reaches its children; pg_dump says ONLY, Alembic cannot.
            if let Some(table) = table.filter(|table| !family.contains(&table.key())) {
                tables.insert(table.key(), (at, table));
            }
        }
        // A name that is taken already would not be chosen.
        let all = tables.values().map(|(_, table): &(usize, Table)| table);
        let taken: HashSet<String> =
            all.flat_map(|table| table.renamed().map(|(_, name)| name.text.to_string())).collect();
        tables.retain(|_, (_, table)| {
            table
                .renamed()
                .all(|(chosen, _)| chosen.len() <= say::LONGEST_NAME && !taken.contains(&chosen))
        });
        // A search path is set around what calls functions, and that is not moved.
        let says_where =
            |block: &Block| block.statements.iter().any(|s| s.starts_with("SET default_"));
        let apart = |block: &Block| match kind(block) {
            "SETTING" => says_where(block),
            kind => kind == "OPERATOR CLASS",
        };
        Self {
            blocks,
            ability,
            items,
            folded: tables.keys().map(|key| (key.clone(), Folded::default())).collect(),
            tables,
            indexes: HashMap::new(),
            foreign: HashMap::new(),
            movable: !blocks.iter().any(apart),
        }
    }

    /// The statements of all blocks of these kinds: block, number, text.
    fn statements(&self, kinds: &[&str]) -> Vec<(usize, usize, &'a str)> {
        let blocks = self.blocks.iter().enumerate().filter(|(_, b)| kinds.contains(&kind(b)));
        blocks
            .flat_map(|(at, block)| {
                block.statements.iter().enumerate().map(move |(number, s)| (at, number, s.as_str()))
            })
            .collect()
    }

    pub fn fold_comments(&mut self) {
        for (at, number, statement) in self.statements(&["COMMENT"]) {
            let Some((key, column, text)) = property::comment(statement) else { continue };
            let Some(folded) = self.folded.get_mut(&key) else { continue };
            match column {
                Some(column) => folded.comments.insert(column, text),
                None => folded.comment.replace(text),
            };
            self.items[at][number] = Item::Gone;
        }
    }

    pub fn fold_identities(&mut self) {
        for (at, number, statement) in self.statements(&["SEQUENCE"]) {
            let identity = Identity::read(statement).filter(|identity| identity.code().is_some());
            let Some(identity) = identity else { continue };
            let Some(folded) = self.folded.get_mut(&identity.table) else { continue };
            folded.identities.insert(identity.column.clone(), identity);
            self.items[at][number] = Item::Gone;
        }
    }

    pub fn keys_and_constraints(&mut self) {
        let mut statements = self.statements(&["CONSTRAINT", "FK CONSTRAINT", "CHECK CONSTRAINT"]);
        // Of two keys on the same columns CREATE TABLE makes one: the primary key goes first.
        statements.sort_by_key(|(_, _, statement)| !statement.contains(" PRIMARY KEY "));
        for (at, number, statement) in statements {
            let Some(constraint) = Constraint::read(statement, self.ability) else { continue };
            let key = constraint.table.key();
            let Some(folded) = self.folded.get_mut(&key) else { continue };
            match &constraint.kind {
                Form::Unique(unique)
                    if self.movable
                        && unique.inline(&constraint.name.text).is_some()
                        && folded.keys.iter().all(|(_, key)| key.columns != unique.columns) =>
                {
                    folded.keys.push((constraint.name.text.clone(), unique.clone()));
                    self.items[at][number] = Item::Gone;
                }
                kind => {
                    let Some(code) = constraint.code() else { continue };
                    if matches!(kind, Form::Foreign(_)) {
                        self.foreign.insert(at, key);
                    }
                    self.items[at][number] = Item::Say(code);
                }
            }
        }
    }

    /// Serial columns: SQLAlchemy says `SERIAL` for a column of the primary key.
    pub fn fold_serials(&mut self) {
        let mut created = HashMap::new();
        for (at, block) in self.blocks.iter().enumerate().filter(|(_, b)| kind(b) == "SEQUENCE") {
            if let [statement] = &block.statements[..]
                && let Some((key, options)) = sequence::created(statement)
            {
                created.insert(key, (at, options));
            }
        }
        let mut defaults = HashMap::new();
        for (at, number, statement) in self.statements(&["DEFAULT"]) {
            if let Some(default) = Given::read(statement)
                && let Some(sequence) = default.next_value()
            {
                defaults.insert((default.table, default.column, sequence), (at, number));
            }
        }
        for (at, number, statement) in self.statements(&["SEQUENCE OWNED BY"]) {
            let Some((sequence, key, column)) = sequence::owned(statement) else { continue };
            let Some((table_at, table)) = self.tables.get(&key) else { continue };
            let Some(folded) = self.folded.get_mut(&key) else { continue };
            let Some((created_at, options)) = created.get(&sequence) else { continue };
            let default = (key.clone(), column.clone(), sequence.clone());
            let Some((default_at, default_number)) = defaults.get(&default) else { continue };
            let fits = table.column(&column).is_some_and(|column| {
                column.kind.serial.is_some_and(|data_type| {
                    options.is_serial(data_type)
                        && (data_type != "smallint" || self.ability.has(Ability::SMALL_SERIAL))
                }) && column.not_null
                    && column.value.is_none()
            });
            let in_key = folded.primary().is_some_and(|columns| columns.contains(&column));
            let usual = sequence::sequence_of(&key, &column).as_ref() == Some(&sequence);
            // What uses a sequence stands behind it: it must not come later than pg_dump has it.
            let in_time = created_at > table_at;
            if fits && in_key && usual && in_time && folded.serial.is_none() {
                folded.serial = Some(column);
                self.items[*created_at][0] = Item::Gone;
                self.items[at][number] = Item::Gone;
                self.items[*default_at][*default_number] = Item::Gone;
            }
        }
    }

    pub fn indexes(&mut self) {
        let mut made: HashMap<Key<'_>, usize> = HashMap::new();
        for (at, block) in self.blocks.iter().enumerate() {
            if let Some(object) = &block.object {
                let name = object.name.split('(').next().unwrap_or_default();
                made.insert((object.schema.as_deref().unwrap_or_default().into(), name.into()), at);
            }
        }
        for (at, number, statement) in self.statements(&["INDEX"]) {
            let Some(index) = Index::read(statement, self.ability) else { continue };
            // A function may need what is made after the table, even if it is there before.
            let in_time = |table_at: usize| {
                index.mentions.iter().all(|(key, is_function)| {
                    !is_function && made.get(key).is_none_or(|made_at| *made_at < table_at)
                })
            };
            let table = self.tables.get(&index.table.key()).map(|(table_at, _)| *table_at);
            if let Some(table_at) = table.filter(|at| self.movable && in_time(*at)) {
                self.indexes.entry(table_at).or_default().push(index.code);
                self.items[at][number] = Item::Gone;
            } else {
                self.items[at][number] = Item::Say(index.code);
            }
        }
    }

    pub fn defaults(&mut self) {
        for (at, number, statement) in self.statements(&["DEFAULT"]) {
            if matches!(self.items[at][number], Item::Gone) {
                continue;
            }
            let Some(default) = Given::read(statement) else { continue };
            if self.tables.contains_key(&default.table)
                && let Some(code) = default.code()
            {
                self.items[at][number] = Item::Say(code);
            }
        }
    }
}
