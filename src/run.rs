//! Runs the project's own migrations, in the project's own Python, on a scratch database.
//!
//! Takes a plan that the history format made, a scratch database and the version locations to use;
//! gives what was applied, with times, and how env.py configured Alembic. Both the replay of the
//! history and the run of the baseline in the proof come here. The interpreter can be started before
//! its database is ready: it imports what it needs and waits for `go`.

pub mod channel;
pub mod environment;
mod error;

use std::path::{Path, PathBuf};
use std::time::Duration;

use serde_json::json;

use crate::files;
use crate::postgres::scratch::{ScratchDb, ScratchError};
use crate::postgres::stall::{self, Stall};
use crate::process::{Finished, Plan, ProcessError, Running, last_lines};
use channel::{Channel, Context, Event, Existing, Failure};
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
    /// Whether the child waits for `go` after its imports.
    pub preload: bool,
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

/// A child that has been started and waits for its database.
#[derive(Debug)]
pub struct Waiting {
    recipe: Recipe,
    folder: PathBuf,
    shim: PathBuf,
    channel: Channel,
    child: Option<Running>,
    tried: Vec<String>,
    candidate: usize,
}

impl Waiting {
    /// Writes our files into `folder` (a run folder's subfolder) and starts the first candidate if
    /// the recipe lets it wait.
    pub fn start(recipe: Recipe, folder: &Path) -> Result<Self, RunError> {
        for (name, text) in &recipe.files {
            files::write_scratch(&folder.join(name), text.as_bytes())?;
        }
        let channel = Channel::open(&folder.join("channel")).map_err(RunError::Channel)?;
        let mut waiting = Self {
            recipe,
            folder: folder.to_owned(),
            shim: folder.to_owned(),
            channel,
            child: None,
            tried: Vec::new(),
            candidate: 0,
        };
        if waiting.recipe.preload {
            waiting.launch(&serde_json::Value::Null, &[])?;
        }
        Ok(waiting)
    }

    /// Lets the migrations run on this database, with these version locations instead of the
    /// project's own if given. `tell` hears every event as it happens.
    pub async fn run(
        mut self,
        database: &ScratchDb,
        locations: Option<&[PathBuf]>,
        inherited: Vec<(std::ffi::OsString, std::ffi::OsString)>,
        tell: &(dyn Fn(&Event) + Send + Sync),
    ) -> Result<Ran, RunError> {
        let address = database.address();
        let scratch = json!({
            "host": address.host, "port": address.port, "user": address.user,
            "password": address.password, "database": database.name(), "sslmode": address.ssl_mode,
        });
        let variables = environment::redirected(inherited, address, database.name());
        loop {
            if self.child.is_none() {
                let config = json!({ "scratch": scratch, "version_locations": locations });
                self.launch(&config, &variables)?;
            }
            let go = self.recipe.preload.then(|| {
                let environ: serde_json::Map<_, _> = variables
                    .iter()
                    .map(|(name, value)| {
                        let value = value.as_ref().map(|v| v.to_string_lossy().into_owned());
                        (name.to_string_lossy().into_owned(), json!(value))
                    })
                    .collect();
                json!({ "go": true, "scratch": scratch, "version_locations": locations,
                        "environ": environ })
                .to_string()
            });
            let mut record = Record::default();
            let finished = self.listen(database, go, &mut record, tell).await?;
            if finished.status.code() == Some(NO_ALEMBIC) {
                let candidate = &self.recipe.candidates[self.candidate];
                self.tried.push(format!(
                    "{} ({})",
                    candidate.plan.program.display(),
                    candidate.origin
                ));
                self.candidate += 1;
                if self.candidate == self.recipe.candidates.len() {
                    return Err(RunError::NoAlembic { tried: self.tried });
                }
                continue;
            }
            return conclude(finished, record);
        }
    }

