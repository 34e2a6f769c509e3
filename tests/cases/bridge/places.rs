//! Databases at every place of a history, on every driver, with everything that `env.py` may ask for.

use rebaseline::schema::inventory::difference::differences;

use super::{install, steps, through, upgrade_all};
use crate::cases::inventory;
use crate::support::differences_of_copies;
use crate::support::project::{ENV_ASYNC, ENV_SYNC, Project};
use crate::support::target::Target;

/// `r1` to `r5`: a file beside, a file beside `env.py`, a step out of the transaction, Alembic's own context.
pub fn chain() -> Project {
    let read = |path: &str| {
        format!(
            "import os\nop.execute(open(os.path.join(os.path.dirname(__file__), {path})).read())"
        )
    };
    let project = Project::chain(&[
        "op.create_table('room', sa.Column('id', sa.Integer, primary_key=True))",
        &read("'rooms.sql'"),
        "with op.get_context().autocommit_block():\n    \
         op.execute('create index concurrently room_id on room (id)')",
        &read("'..', 'sql', 'guests.sql'"),
        "from alembic import context\ncontext.execute('create table stay (id int)')\n\
         assert context.get_bind() is op.get_bind()",
    ]);
    project.write("migrations/versions/rooms.sql", "insert into room values (1), (2)");
    project.write("migrations/sql/guests.sql", "create table guest as select id from room");
    project
}

const LATER: &str = "op.execute('create table bill (id int)')";

/// Each place, by each way of connecting, with each kind of transaction.
#[tokio::test]
async fn a_chain_from_each_of_its_places() {
    let old = chain();
    let project = old.copy();
    project.squash(&["--revision-id", "fresh"]);
    project.revision("k1", &["fresh"], LATER);
    let target = Target::start().await;
    let ids = steps(&old, &target.database("steps").await);
    assert_eq!(ids, ["r1", "r2", "r3", "r4", "r5"]);
    let configured = |env: &str, options: &str| {
        env.replace(
            "configure(connection=connection",
            &format!("configure(connection=connection{options}"),
        )
    };
    let each = ", transaction_per_migration=True";
    let callback = ", on_version_apply=lambda ctx, step, heads, run_args, **kw: print('applied', sorted(heads))";
    let mut expected = None;
    for (number, (driver, env)) in [
        ("psycopg", configured(ENV_SYNC, "")),
        ("psycopg", configured(ENV_SYNC, each)),
        ("psycopg2", configured(ENV_SYNC, callback)),
        ("psycopg2", configured(ENV_SYNC, ", transactional_ddl=False")),
        ("asyncpg", configured(ENV_ASYNC, "")),
        ("asyncpg", configured(ENV_ASYNC, each)),
        ("psycopg_async", configured(ENV_ASYNC, "")),
        // Everything in a transaction that is not Alembic's, but without a step that has to leave it.
        ("psycopg", ENV_SYNC.replace("engine.connect()", "engine.begin()")),
    ]
    .into_iter()
    .enumerate()
    {
        project.write("migrations/env.py", &env);
        install(&project);
        let outside = env.contains("begin() as connection");
        let mut names =
            vec![(format!("empty_{number}"), target.database(&format!("empty_{number}")).await)];
        for step in if outside { 2..5 } else { 0..5 } {
            let name = format!("step{step}_{number}");
            let url = target.copy(&format!("step{step}"), &name).await;
            names.push((name, url));
        }
        let urls: Vec<String> = names.iter().map(|(_, url)| through(driver, url)).collect();
        let run = upgrade_all(&project, &urls);
        assert_eq!(
            run.stdout.contains("applied ['r3']"),
            env.contains("applied"),
            "{}",
            run.stdout
        );
        for (name, _) in &names {
            assert_eq!(target.versions(name).await, ["k1"], "{name} with {driver}");
            let dump = if name.starts_with("empty") {
                target.restored(name).await
            } else {
                target.dump(name)
            };
            assert_eq!(dump, *expected.get_or_insert_with(|| dump.clone()), "{name} with {driver}");
        }
    }
}

