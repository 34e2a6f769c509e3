//! Catch-up: the archived revisions that a database lacks, run on that database and only on it.
//!
//! Takes a target that stands behind a cut, the revisions laid out in a folder, and an interpreter; leaves
//! the database at the cut, to be checked and stamped by `stamp`. Whoever runs migrations on a target
//! must hold it ([`Held`]): an advisory lock keeps a second catch-up out, and proves from inside that the
//! migrations are connected to this database. On failure the database stands at an archived revision, as
//! Alembic and the project's env.py left it, and another catch-up goes on from there.

pub mod backup;
mod error;
pub mod lacking;

use std::ffi::OsString;
use std::sync::Mutex;

use rebaseline_archive::VersionTableRecord;
use sha2::{Digest, Sha256};
use sqlx::postgres::PgConnection;
use sqlx::{AssertSqlSafe, Connection};

use crate::files;
use crate::format::alembic::bridge;
use crate::postgres::catalog;
use crate::postgres::connect::{self, Patience, Waiting};
use crate::postgres::destination::Destination;
use crate::postgres::identifier;
use crate::postgres::session;
use crate::postgres::target::Target;
use crate::run::channel::Event;
use crate::run::{Goal, Interpreter, Job, Nowhere, Place, Proof, RunError, Scripts};
pub use error::CatchUpError;

/// Where a database stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Standing {
    /// No row in a version table, and nothing else either.
    Empty,
    /// No row in a version table, but tables.
    Unversioned,
    /// At these rows.
    At(Vec<String>),
}

/// Whether there is any relation but the version table (`$1`), of which extensions bring their own.
const OCCUPIED: &str = "
select exists (
    select from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
     where c.relkind in ('r', 'p', 'v', 'm', 'f', 'S')
       and n.nspname <> 'information_schema' and n.nspname !~ '^pg_'
       and c.oid is distinct from to_regclass($1)::oid
       and not exists (select from pg_catalog.pg_depend d
                        where d.classid = 'pg_catalog.pg_class'::regclass and d.objid = c.oid
                          and d.deptype = 'e'))";

/// Reads where a database stands; writes nothing.
pub async fn look(
    target: &Target,
    table: &VersionTableRecord,
    patience: Patience,
) -> Result<Standing, CatchUpError> {
    let mut connection = connect::connect(&target.url, patience.connect).await?;
    let mut transaction = connection.begin().await?;
    let limit = patience.lock.as_millis().max(1);
    let begin = format!("SET TRANSACTION READ ONLY; SET LOCAL lock_timeout = {limit}");
    sqlx::raw_sql(AssertSqlSafe(begin)).execute(&mut *transaction).await?;
    let found =
        catalog::find_table(&mut transaction, table.schema.as_deref(), &table.table).await?;
    let rows = match &found {
        Some(found) => catalog::version_rows(&mut transaction, found).await?,
        None => Vec::new(),
    };
    let name = found.map(|found| identifier::qualify(Some(&found.schema), &found.name));
    let occupied: bool = sqlx::query_scalar(OCCUPIED)
        .bind(name)
        .persistent(false)
        .fetch_one(&mut *transaction)
        .await?;
    transaction.rollback().await?;
    // What was read stands; a connection that cannot say goodbye changes nothing.
    let _ = connection.close().await;
    Ok(match (rows.is_empty(), occupied) {
        (false, _) => Standing::At(rows),
        (true, true) => Standing::Unversioned,
        (true, false) => Standing::Empty,
    })
}

/// A target that no other catch-up touches as long as this value lives. The only place besides scratch
/// databases that migrations can be led to, and made only here.
#[derive(Debug)]
pub struct Held {
    destination: Destination,
    proof: Proof,
    /// Its open transaction holds the lock. It reads and writes nothing, so that no revision waits for it.
    connection: PgConnection,
}

impl Place for Held {
    fn destination(&self) -> Destination {
        self.destination.clone()
    }

    fn proof(&self) -> Option<Proof> {
        Some(self.proof)
    }
}

/// The first number of our advisory locks: `rbcu` in ASCII.
const CLASS: i32 = 0x7262_6375;

/// Begins the transaction that holds the lock, however long the revisions take. (Only some versions have
/// `transaction_timeout`.)
const BEGIN: &str = "BEGIN; \
    SELECT pg_catalog.set_config(name, '0', true) FROM pg_catalog.pg_settings WHERE name IN \
    ('idle_in_transaction_session_timeout', 'transaction_timeout', 'idle_session_timeout')";

