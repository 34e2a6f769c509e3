//! The only spawner: every child process of rebaseline starts here.
//!
//! A child gets its own process group, which dies with the value that stands for it. stdout and
//! stderr stay apart. Passwords travel in the environment, never in the arguments; the error of a
//! failed child names its command, how it ended and the last lines it wrote to stderr.

mod adopted;

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncRead, AsyncReadExt};

pub use adopted::{Adopted, Cradle};

/// How many of a child's last stderr lines an error carries.
const STDERR_LINES: usize = 20;

/// What to run. Built by formats and stages as plain data; only this file turns it into a process.
#[derive(Debug, Clone)]
pub struct Plan {
    /// The program: a path, or a name to be looked up on PATH.
    pub program: PathBuf,
    /// Its arguments, none of them secret.
    pub arguments: Vec<OsString>,
    /// Variables to set (`Some`) or to remove (`None`) on top of our own environment.
    pub environment: BTreeMap<OsString, Option<OsString>>,
    /// Where it runs; `None` is the current folder.
    pub folder: Option<PathBuf>,
}

impl Plan {
    /// A plan without arguments that inherits the environment.
    pub fn new(program: impl Into<PathBuf>) -> Self {
        Self {
            program: program.into(),
            arguments: Vec::new(),
            environment: BTreeMap::new(),
            folder: None,
        }
    }

    /// Adds one argument.
    #[must_use]
    pub fn argument(mut self, argument: impl Into<OsString>) -> Self {
        self.arguments.push(argument.into());
        self
    }

    /// Adds several arguments.
    #[must_use]
    pub fn arguments<A: Into<OsString>>(mut self, arguments: impl IntoIterator<Item = A>) -> Self {
        self.arguments.extend(arguments.into_iter().map(Into::into));
        self
    }

    /// Sets a variable.
    #[must_use]
    pub fn set(mut self, name: impl Into<OsString>, value: impl Into<OsString>) -> Self {
        self.environment.insert(name.into(), Some(value.into()));
        self
    }

    /// Takes over a set of variables to set or to remove.
    #[must_use]
    pub fn environment<N, V>(mut self, variables: impl IntoIterator<Item = (N, Option<V>)>) -> Self
    where
        N: Into<OsString>,
        V: Into<OsString>,
    {
        self.environment.extend(
            variables.into_iter().map(|(name, value)| (name.into(), value.map(Into::into))),
        );
        self
    }

    /// Runs in this folder.
    #[must_use]
    pub fn folder(mut self, folder: impl Into<PathBuf>) -> Self {
        self.folder = Some(folder.into());
        self
    }

    /// The command as a user would type it; it holds no secret because arguments never do.
    pub fn shown(&self) -> String {
        let words = std::iter::once(self.program.to_string_lossy())
            .chain(self.arguments.iter().map(|argument| argument.to_string_lossy()));
        shell_words::join(words)
    }

    fn command(&self) -> std::process::Command {
        #[expect(clippy::disallowed_methods, reason = "this is the one spawner")]
        let mut command = std::process::Command::new(&self.program);
        command.args(&self.arguments).process_group(0);
        for (name, value) in &self.environment {
            match value {
                Some(value) => command.env(name, value),
                None => command.env_remove(name),
            };
        }
        if let Some(folder) = &self.folder {
            command.current_dir(folder);
        }
        command
    }
}

/// A child that could not be started or did not succeed.
#[derive(Debug, thiserror::Error)]
pub enum ProcessError {
    /// The program is not there.
    #[error("program `{}` is not there", program.display())]
    NotFound {
        /// What was looked for.
        program: PathBuf,
    },
    /// The system refused to start it, or to read from it.
    #[error("cannot run `{command}`")]
    Run {
        /// The command as typed.
        command: String,
        /// What the system said.
        #[source]
        source: std::io::Error,
    },
    /// It ran and failed.
    #[error("`{command}` ended with {status}{}", shown_tail(stderr))]
    Failed {
        /// The command as typed.
        command: String,
        /// Exit code or signal.
        status: ExitStatus,
        /// The last lines of its stderr.
        stderr: String,
    },
}

fn shown_tail(stderr: &str) -> String {
    if stderr.is_empty() { String::new() } else { format!(":\n{stderr}") }
}

/// What a finished child left.
#[derive(Debug)]
pub struct Finished {
    /// The command as typed.
    pub command: String,
    /// How it ended.
    pub status: ExitStatus,
    /// All of stdout.
    pub stdout: Vec<u8>,
    /// All of stderr, as text.
    pub stderr: String,
}

