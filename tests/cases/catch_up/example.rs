//! The example: a database at every single one of its revisions, and an empty one, ends at the same place.

use std::process::Command;

use rebaseline::postgres::inventory;
use rebaseline::postgres::programs::Table;
use rebaseline::schema::inventory::Inventory;

use super::{outcomes, urls};
use crate::support::project::{Project, Run};
use crate::support::target::Target;
use crate::support::{differences_of_copies, environment};

/// Upgrades one database step by step, and copies it after each, in one process.
const STEPS: &str = r#"
import sys
import psycopg
from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory

maintenance = sys.argv[1]
config = Config("alembic.ini")
revisions = [script.revision for script in ScriptDirectory.from_config(config).walk_revisions()][::-1]
with psycopg.connect(maintenance, autocommit=True) as connection:
    for revision in revisions:
        command.upgrade(config, revision)
        connection.execute(f'CREATE DATABASE "at_{revision}" TEMPLATE step')
        print(revision)
"#;

/// A database at each revision of the example, in order.
fn at_every_revision(target: &Target, old: &Project) -> Vec<(String, String)> {
    old.write("steps.py", STEPS);
    let maintenance = target.url("postgres").replace("+psycopg", "");
    let output = Command::new(environment().join("bin/python"))
        .args(["steps.py", &maintenance])
        .current_dir(old.path())
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .env("DATABASE_URL", target.url("step"))
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout).unwrap();
    let names = text.lines().filter(|line| !line.contains(' ')).map(|id| format!("at_{id}"));
    names.map(|name| (name.clone(), target.url(&name))).collect()
}

async fn read(target: &Target, name: &str) -> Inventory {
    let table = Table { schema: "public".to_owned(), name: "alembic_version".to_owned() };
    inventory::read(&mut target.connect(name).await, &table).await.unwrap()
}

fn assert_same(one: &Inventory, other: &Inventory, name: &str) {
    assert_eq!(differences_of_copies(one, other), [""; 0], "{name}");
}

async fn every_revision(scheme: &str) {
    let old = Project::example();
    let mut project = old.copy();
    project.set("DATABASE_URL", &format!("{scheme}://nobody:s3cret@127.0.0.1:1/production"));
    project.squash(&["--revision-id", "fresh"]);
    let target = Target::start().await;
    target.database("step").await;
    let mut databases = at_every_revision(&target, &old);
    assert_eq!(databases.len(), 74);
    databases.push(("empty".to_owned(), target.database("empty").await));
    // Without the limit of other runs: there is much to do.
    let arguments = ["--format", "json", "stamp", "--catch-up", "--yes", "--jobs", "4"];
    let output = project.command(&[&arguments, &urls(&databases)[..]].concat()).output().unwrap();
    let run = Run::from(output).exits(0);
    let outcomes = outcomes(&run);
    assert!(outcomes[..73].iter().all(|outcome| outcome == "caught_up"), "{outcomes:?}");
    assert_eq!(outcomes[73..], ["stamped", "caught_up"]);
    // All that began with the history print alike; the empty one prints as after a round trip.
    let first = read(&target, &databases[73].0).await;
    for (name, _) in &databases[..74] {
        assert_eq!(target.versions(name).await, ["fresh"]);
        assert_same(&first, &read(&target, name).await, name);
    }
    assert_eq!(target.versions("empty").await, ["fresh"]);
    for name in [databases[0].0.as_str(), "empty"] {
        target.restored(name).await;
    }
    let first = read(&target, &format!("{}_restored", databases[0].0)).await;
    assert_same(&first, &read(&target, "empty_restored").await, "empty");
}

#[tokio::test]
async fn every_revision_by_a_sync_env_py() {
    every_revision("postgresql+psycopg").await;
}

#[tokio::test]
async fn every_revision_by_an_async_env_py() {
    every_revision("postgresql+asyncpg").await;
}
