//! `squash --from-database`: a database that is known good takes the place of a replay, and is only read.

use rebaseline::schema::inventory::Forms;
use rebaseline_archive::{Archive, Limits};
use serde_json::{Value, json};

use crate::support::extension::Share;
use crate::support::project::Project;
use crate::support::target::Target;
use crate::support::{assert_same_tree, differences_of_copies};

/// What the archive says of both forms: the objects as the history makes them, and as the baseline does.
fn inventory(project: &Project) -> Forms {
    let shown = project.rebaseline(&["--format", "json", "archive", "show"]).exits(0).json();
    let bytes = std::fs::read(project.path().join(shown["file"].as_str().unwrap())).unwrap();
    let archive = Archive::read(&bytes[..], &Limits::default()).unwrap();
    Forms::from_json(archive.inventory().unwrap()).unwrap()
}

/// The example's own database, copied, makes the same baseline as its history.
#[tokio::test]
async fn the_example_equals_its_replay() {
    let target = Target::start().await;
    let url = target.database("shop").await;
    let mut replayed = Project::example();
    replayed.set("DATABASE_URL", "postgresql+psycopg://u:s3cret@127.0.0.1:1/production");
    let taken = replayed.copy();
    let old = replayed.copy();
    old.alembic(&url, &["upgrade", "heads"]).exits(0);
    let whole = replayed.squash(&[]);
    let seeds = "select string_agg(schemaname || '.' || tablename, ',') from pg_tables \
                 where schemaname !~ '^(pg_|information_schema)'";
    let tables = target.column("shop", seeds).await.remove(0);
    let tables: Vec<&str> =
        tables.split(',').filter(|table| !table.ends_with("alembic_version")).collect();
    let before = (target.dump("shop"), next_transaction(&target, "shop").await);
    let result = taken.squash(&["--from-database", &url, "--seed-tables", &tables.join(",")]);
    assert_eq!((target.dump("shop"), next_transaction(&target, "shop").await), before);
    assert_eq!(result["schema"], whole["schema"]);
    assert_eq!(result["baseline"]["revision"], whole["baseline"]["revision"]);
    // What the history sets for the database itself is in no dump of its objects.
    let left = result["origin"]["database"]["left_out"].as_array().unwrap();
    let of_the_database =
        |text: &str| text.starts_with("setting `") || text.ends_with(" the database");
    assert!(left.iter().all(|left| of_the_database(left.as_str().unwrap())), "{left:?}");
    let (copied, made) = (inventory(&taken), inventory(&replayed));
    assert!(made.history.items().len() > 300);
    assert_eq!(differences_of_copies(&made.history, &copied.history), [""; 0]);
    assert_eq!(differences_of_copies(&made.baseline, &copied.baseline), [""; 0]);
    // A database that the copy's baseline builds is the one that the history builds.
    let new = target.database("new").await;
    taken.alembic(&new, &["upgrade", "heads"]).exits(0);
    let status = taken.rebaseline(&["--format", "json", "status", &url, &new]).exits(0).json();
    for told in status["targets"].as_array().unwrap() {
        assert_eq!(told["catalog"]["drift"], json!([]), "{told}");
    }
    taken.rebaseline(&["undo"]).exits(0);
    assert_same_tree(&taken.tree(), &old.tree());
}

/// The id that the next writing transaction would get: reading does not move it.
async fn next_transaction(target: &Target, name: &str) -> Vec<String> {
    target.column(name, "select pg_snapshot_xmax(pg_current_snapshot())::text").await
}

const SHOP: &str = "op.execute(\"CREATE TABLE room (id serial PRIMARY KEY, kind varchar(9) CHECK (kind IN ('a', 'b')))\")\n\
    op.execute(\"INSERT INTO room (kind) VALUES ('a'), ('b')\")\n\
    op.execute('CREATE TABLE stay (id int PRIMARY KEY, room int REFERENCES room)')\n\
    op.execute('CREATE MATERIALIZED VIEW kinds AS SELECT DISTINCT kind FROM room')\n\
    op.execute('CREATE INDEX ON stay (room)')";

