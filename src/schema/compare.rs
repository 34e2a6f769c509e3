//! Compares two dumps object by object.
//!
//! Pure: entries in, differences out. Rows are compared as a multiset per table, all else by the text
//! of the statements. Whether a difference matters is the caller's decision.

use std::collections::BTreeMap;
use std::fmt;

use similar::TextDiff;

use crate::schema::{Entry, Object};

/// How one object differs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// The object.
    pub object: Object,
    /// Its statements on the expected side; `None` if it is not there.
    pub expected: Option<Vec<String>>,
    /// Its statements on the other side; `None` if it is not there.
    pub actual: Option<Vec<String>>,
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.expected, &self.actual) {
            (Some(_), None) => write!(f, "{} is missing", self.object),
            (None, Some(_)) => write!(f, "{} is too much", self.object),
            (Some(expected), Some(actual)) if self.object.kind == "TABLE DATA" => {
                let (missing, extra) = row_changes(expected, actual);
                write!(
                    f,
                    "{} differ ({} missing, {} too much)",
                    self.object,
                    missing.len(),
                    extra.len()
                )
            }
            _ => write!(f, "{} differs", self.object),
        }
    }
}

impl Difference {
    /// A unified diff of the two sides.
    pub fn unified(&self) -> String {
        let text = |side: &Option<Vec<String>>| match side {
            Some(statements) => statements.iter().fold(String::new(), |all, s| all + s + ";\n"),
            None => String::new(),
        };
        let (expected, actual) = (text(&self.expected), text(&self.actual));
        let name = self.object.to_string();
        TextDiff::from_lines(expected.as_str(), actual.as_str())
            .unified_diff()
            .header(&format!("history: {name}"), &format!("baseline: {name}"))
            .to_string()
    }
}

/// The differences between two dumps, in the order of the expected one.
pub fn differences(expected: &[Entry], actual: &[Entry]) -> Vec<Difference> {
    let mut other = grouped(actual);
    let mut wanted = grouped(expected);
    let mut differences = Vec::new();
    for entry in expected {
        // Taken out at its first entry: an object is told once.
        let Some(wanted) = wanted.remove(&entry.object) else { continue };
        let found = other.remove(&entry.object);
        let equal = found.as_ref().is_some_and(|found| same(&entry.object, &wanted, found));
        if !equal {
            differences.push(Difference {
                object: entry.object.clone(),
                expected: Some(wanted),
                actual: found,
            });
        }
    }
    differences.extend(other.into_iter().map(|(object, found)| Difference {
        object: object.clone(),
        expected: None,
        actual: Some(found),
    }));
    differences
}

/// Statements by object: some objects (two rules of a name, two privileges) have several entries.
fn grouped(entries: &[Entry]) -> BTreeMap<&Object, Vec<String>> {
    let mut groups: BTreeMap<&Object, Vec<String>> = BTreeMap::new();
    for entry in entries {
        groups.entry(&entry.object).or_default().extend(entry.statements.iter().cloned());
    }
    groups
}

fn same(object: &Object, expected: &[String], actual: &[String]) -> bool {
    if object.kind != "TABLE DATA" || expected == actual {
        return expected == actual;
    }
    let sorted = |rows: &[String]| {
        let mut rows: Vec<_> = rows.to_vec();
        rows.sort_unstable();
        rows
    };
    sorted(expected) == sorted(actual)
}

/// Rows on one side only, each with its multiplicity.
pub fn row_changes<'a>(
    expected: &'a [String],
    actual: &'a [String],
) -> (Vec<&'a str>, Vec<&'a str>) {
    let mut counts: BTreeMap<&str, i64> = BTreeMap::new();
    for row in expected {
        *counts.entry(row).or_default() += 1;
    }
    for row in actual {
        *counts.entry(row).or_default() -= 1;
    }
    let side = |sign: i64| {
        let times = |count: i64| usize::try_from(count * sign).unwrap_or(0);
        counts.iter().flat_map(|(row, count)| std::iter::repeat_n(*row, times(*count))).collect()
    };
    (side(1), side(-1))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(kind: &str, name: &str, statements: &[&str]) -> Entry {
        let object =
            Object { kind: kind.to_owned(), schema: Some("s".into()), name: name.to_owned() };
        let statements = statements.iter().map(|s| (*s).to_owned()).collect();
        Entry { object, owner: None, statements }
    }

    #[test]
    fn each_kind_of_difference_names_its_object() {
        let expected = [
            entry("TABLE", "a", &["CREATE TABLE s.a (x int DEFAULT 0)"]),
            entry("TABLE", "gone", &["CREATE TABLE s.gone ()"]),
            entry("TABLE DATA", "a", &["INSERT 1", "INSERT 2", "INSERT 2"]),
        ];
        let actual = [
            entry("TABLE", "a", &["CREATE TABLE s.a (x int)"]),
            entry("TABLE", "new", &["CREATE TABLE s.new ()"]),
            entry("TABLE DATA", "a", &["INSERT 2", "INSERT 3", "INSERT 1"]),
        ];
        let shown: Vec<_> =
            differences(&expected, &actual).iter().map(ToString::to_string).collect();
        assert_eq!(
            shown,
            [
                "table `s.a` differs",
                "table `s.gone` is missing",
                "rows of `s.a` differ (1 missing, 1 too much)",
                "table `s.new` is too much",
            ]
        );
    }

    #[test]
    fn the_order_of_rows_is_no_difference_but_their_number_is() {
        let one = [entry("TABLE DATA", "a", &["INSERT 1", "INSERT 2"])];
        let other = [entry("TABLE DATA", "a", &["INSERT 2", "INSERT 1"])];
        assert_eq!(differences(&one, &other), []);
        let twice = [entry("TABLE DATA", "a", &["INSERT 2", "INSERT 1", "INSERT 1"])];
        assert_eq!(differences(&one, &twice).len(), 1);
    }

    #[test]
    fn the_order_of_statements_of_an_object_matters() {
        let one = [entry("ACL", "TABLE t", &["REVOKE", "GRANT"])];
        let other = [entry("ACL", "TABLE t", &["GRANT", "REVOKE"])];
        assert_eq!(differences(&one, &other).len(), 1);
    }
}
