//! Runs the project's own migrations, in the project's own Python, on a scratch database.
//!
//! Takes a plan that the history format made, a scratch database and the version locations to use;
//! gives what was applied, with times, and how env.py configured Alembic. Both the replay of the
//! history and the runs of the baseline in the proof come here. The interpreter is started before its
//! database is ready: it imports what it needs, waits, and then runs one job after the other.

pub mod channel;
pub mod environment;
mod error;

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde_json::{Value, json};

use crate::files;
use crate::postgres::scratch::{ScratchDb, ScratchError};
use crate::postgres::stall::{self, Stall};
use crate::process::{Finished, Plan, ProcessError, Running, last_lines};
use channel::{Answer, Channel, Context, Event, Existing, Failure};
pub use error::RunError;

/// The exit code of our launcher when Alembic cannot be imported.
const NO_ALEMBIC: i32 = 87;

/// How long a lock wait among idle sessions must last before it counts as a stall.
pub const PATIENCE: Duration = Duration::from_secs(5);

/// What a format says about running its migrations: plain data.
#[derive(Debug, Clone)]
pub struct Recipe {
    /// The commands to try, in order; the next is tried when Alembic cannot be imported.
    pub candidates: Vec<Candidate>,
    /// Files of ours that the child loads: name and text. Their folder goes first on `PYTHONPATH`.
    pub files: Vec<(&'static str, &'static str)>,
    /// How the child gets its work.
    pub mode: Mode,
}

/// How the child gets its work.
#[derive(Debug, Clone)]
pub enum Mode {
    /// It imports these modules, waits, and runs one job after the other.
    Jobs {
        /// What is worth importing early.
        modules: Vec<&'static str>,
        /// The arguments that upgrade to all heads.
        upgrade: Vec<String>,
        /// The arguments that write the same as SQL.
        upgrade_offline: Vec<String>,
    },
    /// The command does all its work by itself; there is no offline form.
    Once,
}

/// What to run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Goal {
    /// Upgrade to all heads.
    Upgrade,
    /// Write the upgrade as SQL.
    UpgradeOffline,
    /// Run the project's own hooks for new revision files on this one; only where there are jobs.
    WriteHooks(PathBuf),
}

/// One run of the migrations.
#[derive(Debug, Clone)]
pub struct Job<'a> {
    /// What.
    pub goal: Goal,
    /// On which database.
    pub database: &'a ScratchDb,
    /// Version locations to use instead of the project's own.
    pub locations: Option<&'a [PathBuf]>,
    /// The project's environment.
    pub environment: Vec<(OsString, OsString)>,
}

/// One way to run the migrations.
#[derive(Debug, Clone)]
pub struct Candidate {
    /// The command; `{shim}` in an argument stands for the folder with our files.
    pub plan: Plan,
    /// Where it was found, for the error that lists what was tried.
    pub origin: String,
}

/// One applied revision.
#[derive(Debug, Clone, PartialEq)]
pub struct Applied {
    /// The revision's id.
    pub revision: String,
    /// Its duration in seconds.
    pub seconds: f64,
}

/// Which libraries ran the migrations.
#[derive(Debug, Clone, Default)]
pub struct Versions {
    /// Python's version.
    pub python: Option<String>,
    /// Alembic's version.
    pub alembic: Option<String>,
    /// SQLAlchemy's version.
    pub sqlalchemy: Option<String>,
}

/// What a finished run tells.
#[derive(Debug)]
pub struct Ran {
    /// The revisions, in the order of their application.
    pub applied: Vec<Applied>,
    /// Each migration context that did its work.
    pub contexts: Vec<Context>,
    /// The libraries.
    pub versions: Versions,
    /// What the child wrote to stdout: the SQL of an offline run.
    pub stdout: Vec<u8>,
    /// The interpreter that was used.
    pub python: Option<PathBuf>,
}

impl Ran {
    /// What was there before the first revision.
    pub fn existing(&self) -> Existing {
        self.contexts.iter().find_map(|context| context.existing.clone()).unwrap_or_default()
    }
}