/// A history whose last revision cannot be replayed any more.
fn shop() -> Project {
    Project::chain(&[SHOP, "op.execute('CREATE VIEW rooms AS SELECT id FROM room')"])
}

#[tokio::test]
async fn owners_and_grants_of_a_live_database() {
    let old = shop();
    let project = old.copy();
    project.revision("r2", &["r1"], "raise ValueError('no more')");
    let target = Target::start().await;
    let roles = "create role app login; create role reader; create role keeper";
    target.execute("postgres", roles).await;
    let url = target.database("shop").await;
    target.execute("postgres", "alter database shop owner to app").await;
    target.execute("shop", "alter schema public owner to app").await;
    let own = url.replace("postgres@", "app@");
    old.alembic(&own, &["upgrade", "head"]).exits(0);
    target
        .execute(
            "shop",
            "grant select on room to reader; alter table stay owner to keeper; \
             grant select, insert on stay to app; create policy mine on stay to reader using (id > 0); \
             alter default privileges for role app grant select on tables to reader; \
             insert into stay values (7, 1); select nextval('room_id_seq')",
        )
        .await;
    project.rebaseline(&["squash"]).exits(3);
    let flags = ["--from-database", &url, "--seed-tables", "public.room", "--revision-id", "fresh"];
    let result = project.squash(&flags);
    let database = &result["origin"]["database"];
    assert_eq!(database["seed_tables"], json!(["public.room"]));
    assert_eq!(database["roles"], json!(["reader"]));
    assert_eq!(result["schema"]["seed_rows"], 2);
    let baseline = std::fs::read_to_string(project.baseline()).unwrap();
    assert!(baseline.contains("The history was not replayed"), "{baseline}");
    let of_public = "ALTER SCHEMA public OWNER TO CURRENT_USER";
    assert!(baseline.contains(of_public), "{baseline}");
    let baseline = baseline.replace(of_public, "");
    for word in ["s3cret", "keeper", "OWNER TO"] {
        assert!(!baseline.contains(word), "{word}: {baseline}");
    }
    assert!(baseline.contains("pg_catalog.setval('public.room_id_seq', 3, true)"), "{baseline}");
    // The database itself is found to be what the archive says, asked by whomever.
    for asked in [&own, &url] {
        let status = project.rebaseline(&["--format", "json", "status", asked]).exits(0).json();
        assert_eq!(status["targets"][0]["catalog"]["drift"], json!([]), "{status}");
    }
    project.rebaseline(&["stamp", &own]).exits(0);
    assert_eq!(target.versions("shop").await, ["fresh"]);
    let shown = project.rebaseline(&["archive", "show"]).exits(0).stdout;
    assert!(shown.contains("taken from "), "{shown}");
}

