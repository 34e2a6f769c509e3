//! A catch-up and a plain upgrade through the bridge run the same revisions: never at the same time.

use std::process::{Command, Stdio};

use serde_json::json;

use super::interrupted::both;
use super::{assert_says, at_each, catch_up, outcomes, told};
use crate::support::environment;
use crate::support::project::Project;
use crate::support::target::Target;

/// `alembic upgrade head` with all that it logs.
const UPGRADE: &str = "
import logging
from alembic.config import main
logging.basicConfig(level=logging.INFO)
main(argv=['upgrade', 'head'])
";

fn upgrade(project: &Project, url: &str) -> std::process::Child {
    Command::new(environment().join("bin/python"))
        .args(["-c", UPGRADE])
        .current_dir(project.path())
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .envs(project.variables.iter().cloned())
        .env("DATABASE_URL", url)
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap()
}

#[tokio::test]
async fn one_waits_for_the_other() {
    let (old, project) = both();
    project.rebaseline(&["bridge", "install"]).exits(0);
    let target = Target::start().await;
    let databases = at_each(&target, &old, &["r1", "r2"]).await;
    let [_, (_, first), (_, second)] = &databases[..] else { panic!("{databases:?}") };

    // The bridge is at work: a catch-up is refused, and writes nothing.
    project.write("hang", "");
    let mut upgrading = upgrade(&project, first);
    project.wait_for("hangs");
    let run = catch_up(&project, &[], &[first]).exits(1);
    assert_says(
        &told(&run)[0],
        "why",
        "an upgrade of this database is running, through the bridge",
    );
    upgrading.kill().unwrap();
    upgrading.wait().unwrap();
    std::fs::remove_file(project.path().join("hangs")).unwrap();

    // A catch-up is at work: the bridge waits, and finds all done.
    let run = project
        .command(&["--format", "json", "stamp", "--catch-up", "--yes", second])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    project.wait_for("hangs");
    let mut upgrading = upgrade(&project, second);
    let stderr = std::io::BufReader::new(upgrading.stderr.take().unwrap());
    let mut lines = std::io::BufRead::lines(stderr).map_while(Result::ok);
    assert!(lines.any(|line| line.contains("another process is upgrading")), "it did not wait");
    std::thread::spawn(move || lines.for_each(drop));
    // The revision sees that it may go on.
    std::fs::remove_file(project.path().join("hang")).unwrap();
    let run: crate::support::project::Run = run.wait_with_output().unwrap().into();
    assert_eq!(outcomes(&run.exits(0)), ["caught_up"]);
    assert!(upgrading.wait().unwrap().success());
    assert_eq!(target.versions("r2").await, ["fresh"]);
    // What the first one left is finished by the next.
    let run = catch_up(&project, &[], &[first]).exits(0);
    assert_eq!(told(&run)[0]["applied"], json!(["r3", "r4"]));
}
