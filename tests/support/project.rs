//! An Alembic project in a temporary folder, and runs of the binary in it.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::Value;

use super::watch::Watched;
use super::{environment, repository, tree};

/// A project of its own; its scratch servers live in a folder of its own too, so that leftovers show.
pub struct Project {
    folder: tempfile::TempDir,
    scratch: tempfile::TempDir,
    pub variables: Vec<(String, String)>,
    _watched: Watched,
}

/// What a run of the binary left.
#[derive(Debug)]
pub struct Run {
    pub code: Option<i32>,
    pub stdout: String,
    pub stderr: String,
}

impl Run {
    /// Asserts the exit code, showing all that was printed if it is another.
    #[track_caller]
    pub fn exits(self, code: i32) -> Self {
        assert_eq!(self.code, Some(code), "stdout: {}\nstderr: {}", self.stdout, self.stderr);
        self
    }

    /// stdout as JSON.
    #[track_caller]
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|e| panic!("{e}: {}", self.stdout))
    }
}

impl From<std::process::Output> for Run {
    fn from(output: std::process::Output) -> Self {
        Self {
            code: output.status.code(),
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
        }
    }
}

/// An `env.py` as `alembic init` writes it, with the URL of `DATABASE_URL`.
pub const ENV_SYNC: &str = r#"import os

from alembic import context
from sqlalchemy import create_engine, pool

URL = os.environ["DATABASE_URL"]


def run_migrations_offline():
    context.configure(url=URL, literal_binds=True, dialect_opts={"paramstyle": "named"})
    with context.begin_transaction():
        context.run_migrations()


def run_migrations_online():
    engine = create_engine(URL, poolclass=pool.NullPool)
    with engine.connect() as connection:
        context.configure(connection=connection)
        with context.begin_transaction():
            context.run_migrations()


if context.is_offline_mode():
    run_migrations_offline()
else:
    run_migrations_online()
"#;

/// The same as the async template of `alembic init`.
pub const ENV_ASYNC: &str = r#"import asyncio
import os

from alembic import context
from sqlalchemy import pool
from sqlalchemy.ext.asyncio import create_async_engine

URL = os.environ["DATABASE_URL"]


def run_migrations_offline():
    context.configure(url=URL, literal_binds=True, dialect_opts={"paramstyle": "named"})
    with context.begin_transaction():
        context.run_migrations()


def do_run_migrations(connection):
    context.configure(connection=connection)
    with context.begin_transaction():
        context.run_migrations()


async def run_async_migrations():
    engine = create_async_engine(URL, poolclass=pool.NullPool)
    async with engine.connect() as connection:
        await connection.run_sync(do_run_migrations)
    await engine.dispose()


if context.is_offline_mode():
    run_migrations_offline()
else:
    asyncio.run(run_async_migrations())
"#;

