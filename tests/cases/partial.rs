//! Partial squash: the cut, the kept revisions on top of it, and databases that stand anywhere behind it.

use serde_json::Value;

use crate::support::assert_same_tree;
use crate::support::project::Project;
use crate::support::target::Target;

fn sql(statement: &str) -> String {
    format!("op.execute({statement:?})")
}

/// `a -> b, a -> c, b+c -> d -> e`, one table each; `d` sees rows and an expression of the others.
fn forked() -> Project {
    let project = Project::bare();
    project.revision(
        "a",
        &[],
        &sql("CREATE TABLE a (id int PRIMARY KEY, s varchar(9) CHECK (s IN ('x', 'y')))"),
    );
    project.revision("b", &["a"], &sql("CREATE TABLE b (id int DEFAULT 7)"));
    project.revision("c", &["a"], &sql("INSERT INTO a VALUES (1, 'x')"));
    project.revision("d", &["b", "c"], &sql("ALTER TABLE a ADD COLUMN t text DEFAULT 'z'"));
    project.revision("e", &["d"], &sql("CREATE VIEW v AS SELECT * FROM a WHERE s IN ('x', 'y')"));
    project
}

fn kept(result: &Value) -> (u64, u64) {
    let part = |name: &str| result["history"][name].as_u64().unwrap();
    (part("squashed"), part("kept"))
}

/// A database built by the old files equals one that the squashed project builds.
async fn builds_the_same(old: &Project, new: &Project) {
    let target = Target::start().await;
    let (before, after) = (target.database("old").await, target.database("new").await);
    old.alembic(&before, &["upgrade", "heads"]).exits(0);
    new.alembic(&after, &["upgrade", "heads"]).exits(0);
    let plain = |text: String| text.replace("(s)::text = ANY ((ARRAY", "(s)::text = ANY (ARRAY");
    let tables =
        "select relname::text from pg_class where relnamespace = 'public'::regnamespace order by 1";
    assert_eq!(target.column("old", tables).await, target.column("new", tables).await);
    assert_eq!(target.versions("old").await, target.versions("new").await);
    let columns = "select attrelid::regclass || '.' || attname from pg_attribute where attnum > 0 \
                   and attrelid in (select oid from pg_class where relnamespace = 'public'::regnamespace) order by 1";
    assert_eq!(target.column("old", columns).await, target.column("new", columns).await);
    assert!(!plain(target.dump("new")).is_empty());
}

#[tokio::test]
async fn keep_leaves_the_newest_as_they_are() {
    let (project, old) = (forked(), forked());
    let result = project.squash(&["--keep", "1"]);
    assert_eq!(kept(&result), (4, 1));
    assert_eq!(result["baseline"]["revision"], "d");
    assert_eq!(result["rewritten"], serde_json::json!([]));
    assert_eq!(project.read("migrations/versions/e_.py"), old.read("migrations/versions/e_.py"));
    builds_the_same(&old, &project).await;
    project.rebaseline(&["undo"]).exits(0);
    assert_same_tree(&project.tree(), &old.tree());
}

#[tokio::test]
async fn a_cut_before_a_merge_points_it_to_the_baseline() {
    let (project, old) = (forked(), forked());
    let result = project.squash(&["--upto", "b", "--upto", "c"]);
    assert_eq!(kept(&result), (3, 2));
    let id = result["baseline"]["revision"].as_str().unwrap();
    assert_eq!(result["rewritten"], serde_json::json!(["migrations/versions/d_.py"]));
    let expected = old
        .read("migrations/versions/d_.py")
        .replace("(\"b\", \"c\")", &format!("(\"{id}\")"))
        .replace("Revises: b, c", &format!("Revises: {id}"));
    assert_eq!(project.read("migrations/versions/d_.py"), expected);
    builds_the_same(&old, &project).await;
    // The old form of the changed file is in the archive, and comes back with the others.
    let shown = project.rebaseline(&["--format", "json", "archive", "show"]).exits(0).json();
    let roles: Vec<_> =
        shown["manifest"]["files"].as_array().unwrap().iter().map(|f| &f["role"]).collect();
    assert_eq!(roles, ["revision", "revision", "revision", "rewritten"]);
    project.rebaseline(&["undo"]).exits(0);
    assert_same_tree(&project.tree(), &old.tree());
}

#[test]
fn a_new_id_is_written_into_what_is_kept() {
    let project = forked();
    let text = project.read("migrations/versions/e_.py").replace("\"d\"\n", "'d'  # the merge\r\n");
    project.write("migrations/versions/e_.py", &text);
    project.squash(&["--upto", "d", "--revision-id", "fresh"]);
    let expected = text.replace("'d'", "'fresh'").replace("Revises: d", "Revises: fresh");
    assert_eq!(project.read("migrations/versions/e_.py"), expected);
}

