//! What `pg_dump`'s own text would lose or cannot restore.

use super::{history, squashed};
use crate::support::extension::Share;
use crate::support::target::Target;

#[test]
fn negative_zero() {
    let baseline = squashed(&[
        "create table t (f float8, r real, a float8[], n numeric)",
        "insert into t values ('-0', '-0', array['-0'::float8], -1)",
    ]);
    assert!(baseline.contains("VALUES ('-0', '-0', '{-0}', -1)"), "{baseline}");
}

#[test]
fn a_view_and_a_foreign_key_on_the_version_table() {
    squashed(&[
        "create view v as select version_num from alembic_version",
        "create table t (v varchar(32) references alembic_version)",
    ]);
}

#[test]
fn functions_that_rely_on_the_search_path() {
    let baseline = squashed(&[
        "create schema h",
        "create function h.inside(i int) returns bool language sql immutable as 'select i > 0'",
        "create function h.outside(i int) returns bool language plpgsql immutable \
         as 'begin return inside(i); end'",
        "set search_path = h, public",
        "create table public.t (i int check (outside(i)), g bool generated always as (outside(i)) stored)",
        "create domain positive as int check (outside(value))",
        "create table d (p positive)",
        "insert into t values (1)",
        "insert into d values (1)",
        "create index by_outside on t (outside(i))",
        "create materialized view m as select outside(i) from t",
        "set search_path = public",
    ]);
    let path = r#"set_config('search_path', '\"h\", \"public\"', false)"#;
    assert!(baseline.replace('\\', "").contains(&path.replace('\\', "")), "{baseline}");
}

/// `REFRESH MATERIALIZED VIEW` and privileges on the version table come after event triggers in a dump.
#[test]
fn an_event_trigger_does_not_hear_the_baseline() {
    squashed(&[
        "create role app",
        "create table ddl (tag text)",
        "create materialized view m as select 1 as one",
        "create function keep() returns event_trigger language plpgsql as \
         'begin insert into public.ddl values (tg_tag); end'",
        "grant select on alembic_version to app",
        "create event trigger keep on ddl_command_end execute function keep()",
        "comment on event trigger keep is 'x'",
        "create table later (i int)",
    ]);
}

#[test]
fn schema_public_made_anew_and_a_comment_that_was_removed() {
    let baseline = squashed(&[
        "drop schema public cascade",
        "create schema public",
        "create table alembic_version (version_num varchar(32) primary key)",
        "create extension citext",
        "comment on extension citext is null",
    ]);
    assert!(baseline.contains("ALTER SCHEMA public OWNER TO CURRENT_USER"), "{baseline}");
    assert!(baseline.contains("COMMENT ON EXTENSION"), "{baseline}");
}

#[tokio::test]
async fn large_objects_keep_their_numbers() {
    let project = history(&[
        "create role app",
        "create table picture (content oid)",
        "insert into picture select lo_from_bytea(0, decode(repeat('abcd', 20000), 'hex'))",
        "select lo_create(77)",
        "grant select on large object 77 to app",
        "comment on large object 77 is 'empty'",
    ]);
    project.squash(&[]);
    let target = Target::start().await;
    let url = target.database("shop").await;
    project.alembic(&url, &["upgrade", "head"]).exits(0);
    let query = "select length(lo_get(content))::text || ' ' || md5(lo_get(content)) || ' ' || \
                 length(lo_get(77)) from picture";
    let expected = "select '40000 ' || md5(decode(repeat('abcd', 20000), 'hex')) || ' 0'";
    assert_eq!(target.column("shop", query).await, target.column("shop", expected).await);
    project.alembic(&url, &["-x", "rebaseline-downgrade=yes", "downgrade", "base"]).exits(0);
    let left = target.column("shop", "select oid::text from pg_largeobject_metadata").await;
    assert!(left.is_empty(), "{left:?}");
}

