//! A run that is ended from outside, in the middle of the replay, leaves nothing behind.

use std::path::Path;
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use rustix::process::Signal;

use super::{TABLE, nothing_lost, snapshot};
use crate::support::project::{Project, Run};

/// A squash that hangs in its second revision, with the ids of its Python and of its server.
struct Hanging {
    project: Project,
    child: Child,
    processes: Vec<String>,
}

impl Hanging {
    /// `sleep` is what the revision does for ever.
    fn start(sleep: &str) -> Self {
        let marks = tempfile::tempdir().unwrap();
        let started = marks.path().join("started");
        // Written under another name first: whoever sees the file sees all of it.
        let body = format!(
            "import os, time\nfile = {:?}\nopen(file + '.new', 'w').write(str(os.getpid()))\n\
             os.rename(file + '.new', file)\n{sleep}",
            started.display().to_string()
        );
        let project = Project::chain(&[TABLE, &body, ""]);
        let mut command = project.command(&["squash"]);
        let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        wait_until("the revision runs", || started.exists());
        let mut processes = vec![std::fs::read_to_string(&started).unwrap()];
        for run in project.leftovers() {
            processes.extend(server_of(&run));
        }
        assert!(processes.len() >= 2, "{processes:?}");
        Self { project, child, processes }
    }

    fn gone(&self) -> bool {
        self.processes.iter().all(|id| !Path::new("/proc").join(id).join("cwd").exists())
    }
}

/// The id of the server in a run folder.
fn server_of(run: &Path) -> Option<String> {
    let file = std::fs::read_to_string(run.join("data/postmaster.pid")).ok()?;
    file.lines().next().map(str::to_owned)
}

/// Waits for something that will happen; the limit is only there for a test that fails.
fn wait_until(what: &str, mut happened: impl FnMut() -> bool) {
    let started = Instant::now();
    while !happened() {
        assert!(started.elapsed() < Duration::from_mins(2), "never: {what}");
        std::thread::sleep(Duration::from_millis(10));
    }
}

fn interrupted_by(signal: Signal) -> String {
    let hanging = Hanging::start("time.sleep(600)");
    let before = hanging.project.tree();
    Project::signal(&hanging.child, signal);
    let Hanging { project, child, processes } = hanging;
    let run = Run::from(child.wait_with_output().unwrap());
    for id in processes {
        assert!(!Path::new("/proc").join(&id).join("cwd").exists(), "{id} still runs");
    }
    nothing_lost(&project, run, &before, 130)
}

#[test]
fn ctrl_c() {
    snapshot!(interrupted_by(Signal::INT));
}

#[test]
fn sigterm() {
    snapshot!(interrupted_by(Signal::TERM));
}

/// Nobody is left to clean up, and yet all goes: the Python, the server, the run folders.
fn killed(sleep: &str) {
    let mut hanging = Hanging::start(sleep);
    let before = hanging.project.tree();
    Project::signal(&hanging.child, Signal::KILL);
    hanging.child.wait().unwrap();
    wait_until("the processes are gone", || hanging.gone());
    wait_until("the folders are gone", || hanging.project.leftovers().is_empty());
    crate::support::assert_same_tree(&hanging.project.tree(), &before);
}

#[test]
fn kill_9_while_python_sleeps() {
    killed("time.sleep(600)");
}

#[test]
fn kill_9_while_a_statement_runs() {
    killed("op.execute('SELECT pg_sleep(600)')");
}

#[test]
fn kill_9_while_python_is_busy() {
    killed("while True:\n    pass");
}
