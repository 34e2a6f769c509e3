//! `several-heads`: a warning, since Alembic runs such a history (`upgrade heads`) but refuses
//! `upgrade head`, and mostly nobody meant it.

use crate::history::{Finding, History, Severity};

pub(super) fn finding(history: &History) -> Option<Finding> {
    let mut heads = history.heads();
    heads.sort();
    (heads.len() > 1).then(|| Finding {
        rule: "several-heads",
        severity: Severity::Warning,
        revision: None,
        file: None,
        line: None,
        column: None,
        message: format!("the history has {} heads: {}", heads.len(), super::quoted(&heads)),
        help: "if that is not meant, join them: `alembic merge heads -m \"merge heads\"`".into(),
    })
}