    fn launch(
        &mut self,
        config: &serde_json::Value,
        variables: &[(std::ffi::OsString, Option<std::ffi::OsString>)],
    ) -> Result<(), RunError> {
        let shim_config = json!({
            "channel": self.channel.path(),
            "preload": self.recipe.preload,
            "scratch": config.get("scratch").cloned().unwrap_or_else(nowhere),
            "version_locations": config.get("version_locations"),
        });
        loop {
            let Some(candidate) = self.recipe.candidates.get(self.candidate) else {
                return Err(RunError::NoAlembic { tried: std::mem::take(&mut self.tried) });
            };
            let mut plan = candidate.plan.clone().environment(variables.to_vec());
            plan.arguments = plan
                .arguments
                .into_iter()
                .map(|a| a.to_string_lossy().replace("{shim}", &self.shim.to_string_lossy()).into())
                .collect();
            let own_path = crate::config::inherited_variable("PYTHONPATH");
            let mut python_path = self.shim.clone().into_os_string();
            if let Some(own) = own_path.filter(|own| !own.is_empty()) {
                python_path.push(":");
                python_path.push(own);
            }
            let plan = plan
                .set("PYTHONPATH", python_path)
                // The project's folders must not be touched by a replay.
                .set("PYTHONDONTWRITEBYTECODE", "1")
                .set("PYTHONUNBUFFERED", "1")
                .set("REBASELINE_SHIM", shim_config.to_string());
            match Running::start(&plan) {
                Ok(child) => {
                    tracing::debug!(command = plan.shown(), folder = %self.folder.display(), "run");
                    self.child = Some(child);
                    return Ok(());
                }
                Err(ProcessError::NotFound { program }) => {
                    self.tried.push(format!(
                        "{} ({}: not there)",
                        program.display(),
                        candidate.origin
                    ));
                    self.candidate += 1;
                }
                Err(error) => return Err(error.into()),
            }
        }
    }

    /// Waits for the child's end, hearing its events and watching the server for a stall.
    async fn listen(
        &mut self,
        database: &ScratchDb,
        mut go: Option<String>,
        record: &mut Record,
        tell: &(dyn Fn(&Event) + Send + Sync),
    ) -> Result<Finished, RunError> {
        let Some(child) = self.child.take() else {
            return Err(RunError::NotShimmed { command: String::new() });
        };
        let finish = child.finish();
        tokio::pin!(finish);
        let watch = watch(database);
        tokio::pin!(watch);
        let finished = loop {
            tokio::select! {
                finished = &mut finish => break finished?,
                stall = &mut watch => {
                    let revision = record.running.clone().unwrap_or_else(|| "?".to_owned());
                    return Err(RunError::Stalled { revision, stall: Box::new(stall?) });
                }
                Some((event, answer)) = self.channel.next() => {
                    if matches!(event, Event::Ready) && let Some(go) = go.take() {
                        // A child that is gone is noticed by `finish`.
                        let _ = answer.send(go);
                    }
                    tell(&event);
                    record.hear(event);
                }
            }
        };
        // The last events may still be on their way when the process is gone already.
        tokio::task::yield_now().await;
        let deadline = tokio::time::Instant::now() + Duration::from_millis(200);
        while !record.done && record.hello.is_some() {
            match tokio::time::timeout_at(deadline, self.channel.next()).await {
                Ok(Some((event, _))) => {
                    tell(&event);
                    record.hear(event);
                }
                Ok(None) | Err(_) => break,
            }
        }
        Ok(finished)
    }
}

/// What the end of the child and what it told mean together.
fn conclude(finished: Finished, record: Record) -> Result<Ran, RunError> {
    if let Some(why) = record.refused {
        return Err(RunError::OtherDatabase { why });
    }
    if record.hello.is_none() {
        if !finished.status.success() {
            let last = last_lines(&finished.stderr, 1);
            if let Err(source) = finished.success() {
                return Err(RunError::Command { last, source });
            }
            return Err(RunError::NotShimmed { command: String::new() });
        }
        return Err(RunError::NotShimmed { command: finished.command });
    }
    if !finished.status.success() {
        let last = last_lines(&finished.stderr, 1);
        if let Some(failure) = record.failure {
            let applied = record.applied.len();
            return Err(RunError::Revision { failure: Box::new(failure), applied });
        }
        if let Err(source) = finished.success() {
            return Err(RunError::Command { last, source });
        }
        return Err(RunError::NotShimmed { command: String::new() });
    }
    Ok(Ran {
        applied: record.applied,
        contexts: record.contexts,
        versions: record.versions,
        stdout: finished.stdout,
        python: record.hello.map(|(_, executable)| executable),
    })
}

/// A scratch place that cannot be reached: until `go` says otherwise, every connection fails.
fn nowhere() -> serde_json::Value {
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
#[derive(Debug, Default)]
struct Record {
    applied: Vec<Applied>,
    running: Option<String>,
    contexts: Vec<Context>,
    versions: Versions,
    failure: Option<Failure>,
    refused: Option<String>,
    hello: Option<(String, PathBuf)>,
    done: bool,
}

impl Record {
    fn hear(&mut self, event: Event) {
        match event {
            Event::Hello { python, executable } => {
                self.versions.python = Some(python.clone());
                self.hello.get_or_insert((python, PathBuf::from(executable)));
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
            Event::Refused { why, .. } => self.refused = Some(why),
            Event::Done => self.done = true,
            Event::Ready | Event::Connect { .. } | Event::Other => {}
        }
    }
}
