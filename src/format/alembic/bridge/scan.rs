//! What matters in an `env.py`: how it names Alembic's context, where it runs migrations, and where the
//! bridge stands in it. Places are bytes of the source.

use std::ops::Range;

use ruff_python_ast::name::UnqualifiedName;
use ruff_python_ast::visitor::{self, Visitor};
use ruff_python_ast::{Expr, ExprCall, ModModule, Stmt};
use ruff_text_size::Ranged;

use super::{FILE, MODULE};

/// A call that runs migrations, plain or through the bridge.
#[derive(Debug)]
pub(super) struct Call {
    /// How Alembic's context is named in it.
    pub(super) receiver: String,
    /// From its beginning to its first argument, the context not counted.
    pub(super) head: Range<usize>,
    pub(super) has_arguments: bool,
    /// Whether its function configures Alembic without a connection: then it can only write SQL.
    pub(super) offline: bool,
}

/// All of it.
#[derive(Debug, Default)]
pub(super) struct Scan {
    /// How Alembic's context is named, and the end of the imports that name it.
    pub(super) context: Option<(String, usize)>,
    pub(super) calls: Vec<Call>,
    pub(super) bridged: Vec<Call>,
    /// `run_migrations` in any other form.
    pub(super) strange: Vec<usize>,
    /// The statement that loads the bridge.
    pub(super) loader: Option<Range<usize>>,
    /// `from alembic.util import load_python_file`
    pub(super) import: Option<Range<usize>>,
    /// How often `load_python_file` is used.
    pub(super) loads: usize,
    /// Where the bridge's name stands.
    pub(super) names: Vec<usize>,
    /// Statements at the top level.
    pub(super) statements: usize,
}

impl Scan {
    pub(super) fn of(module: &ModModule, text: &str) -> Self {
        let mut scan = Self { statements: module.body.len(), ..Self::default() };
        let mut receivers = Vec::new();
        for (number, statement) in module.body.iter().enumerate() {
            for receiver in receivers_of(statement) {
                if receivers.is_empty() {
                    let block = module.body[number..].iter().take_while(|s| is_import(s));
                    let end = block.last().map_or(0, |last| last.end().into());
                    scan.context = Some((receiver.clone(), end));
                }
                receivers.push(receiver);
            }
            if imports_loader(statement) {
                scan.import = Some(statement.range().into());
            }
        }
        let mut reader =
            Reader { text, receivers: &receivers, scopes: vec![Scope::default()], scan };
        reader.visit_body(&module.body);
        reader.close();
        reader.scan
    }
}

fn is_import(statement: &Stmt) -> bool {
    matches!(statement, Stmt::Import(_) | Stmt::ImportFrom(_))
}

/// The names under which an import makes Alembic's context known.
fn receivers_of(statement: &Stmt) -> Vec<String> {
    let mut receivers = Vec::new();
    match statement {
        Stmt::ImportFrom(import) if import.module.as_deref() == Some("alembic") => {
            for alias in import.names.iter().filter(|alias| alias.name.as_str() == "context") {
                receivers.push(alias.asname.as_ref().unwrap_or(&alias.name).to_string());
            }
        }
        Stmt::Import(import) => {
            for alias in &import.names {
                match (alias.name.as_str(), &alias.asname) {
                    ("alembic.context", Some(name)) => receivers.push(name.to_string()),
                    ("alembic.context" | "alembic", None) => {
                        receivers.push("alembic.context".to_owned());
                    }
                    ("alembic", Some(name)) => receivers.push(format!("{name}.context")),
                    _ => {}
                }
            }
        }
        _ => {}
    }
    receivers
}

fn imports_loader(statement: &Stmt) -> bool {
    let Stmt::ImportFrom(import) = statement else { return false };
    import.module.as_deref() == Some("alembic.util")
        && matches!(import.names.as_slice(), [only]
            if only.name.as_str() == "load_python_file" && only.asname.is_none())
}

/// A function, or the module outside of all functions.
#[derive(Debug, Default)]
struct Scope {
    calls: Vec<Call>,
    /// For each `configure`: whether it has no connection.
    without: Vec<bool>,
}

