//! What a module's names are bound to after it ran, as far as literals go.
//!
//! Statements at module level are followed in order. What is bound under a condition, in a loop or
//! by an import is remembered as dynamic, with the reason, so that it is reported and not guessed.

use std::collections::HashMap;

use ruff_python_ast::statement_visitor::{self, StatementVisitor};
use ruff_python_ast::{Expr, Stmt};
use ruff_text_size::{Ranged, TextRange};

const CONDITIONAL: &str = "it is assigned inside a block";
const IMPORTED: &str = "it is imported";
const COMPUTED: &str = "its value is an expression";
const DEFINED: &str = "it is a function or a class";
const UNPACKED: &str = "it is unpacked from an expression";

/// A value and its place.
#[derive(Debug, Clone)]
pub(super) struct Value {
    pub(super) range: TextRange,
    pub(super) what: What,
}

#[derive(Debug, Clone)]
pub(super) enum What {
    None,
    Text(String),
    Many(Vec<Value>),
    /// A literal of a type that is no use here, by its name.
    Other(&'static str),
    /// Why it is not static.
    Dynamic(&'static str),
}

impl What {
    pub(super) fn type_name(&self) -> &'static str {
        match self {
            Self::None => "`None`",
            Self::Text(_) => "a string",
            Self::Many(_) => "a sequence",
            Self::Other(name) | Self::Dynamic(name) => name,
        }
    }
}

impl Value {
    pub(super) fn text(&self) -> Option<&str> {
        if let What::Text(text) = &self.what { Some(text) } else { None }
    }

    /// The same value as seen through a name that stands at `range`.
    fn seen_at(&self, range: TextRange) -> Self {
        let what = match &self.what {
            What::Many(parts) => What::Many(parts.iter().map(|part| part.seen_at(range)).collect()),
            other => other.clone(),
        };
        Self { range, what }
    }
}

/// The names of a module.
#[derive(Default)]
pub(super) struct Bindings<'a> {
    names: HashMap<&'a str, Value>,
}

impl<'a> Bindings<'a> {
    /// Follows a module's statements.
    pub(super) fn of(body: &'a [Stmt]) -> Self {
        let mut bindings = Self::default();
        for statement in body {
            bindings.statement(statement);
        }
        bindings
    }

    pub(super) fn get(&self, name: &str) -> Option<&Value> {
        self.names.get(name)
    }

    /// The same for a name that must be there: if not here, then perhaps from `import *`.
    pub(super) fn get_required(&self, name: &str) -> Option<&Value> {
        self.get(name).or_else(|| self.get("*"))
    }

    fn statement(&mut self, statement: &'a Stmt) {
        match statement {
            Stmt::Assign(assign) => {
                let value = self.evaluate(&assign.value);
                for target in &assign.targets {
                    self.assign(target, &value);
                }
            }
            Stmt::AnnAssign(assign) => {
                // `revision: str` alone binds nothing.
                if let Some(value) = &assign.value {
                    let value = self.evaluate(value);
                    self.assign(&assign.target, &value);
                }
            }
            Stmt::Delete(delete) => {
                for target in &delete.targets {
                    if let Expr::Name(name) = target {
                        self.names.remove(name.id.as_str());
                    }
                }
            }
            Stmt::AugAssign(_)
            | Stmt::FunctionDef(_)
            | Stmt::ClassDef(_)
            | Stmt::Import(_)
            | Stmt::ImportFrom(_)
            | Stmt::TypeAlias(_) => Blocks { bindings: self, why: COMPUTED }.visit_stmt(statement),
            block => Blocks { bindings: self, why: CONDITIONAL }.visit_stmt(block),
        }
    }

    fn bind(&mut self, name: &'a str, range: TextRange, what: What) {
        self.names.insert(name, Value { range, what });
    }

    fn assign(&mut self, target: &'a Expr, value: &Value) {
        match (target, &value.what) {
            (Expr::Name(name), _) => {
                self.names.insert(name.id.as_str(), value.clone());
            }
            (Expr::Tuple(_) | Expr::List(_), What::Many(parts))
                if elements(target).len() == parts.len()
                    && !elements(target).iter().any(Expr::is_starred_expr) =>
            {
                for (target, part) in elements(target).iter().zip(parts) {
                    self.assign(target, part);
                }
            }
            (Expr::Tuple(_) | Expr::List(_) | Expr::Starred(_), _) => {
                self.dynamic(target, UNPACKED);
            }
            // Attributes and items bind no name.
            _ => {}
        }
    }

