//! The process that runs the migrations: a child of ours, or a copy that one of them made.

use super::Answer;
use crate::process::{Adopted, ProcessError, Running};

/// It is killed when this is dropped.
#[derive(Debug)]
pub enum Child {
    /// Started by us.
    Own(Running),
    /// Made by another interpreter; how to speak to it also tells when it has ended.
    Copy(Adopted, Answer),
}

/// What is left of one that has ended.
pub struct Finished {
    /// The command as typed.
    pub command: String,
    /// Its exit code; nobody but its parent can know one of a copy.
    pub code: Option<i32>,
    /// Whether it succeeded.
    pub success: bool,
    /// All of stdout.
    pub stdout: Vec<u8>,
    /// All of stderr.
    pub stderr: String,
}

impl Child {
    /// The command as typed.
    pub fn command(&self) -> &str {
        match self {
            Self::Own(running) => running.command(),
            Self::Copy(adopted, _) => adopted.command(),
        }
    }

    /// How much it has written to stderr so far, in bytes.
    pub fn stderr_length(&self) -> usize {
        match self {
            Self::Own(running) => running.stderr_length(),
            Self::Copy(adopted, _) => adopted.stderr_length(),
        }
    }

    /// What it has written to stdout and, from this byte on, to stderr.
    pub fn written(&self, from: usize) -> (Vec<u8>, String) {
        match self {
            Self::Own(running) => running.written(from),
            Self::Copy(adopted, _) => (Vec::new(), adopted.written(from)),
        }
    }

    /// Waits for the end; may be called again.
    pub async fn ended(&mut self) -> Result<(), ProcessError> {
        match self {
            Self::Own(running) => running.ended().await.map(|_| ()),
            Self::Copy(_, answer) => {
                answer.closed().await;
                Ok(())
            }
        }
    }

    /// Waits for the end and collects what was written.
    pub async fn finish(self) -> Result<Finished, ProcessError> {
        match self {
            Self::Own(running) => {
                let ended = running.finish().await?;
                Ok(Finished {
                    command: ended.command,
                    code: ended.status.code(),
                    success: ended.status.success(),
                    stdout: ended.stdout,
                    stderr: ended.stderr,
                })
            }
            Self::Copy(adopted, answer) => {
                answer.closed().await;
                let (command, stderr) = adopted.finish().await;
                Ok(Finished { command, code: None, success: false, stdout: Vec::new(), stderr })
            }
        }
    }
}