struct Reader<'t> {
    text: &'t str,
    receivers: &'t [String],
    scopes: Vec<Scope>,
    scan: Scan,
}

impl Reader<'_> {
    /// Ends a scope: now it is known what its calls run on.
    fn close(&mut self) {
        let Some(scope) = self.scopes.pop() else { return };
        let offline = !scope.without.is_empty() && scope.without.iter().all(|without| *without);
        self.scan.calls.extend(scope.calls.into_iter().map(|call| Call { offline, ..call }));
    }

    /// Takes a call that concerns us; says whether it was one whose function is known now.
    fn take(&mut self, call: &ExprCall) -> bool {
        let Some(name) = dotted(&call.func) else { return false };
        let start: usize = call.range_start.into();
        let open = usize::from(call.arguments.range.start()) + 1;
        let Some((receiver, method)) = name.rsplit_once('.') else {
            self.scan.loads += usize::from(name == "load_python_file");
            return false;
        };
        let known = self.receivers.iter().any(|known| known == receiver);
        match method {
            "configure" if known => {
                let named = |wanted: &str| {
                    let names = call.arguments.keywords.iter().map(|k| k.arg.as_deref());
                    names.clone().any(|name| name == Some(wanted))
                };
                let by_name = named("url") || named("dialect_name");
                if let Some(scope) = self.scopes.last_mut() {
                    scope.without.push(by_name && !named("connection"));
                }
                false
            }
            "run_migrations" if receiver == MODULE => {
                let Some(context) = call.arguments.args.first() else { return false };
                let Some(receiver) = dotted(context) else { return false };
                let end = usize::from(context.end());
                let rest = &self.text[end..];
                let comma =
                    if rest.starts_with(", ") { 2 } else { usize::from(rest.starts_with(',')) };
                self.scan.names.push(start);
                self.scan.bridged.push(Call {
                    receiver,
                    head: start..end + comma,
                    has_arguments: !call.arguments.keywords.is_empty(),
                    offline: false,
                });
                true
            }
            "run_migrations" => {
                let plain = self.text.get(start..open)
                    == Some(format!("{receiver}.run_migrations(").as_str());
                if !known || !plain || !call.arguments.args.is_empty() {
                    return false;
                }
                let taken = Call {
                    receiver: receiver.to_owned(),
                    head: start..open,
                    has_arguments: !call.arguments.keywords.is_empty(),
                    offline: false,
                };
                if let Some(scope) = self.scopes.last_mut() {
                    scope.calls.push(taken);
                }
                true
            }
            _ => false,
        }
    }
}

impl<'a> Visitor<'a> for Reader<'_> {
    fn visit_stmt(&mut self, statement: &'a Stmt) {
        if let Stmt::Assign(assign) = statement
            && let [Expr::Name(target)] = assign.targets.as_slice()
            && target.id.as_str() == MODULE
            && let Expr::Call(call) = &*assign.value
            && dotted(&call.func).as_deref() == Some("load_python_file")
            && matches!(call.arguments.args.last(), Some(Expr::StringLiteral(file))
                if file.value.to_str() == FILE)
        {
            self.scan.loader = Some(assign.range.into());
        }
        let is_function = statement.is_function_def_stmt();
        if is_function {
            self.scopes.push(Scope::default());
        }
        visitor::walk_stmt(self, statement);
        if is_function {
            self.close();
        }
    }

    fn visit_expr(&mut self, expression: &'a Expr) {
        match expression {
            Expr::Call(call) if self.take(call) => {
                // Its function is known; its arguments may hold others.
                self.visit_arguments(&call.arguments);
                return;
            }
            Expr::Attribute(attribute) if attribute.attr.as_str() == "run_migrations" => {
                self.scan.strange.push(attribute.start().into());
            }
            Expr::Name(name) if name.id.as_str() == MODULE => {
                self.scan.names.push(name.start().into());
            }
            _ => {}
        }
        visitor::walk_expr(self, expression);
    }
}

/// `a.b.c` as text, if it is nothing but names.
fn dotted(expression: &Expr) -> Option<String> {
    let name = UnqualifiedName::from_expr(expression)?;
    Some(name.segments().join("."))
}
