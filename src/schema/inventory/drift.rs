//! How a live database differs from what the archive says that the history builds.
//!
//! Pure: both forms of the archive and the live inventory in, differences out, each with the decision whether
//! it counts. A property is right if it has the value of either form. What the history does not own (whole
//! other schemas, extensions of others, what the user ignores) is told and does not count; nor does what
//! is no property of the schema but of its data or of the server.

use std::collections::{BTreeMap, BTreeSet};

use crate::schema::Object;
use crate::schema::inventory::accepted::Accepted;
use crate::schema::inventory::difference::{self, Difference};
use crate::schema::inventory::tenant::{self, Exchange};
use crate::schema::inventory::{
    DATABASE_SETTING, Definition, Forms, Inventory, Item, Varying, owner, printing,
};

/// What is asked of a comparison.
#[derive(Debug, Clone, Copy)]
pub struct Question<'a> {
    /// The role that owns the database, as SQL writes it.
    pub role: &'a str,
    /// A schema that takes the place of the history's own.
    pub exchange: Option<Exchange<'a>>,
    /// The database has some branches only, so that what it lacks cannot be judged.
    pub some_branches: bool,
    /// Extra objects that nobody minds: patterns for `schema.name`.
    pub ignore: &'a [glob::Pattern],
    /// Differences that the user accepts.
    pub accepted: &'a [Accepted],
}

impl Question<'_> {
    /// The object as it is called here, and as every tenant calls it.
    fn names(&self, object: &Object) -> impl Iterator<Item = Object> {
        let own = self.exchange.map(|exchange| Some(exchange.own.to_owned()));
        let everywhere = own.map(|schema| Object { schema, ..object.clone() });
        std::iter::once(object.clone()).chain(everywhere)
    }

    fn ignores(&self, object: &Object) -> bool {
        self.names(object).any(|object| {
            let name = match &object.schema {
                Some(schema) => format!("{schema}.{}", object.name),
                None => object.name,
            };
            let plain = name.replace('"', "");
            self.ignore.iter().any(|pattern| pattern.matches(&name) || pattern.matches(&plain))
        })
    }
}

/// Why a difference does not count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Because {
    /// The user accepts it.
    Accepted,
    /// The history owns neither the object nor its schema.
    NotOfTheHistory,
    /// `[stamp] ignore` in rebaseline.toml.
    Ignored,
    /// Each server offers its own version of an extension.
    Version,
    /// Only the print differs: the parsed definitions are equal.
    Print,
    /// A setting of the database itself: whoever copied or restored it has to set it.
    OfTheDatabase,
    /// Each run of the history makes it differently.
    Varies,
}

/// What a comparison found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Drift {
    /// What counts.
    pub counted: Vec<Difference>,
    /// What does not, and why.
    pub noted: Vec<(Difference, Because)>,
    /// Accepted names that mean no difference.
    pub unmatched: Vec<String>,
    /// Nothing of the history is there.
    pub empty: bool,
}

/// Compares a live database with both forms, and with the words of older squashes (see `older`).
pub fn compare(
    expected: &Forms,
    older: &[Inventory],
    live: &Inventory,
    question: &Question<'_>,
) -> Drift {
    let history = Side::of(&expected.history, live, question);
    let owned = owned_schemas(history.expected.items());
    let mut drift = Drift {
        empty: !history.actual.items().iter().any(|item| is_owned(&item.object, &owned)),
        ..Drift::default()
    };
    let live_schemas: BTreeSet<&str> = history.live_schemas();
    let mut differences = history.differences();
    for form in std::iter::once(&expected.baseline).chain(older) {
        if differences.is_empty() {
            break;
        }
        differences = in_both(differences, &Side::of(form, live, question).differences());
    }
    for difference in differences {
        let other_schema = |schema: &String| {
            !owned.contains(schema.as_str()) && live_schemas.contains(schema.as_str())
        };
        // The schema alone stands for all that is in it.
        if difference.expected.is_none()
            && difference.object.schema.as_ref().is_some_and(other_schema)
        {
            continue;
        }
        if question.some_branches && is_unjudged(&difference) {
            continue;
        }
        for (part, because) in judged(difference, &owned, &expected.varying, question) {
            match because {
                Some(because) => drift.noted.push((part, because)),
                None => drift.counted.push(part),
            }
        }
    }
    let noted = drift.noted.iter().map(|(difference, _)| difference);
    let all: Vec<&Object> = noted.chain(&drift.counted).map(|d| &d.object).collect();
    let means = |name: &Accepted, object: &Object| question.names(object).any(|o| name.means(&o));
    let unmatched = question.accepted.iter().filter(|name| !all.iter().any(|o| means(name, o)));
    drift.unmatched = unmatched.map(|name| name.written.clone()).collect();
    drift
}

