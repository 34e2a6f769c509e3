//! Large baselines: the SQL stands in a file beside the revision, belongs to it, and is proved with it.

use std::process::Command;

use crate::support::project::{ENV_ASYNC, Project};
use crate::support::target::Target;
use crate::support::{assert_same_tree, environment};

/// Rows, and statements that hold what separates statements in the file.
const HISTORY: [&str; 3] = [
    "op.execute('create table room (id int primary key, name text not null, made timestamptz default now())')\n\
     op.execute(\"insert into room (id, name) select i, 'it''s; ' || i || chr(10) || '--;' || chr(10) from generate_series(1, 1203) i\")",
    "op.execute('create table key (id uuid primary key, room int references room)')\n\
     op.execute('insert into key select gen_random_uuid(), i from generate_series(1, 3) i')\n\
     op.get_bind().exec_driver_sql(\"insert into room values (0, 'ä %% :x', '2020-01-01')\")",
    "op.execute('''create function f() returns int language plpgsql as $$\nbegin\n--;\n  return 1; -- x;\nend $$''')",
];

/// The one `.sql` file of a squashed project.
#[track_caller]
fn sql_file(project: &Project) -> String {
    let files: Vec<String> = project.tree().into_keys().filter(|p| p.ends_with(".sql")).collect();
    assert_eq!(files.len(), 1, "{files:?}");
    files[0].clone()
}

#[track_caller]
fn squashed(project: &Project, more: &[&str]) -> serde_json::Value {
    let result = project.squash(&[&["--sql-file-above", "0"], more].concat());
    assert_eq!(result["proof"]["offline"]["outcome"], "equal", "{}", result["proof"]);
    let baseline = project.baseline();
    assert_eq!(result["baseline"]["sql_file"], sql_file(project));
    for arguments in [&["check", "--isolated"][..], &["format", "--isolated", "--diff"]] {
        let mut ruff = Command::new(environment().join("bin/ruff"));
        let output = ruff.args(arguments).arg("--no-cache").arg(&baseline).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
    }
    result
}

#[tokio::test]
async fn the_sql_of_both_styles_in_a_file() {
    let target = Target::start().await;
    for style in ["sql", "ops"] {
        let project = Project::chain(&HISTORY);
        let old = project.tree();
        let result = squashed(&project, &["--style", style]);
        let sql = project.read(&sql_file(&project));
        assert_eq!(sql.contains("CREATE TABLE"), style == "sql", "{sql}");
        // 1204 rows of `room`, at most 500 at a time.
        assert_eq!(sql.matches("INSERT INTO public.room ").count(), 3);
        assert!(sql.contains("\n--;;\n"), "a statement holds the usual line: {sql}");
        let text = std::fs::read_to_string(project.baseline()).unwrap();
        assert!(!text.contains("INSERT INTO") && !text.contains("bulk_insert"), "{text}");
        assert_eq!(text.contains("op.create_table("), style == "ops");
        assert!(result["baseline"]["statements"].as_u64().unwrap() > 5);

        let name = format!("fresh_{style}");
        let url = target.database(&name).await;
        project.alembic(&url, &["upgrade", "head"]).exits(0);
        let rows = "select count(*)::text || min(name) from room";
        assert_eq!(target.column(&name, rows).await, ["1204it's; 1\n--;\n"]);
        project.alembic(&url, &["-x", "rebaseline-downgrade=yes", "downgrade", "base"]).exits(0);

        // psql takes the file as it is.
        if style == "sql" {
            let url = target.database("by_psql").await;
            target.execute("by_psql", "alter database by_psql set rebaseline.salt = 'x'").await;
            target.execute("by_psql", &sql).await;
            assert_eq!(target.column("by_psql", rows).await.len(), 1, "{url}");
        }
        project.rebaseline(&["undo"]).exits(0);
        assert_same_tree(&project.tree(), &old);
    }
}

