//! Stamp: write the baseline's id into the version table of a database that stands at the cut.
//!
//! Takes what the archives say ([`Plan`]) and a target; gives one [`Told`] per database. It looks at a database in one
//! read-only transaction: rows, and the catalog. Then it writes in another one, with the version table
//! locked and its rows as they were: a database is stamped, or it is as before. A database that stands
//! anywhere else, or whose catalog is not what the history builds, is refused, with what was found. This is
//! the only stage that writes to a database which is not a scratch database.

mod check;
mod decision;
mod error;
mod found;
mod graph;
mod table;
mod told;

use std::time::Instant;

use rebaseline_archive::VersionTableRecord;
use sqlx::Connection;
use sqlx::postgres::PgConnection;

use crate::postgres::connect::{self, Patience};
use crate::postgres::programs::Table;
use crate::postgres::said;
use crate::postgres::session;
use crate::postgres::target::Target;
use crate::postgres::turn;
pub use check::Check;
use check::Subject;
pub use decision::{Allowed, Decision, Judgement, Plan, Replaced};
use error::TargetError;
use found::Found;
pub use graph::Requires;
pub use told::{Catalog, Outcome, Told, unmatched};

/// Stamps one database, or only says where it stands when `write` is false.
pub async fn stamp(target: &Target, plan: &Plan, patience: Patience, write: bool) -> Told {
    let started = Instant::now();
    let mut told = Told::untouched(target, plan, Outcome::Refused);
    match attempt(target, plan, patience, write).await {
        Ok(look) => {
            told.read = true;
            told.found = look.found.map(|found| found.rows);
            told.missing = look.judgement.missing;
            told.ghosts = look.judgement.ghosts;
            told.catalog = look.catalog;
            told.outcome = match (look.judgement.decision, write) {
                (Decision::AlreadyThere, _) => Outcome::AlreadyThere,
                (Decision::Stamp(_), true) => Outcome::Stamped,
                (Decision::Stamp(_), false) => Outcome::WouldStamp,
                (Decision::Adopt(_), true) => Outcome::Adopted,
                (Decision::Adopt(_), false) => Outcome::WouldAdopt,
                (Decision::Refuse(why, help), _) => {
                    (told.why, told.help) = (Some(why), Some(help));
                    Outcome::Refused
                }
            };
        }
        Err(error) => {
            told.help = Some(error.help());
            told.why = Some(error.to_string());
        }
    }
    told.seconds = started.elapsed().as_secs_f64();
    told
}

/// What a look at a database found.
struct Look {
    found: Option<Found>,
    /// Where the version table is, or would be made.
    table: Option<Table>,
    judgement: Judgement,
    catalog: Option<Catalog>,
}

async fn attempt(
    target: &Target,
    plan: &Plan,
    patience: Patience,
    write: bool,
) -> Result<Look, TargetError> {
    let mut connection = connect::connect(&target.url, patience.connect).await?;
    let mut result = look_and_write(&mut connection, target, plan, patience, write).await;
    if let Err(TargetError::Locked(tables)) = &mut result
        && tables.is_empty()
    {
        // Who looks afterwards may find the lock gone; then no table is named.
        *tables = locked_tables(&mut connection, patience).await.unwrap_or_default();
    }
    // The outcome stands; a connection that cannot say goodbye changes nothing.
    let _ = connection.close().await;
    result
}

/// In a transaction of its own: a pooler keeps its statements together.
async fn locked_tables(
    connection: &mut PgConnection,
    patience: Patience,
) -> Result<Vec<String>, sqlx::Error> {
    let mut transaction = table::begin(connection, "READ ONLY", patience.lock).await?;
    let tables = table::locked_tables(&mut transaction).await?;
    transaction.rollback().await?;
    Ok(tables)
}

async fn look_and_write(
    connection: &mut PgConnection,
    target: &Target,
    plan: &Plan,
    patience: Patience,
    write: bool,
) -> Result<Look, TargetError> {
    // What the rows say must still hold when they are written; if not, it is looked at once more.
    for _ in 0..2 {
        let look = look(connection, target, plan, patience).await?;
        let rows = match &look.judgement.decision {
            Decision::Stamp(rows) | Decision::Adopt(rows) if write => rows,
            _ => return Ok(look),
        };
        let Some(table) = &look.table else { return Ok(look) };
        let found = look.found.as_ref().map(|found| found.rows.as_slice());
        let record = version_table(target, plan);
        match put(connection, &record, table, found, rows, plan.width(), patience).await {
            Err(TargetError::Moved) => {}
            result => return result.map(|()| look),
        }
    }
    Err(TargetError::Moved)
}

/// The version table of a target.
fn version_table(target: &Target, plan: &Plan) -> VersionTableRecord {
    let mut record = plan.version_table.clone();
    if target.schema.is_some() {
        record.schema.clone_from(&target.schema);
    }
    record
}

