//! The inventory on a real server: complete, independent of whatever it should not depend on, and quick to
//! see a change.

use std::fmt::Write;

use rebaseline::postgres::inventory;
use rebaseline::postgres::programs::Table;
use rebaseline::schema::inventory::difference::differences;
use rebaseline::schema::inventory::{Forms, Inventory, majors};
use rebaseline_archive::{Archive, Limits};
use sqlx::postgres::PgConnection;
use sqlx::{AssertSqlSafe, Connection};

use crate::support::project::Project;
use crate::support::target::Target;

pub const EVERYTHING: &str = include_str!("inventory/everything.sql");
pub const SINCE_15: &str = include_str!("inventory/since_15.sql");
pub const SINCE_18: &str = include_str!("inventory/since_18.sql");
const REFUSED: &str = include_str!("inventory/refused.sql");

pub async fn read(connection: &mut PgConnection) -> Inventory {
    let version_table = Table { schema: "public".to_owned(), name: "alembic_version".to_owned() };
    inventory::read(connection, &version_table).await.unwrap()
}

async fn run(connection: &mut PgConnection, sql: &str) {
    sqlx::raw_sql(AssertSqlSafe(sql.to_owned())).execute(connection).await.expect(sql);
}

/// A server with a database `rich` that holds one of everything.
async fn rich() -> (Target, PgConnection) {
    let target = Target::start().await;
    target.database("rich").await;
    let mut connection = target.connect("rich").await;
    run(&mut connection, EVERYTHING).await;
    run(&mut connection, SINCE_15).await;
    (target, connection)
}

fn told(expected: &Inventory, actual: &Inventory) -> Vec<String> {
    differences(expected, actual).iter().map(ToString::to_string).collect()
}

#[tokio::test]
async fn one_of_everything() {
    let (_target, mut connection) = rich().await;
    run(&mut connection, REFUSED).await;
    let inventory = read(&mut connection).await;
    let again: Vec<_> = inventory.items().iter().map(|item| &item.object).collect();
    let mut unique = again.clone();
    unique.dedup();
    assert_eq!(again, unique, "an object has one row");
    // In the form that does not depend on the major version of this machine.
    let mut shown = String::new();
    for item in majors::shared(&inventory).items() {
        writeln!(shown, "{}", item.object).unwrap();
        for (property, value) in &item.definition {
            writeln!(shown, "    {property}: {}", value.trim().replace('\n', "\n    ")).unwrap();
        }
    }
    assert!(!shown.contains("must not show") && !shown.contains("must_not_show"));
    insta::assert_snapshot!(shown);
}

#[tokio::test]
async fn it_depends_on_nothing_but_the_objects() {
    let (target, mut connection) = rich().await;
    let inventory = read(&mut connection).await;
    // Another session.
    run(
        &mut connection,
        "SET search_path = shop, public; SET timezone = 'Asia/Tokyo'; SET datestyle = 'German'; \
         SET intervalstyle = 'sql_standard'; SET quote_all_identifiers = on; SET bytea_output = 'escape'; \
         SET extra_float_digits = 0; SET standard_conforming_strings = off",
    )
    .await;
    assert_eq!(read(&mut connection).await, inventory);
    // Afterwards it is as it was.
    let path: String =
        sqlx::query_scalar("show search_path").fetch_one(&mut connection).await.unwrap();
    assert_eq!(path, "shop, public");
    // Inside a transaction.
    let mut transaction = connection.begin().await.unwrap();
    assert_eq!(read(&mut transaction).await, inventory);
    run(&mut transaction, "CREATE TABLE shop.alembic_version ()").await;
    transaction.commit().await.unwrap();
    assert_eq!(
        told(&inventory, &read(&mut connection).await),
        ["table `shop.alembic_version` is too much"]
    );
    // The version table, with all that is on it.
    run(
        &mut connection,
        "DROP TABLE shop.alembic_version; CREATE TABLE public.alembic_version (v text PRIMARY KEY); \
         COMMENT ON TABLE public.alembic_version IS 'x'; GRANT SELECT ON public.alembic_version TO reader; \
         CREATE INDEX ON public.alembic_version (v); ALTER PUBLICATION chosen ADD TABLE public.alembic_version; \
         CREATE POLICY p ON public.alembic_version; CREATE STATISTICS s ON v, (v || v) FROM public.alembic_version",
    )
    .await;
    assert_eq!(read(&mut connection).await, inventory);
    assert_eq!(read(&mut connection).await.sha256(), inventory.sha256());
    // A role that may do nothing sees the same objects, of another owner.
    run(&mut connection, "SET ROLE reader").await;
    let seen = read(&mut connection).await;
    let objects = |inventory: &Inventory| -> Vec<_> {
        let mapping = |kind: &str| kind == "user mapping" || kind == "default privileges";
        let items = inventory.items().iter().filter(|item| !mapping(&item.object.kind));
        items.map(|item| item.object.clone()).collect()
    };
    assert_eq!(objects(&seen), objects(&inventory));
    // Another server, other roles, other oids: the one who makes it is CURRENT_USER.
    drop((target, connection));
    let target = Target::start().await;
    target.execute("postgres", "CREATE ROLE \"Some One\" SUPERUSER; CREATE ROLE app").await;
    target.database("other name").await;
    let mut connection = target.connect("other name").await;
    run(&mut connection, "CREATE TABLE first (id serial); DROP TABLE first").await;
    run(&mut connection, "SET SESSION AUTHORIZATION \"Some One\"").await;
    run(&mut connection, &format!("RESET search_path; {EVERYTHING}{SINCE_15}")).await;
    assert_eq!(told(&inventory, &read(&mut connection).await), [""; 0]);
}