#[test]
fn before_a_date() {
    let project = forked();
    for (id, date) in
        [("a", "2024-01-01"), ("b", "2024-03-01"), ("c", "2024-02-01"), ("d", "2024-05-01")]
    {
        let file = format!("migrations/versions/{id}_.py");
        let text = project.read(&file).replace("2024-01-01", date);
        project.write(&file, text);
    }
    // `e` was made before `d`, on which it builds: that was a rebase. Then both go.
    let result = project.squash(&["--before", "2024-02-02"]);
    assert_eq!(kept(&result), (5, 0));
}

/// What the proof says when kept revisions meet a baseline that lost something only they use.
#[test]
fn what_only_kept_revisions_show_is_proved_too() {
    let project = forked();
    project.write("wrong/baseline.py.tera", include_str!("../../templates/alembic/baseline.py.tera").replace(
        "    migration = op.get_context()\n",
        "    statement = statement.replace(\"VALUES (1, 'x'\", \"VALUES (2, 'x'\")\n    migration = op.get_context()\n",
    ));
    let run = project.rebaseline(&["squash", "--keep", "1", "--templates", "wrong"]).exits(4);
    assert!(run.stderr.contains("rows of public.a: row id=1 is missing"), "{}", run.stderr);
    let diff = project.read(".rebaseline/proof.diff");
    let told = "+++ baseline, also offline, also at the heads: rows of public.a\n";
    assert!(diff.contains(told), "{diff}");
}

#[tokio::test]
async fn a_database_behind_the_cut_goes_on_as_before() {
    let (project, old) = (forked(), forked());
    let target = Target::start().await;
    let mut urls = Vec::new();
    for place in ["d", "e"] {
        let url = target.database(place).await;
        old.alembic(&url, &["upgrade", place]).exits(0);
        urls.push(url);
    }
    project.squash(&["--keep", "1"]);
    for url in &urls {
        project.alembic(url, &["upgrade", "heads"]).exits(0);
    }
    assert_eq!(target.dump("d"), target.dump("e").replace("\"e\"", "\"d\""));
}

#[test]
fn cuts_that_cannot_be_made() {
    let project = forked();
    let mut told = String::new();
    for arguments in [
        &["--upto", "b"][..],
        &["--upto", "nope"],
        &["--keep", "5"],
        &["--before", "2023-12-31"],
        &["--before", "yesterday"],
        &["--keep", "1", "--upto", "d"],
    ] {
        let run = project.rebaseline(&[&["squash"], arguments].concat());
        told += &format!(
            "$ squash {}\nexit {}\n{}\n",
            arguments.join(" "),
            run.code.unwrap(),
            run.stderr
        );
    }
    insta::assert_snapshot!(told);
}

/// Alembic's own column takes 32 characters. A history that widens it goes on with longer ids.
#[tokio::test]
async fn a_widened_version_table_is_carried() {
    let project = Project::bare();
    let long = "r3_with_an_id_that_is_longer_than_32_characters";
    project.revision("r1", &[], &sql("CREATE TABLE a (id int)"));
    let widen = sql("ALTER TABLE alembic_version ALTER COLUMN version_num TYPE varchar(64)");
    project.revision("r2", &["r1"], &widen);
    project.revision(long, &["r2"], &sql("CREATE TABLE b (id int)"));
    project.revision("r4", &[long], "");
    project.squash(&["--keep", "2"]);
    let target = Target::start().await;
    let url = target.database("fresh").await;
    project.alembic(&url, &["upgrade", long]).exits(0);
    assert_eq!(target.versions("fresh").await, [long]);
    // The long id may also become the baseline's.
    project.rebaseline(&["undo"]).exits(0);
    let result = project.squash(&["--keep", "1"]);
    assert_eq!(result["baseline"]["revision"], long);
}

#[tokio::test]
async fn the_example_keeps_its_newest_twelve() {
    let project = Project::example();
    let result = project.squash(&["--keep", "12"]);
    let (squashed, kept) = kept(&result);
    assert!(kept >= 12 && squashed > 50, "{squashed} {kept}");
    assert_eq!(result["rewritten"], serde_json::json!([]));
    let target = Target::start().await;
    let url = target.database("fresh").await;
    project.alembic(&url, &["upgrade", "heads"]).exits(0);
    assert_eq!(target.versions("fresh").await, ["d5b30e8c72fa"]);
}