/// The project's interpreter: started early, it imports what it needs and then waits for jobs.
#[derive(Debug)]
pub struct Interpreter {
    recipe: Recipe,
    folder: PathBuf,
    channel: Channel,
    child: Option<Running>,
    /// How to speak to the child once it waits.
    answer: Option<Answer>,
    tried: Vec<String>,
    candidate: usize,
    jobs: usize,
    /// What every job's record begins with: who the child is.
    known: Record,
}

impl Interpreter {
    /// Writes our files into `folder` (a run folder's subfolder) and starts the first candidate if it
    /// can wait for its work.
    pub fn start(recipe: Recipe, folder: &Path) -> Result<Self, RunError> {
        for (name, text) in &recipe.files {
            files::write_scratch(&folder.join(name), text.as_bytes())?;
        }
        let channel = Channel::open(&folder.join("channel")).map_err(RunError::Channel)?;
        let mut interpreter = Self {
            recipe,
            folder: folder.to_owned(),
            channel,
            child: None,
            answer: None,
            tried: Vec::new(),
            candidate: 0,
            jobs: 0,
            known: Record::default(),
        };
        if matches!(interpreter.recipe.mode, Mode::Jobs { .. }) {
            interpreter.launch(&nowhere(), None, &[])?;
        }
        Ok(interpreter)
    }

    /// Whether it takes jobs: a command of the project's own does all its work by itself.
    pub fn takes_jobs(&self) -> bool {
        matches!(self.recipe.mode, Mode::Jobs { .. })
    }

    /// Runs a job that is not the first. An env.py that cannot run twice in one process, or does nothing
    /// the second time, gets a process of its own.
    pub async fn run_again(&mut self, job: Job<'_>) -> Result<Ran, RunError> {
        let first = self.run(job.clone(), &|_| {}).await;
        if self.jobs > 1 && !first.as_ref().is_ok_and(|ran| !ran.contexts.is_empty()) {
            self.child = None;
            return self.run(job, &|_| {}).await;
        }
        first
    }

    /// Runs a job. `tell` hears every event as it happens.
    pub async fn run(
        &mut self,
        job: Job<'_>,
        tell: &(dyn Fn(&Event) + Send + Sync),
    ) -> Result<Ran, RunError> {
        let address = job.database.address();
        let name = job.database.name();
        let scratch = json!({
            "host": address.host, "port": address.port, "user": address.user,
            "password": address.password, "database": name, "sslmode": address.ssl_mode,
        });
        let variables = environment::redirected(job.environment, address, name);
        let stdout = self.folder.join(format!("stdout-{}", self.jobs));
        self.jobs += 1;
        loop {
            if self.child.is_none() {
                self.launch(&scratch, job.locations, &variables)?;
            }
            let word = self.word(&job.goal, &scratch, job.locations, &variables, &stdout);
            match self.listen(job.database, word, tell).await? {
                Listened::NoAlembic => self.next_candidate()?,
                Listened::Ended(ended) => {
                    let (mut end, record) = *ended;
                    if self.takes_jobs() && end.success {
                        end.stdout = files::read(&stdout)?;
                    }
                    return conclude(end, record);
                }
            }
        }
    }

    /// The line that gives a waiting child its job.
    fn word(
        &self,
        goal: &Goal,
        scratch: &Value,
        locations: Option<&[PathBuf]>,
        variables: &[(OsString, Option<OsString>)],
        stdout: &Path,
    ) -> Option<String> {
        let Mode::Jobs { upgrade, upgrade_offline, .. } = &self.recipe.mode else { return None };
        let environ: serde_json::Map<_, _> = variables
            .iter()
            .map(|(name, value)| {
                let value = value.as_ref().map(|v| v.to_string_lossy().into_owned());
                (name.to_string_lossy().into_owned(), json!(value))
            })
            .collect();
        let arguments = match goal {
            Goal::Upgrade | Goal::WriteHooks(_) => upgrade,
            Goal::UpgradeOffline => upgrade_offline,
        };
        let hooks = match goal {
            Goal::WriteHooks(file) => Some(file),
            Goal::Upgrade | Goal::UpgradeOffline => None,
        };
        let word = json!({
            "scratch": scratch, "version_locations": locations, "environ": environ,
            "arguments": arguments, "stdout": stdout, "hooks": hooks,
        });
        Some(word.to_string())
    }

