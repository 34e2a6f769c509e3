//! The bridge: users who run nothing but `alembic upgrade head`, wherever their database stands.

mod generations;
mod install;
mod places;
mod trouble;

use std::process::Command;

use crate::support::environment;
use crate::support::project::{Project, Run};

/// Upgrades each database to the heads, as `alembic upgrade heads` does, in one process.
const UPGRADE: &str = "
import os, sys
from alembic import command
from alembic.config import Config

for url in sys.argv[1:]:
    os.environ['DATABASE_URL'] = url
    for name in [name for name in sys.modules if name.split('.')[0] == 'app']:
        del sys.modules[name]
    command.upgrade(Config('alembic.ini'), 'heads')
";

/// Upgrades `steps` one revision at a time, and copies it after each: `stepN`.
const STEPS: &str = "
import os, sys
import psycopg
from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory

os.environ['DATABASE_URL'], host = sys.argv[1:]
admin = psycopg.connect(host=host, user='postgres', dbname='postgres', autocommit=True)
config = Config('alembic.ini')
script = ScriptDirectory.from_config(config)
for number, found in enumerate(reversed(list(script.walk_revisions()))):
    command.upgrade(config, found.revision)
    admin.execute('CREATE DATABASE step%d TEMPLATE steps' % number)
    print(found.revision)
";

fn python(project: &Project, script: &str, arguments: &[&str]) -> Run {
    let output = Command::new(environment().join("bin/python"))
        .args(["-c", script])
        .args(arguments)
        .current_dir(project.path())
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .envs(project.variables.iter().cloned())
        .output()
        .unwrap();
    output.into()
}

/// Plain upgrades of all these databases.
#[track_caller]
fn upgrade_all(project: &Project, urls: &[String]) -> Run {
    let urls: Vec<&str> = urls.iter().map(String::as_str).collect();
    python(project, UPGRADE, &urls).exits(0)
}

/// Copies of a database at each revision of a history, in the order that they were applied.
#[track_caller]
fn steps(project: &Project, url: &str) -> Vec<String> {
    let host = url.split("host=").nth(1).unwrap();
    let run = python(project, STEPS, &[url, host]).exits(0);
    run.stdout.split_whitespace().map(str::to_owned).collect()
}

#[track_caller]
fn install(project: &Project) {
    let result = project.rebaseline(&["--format", "json", "bridge", "install"]).exits(0).json();
    assert_eq!(result["outcome"], "installed", "{result}");
}

/// The same database through another driver.
fn through(driver: &str, url: &str) -> String {
    url.replace("+psycopg:", &format!("+{driver}:"))
}
