//! What a revision file does when it is upgraded, as far as its text tells: the calls that are made, and the SQL
//! that is sent.
//!
//! Takes a parsed file. What counts is what runs at import, and `upgrade()` with every function and class of the same
//! file that it names. Nothing is run, and nothing outside of the file is followed. Pure.

mod names;
mod reach;
pub mod sql;
mod text;

use std::collections::{BTreeSet, HashSet};
use std::ops::Range;

use ruff_python_ast::{Expr, ExprCall, Stmt, StmtFunctionDef};
use ruff_text_size::{Ranged, TextRange};

use self::names::Names;
use self::reach::Reach;
use self::sql::{Fact, Kind};
use crate::format::alembic::python::Module;

/// Calls whose first argument is SQL.
const SENDS: [&str; 8] =
    ["execute", "exec_driver_sql", "executemany", "text", "DDL", "scalar", "scalars", "fetch"];

/// A call that runs.
#[derive(Debug)]
pub struct Call<'a> {
    /// The call itself.
    pub node: &'a ExprCall,
    /// What is called, with imports and plain assignments followed: `sqlalchemy.func.now`,
    /// `alembic.op.get_bind().execute`.
    pub name: String,
    /// It stands in a lambda, or in what is only printed or logged: its value goes nowhere in this run.
    pub aside: bool,
}

impl Call<'_> {
    /// The last part of its name.
    pub fn last(&self) -> &str {
        self.name.rsplit('.').next().unwrap_or_default()
    }

    /// Where its name stands, in bytes.
    pub fn place(&self) -> Range<usize> {
        self.node.func.range().into()
    }
}

/// What one SQL statement is found to do, and where that stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sent {
    /// What it does.
    pub fact: Fact,
    /// Its words in the file, in bytes.
    pub range: Range<usize>,
}

/// A module that is imported.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Import {
    /// Its dotted name; dots before it if it is relative.
    pub module: String,
    /// What is taken out of it; none if the module itself is.
    pub names: Vec<String>,
    /// In bytes.
    pub range: Range<usize>,
}

/// What a revision file does.
#[derive(Debug)]
pub struct Code<'a> {
    names: Names<'a>,
    reach: Reach<'a>,
    /// The calls that run, in the order of the file's functions.
    pub calls: Vec<Call<'a>>,
    /// What the SQL that is sent does.
    pub sql: Vec<Sent>,
    body: &'a [Stmt],
}

impl<'a> Code<'a> {
    /// Looks at a file.
    pub fn of(module: &'a Module<'_>) -> Self {
        let body = module.body();
        let mut names = Names::of(body);
        let reach = Reach::of(body);
        names.pass_arguments(reach.calls.iter().map(|(call, _)| *call));
        let mut calls = Vec::with_capacity(reach.calls.len());
        for (node, aside) in &reach.calls {
            if let Some(name) = names.dotted(&node.func) {
                calls.push(Call { node, name, aside: *aside });
            }
        }
        let mut code = Self { names, reach, calls, sql: Vec::new(), body };
        code.sql = code.read_sql();
        code
    }

    fn read_sql(&self) -> Vec<Sent> {
        let mut sent = Vec::new();
        let mut seen = HashSet::new();
        for call in self.calls.iter().filter(|call| SENDS.contains(&call.last())) {
            let named = ["statement", "sqltext", "text", "clause", "query"];
            let arguments = &call.node.arguments;
            let argument = arguments.find_positional(0).or_else(|| {
                named.iter().find_map(|name| Some(&arguments.find_keyword(name)?.value))
            });
            let Some(argument) = argument else { continue };
            for text in self.names.texts(argument) {
                // The same text may come by several ways: `execute(text(...))`, a constant.
                if !seen.insert(text.key()) {
                    continue;
                }
                let facts = sql::facts(&text.value).into_iter();
                sent.extend(facts.map(|fact| {
                    let range = text.source(&fact.range, call.place());
                    Sent { fact, range }
                }));
            }
        }
        sent
    }

    /// What an expression is, with imports and plain assignments followed: `os.environ`.
    pub fn dotted(&self, expression: &Expr) -> Option<String> {
        self.names.dotted(expression)
    }

    /// What a name may be bound to, as far as plain assignments tell.
    pub fn values(&self, name: &str) -> &[&'a Expr] {
        self.names.values(name)
    }

    /// Attributes and names that are read, outside of annotations.
    pub fn reads(&self) -> &[&'a Expr] {
        &self.reach.reads
    }

