//! The child that runs migrations: started early, given its jobs, heard, watched, and ended with us.

mod child;
mod copy;

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde_json::{Value, json};

use crate::files;
use crate::postgres::scratch::{ScratchDb, ScratchError};
use crate::postgres::stall::{self, Stall};
use crate::process::{ProcessError, Running};
use crate::run::channel::{Answer, Channel, Event};
use crate::run::environment;
use crate::run::record::{End, Record, conclude};
use crate::run::{Goal, Job, Mode, Nowhere, Place, Ran, Recipe, RunError, Scripts};
use child::{Child, Finished};

/// The exit code of our launcher when Alembic cannot be imported.
const NO_ALEMBIC: i32 = 87;

/// How long a lock wait among idle sessions must last before it counts as a stall.
pub const PATIENCE: Duration = Duration::from_secs(5);

/// The project's interpreter: started early, it imports what it needs and then waits for jobs.
#[derive(Debug)]
pub struct Interpreter {
    recipe: Recipe,
    folder: PathBuf,
    channel: Channel,
    child: Option<Child>,
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
        write_files(&recipe, folder)?;
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
            interpreter.launch(&scratch(&Nowhere), &Scripts::default(), &[])?;
        }
        Ok(interpreter)
    }

    /// Whether it takes jobs: a command of the project's own does all its work by itself.
    pub fn takes_jobs(&self) -> bool {
        matches!(self.recipe.mode, Mode::Jobs { .. })
    }

    /// Runs a job that is not the first. An env.py that cannot run twice in one process, or does nothing
    /// the second time, gets a process of its own.
    pub async fn run_again(
        &mut self,
        job: Job<'_>,
        tell: &(dyn Fn(&Event) + Send + Sync),
    ) -> Result<Ran, RunError> {
        let first = self.run(job.clone(), tell).await;
        if self.jobs > 1 && !first.as_ref().is_ok_and(|ran| !ran.contexts.is_empty()) {
            self.child = None;
            return self.run(job, tell).await;
        }
        first
    }

    /// Runs a job. `tell` hears every event as it happens.
    pub async fn run(
        &mut self,
        job: Job<'_>,
        tell: &(dyn Fn(&Event) + Send + Sync),
    ) -> Result<Ran, RunError> {
        let scratch = scratch(job.database);
        let destination = job.database.destination();
        let variables = environment::redirected(job.environment, &destination);
        // What one job leaves in the process (an engine with open connections, for one) must never meet
        // another's target.
        let fork = job.database.scratch().is_none();
        let stdout = self.folder.join(format!("stdout-{}", self.jobs));
        self.jobs += 1;
        loop {
            if self.child.is_none() {
                self.launch(&scratch, job.scripts, &variables)?;
            }
            let word = self.word(&job.goal, &scratch, job.scripts, &variables, &stdout, fork);
            match self.listen(job.database, word, tell).await? {
                Listened::NoAlembic => self.next_candidate()?,
                Listened::Ended(ended) => {
                    let (end, record) = *ended;
                    let stdout = self.takes_jobs().then_some(stdout);
                    return conclude(end, record).map(|ran| Ran { stdout, ..ran });
                }
            }
        }
    }

    /// The line that gives a waiting child its job.
    fn word(
        &self,
        goal: &Goal,
        scratch: &Value,
        scripts: &Scripts,
        variables: &[(OsString, Option<OsString>)],
        stdout: &Path,
        fork: bool,
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
            "scratch": scratch, "scripts": scripts, "environ": environ,
            "arguments": arguments, "stdout": stdout, "hooks": hooks, "fork": fork,
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
        scripts: &Scripts,
        variables: &[(OsString, Option<OsString>)],
    ) -> Result<(), RunError> {
        let preload = match &self.recipe.mode {
            Mode::Jobs { modules, .. } => json!(modules),
            Mode::Once => Value::Null,
        };
        let shim = json!({
            "channel": self.channel.path(), "preload": preload, "scratch": scratch,
            "scripts": scripts, "env": self.recipe.env.map(|name| self.folder.join(name)),
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
            // The order of a Python set is no difference between two runs.
            let plan = match crate::config::inherited_variable("PYTHONHASHSEED") {
                Some(_) => plan,
                None => plan.set("PYTHONHASHSEED", "0"),
            };
            match Running::start(&plan) {
                Ok(child) => {
                    tracing::debug!(command = plan.shown(), "run");
                    self.child = Some(Child::Own(child));
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
        database: &dyn Place,
        mut word: Option<String>,
        tell: &(dyn Fn(&Event) + Send + Sync),
    ) -> Result<Listened, RunError> {
        let Some(mut child) = self.child.take() else {
            return Err(RunError::NotShimmed { command: String::new() });
        };
        // A child that takes jobs has written what belongs to earlier ones; a command may have been quicker than we.
        let from = if self.takes_jobs() { child.stderr_length() } else { 0 };
        let mut record = self.known.clone();
        if let Some(answer) = &self.answer
            && let Some(word) = word.take()
        {
            // A child that is gone is noticed below.
            let _ = answer.send(word);
        }
        let watch = watch(database.scratch());
        tokio::pin!(watch);
        let mut code = None;
        while code.is_none() {
            tokio::select! {
                biased;
                Some((event, answer)) = self.channel.next() => {
                    if matches!(event, Event::Ready { .. }) {
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
                    let stall = Box::new(stall?);
                    let (revision, begun) = (record.running, record.begun);
                    return Err(RunError::Stalled { revision, begun, stall });
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
        if finished.code == Some(NO_ALEMBIC) {
            return Ok(Listened::NoAlembic);
        }
        // A child that takes jobs never ends by itself before one is done.
        let success = finished.success && !self.takes_jobs();
        let Finished { command, stdout, stderr, .. } = finished;
        let stderr = stderr.get(from..).unwrap_or_default().to_owned();
        Ok(Listened::Ended(Box::new((End { command, success, stdout, stderr }, record))))
    }
}

/// Our files, for the child to load.
fn write_files(recipe: &Recipe, folder: &Path) -> Result<(), RunError> {
    for (name, text) in &recipe.files {
        files::write_scratch(&folder.join(name), text.as_bytes())?;
    }
    Ok(())
}

enum Listened {
    /// This interpreter has no Alembic.
    NoAlembic,
    /// The job, or the command, is done.
    Ended(Box<(End, Record)>),
}

/// A place, as the shim is told of it.
fn scratch(place: &dyn Place) -> Value {
    let mut told = place.destination().for_shim();
    if let Some(proof) = place.proof() {
        told["proof"] = json!([proof.class, proof.object]);
    }
    told
}

/// Returns only when something has stalled, or when the server cannot be asked any more.
async fn watch(database: Option<&ScratchDb>) -> Result<Stall, ScratchError> {
    let Some(database) = database else { return std::future::pending().await };
    tokio::time::sleep(PATIENCE).await;
    let mut connection = database.connect().await?;
    loop {
        if let Ok(Some(stall)) = stall::look(&mut connection, PATIENCE).await {
            return Ok(stall);
        }
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
}
