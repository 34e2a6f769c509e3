//! Databases whose version table says nothing, and whose catalog does.

use serde_json::{Value, json};

use super::{DRIFT, assert_says, next_transaction, one, shop, squashed};
use crate::support::project::{ENV_SYNC, Project};
use crate::support::target::Target;

#[tokio::test]
async fn whoever_has_the_catalog_of_the_cut_is_adopted() {
    let (old, project) = squashed(&["--revision-id", "fresh"]);
    let (target, _) = shop(&old).await;
    let expected = target.dump("shop").replace("r3\n", "fresh\n");
    for (name, sql) in [
        ("none", "drop table alembic_version"),
        ("empty", "delete from alembic_version"),
        ("unknown", "update alembic_version set version_num = 'ffff'"),
        (
            "two_unknown",
            "update alembic_version set version_num = 'ffff'; insert into alembic_version values ('eeee')",
        ),
    ] {
        let url = target.copy("shop", name).await;
        target.execute(name, sql).await;
        let before = next_transaction(&target).await;
        let told = one(&project, &["stamp"], &url, 1);
        assert_says(&told, "help", &["--adopt"]);
        assert_eq!(told["catalog"], Value::Null);
        let told = one(&project, &["stamp", "--adopt", "--dry-run"], &url, 0);
        assert_eq!(told["outcome"], "would_adopt");
        assert_eq!(next_transaction(&target).await, before);
        let told = one(&project, &["stamp", "--adopt"], &url, 0);
        assert_eq!(told["outcome"], "adopted");
        assert_eq!(told["catalog"]["compared"], "all");
        // The version table is the one that Alembic makes, with its key; the rest is as it was.
        assert_eq!(target.dump(name), expected);
        assert_eq!(one(&project, &["stamp", "--adopt"], &url, 0)["outcome"], "already_there");
        let current = project.alembic(&url, &["current"]).exits(0).stdout;
        assert!(current.contains("fresh (head)"), "{current}");
    }
}

#[tokio::test]
async fn nobody_else_is_adopted() {
    let (old, project) = squashed(&[]);
    let (target, shop) = shop(&old).await;
    // Another catalog.
    let drifted = target.copy("shop", "drifted").await;
    target.execute("drifted", &format!("drop table alembic_version; {}", DRIFT[3].0)).await;
    // Nothing at all, and nothing of this history.
    let empty = target.database("empty").await;
    let other = target.database("other").await;
    target.execute("other", "create schema app; create table app.t (id int)").await;
    // Behind the cut, whatever the catalog says.
    target.execute("shop", "update alembic_version set version_num = 'r2'").await;
    let before = next_transaction(&target).await;
    let adopt = ["stamp", "--adopt"];
    let told = one(&project, &adopt, &drifted, 1);
    assert_says(&told, "why", &[DRIFT[3].1]);
    assert_eq!(told["found"], Value::Null);
    for url in [&empty, &other] {
        let told = one(&project, &adopt, url, 1);
        assert_says(&told, "why", &["it is empty"]);
        assert_says(&told, "help", &["alembic upgrade head"]);
    }
    let told = one(&project, &adopt, &shop, 1);
    assert_says(&told, "why", &["it stands at r2, which is behind the cut"]);
    assert_eq!(next_transaction(&target).await, before);
    let accept = ["stamp", "--adopt", "--accept-drift", "column public.room.size"];
    assert_eq!(one(&project, &accept, &drifted, 0)["outcome"], "adopted");
    assert_eq!(target.versions("drifted").await, ["r3"]);
    // A catalog that is not looked at cannot speak for a database.
    let run = project.rebaseline(&["stamp", "--adopt", "--no-drift-check", &empty]);
    assert_eq!(run.code, Some(2), "{}", run.stderr);
}

#[tokio::test]
async fn two_at_once_and_one_of_them_does_it() {
    let (old, project) = squashed(&["--revision-id", "fresh"]);
    let (target, _) = shop(&old).await;
    target.execute("shop", "drop table alembic_version").await;
    for round in 0..5 {
        let url = target.copy("shop", &format!("shop_{round}")).await;
        let arguments = ["--format", "json", "stamp", "--adopt", url.as_str()];
        let start = || {
            let mut command = project.command(&arguments);
            command.stdout(std::process::Stdio::piped()).spawn().unwrap()
        };
        let both = [start(), start()];
        let mut outcomes: Vec<String> = both
            .map(|child| {
                let output = child.wait_with_output().unwrap();
                let told: Value = serde_json::from_slice(&output.stdout).unwrap();
                assert!(output.status.success(), "{told}");
                told["targets"][0]["outcome"].as_str().unwrap().to_owned()
            })
            .into();
        outcomes.sort();
        assert_eq!(outcomes, ["adopted", "already_there"]);
        assert_eq!(target.versions(&format!("shop_{round}")).await, ["fresh"]);
    }
}

#[tokio::test]
async fn the_version_table_is_made_where_the_project_keeps_it() {
    let old = Project::chain(&["op.execute('create table public.room (id int primary key)')"]);
    let table = "context.configure(version_table='Odd revision', version_table_schema='admin', ";
    old.write("migrations/env.py", ENV_SYNC.replace("context.configure(", table));
    let project = old.copy();
    project.write("prelude.sql", "create schema admin");
    project.write("rebaseline.toml", "[scratch]\ninit_sql = [\"prelude.sql\"]\n");
    let id = "an_id_that_is_longer_than_what_alembic_has_room_for";
    let widen =
        "op.execute('alter table admin.\"Odd revision\" alter version_num type varchar(99)')";
    old.revision("r2", &["r1"], widen);
    project.revision("r2", &["r1"], widen);
    project.squash(&["--revision-id", id]);
    let target = Target::start().await;
    let shop = target.database("shop").await;
    target.execute("shop", "create schema admin").await;
    old.alembic(&shop, &["upgrade", "head"]).exits(0);
    target.execute("shop", "drop table admin.\"Odd revision\"").await;
    assert_eq!(one(&project, &["stamp", "--adopt"], &shop, 0)["outcome"], "adopted");
    let rows = target.column("shop", "select version_num::text from admin.\"Odd revision\"").await;
    assert_eq!(rows, [id]);
    let key = "select conname::text from pg_constraint where contype = 'p' and conname ~ 'Odd'";
    assert_eq!(target.column("shop", key).await, ["Odd revision_pkc"]);
    // The schema of the version table is not made by the way.
    target.execute("shop", "drop schema admin cascade").await;
    let told = one(&project, &["stamp", "--adopt"], &shop, 1);
    assert_says(&told, "why", &["there is no schema admin"]);
    assert_eq!(told["found"], json!(null));
}
