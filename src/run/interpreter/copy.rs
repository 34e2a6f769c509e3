//! A second interpreter out of one that waits for its first job: what was imported once is not imported again.
//!
//! Only where the two need not differ. Two copies hold the same objects at the same addresses, so a value that a
//! revision makes of those would look as if it never changed: the two replays of a history are no copies.

use std::path::Path;
use std::time::Duration;

use serde_json::json;

use super::child::Child;
use super::{Interpreter, write_files};
use crate::process::Cradle;
use crate::run::RunError;
use crate::run::channel::{Answer, Channel, Event};
use crate::run::record::Record;

/// Importing takes a second on a slow machine, copying a few milliseconds.
const PATIENCE: Duration = Duration::from_secs(20);

impl Interpreter {
    /// Another interpreter, with a folder of its own: a copy of this one, or one that is started in the ordinary way
    /// if it cannot be copied (it has run a job, it takes none, or it does not come up).
    pub async fn copy(&mut self, folder: &Path) -> Result<Self, RunError> {
        let copy = tokio::time::timeout(PATIENCE, self.try_copy(folder)).await;
        if let Ok(Some(copy)) = copy {
            return Ok(copy);
        }
        tracing::debug!("an interpreter is started and not copied");
        Self::start(self.recipe.clone(), folder)
    }

    async fn try_copy(&mut self, folder: &Path) -> Option<Self> {
        // A fork without an exec is not safe on macOS, where system libraries have threads of their own.
        if !cfg!(target_os = "linux") || self.jobs > 0 || !self.takes_jobs() {
            return None;
        }
        let original = self.ready().await?;
        write_files(&self.recipe, folder).ok()?;
        let mut channel = Channel::open(&folder.join("copy")).ok()?;
        let output = folder.join("copy-output");
        let cradle = Cradle::open(&output).ok()?;
        let word = json!({ "copy": { "channel": channel.path(), "output": output } });
        original.send(word.to_string()).ok()?;
        let mut known = Record::default();
        let mut child = None;
        let mut cradle = Some(cradle);
        let answer = loop {
            let (event, answer) = channel.next().await?;
            if let (Event::Hello { pid, .. }, Some(cradle)) = (&event, cradle.take()) {
                let command = self.child.as_ref()?.command().to_owned();
                let adopted = cradle.adopt(*pid, command).await.ok()?;
                child = Some(Child::Copy(adopted, answer.clone()));
            }
            if matches!(event, Event::Ready { .. }) {
                break answer;
            }
            known.hear(event);
        };
        Some(Self {
            recipe: self.recipe.clone(),
            folder: folder.to_owned(),
            channel,
            child,
            answer: Some(answer),
            tried: self.tried.clone(),
            candidate: self.candidate,
            jobs: 0,
            known: known.identity(),
        })
    }

    /// Waits until it waits for a job; none if it never will, or if it has no Alembic.
    async fn ready(&mut self) -> Option<Answer> {
        while self.answer.is_none() {
            let child = self.child.as_mut()?;
            tokio::select! {
                biased;
                heard = self.channel.next() => {
                    let (event, answer) = heard?;
                    if let Event::Ready { loaded } = &event {
                        // The next candidate is tried by whoever runs the first job.
                        let alembic = loaded.iter().any(|module| module == "alembic.config");
                        self.answer = Some(answer);
                        if !alembic {
                            return None;
                        }
                    }
                    self.known.hear(event);
                }
                _ = child.ended() => return None,
            }
        }
        self.answer.clone()
    }
}
