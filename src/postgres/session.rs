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

/// The columns of a [`Session`], for a query that asks for more.
pub const COLUMNS: &str = "pg_catalog.pg_is_in_recovery() as standby, \
     pg_catalog.current_setting('default_transaction_read_only')::bool as read_only";

/// Asks a server.
pub async fn read(connection: &mut PgConnection) -> Result<Session, sqlx::Error> {
    let query = format!("select {COLUMNS}");
    Session::from_row(&sqlx::raw_sql(AssertSqlSafe(query)).fetch_one(connection).await?)
}
