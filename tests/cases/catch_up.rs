//! `stamp --catch-up`: databases behind the cut are brought to it by the archived revisions, wherever they
//! stand, and only they are touched.

mod backup;
mod bridge;
mod example;
mod generations;
mod interrupted;

use serde_json::{Value, json};

use crate::support::environment;
use crate::support::listener::Listener;
use crate::support::project::{ENV_ASYNC, ENV_SYNC, Project, Run};
use crate::support::target::Target;

/// Four revisions in a chain; the third reads a file beside itself.
pub fn chain() -> Project {
    let project = Project::chain(&[
        "op.execute('create table room (id int primary key)')",
        "op.execute(\"insert into room values (1)\")\nop.execute(\"create table guest (id int, kind varchar(9) \
         check (kind in ('a', 'b')))\")",
        "from pathlib import Path\nop.execute(Path(__file__).with_name('stay.sql').read_text())\n\
         op.execute(Path(__file__).resolve().parents[2].joinpath('note.sql').read_text())",
        "op.execute('create view v as select * from room')",
    ]);
    project.write("migrations/versions/stay.sql", "create table stay (id int primary key)");
    project.write("note.sql", "comment on table stay is 'one night or more'");
    project
}

/// `rebaseline --format json stamp --catch-up --yes MORE... URL...`
#[track_caller]
pub fn catch_up(project: &Project, more: &[&str], urls: &[&str]) -> Run {
    let verb = ["--format", "json", "stamp", "--catch-up", "--yes"];
    project.rebaseline(&[&verb, more, urls].concat())
}

#[track_caller]
pub fn told(run: &Run) -> Vec<Value> {
    run.json()["targets"].as_array().unwrap().clone()
}

#[track_caller]
pub fn outcomes(run: &Run) -> Vec<String> {
    told(run).iter().map(|told| told["outcome"].as_str().unwrap().to_owned()).collect()
}

#[track_caller]
pub fn assert_says(told: &Value, field: &str, word: &str) {
    assert!(
        told[field].as_str().unwrap_or_default().contains(word),
        "{field} without {word:?}: {told}"
    );
}

/// A database at each of these revisions, by name; and an empty one called `empty`.
pub async fn at_each(target: &Target, old: &Project, revisions: &[&str]) -> Vec<(String, String)> {
    let url = target.database("step").await;
    let mut databases = vec![("empty".to_owned(), target.database("empty").await)];
    for revision in revisions {
        old.alembic(&url, &["upgrade", revision]).exits(0);
        databases.push(((*revision).to_owned(), target.copy("step", revision).await));
    }
    databases
}

pub fn urls(databases: &[(String, String)]) -> Vec<&str> {
    databases.iter().map(|(_, url)| url.as_str()).collect()
}

/// Asserts that all these databases restore to the same dump, and gives it.
pub async fn assert_alike(target: &Target, databases: &[(String, String)]) -> String {
    let mut dumps = Vec::new();
    for (name, _) in databases {
        dumps.push((name, target.restored(name).await));
    }
    for (name, dump) in &dumps[1..] {
        assert_eq!(*dump, dumps[0].1, "{name} is not as {}", dumps[0].0);
    }
    dumps.remove(0).1
}

