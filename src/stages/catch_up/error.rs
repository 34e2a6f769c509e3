//! Why a database could not be caught up, and what to do.

use std::path::PathBuf;

use crate::error::Explain;
use crate::files::PathError;
use crate::postgres::binaries::BinariesError;
use crate::postgres::connect::ConnectError;
use crate::postgres::said::{self, said};
use crate::postgres::session::ReadOnly;
use crate::postgres::url::UrlError;
use crate::process::ProcessError;
use crate::run::RunError;

/// Why a database could not be caught up.
#[derive(Debug, thiserror::Error)]
pub enum CatchUpError {
    /// The URL cannot be used.
    #[error(transparent)]
    Url(#[from] UrlError),
    /// No connection.
    #[error(transparent)]
    Connect(#[from] ConnectError),
    /// The lock timeout.
    #[error("the version table is locked by another session")]
    Locked,
    /// The server refused a statement of ours.
    #[error("{}", said(.0))]
    Sql(sqlx::Error),
    /// The server ended a session of ours, or the network did.
    #[error("the connection was lost: {}", said(.0))]
    Lost(sqlx::Error),
    /// Nothing can be written there.
    #[error(transparent)]
    ReadOnly(#[from] ReadOnly),
    /// Another catch-up has the lock.
    #[error("another catch-up of this database is running")]
    Busy,
    /// An upgrade through the bridge has the lock.
    #[error("an upgrade of this database is running, through the bridge")]
    Upgrading,
    /// The connection that holds the lock broke.
    #[error("the connection that holds the lock of this catch-up was lost: {}", said(.0))]
    LockLost(sqlx::Error),
    /// The migrations failed.
    #[error("{}", failed(source))]
    Run {
        /// The revisions that had been applied before; env.py's transaction decides whether they stay.
        applied: Vec<String>,
        /// What failed.
        source: Box<RunError>,
    },
    /// Offline mode failed.
    #[error("the SQL cannot be written: {}", failed(source))]
    Offline {
        /// What failed.
        source: Box<RunError>,
    },
    /// A command of the project's own has no offline mode.
    #[error("the migrations are run by a command of the project's own, which has no offline mode")]
    NoOffline,
    /// The migrations said that they ran, and the database does not stand where it should.
    #[error("after the run it stands at {}, not at {}", shown(found), shown(expected))]
    NotThere {
        /// The rows that are expected.
        expected: Vec<String>,
        /// The rows that are there.
        found: Vec<String>,
    },
    /// No `pg_dump` that can read this server.
    #[error("the backup failed: {0}")]
    NoDump(#[source] BinariesError),
    /// `pg_dump` failed.
    #[error("the backup failed: {0}")]
    Dump(#[source] ProcessError),
    /// The backup's file.
    #[error("the backup failed: {}: {}", .0, .0.source)]
    BackupFile(#[source] PathError),
    /// Too many backups of one name.
    #[error("the backup failed: `{}` and all its numbered names are taken", path.display())]
    NoName {
        /// The first name.
        path: PathBuf,
    },
}

impl From<sqlx::Error> for CatchUpError {
    fn from(error: sqlx::Error) -> Self {
        // 55P03 is lock_not_available: the lock timeout.
        match said::code(&error).as_deref() {
            Some("55P03") => Self::Locked,
            _ if said::is_lost(&error) => Self::Lost(error),
            _ => Self::Sql(error),
        }
    }
}

fn shown(rows: &[String]) -> String {
    if rows.is_empty() { "no revision".to_owned() } else { rows.join(", ") }
}

/// How much of a statement is shown.
const LONGEST: usize = 500;

/// The failure with the statement that it failed on: SQLAlchemy puts it after the server's words.
fn failed(error: &RunError) -> String {
    let RunError::Revision { failure, .. } = error else { return error.to_string() };
    let statement = failure.message.split_once("[SQL: ").map(|(_, rest)| rest);
    // What SQLAlchemy writes behind a statement; the statement may hold brackets too.
    let behind = ["]\n[parameters: ", "]\n(Background on this error"];
    let end = |rest: &str| {
        let first = behind.iter().filter_map(|words| rest.find(words)).min();
        first.or_else(|| rest.rfind(']')).unwrap_or(rest.len())
    };
    let statement = statement.map(|rest| rest[..end(rest)].trim());
    match statement.filter(|statement| !statement.is_empty()) {
        Some(statement) => {
            let cut = statement.char_indices().nth(LONGEST).map(|(at, _)| at);
            let dots = if cut.is_some() { "..." } else { "" };
            format!(
                "{error}; the statement: {}{dots}",
                &statement[..cut.unwrap_or(statement.len())]
            )
        }
        None => error.to_string(),
    }
}

impl CatchUpError {
    /// Whether a revision only met another session that changed the same at the same time: roles are shared by
    /// all databases of a server, so catch-ups of several databases collide there. The statement was not done.
    pub fn is_collision(&self) -> bool {
        let Self::Run { source, .. } = self else { return false };
        let RunError::Revision { failure, .. } = source.as_ref() else { return false };
        // deadlock_detected and serialization_failure; the others have no code of their own.
        let code = failure.sqlstate.as_deref();
        matches!(code, Some("40P01" | "40001"))
            || failure.message.contains("tuple concurrently updated")
            || failure.message.contains("tuple concurrently deleted")
    }

    /// What to do.
    pub fn help(&self) -> String {
        const AGAIN: &str = "put right what it says, then run the same command again: it goes on from where the \
                             database stands";
        match self {
            Self::Url(error) => error.hints().join("; "),
            Self::Connect(error) => error.help(),
            Self::Sql(_) => "nothing was written".to_owned(),
            Self::Locked => {
                "a migration may be running: wait for it, or raise --lock-timeout".to_owned()
            }
            Self::ReadOnly(error) => error.help().to_owned(),
            Self::Busy | Self::Upgrading => {
                "wait until it has ended; nothing was written by this one".to_owned()
            }
            Self::Lost(_) | Self::LockLost(_) => {
                "run the same command again: it goes on from where the database stands".to_owned()
            }
            Self::Run { source, .. } => match source.as_ref() {
                RunError::Revision { .. } => AGAIN.to_owned(),
                other => other
                    .hints()
                    .into_iter()
                    .chain([AGAIN.to_owned()])
                    .collect::<Vec<_>>()
                    .join("; "),
            },
            Self::Offline { source } => source.hints().join("; "),
            Self::NoOffline => "leave --sql out, or --command".to_owned(),
            Self::NotThere { .. } => {
                "env.py must let the transaction commit, and a --command must upgrade to all heads"
                    .to_owned()
            }
            Self::NoDump(error) => error.hints().join("; "),
            Self::Dump(_) | Self::BackupFile(_) | Self::NoName { .. } => {
                "nothing was run on this database".to_owned()
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::run::channel::Failure;

    #[test]
    fn the_statement_is_told_with_the_servers_words() {
        let message = "(psycopg.errors.UndefinedTable) relation \"x\" does not exist\nLINE 1: select\n\
                       [SQL: select a[1]\nfrom x]\n(Background on this error at: https://sqlalche.me/e/20/f405)";
        let failure = Failure {
            revision: Some("r3".to_owned()),
            class: "sqlalchemy.exc.ProgrammingError".to_owned(),
            message: message.to_owned(),
            line: Some(12),
            ..Failure::default()
        };
        let source = Box::new(RunError::revision(failure, vec!["before".to_owned()]));
        let error = CatchUpError::Run { applied: vec!["r2".to_owned()], source };
        assert_eq!(
            error.to_string(),
            "revision `r3` failed in line 12: (psycopg.errors.UndefinedTable) relation \"x\" does not exist; \
             the statement: select a[1]\nfrom x"
        );
    }
}