    fn next_candidate(&mut self) -> Result<(), RunError> {
        let candidate = &self.recipe.candidates[self.candidate];
        self.tried.push(format!("{} ({})", candidate.plan.program.display(), candidate.origin));
        self.candidate += 1;
        if self.candidate == self.recipe.candidates.len() {
            return Err(RunError::NoAlembic { tried: std::mem::take(&mut self.tried) });
        }
        Ok(())
    }

    fn launch(
        &mut self,
        scratch: &Value,
        locations: Option<&[PathBuf]>,
        variables: &[(OsString, Option<OsString>)],
    ) -> Result<(), RunError> {
        let preload = match &self.recipe.mode {
            Mode::Jobs { modules, .. } => json!(modules),
            Mode::Once => Value::Null,
        };
        let shim = json!({
            "channel": self.channel.path(), "preload": preload, "scratch": scratch,
            "version_locations": locations,
        });
        let mut python_path = self.folder.clone().into_os_string();
        if let Some(own) = crate::config::inherited_variable("PYTHONPATH").filter(|p| !p.is_empty())
        {
            python_path.push(":");
            python_path.push(own);
        }
        self.answer = None;
        loop {
            let Some(candidate) = self.recipe.candidates.get(self.candidate) else {
                return Err(RunError::NoAlembic { tried: std::mem::take(&mut self.tried) });
            };
            let mut plan = candidate.plan.clone().environment(variables.to_vec());
            let folder = self.folder.to_string_lossy();
            for argument in &mut plan.arguments {
                *argument = argument.to_string_lossy().replace("{shim}", &folder).into();
            }
            let plan = plan
                .set("PYTHONPATH", &python_path)
                // The project's folders must not be touched by a run.
                .set("PYTHONDONTWRITEBYTECODE", "1")
                .set("PYTHONUNBUFFERED", "1")
                .set("REBASELINE_SHIM", shim.to_string());
            match Running::start(&plan) {
                Ok(child) => {
                    tracing::debug!(command = plan.shown(), "run");
                    self.child = Some(child);
                    return Ok(());
                }
                Err(ProcessError::NotFound { program }) if self.takes_jobs() => {
                    let origin = &candidate.origin;
                    self.tried.push(format!("{} ({origin}: not there)", program.display()));
                    self.candidate += 1;
                }
                Err(error) => return Err(error.into()),
            }
        }
    }

    /// Gives the child its job and waits until it is done, hearing its events and watching the server
    /// for a stall.
    async fn listen(
        &mut self,
        database: &ScratchDb,
        mut word: Option<String>,
        tell: &(dyn Fn(&Event) + Send + Sync),
    ) -> Result<Listened, RunError> {
        let Some(mut child) = self.child.take() else {
            return Err(RunError::NotShimmed { command: String::new() });
        };
        let from = child.stderr_length();
        let mut record = self.known.clone();
        if let Some(answer) = &self.answer
            && let Some(word) = word.take()
        {
            // A child that is gone is noticed below.
            let _ = answer.send(word);
        }
        let watch = watch(database);
        tokio::pin!(watch);
        let mut code = None;
        while code.is_none() {
            tokio::select! {
                biased;
                Some((event, answer)) = self.channel.next() => {
                    if matches!(event, Event::Ready) {
                        if let Some(word) = word.take() {
                            let _ = answer.send(word);
                        }
                        self.answer = Some(answer);
                    }
                    if let Event::Finished { code: finished } = &event {
                        code = Some(*finished);
                    }
                    tell(&event);
                    record.hear(event);
                }
                ended = child.ended() => {
                    ended?;
                    break;
                }
                stall = &mut watch => {
                    let revision = record.running.clone().unwrap_or_else(|| "?".to_owned());
                    return Err(RunError::Stalled { revision, stall: Box::new(stall?) });
                }
            }
        }
        self.known = record.identity();
        if let Some(code) = code {
            let (stdout, stderr) = child.written(from);
            let command = child.command().to_owned();
            self.child = Some(child);
            let end = End { command, success: code == 0, stdout, stderr };
            return Ok(Listened::Ended(Box::new((end, record))));
        }
        // The last events may still be on their way when the process is gone already.
        let deadline = tokio::time::Instant::now() + Duration::from_millis(200);
        while !record.done && record.python.is_some() {
            match tokio::time::timeout_at(deadline, self.channel.next()).await {
                Ok(Some((event, _))) => {
                    tell(&event);
                    record.hear(event);
                }
                Ok(None) | Err(_) => break,
            }
        }
        let finished = child.finish().await?;
        if finished.status.code() == Some(NO_ALEMBIC) {
            return Ok(Listened::NoAlembic);
        }
        // A child that takes jobs never ends by itself before one is done.
        let success = finished.status.success() && !self.takes_jobs();
        let Finished { command, stdout, stderr, .. } = finished;
        let stderr = stderr.get(from..).unwrap_or_default().to_owned();
        Ok(Listened::Ended(Box::new((End { command, success, stdout, stderr }, record))))
    }
}