/// The example, with an async and a sync driver: each single one of its revisions, and none.
#[tokio::test]
async fn the_example_from_each_of_its_revisions() {
    let old = Project::example();
    let project = old.copy();
    let id = project.squash(&["--revision-id", "new"])["baseline"]["revision"]
        .as_str()
        .unwrap()
        .to_owned();
    install(&project);
    let target = Target::start().await;
    let ids = steps(&old, &target.database("steps").await);
    assert!(ids.len() > 70, "{}", ids.len());
    let url = |number: usize| {
        let url = target.url(&format!("step{number}"));
        if number.is_multiple_of(2) { url } else { through("asyncpg", &url) }
    };
    let mut urls: Vec<String> = (0..ids.len()).map(url).collect();
    urls.push(target.database("empty").await);
    // One after the other: the history changes roles, which all databases of a server share.
    upgrade_all(&project, &urls);
    // The history's own end, which no bridge has touched.
    let expected = inventory::read(&mut target.connect("steps").await).await;
    let counts = "select c.oid::regclass || ' ' || (xpath('/row/n/text()', query_to_xml(
        format('select count(*) n from %s', c.oid::regclass), false, true, '')))[1]::text from pg_class c
        where relkind = 'r' and relnamespace::regnamespace::text !~ '^(pg_|information_schema)' order by 1";
    let rows = target.column("steps", counts).await;
    for (number, revision) in ids.iter().enumerate() {
        let name = format!("step{number}");
        assert_eq!(target.versions(&name).await, [id.as_str()], "{revision}");
        let found = inventory::read(&mut target.connect(&name).await).await;
        assert_eq!(differences_of_copies(&expected, &found), [""; 0], "from {revision}");
        assert_eq!(target.column(&name, counts).await, rows, "from {revision}");
    }
    // What the baseline prints differently is the same after a round trip.
    assert_eq!(target.versions("empty").await, [id.as_str()]);
    let mut after = Vec::new();
    for name in ["empty", "step0", "steps"] {
        target.restored(name).await;
        after.push(inventory::read(&mut target.connect(&format!("{name}_restored")).await).await);
    }
    assert_eq!(differences(&after[0], &after[1]).len(), 0);
    assert_eq!(differences(&after[0], &after[2]).len(), 0);
}

/// The version table of `env.py`, in a schema of its own, beside another tool's table of the usual name.
#[tokio::test]
async fn the_version_table_is_that_of_env_py() {
    let old = chain();
    let table = "configure(version_table='schema_revision', version_table_schema='admin', ";
    old.write("migrations/env.py", ENV_SYNC.replace("configure(", table));
    let project = old.copy();
    project.write("prelude.sql", "create schema admin;");
    project.squash(&["--revision-id", "fresh", "--scratch-sql", "prelude.sql"]);
    install(&project);
    let target = Target::start().await;
    let shop = target.database("shop").await;
    let sql = "create schema admin; create table alembic_version (version_num text); \
               insert into alembic_version values ('other')";
    target.execute("shop", sql).await;
    old.alembic(&shop, &["upgrade", "r2"]).exits(0);
    project.alembic(&shop, &["upgrade", "head"]).exits(0);
    let rows = target.column("shop", "select version_num::text from admin.schema_revision").await;
    assert_eq!(rows, ["fresh"]);
    assert_eq!(target.versions("shop").await, ["other"]);
}

/// Two tenants in two schemas, in one transaction of `env.py`'s own, by its `search_path`.
#[tokio::test]
async fn tenants_of_one_transaction() {
    let old = Project::chain(&[
        "op.execute('create table a (id int)')",
        "op.execute('create table b (id int)')",
    ]);
    let project = old.copy();
    project.squash(&["--revision-id", "fresh"]);
    let env = ENV_SYNC
        .replace("engine.connect()", "engine.begin()")
        .replace(
            "        context.configure(connection=connection)\n        with context.begin_transaction():\n            context.run_migrations()\n",
            "        for tenant in ('one', 'two'):\n            connection.exec_driver_sql('set local search_path to ' + tenant)\n            \
             context.configure(connection=connection)\n            context.run_migrations()\n",
        );
    old.write("migrations/env.py", &env);
    project.write("migrations/env.py", &env);
    install(&project);
    let target = Target::start().await;
    let shop = target.database("shop").await;
    target.execute("shop", "create schema one; create schema two").await;
    old.alembic(&shop, &["upgrade", "r1"]).exits(0);
    project.alembic(&shop, &["upgrade", "head"]).exits(0);
    let sql = "select version_num::text from one.alembic_version, two.b union all \
               select version_num from two.alembic_version left join one.b on true";
    assert_eq!(target.column("shop", sql).await, ["fresh"]);
}
