//! `autocommit-block`: the revision leaves the transaction that it is run in.

use ruff_text_size::Ranged;

use super::content::{Seen, Subject};
use super::rule::{Group, Rule};
use crate::format::alembic::code::{Code, bytes, sql::Kind};
use crate::history::Severity;

pub(super) const RULE: Rule = Rule {
    code: "autocommit-block",
    group: Group::Content,
    severity: Severity::Info,
    fixed: false,
    summary: "`autocommit_block()`, isolation level AUTOCOMMIT, or a `COMMIT` by hand",
    why: "What was done before is committed: a failure later in the revision, or in one of the same upgrade, leaves the \
          database half-way. The replay runs it as it is; the baseline needs none and is one transaction.",
    mend: "Nothing must be done for a squash. `COMMIT` by hand leaves SQLAlchemy in the belief that it is in a transaction: \
           `with op.get_context().autocommit_block():` says the same in Alembic's way.",
};

pub(super) fn see(subject: &Subject<'_>) -> Vec<Seen> {
    let what = "leaves its transaction";
    let mut seen: Vec<Seen> = subject
        .code
        .sent(Kind::Commits)
        .map(|sent| Seen::new(sent.range.clone(), format!("{what}: `{}`", sent.fact.what)))
        .collect();
    for call in &subject.code.calls {
        if call.last() == "autocommit_block" {
            seen.push(Seen::new(call.place(), format!("{what}: `autocommit_block()`")));
        }
        if let Some(keyword) = call.node.arguments.find_keyword("isolation_level")
            && Code::literal(&keyword.value)
                .is_some_and(|level| level.eq_ignore_ascii_case("AUTOCOMMIT"))
        {
            seen.push(Seen::new(bytes(keyword.range()), format!("{what}: AUTOCOMMIT")));
        }
    }
    seen
}
