//! Stamp: write the baseline's id into the version table of a database that stands at the cut.
//!
//! Takes what the archives say ([`Plan`]) and a target; gives one [`Told`] per database. Everything happens in
//! one transaction with a lock timeout: a database is stamped, or it is as before. A database that
//! stands anywhere else is refused, with what was found. This is the only stage that writes to a
//! database which is not a scratch database.

mod decision;

use std::time::{Duration, Instant};

use serde::{Serialize, Serializer};
use sqlx::postgres::PgConnection;
use sqlx::{AssertSqlSafe, ConnectOptions, Connection};

use crate::postgres::catalog;
use crate::postgres::identifier;
use crate::postgres::programs::Table;
use crate::postgres::target::Target;
use crate::postgres::url::{Url, UrlError};
pub use decision::{Decision, Plan, Replaced, Requires};

/// Limits for one database.
#[derive(Debug, Clone, Copy)]
pub struct Patience {
    /// For the connection.
    pub connect: Duration,
    /// For the lock on the version table.
    pub lock: Duration,
}

/// What became of a database.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// It stands at the baseline or later.
    AlreadyThere,
    /// The baseline's id was written.
    Stamped,
    /// The archived revisions that it lacked were run before.
    CaughtUp,
    /// It would be stamped.
    WouldStamp,
    /// It was left as it is.
    Refused,
}

/// One line of the report.
#[derive(Debug, Clone, Serialize)]
pub struct Told {
    /// The database, without its password.
    pub target: String,
    /// What became of it.
    pub outcome: Outcome,
    /// The rows of its version table; none if there is no such table.
    pub found: Option<Vec<String>>,
    /// The id that it should have.
    pub expected: String,
    /// Why it was refused.
    pub why: Option<String>,
    /// What to do.
    pub help: Option<String>,
    /// How long it took.
    #[serde(serialize_with = "milliseconds")]
    pub seconds: f64,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks for this signature")]
fn milliseconds<S: Serializer>(seconds: &f64, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_f64((seconds * 1000.0).round() / 1000.0)
}

/// Why a target could not be read or written.
#[derive(Debug, thiserror::Error)]
enum TargetError {
    #[error(transparent)]
    Url(#[from] UrlError),
    #[error("cannot connect: {0}")]
    Connect(sqlx::Error),
    #[error("cannot connect: no answer within {} s", .0.as_secs_f64())]
    Timeout(Duration),
    #[error("the version table is locked by another session")]
    Locked,
    #[error("{0}")]
    Sql(sqlx::Error),
}

impl From<sqlx::Error> for TargetError {
    fn from(error: sqlx::Error) -> Self {
        // 55P03 is lock_not_available: the lock timeout.
        let locked = error.as_database_error().and_then(sqlx::error::DatabaseError::code);
        if locked.as_deref() == Some("55P03") { Self::Locked } else { Self::Sql(error) }
    }
}

impl TargetError {
    fn help(&self) -> &'static str {
        match self {
            Self::Url(_) => "write it as postgresql://USER@HOST:PORT/DATABASE",
            Self::Connect(_) | Self::Timeout(_) => {
                "check host, port, user and password; nothing was written"
            }
            Self::Locked => "a migration may be running: wait for it, or raise --lock-timeout",
            Self::Sql(_) => "nothing was written: the transaction was rolled back",
        }
    }
}

/// Stamps one database, or only says where it stands when `write` is false.
pub async fn stamp(target: &Target, plan: &Plan, patience: Patience, write: bool) -> Told {
    let started = Instant::now();
    let result = attempt(&target.url, plan, patience, write).await;
    let (outcome, found, why, help) = match result {
        Ok((Decision::AlreadyThere, found)) => (Outcome::AlreadyThere, found, None, None),
        Ok((Decision::Stamp(_), found)) => {
            (if write { Outcome::Stamped } else { Outcome::WouldStamp }, found, None, None)
        }
        Ok((Decision::Refuse(why, help), found)) => {
            (Outcome::Refused, found, Some(why), Some(help))
        }
        Err(error) => {
            (Outcome::Refused, None, Some(error.to_string()), Some(error.help().to_owned()))
        }
    };
    Told {
        target: target.to_string(),
        outcome,
        found,
        expected: plan.shown(),
        why,
        help,
        seconds: started.elapsed().as_secs_f64(),
    }
}

async fn attempt(
    url: &Url,
    plan: &Plan,
    patience: Patience,
    write: bool,
) -> Result<(Decision, Option<Vec<String>>), TargetError> {
    let options = url.options()?;
    let connect = tokio::time::timeout(patience.connect, options.connect()).await;
    let mut connection = connect
        .map_err(|_| TargetError::Timeout(patience.connect))?
        .map_err(TargetError::Connect)?;
    let result = transact(&mut connection, plan, patience, write).await;
    // The outcome stands; a connection that cannot say goodbye changes nothing.
    let _ = connection.close().await;
    result
}

async fn transact(
    connection: &mut PgConnection,
    plan: &Plan,
    patience: Patience,
    write: bool,
) -> Result<(Decision, Option<Vec<String>>), TargetError> {
    let mut transaction = connection.begin().await?;
    if !write {
        sqlx::raw_sql("SET TRANSACTION READ ONLY").execute(&mut *transaction).await?;
    }
    let timeout = format!("SET LOCAL lock_timeout = {}", patience.lock.as_millis().max(1));
    sqlx::raw_sql(AssertSqlSafe(timeout)).execute(&mut *transaction).await?;
    let record = &plan.version_table;
    let table =
        catalog::find_table(&mut transaction, record.schema.as_deref(), &record.table).await?;
    let Some(table) = table else { return Ok((plan.decide(None), None)) };
    let name = identifier::qualify(Some(&table.schema), &table.name);
    if write {
        // Keeps a running migration and a second stamp out; readers go on.
        let lock = format!("LOCK TABLE {name} IN SHARE ROW EXCLUSIVE MODE");
        sqlx::raw_sql(AssertSqlSafe(lock)).execute(&mut *transaction).await?;
    }
    let rows = catalog::version_rows(&mut transaction, &table).await?;
    let decision = plan.decide(Some(&rows));
    if let Decision::Stamp(rows) = &decision
        && write
    {
        rewrite(&mut transaction, &table, rows).await?;
        transaction.commit().await?;
    } else {
        transaction.rollback().await?;
    }
    Ok((decision, Some(rows)))
}

async fn rewrite(
    connection: &mut PgConnection,
    table: &Table,
    rows: &[String],
) -> Result<(), sqlx::Error> {
    let name = identifier::qualify(Some(&table.schema), &table.name);
    let delete = format!("DELETE FROM {name}");
    sqlx::raw_sql(AssertSqlSafe(delete)).execute(&mut *connection).await?;
    let insert = format!("INSERT INTO {name} (version_num) SELECT unnest($1::text[])");
    sqlx::query(AssertSqlSafe(insert)).bind(rows).execute(connection).await?;
    Ok(())
}
