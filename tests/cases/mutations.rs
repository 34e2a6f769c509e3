//! Mutations: a template that makes a slightly wrong baseline is caught by the real proof, with the name
//! of the object and what differs in it; the project stays as it is, apart from the diff in `.rebaseline/`.

mod beyond;

use crate::support::assert_same_tree;
use crate::support::project::{Project, Run};

/// One of everything that a mutation below changes.
const HISTORY: &str = r#"
for statement in [
    "CREATE ROLE waiter NOLOGIN CREATEDB",
    "CREATE ROLE head_waiter LOGIN",
    "GRANT waiter TO head_waiter WITH ADMIN OPTION",
    "ALTER ROLE waiter SET statement_timeout = '5s'",
    "DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET datestyle = %L', current_database(), 'ISO, DMY'); END $$",
    "CREATE TABLE dish (id int PRIMARY KEY, title text NOT NULL, price numeric DEFAULT 7.5 NOT NULL, sold int)",
    "COMMENT ON COLUMN dish.price IS 'in euro'",
    "INSERT INTO dish VALUES (1, 'soup', 4.5, 10), (2, 'stew', 9.5, 20), (3, 'cake', 3.5, 30)",
    "CREATE SEQUENCE ticket START 100",
    "SELECT setval('ticket', 4711)",
    "ALTER TABLE dish ADD CONSTRAINT dish_price_check CHECK (price > 1) NOT VALID",
    "CREATE INDEX dish_title_idx ON dish (title) WHERE sold > 0",
    "CREATE FUNCTION double_price(dish) RETURNS numeric LANGUAGE sql STABLE AS 'SELECT $1.price * 2'",
    "CREATE VIEW cheap AS SELECT title FROM dish WHERE price < 5",
    "ALTER TABLE dish ENABLE ROW LEVEL SECURITY",
    "CREATE POLICY only_sold ON dish FOR SELECT TO waiter USING (sold > 0)",
    "GRANT SELECT, INSERT ON dish TO waiter",
    "ALTER DEFAULT PRIVILEGES GRANT SELECT ON TABLES TO waiter",
    "CREATE TYPE course AS ENUM ('starter', 'main', 'dessert')",
    "CREATE TABLE plate (id int REFERENCES dish ON DELETE CASCADE)",
    "CREATE TRIGGER keep BEFORE UPDATE ON dish FOR EACH ROW EXECUTE FUNCTION suppress_redundant_updates_trigger()",
]:
    op.get_bind().exec_driver_sql(statement.replace('%', '%%'))
"#;

const TEMPLATE: &str = include_str!("../../templates/alembic/baseline.py.tera");

/// Replaces text of the template, which must be there.
#[track_caller]
fn changed(template: &str, old: &str, new: &str) -> String {
    assert_eq!(template.matches(old).count(), 1, "{old}");
    template.replace(old, new)
}

/// A template whose `execute` changes one statement, and which makes sure that it did: an assertion
/// that fails ends the upgrade, and then no object is named.
pub fn mutated(old: &str, new: Option<&str>) -> String {
    let new = new.map_or_else(|| "None".to_owned(), |new| format!("{new:?}"));
    let hook = format!(
        "    if {old:?} in statement:\n        FOUND.append(statement)\n        if {new} is None:\n            \
         return\n        assert statement.count({old:?}) == 1\n        \
         statement = statement.replace({old:?}, {new})\n    migration = op.get_context()\n"
    );
    let template = changed(TEMPLATE, "    migration = op.get_context()\n", &hook);
    let template = changed(&template, "def execute(", "FOUND = []\n\n\ndef execute(");
    changed(
        &template,
        "\n\n\ndef downgrade()",
        "\n    assert len(FOUND) == 1, FOUND\n\n\ndef downgrade()",
    )
}

fn squash(template: &str) -> (Project, Run) {
    squash_of(HISTORY, template)
}

fn squash_of(history: &str, template: &str) -> (Project, Run) {
    let project = Project::chain(&[history]);
    project.write("wrong/baseline.py.tera", template);
    let run = project.rebaseline(&["squash", "--templates", "wrong"]);
    (project, run)
}

/// The proof refuses this baseline and leaves the project alone.
#[track_caller]
fn refused(template: &str) -> (Project, Run) {
    refused_of(HISTORY, template)
}

