//! Databases on servers that are not like the scratch server: other majors, other owners, replicas.

use serde_json::json;
use sqlx::Connection;

use super::{HISTORY, assert_says, one, report, shop, squashed};
use crate::support::newer;
use crate::support::project::Project;
use crate::support::standby::Standby;
use crate::support::target::Target;

/// What majors print in their own ways.
const PRINTED: &str = "op.execute(\"create view big as select room.id, sum(stay.id) as n from room join stay on stay.room = room.id \
     where room.name is not null group by room.id having count(*) > 1\")\n\
     op.execute('create view absent as select name as absent, id as json_scalar from room')\n\
     op.execute(\"create table part (id int not null, day date not null default now(), total int generated always as \
     (id * 2) stored, primary key (id, day)) partition by range (day)\")\n\
     op.execute(\"create table part_1 partition of part for values from ('2024-01-01') to ('2025-01-01')\")\n\
     op.execute('create index lower_name on room (lower(name)) where size > 1')";

#[tokio::test]
async fn other_majors() {
    let old = Project::chain(&HISTORY);
    old.revision("r4", &["r3"], PRINTED);
    let project = old.copy();
    project.write("rebaseline.toml", "[scratch]\nroles = [\"reader\"]\n");
    project.squash(&["--revision-id", "fresh"]);
    for (major, _) in newer::MAJORS {
        let target = Target::start_of(Some(newer::binaries(major))).await;
        target.execute("postgres", "create role reader").await;
        let shop = target.database("shop").await;
        old.alembic(&shop, &["upgrade", "head"]).exits(0);
        let drifted = target.copy("shop", "drifted").await;
        let change = "drop view big; create view big as select room.id, 1::bigint as n from room; \
                      alter table part_1 add check (id > 0)";
        target.execute("drifted", change).await;
        let new = target.database("new").await;
        project.alembic(&new, &["upgrade", "head"]).exits(0);
        let told = report(&project, &["stamp"], &[&shop, &drifted, &new]).exits(1).json();
        let told = &told["targets"];
        assert_eq!(told[0]["outcome"], "stamped", "{major}: {}", told[0]);
        assert_eq!(told[0]["catalog"]["compared"], "all");
        assert_says(
            &told[1],
            "why",
            &["2 objects differ", "view `public.big`: definition", "part_1"],
        );
        assert_eq!(told[2]["outcome"], "already_there", "{major}: {}", told[2]);
    }
}

#[tokio::test]
async fn who_owns_a_database_is_its_own_affair() {
    let old = Project::chain(&[
        "op.execute('create table room (id serial primary key, name text)')\n\
         op.execute('create view rooms as select id from room')",
        "op.execute('grant select, insert on room to app')\n\
         op.execute('grant select on room to reader')\n\
         op.execute('alter table room enable row level security')\n\
         op.execute('create policy mine on room to app using (id > 0)')\n\
         op.execute('alter default privileges grant select on tables to reader')",
    ]);
    let project = old.copy();
    project.write("rebaseline.toml", "[scratch]\nroles = [\"app\", \"reader\"]\n");
    project.squash(&["--revision-id", "fresh"]);
    let target = Target::start().await;
    target
        .execute(
            "postgres",
            "create role app login; create role reader login; create role owner login",
        )
        .await;
    // Run by the role that the history grants to, and by one that it does not know.
    for runs in ["app", "owner"] {
        let url = target.database(runs).await;
        target.execute("postgres", &format!("alter database {runs} owner to {runs}")).await;
        target.execute(runs, &format!("alter schema public owner to {runs}")).await;
        let own = url.replace("postgres@", &format!("{runs}@"));
        old.alembic(&own, &["upgrade", "head"]).exits(0);
        // Asked by the owner and by a superuser.
        let asked = report(&project, &["status"], &[&own, &url]).exits(0).json();
        for told in asked["targets"].as_array().unwrap() {
            assert_eq!(told["outcome"], "would_stamp", "{told}");
            assert_eq!(told["catalog"]["drift"], json!([]));
        }
        let drifted = target.copy(runs, &format!("{runs}_drifted")).await;
        let name = format!("{runs}_drifted");
        target.execute(&name, "grant delete on room to reader").await;
        let told = one(&project, &["status"], &drifted, 1);
        assert_says(&told, "why", &["1 object differs: table `public.room`: granted"]);
        assert_eq!(one(&project, &["stamp"], &own, 0)["outcome"], "stamped");
    }
    // An owner that the history names is compared.
    let named = Project::chain(&["op.execute('create table room (id int)')\n\
                                  op.execute('alter table room owner to reader')"]);
    let project = named.copy();
    project.write("rebaseline.toml", "[scratch]\nroles = [\"reader\"]\n");
    project.squash(&[]);
    let url = target.database("named").await;
    named.alembic(&url, &["upgrade", "head"]).exits(0);
    assert_eq!(one(&project, &["stamp"], &url, 0)["outcome"], "already_there");
    target.execute("named", "alter table room owner to app").await;
    let told = one(&project, &["stamp"], &url, 1);
    assert_says(&told, "why", &["table `public.room`: owner `reader` -> `app`"]);
}

#[tokio::test]
async fn a_replica_is_read_and_not_written() {
    let (old, project) = squashed(&["--revision-id", "fresh"]);
    let (target, _) = shop(&old).await;
    target.copy("shop", "there").await;
    target.copy("shop", "behind").await;
    target.execute("behind", "update alembic_version set version_num = 'r1'").await;
    one(&project, &["stamp"], &target.url("there"), 0);
    let standby = Standby::of(&target).await;
    let mut reader = standby.connect("shop").await;
    let recovers: bool =
        sqlx::query_scalar("select pg_is_in_recovery()").fetch_one(&mut reader).await.unwrap();
    assert!(recovers);
    reader.close().await.unwrap();
    let url = standby.url("shop");
    for verb in ["stamp", "status"] {
        let told = one(&project, &[verb], &url, 1);
        assert_says(&told, "why", &["read-only replica (in recovery)"]);
        assert_says(&told, "help", &["primary", "nothing was written"]);
        assert_eq!(told["found"], json!(["r3"]));
        assert_eq!(told["catalog"]["compared"], "all");
        // What needs no writing can be told.
        let told = one(&project, &[verb], &standby.url("there"), 0);
        assert_eq!(told["outcome"], "already_there");
    }
    // A catch-up takes no backup first.
    let backups = project.path().join("backups");
    let flags = ["stamp", "--catch-up", "--yes", "--backup", backups.to_str().unwrap()];
    let told = one(&project, &flags, &standby.url("behind"), 1);
    assert_says(&told, "why", &["read-only replica (in recovery)"]);
    assert_says(&told, "help", &["primary", "nothing was written"]);
    assert!(!backups.exists());
    assert_eq!(target.versions("shop").await, ["r3"]);
}