#[tokio::test]
async fn another_file_runs_nothing() {
    let target = Target::start().await;
    let project = Project::chain(&HISTORY);
    squashed(&project, &[]);
    let file = sql_file(&project);
    let sql = project.read(&file);
    let url = target.database("shop").await;

    project.write(&file, sql.replace('\n', "\r\n"));
    let said = project.alembic(&url, &["upgrade", "head"]).exits(1).stderr;
    assert!(said.contains("line ends"), "{said}");
    let audit = project.rebaseline(&["audit"]).exits(1).stdout;
    insta::with_settings!({filters => vec![(r"[0-9a-f]{12,}", "ID"), (r"20\d\d_\d\d_\d\d", "DATE")]}, {
        insta::assert_snapshot!("another_sql_file", audit);
    });
    std::fs::remove_file(project.path().join(&file)).unwrap();
    let said = project.alembic(&url, &["upgrade", "head"]).exits(1).stderr;
    assert!(said.contains("No such file") && said.contains(".sql"), "{said}");
    let audit = project.rebaseline(&["audit"]).exits(1).stdout;
    assert!(audit.contains("cannot be read"), "{audit}");
    project.rebaseline(&["undo"]).exits(1);
    let tables = "select relname::text from pg_class where relname in ('room', 'key')";
    assert_eq!(target.column("shop", tables).await, Vec::<String>::new());

    project.write(&file, sql);
    project.alembic(&url, &["upgrade", "head"]).exits(0);
}

/// It is a part of its revision: it goes into the next archive, and comes back from there.
#[test]
fn it_is_squashed_with_its_revision() {
    let project = Project::chain(&HISTORY);
    let oldest = project.tree();
    squashed(&project, &[]);
    let first = sql_file(&project);
    project.revision("r4", &["r3"], "op.execute('create table bill (id int)')");
    let middle = project.tree();
    squashed(&project, &["--style", "ops", "--message", "second_baseline"]);
    assert_ne!(sql_file(&project), first);
    let shown = project.rebaseline(&["--format", "json", "archive", "show"]).exits(0).json();
    let files = shown["manifest"]["files"].as_array().unwrap();
    let sql = files.iter().find(|file| file["path"] == first).unwrap();
    assert_eq!((&sql["role"], &sql["removed"]), (&"revision".into(), &true.into()));
    project.rebaseline(&["undo"]).exits(0);
    assert_same_tree(&project.tree(), &middle);
    std::fs::remove_file(project.path().join("migrations/versions/r4_.py")).unwrap();
    project.rebaseline(&["undo"]).exits(0);
    assert_same_tree(&project.tree(), &oldest);
}

#[test]
fn only_much_sql_gets_a_file() {
    let rows = |count: u32| {
        let insert =
            format!("insert into t select i, repeat('x', 100) from generate_series(1, {count}) i");
        format!("op.execute('create table t (id int, note text)')\nop.execute(\"{insert}\")")
    };
    let few = Project::chain(&[&rows(1000)]);
    assert_eq!(few.squash(&[])["baseline"]["sql_file"], serde_json::Value::Null);
    let many = Project::chain(&[&rows(9000)]);
    assert_eq!(many.squash(&[])["baseline"]["sql_file"], "migrations/versions/r1_baseline.sql");
    // rebaseline.toml says it too.
    let told = Project::chain(&[&rows(10)]);
    told.write("rebaseline.toml", "sql_file_above = 100\n");
    told.squash(&[]);
    sql_file(&told);
    // A template that knows of no such file has all of it in itself.
    let own = Project::chain(&[&rows(10)]);
    let template = include_str!("../../templates/alembic/baseline.py.tera");
    own.write("mine/baseline.py.tera", template.replace("sql_file", "nothing"));
    let result = own.squash(&["--templates", "mine", "--sql-file-above", "0"]);
    assert_eq!(result["baseline"]["sql_file"], serde_json::Value::Null);
}

#[tokio::test]
async fn other_drivers_read_it_too() {
    let target = Target::start().await;
    for (driver, asynchronous) in [("psycopg2", false), ("asyncpg", true)] {
        let mut project = Project::chain(&HISTORY);
        if asynchronous {
            project.write("migrations/env.py", ENV_ASYNC);
        }
        let url = format!("postgresql+{driver}://nobody@127.0.0.1:1/production");
        project.set("DATABASE_URL", &url);
        squashed(&project, &["--style", "ops"]);
        let url = target.database(driver).await.replacen("psycopg", driver, 1);
        project.alembic(&url, &["upgrade", "head"]).exits(0);
        let count = "select count(*)::text from room";
        assert_eq!(target.column(driver, count).await, ["1204"]);
    }
}
