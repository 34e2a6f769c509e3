//! What crosses the cut: a session that the squashed revisions leave to the kept ones, and revisions that import each
//! other. What works in one upgrade of the old files must work in one of the new ones, or the squash is refused.

use serde_json::json;

use crate::support::assert_same_tree;
use crate::support::project::{Project, Run};
use crate::support::target::Target;

fn sql(statements: &[&str]) -> String {
    statements.iter().map(|statement| format!("op.execute({statement:?})\n")).collect()
}

/// A squash that keeps the last revision, and must fail and change nothing.
#[track_caller]
fn refused(project: &Project, more: &[&str]) -> Run {
    let before = project.tree();
    let run = project.rebaseline(&[&["squash", "--keep", "1"], more].concat()).exits(4);
    let mut after = project.tree();
    after.retain(|path, _| !path.starts_with(".rebaseline/"));
    assert_same_tree(&after, &before);
    run
}

/// The lines that tell what differs.
fn told(run: &Run) -> Vec<&str> {
    run.stderr.lines().filter_map(|line| line.strip_prefix("      ")).collect()
}

/// What `r1` leaves behind it is seen by `r2`, which is kept.
fn leaving(statements: &[&str]) -> Project {
    let project = Project::chain(&[&sql(statements), "pass"]);
    let dated = sql(&["CREATE TABLE u (d text)", "INSERT INTO u SELECT date '2024-12-31'"]);
    project.revision("r2", &["r1"], &dated);
    project
}

#[test]
fn rows_that_a_kept_revision_makes_in_the_order_of_others() {
    // A row that was changed lies in another place than in the baseline's table.
    let moved = [
        "CREATE TABLE status (id int PRIMARY KEY)",
        "INSERT INTO status VALUES (1), (2), (3)",
        "UPDATE status SET id = id WHERE id = 3",
    ];
    let makes = [
        "CREATE TABLE team (id serial PRIMARY KEY, place int)",
        "INSERT INTO team (place) SELECT (ctid::text::point)[1] FROM status WHERE id = 3",
    ];
    let project = Project::chain(&[&sql(&moved), "pass"]);
    project.revision("r2", &["r1"], &sql(&makes));
    let run = refused(&project, &[]);
    let said = &run.stderr;
    assert!(said.contains("at the heads: rows of public.team: row id=1: place 4 -> 3"), "{said}");
    assert!(said.contains("a SELECT without ORDER BY"), "{said}");
}

#[test]
fn a_process_that_a_squashed_revision_has_changed() {
    let left = "import sys\nsys.modules['left_behind'] = sys\n";
    let project = Project::chain(&[&format!("{left}{}", sql(&["CREATE TABLE t (a int)"])), "pass"]);
    project.revision("r2", &["r1"], "import left_behind\n");
    let run = refused(&project, &[]);
    let said = &run.stderr;
    assert!(said.contains("error: a kept revision cannot be run on the baseline"), "{said}");
    assert!(said.contains("what one of them left in the process (an import, a patch)"), "{said}");
}

const DATE_STYLE: [&str; 2] = ["CREATE TABLE s (t text)", "SET DateStyle TO 'German'"];

#[test]
fn a_session_that_a_squashed_revision_has_changed() {
    let search_path: &[&str] = &["CREATE SCHEMA app", "SET search_path TO app, public"];
    let role: &[&str] = &["CREATE ROLE app_owner SUPERUSER", "SET ROLE app_owner"];
    let cases: [(&[&str], &[&str], &[&str]); 3] = [
        (
            search_path,
            &[],
            &[
                "the history in one upgrade: table public.u is missing",
                "the history in one upgrade: table app.u is too much",
            ],
        ),
        (
            role,
            &["--revision-id", "new"],
            &["the history in one upgrade: table public.u: owner postgres -> app_owner"],
        ),
        (
            &DATE_STYLE,
            &[],
            &[
                "the history in one upgrade: rows of public.u: row ('2024-12-31') is missing",
                "the history in one upgrade: rows of public.u: row ('31.12.2024') is too much",
            ],
        ),
    ];
    for (statements, more, expected) in cases {
        let run = refused(&leaving(statements), more);
        let told = told(&run);
        assert!(expected.iter().all(|line| told.contains(line)), "{}", run.stderr);
        assert!(
            run.stderr.contains("what the squashed ones left in their session"),
            "{}",
            run.stderr
        );
    }
    // All of it together is one session.
    leaving(search_path).squash(&[]);
    // Definitions are compared without a second replay too; nobody knows then which rows are the same in each run.
    refused(&leaving(search_path), &["--once"]);
    leaving(&DATE_STYLE).squash(&["--keep", "1", "--once"]);
}

#[test]
fn a_session_that_a_kept_revision_changes_for_itself() {
    let project = Project::chain(&[
        &sql(&[
            "CREATE SCHEMA app",
            "SET search_path TO app, public",
            "CREATE TABLE t (id uuid, at timestamptz)",
            "INSERT INTO app.t VALUES (gen_random_uuid(), now())",
            "RESET search_path",
        ]),
        &sql(&[
            "SET search_path TO app, public",
            "CREATE TABLE u (id uuid DEFAULT gen_random_uuid(), at timestamptz)",
            "INSERT INTO u SELECT id, now() FROM app.t",
            "INSERT INTO u VALUES (gen_random_uuid(), now())",
        ]),
        &sql(&["CREATE TABLE v (id int)", "CREATE ROLE keeper", "GRANT SELECT ON v TO keeper"]),
    ]);
    let result = project.squash(&["--upto", "r1", "--freeze", "app.t.id"]);
    assert_eq!(result["history"]["kept"], 2);
}