#[tokio::test]
async fn what_was_asked_is_taken_and_the_rest_is_told() {
    let project = shop();
    let target = Target::start().await;
    target.execute("postgres", "create role other").await;
    let url = target.database("shop").await;
    project.alembic(&url, &["upgrade", "head"]).exits(0);
    target
        .execute(
            "shop",
            "alter database shop set app.secret = 'hidden'; create schema audit; create table audit.log (id int primary key); create function audit.f() returns int \
             language sql as 'select 1'; create table public.spatial (id int); create index on public.spatial (id); \
             create type public.mood as enum ('a'); alter type public.mood owner to other; \
             create table public.theirs (id int primary key, m public.mood); alter table public.theirs owner to other; \
             create function public.g() returns int language sql as 'select 1'; \
             alter function public.g() owner to other",
        )
        .await;
    let left = |result: &Value| result["origin"]["database"]["left_out"].clone();
    let dry = |more: &[&str]| {
        let flags = ["--format", "json", "squash", "--dry-run", "--from-database", &url];
        project.rebaseline(&[&flags, more].concat()).exits(0).json()
    };
    let all = dry(&[]);
    let beside = "setting `app.secret` of the database";
    assert_eq!(left(&all), json!([beside]));
    assert_eq!(all["schema"]["tables"], 5);
    let public = dry(&["--schema", "public"]);
    assert_eq!(public["schema"]["tables"], 4);
    assert_eq!(
        left(&public),
        json!(["function `audit.f()`", "schema `audit`", "table `audit.log`", beside])
    );
    let mine = dry(&["--owner", "postgres", "--schema", "public"]);
    assert_eq!(mine["schema"]["tables"], 3);
    let told: Vec<String> = serde_json::from_value(left(&mine)).unwrap();
    for object in ["function `public.g()`", "table `public.theirs`", "table `audit.log`"] {
        assert!(told.iter().any(|told| told == object), "{object}: {told:?}");
    }
    assert!(told.iter().any(|told| told.contains("public.mood")), "{told:?}");
    project.write("rebaseline.toml", "[stamp]\nignore = [\"public.spatial\"]\n");
    let ignored = dry(&["--schema", "public", "--owner", "postgres"]);
    assert_eq!(ignored["schema"]["tables"], 2);
    // What needs what was left out is refused, not bent.
    target.execute("shop", "alter table stay owner to other").await;
    target.execute("shop", "create view v as select * from public.theirs").await;
    let flags = ["squash", "--dry-run", "--from-database", &url, "--owner", "postgres"];
    let refused = project.rebaseline(&flags).exits(3).stderr;
    assert!(refused.contains("its dump cannot be restored"), "{refused}");
    assert!(refused.contains("--schema, --owner"), "{refused}");
}

#[tokio::test]
async fn a_database_that_is_not_known_good_is_refused() {
    let project = shop();
    let target = Target::start().await;
    let empty = target.database("empty").await;
    let behind = target.database("behind").await;
    project.alembic(&behind, &["upgrade", "r1"]).exits(0);
    let strange = target.copy("behind", "strange").await;
    target.execute("strange", "update alembic_version set version_num = 'gone'").await;
    let before = project.tree();
    let fails = |url: &str, more: &[&str], code| {
        let flags = ["squash", "--from-database", url];
        let run = project.rebaseline(&[&flags, more].concat()).exits(code);
        assert_same_tree(&project.tree(), &before);
        assert_eq!(project.leftovers(), Vec::<std::path::PathBuf>::new());
        run.stderr
    };
    let told = fails(&behind, &[], 1);
    assert!(
        told.contains("the database stands at r1, and the baseline would stand for r2"),
        "{told}"
    );
    assert!(told.contains("alembic upgrade heads"), "{told}");
    let told = fails(&strange, &[], 1);
    assert!(told.contains("no file of the project has gone"), "{told}");
    let told = fails(&empty, &[], 1);
    assert!(told.contains("it has no version table `alembic_version`"), "{told}");
    let told = fails("postgresql://nobody:s3cret@127.0.0.1:1/nowhere", &[], 3);
    assert!(told.contains("cannot read the database 127.0.0.1:1/nowhere"), "{told}");
    assert!(!told.contains("s3cret"), "{told}");
    project.alembic(&behind, &["upgrade", "head"]).exits(0);
    let told = fails(&behind, &["--schema", "nowhere"], 2);
    assert!(told.contains("there is no schema `nowhere` in it"), "{told}");
    let told = fails(&behind, &["--seed-tables", "public.nothing"], 2);
    assert!(
        told.contains("no table that is taken is called `public.nothing`, and no sequence"),
        "{told}"
    );
    let told = fails(&behind, &["--seed-tables", "rom"], 2);
    assert!(told.contains("is one of these meant? --seed-tables public.room"), "{told}");
    fails(&behind, &["--keep", "1"], 2);
    // The control: nothing but that was wrong.
    project.rebaseline(&["squash", "--dry-run", "--from-database", &behind]).exits(0);
}

