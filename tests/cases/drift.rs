//! A stamp must not lie: the catalog is compared before an id is written, and when it is there already.

mod adopt;
mod elsewhere;
mod extra;
mod rows;
mod tenants;

use serde_json::Value;

use crate::support::project::{Project, Run};
use crate::support::target::Target;

/// One of each kind that people change by hand.
const HISTORY: [&str; 3] = [
    "op.execute(\"create table room (id serial primary key, name varchar(20) not null default 'none', \
     size int constraint room_size_check check (size > 0), \
     kind varchar(9) constraint room_kind_check check (kind in ('a', 'b')), note text)\")\n\
     op.execute(\"comment on table room is 'all rooms'\")\n\
     op.execute('create index room_name_idx on room (name)')",
    "op.execute('create table stay (id int primary key, room int constraint stay_room_fkey references room)')\n\
     op.execute(\"create type mood as enum ('good', 'bad')\")\n\
     op.execute('create sequence number increment 5')\n\
     op.execute('create view rooms as select id, name from room')\n\
     op.execute(\"create function f() returns int language sql as 'select 1'\")",
    "op.execute(\"create function touch() returns trigger language plpgsql as 'begin return new; end'\")\n\
     op.execute('create trigger room_touch before update on room for each row execute function touch()')\n\
     op.execute('alter table room enable row level security')\n\
     op.execute('create policy mine on room using (id > 0)')\n\
     op.execute('grant select on room to reader')",
];

/// The project before and after a squash.
fn squashed(arguments: &[&str]) -> (Project, Project) {
    let old = Project::chain(&HISTORY);
    let project = old.copy();
    project.write("rebaseline.toml", "[scratch]\nroles = [\"reader\"]\n");
    project.squash(arguments);
    (old, project)
}

/// A server with a database `shop` that the history has built.
async fn shop(old: &Project) -> (Target, String) {
    let target = Target::start().await;
    target.execute("postgres", "create role reader").await;
    let shop = target.database("shop").await;
    old.alembic(&shop, &["upgrade", "head"]).exits(0);
    (target, shop)
}

/// `rebaseline --format json VERB URL...`
fn report(project: &Project, verb: &[&str], urls: &[&str]) -> Run {
    project.rebaseline(&[&["--format", "json"], verb, urls].concat())
}

/// What is told of the one target.
#[track_caller]
fn one(project: &Project, verb: &[&str], url: &str, code: i32) -> Value {
    let report = report(project, verb, &[url]).exits(code).json();
    let targets = report["targets"].as_array().unwrap();
    assert_eq!(targets.len(), 1);
    targets[0].clone()
}

/// The id that the server's next writing transaction would get: reading alone does not move it.
async fn next_transaction(target: &Target) -> Vec<String> {
    target.column("postgres", "select pg_snapshot_xmax(pg_current_snapshot())::text").await
}

#[track_caller]
fn assert_says(told: &Value, field: &str, words: &[&str]) {
    for word in words {
        assert!(told[field].to_string().contains(word), "{field} without {word:?}: {told}");
    }
}

