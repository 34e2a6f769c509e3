//! A catch-up that does not get to its end, in whatever way, goes on when it is run again.

use std::process::Stdio;

use serde_json::json;

use super::{assert_alike, assert_says, at_each, catch_up, outcomes, told};
use crate::support::project::{ENV_SYNC, Project, Run};
use crate::support::target::Target;
use crate::support::terminal::on_a_terminal;

/// Each revision in a transaction of its own; the third does what a file says.
fn project() -> Project {
    let project = Project::chain(&[
        "op.execute('create table room (id int primary key)')",
        "op.execute('create table guest (id int primary key)')",
        "import os, time\nfrom pathlib import Path\nhere = Path(os.environ['HERE'])\n\
         op.execute('create table stay (id int primary key)')\n\
         if here.joinpath('fail').exists():\n    op.execute('select * from nowhere')\n\
         if here.joinpath('hang').exists():\n    here.joinpath('hangs').write_text('')\n    \
         [time.sleep(0.1) for _ in range(1000) if here.joinpath('hang').exists()]",
        "op.execute('create table bill (id int primary key)')",
    ]);
    let each = ENV_SYNC.replace(
        "configure(connection=connection",
        "configure(connection=connection, transaction_per_migration=True",
    );
    project.write("migrations/env.py", each);
    project
}

pub fn both() -> (Project, Project) {
    let mut old = project();
    old.set("HERE", old.path().to_str().unwrap().to_owned().as_str());
    let mut squashed = old.copy();
    squashed.set("HERE", squashed.path().to_str().unwrap().to_owned().as_str());
    squashed.squash(&["--revision-id", "fresh"]);
    (old, squashed)
}

#[tokio::test]
async fn a_revision_that_fails_is_named_and_the_next_run_goes_on() {
    let (old, project) = both();
    let target = Target::start().await;
    let databases = at_each(&target, &old, &["r1", "r3"]).await;
    let urls = super::urls(&databases);
    project.write("fail", "");
    let run = catch_up(&project, &[], &urls).exits(1);
    // The empty one runs no archived revision.
    assert_eq!(outcomes(&run), ["caught_up", "refused", "caught_up"]);
    let failed = &told(&run)[1];
    assert_says(failed, "why", "revision `r3` failed in line");
    assert_says(failed, "why", "relation \"nowhere\" does not exist");
    assert_says(failed, "why", "the statement: select * from nowhere");
    assert_says(failed, "help", "it stands at r2 now");
    assert_says(failed, "help", "run the same command again");
    assert_eq!(failed["applied"], json!(["r2"]));
    assert_eq!(target.versions("r1").await, ["r2"]);
    std::fs::remove_file(project.path().join("fail")).unwrap();
    let run = catch_up(&project, &[], &urls).exits(0);
    assert_eq!(outcomes(&run), ["already_there", "caught_up", "already_there"]);
    assert_eq!(told(&run)[1]["applied"], json!(["r3", "r4"]));
    assert_alike(&target, &databases).await;
}

