//! `concurrently`: statements that cannot run in a transaction.

use ruff_python_ast::Expr;
use ruff_text_size::Ranged;

use super::content::{Seen, Subject};
use super::rule::{Group, Rule};
use crate::format::alembic::code::{bytes, sql::Kind};
use crate::history::Severity;

pub(super) const RULE: Rule = Rule {
    code: "concurrently",
    group: Group::Content,
    severity: Severity::Info,
    fixed: false,
    summary: "`CONCURRENTLY`, or `postgresql_concurrently=True`",
    why: "It cannot run in a transaction, so what was done before is committed first: if it fails, the database stands \
          between two revisions, and an index may be left INVALID. On an empty database it gains nothing: the baseline \
          makes plain indexes.",
    mend: "Nothing must be done: for databases behind the baseline it runs as it is written.",
};

pub(super) fn see(subject: &Subject<'_>) -> Vec<Seen> {
    let sent = subject.code.sent(Kind::Concurrently);
    let mut seen: Vec<Seen> = sent
        .map(|sent| {
            Seen::new(
                sent.range.clone(),
                format!("cannot run in a transaction: `{}`", sent.fact.what),
            )
        })
        .collect();
    for call in &subject.code.calls {
        let Some(keyword) = call.node.arguments.find_keyword("postgresql_concurrently") else {
            continue;
        };
        if matches!(&keyword.value, Expr::BooleanLiteral(literal) if literal.value) {
            let what = "cannot run in a transaction: `postgresql_concurrently=True`";
            seen.push(Seen::new(bytes(keyword.range()), what));
        }
    }
    seen
}
