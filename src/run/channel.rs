//! The channel on which the child tells what it does: one JSON object per line over a unix socket,
//! so that nothing a revision prints can disturb it.
//!
//! Every Python process of the child (a command may start several) makes a connection of its own.
//! When our end closes, each of them ends itself: no replay outlives the tool.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::mpsc;

/// What the child tells.
#[derive(Debug, Clone, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum Event {
    /// A Python process carries the shim.
    Hello {
        /// Its version, e.g. `3.11.7`.
        python: String,
        /// Its interpreter.
        executable: String,
        /// The id of its process.
        pid: i32,
    },
    /// It has imported what the migrations need and waits for `go`.
    Ready {
        /// The modules that could be imported.
        #[serde(default)]
        loaded: Vec<String>,
    },
    /// Which libraries it uses.
    Versions {
        /// Alembic's version.
        #[serde(default)]
        alembic: Option<String>,
        /// SQLAlchemy's version.
        #[serde(default)]
        sqlalchemy: Option<String>,
    },
    /// A connection was redirected to scratch.
    Connect {
        /// The driver.
        driver: String,
        /// Where it wanted to go, without user and password.
        #[serde(default)]
        from: Option<String>,
    },
    /// A migration context begins, before it looks where the database stands.
    Begin,
    /// It knows what it has to do.
    Context(Context),
    /// A revision starts.
    Start {
        /// The revision.
        revision: String,
    },
    /// A revision is applied, its row written.
    Applied {
        /// The revision.
        revision: String,
        /// Its duration in seconds.
        seconds: f64,
    },
    /// A revision raised.
    Failed(Box<Failure>),
    /// A connection was refused; nothing was contacted.
    Refused {
        /// Why.
        why: String,
        /// SQLAlchemy's name of the dialect.
        #[serde(default)]
        dialect: Option<String>,
    },
    /// A job is done; the interpreter waits for the next.
    Finished {
        /// 0 if it succeeded.
        code: i32,
    },
    /// The process ends.
    Done,
    /// An event that a newer shim tells.
    #[serde(other)]
    Other,
}

/// How the project's env.py configured Alembic.
#[derive(Debug, Clone, Default, Deserialize)]
pub struct Context {
    /// The version table's name.
    pub version_table: String,
    /// Its schema, if env.py names one.
    #[serde(default)]
    pub version_table_schema: Option<String>,
    /// Offline mode.
    #[serde(default)]
    pub as_sql: bool,
    /// What was there before the first revision.
    #[serde(default)]
    pub existing: Option<Existing>,
}

/// Objects that env.py (or the prelude) made before the first revision ran.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct Existing {
    /// Where env.py's connection makes what has no schema in its name.
    pub current_schema: Option<String>,
    /// Schemas.
    pub schemas: Vec<String>,
    /// Schema, name and `relkind` of relations.
    pub relations: Vec<(String, String, String)>,
    /// Schema, name and `typtype` of types (`c` for a composite type).
    pub types: Vec<(String, String, String)>,
    /// Schema, name and identity arguments of functions.
    pub functions: Vec<(String, String, String)>,
    /// Extensions.
    #[serde(skip)]
    pub extensions: Vec<String>,
}

/// What a revision raised.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct Failure {
    /// The revision, if one was running.
    pub revision: Option<String>,
    /// The exception's class.
    #[serde(rename = "type")]
    pub class: String,
    /// Its message.
    pub message: String,
    /// The last lines of the traceback.
    pub traceback: Vec<String>,
    /// The revision's file.
    pub file: Option<PathBuf>,
    /// The line of the revision's file that raised.
    pub line: Option<u32>,
    /// PostgreSQL's error code, if the database said it.
    pub sqlstate: Option<String>,
    /// What PostgreSQL said, if the error came from there.
    pub told: Option<Told>,
    /// Where the transaction was aborted already: the error that aborted it, which the revision swallowed.
    pub swallowed: Option<Told>,
}

/// An error of PostgreSQL, and the statement that it is about.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(default)]
pub struct Told {
    /// Its first line.
    pub message: Option<String>,
    /// DETAIL.
    pub detail: Option<String>,
    /// HINT.
    pub hint: Option<String>,
    /// The error code.
    pub sqlstate: Option<String>,
    /// The statement, if it went through SQLAlchemy.
    pub statement: Option<String>,
    /// The line of the revision's file.
    pub line: Option<u32>,
}

/// A way to say a line to the process that told an event. It is closed when that process has ended.
pub type Answer = mpsc::UnboundedSender<String>;

/// Our end.
#[derive(Debug)]
pub struct Channel {
    path: PathBuf,
    events: mpsc::UnboundedReceiver<(Event, Answer)>,
    accept: tokio::task::JoinHandle<()>,
}

impl Channel {
    /// Opens a socket at this path.
    pub fn open(path: &Path) -> std::io::Result<Self> {
        let listener = UnixListener::bind(path)?;
        let (sender, events) = mpsc::unbounded_channel();
        let accept = tokio::spawn(async move {
            // One set per channel: when the channel is dropped, all its connections close.
            let mut connections = tokio::task::JoinSet::new();
            while let Ok((stream, _)) = listener.accept().await {
                connections.spawn(serve(stream, sender.clone()));
            }
        });
        Ok(Self { path: path.to_owned(), events, accept })
    }

    /// The socket's path.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The next event, and a way to answer the process that told it.
    pub async fn next(&mut self) -> Option<(Event, Answer)> {
        self.events.recv().await
    }
}

impl Drop for Channel {
    fn drop(&mut self) {
        self.accept.abort();
    }
}

async fn serve(stream: UnixStream, events: mpsc::UnboundedSender<(Event, Answer)>) {
    let (read, mut write) = stream.into_split();
    let (answer, mut answers) = mpsc::unbounded_channel::<String>();
    let mut lines = BufReader::new(read).lines();
    loop {
        tokio::select! {
            line = lines.next_line() => match line {
                Ok(Some(line)) => match serde_json::from_str(&line) {
                    Ok(event) => {
                        tracing::trace!(?event, "child");
                        if events.send((event, answer.clone())).is_err() {
                            return;
                        }
                    }
                    Err(error) => tracing::warn!(%error, line, "an event that cannot be read"),
                },
                Ok(None) | Err(_) => return,
            },
            Some(line) = answers.recv() => {
                if write.write_all(format!("{line}\n").as_bytes()).await.is_err() {
                    return;
                }
            }
        }
    }
}