/// What was done by hand, and what must be told of it.
const DRIFT: [(&str, &str); 26] = [
    ("alter table room drop column note", "column `public.room.note` is missing"),
    ("alter table room add column more int", "column `public.room.more` is too much"),
    (
        "alter table room alter name set default 'x'",
        "column `public.room.name`: default `'none'::character varying` -> `'x'::character varying`",
    ),
    (
        "alter table room alter size type bigint",
        "column `public.room.size`: type `integer` -> `bigint`",
    ),
    (
        "alter table room alter name drop not null",
        "column `public.room.name`: not null `true` -> none",
    ),
    (
        "alter table stay drop constraint stay_room_fkey",
        "constraint `public.stay.stay_room_fkey` is missing",
    ),
    (
        "alter table room drop constraint room_size_check; \
         alter table room add constraint room_size_check check (size > 0) not valid",
        "constraint `public.room.room_size_check`: definition",
    ),
    (
        "alter table room drop constraint room_kind_check; \
         alter table room add constraint room_kind_check check (kind in ('a', 'b', 'c'))",
        "constraint `public.room.room_kind_check`: definition",
    ),
    (
        "alter table stay add constraint positive check (id > 0)",
        "constraint `public.stay.positive` is too much",
    ),
    ("drop index room_name_idx", "index `public.room_name_idx` is missing"),
    ("create index by_hand on room (size)", "index `public.by_hand` is too much"),
    (
        "drop index room_name_idx; create unique index room_name_idx on room (name)",
        "index `public.room_name_idx`: definition",
    ),
    (
        "create or replace function f() returns int language sql as 'select 2'",
        "function `public.f()`: definition",
    ),
    ("drop trigger room_touch on room", "trigger `public.room.room_touch` is missing"),
    (
        "alter table room disable trigger room_touch",
        "trigger `public.room.room_touch`: enabled `yes` -> `no`",
    ),
    (
        "create or replace view rooms as select id, name from room where id > 1",
        "view `public.rooms`: definition",
    ),
    ("alter type mood add value 'so so' before 'bad'", "enum `public.mood`: labels"),
    (
        "grant insert on room to reader",
        "table `public.room`: granted `SELECT to reader` -> `INSERT, SELECT to reader`",
    ),
    (
        "revoke select on room from reader",
        "table `public.room`: granted `SELECT to reader` -> none",
    ),
    (
        "alter policy mine on room using (id > 1)",
        "policy `public.room.mine`: using `(id > 0)` -> `(id > 1)`",
    ),
    ("alter sequence number increment 6", "sequence `public.number`: increment `5` -> `6`"),
    (
        "comment on table room is 'some rooms'",
        "table `public.room`: comment `all rooms` -> `some rooms`",
    ),
    (
        "alter table room disable row level security",
        "table `public.room`: row security `enabled` -> none",
    ),
    ("drop table stay", "table `public.stay` is missing"),
    ("create table extra (id serial)", "table `public.extra` is too much"),
    ("alter table stay rename room to in_room", "column `public.stay.room` is missing"),
];

#[tokio::test]
async fn every_kind_of_drift_is_refused_by_name() {
    let (old, kept) = squashed(&[]);
    let (_, fresh) = squashed(&["--revision-id", "fresh"]);
    let (target, shop) = shop(&old).await;
    let mut urls = Vec::new();
    for (number, (change, _)) in DRIFT.iter().enumerate() {
        let name = format!("drift_{number}");
        urls.push(target.copy("shop", &name).await);
        target.execute(&name, change).await;
    }
    let urls: Vec<&str> = urls.iter().map(String::as_str).collect();
    let before = next_transaction(&target).await;
    for (project, first) in [(&kept, "its version table says"), (&fresh, "its catalog is not")] {
        let told = report(project, &["stamp"], &urls).exits(1).json();
        for (told, (change, expected)) in told["targets"].as_array().unwrap().iter().zip(DRIFT) {
            assert_eq!(told["outcome"], "refused", "{change}: {told}");
            assert_says(told, "why", &[first, expected]);
            assert_says(told, "help", &["--accept-drift '"]);
            assert_eq!(told["found"], serde_json::json!(["r3"]));
            assert_eq!(told["catalog"]["compared"], "all");
            assert_eq!(told["catalog"]["not_compared"], Value::Null);
            let lines = told["catalog"]["drift"].as_array().unwrap();
            let told = |line: &Value| line["told"].as_str().unwrap().contains(expected);
            assert!(lines.iter().any(told), "{change}: {lines:?}");
        }
    }
    assert_eq!(next_transaction(&target).await, before);
    // The control: the same database without a change.
    assert_eq!(one(&kept, &["stamp"], &shop, 0)["outcome"], "already_there");
    assert_eq!(one(&fresh, &["status"], &shop, 0)["outcome"], "would_stamp");
    assert_eq!(next_transaction(&target).await, before);
    let told = one(&fresh, &["stamp"], &shop, 0);
    assert_eq!(told["outcome"], "stamped");
    assert_eq!(told["catalog"]["compared"], "all");
    assert_eq!(target.versions("shop").await, ["fresh"]);
    // The data of a difference.
    let told = one(&kept, &["status"], urls[3], 1);
    let line = serde_json::json!({
        "object": {"kind": "column", "schema": "public", "name": "room.size"},
        "property": "type", "expected": "integer", "actual": "bigint",
        "told": "column `public.room.size`: type `integer` -> `bigint`",
    });
    assert_eq!(told["catalog"]["drift"], serde_json::json!([line]));
    let text = kept.rebaseline(&["status", urls[3]]).exits(1).stdout;
    assert!(
        text.contains("  differs: column `public.room.size`: type `integer` -> `bigint`"),
        "{text}"
    );
}