#[tokio::test]
async fn killed_in_the_middle_it_goes_on_and_a_second_one_is_kept_out() {
    let (old, project) = both();
    let target = Target::start().await;
    let databases = at_each(&target, &old, &["r1"]).await;
    let url = databases[1].1.as_str();
    project.write("hang", "");
    let mut child = project
        .command(&["stamp", "--catch-up", "--yes", url])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    project.wait_for("hangs");
    // It holds the lock: nobody else gets in.
    let second = catch_up(&project, &[], &[url]).exits(1);
    assert_says(&told(&second)[0], "why", "another catch-up of this database is running");
    Project::signal(&child, rustix::process::Signal::KILL);
    child.wait().unwrap();
    // The migrations end with the tool; the server then rolls the revision back.
    let sessions = "select count(*)::text from pg_stat_activity where datname = 'r1' and pid <> pg_backend_pid()";
    let started = std::time::Instant::now();
    while target.column("r1", sessions).await != ["0"] {
        assert!(started.elapsed().as_secs() < 30, "the migrations are still connected");
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    assert_eq!(target.versions("r1").await, ["r2"]);
    std::fs::remove_file(project.path().join("hang")).unwrap();
    let run = catch_up(&project, &[], &[url]).exits(0);
    assert_eq!(told(&run)[0]["applied"], json!(["r3", "r4"]));
    catch_up(&project, &[], &super::urls(&databases)).exits(0);
    assert_alike(&target, &databases).await;
}

/// One is done, one is worked on, one waits for its turn.
#[tokio::test]
async fn ctrl_c_tells_what_was_done() {
    let (old, project) = both();
    let target = Target::start().await;
    let databases = at_each(&target, &old, &["r3", "r4"]).await;
    let behind = target.database("behind").await;
    old.alembic(&behind, &["upgrade", "r1"]).exits(0);
    let urls = [databases[1].1.as_str(), behind.as_str(), databases[2].1.as_str()];
    project.write("hang", "");
    let command = [
        "--format",
        "json",
        "stamp",
        "--catch-up",
        "--yes",
        "--jobs",
        "1",
        urls[0],
        urls[1],
        urls[2],
    ];
    let mut command = project.command(&command);
    let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    project.wait_for("hangs");
    Project::signal(&child, rustix::process::Signal::INT);
    let run = Run::from(child.wait_with_output().unwrap()).exits(130);
    assert_eq!(outcomes(&run), ["caught_up", "interrupted", "not_tried"]);
    assert_says(&told(&run)[1], "help", "it goes on from there");
    assert_eq!(run.json()["summary"]["interrupted"], "Ctrl-C");
    assert!(run.stderr.contains("or stands at an archived revision"), "{}", run.stderr);
    std::fs::remove_file(project.path().join("hang")).unwrap();
    let sessions = "select count(*)::text from pg_stat_activity where datname = 'behind'";
    target.until(sessions, &["0"]).await;
    assert_eq!(target.versions("behind").await, ["r2"]);
    let run = catch_up(&project, &[], &urls).exits(0);
    assert_eq!(outcomes(&run), ["already_there", "caught_up", "stamped"]);
}

#[tokio::test]
async fn an_env_py_that_does_not_commit_is_told() {
    let (old, project) = both();
    let target = Target::start().await;
    let databases = at_each(&target, &old, &["r1"]).await;
    let text = ENV_SYNC.replace(
        "            context.run_migrations()\n\n\nif",
        "            context.run_migrations()\n            connection.rollback()\n\n\nif",
    );
    assert_ne!(text, ENV_SYNC);
    project.write("migrations/env.py", text);
    let run = catch_up(&project, &[], &[&databases[1].1]).exits(1);
    assert_eq!(target.versions("r1").await, ["r1"]);
    assert_says(&told(&run)[0], "why", "it stands at r1, not at r4");
    assert_says(&told(&run)[0], "help", "commit");
}

#[tokio::test]
async fn a_person_is_asked_first() {
    let (old, project) = both();
    let target = Target::start().await;
    let databases = at_each(&target, &old, &["r1"]).await;
    let catch_up = ["stamp", "--catch-up", &databases[1].1];
    let run = on_a_terminal(&project, &catch_up, &[("", "n")]).exits(1);
    assert!(run.stdout.contains("not confirmed"), "{}", run.stdout);
    assert_eq!(target.versions("r1").await, ["r1"]);
    on_a_terminal(&project, &catch_up, &[("", "y")]).exits(0);
    assert_eq!(target.versions("r1").await, ["fresh"]);
    // Where nobody can be asked, somebody must have said so.
    let url = target.database("other").await;
    old.alembic(&url, &["upgrade", "r2"]).exits(0);
    let run = project.rebaseline(&["stamp", "--catch-up", &url]).exits(2);
    assert!(run.stderr.contains("--yes"), "{}", run.stderr);
    assert_eq!(target.versions("other").await, ["r2"]);
}
