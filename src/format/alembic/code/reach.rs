//! Which parts of a file run: the module's own statements, and what `upgrade()` names, further and further.

use std::collections::{HashMap, HashSet};

use ruff_python_ast::visitor::{self, Visitor};
use ruff_python_ast::{Decorator, Expr, ExprCall, ExprContext, Stmt, StmtFunctionDef};
use ruff_text_size::Ranged;

use super::{Import, bytes};

/// A function of the module, or a class with its methods.
#[derive(Debug, Default)]
pub(super) struct Function<'a> {
    /// None for a class.
    pub(super) def: Option<&'a StmtFunctionDef>,
    bodies: Vec<&'a [Stmt]>,
}

#[derive(Debug, Default)]
pub(super) struct Reach<'a> {
    pub(super) functions: HashMap<&'a str, Function<'a>>,
    /// Calls, and whether each stands in a lambda or in what is only told.
    pub(super) calls: Vec<(&'a ExprCall, bool)>,
    pub(super) reads: Vec<&'a Expr>,
    pub(super) imports: Vec<Import>,
    todo: Vec<&'a str>,
    seen: HashSet<&'a str>,
    aside: u32,
    /// Inside of a function: one that is defined here is taken to be called.
    inside: bool,
}

impl<'a> Reach<'a> {
    pub(super) fn of(body: &'a [Stmt]) -> Self {
        let mut reach = Self::default();
        for statement in body {
            reach.define(statement);
        }
        for statement in body {
            reach.visit_stmt(statement);
        }
        reach.inside = true;
        // What the module itself calls runs as well; what it only names waits for `upgrade`.
        reach.name("upgrade");
        while let Some(name) = reach.todo.pop() {
            let bodies = reach.functions.get(name).map(|found| found.bodies.clone());
            for body in bodies.into_iter().flatten() {
                reach.visit_body(body);
            }
        }
        reach
    }

    fn define(&mut self, statement: &'a Stmt) {
        match statement {
            Stmt::FunctionDef(def) => {
                let function = Function { def: Some(def), bodies: vec![&def.body] };
                self.functions.insert(&def.name, function);
            }
            Stmt::ClassDef(def) => {
                let methods = def.body.iter().filter_map(Stmt::as_function_def_stmt);
                let bodies = methods.map(|method| method.body.as_slice()).collect();
                self.functions.insert(&def.name, Function { def: None, bodies });
            }
            // A function may depend on what could be imported.
            Stmt::If(statement) => {
                statement.body.iter().for_each(|statement| self.define(statement));
                let clauses = statement.elif_else_clauses.iter();
                clauses
                    .flat_map(|clause| &clause.body)
                    .for_each(|statement| self.define(statement));
            }
            Stmt::Try(statement) => {
                statement.body.iter().for_each(|statement| self.define(statement));
            }
            _ => {}
        }
    }

    fn name(&mut self, name: &str) {
        if let Some((name, _)) = self.functions.get_key_value(name)
            && self.seen.insert(name)
        {
            self.todo.push(name);
        }
    }
}

impl<'a> Visitor<'a> for Reach<'a> {
    fn visit_stmt(&mut self, statement: &'a Stmt) {
        match statement {
            Stmt::FunctionDef(def) => {
                def.decorator_list.iter().for_each(|decorator| self.visit_decorator(decorator));
                if self.inside {
                    self.visit_body(&def.body);
                }
            }
            Stmt::ClassDef(def) => {
                for base in def.arguments.iter().flat_map(|arguments| &arguments.args) {
                    self.visit_expr(base);
                }
                for statement in &def.body {
                    if !statement.is_function_def_stmt() || self.inside {
                        self.visit_stmt(statement);
                    }
                }
            }
            // A text that stands by itself does nothing.
            Stmt::Expr(statement) if statement.value.is_string_literal_expr() => {}
            Stmt::Import(import) => {
                self.imports.extend(import.names.iter().map(|alias| Import {
                    module: alias.name.to_string(),
                    names: Vec::new(),
                    range: bytes(alias.name.range()),
                }));
            }
            Stmt::ImportFrom(import) => {
                let dots = ".".repeat(import.level as usize);
                let module = import.module.as_deref().unwrap_or_default();
                let place = import.module.as_ref().map_or(import.range, Ranged::range);
                self.imports.push(Import {
                    module: format!("{dots}{module}"),
                    names: import.names.iter().map(|alias| alias.name.to_string()).collect(),
                    range: bytes(place),
                });
            }
            // Only for type checkers.
            Stmt::If(guard) if is_type_checking(&guard.test) => {
                guard.elif_else_clauses.iter().for_each(|clause| self.visit_body(&clause.body));
            }
            _ => visitor::walk_stmt(self, statement),
        }
    }

    fn visit_annotation(&mut self, _: &'a Expr) {}

    fn visit_decorator(&mut self, decorator: &'a Decorator) {
        self.visit_expr(&decorator.expression);
    }

    fn visit_expr(&mut self, expression: &'a Expr) {
        match expression {
            Expr::Name(name) if name.ctx == ExprContext::Load => {
                if self.inside {
                    self.name(name.id.as_str());
                }
                self.reads.push(expression);
            }
            Expr::Attribute(_) => self.reads.push(expression),
            Expr::Call(call) => {
                if let (Expr::Name(name), false) = (&*call.func, self.inside) {
                    self.name(name.id.as_str());
                }
                // `globals()["upgrade_" + name]()`: the template for several databases.
                if matches!(&*call.func, Expr::Name(name) if name.id == "globals") {
                    let all: Vec<&str> = self.functions.keys().copied().collect();
                    for name in all.into_iter().filter(|name| name.starts_with("upgrade")) {
                        self.name(name);
                    }
                }
                self.calls.push((call, self.aside > 0));
                if only_tells(&call.func) {
                    self.aside += 1;
                    visitor::walk_expr(self, expression);
                    self.aside -= 1;
                    return;
                }
            }
            Expr::Lambda(_) => {
                self.aside += 1;
                visitor::walk_expr(self, expression);
                self.aside -= 1;
                return;
            }
            _ => {}
        }
        visitor::walk_expr(self, expression);
    }
}

/// `print` and the methods of a logger.
fn only_tells(function: &Expr) -> bool {
    match function {
        Expr::Name(name) => name.id == "print",
        Expr::Attribute(method) => {
            matches!(method.attr.as_str(), "debug" | "info" | "warning" | "error" | "exception")
        }
        _ => false,
    }
}

fn is_type_checking(test: &Expr) -> bool {
    match test {
        Expr::Name(name) => name.id == "TYPE_CHECKING",
        Expr::Attribute(attribute) => &attribute.attr == "TYPE_CHECKING",
        _ => false,
    }
}
