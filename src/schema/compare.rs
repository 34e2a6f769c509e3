//! Compares two dumps object by object, and tells what differs by object and property.
//!
//! Pure: entries in, differences out. Rows are compared as a multiset per table, all else by the text
//! of the statements: that decides. How it is told comes after, from the parsed statements; each kind of
//! statement has its family below. Whether a difference matters is the caller's decision.

mod change;
mod excerpt;
mod explain;
mod facts;
mod family;
mod inline;
mod rows;
pub(super) mod tree;

use std::collections::BTreeMap;

use arcstr::Substr;
use similar::TextDiff;

use crate::schema::{Entry, Object, Statements};
pub use change::{Change, Context, Piece, Side, Told, What};
pub use explain::changes;
pub use family::{made_entries, member_entries};

/// How one object differs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// What was compared with what.
    pub context: Context,
    /// Where the same was found again.
    pub also: Vec<Context>,
    /// The object.
    pub object: Object,
    /// Its statements on the expected side; `None` if it is not there.
    pub expected: Option<Statements>,
    /// Its statements on the other side; `None` if it is not there.
    pub actual: Option<Statements>,
    /// The columns by which rows can be told apart; of a table's rows only.
    pub key: Vec<String>,
}

impl Difference {
    /// The same, where the key was not among the entries that were compared, and is among these.
    #[must_use]
    pub fn with_key_of(self, entries: &[Entry]) -> Self {
        let key = if self.key.is_empty() { key(entries, &self.object) } else { self.key };
        Self { key, ..self }
    }

    /// A unified diff of the two sides, under the names of both.
    pub fn unified(&self) -> String {
        let text = |side: &Option<Statements>| match side {
            Some(statements) => statements.iter().fold(String::new(), |all, s| all + s + ";\n"),
            None => String::new(),
        };
        let (expected, actual) = (text(&self.expected), text(&self.actual));
        let (left, right) = self.context.sides();
        let mut right = right.to_owned();
        for context in &self.also {
            right = format!("{right}, also {}", context.name());
        }
        let name = self.object.plain();
        TextDiff::from_lines(expected.as_str(), actual.as_str())
            .unified_diff()
            .header(&format!("{left}: {name}"), &format!("{right}: {name}"))
            .to_string()
    }
}

/// The differences between two dumps, in the order of the expected one.
pub fn differences(context: Context, expected: &[Entry], actual: &[Entry]) -> Vec<Difference> {
    let mut other = grouped(actual);
    let mut wanted = grouped(expected);
    let mut differences = Vec::new();
    let key = |object: &Object| key(expected, object);
    for entry in expected {
        // Taken out at its first entry: an object is told once.
        let Some(wanted) = wanted.remove(&entry.object) else { continue };
        let found = other.remove(&entry.object);
        let equal = found.as_ref().is_some_and(|found| same(&entry.object, &wanted, found));
        if !equal {
            differences.push(Difference {
                context,
                also: Vec::new(),
                key: key(&entry.object),
                object: entry.object.clone(),
                expected: Some(wanted),
                actual: found,
            });
        }
    }
    differences.extend(other.into_iter().map(|(object, found)| Difference {
        context,
        also: Vec::new(),
        key: Vec::new(),
        object: object.clone(),
        expected: None,
        actual: Some(found),
    }));
    differences
}

/// By what the rows of a table are told apart, where these entries tell it.
fn key(entries: &[Entry], object: &Object) -> Vec<String> {
    match object.kind.as_str() {
        "TABLE DATA" => rows::key(entries, object),
        _ => Vec::new(),
    }
}

/// What differs in the same way in a second comparison (online and offline, at the cut and still at the
/// heads) is one difference, which knows of both.
pub fn folded(differences: Vec<Difference>) -> Vec<Difference> {
    let (later, mut folded): (Vec<_>, Vec<_>) =
        differences.into_iter().partition(|difference| difference.context.repeats().is_some());
    let mut seen: BTreeMap<(Context, Object), usize> = BTreeMap::new();
    for (number, difference) in folded.iter().enumerate() {
        seen.insert((difference.context, difference.object.clone()), number);
    }
    for difference in later {
        let first = difference.context.repeats().map(|first| (first, difference.object.clone()));
        let twin = first.and_then(|first| seen.get(&first)).map(|number| &mut folded[*number]);
        match twin {
            Some(twin)
                if twin.expected == difference.expected && twin.actual == difference.actual =>
            {
                twin.also.push(difference.context);
            }
            _ => folded.push(difference),
        }
    }
    folded
}

/// Statements by object: some objects (two rules of a name, two privileges) have several entries.
fn grouped(entries: &[Entry]) -> BTreeMap<&Object, Statements> {
    let mut groups: BTreeMap<&Object, Statements> = BTreeMap::new();
    for entry in entries {
        groups.entry(&entry.object).or_default().extend(&entry.statements);
    }
    groups
}

fn same(object: &Object, expected: &Statements, actual: &Statements) -> bool {
    if object.kind != "TABLE DATA" || expected == actual {
        return expected == actual;
    }
    let sorted = |rows: &[Substr]| {
        let mut rows: Vec<_> = rows.to_vec();
        rows.sort_unstable();
        rows
    };
    sorted(expected) == sorted(actual)
}

/// Rows on one side only, each with its multiplicity.
pub fn row_changes<'a>(
    expected: &'a [impl AsRef<str>],
    actual: &'a [impl AsRef<str>],
) -> (Vec<&'a str>, Vec<&'a str>) {
    let mut counts: BTreeMap<&str, i64> = BTreeMap::new();
    for row in expected {
        *counts.entry(row.as_ref()).or_default() += 1;
    }
    for row in actual {
        *counts.entry(row.as_ref()).or_default() -= 1;
    }
    let side = |sign: i64| {
        let times = |count: i64| usize::try_from(count * sign).unwrap_or(0);
        counts.iter().flat_map(|(row, count)| std::iter::repeat_n(*row, times(*count))).collect()
    };
    (side(1), side(-1))
}

#[cfg(test)]
mod tests;