async fn from_everywhere(env: &str, scheme: &str, id: &[&str]) {
    let mut old = chain();
    old.write("migrations/env.py", env);
    let poison = Listener::start();
    let elsewhere = format!("{scheme}://nobody:s3cret@127.0.0.1:{}/production", poison.port());
    old.set("DATABASE_URL", &elsewhere);
    let project = old.copy();
    project.squash(id);
    let target = Target::start().await;
    let databases = {
        let mut project = old.copy();
        project.set("DATABASE_URL", &elsewhere);
        project.write("migrations/env.py", ENV_SYNC);
        at_each(&target, &project, &["r1", "r2", "r3", "r4"]).await
    };
    let untouched = target.dump("step");
    let run = catch_up(&project, &[], &urls(&databases)).exits(0);
    let last = if id.is_empty() { "already_there" } else { "stamped" };
    assert_eq!(outcomes(&run), ["caught_up", "caught_up", "caught_up", "caught_up", last]);
    let told = told(&run);
    assert_eq!(told[1]["found"], json!(["r1"]));
    assert_eq!(told[1]["applied"], json!(["r2", "r3", "r4"]));
    assert_eq!(told[3]["applied"], json!(["r4"]));
    let dump = assert_alike(&target, &databases).await;
    assert!(dump.contains("one night or more"), "{dump}");
    let wanted = if id.is_empty() { "r4" } else { "fresh" };
    for (name, _) in &databases {
        assert_eq!(target.versions(name).await, [wanted]);
    }
    assert_eq!(poison.seen(), 0, "env.py's own URL was followed");
    assert_eq!(target.dump("step"), untouched);
    assert!(!format!("{}{}", run.stdout, run.stderr).contains("s3cret"));
    assert_eq!(project.leftovers(), Vec::<std::path::PathBuf>::new());
    // A second time there is nothing to do, and the project's own Alembic goes on.
    let again = catch_up(&project, &[], &urls(&databases)).exits(0);
    assert!(outcomes(&again).iter().all(|outcome| outcome == "already_there"), "{again:?}");
    let plain = old.copy();
    plain.write("migrations/env.py", ENV_SYNC);
    project.write("migrations/env.py", ENV_SYNC);
    project.revision("r9", &[wanted], "op.execute('create table bill (id int)')");
    project.alembic(&databases[1].1, &["upgrade", "head"]).exits(0);
}

#[tokio::test]
async fn from_everywhere_to_a_kept_id() {
    from_everywhere(ENV_SYNC, "postgresql+psycopg", &[]).await;
}

#[tokio::test]
async fn from_everywhere_to_a_new_id_by_an_async_env_py() {
    from_everywhere(ENV_ASYNC, "postgresql+asyncpg", &["--revision-id", "fresh"]).await;
}

#[tokio::test]
async fn from_everywhere_by_psycopg2() {
    from_everywhere(ENV_SYNC, "postgresql+psycopg2", &["--revision-id", "fresh"]).await;
}

#[tokio::test]
async fn by_a_command_of_the_projects_own() {
    let old = chain();
    let project = old.copy();
    project.squash(&["--revision-id", "fresh"]);
    let target = Target::start().await;
    let databases = at_each(&target, &old, &["r1", "r3"]).await;
    let python = environment().join("bin/python");
    let command = format!("{} -m alembic upgrade heads", python.display());
    let run = catch_up(&project, &["--command", &command], &urls(&databases)).exits(0);
    assert_eq!(told(&run)[1]["applied"], json!(["r2", "r3", "r4"]));
    assert_alike(&target, &databases).await;
    let run = project.rebaseline(&[
        "stamp",
        "--catch-up",
        "--sql",
        "--command",
        &command,
        &databases[0].1,
    ]);
    run.exits(0);
}

#[tokio::test]
async fn a_partial_squash_stops_at_the_cut() {
    let old = chain();
    let project = old.copy();
    project.squash(&["--keep", "1", "--revision-id", "fresh"]);
    let target = Target::start().await;
    let databases = at_each(&target, &old, &["r1", "r2", "r3", "r4"]).await;
    let run = catch_up(&project, &[], &urls(&databases)).exits(0);
    assert_eq!(outcomes(&run), ["caught_up", "caught_up", "caught_up", "stamped", "already_there"]);
    assert_eq!(told(&run)[1]["applied"], json!(["r2", "r3"]));
    for (name, url) in &databases[..4] {
        assert_eq!(target.versions(name).await, ["fresh"], "{name}");
        project.alembic(url, &["upgrade", "head"]).exits(0);
    }
    assert_alike(&target, &databases).await;
}

