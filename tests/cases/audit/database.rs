//! `audit --database`: where a database stands, what no revision makes; and that nothing is written there.

use super::{audit, one, revision};
use crate::support::project::Project;
use crate::support::target::Target;

fn project() -> Project {
    let project = one(
        "",
        "op.create_table('room', sa.Column('id', sa.Integer))\nop.execute('CREATE TABLE \"Hall\" (id int)')",
    );
    project.write(
        "migrations/versions/b1_.py",
        revision("b1", Some("a1"), "", "op.rename_table('room', 'chamber')\nop.execute('ALTER TABLE \"Hall\" RENAME TO lobby')"),
    );
    project.write("migrations/versions/c1_.py", revision("c1", Some("b1"), "", "pass"));
    project
}

/// What is said about the database, without its URL.
fn said(project: &Project, url: &str, more: &[&str], code: i32) -> String {
    audit(project, &[&["--database", url], more].concat()).exits(code).stdout
}

#[tokio::test(flavor = "multi_thread")]
async fn where_a_database_stands() {
    let server = Target::start().await;
    let project = project();
    let url = server.database("one").await;
    insta::assert_snapshot!("no_version_table", said(&project, &url, &[], 0));
    project.alembic(&url, &["upgrade", "heads"]).exits(0);
    assert_eq!(said(&project, &url, &["--strict"], 0), "3 revisions, 1 base, 1 head: no error\n");

    let before = server.dump("one");
    server.execute("one", "DELETE FROM alembic_version; INSERT INTO alembic_version VALUES ('a1'), ('b1'), ('feedbeef')").await;
    server.execute("one", "CREATE TABLE stray (id int); CREATE SCHEMA ops; CREATE TABLE ops.job (id int) PARTITION BY RANGE (id); CREATE TABLE ops.job_1 PARTITION OF ops.job FOR VALUES FROM (1) TO (2)").await;
    let moved = server.dump("one");
    assert_ne!(before, moved);
    insta::assert_snapshot!("database", said(&project, &url, &[], 1));
    said(&project, &url, &["--strict"], 1);
    assert_eq!(server.dump("one"), moved);

    // Switched off like any other rule.
    project.write("rebaseline.toml", "[audit.rules]\nunknown-revision = \"off\"\nuntracked-table = \"off\"\nimplied-row = \"off\"\nrevision-not-applied = \"off\"\n");
    assert_eq!(said(&project, &url, &[], 0), "3 revisions, 1 base, 1 head: no error\n");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_version_table_elsewhere() {
    let server = Target::start().await;
    let project = project();
    let url = server.database("two").await;
    project.alembic(&url, &["upgrade", "heads"]).exits(0);
    server.execute("two", "CREATE SCHEMA meta; ALTER TABLE alembic_version SET SCHEMA meta; ALTER TABLE meta.alembic_version RENAME TO versions").await;
    let table = ["--version-table", "meta.versions"];
    assert_eq!(said(&project, &url, &table, 0), "3 revisions, 1 base, 1 head: no error\n");
    // One that is no version table.
    let run = audit(&project, &["--database", &url, "--version-table", "chamber"]).exits(3);
    insta::assert_snapshot!("no_version_column", run.stderr);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_that_cannot_be_asked() {
    let project = project();
    let run = audit(
        &project,
        &["--database", "postgresql://u:s3cret@127.0.0.1:1/x", "--connect-timeout", "1"],
    );
    let run = run.exits(3);
    assert!(!run.stderr.contains("s3cret") && !run.stdout.contains("s3cret"));
    assert!(run.stderr.contains("cannot connect"), "{}", run.stderr);
    // A history with errors is told; the database is left alone.
    project.write("migrations/versions/d1_.py", revision("d1", Some("gone"), "", "pass"));
    let run = audit(&project, &["--database", "postgresql://u@127.0.0.1:1/x"]).exits(1);
    assert!(run.stderr.contains("the database was not looked at"), "{}", run.stderr);
}