/// Reads where a database stands, and compares its catalog where that matters. All of it sees the same
/// moment.
async fn look(
    connection: &mut PgConnection,
    target: &Target,
    plan: &Plan,
    patience: Patience,
) -> Result<Look, TargetError> {
    let kind = "ISOLATION LEVEL REPEATABLE READ, READ ONLY";
    let mut transaction = table::begin(connection, kind, patience.lock).await?;
    let record = version_table(target, plan);
    let found = found::find(&mut transaction, &record).await?;
    let judgement = plan.judge(found.as_ref().map(|f| f.rows.as_slice()), plan.allowed);
    let mut look = Look { table: None, found, judgement, catalog: None };
    if matches!(look.judgement.decision, Decision::Refuse(..)) {
        transaction.rollback().await?;
        return Ok(look);
    }
    let table = match &look.found {
        Some(found) => found.table.clone(),
        None => table::place(&mut transaction, &record).await?,
    };
    let own = plan.version_table.schema.as_deref().unwrap_or("public");
    let subject = Subject {
        version_table: &table,
        owner: look.found.as_ref().map(|found| found.owner.as_str()),
        tenant: target.schema.as_deref().map(|tenant| (own, tenant)),
        reach: &look.judgement.reach,
        decision: &look.judgement.decision,
    };
    let (catalog, refusal) = plan.check.run(&mut transaction, subject).await?;
    look.catalog = Some(catalog);
    let mut decision = refusal.map(|(why, help)| Decision::Refuse(why, help));
    if decision.is_none() && look.judgement.decision != Decision::AlreadyThere {
        let unwritable = cannot_write(&mut transaction, look.found.as_ref()).await?;
        decision = unwritable.map(|e| Decision::Refuse(e.to_string(), e.help()));
    }
    if let Some(decision) = decision {
        look.judgement.decision = decision;
    }
    look.table = Some(table);
    transaction.rollback().await?;
    Ok(look)
}

/// Why the version table could not be written, as far as that can be known beforehand.
async fn cannot_write(
    connection: &mut PgConnection,
    found: Option<&Found>,
) -> Result<Option<TargetError>, sqlx::Error> {
    let session = match found {
        Some(found) => found.session,
        None => session::read(connection).await?,
    };
    if let Err(error) = session.may_write() {
        return Ok(Some(error.into()));
    }
    let forbidden = found.filter(|found| !found.writable).map(|found| {
        let Table { schema, name } = &found.table;
        TargetError::Privilege(format!("it has no INSERT and DELETE on {schema}.{name}"))
    });
    Ok(forbidden)
}

/// Writes the rows, if those that are there are still the ones that were found: all or nothing.
async fn put(
    connection: &mut PgConnection,
    record: &VersionTableRecord,
    table: &Table,
    found: Option<&[String]>,
    rows: &[String],
    width: usize,
    patience: Patience,
) -> Result<(), TargetError> {
    let kind = "ISOLATION LEVEL READ COMMITTED";
    let mut transaction = table::begin(connection, kind, patience.lock).await?;
    let turn = turn::take(&mut transaction, record.schema.as_deref(), &record.table).await;
    turn.map_err(|error| match TargetError::from(error) {
        TargetError::Locked(_) => TargetError::Turn,
        other => other,
    })?;
    if let Some(found) = found {
        let locked = table::lock(&mut transaction, table).await;
        let now = locked.map_err(|error| moved(error, &[UNDEFINED_TABLE], table))?;
        if now != found {
            return Err(TargetError::Moved);
        }
    } else {
        let created = table::create(&mut transaction, table, width).await;
        created.map_err(|error| moved(error, &[DUPLICATE_TABLE, UNIQUE_VIOLATION], table))?;
    }
    table::rewrite(&mut transaction, table, rows).await?;
    transaction.commit().await.map_err(|error| match error {
        // The server said no: nothing is committed. One that ends the session may say so after it has.
        sqlx::Error::Database(_) if !said::is_lost(&error) => TargetError::from(error),
        _ => TargetError::Commit(error),
    })
}

const UNDEFINED_TABLE: &str = "42P01";
const DUPLICATE_TABLE: &str = "42P07";
/// Two sessions that make the same table at the same time meet in an index of the catalog.
const UNIQUE_VIOLATION: &str = "23505";

/// These codes mean that somebody was faster; a lock that is not to be had is that of the version table.
fn moved(error: sqlx::Error, codes: &[&str], table: &Table) -> TargetError {
    let code = error.as_database_error().and_then(sqlx::error::DatabaseError::code);
    if code.is_some_and(|code| codes.contains(&code.as_ref())) {
        return TargetError::Moved;
    }
    match TargetError::from(error) {
        TargetError::Locked(_) => {
            TargetError::Locked(vec![format!("{}.{}", table.schema, table.name)])
        }
        other => other,
    }
}
