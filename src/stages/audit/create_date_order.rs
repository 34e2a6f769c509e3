//! `create-date-order`: a revision that says that it is older than its parent.

use std::collections::HashMap;

use chrono::{NaiveDateTime, TimeDelta};

use super::Known;
use super::rule::{Group, Rule};
use crate::history::{Finding, History, Revision, Severity, created};

pub(super) const RULE: Rule = Rule {
    code: "create-date-order",
    group: Group::Structure,
    severity: Severity::Info,
    fixed: false,
    summary: "a `Create Date` that is older than the parent's",
    why: "A branch was rebased, or a date was written by hand. Nothing fails. But `squash --before DATE` cuts by these \
          dates, and whoever reads them takes the order for another.",
    mend: "Nothing must be done. To make the dates tell the order, write a later `Create Date` into the docstring.",
};

/// Dates with a zone and dates without one may be this far apart at the same moment.
const ZONES: TimeDelta = TimeDelta::hours(15);

pub(super) fn findings(history: &History, known: &Known) -> Vec<Finding> {
    let mut findings = Vec::new();
    // Each is read once, parents first.
    let mut dates = HashMap::with_capacity(history.len());
    for revision in history.iter() {
        let Some((own, zoned)) = date(revision) else { continue };
        dates.insert(&revision.id, (own, zoned));
        let parents = revision.parents.iter().filter_map(|parent| history.get(parent));
        let newer = parents.filter_map(|parent| Some((parent, *dates.get(&parent.id)?))).find(
            |(_, (time, parent_zoned))| {
                let slack = if zoned == *parent_zoned { TimeDelta::zero() } else { ZONES };
                *time > own + slack
            },
        );
        let Some((parent, _)) = newer else { continue };
        let (id, parent_id) = (&revision.id, &parent.id);
        let place = known.source(id).and_then(|source| source.created_place.clone());
        let written = |revision: &Revision| revision.created.clone().unwrap_or_default();
        findings.push(known.finding(&RULE, id, place).says(
            format!(
                "revision `{id}` was created at {}, before its parent `{parent_id}` ({})",
                written(revision),
                written(parent)
            ),
            "nothing must be done; `squash --before DATE` cuts by these dates",
        ));
    }
    findings
}

/// The date, and whether it tells its zone.
fn date(revision: &Revision) -> Option<(NaiveDateTime, bool)> {
    let written = revision.created.as_deref()?.trim();
    let time = created::parse(written)?;
    let clock = written.get(10..).unwrap_or_default();
    Some((time, clock.contains(['+', '-', 'Z'])))
}
