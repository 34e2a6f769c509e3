//! The baseline works for a user who is no superuser, if the history did; else what needs one is named.

use super::history;
use crate::support::project::Project;
use crate::support::target::Target;

fn plain_user(project: &Project) -> serde_json::Value {
    project.squash(&[])["proof"]["plain_user"].clone()
}

/// All that a database's owner who may make roles can do.
const PLAIN: [&str; 24] = [
    "create role app",
    "create role reader",
    "grant app to current_user",
    "comment on role app is 'x'",
    "alter role app set work_mem = '5MB'",
    "create schema s",
    "grant usage, create on schema s to app",
    "create table s.t (i int primary key, j int)",
    "insert into s.t values (1, 2)",
    "create extension citext",
    "create table public.u (c citext, k int references s.t)",
    "alter table s.t owner to app",
    "grant select on public.u to app with grant option",
    "grant insert on public.u to reader",
    "set role app",
    "grant select on public.u to reader",
    "reset role",
    "alter default privileges for role app grant select on tables to reader",
    "alter default privileges in schema public grant select on tables to app",
    "revoke create on schema public from public",
    "grant usage on schema public to app",
    "create publication p for table public.u",
    "select lo_from_bytea(16500, 'x')",
    "do $$ begin execute format('alter database %I set work_mem = ''5MB''', current_database()); \
     execute format('comment on database %I is ''x''', current_database()); \
     execute format('revoke connect on database %I from public', current_database()); end $$",
];

/// The URL of a new database of a plain user's, on a server of its own: roles are shared.
async fn owned_by_a_plain_user(target: &Target) -> String {
    target.execute("postgres", "create role owner login createrole").await;
    target.execute("postgres", "create database shop owner owner").await;
    target.url("shop").replace("postgres@", "owner@")
}

#[tokio::test]
async fn a_plain_history_has_a_plain_baseline() {
    let project = history(&PLAIN);
    let target = Target::start().await;
    let url = owned_by_a_plain_user(&target).await;
    project.alembic(&url, &["upgrade", "head"]).exits(0);
    let tables = "select relname || ' ' || relowner::regrole || ' ' || coalesce(relacl::text, '') from pg_class \
                  where relname in ('t', 'u') order by 1";
    let by_history = target.column("shop", tables).await;

    assert_eq!(plain_user(&project), "works");

    let target = Target::start().await;
    let url = owned_by_a_plain_user(&target).await;
    project.alembic(&url, &["upgrade", "head"]).exits(0);
    assert_eq!(by_history.len(), 2);
    assert!(by_history[1].contains("reader=r/app"), "{by_history:?}");
    assert_eq!(target.column("shop", tables).await, by_history);
}

#[test]
fn what_needs_a_superuser_is_named() {
    let project = history(&[
        "create role boss superuser",
        "create extension postgres_fdw",
        "create server s foreign data wrapper postgres_fdw",
        "create table t (i int)",
        "create publication everything for all tables",
        "create function nothing() returns event_trigger language plpgsql as 'begin end'",
        "create event trigger bell on ddl_command_end execute function nothing()",
        "grant execute on function pg_catalog.pg_read_file(text) to pg_monitor",
    ]);
    let found = plain_user(&project)["needs_superuser"].clone();
    let expected = serde_json::json!([
        "CREATE ROLE \"boss\" WITH SUPERUSER INHERIT NOCREATEROLE NOCREATEDB NOLOGIN",
        "extension `postgres_fdw`",
        "server `s`",
        "publication `everything`",
        "privileges on function `pg_catalog.pg_read_file(text)`",
        "event trigger `bell`",
    ]);
    assert_eq!(found, expected);
    let baseline = std::fs::read_to_string(project.baseline()).unwrap();
    assert!(baseline.contains("These need a superuser"), "{baseline}");
    assert!(baseline.contains("# event trigger `bell` (needs a superuser)\n"), "{baseline}");
    assert!(baseline.contains("# table `public.t`\n"), "{baseline}");
}

/// GRANT without the right to it is only a warning to PostgreSQL.
#[test]
fn a_privilege_that_would_be_lost_without_an_error() {
    let project =
        history(&["create role app", "grant execute on function pg_catalog.now() to app"]);
    let found = plain_user(&project);
    let privileges = "privileges on function `pg_catalog.now()`";
    assert_eq!(found["needs_superuser"], serde_json::json!([privileges]), "{found}");
}

#[test]
fn on_a_given_server_no_role_is_made() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let target = runtime.block_on(Target::start());
    let project = history(&["create table t (i int)"]);
    let result = project.squash(&["--scratch-url", &target.url("postgres")]);
    let reason = result["proof"]["plain_user"]["not_tried"].as_str().unwrap().to_owned();
    assert!(reason.contains("server of our own"), "{reason}");
    let roles = "select rolname::text from pg_roles where rolname ~ '^rebaseline'";
    assert!(runtime.block_on(target.column("postgres", roles)).is_empty());
}