/// Builds a new database from the baseline.
async fn built(project: &Project, target: &Target, name: &str) {
    let url = target.database(name).await;
    project.alembic(&url, &["upgrade", "head"]).exits(0);
}

#[tokio::test]
async fn rows_of_a_partitioned_table_lie_in_its_partitions() {
    let project = Project::chain(&[
        "op.execute('CREATE TABLE sale (id int, year int) PARTITION BY LIST (year)')\n\
         op.execute('CREATE TABLE old PARTITION OF sale FOR VALUES IN (1)')\n\
         op.execute('CREATE TABLE later PARTITION OF sale DEFAULT PARTITION BY RANGE (id)')\n\
         op.execute('CREATE TABLE low PARTITION OF later FOR VALUES FROM (0) TO (9)')\n\
         op.execute('CREATE TABLE high PARTITION OF later DEFAULT')\n\
         op.execute('CREATE TABLE base (id int)')\n\
         op.execute('CREATE TABLE heir () INHERITS (base)')",
    ]);
    let target = Target::start().await;
    let url = target.database("shop").await;
    project.alembic(&url, &["upgrade", "head"]).exits(0);
    let rows = "insert into sale values (1, 1), (2, 2), (20, 2); insert into base values (1); \
                insert into heir values (2)";
    target.execute("shop", rows).await;
    let copy = project.copy();
    let flags = ["--from-database", &url, "--seed-tables", "sale,base"];
    let result = project.squash(&flags);
    assert_eq!(result["schema"]["seed_rows"], 4);
    let mut seeded: Vec<String> =
        serde_json::from_value(result["origin"]["database"]["seed_tables"].clone()).unwrap();
    seeded.sort_unstable();
    let all = ["base", "high", "later", "low", "old", "sale"].map(|name| format!("public.{name}"));
    assert_eq!(seeded, all);
    built(&project, &target, "new").await;
    let told = "select (select string_agg(id::text, ',' order by id) from sale) || ' ' || \
                (select string_agg(id::text, ',') from base)";
    assert_eq!(target.column("new", told).await, ["1,2,20 1"]);
    // A part of it alone, with the parts of that.
    let flags = ["--from-database", &url, "--seed-tables", "public.later"];
    assert_eq!(copy.squash(&flags)["schema"]["seed_rows"], 2);
}

#[tokio::test]
async fn positions_go_with_the_rows_that_took_them() {
    let project = Project::chain(&["op.execute('CREATE SEQUENCE ids')\n\
         op.execute('CREATE SEQUENCE bills')\n\
         op.execute('CREATE SEQUENCE tickets')\n\
         op.execute(\"CREATE TABLE room (id int PRIMARY KEY DEFAULT nextval('ids'))\")\n\
         op.execute(\"CREATE TABLE stay (id int PRIMARY KEY DEFAULT nextval('tickets'))\")\n\
         op.execute('CREATE TABLE part (id serial, kind int, PRIMARY KEY (id, kind)) PARTITION BY LIST (kind)')\n\
         op.execute('CREATE TABLE part_1 PARTITION OF part DEFAULT')"]);
    let target = Target::start().await;
    let url = target.database("shop").await;
    project.alembic(&url, &["upgrade", "head"]).exits(0);
    let rows = "insert into room default values; insert into room default values; \
                insert into stay default values; insert into part (kind) values (1), (1); \
                select setval('bills', 41)";
    target.execute("shop", rows).await;
    let flags = ["--from-database", &url, "--seed-tables", "room,public.bill*,part_1"];
    let result = project.squash(&flags);
    let database = &result["origin"]["database"];
    assert_eq!(database["left_out"], json!([]));
    let mut seeded: Vec<String> = serde_json::from_value(database["seed_tables"].clone()).unwrap();
    seeded.sort_unstable();
    assert_eq!(seeded, ["public.bills", "public.part_1", "public.room"]);
    built(&project, &target, "new").await;
    // Each goes on where the database's own would, and the one whose rows were not taken begins anew.
    let next = "with r as (insert into room default values returning id), \
                s as (insert into stay default values returning id), \
                p as (insert into part (kind) values (1) returning id) \
                select concat_ws(' ', r.id, s.id, p.id, nextval('bills')) from r, s, p";
    assert_eq!(target.column("new", next).await, ["3 1 3 42"]);
}

