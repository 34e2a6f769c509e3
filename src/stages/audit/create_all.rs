//! `create-all`: tables are made from metadata that comes from elsewhere. Metadata of the revision's own are as good as
//! `op.create_table`.

use super::content::{Seen, Subject};
use super::rule::{Group, Rule};
use crate::history::Severity;

pub(super) const RULE: Rule = Rule {
    code: "create-all",
    group: Group::Content,
    severity: Severity::Warning,
    fixed: false,
    summary: "`metadata.create_all()` of models that are not in the file",
    why: "It makes today's tables at yesterday's place in the history: later revisions then add columns that are \
          there already, or that later ones remove. A history that begins so mostly no longer replays from empty. \
          Where it does, a squash mends it for good: the baseline holds what was made.",
    mend: "Write the tables of that time as `op.create_table`, or squash it away while it still runs.",
};

pub(super) fn see(subject: &Subject<'_>) -> Vec<Seen> {
    let calls = subject.code.calls.iter();
    let made = calls.filter(|call| matches!(call.last(), "create_all" | "drop_all"));
    made.filter(|call| {
        // `MetaData()` or `declarative_base()` of this file.
        let own = ["MetaData()", "declarative_base()", "registry()", "DeclarativeBase"];
        let here = |name: &str| own.iter().any(|own| name.contains(own));
        let root = call.name.split(['.', '(']).next().unwrap_or_default();
        let class =
            subject.code.body().iter().filter_map(|statement| statement.as_class_def_stmt());
        !here(&call.name) && !class.into_iter().any(|class| class.name.as_str() == root)
    })
    .map(|call| {
        Seen::new(call.place(), format!("calls `{}` on models from elsewhere", call.last()))
    })
    .collect()
}
