//! `empty-downgrade`: there is no way back. One that raises says so on purpose, and is none of this.

use ruff_python_ast::{Stmt, StmtFunctionDef};
use ruff_text_size::Ranged;

use super::content::{Seen, Subject};
use super::rule::{Group, Rule};
use crate::format::alembic::code::bytes;
use crate::history::Severity;

pub(super) const RULE: Rule = Rule {
    code: "empty-downgrade",
    group: Group::Content,
    severity: Severity::Info,
    fixed: false,
    summary: "`downgrade()` is missing or empty, though `upgrade()` does something",
    why: "`alembic downgrade` takes the revision out of the version table and leaves everything as it is: the next \
          upgrade fails at what is there already. After a squash nobody goes back into the old revisions.",
    mend: "Nothing must be done for a squash. Otherwise write the way back, or raise an error that says that there \
           is none.",
};

pub(super) fn see(subject: &Subject<'_>) -> Vec<Seen> {
    let code = subject.code;
    let Some(upgrade) = code.function("upgrade").filter(|def| !is_empty(def)) else {
        return Vec::new();
    };
    match code.function("downgrade") {
        Some(downgrade) if is_empty(downgrade) => {
            vec![Seen::new(bytes(downgrade.name.range()), "has an empty `downgrade()`")]
        }
        None if !code.binds("downgrade") => {
            vec![Seen::new(bytes(upgrade.name.range()), "has no `downgrade()`")]
        }
        _ => Vec::new(),
    }
}

fn is_empty(def: &StmtFunctionDef) -> bool {
    def.body.iter().all(|statement| match statement {
        Stmt::Pass(_) => true,
        Stmt::Expr(statement) => {
            statement.value.is_string_literal_expr() || statement.value.is_ellipsis_literal_expr()
        }
        Stmt::Return(statement) => statement.value.is_none(),
        _ => false,
    })
}
