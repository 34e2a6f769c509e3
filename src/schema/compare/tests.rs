//! What is told of two objects, family by family; and that equal ones have no difference.

mod privileges;
mod routines;
mod rows;
mod tables;

use proptest::prelude::*;

use super::*;

fn entry(kind: &str, name: &str, statements: &[&str]) -> Entry {
    let object = Object { kind: kind.to_owned(), schema: Some("s".into()), name: name.to_owned() };
    let statements = statements.iter().map(|s| Substr::from(*s)).collect();
    Entry { object, owner: None, statements }
}

fn shown(differences: &[Difference]) -> String {
    changes(differences).iter().fold(String::new(), |all, change| format!("{all}{change}\n"))
}

/// The lines about two entries.
fn lines(expected: &[Entry], actual: &[Entry]) -> String {
    let differences = differences(Context::Baseline, expected, actual);
    shown(&differences)
}

/// The lines about one object that has these statements on the two sides.
fn told(kind: &str, name: &str, expected: &[&str], actual: &[&str]) -> String {
    lines(&[entry(kind, name, expected)], &[entry(kind, name, actual)])
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
    insta::assert_snapshot!(lines(&expected, &actual), @"
    table s.a: column x: default 0 -> none
    table s.gone is missing
    rows of s.a: row INSERT 2 is missing
    rows of s.a: row INSERT 3 is too much
    table s.new is too much
    ");
}

#[test]
fn the_order_of_rows_is_no_difference_but_their_number_is() {
    let of = |rows: &[&str]| [entry("TABLE DATA", "a", rows)];
    let one = of(&["INSERT 1", "INSERT 2"]);
    let other = of(&["INSERT 2", "INSERT 1"]);
    assert_eq!(differences(Context::Baseline, &one, &other), []);
    let twice = of(&["INSERT 2", "INSERT 1", "INSERT 1"]);
    assert_eq!(differences(Context::Baseline, &one, &twice).len(), 1);
}

#[test]
fn the_order_of_statements_of_an_object_matters() {
    let one = ["REVOKE ALL ON TABLE s.t FROM a", "GRANT SELECT ON TABLE s.t TO a"];
    let other = [one[1], one[0]];
    insta::assert_snapshot!(told("ACL", "TABLE t", &one, &other), @"privileges on table s.t: order: its statements stand in another order");
}

#[test]
fn what_differs_online_and_offline_is_told_once() {
    let of = |label: &str| {
        [entry("COMMENT", "TABLE t", &[&format!("COMMENT ON TABLE s.t IS '{label}'")])]
    };
    let differences = |online: &str, offline: &str| {
        let mut all = differences(Context::Baseline, &of("a"), &of(online));
        all.extend(differences(Context::Offline, &of("a"), &of(offline)));
        shown(&folded(all))
    };
    let shown = [
        differences("b", "b"),
        differences("b", "c"),
        differences("a", "b"),
        differences("b", "a"),
    ];
    insta::assert_snapshot!(shown.join("\n"), @"
    comment on table s.t: 'a' -> 'b'

    comment on table s.t: 'a' -> 'b'
    offline: comment on table s.t: 'a' -> 'c'

    offline: comment on table s.t: 'a' -> 'b'

    comment on table s.t: 'a' -> 'b'
    ");
}

#[test]
fn what_differs_at_the_cut_is_not_told_again_of_the_heads() {
    let of =
        |text: &str| [entry("COMMENT", "TABLE t", &[&format!("COMMENT ON TABLE s.t IS '{text}'")])];
    let compared = |cut: &str, heads: &str| {
        let mut all = differences(Context::Baseline, &of("a"), &of(cut));
        all.extend(differences(Context::Heads, &of("a"), &of(heads)));
        shown(&folded(all))
    };
    insta::assert_snapshot!(compared("b", "b") + "\n" + &compared("b", "c") + "\n" + &compared("a", "b"), @"
    comment on table s.t: 'a' -> 'b'

    comment on table s.t: 'a' -> 'b'
    at the heads: comment on table s.t: 'a' -> 'c'

    at the heads: comment on table s.t: 'a' -> 'b'
    ");
}

#[test]
fn what_no_family_knows_is_told_by_its_text() {
    let shown = [
        told(
            "EXTENSION",
            "e",
            &["CREATE EXTENSION IF NOT EXISTS e WITH SCHEMA a"],
            &["CREATE EXTENSION IF NOT EXISTS e WITH SCHEMA b"],
        ),
        told(
            "CAST",
            "c",
            &["CREATE CAST (a AS b) WITH FUNCTION s.f(a)"],
            &["CREATE CAST (a AS b) WITHOUT FUNCTION"],
        ),
        told("SETTING", "x", &["SET a = 1"], &["SET a = 2"]),
        told("TABLE", "t", &["not SQL"], &["no SQL"]),
    ];
    insta::assert_snapshot!(shown.concat(), @"
    extension s.e: definition CREATE EXTENSION IF NOT EXISTS e WITH SCHEMA a -> CREATE EXTENSION IF NOT EXISTS e WITH SCHEMA b
    cast s.c: definition CREATE CAST (a AS b) WITH FUNCTION s.f(a) -> CREATE CAST (a AS b) WITHOUT FUNCTION
    setting s.x: definition SET a = 1 -> SET a = 2
    table s.t: definition not SQL -> no SQL
    ");
}

#[test]
fn equal_trees_are_told_as_printed_differently() {
    let shown = told(
        "TABLE",
        "t",
        &["CREATE TABLE s.t (\n    a integer,\n    CONSTRAINT c CHECK ((a > 1))\n)"],
        &["CREATE TABLE s.t (\n    a integer,\n    CONSTRAINT c CHECK (a > 1)\n)"],
    );
    insta::assert_snapshot!(shown, @"table s.t: printed differently, line 3: CONSTRAINT c CHECK ((a > 1)) -> CONSTRAINT c CHECK (a > 1)");
}

#[test]
fn deep_expressions_are_read_too() {
    let index = |n: usize, last: &str| {
        format!("CREATE INDEX i ON s.t USING btree (({} || '{last}'))", vec!["'a'"; n].join(" || "))
    };
    let shown = told("INDEX", "i", &[&index(300, "x")], &[&index(300, "y")]);
    insta::assert_snapshot!(shown, @"index s.i: columns ... 'a' || 'a' || 'x') -> ... 'a' || 'a' || 'y')");
}

#[test]
fn a_diff_says_what_was_compared() {
    let (one, other) = (entry("VIEW", "v", &["a", "b"]), entry("VIEW", "v", &["a", "c"]));
    let contexts = [
        Context::Baseline,
        Context::Offline,
        Context::Restored,
        Context::VersionTable,
        Context::Heads,
        Context::HeadsVersionTable,
    ];
    let differences = contexts.into_iter().flat_map(|context| {
        differences(context, std::slice::from_ref(&one), std::slice::from_ref(&other))
    });
    let mut differences: Vec<Difference> = differences.collect();
    differences[0].also = vec![Context::Offline, Context::Heads];
    let heads: Vec<String> = differences
        .iter()
        .map(|difference| difference.unified().lines().take(2).collect::<Vec<_>>().join("\n"))
        .collect();
    insta::assert_snapshot!(heads.join("\n"), @"
    --- history: view s.v
    +++ baseline, also offline, also at the heads: view s.v
    --- history: view s.v
    +++ baseline, offline mode: view s.v
    --- history: view s.v
    +++ history restored by psql: view s.v
    --- history, on the version table: view s.v
    +++ baseline, on the version table: view s.v
    --- history at the heads: view s.v
    +++ baseline and kept revisions at the heads: view s.v
    --- history at the heads, on the version table: view s.v
    +++ baseline and kept revisions at the heads, on the version table: view s.v
    ");
}

#[test]
fn a_change_as_data() {
    let (one, other) = (
        entry("TABLE", "t", &["CREATE TABLE s.t (a integer DEFAULT 0, b integer)"]),
        entry("TABLE", "t", &["CREATE TABLE s.t (a integer)"]),
    );
    let changes = changes(&differences(Context::Offline, &[one], &[other]));
    insta::assert_snapshot!(serde_json::to_string_pretty(&changes).unwrap(), @r#"
    [
      {
        "context": "offline",
        "also": [],
        "object": {
          "kind": "TABLE",
          "schema": "s",
          "name": "t"
        },
        "property": "column a: default",
        "expected": "0",
        "actual": null,
        "told": "offline: table s.t: column a: default 0 -> none"
      },
      {
        "context": "offline",
        "also": [],
        "object": {
          "kind": "TABLE",
          "schema": "s",
          "name": "t"
        },
        "property": "column b",
        "expected": "type integer, nullable",
        "actual": null,
        "told": "offline: table s.t: column b is missing"
      }
    ]
    "#);
}

proptest! {
    /// Whatever the statements are: equal entries have no difference, and others at least one line.
    #[test]
    fn equal_entries_have_no_difference(
        texts in proptest::collection::vec("[ -~]{0,40}", 1..4),
        others in proptest::collection::vec("[ -~]{0,40}", 1..4),
    ) {
        let of = |kind: &str, texts: &[String]| {
            let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
            vec![entry(kind, "x", &texts)]
        };
        for kind in ["TABLE", "TABLE DATA", "ACL", "FUNCTION"] {
            let (one, other) = (of(kind, &texts), of(kind, &others));
            prop_assert_eq!(differences(Context::Baseline, &one, &one), []);
            let found = differences(Context::Baseline, &one, &other);
            prop_assert_eq!(changes(&found).is_empty(), found.is_empty());
        }
        let made = made_entries(&texts);
        prop_assert_eq!(differences(Context::Baseline, &made, &made), []);
    }
}
