//! A history that cannot be replayed: what is told about it, and the ways out.

use crate::support::assert_same_tree;
use crate::support::project::Project;
use crate::support::target::Target;

const DISH: &str = "op.execute('CREATE TABLE dish (id int PRIMARY KEY)')";

/// stderr of a squash that fails, without what differs between runs and machines.
#[track_caller]
fn told(project: &Project) -> String {
    let before = project.tree();
    let run = project.rebaseline(&["squash"]).exits(3);
    assert_same_tree(&project.tree(), &before);
    assert_eq!(project.leftovers(), Vec::<std::path::PathBuf>::new());
    run.stderr.replace(&project.path().display().to_string(), "[PROJECT]")
}

macro_rules! snapshot {
    ($text:expr) => {{
        let mut settings = insta::Settings::clone_current();
        settings.add_filter(r"\d+\.\d\d s\b", "[SECONDS]");
        settings.set_prepend_module_to_snapshot(true);
        settings.bind(|| insta::assert_snapshot!($text));
    }};
}

/// The error that aborted the transaction went no further: what is raised later says nothing.
const SWALLOWED: &str = "op.execute('CREATE TABLE guest (id int)')\ntry:\n    op.execute('ALTER TABLE menu ADD COLUMN price int')\nexcept Exception:\n    pass\nop.execute('CREATE TABLE stay (id int)')";

#[test]
fn a_swallowed_error_is_the_cause() {
    let project = Project::chain(&[DISH, SWALLOWED]);
    snapshot!(told(&project));
    let failed = project.rebaseline(&["--format", "json", "squash"]).exits(3).json();
    let failure = &failed["failure"];
    assert_eq!(failure["revision"], "r2");
    assert_eq!(failure["file"], "migrations/versions/r2_.py");
    assert_eq!(failure["postgres"]["sqlstate"], "25P02");
    assert_eq!(failure["swallowed"]["sqlstate"], "42P01");
    assert_eq!(failure["swallowed"]["line"], 20);
    assert_eq!(failure["swallowed"]["statement"], "ALTER TABLE menu ADD COLUMN price int");
    assert_eq!(failure["names"], serde_json::json!(["menu"]));
}

/// One that was given up with its savepoint is none: the last one before the end counts.
#[test]
fn an_error_in_a_savepoint_is_not_the_cause() {
    let saved = "from sqlalchemy.exc import SQLAlchemyError\ntry:\n    with op.get_bind().begin_nested():\n        op.execute('DROP TABLE nothing')\nexcept SQLAlchemyError:\n    pass\n";
    let project = Project::chain(&[DISH, &format!("{saved}{SWALLOWED}")]);
    let failed = project.rebaseline(&["--format", "json", "squash"]).exits(3).json();
    assert_eq!(
        failed["failure"]["swallowed"]["statement"],
        "ALTER TABLE menu ADD COLUMN price int"
    );
    // And without the other one there is no failure.
    Project::chain(&[DISH, saved]).rebaseline(&["squash", "--dry-run"]).exits(0);
}

#[test]
fn on_every_driver() {
    for driver in ["psycopg2", "asyncpg"] {
        let mut project = Project::chain(&[DISH, SWALLOWED]);
        let url = format!("postgresql+{driver}://u:s3cret@127.0.0.1:1/production");
        project.set("DATABASE_URL", &url);
        if driver == "asyncpg" {
            project.write("migrations/env.py", crate::support::project::ENV_ASYNC);
        }
        let failed = project.rebaseline(&["--format", "json", "squash"]).exits(3).json();
        let swallowed = &failed["failure"]["swallowed"];
        assert_eq!(swallowed["sqlstate"], "42P01", "{driver}: {failed}");
        assert_eq!(swallowed["message"], "relation \"menu\" does not exist", "{driver}");
        assert_eq!(swallowed["line"], 20, "{driver}");
    }
}