/// A copy of a database, or one that is restored, has not the settings that the history made: that is told.
#[tokio::test]
async fn settings_of_the_database_are_told() {
    let sets = "do $$ begin execute format('alter database %I set app.note = ''all rooms''', current_database()); end $$";
    let old = Project::chain(&[
        "op.execute('create table room (id int)')",
        &format!("op.execute({sets:?})"),
    ]);
    let project = old.copy();
    project.squash(&["--revision-id", "fresh"]);
    let target = Target::start().await;
    let url = target.database("shop").await;
    old.alembic(&url, &["upgrade", "head"]).exits(0);
    let copy = target.copy("shop", "copy").await;
    let changed = target.copy("shop", "changed").await;
    target.execute("changed", "alter database changed set app.note = 'none'").await;
    target.execute("shop", "alter database shop set statement_timeout = '1min'").await;
    let text = project.rebaseline(&["status", &copy]).exits(0).stdout;
    assert!(text.contains("database setting `app.note` is missing"), "{text}");
    for (url, because, told) in [
        (&copy, "of_the_database", "database setting `app.note` is missing"),
        (&changed, "of_the_database", "database setting `app.note`: value `all rooms` -> `none`"),
        // What an operator has set besides is the operator's.
        (&url, "not_of_the_history", "database setting `statement_timeout` is too much"),
    ] {
        let stamped = one(&project, &["stamp"], url, 0);
        assert_eq!(stamped["outcome"], "stamped");
        let noted = stamped["catalog"]["noted"].as_array().unwrap();
        let lines: Vec<_> = noted.iter().map(|line| (&line["because"], &line["told"])).collect();
        assert_eq!(lines, [(&because.into(), &told.into())]);
    }
}

#[tokio::test]
async fn both_printed_forms_are_right() {
    let (old, project) = squashed(&["--revision-id", "fresh"]);
    let (target, shop) = shop(&old).await;
    let by_the_baseline = target.database("by_the_baseline").await;
    project.alembic(&by_the_baseline, &["upgrade", "head"]).exits(0);
    // They do print differently.
    let check =
        "select pg_get_constraintdef(oid) from pg_constraint where conname = 'room_kind_check'";
    assert_ne!(target.column("shop", check).await, target.column("by_the_baseline", check).await);
    let report = report(&project, &["stamp"], &[&shop, &by_the_baseline]).exits(0).json();
    assert_eq!(report["targets"][0]["outcome"], "stamped");
    assert_eq!(report["targets"][1]["outcome"], "already_there");
    for told in report["targets"].as_array().unwrap() {
        assert_eq!(told["catalog"]["compared"], "all");
        assert_eq!(told["catalog"]["drift"], serde_json::json!([]));
        assert_eq!(told["catalog"]["noted"], serde_json::json!([]));
    }
}

/// A database that ran the first history has made no round trip, and no later squash prints as it does.
#[tokio::test]
async fn the_words_of_an_older_squash_are_right_too() {
    let (old, project) = squashed(&["--revision-id", "fresh"]);
    let (target, shop) = shop(&old).await;
    project.rebaseline(&["stamp", &shop]).exits(0);
    project.revision("r9", &["fresh"], "op.execute('create table bill (id int)')");
    project.alembic(&shop, &["upgrade", "head"]).exits(0);
    project.squash(&["--revision-id", "fresher", "--message", "second_baseline"]);
    assert_eq!(one(&project, &["status"], &shop, 0)["outcome"], "would_stamp");
    let other = "alter table room drop constraint room_kind_check, \
                 add constraint room_kind_check check (kind in ('a', 'c'))";
    target.execute("shop", other).await;
    assert_says(&one(&project, &["stamp"], &shop, 1), "why", &["room_kind_check"]);
    let back = other.replace("'c'", "'b'");
    target.execute("shop", &back).await;
    assert_eq!(one(&project, &["stamp"], &shop, 0)["outcome"], "stamped");
}