#[track_caller]
fn refused_of(history: &str, template: &str) -> (Project, Run) {
    let (project, run) = squash_of(history, template);
    let run = run.exits(4);
    assert!(run.stdout.is_empty(), "{}", run.stdout);
    assert!(run.stderr.contains("nothing was changed"), "{}", run.stderr);
    let original = Project::chain(&[history]);
    original.write("wrong/baseline.py.tera", template);
    let mut tree = project.tree();
    tree.retain(|name, _| !name.starts_with(".rebaseline/"));
    assert_same_tree(&tree, &original.tree());
    assert_eq!(project.leftovers(), Vec::<std::path::PathBuf>::new());
    (project, run)
}

/// The mutation is caught: these lines tell what differs, and the diff shows it.
#[track_caller]
fn caught(old: &str, new: Option<&str>, told: &[&str], in_diff: &[&str]) {
    caught_in(HISTORY, old, new, told, in_diff);
}

/// The differences stand between the cause and the hint, one a line.
fn told_lines(run: &Run) -> Vec<&str> {
    let lines = run.stderr.lines().skip_while(|line| !line.contains("caused by:")).skip(1);
    lines.take_while(|line| !line.contains("hint:")).map(str::trim).collect()
}

#[track_caller]
fn caught_in(history: &str, old: &str, new: Option<&str>, told: &[&str], in_diff: &[&str]) {
    let (project, run) = refused_of(history, &mutated(old, new));
    assert!(run.stderr.contains("baseline does not reproduce the history"), "{}", run.stderr);
    assert_eq!(told_lines(&run), told, "{}", run.stderr);
    let ours: Vec<_> =
        project.tree().into_keys().filter(|name| name.starts_with(".rebaseline/")).collect();
    assert_eq!(ours, [".rebaseline/.gitignore", ".rebaseline/proof.diff"]);
    let diff = project.read(".rebaseline/proof.diff");
    for line in in_diff {
        assert!(diff.lines().any(|found| found.starts_with(line)), "no {line:?} in:\n{diff}");
    }
}

#[test]
fn without_a_mutation_the_proof_is_equal() {
    let (project, run) = squash(TEMPLATE);
    run.exits(0);
    assert!(project.baseline().exists());
    // The hook alone changes nothing either.
    let hooked = mutated("CREATE TYPE public.course", Some("CREATE TYPE public.course"));
    squash(&hooked).1.exits(0);
}

#[test]
fn a_dropped_column_default() {
    let diff = ["-    price numeric DEFAULT 7.5 NOT NULL", "+    price numeric NOT NULL"];
    caught(
        " DEFAULT 7.5",
        Some(""),
        &["table public.dish: column price: default 7.5 -> none"],
        &diff,
    );
}

#[test]
fn a_missing_grant() {
    caught(
        "GRANT SELECT,INSERT ON TABLE",
        None,
        &[
            "privileges on table public.dish: GRANT SELECT TO waiter is missing",
            "privileges on table public.dish: GRANT INSERT TO waiter is missing",
        ],
        &["-GRANT SELECT,INSERT ON TABLE"],
    );
}

#[test]
fn a_smaller_grant() {
    let diff = ["-GRANT SELECT,INSERT ON TABLE", "+GRANT SELECT ON TABLE"];
    caught(
        "GRANT SELECT,INSERT ON TABLE",
        Some("GRANT SELECT ON TABLE"),
        &["privileges on table public.dish: GRANT INSERT TO waiter is missing"],
        &diff,
    );
}

#[test]
fn missing_default_privileges() {
    caught(
        "ALTER DEFAULT PRIVILEGES",
        None,
        &[
            "default privileges for tables: GRANT SELECT ON TABLES TO waiter for objects of postgres is missing",
        ],
        &["-ALTER DEFAULT PRIVILEGES"],
    );
}

#[test]
fn a_lost_row() {
    caught(
        "'stew'",
        None,
        &["rows of public.dish: row id=2 is missing"],
        &["-INSERT INTO public.dish (id, title, price, sold) VALUES (2, 'stew'"],
    );
}

#[test]
fn a_changed_row() {
    caught(
        "9.5",
        Some("9.50"),
        &["rows of public.dish: row id=2: price 9.5 -> 9.50"],
        &["-INSERT INTO public.dish", "+INSERT INTO public.dish"],
    );
}