#[test]
fn the_revisions_that_touched_the_object_before() {
    let project = Project::chain(&[
        DISH,
        "op.add_column('dish', sa.Column('price', sa.Integer))",
        "op.create_table('unrelated', sa.Column('id', sa.Integer))",
        "op.add_column('dish', sa.Column('price', sa.Integer))",
    ]);
    snapshot!(told(&project));
}

#[test]
fn a_revision_that_comes_too_early() {
    let project = Project::chain(&["op.execute('ALTER TABLE dish ADD COLUMN price int')", DISH]);
    snapshot!(told(&project));
}

const FAILS: &str =
    "op.execute('CREATE TABLE never (id int)')\nop.execute('SELECT no_such_function()')";

/// A kept revision runs in an upgrade of its own: what is squashed ran before it all the same.
#[test]
fn a_kept_revision_that_fails() {
    let early = "op.execute('ALTER TABLE dish DROP COLUMN price')";
    let project = Project::chain(&[DISH, "op.execute('SELECT 1')", early]);
    let run = project.rebaseline(&["--format", "json", "squash", "--keep", "1"]).exits(3);
    let failure = run.json()["failure"].clone();
    assert_eq!(failure["revision"], "r3");
    assert_eq!(failure["applied_before"], 2);
    assert_eq!(failure["named_before"][0]["revision"], "r1", "{failure}");
    assert_eq!(failure["named_later"], serde_json::json!([]));
    assert!(!run.stderr.contains("not run yet"), "{}", run.stderr);
}

fn four() -> Project {
    Project::chain(&[
        DISH,
        FAILS,
        "op.execute('CREATE TABLE guest (id int)')",
        "op.execute('CREATE VIEW v AS SELECT id FROM dish')",
    ])
}

#[test]
fn skip_passes_a_revision_without_running_it() {
    let project = four();
    let before = project.tree();
    let result = project.squash(&["--skip", "r2"]);
    assert_eq!(result["origin"], serde_json::json!({"skipped": ["r2"]}));
    assert_eq!(result["schema"]["tables"], 2);
    let baseline = std::fs::read_to_string(project.baseline()).unwrap();
    assert!(baseline.contains("These revisions were not run (--skip)"), "{baseline}");
    assert!(!baseline.contains("never"), "{baseline}");
    let shown = project.rebaseline(&["archive", "show"]).exits(0).stdout;
    assert!(shown.contains("r2  step r2  (not run: --skip)"), "{shown}");
    let manifest = project.rebaseline(&["--format", "json", "archive", "show"]).exits(0).json();
    assert_eq!(manifest["manifest"]["origin"]["skipped"], serde_json::json!(["r2"]));
    // A reader that does not know of it would run the revision on databases.
    assert_eq!(manifest["manifest"]["readable_by"], 2);
    project.rebaseline(&["archive", "verify"]).exits(0);
    project.rebaseline(&["index"]).exits(0);
    // The file was archived as any other.
    project.rebaseline(&["undo"]).exits(0);
    assert_same_tree(&project.tree(), &before);
}

#[test]
fn skip_takes_files_that_cannot_be_imported_and_refuses_what_it_cannot_skip() {
    let project = four();
    let text = project.read("migrations/versions/r2_.py");
    project.write("migrations/versions/r2_.py", format!("import no_such_module\n{text}"));
    project.squash(&["--skip", "r2"]);
    let project = four();
    let unknown = project.rebaseline(&["squash", "--skip", "r9"]).exits(2).stderr;
    assert!(unknown.contains("there is no revision `r9` to skip"), "{unknown}");
    let several = project.rebaseline(&["squash", "--skip", "r"]).exits(2).stderr;
    assert!(
        several.contains("`r` is the beginning of several revisions: r1, r2, r3, r4"),
        "{several}"
    );
    let kept = project.rebaseline(&["squash", "--skip", "r2", "--upto", "r1"]).exits(2).stderr;
    assert!(kept.contains("revision `r2` is kept"), "{kept}");
}