impl Finished {
    /// The child's stdout, or the error that tells how it failed.
    pub fn success(self) -> Result<Vec<u8>, ProcessError> {
        if self.status.success() {
            return Ok(self.stdout);
        }
        let stderr = last_lines(&self.stderr, STDERR_LINES);
        Err(ProcessError::Failed { command: self.command, status: self.status, stderr })
    }
}

/// The last `count` lines of a text, without a final newline.
pub fn last_lines(text: &str, count: usize) -> String {
    let lines: Vec<&str> = text.trim_end().lines().collect();
    lines[lines.len().saturating_sub(count)..].join("\n")
}

/// Runs a child to its end. Dropped before that, the child's whole process group is killed.
pub async fn run(plan: &Plan) -> Result<Vec<u8>, ProcessError> {
    Running::start(plan)?.finish().await?.success()
}

/// What a pipe has given so far; read in the background, so that a child never waits for us.
#[derive(Debug)]
struct Collected {
    bytes: Arc<Mutex<Vec<u8>>>,
    reader: tokio::task::JoinHandle<()>,
}

impl Collected {
    fn start(pipe: Option<impl AsyncRead + Unpin + Send + 'static>) -> Self {
        let bytes = Arc::new(Mutex::new(Vec::new()));
        let target = Arc::clone(&bytes);
        let reader = tokio::spawn(async move {
            let Some(mut pipe) = pipe else { return };
            let mut buffer = vec![0; 64 * 1024];
            while let Ok(length @ 1..) = pipe.read(&mut buffer).await {
                if let Ok(mut bytes) = target.lock() {
                    bytes.extend_from_slice(&buffer[..length]);
                }
            }
        });
        Self { bytes, reader }
    }

    fn so_far(&self) -> Vec<u8> {
        self.bytes.lock().map(|bytes| bytes.clone()).unwrap_or_default()
    }

    async fn all(self) -> Vec<u8> {
        let Self { bytes, reader } = self;
        // A reader that panicked has nothing more to give.
        let _ = reader.await;
        bytes.lock().map(|mut bytes| std::mem::take(&mut *bytes)).unwrap_or_default()
    }
}

/// A child that runs; its process group is killed when this is dropped.
#[derive(Debug)]
pub struct Running {
    command: String,
    child: tokio::process::Child,
    group: Group,
    stdout: Collected,
    stderr: Collected,
}

impl Running {
    /// Starts a child with stdout and stderr read apart and nothing on stdin.
    pub fn start(plan: &Plan) -> Result<Self, ProcessError> {
        let mut command = tokio::process::Command::from(plan.command());
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command.kill_on_drop(true);
        let mut child = command.spawn().map_err(|source| spawn_error(plan, source))?;
        let id = child.id().and_then(|id| i32::try_from(id).ok());
        Ok(Self {
            command: plan.shown(),
            group: Group(id.and_then(rustix::process::Pid::from_raw)),
            stdout: Collected::start(child.stdout.take()),
            stderr: Collected::start(child.stderr.take()),
            child,
        })
    }

    /// The command as typed.
    pub fn command(&self) -> &str {
        &self.command
    }

    /// How much it has written to stderr so far, in bytes.
    pub fn stderr_length(&self) -> usize {
        self.stderr.so_far().len()
    }

    /// What it has written to stdout and, from this byte on, to stderr.
    pub fn written(&self, stderr_from: usize) -> (Vec<u8>, String) {
        let stderr = self.stderr.so_far();
        let new = stderr.get(stderr_from..).unwrap_or_default();
        (self.stdout.so_far(), String::from_utf8_lossy(new).into_owned())
    }

    /// Waits for the end; may be called again.
    pub async fn ended(&mut self) -> Result<ExitStatus, ProcessError> {
        let command = &self.command;
        let failed = |source| ProcessError::Run { command: command.clone(), source };
        self.child.wait().await.map_err(failed)
    }

    /// Waits for the end and collects what was written.
    pub async fn finish(mut self) -> Result<Finished, ProcessError> {
        let status = self.ended().await?;
        let Self { command, group, stdout, stderr, .. } = self;
        // Whoever the child has left behind would keep the pipes open.
        drop(group);
        let stdout = stdout.all().await;
        let stderr = String::from_utf8_lossy(&stderr.all().await).into_owned();
        Ok(Finished { command, status, stdout, stderr })
    }
}

