//! `long-revision-id`: an id that does not fit the version table as Alembic makes it, `VARCHAR(32)`.

use super::Known;
use super::rule::{Group, Rule};
use crate::history::{Finding, Severity};

/// The width of `version_num`.
const WIDTH: usize = 32;

pub(super) const RULE: Rule = Rule {
    code: "long-revision-id",
    group: Group::Structure,
    severity: Severity::Warning,
    fixed: false,
    summary: "an id of more than 32 characters",
    why: "Alembic makes the version table's column as `VARCHAR(32)`: the upgrade to this revision fails with \
          \"value too long\", unless `env.py` or a revision widens the column.",
    mend: "Give the revision a shorter id, in its file and in the `down_revision` of its children. If the column is \
           wider in this project, switch the rule off.",
};

pub(super) fn findings(known: &Known) -> Vec<Finding> {
    let long = known.declared.iter().filter(|(id, _)| id.len() > WIDTH);
    let finding = long.map(|(id, (_, source))| {
        let place = source.id_place.as_ref().map(|place| place.range.clone());
        known.finding(&RULE, id, place).says(
            format!("the revision id has {} characters, and the version table holds {WIDTH}", id.len()),
            "give the revision a shorter id, here and in the `down_revision` of its children; if `env.py` widens \
             the column, switch the rule off",
        )
    });
    finding.collect()
}
