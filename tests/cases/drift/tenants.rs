//! Tenants that live in schemas of one database, each with a version table of its own.

use std::collections::BTreeMap;
use std::time::Duration;

use rebaseline::postgres::connect::{Patience, Waiting};
use rebaseline::postgres::target;
use rebaseline::postgres::url::Url;
use rebaseline::schema::inventory::Forms;
use rebaseline::stages::stamp::{self, Allowed, Check, Outcome, Plan, Replaced, Told};

use super::archive;
use crate::support::project::{ENV_SYNC, Project};
use crate::support::target::Target;

/// `-x tenant=NAME` chooses the schema, as in Alembic's cookbook.
fn env() -> String {
    let connect = "    with engine.connect() as connection:\n";
    let path = "        tenant = context.get_x_argument(as_dictionary=True).get('tenant')\n        \
                if tenant:\n            \
                connection.exec_driver_sql(f'set search_path to \"{tenant}\", public')\n            \
                connection.commit()\n            \
                connection.dialect.default_schema_name = tenant\n";
    ENV_SYNC.replace(connect, &format!("{connect}{path}")).replace(
        "configure(connection=connection)",
        "configure(connection=connection, version_table_schema=tenant)",
    )
}

const SHARED: &str = "create schema shared; create table shared.plan (id int primary key); \
     create function shared.f() returns int language sql as 'select 1'";

const TENANT: [&str; 2] = [
    "op.execute(\"create type mood as enum ('good', 'bad')\")\n\
     op.execute(\"create table room (id serial primary key, plan int references shared.plan, feels mood default 'good', \
     text varchar(9) check (text in ('public.room', 'b')))\")\n\
     op.execute(\"comment on table room is 'public.room is it'\")\n\
     op.execute('create table \\\"Odd one\\\" (id int references room, n int default shared.f())')",
    "op.execute('create view rooms as select room.id, room.feels from room join \\\"Odd one\\\" using (id)')\n\
     op.execute(\"create function count_of(mood) returns int language sql as 'select 1'\")\n\
     op.execute('create index odd on \\\"Odd one\\\" (id)')\n\
     op.execute(\"create function touch() returns trigger language plpgsql as 'begin return new; end'\")\n\
     op.execute('create trigger t before update on room for each row execute function touch()')",
];

fn plan(project: &Project, allowed: Allowed, accepted: &[&str]) -> Plan {
    let archive = archive(project);
    let requires = |id: &str, on: &[&str]| {
        (id.to_owned(), on.iter().map(|id| (*id).to_owned()).collect::<Vec<_>>())
    };
    let old: BTreeMap<_, _> = [requires("r1", &[]), requires("r2", &["r1"])].into();
    let mut all = old.clone();
    all.extend([requires("fresh", &["r2"])]);
    Plan {
        version_table: archive.manifest().version_table.clone(),
        baselines: vec![Replaced { baseline: "fresh".to_owned(), heads: vec!["r2".to_owned()] }],
        archived: old.keys().cloned().collect(),
        old,
        new: [requires("fresh", &[])].into(),
        lineage: all.clone(),
        all,
        minted: ["fresh".to_owned()].into(),
        allowed,
        check: Check {
            expected: Some(Forms::from_json(archive.inventory().unwrap()).unwrap()),
            older: Vec::new(),
            skipped: false,
            accepted: accepted
                .iter()
                .map(|name| rebaseline::schema::inventory::accepted::Accepted::new(name))
                .collect(),
            ignore: Vec::new(),
        },
    }
}

async fn run(url: &str, schema: &str, plan: &Plan, write: bool) -> Told {
    let target = target::Target { url: Url::parse(url).unwrap(), schema: Some(schema.to_owned()) };
    let connect = Waiting { limit: Duration::from_secs(10), retries: 0 };
    let patience = Patience { connect, lock: Duration::from_secs(5) };
    stamp::stamp(&target, plan, patience, write).await
}

