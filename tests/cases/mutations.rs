//! Mutations: a template that makes a slightly wrong baseline is caught by the real proof, with the name
//! of the object; the project stays as it is, apart from the diff in `.rebaseline/`.

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
    let project = Project::chain(&[HISTORY]);
    project.write("wrong/baseline.py.tera", template);
    let run = project.rebaseline(&["squash", "--templates", "wrong"]);
    (project, run)
}

/// The proof refuses this baseline and leaves the project alone.
#[track_caller]
fn refused(template: &str) -> (Project, Run) {
    let (project, run) = squash(template);
    let run = run.exits(4);
    assert!(run.stdout.is_empty(), "{}", run.stdout);
    assert!(run.stderr.contains("nothing was changed"), "{}", run.stderr);
    let original = Project::chain(&[HISTORY]);
    original.write("wrong/baseline.py.tera", template);
    let mut tree = project.tree();
    tree.retain(|name, _| !name.starts_with(".rebaseline/"));
    assert_same_tree(&tree, &original.tree());
    assert_eq!(project.leftovers(), Vec::<std::path::PathBuf>::new());
    (project, run)
}

/// The mutation is caught: the object is named, and the diff shows the line.
#[track_caller]
fn caught(old: &str, new: Option<&str>, object: &str, in_diff: &[&str]) {
    let (project, run) = refused(&mutated(old, new));
    assert!(run.stderr.contains("baseline does not reproduce the history"), "{}", run.stderr);
    assert!(run.stderr.contains(object), "{object} is not named: {}", run.stderr);
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
    caught(" DEFAULT 7.5", Some(""), "`public.dish`", &diff);
}

#[test]
fn a_missing_grant() {
    caught(
        "GRANT SELECT,INSERT ON TABLE",
        None,
        "`public.dish`",
        &["-GRANT SELECT,INSERT ON TABLE"],
    );
}

#[test]
fn a_smaller_grant() {
    let diff = ["-GRANT SELECT,INSERT ON TABLE", "+GRANT SELECT ON TABLE"];
    caught("GRANT SELECT,INSERT ON TABLE", Some("GRANT SELECT ON TABLE"), "`public.dish`", &diff);
}

#[test]
fn missing_default_privileges() {
    caught("ALTER DEFAULT PRIVILEGES", None, "DEFAULT", &["-ALTER DEFAULT PRIVILEGES"]);
}

#[test]
fn a_lost_row() {
    caught(
        "'stew'",
        None,
        "`public.dish`",
        &["-INSERT INTO public.dish (id, title, price, sold) VALUES (2, 'stew'"],
    );
}

#[test]
fn a_changed_row() {
    caught(
        "9.5",
        Some("9.50"),
        "`public.dish`",
        &["-INSERT INTO public.dish", "+INSERT INTO public.dish"],
    );
}

#[test]
fn another_sequence_position() {
    caught(
        "4711",
        Some("4710"),
        "`public.ticket`",
        &["-SELECT pg_catalog.setval", "+SELECT pg_catalog.setval"],
    );
}

#[test]
fn a_sequence_position_that_was_not_called() {
    caught("4711, true", Some("4711, false"), "`public.ticket`", &["-SELECT pg_catalog.setval"]);
}

#[test]
fn a_not_valid_constraint_made_valid() {
    let diff = ["-    ADD CONSTRAINT dish_price_check CHECK ((price > (1)::numeric)) NOT VALID"];
    caught(" NOT VALID", Some(""), "dish_price_check", &diff);
}

#[test]
fn a_not_valid_constraint_that_is_left_out() {
    let object = "dish_price_check";
    caught(
        "ADD CONSTRAINT dish_price_check",
        None,
        object,
        &["-    ADD CONSTRAINT dish_price_check"],
    );
}

#[test]
fn a_missing_comment() {
    caught(
        "COMMENT ON COLUMN",
        None,
        "`public.dish.price`",
        &["-COMMENT ON COLUMN public.dish.price"],
    );
}

#[test]
fn a_changed_function_body() {
    caught("$1.price * 2", Some("$1.price * 3"), "double_price", &["-", "+"]);
}

#[test]
fn a_changed_volatility() {
    caught(" STABLE", Some(" IMMUTABLE"), "double_price", &["-", "+"]);
}

#[test]
fn a_missing_policy() {
    caught("CREATE POLICY", None, "only_sold", &["-CREATE POLICY only_sold"]);
}

#[test]
fn a_policy_for_everybody() {
    caught(
        "FOR SELECT TO waiter",
        Some("FOR SELECT"),
        "only_sold",
        &["-CREATE POLICY", "+CREATE POLICY"],
    );
}

#[test]
fn row_level_security_left_off() {
    caught(
        "ENABLE ROW LEVEL SECURITY",
        None,
        "`public.dish`",
        &["-ALTER TABLE public.dish ENABLE ROW"],
    );
}

#[test]
fn another_column_order() {
    caught(
        "    title text NOT NULL,\n    price numeric DEFAULT 7.5 NOT NULL,",
        Some("    price numeric DEFAULT 7.5 NOT NULL,\n    title text NOT NULL,"),
        "`public.dish`",
        &["-    price numeric DEFAULT 7.5 NOT NULL,", "+    price numeric DEFAULT 7.5 NOT NULL,"],
    );
}

#[test]
fn another_order_of_enum_labels() {
    let labels = "    'main',\n    'dessert'";
    caught(
        labels,
        Some("    'dessert',\n    'main'"),
        "`public.course`",
        &["-    'main'", "+    'main'"],
    );
}

#[test]
fn an_index_without_its_condition() {
    caught(" WHERE (sold > 0)", Some(""), "dish_title_idx", &["-CREATE INDEX", "+CREATE INDEX"]);
}

#[test]
fn another_view() {
    caught("(5)::numeric)", Some("(6)::numeric)"), "cheap", &["-", "+"]);
}

#[test]
fn a_foreign_key_without_cascade() {
    caught(" ON DELETE CASCADE", Some(""), "plate_id_fkey", &["-", "+"]);
}

#[test]
fn a_missing_trigger() {
    caught("CREATE TRIGGER keep", None, "keep", &["-CREATE TRIGGER keep"]);
}

#[test]
fn a_missing_role_attribute() {
    caught(" CREATEDB", Some(" NOCREATEDB"), "waiter", &["-", "+"]);
}

#[test]
fn a_missing_membership() {
    caught("GRANT \"waiter\" TO \"head_waiter\"", None, "waiter", &["-GRANT"]);
}

#[test]
fn a_membership_without_admin_option() {
    caught(" WITH ADMIN OPTION", Some(""), "waiter", &["-GRANT", "+GRANT"]);
}

#[test]
fn a_missing_setting_of_a_role() {
    caught("statement_timeout", None, "statement_timeout", &["-ALTER ROLE"]);
}

#[test]
fn a_missing_setting_of_the_database() {
    caught("ISO, DMY", None, "DMY", &["-"]);
}

#[test]
fn a_table_too_much() {
    let more = "CREATE TYPE public.stray AS ENUM (); CREATE TYPE public.course";
    caught(
        "CREATE TYPE public.course",
        Some(more),
        "`public.stray`",
        &["+CREATE TYPE public.stray"],
    );
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
