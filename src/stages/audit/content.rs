//! The rules on what a revision does. Each is a file of its own and tells every place that it sees; here they become one
//! finding for each file and rule, at the first of these places.

use std::ops::Range;

use super::imports_application::Packages;
use super::rule::Rule;
use super::{
    autocommit_block, concurrently, create_all, data_change, destructive_change, dialect_branch,
    empty_downgrade, imports_application, reads_environment, reads_files, uses_network,
    volatile_value,
};
use crate::format::alembic::code::Code;
use crate::format::alembic::python::RevisionSource;

/// A place that a rule sees.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Seen {
    /// In bytes.
    pub(super) range: Range<usize>,
    /// What is so, in a sentence without its subject: "changes rows: `INSERT INTO room`".
    pub(super) what: String,
}

impl Seen {
    pub(super) fn new(range: Range<usize>, what: impl Into<String>) -> Self {
        Self { range, what: what.into() }
    }
}

/// What a rule looks at.
pub(super) struct Subject<'a> {
    pub(super) code: &'a Code<'a>,
    pub(super) source: &'a RevisionSource,
    pub(super) packages: &'a Packages,
}

type See = fn(&Subject<'_>) -> Vec<Seen>;

const RULES: [(&Rule, See); 12] = [
    (&imports_application::RULE, imports_application::see),
    (&create_all::RULE, create_all::see),
    (&reads_environment::RULE, reads_environment::see),
    (&uses_network::RULE, uses_network::see),
    (&reads_files::RULE, reads_files::see),
    (&volatile_value::RULE, volatile_value::see),
    (&data_change::RULE, data_change::see),
    (&destructive_change::RULE, destructive_change::see),
    (&dialect_branch::RULE, dialect_branch::see),
    (&concurrently::RULE, concurrently::see),
    (&autocommit_block::RULE, autocommit_block::see),
    (&empty_downgrade::RULE, empty_downgrade::see),
];

/// What all rules see in a file, in the order of the text.
pub(super) fn look(subject: &Subject<'_>) -> Vec<(&'static Rule, Vec<Seen>)> {
    let seen = RULES.iter().map(|(rule, see)| {
        let mut seen = see(subject);
        seen.sort_by_key(|seen| seen.range.start);
        seen.dedup_by_key(|seen| seen.range.start);
        (*rule, seen)
    });
    seen.filter(|(_, seen)| !seen.is_empty()).collect()
}

/// The message about these places.
pub(super) fn message(seen: &[Seen]) -> String {
    match seen {
        [] => String::new(),
        [only] => format!("the revision {}", only.what),
        [first, second]
            if first.what != second.what && first.what.len() + second.what.len() < 60 =>
        {
            format!("the revision {}, and {}", first.what, second.what)
        }
        [first, more @ ..] => {
            let more = more.len();
            let places = if more == 1 { "place" } else { "places" };
            format!("the revision {} (and {more} more {places})", first.what)
        }
    }
}