#[tokio::test]
async fn differences_are_accepted_one_by_one() {
    let (old, project) = squashed(&["--revision-id", "fresh"]);
    let (target, shop) = shop(&old).await;
    target
        .execute(
            "shop",
            "create index by_hand on room (size); alter table room alter size type bigint",
        )
        .await;
    let accept = ["stamp", "--accept-drift", "index public.by_hand"];
    let told = one(&project, &accept, &shop, 1);
    assert_says(&told, "why", &["1 object differs: column `public.room.size`"]);
    assert_eq!(told["catalog"]["noted"][0]["because"], "accepted");
    assert_eq!(told["catalog"]["noted"][0]["object"]["name"], "by_hand");
    for nothing in ["*", "public.*", "all", "public.room"] {
        let told = one(&project, &["stamp", "--accept-drift", nothing], &shop, 1);
        assert_says(&told, "why", &["2 objects differ"]);
        assert_eq!(told["catalog"]["unmatched"], serde_json::json!([nothing]));
    }
    assert_eq!(target.versions("shop").await, ["r3"]);
    // A file may hold the lines of the report as they were printed.
    project.write(
        "known.txt",
        "# seen by us\n\n  differs: column `public.room.size`: type `integer` -> `bigint`\npublic.gone\n",
    );
    let accept = [&accept[..], &["--accept-drift-file", "known.txt"]].concat();
    let dry = project.rebaseline(&[&accept[..], &["--dry-run", &shop]].concat()).exits(0).stdout;
    for line in [
        "note: accepted: column `public.room.size`: type `integer` -> `bigint`",
        "note: accepted: index `public.by_hand` is too much",
        "\nnote: accepted, but it differs on no database: public.gone\n",
    ] {
        assert!(dry.contains(line), "{line}: {dry}");
    }
    let told = one(&project, &accept, &shop, 0);
    assert_eq!(told["outcome"], "stamped");
    assert_eq!(told["catalog"]["drift"], serde_json::json!([]));
    assert_eq!(told["catalog"]["unmatched"], serde_json::json!(["public.gone"]));
    assert_eq!(target.versions("shop").await, ["fresh"]);
    let run = project.rebaseline(&["stamp", "--accept-drift-file", "nowhere.txt", &shop]).exits(2);
    assert!(run.stderr.contains("nowhere.txt"), "{}", run.stderr);
}

#[tokio::test]
async fn what_cannot_be_compared_is_told() {
    let (old, project) = squashed(&["--revision-id", "fresh"]);
    let (target, shop) = shop(&old).await;
    let drifted = target.copy("shop", "drifted").await;
    target.execute("drifted", "drop table stay").await;
    let told = one(&project, &["stamp", "--no-drift-check"], &drifted, 0);
    assert_eq!(told["outcome"], "stamped");
    assert_eq!(told["catalog"]["compared"], "no");
    assert_eq!(told["catalog"]["not_compared"], "--no-drift-check");
    let text = project.rebaseline(&["status", "--no-drift-check", &drifted]).exits(0).stdout;
    assert!(text.contains("its catalog was not compared: --no-drift-check"), "{text}");
    // Beyond the baseline.
    one(&project, &["stamp"], &shop, 0);
    project.revision("r9", &["fresh"], "op.execute('drop table stay')");
    project.alembic(&shop, &["upgrade", "head"]).exits(0);
    let told = one(&project, &["stamp"], &shop, 0);
    assert_eq!(told["outcome"], "already_there");
    assert_eq!(told["catalog"]["compared"], "no");
    assert_says(&told["catalog"], "not_compared", &["it stands at r9"]);
    // An archive of an older version of the tool tells nothing of the catalog.
    let archive = without_inventory(&project);
    let told =
        one(&project, &["stamp", "--archive", &archive], &target.copy("drifted", "older").await, 1);
    assert_says(&told, "why", &["no inventory"]);
    let told = one(
        &project,
        &["stamp", "--archive", &archive, "--no-drift-check"],
        &target.url("older"),
        0,
    );
    assert_eq!(told["outcome"], "already_there");
}

/// The project's archive, opened.
fn archive(project: &Project) -> rebaseline_archive::Archive {
    let folder = std::fs::read_dir(project.path().join("migrations/archive")).unwrap();
    let files = folder.flatten().map(|entry| entry.path());
    let file = files.filter(|path| path.extension().is_some_and(|e| e == "zip")).last().unwrap();
    let bytes = std::fs::read(file).unwrap();
    rebaseline_archive::Archive::read(&bytes[..], &rebaseline_archive::Limits::default()).unwrap()
}

/// A copy of the project's archive as it was written before there were inventories.
fn without_inventory(project: &Project) -> String {
    let archive = archive(project);
    let mut manifest = archive.manifest().clone();
    manifest.schema.inventory = None;
    let files = archive.files().map(|(path, content)| (path.clone(), content));
    project.write("older.zip", rebaseline_archive::to_bytes(&manifest, files).unwrap());
    "older.zip".to_owned()
}