/// Each changes the database so that another one would be needed to be the same.
const CHANGES: &str = include_str!("inventory/changes.sql");

#[tokio::test]
async fn every_change_is_told_and_nothing_else() {
    let (_target, mut connection) = rich().await;
    let before = read(&mut connection).await;
    let mut shown = String::new();
    for change in CHANGES.split("\n\n").filter(|change| !change.starts_with("--")) {
        let mut transaction = connection.begin().await.unwrap();
        run(&mut transaction, change).await;
        let told = told(&before, &read(&mut transaction).await);
        transaction.rollback().await.unwrap();
        assert!(!told.is_empty(), "not seen: {change}");
        writeln!(shown, "{}", change.trim_end()).unwrap();
        for line in told {
            writeln!(shown, "    {line}").unwrap();
        }
    }
    assert_eq!(read(&mut connection).await, before);
    insta::assert_snapshot!(shown);
}

#[tokio::test]
async fn what_changes_nothing_is_not_told() {
    let (_target, mut connection) = rich().await;
    let before = read(&mut connection).await;
    for nothing in [
        "INSERT INTO shop.cache VALUES ('a', '1'); SELECT nextval('shop.number'); ANALYZE",
        "ALTER TABLE shop.note ADD COLUMN x int; ALTER TABLE shop.note DROP COLUMN x",
        "GRANT SELECT ON shop.cache TO keeper; REVOKE SELECT ON shop.cache FROM keeper",
        "GRANT ALL ON shop.cache TO CURRENT_USER",
        "GRANT EXECUTE ON FUNCTION shop.watch() TO PUBLIC",
        "ALTER TABLE shop.customer SET (toast.autovacuum_enabled = false, fillfactor = 70)",
        "CREATE TEMPORARY TABLE passing (a int); CREATE ROLE somebody",
        "COMMENT ON TABLE shop.note IS 'x'; COMMENT ON TABLE shop.note IS NULL",
    ] {
        let mut transaction = connection.begin().await.unwrap();
        run(&mut transaction, nothing).await;
        assert_eq!(told(&before, &read(&mut transaction).await), [""; 0], "{nothing}");
        transaction.rollback().await.unwrap();
    }
}

#[tokio::test]
async fn what_pg_dump_has_no_words_for() {
    let (target, mut connection) = rich().await;
    let before = (target.dump("rich"), read(&mut connection).await);
    for (change, seen) in [
        (
            "ALTER TABLE shop.note DISABLE TRIGGER ALL",
            "constraint `shop.note.note_id_day_kind_fkey`: triggers none -> `disabled`",
        ),
        (
            "UPDATE pg_extension SET extversion = '0.9'",
            "extension `plpgsql`: version `1.0` -> `0.9`",
        ),
    ] {
        run(&mut connection, change).await;
        assert_eq!(target.dump("rich"), before.0, "{change}");
        assert_eq!(told(&before.1, &read(&mut connection).await), [seen]);
        let undo =
            "ALTER TABLE shop.note ENABLE TRIGGER ALL; UPDATE pg_extension SET extversion = '1.0'";
        run(&mut connection, undo).await;
    }
}

#[test]
fn a_squash_that_would_lose_what_pg_dump_does_not_tell_is_refused() {
    let project = Project::chain(&["op.execute(\"CREATE TABLE a (id int PRIMARY KEY)\")\n\
         op.execute(\"CREATE TABLE b (id int CONSTRAINT known REFERENCES a)\")\n\
         op.execute(\"ALTER TABLE b DISABLE TRIGGER ALL\")"]);
    let run = project.rebaseline(&["squash"]).exits(4);
    let object = "catalog, restored by psql: constraint public.b.known: triggers disabled -> none";
    assert!(run.stderr.contains(object), "{}", run.stderr);
    assert!(project.read(".rebaseline/proof.diff").contains("-triggers: disabled"));
}

#[tokio::test]
async fn the_archive_holds_both_forms() {
    let target = Target::start().await;
    let project = Project::chain(&[
        "op.execute(\"CREATE TABLE t (id serial, s varchar(9) CHECK (s IN ('a', 'b')))\")",
        "op.execute(\"CREATE VIEW v AS SELECT id FROM t\")",
    ]);
    let url = target.database("by_the_history").await;
    project.alembic(&url, &["upgrade", "heads"]).exits(0);
    project.squash(&[]);
    let url = target.database("by_the_baseline").await;
    project.alembic(&url, &["upgrade", "heads"]).exits(0);
    let archives = project.path().join("migrations/archive");
    let file = std::fs::read_dir(archives).unwrap().flatten().map(|e| e.path());
    let file = file.filter(|path| path.extension().is_some_and(|e| e == "zip")).last().unwrap();
    let archive = Archive::read(&std::fs::read(file).unwrap()[..], &Limits::default()).unwrap();
    let forms = Forms::from_json(archive.inventory().unwrap()).unwrap();
    assert_eq!(forms.history, read(&mut target.connect("by_the_history").await).await);
    assert_eq!(forms.baseline, read(&mut target.connect("by_the_baseline").await).await);
    let constraint = "constraint `public.t.t_s_check`: definition ";
    let differ = told(&forms.history, &forms.baseline);
    assert!(differ.len() == 1 && differ[0].starts_with(constraint), "{differ:?}");
}
