//! What lies beside the schema: carried into the baseline, or refused by name; never lost.

mod beyond;
mod out_of_reach;
mod plain_user;
mod there_before;

use crate::support::project::Project;
use crate::support::target::Target;

/// The revision's body that runs these statements.
fn statements(all: &[&str]) -> String {
    let list: Vec<String> = all.iter().map(|s| format!("{s:?}")).collect();
    format!(
        "for s in [{}]:\n    op.get_bind().exec_driver_sql(s, execution_options={{'no_parameters': True}})",
        list.join(", ")
    )
}

fn history(all: &[&str]) -> Project {
    Project::chain(&[&statements(all)])
}

/// The text of the baseline.
fn squashed(all: &[&str]) -> String {
    let project = history(all);
    project.rebaseline(&["squash"]).exits(0);
    std::fs::read_to_string(project.baseline()).unwrap()
}

#[test]
fn what_is_on_the_version_table() {
    let baseline = squashed(&[
        "create role app",
        "grant select on all tables in schema public to app",
        "comment on table alembic_version is 'ours'",
    ]);
    assert!(baseline.contains("GRANT SELECT ON TABLE public.alembic_version TO app"));
    assert!(baseline.contains("COMMENT ON TABLE public.alembic_version IS 'ours'"));
}

#[test]
fn whoever_migrates_is_not_called_postgres() {
    let baseline = squashed(&[
        "create role app",
        "grant app to current_user",
        "alter role current_user set statement_timeout = '5s'",
        "create extension postgres_fdw",
        "create server s foreign data wrapper postgres_fdw options (host 'password-host')",
        "create user mapping for current_user server s options (user 'u')",
        "create table t (i int)",
        "revoke insert on t from current_user",
    ]);
    assert!(baseline.contains("GRANT \"app\" TO CURRENT_USER"));
    assert!(baseline.contains("CREATE USER MAPPING FOR CURRENT_USER"));
    let statements: Vec<&str> = baseline.lines().filter(|line| line.contains("execute(")).collect();
    assert!(
        statements
            .iter()
            .all(|line| !line.contains("TO postgres") && !line.contains("FOR postgres"))
    );
}

#[test]
fn properties_of_the_database_and_odd_settings() {
    let baseline = squashed(&[
        "create role app",
        "alter role app set search_path = ''",
        "do $$ begin execute format('alter database %I owner to app', current_database()); end $$",
        "do $$ begin execute format('alter database %I connection limit 7', current_database()); end $$",
        "do $$ begin execute format('alter database %I set app.note = ''$rebaseline$''', current_database()); end $$",
        "create extension pg_stat_statements version '1.8'",
    ]);
    for wanted in
        ["OWNER TO \"app\"", "CONNECTION LIMIT 7", "\"search_path\" TO ''", "VERSION '1.8'"]
    {
        assert!(baseline.contains(wanted), "{wanted}");
    }
}

#[test]
fn a_schema_public_of_another_owner_and_statistics_on_an_in_list() {
    squashed(&[
        "create role app",
        "alter schema public owner to app",
        "create table t (s varchar(5), x int)",
        "create statistics st on (s in ('a', 'b')), x from t",
    ]);
}

#[test]
fn a_docstring_that_python_would_not_take() {
    let project = history(&["create role \"x\\\\N\" password 'a'"]);
    let run = project.rebaseline(&["squash", "-m", "say \"\"\" and \\N"]).exits(0);
    assert!(run.stderr.contains("holds no password"), "{}", run.stderr);
}

#[test]
fn what_no_baseline_can_carry_is_refused_by_name() {
    for (statement, name) in [
        ("select pg_create_physical_replication_slot('s1')", "replication slot s1"),
        (
            "select lo_from_bytea(4711, decode(repeat('00', 1100000), 'hex'))",
            "1100000 bytes of large objects",
        ),
        ("drop extension plpgsql", "plpgsql"),
        ("grant set on parameter log_statement to pg_monitor", "log_statement"),
    ] {
        let run = history(&[statement]).rebaseline(&["squash"]).exits(1);
        assert!(run.stderr.contains(name), "{statement}: {}", run.stderr);
        assert!(run.stderr.contains("nothing was changed"));
    }
}

#[test]
fn a_table_that_was_given_to_an_extension_is_missed() {
    let project = history(&[
        "create extension citext",
        "create table et (i int)",
        "alter extension citext add table et",
    ]);
    let run = project.rebaseline(&["squash"]).exits(4);
    assert!(run.stderr.contains("table et of extension citext"), "{}", run.stderr);
}

#[test]
fn letters_beyond_ascii_have_a_case() {
    let baseline = squashed(&["create table t (n text)", "insert into t values (lower('ÄRGER'))"]);
    assert!(baseline.contains("'ärger'"));
}

#[tokio::test]
async fn the_downgrade_leaves_what_was_there_before() {
    let project = Project::chain(&["op.create_table('mine', sa.Column('id', sa.Integer))"]);
    let init = "create table shared (i int); insert into shared values (1); create schema sx; \
                create function trf() returns int language sql as 'select 1';";
    project.write("init.sql", init);
    project
        .write("rebaseline.toml", "[scratch]\ninit_sql = ['init.sql']\nextensions = ['citext']\n");
    project.rebaseline(&["squash"]).exits(0);
    let target = Target::start().await;
    let url = target.database("shop").await;
    target.execute("shop", init).await;
    target.execute("shop", "create extension citext").await;
    project.alembic(&url, &["upgrade", "head"]).exits(0);
    project.alembic(&url, &["-x", "rebaseline-downgrade=yes", "downgrade", "base"]).exits(0);
    let left = target
        .column(
            "shop",
            "select 'row ' || i from shared union all select extname::text from pg_extension \
             where extname = 'citext' union all select nspname::text from pg_namespace \
             where nspname = 'sx' union all select 'f ' || trf()::text \
             union all select 'mine' from pg_class where relname = 'mine' order by 1",
        )
        .await;
    assert_eq!(left, ["citext", "f 1", "row 1", "sx"]);
}
