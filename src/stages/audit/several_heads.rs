//! `several-heads`: a warning, since Alembic runs such a history (`upgrade heads`) but refuses
//! `upgrade head`, and mostly nobody meant it.

use super::rule::{Group, Rule};
use crate::history::{Finding, History, Severity};

pub(super) const RULE: Rule = Rule {
    code: "several-heads",
    group: Group::Structure,
    severity: Severity::Warning,
    fixed: false,
    summary: "more than one revision that nothing comes after",
    why: "Alembic runs such a history by `upgrade heads`, and refuses `upgrade head`. Mostly two branches were \
          merged in git and nobody noticed that their revisions have the same parent. A squash makes one \
          baseline of all heads, or one for each branch with `--per-branch`.",
    mend: "Join them: `alembic merge heads -m \"merge heads\"`. If the branches are meant, switch the rule off. \
           `audit --single-head` makes it an error.",
};

pub(super) fn finding(history: &History) -> Option<Finding> {
    let mut heads = history.heads();
    heads.sort();
    (heads.len() > 1).then(|| {
        RULE.finding().says(
            format!("the history has {} heads: {}", heads.len(), super::quoted(&heads)),
            "if that is not meant, join them: `alembic merge heads -m \"merge heads\"`",
        )
    })
}