/// `COMMIT` by hand ends the transaction that the baseline's statements are in, too: a second connection then sees
/// what the old files made, and not what the baseline does.
#[test]
fn a_transaction_that_a_squashed_revision_has_ended() {
    let project = Project::chain(&[
        "op.execute('create table t (a int)')\nop.execute('COMMIT')",
        "import sqlalchemy\nwith sqlalchemy.create_engine(op.get_bind().engine.url).connect() as other:\n    \
         other.exec_driver_sql('select * from t')\nop.execute('create table u (a int)')",
    ]);
    let run = refused(&project, &[]);
    assert!(
        run.stderr.contains("the baseline and the kept revisions cannot be run in one upgrade"),
        "{}",
        run.stderr
    );
}

/// A history that never ran in one upgrade: nothing is lost, and it is told.
#[test]
fn a_history_that_runs_in_steps_only() {
    let project = Project::chain(&[
        &sql(&[
            "CREATE TYPE mood AS ENUM ('sad')",
            "CREATE TABLE t (m mood)",
            "ALTER TYPE mood ADD VALUE 'ok'",
        ]),
        &sql(&["INSERT INTO t VALUES ('ok')"]),
    ]);
    let run = project.rebaseline(&["squash", "--keep", "1"]).exits(0);
    assert!(
        run.stderr.contains("a new database could not be made by one upgrade of the history"),
        "{}",
        run.stderr
    );
    assert!(run.stderr.contains("unsafe use of new value"), "{}", run.stderr);
}

/// `r2` imports what `r1` has.
fn importing() -> Project {
    let project = Project::chain(&["fill('r1')", "pass"]);
    project.write("alembic.ini", "[alembic]\nscript_location = migrations\nprepend_sys_path = .\n");
    let first = project.read("migrations/versions/r1_.py");
    let fill = "\n\ndef fill(by):\n    op.execute('create table if not exists t (by text)')\n    \
                op.execute(f\"insert into t values ('{by}')\")\n";
    project.write("migrations/versions/r1_.py", first + fill);
    let imports = "from migrations.versions.r1_ import fill\n\nrevision =";
    project.revision("r2", &["r1"], "fill('r2')");
    let second = project.read("migrations/versions/r2_.py");
    project.write("migrations/versions/r2_.py", second.replacen("revision =", imports, 1));
    project.revision("r3", &["r2"], "op.execute('create table u (a int)')");
    project
}

#[test]
fn a_kept_revision_that_needs_a_squashed_file() {
    let needs = [
        "from migrations.versions.r1_ import fill",
        "import migrations.versions.r1_",
        "import importlib\nimportlib.import_module('migrations.versions.r1_')",
        "import importlib.util\nspec = importlib.util.spec_from_file_location('x', __file__.replace('r2_', 'r1_'))\n\
         spec.loader.exec_module(importlib.util.module_from_spec(spec))",
        "open(__file__.replace('r2_', 'r1_'))",
    ];
    for need in needs {
        let project = importing();
        project.revision("r2", &["r1"], "pass");
        let second = project.read("migrations/versions/r2_.py");
        project.write(
            "migrations/versions/r2_.py",
            second.replacen("revision =", &format!("{need}\nrevision ="), 1),
        );
        let before = project.tree();
        let run = project.rebaseline(&["squash", "--upto", "r1"]).exits(4);
        assert!(run.stderr.contains("the file of a squashed revision"), "{need}: {}", run.stderr);
        assert!(run.stderr.contains("r2_.py"), "{need}: {}", run.stderr);
        assert!(run.stderr.contains("copy what it needs into it"), "{need}: {}", run.stderr);
        assert_same_tree(&project.tree(), &before);
    }
    // Nothing is wrong where the imported one stays, or where both go.
    let project = importing();
    project.squash(&["--upto", "r2"]);
    // Whoever takes what is there takes what will be there.
    let lists = "import os, pathlib\nhere = pathlib.Path(__file__).parent\n\
                 names = sorted(p.name for p in here.iterdir()) + sorted(os.listdir(here)) + [e.name for e in os.scandir(here)]\n\
                 for name in names:\n    if name.endswith('.py'):\n        (here / name).read_text()\n";
    let project = importing();
    project.revision("r3", &["r2"], lists);
    project.squash(&["--upto", "r2"]);
}

#[tokio::test]
async fn archived_revisions_import_each_other() {
    let old = importing();
    let project = old.copy();
    project.squash(&["--revision-id", "fresh"]);
    let target = Target::start().await;
    let mut urls = Vec::new();
    for (name, revision) in [("one", "r1"), ("two", "r2")] {
        let url = target.database(name).await;
        old.alembic(&url, &["upgrade", revision]).exits(0);
        urls.push(url);
        urls.push(target.copy(name, &format!("{name}_bridged")).await);
    }
    let rows = "select string_agg(by, ' ' order by by) from t";
    let caught = project
        .rebaseline(&["--format", "json", "stamp", "--catch-up", "--yes", &urls[0], &urls[2]])
        .exits(0)
        .json();
    assert_eq!(caught["targets"][0]["applied"], json!(["r2", "r3"]), "{caught}");
    project.rebaseline(&["index"]).exits(0);
    project.rebaseline(&["bridge", "install", "--yes"]).exits(0);
    for url in [&urls[1], &urls[3]] {
        project.alembic(url, &["upgrade", "head"]).exits(0);
    }
    for name in ["one", "two", "one_bridged", "two_bridged"] {
        assert_eq!(target.versions(name).await, ["fresh"], "{name}");
        assert_eq!(target.column(name, rows).await, ["r1 r2"], "{name}");
    }
}
