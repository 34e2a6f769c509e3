//! What the history did to objects that env.py or the prelude had made before its first revision.

use super::history;
use crate::cases::mutations::mutated;
use crate::support::project::{ENV_SYNC, Project};
use crate::support::target::Target;

const INIT: &str = "
    create role app;
    create table shared (i int primary key, t text);
    insert into shared values (1, 'a');
    create table empty (i int);
    comment on table shared is 'x';
    grant select on shared to app;
    create function f() returns int language sql as 'select 1';
    create view v as select i from shared;
    create function touch() returns trigger language plpgsql as 'begin return new; end';
    create trigger before_history before update on shared for each row execute function touch();
    create policy all_rows on shared using (true);
    create sequence s;
    alter default privileges grant select on tables to app;
    create publication p;
";

fn with_init(statements: &[&str]) -> Project {
    let project = history(statements);
    project.write("init.sql", INIT);
    project.write("rebaseline.toml", "[scratch]\ninit_sql = ['init.sql']\n");
    project
}

#[test]
fn what_nobody_touched_is_left_alone() {
    let project = with_init(&["create table mine (i int)"]);
    project.squash(&[]);
    let baseline = std::fs::read_to_string(project.baseline()).unwrap();
    for theirs in ["shared", "all_rows", "touch", "PUBLICATION", "DEFAULT PRIVILEGES"] {
        assert!(!baseline.contains(theirs), "{theirs}: {baseline}");
    }
}

#[tokio::test]
async fn changes_are_carried() {
    let project = with_init(&[
        "insert into shared values (2, 'b')",
        "comment on table shared is null",
        "revoke select on shared from app",
        "grant insert on shared to app",
        "create or replace function f() returns int language sql as 'select 2'",
        "create or replace view v as select i, t from shared",
        "create trigger of_history before update on shared for each row execute function touch()",
        "create index on shared (t)",
        "alter table shared enable row level security",
        "alter table shared add constraint positive check (i > 0)",
        "alter table shared owner to app",
        "alter table empty add column more int default 4 not null",
        "select setval('s', 55)",
        "alter default privileges revoke select on tables from app",
        "alter publication p add table shared",
    ]);
    project.squash(&[]);
    // What was there stays when the baseline goes.
    let target = Target::start().await;
    let url = target.database("shop").await;
    target.execute("shop", INIT).await;
    project.alembic(&url, &["upgrade", "head"]).exits(0);
    let triggers = "select tgname::text from pg_trigger where not tgisinternal order by 1";
    assert_eq!(target.column("shop", triggers).await, ["before_history", "of_history"]);
    project.alembic(&url, &["-x", "rebaseline-downgrade=yes", "downgrade", "base"]).exits(0);
    assert_eq!(target.column("shop", triggers).await, ["before_history"]);
    assert_eq!(target.column("shop", "select t from v order by 1").await, ["a", "b"]);
}

#[test]
fn a_lost_change_is_caught() {
    for (old, object) in [
        ("(i, t) VALUES (2, 'b')", "rows of `public.shared`"),
        ("CREATE TRIGGER of_history", "trigger `public.shared of_history`"),
        ("ADD CONSTRAINT positive", "table `public.shared`"),
        ("COMMENT ON TABLE public.shared IS NULL", "comment on table `public.shared`"),
        ("REVOKE select ON public.shared", "privileges on table `public.shared`"),
    ] {
        let project = with_init(&[
            "insert into shared values (2, 'b')",
            "comment on table shared is null",
            "revoke select on shared from app",
            "grant insert on shared to app",
            "create trigger of_history before update on shared for each row execute function touch()",
            "alter table shared add constraint positive check (i > 0)",
        ]);
        project.write("wrong/baseline.py.tera", mutated(old, None));
        let run = project.rebaseline(&["squash", "--templates", "wrong"]).exits(4);
        assert!(run.stderr.contains(object), "{object}: {}", run.stderr);
    }
}

#[test]
fn what_cannot_be_said_is_refused_by_name() {
    let project = with_init(&[
        "update shared set t = 'z'",
        "alter table empty alter column i type bigint",
        "drop trigger before_history on shared",
        "drop policy all_rows on shared",
        "alter publication p set (publish = 'insert')",
    ]);
    let run = project.rebaseline(&["squash"]).exits(1);
    for name in [
        "changes of the rows of `public.shared`",
        "changes of the table `public.empty`",
        "the missing trigger `public.shared before_history`",
        "the missing policy `public.shared all_rows`",
        "changes of the publication `p`",
    ] {
        assert!(run.stderr.contains(name), "{name}: {}", run.stderr);
    }
}

#[test]
fn what_env_py_made_by_itself() {
    let project = history(&[
        "insert into own.conf values ('of the history')",
        "create table mine (k text references own.conf)",
        "comment on table own.conf is 'x'",
    ]);
    let statements = [
        "create schema if not exists own",
        "create table if not exists own.conf (k text primary key)",
        "insert into own.conf values ('of env.py') on conflict do nothing",
    ];
    let run = |s: &&str| format!("        connection.exec_driver_sql({s:?})\n");
    let own: String = statements.iter().map(run).collect();
    let line = "    with engine.connect() as connection:\n";
    let before = format!("    with engine.begin() as connection:\n{own}{line}");
    let env = ENV_SYNC.replace(line, &before);
    assert_ne!(env, ENV_SYNC);
    project.write("migrations/env.py", env);
    project.squash(&[]);
    let baseline = std::fs::read_to_string(project.baseline()).unwrap();
    assert!(baseline.contains("'of the history'"), "{baseline}");
    assert!(!baseline.contains("'of env.py'"), "{baseline}");
}
