//! `dialect-branch`: the revision asks which database it is on.

use ruff_python_ast::Expr;
use ruff_text_size::Ranged;

use super::content::{Seen, Subject};
use super::rule::{Group, Rule};
use crate::format::alembic::code::bytes;
use crate::history::Severity;

pub(super) const RULE: Rule = Rule {
    code: "dialect-branch",
    group: Group::Content,
    severity: Severity::Info,
    fixed: false,
    summary: "a revision that does one thing on PostgreSQL and another one elsewhere",
    why: "The replay takes the way of PostgreSQL, and the baseline holds nothing else: databases of another kind \
          (SQLite for tests, MySQL) cannot be built from it.",
    mend: "If such databases are still built from this history, do not squash it, or keep the old revisions for them.",
};

pub(super) fn see(subject: &Subject<'_>) -> Vec<Seen> {
    let mut seen = Vec::new();
    for read in subject.code.reads() {
        let Expr::Attribute(attribute) = read else { continue };
        if !matches!(attribute.attr.as_str(), "name" | "driver" | "dialect_name") {
            continue;
        }
        let name = subject.code.dotted(read).unwrap_or_default();
        let asks = [
            "dialect.name",
            "engine.name",
            "dialect.driver",
            "engine.driver",
            "bind.name",
            "get_bind().name",
        ];
        if asks.iter().any(|asked| name.ends_with(asked))
            || attribute.attr.as_str() == "dialect_name"
        {
            seen.push(Seen::new(bytes(read.range()), "asks for the kind of database"));
        }
    }
    seen
}