    /// Modules that are imported by what runs.
    pub fn imports(&self) -> &[Import] {
        &self.reach.imports
    }

    /// The text of a literal.
    pub fn literal(expression: &Expr) -> Option<&str> {
        if let Expr::StringLiteral(literal) = expression {
            Some(literal.value.to_str())
        } else {
            None
        }
    }

    /// A function of the module's own level.
    pub fn function(&self, name: &str) -> Option<&'a StmtFunctionDef> {
        self.reach.functions.get(name).and_then(|function| function.def)
    }

    /// Whether something at the module's own level binds this name.
    pub fn binds(&self, name: &str) -> bool {
        self.function(name).is_some() || self.names.binds(name)
    }

    /// The file's statements.
    pub fn body(&self) -> &'a [Stmt] {
        self.body
    }

    /// The SQL that does this.
    pub fn sent(&self, kind: Kind) -> impl Iterator<Item = &Sent> {
        self.sql.iter().filter(move |sent| sent.fact.kind == kind)
    }

    /// The names of the tables that the file makes or renames to, as far as they are written down; and whether it
    /// makes others besides.
    pub fn tables(&self) -> (BTreeSet<String>, bool) {
        let mut tables = BTreeSet::new();
        let mut others = false;
        for call in &self.calls {
            let position = match call.last() {
                "create_table" => 0,
                "rename_table" => 1,
                "Table" if call.name.starts_with("sqlalchemy.") => 0,
                "create_all" => {
                    others = true;
                    continue;
                }
                _ => continue,
            };
            let name = call.node.arguments.find_positional(position);
            let name = name.map(|name| self.names.texts(name)).unwrap_or_default();
            others |= name.is_empty();
            tables.extend(name.into_iter().map(|text| text.value));
        }
        let mapped = self.values("__tablename__").iter().filter_map(|value| Self::literal(value));
        tables.extend(mapped.map(str::to_owned));
        for sent in self.sent(Kind::Creates) {
            tables.insert(sent.fact.what.clone());
        }
        let whole = |name: &String| !name.contains(text::GAP);
        others |= !tables.iter().all(whole);
        tables.retain(whole);
        (tables, others)
    }
}

/// The bytes of a range.
pub fn bytes(range: TextRange) -> Range<usize> {
    range.into()
}

#[cfg(test)]
mod tests {
    use std::fmt::Write;

    use super::*;

    /// What the SQL of an `upgrade()` does, and where that stands.
    fn sent(upgrade: &str) -> Vec<String> {
        let body = upgrade.replace('\n', "\n    ");
        let source = format!(
            "from alembic import op\nimport sqlalchemy as sa\ndef upgrade():\n    {body}\n"
        );
        let module = Module::parse(&source);
        let code = Code::of(&module);
        let told = |sent: &Sent| format!("{}: {}", sent.fact.what, &source[sent.range.clone()]);
        code.sql.iter().map(told).collect()
    }

    #[test]
    fn texts_that_are_put_together() {
        for (upgrade, told) in [
            ("op.execute('DROP TABLE ' + 'x')", "DROP TABLE x: DROP TABLE "),
            ("op.execute('''\n  DROP TABLE x''')", "DROP TABLE x: DROP TABLE x"),
            ("op.execute(f'DROP TABLE {a}')", "DROP TABLE …: DROP TABLE "),
            (
                "op.execute('DROP TABLE {}.{name}'.format(a, name=b))",
                "DROP TABLE ….…: DROP TABLE {}.{name}",
            ),
            ("op.execute('DROP TABLE %s' % a)", "DROP TABLE …: DROP TABLE %s"),
            // An escape makes the text another one than the file's: all of the literal is the place.
            ("op.execute('\\n DROP TABLE x')", "DROP TABLE x: \\n DROP TABLE x"),
            ("sql = 'DROP TABLE x'\nop.execute(sa.text(sql))", "DROP TABLE x: DROP TABLE x"),
            ("for t in ['DROP TABLE x']:\n    op.execute(t)", "DROP TABLE x: DROP TABLE x"),
        ] {
            assert_eq!(sent(upgrade), [told], "{upgrade}");
        }
    }

    #[test]
    fn a_text_that_is_put_together_from_itself_has_an_end() {
        let mut upgrade = "sql = 'SELECT 1'\n".to_owned();
        for number in 0..200 {
            writeln!(upgrade, "sql = sql + ' x{number}' + sql\nsql = sql.format(sql)").unwrap();
        }
        upgrade += "for sql in sql:\n    op.execute(sql)\n";
        sent(&upgrade);
    }
}