impl Held {
    /// Takes the lock of a target, or says that another catch-up has it. A lock of a transaction, so that
    /// a pooler in transaction mode keeps it too.
    pub async fn take(
        target: &Target,
        table: &VersionTableRecord,
        waiting: Waiting,
    ) -> Result<Self, CatchUpError> {
        let name = identifier::qualify(table.schema.as_deref(), &table.table);
        let hash = Sha256::digest(name.as_bytes());
        // Without the sign: pg_locks shows the numbers without one.
        let object = i32::from_be_bytes([hash[0] & 0x7f, hash[1], hash[2], hash[3]]);
        let proof = Proof { class: CLASS, object };
        let (mut connection, place) = connect::reach(&target.url, waiting).await?;
        let destination = Destination::at(&target.url, place);
        session::read(&mut connection).await?.may_write()?;
        sqlx::raw_sql(BEGIN).execute(&mut connection).await?;
        let lock = format!("SELECT pg_catalog.pg_try_advisory_xact_lock({CLASS}, {object})");
        let taken: bool = sqlx::query_scalar(AssertSqlSafe(lock))
            .persistent(false)
            .fetch_one(&mut connection)
            .await?;
        if !taken {
            return Err(CatchUpError::Busy);
        }
        // An upgrade through the bridge runs the same revisions: it waits for us, or we for it.
        let schema = match &table.schema {
            Some(schema) => Some(schema.clone()),
            None => {
                sqlx::query_scalar("SELECT current_schema()::text")
                    .persistent(false)
                    .fetch_one(&mut connection)
                    .await?
            }
        };
        let number = bridge::version_table_number(&schema.unwrap_or_default(), &table.table);
        let lock =
            format!("SELECT pg_catalog.pg_try_advisory_xact_lock({}, {number})", bridge::LOCK);
        let alone: bool = sqlx::query_scalar(AssertSqlSafe(lock))
            .persistent(false)
            .fetch_one(&mut connection)
            .await?;
        if alone {
            Ok(Self { destination, proof, connection })
        } else {
            Err(CatchUpError::Upgrading)
        }
    }

    /// Asserts that the lock is still ours: a connection that broke has lost it.
    pub async fn check(&mut self) -> Result<(), CatchUpError> {
        let alive = sqlx::raw_sql("SELECT 1").execute(&mut self.connection).await;
        alive.map(|_| ()).map_err(CatchUpError::LockLost)
    }

    /// The major version of the server.
    pub async fn major(&mut self) -> Result<u32, CatchUpError> {
        let number: i32 = sqlx::query_scalar("select current_setting('server_version_num')::int")
            .persistent(false)
            .fetch_one(&mut self.connection)
            .await?;
        Ok(u32::try_from(number / 10_000).unwrap_or_default())
    }

    /// Gives the lock back.
    pub async fn release(mut self) {
        // Closing the connection gives it back as well.
        let _ = sqlx::raw_sql("ROLLBACK").execute(&mut self.connection).await;
        let _ = self.connection.close().await;
    }
}

/// Runs revisions on a held target; gives what was applied.
pub async fn run(
    held: &mut Held,
    scripts: &Scripts,
    environment: Vec<(OsString, OsString)>,
    interpreter: &mut Interpreter,
    tell: &(dyn Fn(&Event) + Send + Sync),
) -> Result<Vec<String>, CatchUpError> {
    held.check().await?;
    let applied = Mutex::new(Vec::new());
    let hear = |event: &Event| {
        if let (Event::Applied { revision, .. }, Ok(mut applied)) = (event, applied.lock()) {
            applied.push(revision.clone());
        }
        tell(event);
    };
    let job = Job { goal: Goal::Upgrade, database: &*held, scripts, environment };
    let ran = interpreter.run(job, &hear).await;
    let applied = applied.into_inner().unwrap_or_default();
    match ran {
        Ok(_) => {
            held.check().await?;
            Ok(applied)
        }
        Err(source) => Err(CatchUpError::Run { applied, source: Box::new(source) }),
    }
}

/// What would be run, as SQL; no database is contacted.
pub async fn sql(
    scripts: &Scripts,
    environment: Vec<(OsString, OsString)>,
    interpreter: &mut Interpreter,
) -> Result<String, CatchUpError> {
    if !interpreter.takes_jobs() {
        return Err(CatchUpError::NoOffline);
    }
    let job = Job { goal: Goal::UpgradeOffline, database: &Nowhere, scripts, environment };
    let failed = |source: RunError| CatchUpError::Offline { source: Box::new(source) };
    let ran = interpreter.run(job, &|_| {}).await.map_err(failed)?;
    let Some(file) = ran.stdout else { return Ok(String::new()) };
    let written = files::read(&file).map_err(|error| failed(error.into()))?;
    Ok(String::from_utf8_lossy(&written).into_owned())
}