#[tokio::test]
async fn several_heads_and_the_version_table_of_env_py() {
    let table = "context.configure(version_table='revision', version_table_schema='admin', ";
    let old = Project::bare();
    old.write("migrations/env.py", ENV_SYNC.replace("context.configure(", table));
    old.revision("root", &[], "op.execute('create table public.room (id int)')");
    old.revision("left", &["root"], "op.execute('create table public.guest (id int)')");
    old.revision("right", &["root"], "op.execute('create table public.stay (id int)')");
    old.write("prelude.sql", "create schema admin;");
    let project = old.copy();
    let prelude = project.path().join("prelude.sql");
    let result = project.squash(&["--scratch-sql", prelude.to_str().unwrap()]);
    let id = result["baseline"]["revision"].as_str().unwrap();
    let target = Target::start().await;
    target.database("step").await;
    target.execute("step", "create schema admin").await;
    let mut databases = vec![("empty".to_owned(), target.copy("step", "empty").await)];
    for revision in ["root", "left", "right"] {
        old.alembic(&target.url("step"), &["upgrade", revision]).exits(0);
        databases.push((revision.to_owned(), target.copy("step", revision).await));
    }
    // Another tool's table of the usual name says nothing.
    target.execute("left", "create table alembic_version (version_num text); insert into alembic_version values ('x')").await;
    let theirs = ["--accept-drift", "table public.alembic_version"];
    let run = catch_up(&project, &theirs, &urls(&databases)).exits(0);
    assert_eq!(outcomes(&run), ["caught_up", "caught_up", "caught_up", "stamped"]);
    target.execute("left", "drop table alembic_version").await;
    assert_alike(&target, &databases).await;
    for (name, _) in &databases {
        let rows = target.column(name, "select version_num::text from admin.revision").await;
        assert_eq!(rows, [id], "{name}");
    }
}

#[tokio::test]
async fn what_is_no_matter_of_running_revisions_is_refused_as_ever() {
    let old = chain();
    let project = old.copy();
    project.squash(&[]);
    let target = Target::start().await;
    let url = target.database("unknown").await;
    old.alembic(&url, &["upgrade", "r2"]).exits(0);
    let none = target.copy("unknown", "none").await;
    target.execute("unknown", "update alembic_version set version_num = 'ffff'").await;
    target.execute("none", "drop table alembic_version").await;
    let before = (target.dump("unknown"), target.dump("none"));
    let missing = target.url("missing");
    let run = catch_up(&project, &[], &[&url, &none, &missing]).exits(1);
    assert_eq!(outcomes(&run), ["refused", "refused", "refused"]);
    assert_says(&told(&run)[0], "why", "ffff");
    assert_says(&told(&run)[1], "why", "no version table");
    assert_says(&told(&run)[2], "why", "cannot connect");
    assert_eq!((target.dump("unknown"), target.dump("none")), before);
}

#[tokio::test]
async fn a_locked_version_table_is_refused_and_the_others_go_on() {
    let old = chain();
    let project = old.copy();
    project.squash(&[]);
    let target = Target::start().await;
    let locked = target.database("locked").await;
    old.alembic(&locked, &["upgrade", "r2"]).exits(0);
    let free = target.copy("locked", "free").await;
    let mut other = target.connect("locked").await;
    let mut transaction = sqlx::Connection::begin(&mut other).await.unwrap();
    sqlx::raw_sql("lock table alembic_version in access exclusive mode")
        .execute(&mut *transaction)
        .await
        .unwrap();
    let run = catch_up(&project, &["--lock-timeout", "0.3"], &[&locked, &free]).exits(1);
    assert_eq!(outcomes(&run), ["refused", "caught_up"]);
    assert_says(&told(&run)[0], "why", "locked by another session");
    assert_says(&told(&run)[0], "help", "--lock-timeout");
    transaction.rollback().await.unwrap();
    assert_eq!(target.versions("locked").await, ["r2"]);
    let run = catch_up(&project, &[], &[&locked]).exits(0);
    assert_eq!(outcomes(&run), ["caught_up"]);
}