/// A process group that is killed when this is dropped: `flask` or `make` have children of their own.
#[derive(Debug)]
struct Group(Option<rustix::process::Pid>);

impl Drop for Group {
    fn drop(&mut self) {
        if let Some(group) = self.0 {
            // The group of a finished child may be empty; that is no error.
            let _ = rustix::process::kill_process_group(group, rustix::process::Signal::KILL);
        }
    }
}

fn spawn_error(plan: &Plan, source: std::io::Error) -> ProcessError {
    // A missing working folder gives the same error as a missing program: tell them apart.
    let folder_there = plan.folder.as_deref().is_none_or(Path::is_dir);
    if source.kind() == std::io::ErrorKind::NotFound && folder_there {
        ProcessError::NotFound { program: plan.program.clone() }
    } else {
        ProcessError::Run { command: plan.shown(), source }
    }
}

/// A child that lives as long as we hold the other end of its stdin. When we end, even by `kill -9`,
/// the system closes the pipe and the child cleans up after itself.
#[derive(Debug)]
pub struct Held {
    child: std::process::Child,
}

impl Held {
    /// Starts it as the given user (uid, gid) with both outputs appended to `log`, whose lock it
    /// inherits.
    pub fn start(
        plan: &Plan,
        user: Option<(u32, u32)>,
        log: std::fs::File,
    ) -> Result<Self, ProcessError> {
        let failed = |source| ProcessError::Run { command: plan.shown(), source };
        let mut command = plan.command();
        if let Some((uid, gid)) = user {
            command.uid(uid).gid(gid);
        }
        let second = log.try_clone().map_err(failed)?;
        command.stdin(Stdio::piped()).stdout(second).stderr(log);
        let child = command.spawn().map_err(|source| spawn_error(plan, source))?;
        Ok(Self { child })
    }

    /// Whether the child has ended by itself.
    pub fn ended(&mut self) -> bool {
        !matches!(self.child.try_wait(), Ok(None))
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        drop(self.child.stdin.take());
        let _ = self.child.wait();
    }
}

/// Runs a short child as another user to its end, blocking; its outputs are collected.
pub fn run_as(plan: &Plan, user: Option<(u32, u32)>) -> Result<Vec<u8>, ProcessError> {
    let mut command = plan.command();
    if let Some((uid, gid)) = user {
        command.uid(uid).gid(gid);
    }
    let output = command.stdin(Stdio::null()).output().map_err(|e| spawn_error(plan, e))?;
    let finished = Finished {
        command: plan.shown(),
        status: output.status,
        stdout: output.stdout,
        stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
    };
    finished.success()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shell(script: &str) -> Plan {
        Plan::new("/bin/sh").arguments(["-c", script])
    }

    #[tokio::test]
    async fn a_failure_names_command_status_and_last_words() {
        let error = run(&shell("echo out; echo 'no room' >&2; exit 3")).await.unwrap_err();
        assert_eq!(
            error.to_string(),
            "`/bin/sh -c 'echo out; echo '\\''no room'\\'' >&2; exit 3'` ended with exit status: 3:\nno room"
        );
    }

    #[tokio::test]
    async fn a_missing_program_is_told_apart_from_a_missing_folder() {
        let error = run(&Plan::new("rebaseline-no-such-program")).await.unwrap_err();
        assert!(matches!(error, ProcessError::NotFound { .. }));
        let error = run(&shell("true").folder("/no/such/folder")).await.unwrap_err();
        assert!(matches!(error, ProcessError::Run { .. }));
    }

    #[tokio::test]
    async fn dropping_kills_the_whole_group() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("pid");
        let script = format!("sleep 60 & echo $! > {}; wait", file.display());
        let running = Running::start(&shell(&script)).unwrap();
        let pid = loop {
            match std::fs::read_to_string(&file) {
                Ok(text) if text.ends_with('\n') => break text.trim().to_owned(),
                _ => tokio::time::sleep(std::time::Duration::from_millis(5)).await,
            }
        };
        drop(running);
        let stat = Path::new("/proc").join(pid).join("stat");
        let gone = || std::fs::read_to_string(&stat).map_or(true, |s| s.contains(") Z "));
        for _ in 0..200 {
            if gone() {
                return;
            }
            tokio::time::sleep(std::time::Duration::from_millis(10)).await;
        }
        panic!("the grandchild still runs");
    }
}