#[test]
fn another_sequence_position() {
    caught(
        "4711",
        Some("4710"),
        &["position of sequence public.ticket: 4711 -> 4710"],
        &["-SELECT pg_catalog.setval", "+SELECT pg_catalog.setval"],
    );
}

#[test]
fn a_sequence_position_that_was_not_called() {
    caught(
        "4711, true",
        Some("4711, false"),
        &["position of sequence public.ticket: 4711 -> 4711 (not yet given out)"],
        &["-SELECT pg_catalog.setval"],
    );
}

#[test]
fn a_not_valid_constraint_made_valid() {
    let diff = ["-    ADD CONSTRAINT dish_price_check CHECK ((price > (1)::numeric)) NOT VALID"];
    caught(
        " NOT VALID",
        Some(""),
        &["constraint dish_price_check on public.dish: not valid -> valid"],
        &diff,
    );
}

#[test]
fn a_not_valid_constraint_that_is_left_out() {
    caught(
        "ADD CONSTRAINT dish_price_check",
        None,
        &["constraint dish_price_check on public.dish is missing"],
        &["-    ADD CONSTRAINT dish_price_check"],
    );
}

#[test]
fn a_missing_comment() {
    caught(
        "COMMENT ON COLUMN",
        None,
        &["comment on column public.dish.price: 'in euro' -> none"],
        &["-COMMENT ON COLUMN public.dish.price"],
    );
}

#[test]
fn a_changed_function_body() {
    caught(
        "$1.price * 2",
        Some("$1.price * 3"),
        &[
            "function public.double_price(public.dish): body SELECT $1.price * 2 -> SELECT $1.price * 3",
        ],
        &["-", "+"],
    );
}

#[test]
fn a_changed_volatility() {
    caught(
        " STABLE",
        Some(" IMMUTABLE"),
        &["function public.double_price(public.dish): volatility stable -> immutable"],
        &["-", "+"],
    );
}

#[test]
fn a_missing_policy() {
    caught(
        "CREATE POLICY",
        None,
        &["policy only_sold on public.dish is missing"],
        &["-CREATE POLICY only_sold"],
    );
}

#[test]
fn a_policy_for_everybody() {
    caught(
        "FOR SELECT TO waiter",
        Some("FOR SELECT"),
        &["policy only_sold on public.dish: roles waiter -> PUBLIC"],
        &["-CREATE POLICY", "+CREATE POLICY"],
    );
}

#[test]
fn row_level_security_left_off() {
    caught(
        "ENABLE ROW LEVEL SECURITY",
        None,
        &["row security of public.dish is missing"],
        &["-ALTER TABLE public.dish ENABLE ROW"],
    );
}

#[test]
fn another_column_order() {
    caught(
        "    title text NOT NULL,\n    price numeric DEFAULT 7.5 NOT NULL,",
        Some("    price numeric DEFAULT 7.5 NOT NULL,\n    title text NOT NULL,"),
        &[
            "table public.dish: column title: position 2 -> 3",
            "rows of public.dish: 3 rows have their columns in another order",
        ],
        &["-    price numeric DEFAULT 7.5 NOT NULL,", "+    price numeric DEFAULT 7.5 NOT NULL,"],
    );
}

#[test]
fn another_order_of_enum_labels() {
    let labels = "    'main',\n    'dessert'";
    caught(
        labels,
        Some("    'dessert',\n    'main'"),
        &["type public.course: label 'main': position 2 -> 3"],
        &["-    'main'", "+    'main'"],
    );
}

#[test]
fn an_index_without_its_condition() {
    caught(
        " WHERE (sold > 0)",
        Some(""),
        &["index public.dish_title_idx: predicate sold > 0 -> none"],
        &["-CREATE INDEX", "+CREATE INDEX"],
    );
}

#[test]
fn another_view() {
    caught(
        "(5)::numeric)",
        Some("(6)::numeric)"),
        &[
            "view public.cheap: definition, line 4: WHERE (dish.price < (5)::numeric) -> WHERE (dish.price < (6)::numeric)",
        ],
        &["-", "+"],
    );
}

