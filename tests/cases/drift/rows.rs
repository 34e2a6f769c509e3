//! Version tables that say too much, too little, or cannot be read or written.

use serde_json::{Value, json};
use sqlx::Connection;

use super::{assert_says, next_transaction, one, report, shop, squashed};
use crate::support::project::Project;
use crate::support::target::Target;

#[tokio::test]
async fn rows_that_say_nothing_are_removed_only_if_they_may() {
    let (old, project) = squashed(&["--revision-id", "fresh"]);
    let (target, _) = shop(&old).await;
    for (name, sql, ghosts, why) in [
        (
            "unknown",
            "insert into alembic_version values ('ffff')",
            json!(["ffff"]),
            "beside r3 its version table has ffff, which neither the project nor its archives know",
        ),
        (
            "implied",
            "insert into alembic_version values ('r1')",
            json!(["r1"]),
            "beside r3 its version table has r1, which r3 implies",
        ),
        (
            "both",
            "insert into alembic_version values ('eeee'), ('fresh')",
            json!(["eeee", "r3"]),
            "beside fresh its version table has eeee, which neither the project nor its archives know, and r3, \
             which fresh implies",
        ),
    ] {
        let url = target.copy("shop", name).await;
        target.execute(name, sql).await;
        let before = next_transaction(&target).await;
        for verb in
            [&["stamp"][..], &["status"], &["stamp", "--adopt"], &["stamp", "--no-drift-check"]]
        {
            let told = one(&project, verb, &url, 1);
            assert_eq!(told["why"], why);
            assert_eq!(told["ghosts"], ghosts);
            assert_says(&told, "help", &["--purge"]);
        }
        let dry = ["stamp", "--purge", "--dry-run"];
        assert_eq!(one(&project, &dry, &url, 0)["outcome"], "would_stamp");
        assert_eq!(next_transaction(&target).await, before);
        // What they say must be true nonetheless.
        let drifted = target.copy(name, &format!("drifted_{name}")).await;
        target.execute(&format!("drifted_{name}"), "drop table stay").await;
        let told = one(&project, &["stamp", "--purge"], &drifted, 1);
        assert_says(&told, "why", &["table `public.stay` is missing"]);
        assert_eq!(target.versions(&format!("drifted_{name}")).await, target.versions(name).await);

        let told = one(&project, &["stamp", "--purge"], &url, 0);
        assert_eq!(told["outcome"], "stamped");
        assert_eq!(told["ghosts"], ghosts);
        assert_eq!(target.versions(name).await, ["fresh"]);
        assert_eq!(one(&project, &["stamp"], &url, 0)["ghosts"], json!([]));
    }
}

#[tokio::test]
async fn what_is_missing_is_told_in_order() {
    let (old, project) = squashed(&[]);
    let target = Target::start().await;
    let shop = target.database("shop").await;
    old.alembic(&shop, &["upgrade", "r1"]).exits(0);
    let told = one(&project, &["status"], &shop, 1);
    assert_eq!(told["missing"], json!(["r2", "r3"]));
    assert_says(&told, "why", &["it lacks 2 revisions: r2, r3"]);
    assert_eq!(told["catalog"], Value::Null);
    // Over two squashes.
    project.revision("r4", &["r3"], "op.execute('create table bill (id int)')");
    project.squash(&[]);
    let told = one(&project, &["status"], &shop, 1);
    assert_eq!(told["missing"], json!(["r2", "r3", "r4"]));
    let text = project.rebaseline(&["status", &shop]).exits(1).stdout;
    assert!(text.contains("behind the cut (r4): it lacks 3 revisions: r2, r3, r4"), "{text}");
}