/// One form of the archive and the live database, ready to be compared.
struct Side {
    expected: Inventory,
    actual: Inventory,
}

impl Side {
    fn of(form: &Inventory, live: &Inventory, question: &Question<'_>) -> Self {
        let (form, live) = match question.exchange {
            Some(exchange) => {
                let names = tenant::names(form, exchange.own);
                (exchange.expected(form, &names), exchange.actual(live))
            }
            None => (form.clone(), live.clone()),
        };
        let expected = lasting(&owner::seen_by(&form, question.role));
        let actual = of_any_owner(&lasting(&live), &expected);
        Self { expected, actual }
    }

    fn differences(&self) -> Vec<Difference> {
        difference::differences(&self.expected, &self.actual)
    }

    /// The schemas that the live database tells besides `public`, where everybody puts things.
    fn live_schemas(&self) -> BTreeSet<&str> {
        let schemas = self.actual.items().iter().filter(|item| item.object.kind == "schema");
        schemas.map(|item| item.object.name.as_str()).filter(|name| *name != "public").collect()
    }
}

/// Without what is data: how many large objects there are, and whether a materialized view was refreshed.
fn lasting(inventory: &Inventory) -> Inventory {
    let items = inventory.items().iter().filter(|item| item.object.kind != "large objects");
    let items = items.cloned().map(|mut item| {
        item.definition.remove("populated");
        item
    });
    Inventory::new(inventory.major(), items.collect())
}

/// What belongs to the role that ran the history may belong to anybody: which role that was differs from
/// server to server. An owner that the history names is compared.
fn of_any_owner(live: &Inventory, expected: &Inventory) -> Inventory {
    let expected: BTreeMap<&Object, &Definition> = expected.by_object();
    let items = live.items().iter().cloned().map(|mut item| {
        if expected.get(&item.object).is_some_and(|wanted| !wanted.contains_key("owner")) {
            item.definition.remove("owner");
        }
        item
    });
    Inventory::new(live.major(), items.collect())
}

/// The schemas that the history has made or has put something into.
fn owned_schemas(expected: &[Item]) -> BTreeSet<String> {
    let made = expected.iter().filter(|item| item.object.kind == "schema");
    let made = made.map(|item| &item.object.name).filter(|name| *name != "public");
    expected.iter().filter_map(|item| item.object.schema.as_ref()).chain(made).cloned().collect()
}

fn is_owned(object: &Object, schemas: &BTreeSet<String>) -> bool {
    object.schema.as_ref().is_some_and(|schema| schemas.contains(schema))
}

/// What differs from both forms; the properties that have the value of one of them are right.
fn in_both(history: Vec<Difference>, baseline: &[Difference]) -> Vec<Difference> {
    let baseline: BTreeMap<&Object, &Difference> =
        baseline.iter().map(|d| (&d.object, d)).collect();
    let differences = history.into_iter().filter_map(|mut difference| {
        let other = baseline.get(&difference.object)?;
        let (Some(expected), Some(actual)) = (&difference.expected, &mut difference.actual) else {
            // One form lacks the object that the other has.
            return (other.expected.is_some() == difference.expected.is_some()
                && other.actual.is_some() == difference.actual.is_some())
            .then_some(difference);
        };
        let wrong: BTreeSet<String> =
            other.changes().into_iter().map(|(name, ..)| name.to_owned()).collect();
        keep_changes(expected, actual, |name| wrong.contains(name));
        (*expected != *actual).then_some(difference)
    });
    differences.collect()
}

/// Gives the properties that are not meant their expected value.
fn keep_changes(expected: &Definition, actual: &mut Definition, meant: impl Fn(&str) -> bool) {
    actual.retain(|name, _| meant(name) || expected.contains_key(name));
    for (name, value) in expected {
        if !meant(name) {
            actual.insert(name.clone(), value.clone());
        }
    }
}

/// What a branch that is not there may have made, or given to another branch's object.
fn is_unjudged(difference: &Difference) -> bool {
    let given = |name: &str| matches!(name, "granted" | "revoked" | "comment");
    match (&difference.expected, &difference.actual) {
        (_, None) => true,
        (None, _) => false,
        _ => difference.changes().iter().all(|(name, ..)| given(name)),
    }
}

