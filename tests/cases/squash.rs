//! The example, whole: squash on every driver, use the result as its users do, undo.

use crate::support::project::Project;
use crate::support::target::Target;
use crate::support::{assert_same_tree, tree};

/// The example squashes on this driver; the result is what the report says.
fn squashes_on(driver: &str) -> Project {
    let mut project = Project::example();
    project.set("DATABASE_URL", &format!("postgresql+{driver}://u:s3cret@127.0.0.1:1/production"));
    let result = project.rebaseline(&["--format", "json", "squash"]).exits(0).json();
    assert_eq!(result["outcome"], "squashed");
    assert_eq!(result["proof"]["equal"], true);
    assert_eq!(result["proof"]["offline"]["outcome"], "equal");
    assert!(result["history"]["revisions"].as_u64().unwrap() >= 60);
    assert!(result["schema"]["seed_rows"].as_u64().unwrap() > 0);
    assert_eq!(project.leftovers(), Vec::<std::path::PathBuf>::new());
    project
}

#[test]
fn the_example_squashes_on_psycopg2() {
    squashes_on("psycopg2");
}

#[test]
fn the_example_squashes_on_asyncpg() {
    squashes_on("asyncpg");
}

#[tokio::test]
async fn the_squashed_example_works_as_an_alembic_project() {
    let project = squashes_on("psycopg");
    let target = Target::start().await;
    let url = target.database("shop").await;
    project.alembic(&url, &["upgrade", "head"]).exits(0);
    let heads = project.alembic(&url, &["heads"]).exits(0).stdout;
    assert_eq!(heads.trim(), "d5b30e8c72fa (head)");
    assert!(project.alembic(&url, &["current"]).exits(0).stdout.contains("d5b30e8c72fa (head)"));
    assert_eq!(project.alembic(&url, &["history"]).exits(0).stdout.lines().count(), 1);
    project.alembic(&url, &["revision", "-m", "on top"]).exits(0);
    project.alembic(&url, &["upgrade", "head"]).exits(0);
    assert_ne!(target.versions("shop").await, ["d5b30e8c72fa"]);
    // Back to the baseline, and then to nothing: only when asked for.
    project.alembic(&url, &["downgrade", "d5b30e8c72fa"]).exits(0);
    let refused = project.alembic(&url, &["downgrade", "base"]).exits(1);
    assert!(refused.stderr.contains("rebaseline-downgrade=yes"), "{}", refused.stderr);
    project.alembic(&url, &["-x", "rebaseline-downgrade=yes", "downgrade", "base"]).exits(0);
    let mut connection = target.connect("shop").await;
    let left: Vec<String> = sqlx::query_scalar(
        "select relname::text from pg_class c join pg_namespace n on n.oid = relnamespace \
         where nspname !~ '^(pg_|information_schema)' and relname !~ '^alembic_version'",
    )
    .fetch_all(&mut connection)
    .await
    .unwrap();
    assert_eq!(left, Vec::<String>::new());
    // And up again.
    project.alembic(&url, &["upgrade", "head"]).exits(0);
}

#[test]
fn squash_then_undo_gives_the_same_tree() {
    let project = Project::example();
    let before = project.tree();
    project.rebaseline(&["squash"]).exits(0);
    assert_ne!(project.tree(), before);
    project.rebaseline(&["undo"]).exits(0);
    assert_same_tree(&tree(project.path()), &before);
}

#[test]
fn round_trip_drift_is_told_by_property() {
    let check = "op.execute(\"create table item (s varchar(9) check (s in ('x', 'y')))\")";
    let project = Project::chain(&[check]);
    let result = project.squash(&[]);
    let object = "table `public.item`";
    assert_eq!(result["proof"]["roundtrip_drift"], serde_json::json!([object]));
    let changes = result["proof"]["roundtrip_changes"].as_array().unwrap();
    assert_eq!(changes.len(), 1);
    assert_eq!(changes[0]["object"], object);
    let change = changes[0]["change"].as_str().unwrap();
    assert!(change.starts_with("constraint item_s_check: definition "), "{change}");
    assert!(change.contains(" -> "), "{change}");
    let archive = project.rebaseline(&["--format", "json", "archive", "show"]).exits(0).json();
    assert_eq!(archive["manifest"]["proof"]["roundtrip_changes"][0]["change"], change);
}