#[tokio::test]
async fn version_tables_that_cannot_be_used() {
    let (old, project) = squashed(&["--revision-id", "fresh"]);
    let (target, _) = shop(&old).await;
    for (name, sql, words) in [
        (
            "renamed",
            "alter table alembic_version rename version_num to version",
            &["no column version_num"][..],
        ),
        (
            "number",
            "drop table alembic_version; create table alembic_version (version_num int)",
            &["holds no text"],
        ),
        (
            "more",
            "alter table alembic_version add tenant int not null default 1; \
             alter table alembic_version alter tenant drop default",
            &["need a value", "tenant"],
        ),
        (
            "view",
            "alter table alembic_version rename to real_one; \
             create view alembic_version as select * from real_one",
            &["is no table"],
        ),
    ] {
        let url = target.copy("shop", name).await;
        target.execute(name, sql).await;
        let before = next_transaction(&target).await;
        for verb in [&["stamp"][..], &["status"], &["stamp", "--adopt", "--purge"]] {
            let told = one(&project, verb, &url, 1);
            assert_says(&told, "why", words);
            assert_says(&told, "why", &["alembic_version"]);
            assert_says(&told, "help", &["nothing was written"]);
        }
        assert_eq!(next_transaction(&target).await, before);
    }
    // More columns that need nothing are somebody's own affair.
    target.execute("shop", "alter table alembic_version add at timestamptz default now()").await;
    assert_eq!(one(&project, &["stamp"], &target.url("shop"), 0)["outcome"], "stamped");
}

#[tokio::test]
async fn users_and_databases_that_may_not_write() {
    let (old, project) = squashed(&["--revision-id", "fresh"]);
    let (target, shop) = shop(&old).await;
    let sql = "create role guest login; create role looker login";
    target.execute("postgres", sql).await;
    target.execute("shop", "grant select on alembic_version to looker").await;
    let of = |user: &str| shop.replace("postgres@", &format!("{user}@"));
    let before = next_transaction(&target).await;
    for verb in ["stamp", "status"] {
        let told = one(&project, &[verb], &of("guest"), 1);
        assert_says(&told, "why", &["its user may not do that", "no SELECT", "alembic_version"]);
        assert_says(&told, "help", &["nothing was written"]);
        let told = one(&project, &[verb], &of("looker"), 1);
        assert_says(
            &told,
            "why",
            &["its user may not do that", "no INSERT and DELETE", "alembic_version"],
        );
        // The grant to `looker` is on the version table, and so no drift.
        assert_eq!(told["catalog"]["drift"], json!([]));
    }
    assert_eq!(next_transaction(&target).await, before);
    target.execute("shop", "alter database shop set default_transaction_read_only = on").await;
    let before = next_transaction(&target).await;
    for verb in ["stamp", "status"] {
        let told = one(&project, &[verb], &shop, 1);
        assert_says(&told, "why", &["default_transaction_read_only"]);
        assert_eq!(told["found"], json!(["r3"]));
    }
    assert_eq!(next_transaction(&target).await, before);
    target.execute("postgres", "alter database shop reset all").await;
    assert_eq!(one(&project, &["stamp"], &shop, 0)["outcome"], "stamped");
    // Who may only look can be told that all is well.
    assert_eq!(one(&project, &["stamp"], &of("looker"), 0)["outcome"], "already_there");
}

#[tokio::test]
async fn a_lock_elsewhere_is_named_and_not_waited_for() {
    let (old, project) = squashed(&["--revision-id", "fresh"]);
    let (target, shop) = shop(&old).await;
    let free = target.copy("shop", "free").await;
    let mut other = target.connect("shop").await;
    let mut transaction = other.begin().await.unwrap();
    // The view on it cannot be printed meanwhile.
    let lock = "lock table room in access exclusive mode";
    sqlx::raw_sql(lock).execute(&mut *transaction).await.unwrap();
    let started = std::time::Instant::now();
    let told =
        report(&project, &["stamp", "--lock-timeout", "0.3"], &[&shop, &free]).exits(1).json();
    assert!(started.elapsed().as_secs() < 10);
    let told = &told["targets"];
    assert_says(&told[0], "why", &["public.room is locked by another session"]);
    assert_says(&told[0], "help", &["--lock-timeout", "nothing was written"]);
    assert_eq!(told[1]["outcome"], "stamped");
    transaction.rollback().await.unwrap();
    // A migration at work holds the version table, but lets it be read.
    let mut transaction = other.begin().await.unwrap();
    let write = "update alembic_version set version_num = version_num";
    sqlx::raw_sql(write).execute(&mut *transaction).await.unwrap();
    let told = one(&project, &["stamp", "--lock-timeout", "0.3"], &shop, 1);
    assert_says(&told, "why", &["public.alembic_version is locked by another session"]);
    transaction.rollback().await.unwrap();
    // A time limit of the user's own.
    target.execute("shop", "alter database shop set statement_timeout = 1").await;
    let told = one(&project, &["stamp"], &shop, 1);
    assert_says(&told, "why", &["the server stopped a statement", "statement timeout"]);
    target.execute("postgres", "alter database shop reset all").await;
    assert_eq!(target.versions("shop").await, ["r3"]);
    assert_eq!(one(&project, &["stamp"], &shop, 0)["outcome"], "stamped");
}