enum Listened {
    /// This interpreter has no Alembic.
    NoAlembic,
    /// The job, or the command, is done.
    Ended(Box<(End, Record)>),
}

/// How a job ended.
struct End {
    command: String,
    success: bool,
    stdout: Vec<u8>,
    stderr: String,
}

/// What the end of a job and what the child told mean together.
fn conclude(end: End, record: Record) -> Result<Ran, RunError> {
    if let Some((dialect, why)) = record.refused {
        return Err(RunError::OtherDatabase { dialect, why });
    }
    if record.python.is_none() && end.success {
        return Err(RunError::NotShimmed { command: end.command });
    }
    if end.success {
        return Ok(Ran {
            applied: record.applied,
            contexts: record.contexts,
            versions: record.versions,
            stdout: end.stdout,
            python: record.python,
        });
    }
    if let Some(failure) = record.failure {
        let applied = record.applied.len();
        return Err(RunError::Revision { failure: Box::new(failure), applied });
    }
    // Alembic tells its own errors (`FAILED: ...`) on stdout.
    let stdout = String::from_utf8_lossy(&end.stdout);
    let words = if end.stderr.trim().is_empty() { stdout.as_ref() } else { &end.stderr };
    Err(RunError::Command { command: end.command, words: last_lines(words, 20) })
}

/// A scratch place that cannot be reached: until a job says otherwise, every connection fails.
fn nowhere() -> Value {
    json!({ "host": "/nonexistent", "port": 1, "user": "nobody", "password": null,
            "database": "nowhere", "sslmode": null })
}

/// Returns only when something has stalled, or when the server cannot be asked any more.
async fn watch(database: &ScratchDb) -> Result<Stall, ScratchError> {
    tokio::time::sleep(PATIENCE).await;
    let mut connection = database.connect().await?;
    loop {
        if let Ok(Some(stall)) = stall::look(&mut connection, PATIENCE).await {
            return Ok(stall);
        }
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
}

/// What has been heard so far.
#[derive(Debug, Clone, Default)]
struct Record {
    applied: Vec<Applied>,
    running: Option<String>,
    contexts: Vec<Context>,
    versions: Versions,
    failure: Option<Failure>,
    refused: Option<(String, String)>,
    python: Option<PathBuf>,
    done: bool,
}

impl Record {
    /// What stays true for the next job of the same child.
    fn identity(&self) -> Self {
        let (versions, python) = (self.versions.clone(), self.python.clone());
        Self { versions, python, ..Self::default() }
    }

    fn hear(&mut self, event: Event) {
        match event {
            Event::Hello { python, executable } => {
                self.versions.python = Some(python);
                self.python.get_or_insert(PathBuf::from(executable));
            }
            Event::Versions { alembic, sqlalchemy } => {
                self.versions.alembic = alembic.or(self.versions.alembic.take());
                self.versions.sqlalchemy = sqlalchemy.or(self.versions.sqlalchemy.take());
            }
            Event::Context(context) => self.contexts.push(context),
            Event::Start { revision } => self.running = Some(revision),
            Event::Applied { revision, seconds } => {
                self.running = None;
                self.applied.push(Applied { revision, seconds });
            }
            Event::Failed(failure) => self.failure = Some(failure),
            Event::Refused { why, dialect } => {
                let what = dialect.unwrap_or_else(|| "another database".to_owned());
                self.refused = Some((what, why));
            }
            Event::Done => self.done = true,
            Event::Ready | Event::Connect { .. } | Event::Finished { .. } | Event::Other => {}
        }
    }
}