#[test]
fn roles_and_settings_of_before_are_changed_as_the_history_did() {
    let on_database =
        |what: &str| format!("do $$ begin execute format('{what}', current_database()); end $$");
    let (reset, revoke) = (
        on_database("alter database %I reset app.note"),
        on_database("revoke temporary on database %I from public"),
    );
    let project = history(&[
        "alter role app createdb connection limit 4",
        "comment on role app is 'ours'",
        "alter role app reset work_mem",
        "alter role app set statement_timeout = '7s'",
        "revoke team from app",
        "drop role old",
        &reset,
        &revoke,
        "grant pg_monitor to current_user",
    ]);
    project.write(
        "init.sql",
        "create role app nologin; create role team; create role old; grant team to app, old; \
         alter role app set work_mem = '5MB'; alter role app set statement_timeout = '5s'; \
         alter role old set work_mem = '5MB'; "
            .to_owned()
            + &on_database("alter database %I set app.note = ''x''"),
    );
    project.write("rebaseline.toml", "[scratch]\ninit_sql = ['init.sql']\n");
    project.squash(&[]);
    let baseline = std::fs::read_to_string(project.baseline()).unwrap().replace('\\', "");
    for wanted in [
        "ALTER ROLE \"app\" WITH CREATEDB CONNECTION LIMIT 4",
        "COMMENT ON ROLE \"app\" IS 'ours'",
        "ALTER ROLE app RESET \"work_mem\"",
        "ALTER ROLE app SET \"statement_timeout\" TO '7s'",
        "REVOKE \"team\" FROM \"app\"",
        "DROP ROLE IF EXISTS \"old\"",
        "ALTER DATABASE %I RESET \"app\".\"note\"",
        "REVOKE TEMPORARY ON DATABASE %I FROM PUBLIC",
        "GRANT \"pg_monitor\" TO CURRENT_USER",
    ] {
        assert!(baseline.contains(wanted), "{wanted}: {baseline}");
    }
    assert!(!baseline.contains("FROM \"old\""), "{baseline}");
}

#[test]
fn a_tablespace_that_was_there() {
    let project = history(&[
        "create table a (i int) tablespace fast",
        "create table b (i int)",
        "create index on b (i) tablespace fast",
    ]);
    project.write("init.sql", "create tablespace fast location '';");
    let settings =
        "[scratch]\ninit_sql = ['init.sql']\nsettings = ['allow_in_place_tablespaces=on']\n";
    project.write("rebaseline.toml", settings);
    project.squash(&[]);
    let baseline = std::fs::read_to_string(project.baseline()).unwrap();
    assert!(baseline.contains("SET default_tablespace = fast"), "{baseline}");
    assert!(baseline.contains("'row_security', 'default_tablespace'"), "{baseline}");
    assert!(!baseline.contains("superuser"), "{baseline}");
}

/// `pg_partman` and `pg_cron` keep their jobs so: rows in tables that the extension marks as its configuration.
#[tokio::test]
async fn rows_of_an_extension() {
    let share = Share::with(
        "shopping",
        "create table item (name text primary key, own bool not null default true); \
         insert into item values ('brought along', false); \
         select pg_catalog.pg_extension_config_dump('item', 'where own');",
    )
    .await;
    let mut project = history(&[
        "create extension shopping",
        "insert into item values ('bread')",
        "create table t (name text references item)",
        "insert into t values ('bread')",
    ]);
    share.used_by(&mut project);
    project.squash(&[]);
    let baseline = std::fs::read_to_string(project.baseline()).unwrap();
    assert!(baseline.contains("VALUES ('bread', true)"), "{baseline}");
    assert!(!baseline.contains("brought along"), "{baseline}");
}

#[test]
fn a_replica_identity_whose_index_is_gone() {
    let baseline = squashed(&[
        "create table t (a int not null, b int not null)",
        "create unique index t_ri on t (a, b)",
        "alter table t replica identity using index t_ri",
        "drop index t_ri",
    ]);
    assert!(baseline.contains("REPLICA IDENTITY NOTHING"), "{baseline}");
    let baseline = squashed(&[
        "create table t (a int not null)",
        "create unique index t_ri on t (a)",
        "alter table t replica identity using index t_ri",
    ]);
    assert!(!baseline.contains("IDENTITY NOTHING"), "{baseline}");
}