/// The parts of a difference, with the reason of those that do not count.
fn judged(
    difference: Difference,
    owned: &BTreeSet<String>,
    varying: &[Varying],
    question: &Question<'_>,
) -> Vec<(Difference, Option<Because>)> {
    let is_accepted = |object: &Object| question.accepted.iter().any(|name| name.means(object));
    if question.names(&difference.object).any(|object| is_accepted(&object)) {
        return vec![(difference, Some(Because::Accepted))];
    }
    if difference.object.kind == DATABASE_SETTING && difference.expected.is_some() {
        return vec![(difference, Some(Because::OfTheDatabase))];
    }
    let (Some(expected), Some(_)) = (&difference.expected, &difference.actual) else {
        let because = match difference.expected {
            Some(_) => None,
            None if question.ignores(&difference.object) => Some(Because::Ignored),
            None if is_owned(&difference.object, owned) => None,
            None => Some(Because::NotOfTheHistory),
        };
        return vec![(difference, because)];
    };
    let kind = difference.object.kind.as_str();
    let varies = |name: &str| {
        let mut objects = question.names(&difference.object);
        objects.any(|object| varying.iter().any(|v| v.object == object && v.property == name))
    };
    let mut reasons: BTreeMap<&str, Option<Because>> = BTreeMap::new();
    for (name, one, other) in difference.changes() {
        let because = match (one, other) {
            _ if kind == "extension" && matches!(name, "version" | "comment") => {
                Some(Because::Version)
            }
            (Some(one), Some(other)) if printing::same(kind, name, one, other) => {
                Some(Because::Print)
            }
            _ if varies(name) => Some(Because::Varies),
            _ => None,
        };
        reasons.insert(name, because);
    }
    let part = |reason: Option<Because>| {
        let mut actual = difference.actual.clone()?;
        keep_changes(expected, &mut actual, |name| reasons.get(name) == Some(&reason));
        (*expected != actual).then(|| {
            let part = Difference { actual: Some(actual), ..difference.clone() };
            (part, reason)
        })
    };
    let reasons = [None, Some(Because::Version), Some(Because::Print), Some(Because::Varies)];
    reasons.into_iter().filter_map(part).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema::inventory::tests::inventory;

    type Row<'a> = (&'a str, &'a str, &'a [(&'a str, &'a str)]);
    type Rows<'a> = &'a [Row<'a>];

    const HISTORY: Rows<'static> = &[
        ("column", "s.t.a", &[("default", "0"), ("position", "1"), ("type", "integer")]),
        ("column", "s.t.made", &[("default", "'12:30'"), ("type", "time")]),
        ("constraint", "s.t.k", &[("definition", "CHECK (a IN (1, 2))")]),
        ("extension", "x", &[("version", "1.0")]),
        ("materialized view", "s.m", &[("populated", "false")]),
        ("schema", "public", &[]),
        ("schema", "s", &[]),
        ("table", "s.t", &[("granted", "SELECT to app")]),
    ];

    fn forms() -> Forms {
        let mut baseline = HISTORY.to_vec();
        baseline[2].2 = &[("definition", "CHECK (a = 1 OR a = 2)")];
        let column = Object {
            kind: "column".to_owned(),
            schema: Some("s".to_owned()),
            name: "t.made".to_owned(),
        };
        let varying = vec![Varying { object: column, property: "default".to_owned() }];
        let (history, baseline) = (inventory(15, HISTORY), inventory(15, &baseline));
        Forms { history, baseline, varying }
    }

    fn question() -> Question<'static> {
        Question { role: "owner", exchange: None, some_branches: false, ignore: &[], accepted: &[] }
    }

    /// Changes the rows of the history, and tells what counts, then what does not.
    fn told(rows: Rows<'_>, question: &Question<'_>) -> String {
        let drift = compare(&forms(), &[], &inventory(15, rows), question);
        let counted = drift.counted.iter().map(ToString::to_string);
        let noted = drift.noted.iter().map(|(d, because)| format!("({because:?}) {d}"));
        counted.chain(noted).collect::<Vec<_>>().join("\n")
    }

    fn with(more: Rows<'_>) -> Vec<Row<'_>> {
        let names: Vec<_> = more.iter().map(|(kind, name, _)| (*kind, *name)).collect();
        let kept = HISTORY.iter().filter(|(kind, name, _)| !names.contains(&(*kind, *name)));
        kept.chain(more).copied().collect()
    }

    #[test]
    fn either_form_is_right() {
        assert_eq!(told(HISTORY, &question()), "");
        let baseline =
            with(&[("constraint", "s.t.k", &[("definition", "CHECK (a = 1 OR a = 2)")])]);
        assert_eq!(told(&baseline, &question()), "");
        let third = with(&[("constraint", "s.t.k", &[("definition", "CHECK (a < 3)")])]);
        assert_eq!(
            told(&third, &question()),
            "constraint `s.t.k`: definition `CHECK (a IN (1, 2))` -> `CHECK (a < 3)`"
        );
    }

    #[test]
    fn what_varies_from_run_to_run_is_told_and_only_that() {
        let rows = with(&[("column", "s.t.made", &[("default", "'9:15'"), ("type", "timetz")])]);
        insta::assert_snapshot!(told(&rows, &question()), @r"
        column `s.t.made`: type `time` -> `timetz`
        (Varies) column `s.t.made`: default `'12:30'` -> `'9:15'`
        ");
    }

    #[test]
    fn only_what_the_history_owns_counts() {
        let rows = with(&[
            ("index", "s.i", &[("table", "s.t")]),
            ("schema", "other", &[]),
            ("table", "other.t", &[]),
            ("view", "public.v", &[]),
            ("extension", "y", &[]),
            ("extension", "x", &[("version", "1.1")]),
            ("materialized view", "s.m", &[]),
            ("large objects", "all", &[("count", "3")]),
            ("publication", "p", &[]),
        ]);
        insta::assert_snapshot!(told(&rows, &question()), @r"
        index `s.i` is too much
        (Version) extension `x`: version `1.0` -> `1.1`
        (NotOfTheHistory) extension `y` is too much
        (NotOfTheHistory) publication `p` is too much
        (NotOfTheHistory) schema `other` is too much
        (NotOfTheHistory) view `public.v` is too much
        ");
        let patterns = ["s.i*", "s.t"].map(|p| glob::Pattern::new(p).unwrap());
        let ignore = Question { ignore: &patterns, ..question() };
        assert!(told(&rows, &ignore).contains("(Ignored) index `s.i`"));
        // What the history makes cannot be ignored.
        let changed = with(&[("table", "s.t", &[])]);
        assert_eq!(told(&changed, &ignore), "table `s.t`: granted `SELECT to app` -> none");
    }

    #[test]
    fn owners_matter_only_where_the_history_names_them() {
        let owned =
            with(&[("table", "s.t", &[("granted", "SELECT to app"), ("owner", "somebody")])]);
        assert_eq!(told(&owned, &question()), "");
        // `app` itself is who runs the migrations here: it has all privileges.
        let mine = with(&[("table", "s.t", &[])]);
        assert_ne!(told(&mine, &question()), "");
        assert_eq!(told(&mine, &Question { role: "app", ..question() }), "");
    }

    #[test]
    fn differences_are_accepted_by_name() {
        let rows = with(&[
            ("column", "s.t.a", &[("default", "1"), ("position", "1"), ("type", "bigint")]),
            ("view", "s.v", &[]),
        ]);
        let accepted = ["column s.t.a", "s.t.b"].map(Accepted::new);
        let question = Question { accepted: &accepted, ..question() };
        insta::assert_snapshot!(told(&rows, &question), @r"
        view `s.v` is too much
        (Accepted) column `s.t.a`: default `0` -> `1`, type `integer` -> `bigint`
        ");
        assert_eq!(compare(&forms(), &[], &inventory(15, &rows), &question).unmatched, ["s.t.b"]);
    }

    #[test]
    fn print_is_told_beside_what_counts() {
        let rows = with(&[(
            "column",
            "s.t.a",
            &[("default", "(0)"), ("position", "1"), ("type", "bigint")],
        )]);
        insta::assert_snapshot!(told(&rows, &question()), @r"
        column `s.t.a`: type `integer` -> `bigint`
        (Print) column `s.t.a`: default `0` -> `(0)`
        ");
    }

    #[test]
    fn a_branch_that_is_not_there_is_not_judged() {
        let rows = with(&[("table", "s.t", &[]), ("view", "s.v", &[])]);
        let rows: Vec<_> = rows.into_iter().filter(|(kind, ..)| *kind != "constraint").collect();
        let question = Question { some_branches: true, ..question() };
        assert_eq!(told(&rows, &question), "view `s.v` is too much");
    }

    #[test]
    fn nothing_of_the_history_is_there() {
        let empty = inventory(15, &[("schema", "public", &[]), ("table", "public.t", &[])]);
        assert!(compare(&forms(), &[], &empty, &question()).empty);
        assert!(!compare(&forms(), &[], &inventory(15, HISTORY), &question()).empty);
    }
}