#[tokio::test]
async fn nothing_runs_without_a_yes_or_from_a_damaged_archive() {
    let old = chain();
    let project = old.copy();
    let result = project.squash(&[]);
    let target = Target::start().await;
    let url = target.database("shop").await;
    old.alembic(&url, &["upgrade", "r2"]).exits(0);
    let before = target.dump("shop");
    let run = project.rebaseline(&["stamp", "--catch-up", &url]).exits(2);
    assert!(run.stderr.contains("--yes") && run.stderr.contains("--dry-run"), "{}", run.stderr);
    let run = project
        .rebaseline(&["--format", "json", "stamp", "--catch-up", "--dry-run", &url])
        .exits(0);
    assert_eq!(told(&run)[0]["outcome"], "would_catch_up");
    assert_eq!(told(&run)[0]["missing"], json!(["r3", "r4"]));
    assert_eq!(target.dump("shop"), before);
    // Without --catch-up nothing of it can be asked for.
    project.rebaseline(&["stamp", "--backup", "x", &url]).exits(2);

    let archive = result["archive"]["file"].as_str().unwrap();
    let mut bytes = std::fs::read(project.path().join(archive)).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 0xff;
    project.write(archive, bytes);
    let run = project.rebaseline(&["stamp", "--catch-up", "--yes", &url]).exits(1);
    assert!(run.stderr.contains(".zip` cannot be used"), "{}", run.stderr);
    assert_eq!(target.dump("shop"), before);
}

#[tokio::test]
async fn sql_is_printed_and_does_what_a_catch_up_does() {
    let old = chain();
    let project = old.copy();
    project.squash(&["--revision-id", "fresh"]);
    let target = Target::start().await;
    let databases = at_each(&target, &old, &["r1", "r4"]).await;
    let broken = target.copy("r1", "broken").await;
    let before: Vec<String> = databases.iter().map(|(name, _)| target.dump(name)).collect();
    let arguments = ["--format", "json", "stamp", "--catch-up", "--sql"];
    let run = project.rebaseline(&[&arguments[..], &urls(&databases)].concat()).exits(0);
    assert_eq!(outcomes(&run), ["would_catch_up", "would_catch_up", "would_stamp"]);
    for ((name, _), before) in databases.iter().zip(&before) {
        assert_eq!(target.dump(name), *before);
    }
    for (told, (name, _)) in told(&run).iter().zip(&databases) {
        target.execute(name, told["sql"].as_str().unwrap()).await;
        assert_eq!(target.versions(name).await, ["fresh"]);
    }
    // One that is there already needs none.
    let run = project.rebaseline(&[&arguments[..], &[&*databases[2].1]].concat()).exits(0);
    assert_eq!(outcomes(&run), ["already_there"]);
    assert_eq!(told(&run)[0]["sql"], Value::Null);
    catch_up(&project, &[], &urls(&databases)).exits(0);
    assert_alike(&target, &databases).await;
    // What fails above it is no reason to stamp.
    target.execute("broken", "create table stay (id int)").await;
    let run = project.rebaseline(&["stamp", "--catch-up", "--sql", &broken]).exits(0);
    let psql = target.psql("broken", &run.stdout);
    assert!(psql.contains("relation \"stay\" already exists"), "{psql}");
    assert!(psql.contains("the version table does not stand at r4: nothing is stamped"), "{psql}");
    assert_eq!(target.versions("broken").await, ["r1"]);
    // For people it is a script.
    let one = target.copy("step", "text").await;
    target.execute("text", "update alembic_version set version_num = 'r3'; drop view v").await;
    let run = project.rebaseline(&["stamp", "--catch-up", "--sql", &one]).exits(0);
    assert!(run.stdout.starts_with("-- postgresql://"), "{}", run.stdout);
    target.execute("text", &run.stdout).await;
    assert_eq!(target.versions("text").await, ["fresh"]);
}
