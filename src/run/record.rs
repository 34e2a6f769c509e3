//! What a child has told during one job, and what that means once the job has ended.

use std::path::PathBuf;

use crate::process::last_lines;
use crate::run::channel::{Context, Event, Failure};
use crate::run::{Applied, Ran, RunError, Versions};

/// What has been heard so far.
#[derive(Debug, Clone, Default)]
pub struct Record {
    pub applied: Vec<Applied>,
    pub running: Option<String>,
    /// How many contexts began to run their migrations.
    pub begun: usize,
    pub contexts: Vec<Context>,
    pub versions: Versions,
    pub failure: Option<Failure>,
    pub refused: Option<(String, String)>,
    pub python: Option<PathBuf>,
    pub done: bool,
}

impl Record {
    /// What stays true for the next job of the same child.
    pub fn identity(&self) -> Self {
        let (versions, python) = (self.versions.clone(), self.python.clone());
        Self { versions, python, ..Self::default() }
    }

    pub fn hear(&mut self, event: Event) {
        match event {
            Event::Hello { python, executable, .. } => {
                self.versions.python = Some(python);
                self.python.get_or_insert(PathBuf::from(executable));
            }
            Event::Versions { alembic, sqlalchemy } => {
                self.versions.alembic = alembic.or(self.versions.alembic.take());
                self.versions.sqlalchemy = sqlalchemy.or(self.versions.sqlalchemy.take());
            }
            Event::Begin => self.begun += 1,
            Event::Context(context) => self.contexts.push(context),
            Event::Start { revision } => self.running = Some(revision),
            Event::Applied { revision, seconds } => {
                self.running = None;
                self.applied.push(Applied { revision, seconds });
            }
            Event::Failed(failure) => self.failure = Some(*failure),
            Event::Refused { why, dialect } => {
                let what = dialect.unwrap_or_else(|| "another database".to_owned());
                self.refused = Some((what, why));
            }
            Event::Done => self.done = true,
            Event::Ready { .. } | Event::Connect { .. } | Event::Finished { .. } | Event::Other => {
            }
        }
    }
}

/// How a job ended.
pub struct End {
    pub command: String,
    pub success: bool,
    pub stdout: Vec<u8>,
    pub stderr: String,
}

/// What the end of a job and what the child told mean together.
pub fn conclude(end: End, record: Record) -> Result<Ran, RunError> {
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
            stdout: None,
            python: record.python,
        });
    }
    if let Some(failure) = record.failure {
        let applied = record.applied.into_iter().map(|applied| applied.revision).collect();
        return Err(RunError::revision(failure, applied));
    }
    // Alembic tells its own errors (`FAILED: ...`) on stdout.
    let stdout = String::from_utf8_lossy(&end.stdout);
    let words = if end.stderr.trim().is_empty() { stdout.as_ref() } else { &end.stderr };
    Err(RunError::Command { command: end.command, words: last_lines(words, 20) })
}