#[test]
fn a_foreign_key_without_cascade() {
    caught(
        " ON DELETE CASCADE",
        Some(""),
        &["foreign key plate_id_fkey on public.plate: on delete cascade -> no action"],
        &["-", "+"],
    );
}

#[test]
fn a_missing_trigger() {
    caught(
        "CREATE TRIGGER keep",
        None,
        &["trigger keep on public.dish is missing"],
        &["-CREATE TRIGGER keep"],
    );
}

#[test]
fn a_missing_role_attribute() {
    caught(" CREATEDB", Some(" NOCREATEDB"), &["role waiter: createdb -> nocreatedb"], &["-", "+"]);
}

#[test]
fn a_missing_membership() {
    caught(
        "GRANT \"waiter\" TO \"head_waiter\"",
        None,
        &["membership of head_waiter in waiter is missing"],
        &["-GRANT"],
    );
}

#[test]
fn a_membership_without_admin_option() {
    caught(
        " WITH ADMIN OPTION",
        Some(""),
        &["membership of head_waiter in waiter: with admin option -> without options"],
        &["-GRANT", "+GRANT"],
    );
}

#[test]
fn a_missing_setting_of_a_role() {
    caught(
        "statement_timeout",
        None,
        &["setting statement_timeout of role waiter: 5s -> none"],
        &["-ALTER ROLE"],
    );
}

#[test]
fn a_missing_setting_of_the_database() {
    caught("ISO, DMY", None, &["setting DateStyle of the database: ISO, DMY -> none"], &["-"]);
}

#[test]
fn a_table_too_much() {
    let more = "CREATE TYPE public.stray AS ENUM (); CREATE TYPE public.course";
    caught(
        "CREATE TYPE public.course",
        Some(more),
        &["type public.stray is too much"],
        &["+CREATE TYPE public.stray"],
    );
}

#[test]
fn what_differs_offline_only_says_so() {
    let template = changed(
        TEMPLATE,
        "static_output(f\"{statement};\")",
        "static_output(statement.replace('7.5', '8.5') + ';')",
    );
    let (project, run) = refused(&template);
    let line = "offline: table public.dish: column price: default 7.5 -> 8.5";
    assert!(run.stderr.lines().any(|found| found.trim() == line), "{}", run.stderr);
    let diff = project.read(".rebaseline/proof.diff");
    assert!(diff.starts_with("--- history: table public.dish\n+++ baseline, offline mode: table"));
}

#[test]
fn a_failed_proof_as_json_and_in_colours() {
    let project = Project::chain(&[HISTORY]);
    project.write("wrong/baseline.py.tera", mutated(" DEFAULT 7.5", Some("")));
    let run = project.rebaseline(&["squash", "--templates", "wrong", "--format", "json"]).exits(4);
    let json = run.json();
    assert_eq!(json["exit_code"], 4);
    assert_eq!(json["causes"], serde_json::json!(["1 object differs"]));
    assert_eq!(
        json["differences"],
        serde_json::json!([{
            "context": "baseline",
            "also": ["offline"],
            "object": {"kind": "TABLE", "schema": "public", "name": "dish"},
            "property": "column price: default",
            "expected": "7.5",
            "actual": null,
            "told": "table public.dish: column price: default 7.5 -> none",
        }])
    );
    assert!(!run.stderr.contains('\x1b'), "{}", run.stderr);
    let run = project.rebaseline(&["squash", "--templates", "wrong", "--color", "always"]);
    let coloured = "column price: default \x1b[31m7.5\x1b[0m -> \x1b[32mnone\x1b[0m";
    assert!(run.stderr.contains(coloured), "{}", run.stderr);
}

#[test]
fn a_wrong_revision_id() {
    let template = changed(TEMPLATE, "revision = {{ revision | python }}", "revision = \"wrong\"");
    let (_, run) = refused(&template);
    assert!(
        run.stderr.contains("`wrong`") || run.stderr.contains("at wrong, not at r1"),
        "{}",
        run.stderr
    );
}

#[test]
fn a_baseline_that_raises() {
    let template = changed(
        TEMPLATE,
        "def upgrade() -> None:",
        "def upgrade() -> None:\n    raise ValueError(\"broken\")",
    );
    let (_, run) = refused(&template);
    assert!(run.stderr.contains("ValueError: broken"), "{}", run.stderr);
}
