//! What an error tells: its kind (and so the exit code), its causes, what to type next, and the
//! state that things are in.
//!
//! Every stage has an error enum of its own; it becomes an [`Error`] by implementing [`Explain`].
//! Nothing here prints: `report` does. The exit codes are documented in `docs/EXIT_CODES.md`.

use std::error::Error as StdError;
use std::fmt;

use serde_json::Value;

use crate::postgres::said::said;
use crate::schema::compare::Change;

/// The classes of failure, one exit code each.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Findings, drift, or a database that cannot be stamped.
    Refused,
    /// Wrong flags or a configuration that cannot be used.
    Usage,
    /// PostgreSQL, `pg_dump`, Python or Alembic is missing or failed.
    Tool,
    /// The baseline does not reproduce the history.
    ProofFailed,
    /// Stopped inside the swap: a journal exists.
    SwapStopped,
    /// A bug in rebaseline.
    Bug,
    /// Ctrl-C or a termination signal.
    Interrupted,
}

impl Kind {
    /// The exit code that tells this kind.
    pub fn exit_code(self) -> u8 {
        match self {
            Self::Refused => 1,
            Self::Usage => 2,
            Self::Tool => 3,
            Self::ProofFailed => 4,
            Self::SwapStopped => 5,
            Self::Bug => 70,
            Self::Interrupted => 130,
        }
    }
}

/// Implemented by each stage's error enum: what `Display` and `source` do not say.
pub trait Explain: StdError + Send + Sync + 'static {
    /// The class of failure.
    fn kind(&self) -> Kind;

    /// What to type or change next, one line each. Each can be pasted or acted on as it is.
    fn hints(&self) -> Vec<String> {
        Vec::new()
    }

    /// What differs, where two databases were compared: told line by line, and to scripts as data.
    fn differences(&self) -> &[Change] {
        &[]
    }

    /// What is known of a revision that failed, for scripts: the `failure` of `docs/EXIT_CODES.md`.
    fn failure(&self) -> Option<Value> {
        None
    }

    /// What state things are in after this failure.
    fn state(&self) -> String {
        "nothing was changed".to_owned()
    }
}

/// Any stage's error, ready to be reported.
pub struct Error(Box<dyn Explain>);

/// The result of a command or of a stage as the commands see it.
pub type Result<T, E = Error> = std::result::Result<T, E>;

impl<E: Explain> From<E> for Error {
    fn from(error: E) -> Self {
        Self(Box::new(error))
    }
}

impl Error {
    /// The class of failure.
    pub fn kind(&self) -> Kind {
        self.0.kind()
    }

    /// What to do next, one line each.
    pub fn hints(&self) -> Vec<String> {
        self.0.hints()
    }

    /// What differs.
    pub fn differences(&self) -> &[Change] {
        self.0.differences()
    }

    /// What is known of a revision that failed.
    pub fn failure(&self) -> Option<Value> {
        self.0.failure()
    }

    /// What state things are in.
    pub fn state(&self) -> String {
        self.0.state()
    }

    /// The causes below the first line, outermost first.
    pub fn causes(&self) -> Vec<String> {
        let mut causes = Vec::new();
        let mut next = self.0.source();
        while let Some(cause) = next {
            // The driver's own chain says each sentence twice, the server's with a line of PostgreSQL's source.
            if let Some(error @ (sqlx::Error::Database(_) | sqlx::Error::Io(_))) =
                cause.downcast_ref::<sqlx::Error>()
            {
                causes.push(said(error));
                break;
            }
            causes.push(cause.to_string());
            next = cause.source();
        }
        causes
    }

    /// The error and its causes in one line.
    pub fn in_a_line(&self) -> String {
        std::iter::once(self.to_string()).chain(self.causes()).collect::<Vec<_>>().join(": ")
    }

    /// The error of this type among this one and its causes.
    pub fn find<T: StdError + 'static>(&self) -> Option<&T> {
        let mut next: Option<&(dyn StdError + 'static)> = Some(&*self.0);
        while let Some(error) = next {
            if let Some(found) = error.downcast_ref() {
                return Some(found);
            }
            next = error.source();
        }
        None
    }

    /// The first cause.
    pub fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.0.source()
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}

/// The run was ended from outside.
#[derive(Debug, thiserror::Error)]
#[error("interrupted by {signal}")]
pub struct Interrupted {
    /// The signal's name.
    pub signal: &'static str,
    /// Where the journal of an unfinished swap is, if there is one.
    pub journal: Option<std::path::PathBuf>,
    /// Whether databases of the user were being written.
    pub databases: bool,
}

impl Explain for Interrupted {
    fn kind(&self) -> Kind {
        Kind::Interrupted
    }

    fn hints(&self) -> Vec<String> {
        match self.journal {
            Some(_) => vec!["rebaseline resume   (or: rebaseline undo)".to_owned()],
            None if self.databases => {
                vec!["run it again: what is done is left as it is".to_owned()]
            }
            None => Vec::new(),
        }
    }

    fn state(&self) -> String {
        match &self.journal {
            Some(path) => format!("a swap stands half-way; its journal is {}", path.display()),
            None if self.databases => {
                "each database is stamped, or as it was, or stands at an archived revision; \
                                       the same command goes on from there"
                    .to_owned()
            }
            None => "nothing was changed; scratch servers are gone".to_owned(),
        }
    }
}