#[tokio::test]
async fn a_branch_that_a_database_does_not_have() {
    let old = Project::bare();
    old.revision("a1", &[], "op.execute('create table room (id int primary key)')");
    old.revision("b1", &[], "op.execute('create table bill (id int primary key)')");
    let project = old.copy();
    project.squash(&["--per-branch", "--revision-id", "new"]);
    let target = Target::start().await;
    let both = target.database("both").await;
    old.alembic(&both, &["upgrade", "heads"]).exits(0);
    let lone = target.database("lone").await;
    old.alembic(&lone, &["upgrade", "a1"]).exits(0);
    let drifted = target.copy("lone", "drifted").await;
    target.execute("drifted", "alter table room add note text").await;
    let told = report(&project, &["stamp"], &[&both, &lone, &drifted]).exits(1).json();
    let told = &told["targets"];
    assert_eq!(told[0]["catalog"]["compared"], "all");
    for told in [&told[1], &told[2]] {
        assert_eq!(told["catalog"]["compared"], "some");
        assert_says(&told["catalog"], "not_compared", &["whether something is missing"]);
    }
    assert_eq!([&told[0]["outcome"], &told[1]["outcome"]], ["stamped", "stamped"]);
    assert_says(&told[2], "why", &["column `public.room.note` is too much"]);
    assert_eq!(target.versions("drifted").await, ["a1"]);
    assert_eq!(target.versions("both").await.len(), 2);
    assert_eq!(target.versions("lone").await.len(), 1);
}

#[tokio::test]
async fn a_migration_that_ends_while_its_lock_is_waited_for() {
    let (old, project) = squashed(&["--revision-id", "fresh"]);
    let (target, _) = shop(&old).await;
    for (to, outcome, why) in [
        ("fresh", "already_there", ""),
        ("r2", "refused", "behind the cut"),
        ("ffff", "refused", "ffff"),
    ] {
        let url = target.copy("shop", to).await;
        let mut other = target.connect(to).await;
        let mut transaction = other.begin().await.unwrap();
        let update = format!("update alembic_version set version_num = '{to}'");
        sqlx::raw_sql(sqlx::AssertSqlSafe(update)).execute(&mut *transaction).await.unwrap();
        let stamp = ["--format", "json", "stamp", "--lock-timeout", "60", &url];
        let child = project.command(&stamp).stdout(std::process::Stdio::piped()).spawn().unwrap();
        let waits =
            "select mode from pg_locks where not granted and mode = 'ShareRowExclusiveLock'";
        let started = std::time::Instant::now();
        while target.column("postgres", waits).await.is_empty() {
            assert!(started.elapsed().as_secs() < 60, "it never came to the lock");
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
        transaction.commit().await.unwrap();
        let output = child.wait_with_output().unwrap();
        let told: Value = serde_json::from_slice(&output.stdout).unwrap();
        let told = &told["targets"][0];
        // What it had seen before is not what it goes by.
        assert_eq!(told["outcome"], outcome, "{told}");
        assert_says(told, "why", &[why]);
        assert_eq!(target.versions(to).await, [to]);
    }
}