/// What the squash skipped is not run later either: every database arrives at the baseline.
#[tokio::test]
async fn databases_behind_pass_what_was_skipped() {
    let old = four();
    let project = old.copy();
    project.squash(&["--skip", "r2", "--revision-id", "fresh"]);
    let target = Target::start().await;
    let url = target.database("behind").await;
    old.alembic(&url, &["upgrade", "r1"]).exits(0);
    let bridged = target.copy("behind", "bridged").await;
    let run =
        project.rebaseline(&["--format", "json", "stamp", "--catch-up", "--yes", &url]).exits(0);
    assert!(
        run.stderr.contains("passed without being run, as the squash skipped it: r2"),
        "{}",
        run.stderr
    );
    let told = &run.json()["targets"][0];
    assert_eq!(told["outcome"], "caught_up");
    assert_eq!(told["catalog"]["drift"], serde_json::json!([]));
    assert_eq!(target.versions("behind").await, ["fresh"]);
    let tables = "select relname::text from pg_class where relnamespace = 'public'::regnamespace \
                  and relkind in ('r', 'v') order by 1";
    let expected = ["alembic_version", "dish", "guest", "v"];
    assert_eq!(target.column("behind", tables).await, expected);
    project.rebaseline(&["bridge", "install", "--yes"]).exits(0);
    project.alembic(&bridged, &["upgrade", "heads"]).exits(0);
    assert_eq!(target.column("bridged", tables).await, expected);
    assert_eq!(target.versions("bridged").await, ["fresh"]);
}

#[tokio::test]
async fn a_plain_env_where_the_own_one_cannot_be_imported() {
    let old = Project::chain(&[
        DISH,
        "op.create_table('guest', sa.Column('id', sa.Integer, primary_key=True))",
    ]);
    let project = old.copy();
    project.write("migrations/env.py", "import no_such_settings\n");
    let result = project.squash(&["--env", "builtin", "--revision-id", "fresh"]);
    assert_eq!(result["origin"], serde_json::json!({"env": "builtin"}));
    assert_eq!(result["proof"]["offline"]["outcome"], "equal");
    let shown = project.rebaseline(&["archive", "show"]).exits(0).stdout;
    assert!(shown.contains("env.py     builtin"), "{shown}");
    let target = Target::start().await;
    let url = target.database("behind").await;
    old.alembic(&url, &["upgrade", "r1"]).exits(0);
    let refused = project.rebaseline(&["stamp", "--catch-up", "--yes", &url]).exits(1);
    assert!(refused.stderr.contains("pass --env builtin"), "{}", refused.stderr);
    let asked = ["stamp", "--catch-up", "--yes", "--env", "project", &url];
    let refused = project.rebaseline(&asked).exits(1);
    assert!(refused.stdout.contains("no_such_settings"), "{} {}", refused.stdout, refused.stderr);
    assert_eq!(target.versions("behind").await, ["r1"]);
    project.rebaseline(&["stamp", "--catch-up", "--yes", "--env", "builtin", &url]).exits(0);
    assert_eq!(target.versions("behind").await, ["fresh"]);
}

#[test]
fn the_plain_env_uses_the_version_table_that_is_named() {
    for driver in ["psycopg", "psycopg2", "asyncpg"] {
        let project = Project::chain(&[DISH, "op.execute('CREATE TABLE guest (id int)')"]);
        project.write("migrations/env.py", "raise SystemExit('not this one')\n");
        let ini = format!(
            "[alembic]\nscript_location = migrations\nsqlalchemy.url = postgresql+{driver}://u@h/db\n"
        );
        project.write("alembic.ini", ini);
        project.write("rebaseline.toml", "env = \"builtin\"\nversion_table = \"App.Versions\"\n");
        project.squash(&[]);
        let manifest = project.rebaseline(&["--format", "json", "archive", "show"]).exits(0).json();
        let table = serde_json::json!({"schema": "App", "table": "Versions"});
        assert_eq!(manifest["manifest"]["version_table"], table, "{driver}");
    }
}
