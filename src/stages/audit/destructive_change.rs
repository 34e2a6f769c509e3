//! `destructive-change`: tables or columns are dropped on the way up.

use ruff_python_ast::Expr;

use super::content::{Seen, Subject};
use super::rule::{Group, Rule};
use crate::format::alembic::code::{Code, sql::Kind};
use crate::history::Severity;

pub(super) const RULE: Rule = Rule {
    code: "destructive-change",
    group: Group::Content,
    severity: Severity::Info,
    fixed: false,
    summary: "tables, columns or schemas are dropped in `upgrade()`",
    why: "What stood there is gone in each database that is past it, and its downgrade brings back empty ones. For a \
          squash it means nothing: the baseline never makes what is dropped. For databases behind the baseline, a \
          catch-up runs it: `stamp --catch-up --backup DIR` takes a dump first.",
    mend: "Nothing must be done for a squash. Before databases behind the baseline run it, take a dump of them: `stamp \
           --catch-up --backup DIR`.",
};

pub(super) fn see(subject: &Subject<'_>) -> Vec<Seen> {
    let code = subject.code;
    let mut seen: Vec<Seen> = code
        .sent(Kind::Drops)
        .map(|sent| {
            Seen::new(sent.range.clone(), format!("drops what may hold data: `{}`", sent.fact.what))
        })
        .collect();
    for call in &code.calls {
        if matches!(call.last(), "drop_table" | "drop_column") {
            let position = usize::from(call.last() == "drop_column");
            let arguments = &call.node.arguments;
            let in_batch = !call.name.starts_with("alembic.op.") && call.last() == "drop_column";
            let name = arguments.find_positional(if in_batch { 0 } else { position });
            let table = arguments.find_positional(0).filter(|_| position == 1 && !in_batch);
            let written = |name: Option<&Expr>| name.and_then(Code::literal).map(str::to_owned);
            let name = match (written(table), written(name)) {
                (Some(table), Some(column)) => format!(" {table}.{column}"),
                (_, Some(name)) => format!(" {name}"),
                _ => String::new(),
            };
            let what = format!("drops what may hold data: `{}{name}`", call.last());
            seen.push(Seen::new(call.place(), what));
        }
    }
    seen
}