#[tokio::test]
async fn each_tenant_is_compared_by_itself() {
    let old = Project::chain(&TENANT);
    old.write("migrations/env.py", env());
    let project = old.copy();
    project.write("shared.sql", SHARED);
    project.write("rebaseline.toml", "[scratch]\ninit_sql = [\"shared.sql\"]\n");
    project.squash(&["--revision-id", "fresh"]);
    let target = Target::start().await;
    let url = target.database("shop").await;
    target.execute("shop", SHARED).await;
    for tenant in ["one", "Two ten", "third"] {
        target.execute("shop", &format!("create schema \"{tenant}\"")).await;
        old.alembic(&url, &["-x", &format!("tenant={tenant}"), "upgrade", "head"]).exits(0);
    }
    // Another application in the schema that was the history's own on scratch.
    target.execute("shop", "create table public.room (x int)").await;
    let strict = plan(&project, Allowed::default(), &[]);
    for tenant in ["one", "Two ten"] {
        let told = run(&url, tenant, &strict, false).await;
        assert_eq!(told.outcome, Outcome::WouldStamp, "{told:?}");
        assert!(told.target.contains(tenant));
        let catalog = told.catalog.unwrap();
        assert_eq!(catalog.not_compared.unwrap(), format!("only the schema {tenant} was compared"));
    }
    // One tenant drifts: the other is as it was.
    for (change, expected) in [
        ("alter table one.room alter feels set default 'bad'", "column `one.room.feels`: default"),
        ("alter table one.\"Odd one\" alter n drop default", "column `one.\"Odd one\".n`: default"),
        ("create table one.more (id int)", "table `one.more` is too much"),
        ("drop function one.count_of(one.mood)", "function `one.count_of(one.mood)` is missing"),
        // What refers to another tenant is not what refers to one's own.
        (
            "drop view one.rooms; create view one.rooms as select room.id, null::one.mood as feels from one.room",
            "view `one.rooms`: definition",
        ),
        (
            "alter table one.\"Odd one\" drop constraint \"Odd one_id_fkey\"; alter table one.\"Odd one\" \
             add constraint \"Odd one_id_fkey\" foreign key (id) references \"Two ten\".room",
            "constraint `one.\"Odd one\".\"Odd one_id_fkey\"`: definition",
        ),
    ] {
        target.copy("shop", "changed").await;
        target.execute("changed", change).await;
        let told = run(&target.url("changed"), "one", &strict, true).await;
        assert_eq!(told.outcome, Outcome::Refused, "{change}");
        let why = told.why.unwrap();
        assert!(why.contains(expected) && why.contains("1 object differs"), "{change}: {why}");
        let told = run(&target.url("changed"), "Two ten", &strict, true).await;
        assert_eq!(told.outcome, Outcome::Stamped, "{change}: {told:?}");
        let rows =
            |schema: &str| format!("select version_num::text from \"{schema}\".alembic_version");
        assert_eq!(target.column("changed", &rows("one")).await, ["r2"]);
        assert_eq!(target.column("changed", &rows("Two ten")).await, ["fresh"]);
        target.execute("postgres", "drop database changed").await;
    }
    target.execute("shop", "create table one.more (id int)").await;
    // Named for one tenant, or for all of them by the history's own schema.
    let accepting = plan(&project, Allowed::default(), &["table public.more"]);
    assert_eq!(run(&url, "one", &accepting, false).await.outcome, Outcome::WouldStamp);
    let accepting = plan(&project, Allowed::default(), &["table one.more"]);
    assert_eq!(run(&url, "one", &accepting, true).await.outcome, Outcome::Stamped);
    // Without a version table.
    target.execute("shop", "drop table third.alembic_version; create schema bare").await;
    assert_eq!(run(&url, "third", &strict, true).await.outcome, Outcome::Refused);
    let adopting = plan(&project, Allowed { adopt: true, purge: false }, &[]);
    assert_eq!(run(&url, "third", &adopting, true).await.outcome, Outcome::Adopted);
    let rows = "select version_num::text from third.alembic_version";
    assert_eq!(target.column("shop", rows).await, ["fresh"]);
    let told = run(&url, "bare", &adopting, true).await;
    assert!(told.why.unwrap().contains("it is empty"));
    let told = run(&url, "nowhere", &adopting, true).await;
    assert!(told.why.unwrap().contains("no schema nowhere"));
}