impl Project {
    fn empty() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let runs = rebaseline::postgres::run_folder::default_runs(&std::env::temp_dir());
        let scratch = tempfile::Builder::new().prefix("rb").tempdir_in(runs).unwrap();
        // The server's user must be able to reach its folder.
        let open = std::os::unix::fs::PermissionsExt::from_mode(0o755);
        std::fs::set_permissions(scratch.path(), open).unwrap();
        let url = "postgresql+psycopg://nobody:s3cret@127.0.0.1:1/production".to_owned();
        let variables = vec![("DATABASE_URL".to_owned(), url)];
        Self { folder, scratch, variables, _watched: Watched::start() }
    }

    /// A copy of the example.
    pub fn example() -> Self {
        let project = Self::empty();
        let source = repository().join("examples/catering");
        for (path, content) in tree(&source) {
            if !path.contains("__pycache__") {
                project.write(&path, content);
            }
        }
        project
    }

    /// A project whose revisions form a chain `r1 -> r2 -> ...`; each is the body of `upgrade()`.
    pub fn chain(bodies: &[&str]) -> Self {
        let project = Self::bare();
        let mut parent: Option<String> = None;
        for (number, body) in bodies.iter().enumerate() {
            let id = format!("r{}", number + 1);
            project.revision(&id, &parent.iter().map(String::as_str).collect::<Vec<_>>(), body);
            parent = Some(id);
        }
        project
    }

    /// A project without revisions, with a sync env.py.
    pub fn bare() -> Self {
        let project = Self::empty();
        project.write("alembic.ini", "[alembic]\nscript_location = migrations\n");
        project.write("migrations/env.py", ENV_SYNC);
        std::fs::create_dir_all(project.path().join("migrations/versions")).unwrap();
        project
    }

    /// A second project with the same files and variables; its scratch folder is its own.
    pub fn copy(&self) -> Self {
        let mut copy = Self::empty();
        copy.variables.clone_from(&self.variables);
        for (path, content) in self.tree() {
            copy.write(&path, content);
        }
        copy
    }

    /// A project of these files; its `DATABASE_URL` is that of every project.
    pub fn of(files: &[(&str, &str)]) -> Self {
        let project = Self::empty();
        for (path, content) in files {
            project.write(path, content);
        }
        project
    }

    /// Squashes, asserts that the proof found both databases equal, and gives the result.
    #[track_caller]
    pub fn squash(&self, more: &[&str]) -> Value {
        let arguments = [&["--format", "json", "squash"], more].concat();
        let result = self.rebaseline(&arguments).exits(0).json();
        assert_eq!(result["outcome"], "squashed");
        assert_eq!(result["proof"]["equal"], true);
        assert_eq!(self.leftovers(), Vec::<PathBuf>::new());
        result
    }

    /// Writes a revision file `migrations/versions/<id>_.py`.
    pub fn revision(&self, id: &str, parents: &[&str], body: &str) {
        let down = match parents {
            [] => "None".to_owned(),
            [one] => format!("{one:?}"),
            several => format!("{several:?}").replace('[', "(").replace(']', ")"),
        };
        let body: String = body.lines().map(|line| format!("    {line}\n")).collect();
        let text = format!(
            "\"\"\"step {id}\n\nRevision ID: {id}\nRevises: {}\nCreate Date: 2024-01-01 10:00:00\n\n\"\"\"\n\
             from alembic import op\nimport sqlalchemy as sa\n\nrevision = {id:?}\ndown_revision = {down}\n\
             branch_labels = None\ndepends_on = None\n\n\ndef upgrade():\n{body}    pass\n\n\n\
             def downgrade():\n    pass\n",
            parents.join(", ")
        );
        self.write(&format!("migrations/versions/{id}_.py"), text);
    }

    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    /// The folder of its scratch servers.
    pub fn scratch(&self) -> &Path {
        self.scratch.path()
    }

    pub fn write(&self, path: &str, content: impl AsRef<[u8]>) {
        let path = self.path().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, content).unwrap();
    }

    pub fn read(&self, path: &str) -> String {
        std::fs::read_to_string(self.path().join(path)).unwrap()
    }

    /// Sets a variable for every run.
    pub fn set(&mut self, name: &str, value: &str) {
        self.variables.retain(|(old, _)| old != name);
        self.variables.push((name.to_owned(), value.to_owned()));
    }

    /// Whether a variable is set.
    pub fn has(&self, name: &str) -> bool {
        self.variables.iter().any(|(there, _)| there == name)
    }

    pub fn tree(&self) -> std::collections::BTreeMap<String, Vec<u8>> {
        tree(self.path())
    }

    /// The one baseline file: the revision that was not there before.
    pub fn baseline(&self) -> PathBuf {
        let versions = self.path().join("migrations/versions");
        let found = walkdir::WalkDir::new(versions)
            .into_iter()
            .map(Result::unwrap)
            .find(|entry| entry.file_name().to_string_lossy().ends_with("_baseline.py"));
        found.expect("a baseline").path().to_owned()
    }

    /// The binary, ready to run in this project with the pinned Python.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_rebaseline"));
        command
            .args(arguments)
            .current_dir(self.path())
            .env("VIRTUAL_ENV", environment())
            .env("REBASELINE_SCRATCH_DIR", self.scratch.path())
            .env_remove("SOURCE_DATE_EPOCH")
            .stdin(Stdio::null())
            .envs(self.variables.iter().cloned());
        command
    }

    /// Runs the binary. One that never ends is killed, so that the test fails and the others go on.
    #[track_caller]
    pub fn rebaseline(&self, arguments: &[&str]) -> Run {
        let mut command = self.command(arguments);
        let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let id = rustix::process::Pid::from_child(&child);
        let (sender, ended) = std::sync::mpsc::channel();
        std::thread::spawn(move || sender.send(child.wait_with_output()));
        let Ok(output) = ended.recv_timeout(std::time::Duration::from_mins(2)) else {
            let _ = rustix::process::kill_process(id, rustix::process::Signal::KILL);
            panic!("rebaseline {arguments:?} did not end");
        };
        output.unwrap().into()
    }

    /// Runs the project's own Alembic against a database, as its users do.
    pub fn alembic(&self, url: &str, arguments: &[&str]) -> Run {
        let output = Command::new(environment().join("bin/python"))
            .args(["-m", "alembic"])
            .args(arguments)
            .current_dir(self.path())
            .env("PYTHONDONTWRITEBYTECODE", "1")
            .envs(self.variables.iter().cloned())
            .env("DATABASE_URL", url)
            .output()
            .unwrap();
        output.into()
    }

    /// Waits until a revision has written this file: then the run is where the test wants it.
    pub fn wait_for(&self, path: &str) {
        let started = std::time::Instant::now();
        while !self.path().join(path).exists() {
            assert!(started.elapsed().as_secs() < 120, "{path} was never written");
            std::thread::sleep(std::time::Duration::from_millis(10));
        }
    }

    /// Sends a signal to a run.
    pub fn signal(child: &std::process::Child, signal: rustix::process::Signal) {
        let id = i32::try_from(child.id()).unwrap();
        let id = rustix::process::Pid::from_raw(id).unwrap();
        rustix::process::kill_process(id, signal).unwrap();
    }

    /// Run folders that are still there: none may be once a command has ended.
    pub fn leftovers(&self) -> Vec<PathBuf> {
        walkdir::WalkDir::new(self.scratch.path())
            .min_depth(2)
            .max_depth(2)
            .into_iter()
            .filter_map(|entry| entry.ok().map(walkdir::DirEntry::into_path))
            .collect()
    }
}
