//! `DATABASE_URL` names a real database that answers: no command but `stamp` writes to it.

use super::HISTORY;
use crate::support::project::Project;
use crate::support::target::Target;

/// All that is in a database, and the id that its next writing transaction would get: reading alone
/// does not move it.
async fn content(target: &Target) -> (String, Vec<String>) {
    let next = "select pg_snapshot_xmax(pg_current_snapshot())::text";
    (target.dump("shop"), target.column("shop", next).await)
}

#[tokio::test]
async fn only_stamp_writes_to_a_real_database() {
    let target = Target::start().await;
    let url = target.database("shop").await;
    let mut project = Project::chain(&HISTORY);
    project.set("DATABASE_URL", &url);
    project.alembic(&url, &["upgrade", "head"]).exits(0);
    target.execute("shop", "INSERT INTO dish VALUES (2, 'a row of the users')").await;
    let before = content(&target).await;
    assert!(before.0.contains("a row of the users"), "{}", before.0);

    let url = url.as_str();
    let commands: &[(&[&str], i32)] = &[
        (&["audit"], 0),
        (&["audit", "--database", url], 0),
        (&["squash", "--dry-run"], 0),
        (&["squash"], 0),
        (&["archive", "list"], 0),
        (&["archive", "show"], 0),
        (&["archive", "verify"], 0),
        (&["archive", "restore", "--into", "restored"], 0),
        (&["index"], 0),
        (&["status", url], 0),
        (&["status", "--schemas", "pub%", url], 0),
        (&["status", "--databases", "sho_", url], 0),
        (&["status", "--health", url], 0),
        (&["stamp", "--dry-run", url], 0),
        (&["stamp", "--catch-up", "--dry-run", url], 0),
        (&["stamp", "--catch-up", "--sql", url], 0),
        (&["undo"], 0),
        (&["squash", "--dry-run", "--from-database", url, "--seed-tables", "public.*"], 0),
        (&["squash", "--from-database", url, "--schema", "public", "--owner", "postgres"], 0),
        (&["undo"], 0),
        // With another id, so that there is something to stamp.
        (&["squash", "--revision-id", "fresh"], 0),
        (&["status", url], 0),
        (&["stamp", "--dry-run", "env:DATABASE_URL"], 0),
    ];
    for (arguments, code) in commands {
        let run = project.rebaseline(arguments).exits(*code);
        assert_eq!(content(&target).await, before, "{arguments:?}: {}", run.stderr);
    }
    // The control: stamp does write, and this check would have seen the others.
    project.rebaseline(&["stamp", url]).exits(0);
    let after = content(&target).await;
    assert_ne!(after.0, before.0);
    assert_ne!(after.1, before.1);
    assert_eq!(target.versions("shop").await, ["fresh"]);
}

#[tokio::test]
async fn a_failing_history_leaves_a_real_database_alone() {
    let target = Target::start().await;
    let url = target.database("shop").await;
    let mut project = Project::chain(&HISTORY);
    project.revision(
        "r3",
        &["r2"],
        "op.execute('COMMIT')\nop.execute('CREATE TABLE stray ()')\nraise ValueError('broken')",
    );
    project.set("DATABASE_URL", &url);
    let before = content(&target).await;
    project.rebaseline(&["squash"]).exits(3);
    assert_eq!(content(&target).await, before);
}
