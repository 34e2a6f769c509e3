//! Whether a session may write at all.

use sqlx::postgres::PgConnection;
use sqlx::{AssertSqlSafe, FromRow};

/// What a server says of its sessions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, FromRow)]
pub struct Session {
    /// The server is a standby.
    pub standby: bool,
    /// Its transactions are read-only.
    pub read_only: bool,
}

/// Why nothing can be written in a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ReadOnly {
    /// A standby.
    #[error("it is a read-only replica (in recovery), and would have to be written to")]
    Replica,
    /// Transactions are read-only there.
    #[error(
        "its transactions are read-only (default_transaction_read_only), and it would have to be written to"
    )]
    Transactions,
}

impl ReadOnly {
    /// What to do.
    pub fn help(self) -> &'static str {
        match self {
            Self::Replica => {
                "name the primary server (target_session_attrs=read-write chooses it among several hosts); \
                 nothing was written"
            }
            Self::Transactions => {
                "name a server or a user that may write, or lift the setting; nothing was written"
            }
        }
    }
}

impl Session {
    /// Whether it may write, as far as that can be known beforehand.
    pub fn may_write(self) -> Result<(), ReadOnly> {
        match self {
            Self { standby: true, .. } => Err(ReadOnly::Replica),
            Self { read_only: true, .. } => Err(ReadOnly::Transactions),
            _ => Ok(()),
        }
    }
}

/// The columns of a [`Session`], for a query that asks for more.
pub const COLUMNS: &str = "pg_catalog.pg_is_in_recovery() as standby, \
     pg_catalog.current_setting('default_transaction_read_only')::bool as read_only";

/// Asks a server.
pub async fn read(connection: &mut PgConnection) -> Result<Session, sqlx::Error> {
    let query = format!("select {COLUMNS}");
    Session::from_row(&sqlx::raw_sql(AssertSqlSafe(query)).fetch_one(connection).await?)
}