/// `pg_dump` dumps the rows of an extension's configuration with every database, asked or not.
#[tokio::test]
async fn rows_of_an_extension_are_taken_only_if_they_are_named() {
    let share = Share::with(
        "jobs",
        "create table job (id serial primary key, command text); \
         create table inner_job (id int); \
         select pg_catalog.pg_extension_config_dump('job', ''); \
         select pg_catalog.pg_extension_config_dump('job_id_seq', '');",
    )
    .await;
    let mut project = Project::chain(&[
        "op.execute('CREATE EXTENSION jobs')\nop.execute('CREATE TABLE t (id int)')",
    ]);
    share.used_by(&mut project);
    let target = share.start().await;
    let url = target.database("shop").await;
    project.alembic(&url, &["upgrade", "head"]).exits(0);
    target.execute("shop", "insert into job (command) values ('hunter2'), ('mail')").await;
    let named = project.copy();
    let told = json!(["rows of `public.job`, which an extension keeps as its configuration"]);
    let result = project.squash(&["--from-database", &url, "--seed-tables", "t"]);
    assert_eq!(result["origin"]["database"]["left_out"], told);
    assert_eq!(result["schema"]["seed_rows"], 0);
    let baseline = std::fs::read_to_string(project.baseline()).unwrap();
    assert!(!baseline.contains("hunter2"), "{baseline}");
    // A sequence of an extension is dumped as it begins, not as it stands in the database.
    assert!(baseline.contains("setval('public.job_id_seq', 1, false)"), "{baseline}");
    let refused = ["squash", "--from-database", &url, "--seed-tables", "inner_job"];
    let refused = named.rebaseline(&refused).exits(2).stderr;
    assert!(refused.contains("no table that is taken is called `inner_job`"), "{refused}");
    let result = named.squash(&["--from-database", &url, "--seed-tables", "public.job"]);
    assert_eq!(result["origin"]["database"]["left_out"], json!([]));
    assert_eq!(result["origin"]["database"]["seed_tables"], json!(["public.job"]));
    built(&named, &target, "new").await;
    let next = "insert into job (command) values ('x') returning id::text";
    assert_eq!(target.column("new", next).await, ["3"]);
    assert_eq!(
        target.column("new", "select command from job order by id limit 1").await,
        ["hunter2"]
    );
}

/// A server that is down, a database that is not there and a pattern that is none: each with the way on.
#[tokio::test]
async fn what_cannot_be_taken_is_told_with_the_way_on() {
    let target = Target::start().await;
    let project = shop();
    let before = project.tree();
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let down = format!("postgresql://postgres@127.0.0.1:{free}/shop");
    let refused = project.rebaseline(&["squash", "--from-database", &down]).exits(3).stderr;
    assert!(refused.contains("Connection refused"), "{refused}");
    assert!(refused.contains("hint: check host, port, user and password"), "{refused}");
    assert!(refused.contains("state: nothing was changed"), "{refused}");
    let missing = target.url("nobody_made_it");
    let refused = project.rebaseline(&["squash", "--from-database", &missing]).exits(3).stderr;
    assert!(refused.contains("hint: check the database's name"), "{refused}");
    let flags = ["squash", "--from-database", &down, "--seed-tables", "a[b"];
    let refused = project.rebaseline(&flags).exits(2).stderr;
    assert!(refused.contains("hint: it is a glob"), "{refused}");
    assert_same_tree(&before, &project.tree());
}
