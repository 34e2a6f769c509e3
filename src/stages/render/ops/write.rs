//! Writes what was decided, in the order of the dump.

use std::collections::HashMap;

use crate::stages::render::ops::layout::Code;
use crate::stages::render::ops::plan::{Item, Plan};
use crate::stages::render::ops::{Key, Need, Operations, kind, rows};
use crate::stages::render::said::{Calls, Heading};

/// The indent of a function's body.
const INDENT: usize = 4;

/// Writes all blocks.
pub fn operations(mut plan: Plan, in_file: &[usize]) -> Operations {
    let mut out = Operations::default();
    let mut in_file = in_file.iter();
    let tables: HashMap<usize, Key<'_>> =
        plan.tables.iter().map(|(key, (at, _))| (*at, key.clone())).collect();
    let mut at = 0;
    while at < plan.blocks.len() {
        let block = &plan.blocks[at];
        let run = plan.blocks[at..].iter().take_while(|b| kind(b) == "FK CONSTRAINT").count();
        if let Some(statements) = block.is_rows().then(|| in_file.next()).flatten() {
            out.part_of_file(at, *statements);
        } else if run > 0 {
            out.foreign_keys(&mut plan, at, run);
        } else {
            out.block(&mut plan, at, tables.get(&at));
        }
        at += run.max(1);
    }
    out
}

impl Operations {
    fn block<'a>(&mut self, plan: &mut Plan<'a>, at: usize, table: Option<&Key<'a>>) {
        let block = &plan.blocks[at];
        let mut items = std::mem::take(&mut plan.items[at]);
        let mut calls = Calls::under(Heading::Block(at));
        if let Some(key) = table {
            let folded = plan.folded.remove(key).unwrap_or_default();
            let (code, left) = plan.tables[key].1.code(&folded);
            self.say(&code, &mut calls);
            for statement in left {
                calls.execute(&statement.into());
            }
            items.remove(0);
        } else if block.is_rows() {
            let key = block.statements.first().and_then(|statement| rows::table(statement));
            let table = key.and_then(|key| plan.tables.get(&key));
            if let Some(code) = table.and_then(|(_, t)| rows::code(&block.statements, t)) {
                items = vec![Item::Say(code)];
            }
        }
        self.items(items, &mut calls);
        for index in plan.indexes.remove(&at).unwrap_or_default() {
            self.say(&index, &mut calls);
        }
        self.push(calls);
    }

    /// The next statements of the SQL file.
    fn part_of_file(&mut self, at: usize, statements: usize) {
        self.need(Need::File);
        self.need(Need::SomeOfTheFile);
        let line =
            format!("for statement in islice(sql, {statements}):\n        execute(statement)");
        let mut calls = Calls::under(Heading::Block(at));
        calls.lines.push(line);
        self.push(calls);
    }

    /// Foreign keys that follow each other, by table.
    fn foreign_keys(&mut self, plan: &mut Plan, start: usize, run: usize) {
        let mut order: Vec<Option<Key<'_>>> = Vec::new();
        let mut of: HashMap<Option<Key<'_>>, Calls> = HashMap::new();
        for at in start..start + run {
            let key = plan.foreign.get(&at).cloned();
            let title = match &key {
                Some((schema, table)) => format!("foreign keys of `{schema}.{table}`"),
                None => "other foreign keys".to_owned(),
            };
            let items = std::mem::take(&mut plan.items[at]);
            let calls = of.entry(key.clone()).or_insert_with(|| {
                order.push(key);
                Calls::under(Heading::Text(title))
            });
            self.items(items, calls);
        }
        order.iter().filter_map(|key| of.remove(key)).for_each(|calls| self.push(calls));
    }

    fn items(&mut self, items: Vec<Item>, calls: &mut Calls) {
        for item in items {
            match item {
                Item::Gone => {}
                Item::Execute(statement) => calls.execute(statement),
                Item::Say(code) => self.say(&code, calls),
            }
        }
    }

    fn say(&mut self, code: &Code, calls: &mut Calls) {
        code.calls(&mut |name| match name.split_once('.') {
            Some(("sa", _)) => self.need(Need::Sqlalchemy),
            Some(("postgresql", _)) => self.need(Need::Postgresql),
            None if name == "Decimal" => self.need(Need::Decimal),
            None if name == "PgType" => {
                self.need(Need::OwnTypes);
                self.need(Need::Sqlalchemy);
            }
            _ => {}
        });
        calls.lines.push(code.source(INDENT));
    }

    fn need(&mut self, need: Need) {
        self.needs.insert(need);
    }

    fn push(&mut self, calls: Calls) {
        if !calls.lines.is_empty() {
            self.blocks.push(calls);
        }
    }
}
