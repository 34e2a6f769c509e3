//! Why a target could not be read or written, and what to do about it.

use crate::postgres::connect::ConnectError;
use crate::postgres::said::{self, said};
use crate::postgres::session::ReadOnly;

/// Why a target could not be read or written. Nothing was written, but where it says otherwise.
#[derive(Debug, thiserror::Error)]
pub enum TargetError {
    /// The server, or the way to it.
    #[error(transparent)]
    Connect(#[from] ConnectError),
    /// Another session holds a lock that reading or writing needs.
    #[error("{}", locked(.0))]
    Locked(Vec<String>),
    /// Another rebaseline writes to it.
    #[error("its version table is locked by another rebaseline")]
    Turn,
    /// A time limit of the server or of the role.
    #[error("the server stopped a statement: {0}")]
    Cancelled(String),
    /// A privilege is missing.
    #[error("its user may not do that: {0}")]
    Privilege(String),
    /// The version table is none that Alembic could use.
    #[error("its version table {table} cannot be used: {why}")]
    Table {
        /// The table.
        table: String,
        /// What is wrong with it.
        why: String,
    },
    /// Nothing can be written there.
    #[error(transparent)]
    ReadOnly(#[from] ReadOnly),
    /// There is no schema for a new version table.
    #[error("there is no schema {0} for its version table")]
    Schema(String),
    /// Its version table changed while it was looked at, twice.
    #[error("its version table changes while it is looked at")]
    Moved,
    /// The connection broke at the end.
    #[error("the connection was lost while the change was committed: {}", said(.0))]
    Commit(sqlx::Error),
    /// The connection broke before: the server ended the session, or the network did.
    #[error("the connection was lost: {}", said(.0))]
    Lost(sqlx::Error),
    /// Anything else.
    #[error("{}", said(.0))]
    Sql(sqlx::Error),
}

fn locked(by: &[String]) -> String {
    match by {
        [] => "a lock was not to be had in time".to_owned(),
        tables => format!("{} is locked by another session", tables.join(", ")),
    }
}

impl From<sqlx::Error> for TargetError {
    fn from(error: sqlx::Error) -> Self {
        // From PostgreSQL's table of error codes (appendix A of its documentation).
        match said::code(&error).as_deref() {
            Some("55P03") => Self::Locked(Vec::new()),
            Some("57014") => Self::Cancelled(said(&error)),
            Some("42501") => Self::Privilege(said(&error)),
            Some("25006") => ReadOnly::Transactions.into(),
            _ if said::is_lost(&error) => Self::Lost(error),
            _ => Self::Sql(error),
        }
    }
}

impl TargetError {
    /// What to do.
    pub fn help(&self) -> String {
        let help = match self {
            Self::Connect(error) => return error.help(),
            Self::Turn => "wait until it has ended, or raise --lock-timeout; nothing was written",
            Self::Locked(_) => {
                "a migration may be running: wait for it, or raise --lock-timeout; nothing was written"
            }
            Self::Cancelled(_) => {
                "raise the statement_timeout of this user, or ask again when the server is less busy; \
                 nothing was written"
            }
            Self::Privilege(_) => {
                "stamp as the user who runs the migrations, or grant SELECT, INSERT and DELETE on the \
                 version table; nothing was written"
            }
            Self::Table { .. } => {
                "check that it is Alembic's: one column version_num, which holds text; nothing was written"
            }
            Self::ReadOnly(error) => error.help(),
            Self::Schema(_) => "make the schema first; nothing was written",
            Self::Moved => "a migration may be running: try again; nothing was written",
            Self::Commit(_) => "whether it is stamped is not known: run the same command again",
            Self::Lost(_) => "nothing was written: run the same command again",
            Self::Sql(_) => "nothing was written: the transaction was rolled back",
        };
        help.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::postgres::said::tests::served;

    #[test]
    fn a_session_that_is_ended_is_no_error_of_a_statement() {
        let ended = "terminating connection due to administrator command";
        let error = TargetError::from(served("57P01", ended));
        assert_eq!(error.to_string(), format!("the connection was lost: {ended}"));
        assert_eq!(error.help(), "nothing was written: run the same command again");
        let error = TargetError::from(sqlx::Error::Io(std::io::ErrorKind::ConnectionReset.into()));
        assert_eq!(error.to_string(), "the connection was lost: connection reset");
        let error = TargetError::from(served("42883", "function f() does not exist"));
        assert_eq!(error.to_string(), "function f() does not exist");
        assert!(matches!(
            TargetError::from(served("57014", "canceled")),
            TargetError::Cancelled(_)
        ));
    }
}
