//! Volatile schema: definitions that differ between two replays, or that hold today's date though no
//! revision writes it. They stay as one run made them, and are told.

use std::collections::BTreeSet;

use arcstr::Substr;
use chrono::NaiveDate;

use crate::schema::Entry;
use crate::schema::compare::{self, Context};
use crate::schema::inventory::{Inventory, Varying, difference};
use crate::schema::volatile::clock::Window;
use crate::schema::volatile::sources::Sources;

/// One replay's definitions: its entries, and the statements for roles and settings.
#[derive(Debug, Clone, Copy)]
pub struct Definitions<'a> {
    /// The entries.
    pub entries: &'a [Entry],
    /// Roles and settings.
    pub made: &'a [String],
}

/// What is told.
pub fn drift(
    one: Definitions<'_>,
    two: Definitions<'_>,
    window: &Window,
    sources: &Sources,
) -> Vec<String> {
    let schema = |entries: &[Entry]| -> Vec<Entry> {
        entries.iter().filter(|entry| !entry.is_rows()).cloned().collect()
    };
    let ours = schema(one.entries);
    let mut told: Vec<String> = Vec::new();
    {
        for difference in compare::differences(Context::Heads, &ours, &schema(two.entries)) {
            let what = match (&difference.expected, &difference.actual) {
                (Some(ours), Some(theirs)) => changed(ours, theirs),
                (Some(_), None) => "is made by one run only".to_owned(),
                _ => "was made by the second replay only, and is not here".to_owned(),
            };
            told.push(format!("{}: {what}", difference.object));
        }
        let (missing, extra) = compare::row_changes(one.made, two.made);
        let only = missing.into_iter().map(|s| (s, "differs from run to run"));
        let other =
            extra.into_iter().map(|s| (s, "was made by the second replay only, and is not here"));
        // A setting may hold a secret: its value is not repeated.
        told.extend(only.chain(other).map(|(statement, what)| {
            let head = statement.split([' ', '\n']).take(6).collect::<Vec<_>>().join(" ");
            format!("`{head} ...`: {what}")
        }));
    }
    let days = unwritten(window, sources);
    for entry in &ours {
        let name = entry.object.to_string();
        if told.iter().any(|line| line.starts_with(&format!("{name}: "))) {
            continue;
        }
        if let Some(date) = days.iter().find(|day| holds(entry, **day)) {
            told.push(format!("{name}: it holds the date of the run ({date})"));
        }
    }
    told
}

/// The properties in the catalog that differ between two replays, or that hold today's date though no revision
/// writes it.
pub fn varying(
    ours: &Inventory,
    theirs: &Inventory,
    window: &Window,
    sources: &Sources,
) -> Vec<Varying> {
    let differences = difference::differences(ours, theirs);
    let changed = differences.iter().filter(|d| d.expected.is_some() && d.actual.is_some());
    let changed = changed.flat_map(|difference| {
        let names = difference.changes().into_iter().map(|(name, ..)| name.to_owned());
        names.map(|property| Varying { object: difference.object.clone(), property })
    });
    let days = unwritten(window, sources).into_iter();
    let days: Vec<String> = days.map(|day| day.format("%Y-%m-%d").to_string()).collect();
    let dated = ours.items().iter().flat_map(|item| {
        let held = |value: &String| days.iter().any(|day| value.contains(day));
        let names = item.definition.iter().filter(move |(_, value)| held(value));
        names.map(|(name, _)| Varying { object: item.object.clone(), property: name.clone() })
    });
    let all: BTreeSet<Varying> = changed.chain(dated).collect();
    all.into_iter().collect()
}

/// The days of the run that no revision writes.
fn unwritten(window: &Window, sources: &Sources) -> Vec<NaiveDate> {
    window.today().into_iter().filter(|day| !sources.has_date(*day)).collect()
}

/// The first line that differs.
fn changed(ours: &[Substr], theirs: &[Substr]) -> String {
    let lines = |statements: &[Substr]| -> Vec<String> {
        statements.iter().flat_map(|s| s.lines().map(str::trim).map(str::to_owned)).collect()
    };
    let (ours, theirs) = (lines(ours), lines(theirs));
    let differing = ours.iter().zip(&theirs).find(|(a, b)| a != b);
    differing.map_or("differs from run to run".to_owned(), |(line, _)| {
        format!("differs from run to run: {}", line.trim_end_matches(','))
    })
}

/// Whether an object is named by this date, or its definition holds it as a literal.
fn holds(entry: &Entry, day: NaiveDate) -> bool {
    let forms = ["%Y_%m_%d", "%Y-%m-%d", "%Y%m%d"].map(|form| day.format(form).to_string());
    let named = forms.iter().any(|form| entry.object.name.contains(form));
    let literal = forms[1].as_str();
    named || entry.statements.iter().any(|statement| statement.contains(literal))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema::{Object, Statements};

    fn entry(name: &str, statement: &str) -> Entry {
        let object = Object {
            kind: "TABLE".to_owned(),
            schema: Some("s".to_owned()),
            name: name.to_owned(),
        };
        Entry { object, owner: None, statements: Statements::one(statement) }
    }

    #[test]
    fn what_depends_on_the_day_or_the_run_is_told() {
        let at = |text| chrono::NaiveDateTime::parse_from_str(text, "%Y-%m-%d %H:%M").unwrap();
        let window =
            Window { from: at("2026-11-20 10:00"), to: at("2026-11-20 10:01"), zones: vec![0] };
        let one = [
            entry("a", "CREATE TABLE s.a (\n    t timestamp DEFAULT '10:00:01',\n    x int\n)"),
            entry("b_2026_11_20", "CREATE TABLE s.b_2026_11_20 ()"),
            entry("c", "CREATE TABLE s.c (d date DEFAULT '2026-11-20')"),
            entry("d", "CREATE TABLE s.d ()"),
        ];
        let mut two = one.to_vec();
        two[0] =
            entry("a", "CREATE TABLE s.a (\n    t timestamp DEFAULT '10:00:02',\n    x int\n)");
        let definitions = |entries, made| Definitions { entries, made };
        let made = ["ALTER DATABASE x SET app.secret TO 'a'".to_owned()];
        let sources = Sources::default();
        let told = drift(definitions(&one, &made), definitions(&two, &[]), &window, &sources);
        assert_eq!(
            told,
            [
                "table `s.a`: differs from run to run: t timestamp DEFAULT '10:00:01'",
                "`ALTER DATABASE x SET app.secret TO ...`: differs from run to run",
                "table `s.b_2026_11_20`: it holds the date of the run (2026-11-20)",
                "table `s.c`: it holds the date of the run (2026-11-20)",
            ]
        );
        let sources = Sources::read(["date(2026, 11, 20)"]);
        assert_eq!(
            drift(definitions(&one, &[]), definitions(&one, &[]), &window, &sources),
            Vec::<String>::new()
        );
    }
}