    /// Binds every name in a target to something unknown.
    fn dynamic(&mut self, target: &'a Expr, why: &'static str) {
        match target {
            Expr::Name(name) => self.bind(name.id.as_str(), name.range, What::Dynamic(why)),
            Expr::Starred(starred) => self.dynamic(&starred.value, why),
            _ => elements(target).iter().for_each(|element| self.dynamic(element, why)),
        }
    }

    fn evaluate(&self, expression: &Expr) -> Value {
        let range = expression.range();
        let what = match expression {
            Expr::NoneLiteral(_) => What::None,
            Expr::StringLiteral(literal) => What::Text(literal.value.to_str().to_owned()),
            Expr::Tuple(_) | Expr::List(_) | Expr::Set(_) => {
                let parts = elements(expression).iter();
                What::Many(parts.map(|part| self.evaluate(part)).collect())
            }
            Expr::Name(name) => {
                return self
                    .names
                    .get(name.id.as_str())
                    .map_or(Value { range, what: What::Dynamic(COMPUTED) }, |value| {
                        value.seen_at(range)
                    });
            }
            Expr::BytesLiteral(_) => What::Other("bytes"),
            Expr::NumberLiteral(_) => What::Other("a number"),
            Expr::BooleanLiteral(_) => What::Other("a boolean"),
            Expr::EllipsisLiteral(_) => What::Other("`...`"),
            Expr::Dict(_) => What::Other("a dictionary"),
            Expr::FString(_) => What::Dynamic("it is an f-string"),
            Expr::Call(_) => What::Dynamic("it is the result of a call"),
            Expr::If(_) => What::Dynamic("it depends on a condition"),
            _ => What::Dynamic(COMPUTED),
        };
        Value { range, what }
    }
}

fn elements(expression: &Expr) -> &[Expr] {
    match expression {
        Expr::Tuple(tuple) => &tuple.elts,
        Expr::List(list) => &list.elts,
        Expr::Set(set) => &set.elts,
        _ => &[],
    }
}

/// Binds as dynamic all that a statement with blocks can bind at module level.
struct Blocks<'b, 'a> {
    bindings: &'b mut Bindings<'a>,
    why: &'static str,
}

impl<'a> StatementVisitor<'a> for Blocks<'_, 'a> {
    fn visit_stmt(&mut self, statement: &'a Stmt) {
        match statement {
            // Their bodies have names of their own.
            Stmt::FunctionDef(def) => {
                self.bindings.bind(&def.name, def.name.range(), What::Dynamic(DEFINED));
                return;
            }
            Stmt::ClassDef(def) => {
                self.bindings.bind(&def.name, def.name.range(), What::Dynamic(DEFINED));
                return;
            }
            Stmt::Import(import) => {
                for alias in &import.names {
                    let name = alias.asname.as_ref().unwrap_or(&alias.name);
                    let name = name.split('.').next().unwrap_or_default();
                    self.bindings.bind(name, alias.range, What::Dynamic(IMPORTED));
                }
            }
            Stmt::ImportFrom(import) => {
                for alias in &import.names {
                    let name = alias.asname.as_ref().unwrap_or(&alias.name);
                    self.bindings.bind(name, alias.range, What::Dynamic(IMPORTED));
                }
            }
            Stmt::Assign(assign) => {
                assign.targets.iter().for_each(|target| self.bindings.dynamic(target, self.why));
            }
            Stmt::AnnAssign(assign) if assign.value.is_some() => {
                self.bindings.dynamic(&assign.target, self.why);
            }
            Stmt::AugAssign(assign) => self.bindings.dynamic(&assign.target, self.why),
            Stmt::Delete(delete) => {
                delete.targets.iter().for_each(|target| self.bindings.dynamic(target, self.why));
            }
            Stmt::For(statement) => self.bindings.dynamic(&statement.target, self.why),
            Stmt::With(statement) => {
                for target in statement.items.iter().filter_map(|item| item.optional_vars.as_ref())
                {
                    self.bindings.dynamic(target, self.why);
                }
            }
            _ => {}
        }
        statement_visitor::walk_stmt(self, statement);
    }
}
