//! What the names of a file stand for: imports, and what is plainly assigned to them.
//!
//! One table for the whole file. A name that two functions use for different things has both values; for what a call
//! is named, the first that leads anywhere is taken.

use std::collections::HashMap;

use ruff_python_ast::statement_visitor::{self, StatementVisitor};
use ruff_python_ast::{Expr, ExprCall, Stmt, StmtFunctionDef};

/// How far names are followed: `x = x.begin()` never ends.
const DEPTH: u32 = 6;

#[derive(Debug, Default)]
pub(super) struct Names<'a> {
    /// A name to the dotted path that it was imported as.
    imports: HashMap<&'a str, String>,
    /// A name to the expressions that it was bound to.
    values: HashMap<&'a str, Vec<&'a Expr>>,
    /// A name of a loop to what the loop runs over.
    elements: HashMap<&'a str, Vec<&'a Expr>>,
    /// The file's functions, at whatever level.
    functions: HashMap<&'a str, &'a StmtFunctionDef>,
}

impl<'a> Names<'a> {
    pub(super) fn of(body: &'a [Stmt]) -> Self {
        let mut names = Self::default();
        names.visit_body(body);
        names
    }

    /// What functions of the file are called with are values of their parameters.
    pub(super) fn pass_arguments(&mut self, calls: impl Iterator<Item = &'a ExprCall>) {
        for call in calls {
            let Expr::Name(name) = &*call.func else { continue };
            let Some(def) = self.functions.get(name.id.as_str()) else { continue };
            let parameters = def.parameters.posonlyargs.iter().chain(&def.parameters.args);
            for (parameter, argument) in parameters.zip(&call.arguments.args) {
                self.values.entry(&parameter.parameter.name).or_default().push(argument);
            }
            for keyword in &call.arguments.keywords {
                if let Some(name) = &keyword.arg {
                    self.values.entry(name).or_default().push(&keyword.value);
                }
            }
        }
    }

    pub(super) fn binds(&self, name: &str) -> bool {
        self.imports.contains_key(name) || self.values.contains_key(name)
    }

    pub(super) fn values(&self, name: &str) -> &[&'a Expr] {
        self.values.get(name).map_or(&[], Vec::as_slice)
    }

    pub(super) fn elements(&self, name: &str) -> &[&'a Expr] {
        self.elements.get(name).map_or(&[], Vec::as_slice)
    }

    /// `op.get_bind().dialect` as `alembic.op.get_bind().dialect`. What is no chain of names has a `?`.
    pub(super) fn dotted(&self, expression: &Expr) -> Option<String> {
        let mut path = String::new();
        self.write(expression, DEPTH, &mut path).then_some(path)
    }

    fn write(&self, expression: &Expr, depth: u32, path: &mut String) -> bool {
        match expression {
            Expr::Name(name) => {
                let name = name.id.as_str();
                if let Some(import) = self.imports.get(name) {
                    path.push_str(import);
                    return true;
                }
                let begin = path.len();
                for value in self.values(name).iter().filter(|_| depth > 0) {
                    if self.write(value, depth - 1, path) {
                        return true;
                    }
                    path.truncate(begin);
                }
                path.push_str(name);
                true
            }
            Expr::Attribute(attribute) => {
                if !self.write(&attribute.value, depth, path) {
                    path.push('?');
                }
                path.push('.');
                path.push_str(&attribute.attr);
                true
            }
            Expr::Call(call) => {
                let named = self.write(&call.func, depth, path);
                path.push_str("()");
                named
            }
            Expr::Await(awaited) => self.write(&awaited.value, depth, path),
            Expr::Subscript(subscript) => {
                let named = self.write(&subscript.value, depth, path);
                path.push_str("[]");
                named
            }
            _ => false,
        }
    }
}

impl<'a> StatementVisitor<'a> for Names<'a> {
    fn visit_stmt(&mut self, statement: &'a Stmt) {
        match statement {
            Stmt::Import(import) => {
                for alias in &import.names {
                    if let Some(name) = &alias.asname {
                        self.imports.insert(name, alias.name.to_string());
                    } else {
                        let root = alias.name.split('.').next().unwrap_or_default();
                        self.imports.insert(root, root.to_owned());
                    }
                }
            }
            Stmt::ImportFrom(import) => {
                let module = import.module.as_deref().unwrap_or_default();
                let dots = ".".repeat(import.level as usize);
                for alias in &import.names {
                    let name = alias.asname.as_ref().unwrap_or(&alias.name);
                    self.imports.insert(name, format!("{dots}{module}.{}", alias.name));
                }
            }
            Stmt::FunctionDef(def) => {
                self.functions.insert(&def.name, def);
            }
            Stmt::Assign(assign) => {
                for target in &assign.targets {
                    if let Expr::Name(name) = target {
                        self.values.entry(name.id.as_str()).or_default().push(&assign.value);
                    }
                }
            }
            Stmt::AnnAssign(assign) => {
                if let (Expr::Name(name), Some(value)) = (&*assign.target, &assign.value) {
                    self.values.entry(name.id.as_str()).or_default().push(value);
                }
            }
            Stmt::For(statement) => {
                if let Expr::Name(name) = &*statement.target {
                    self.elements.entry(name.id.as_str()).or_default().push(&statement.iter);
                }
            }
            Stmt::With(with) => {
                for item in &with.items {
                    if let Some(Expr::Name(name)) = item.optional_vars.as_deref() {
                        self.values.entry(name.id.as_str()).or_default().push(&item.context_expr);
                    }
                }
            }
            _ => {}
        }
        statement_visitor::walk_stmt(self, statement);
    }
}
