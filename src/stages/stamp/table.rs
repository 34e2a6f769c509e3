//! The version table of a target: found, checked, read; locked and written, or made.
//!
//! Each function is given a transaction, and leaves its end to the caller. No statement has a name, so
//! that a pooler may stand in between.

use std::time::Duration;

use rebaseline_archive::VersionTableRecord;
use sqlx::postgres::PgConnection;
use sqlx::{AssertSqlSafe, Connection, Postgres, Transaction};

use crate::postgres::catalog;
use crate::postgres::identifier;
use crate::postgres::programs::Table;
use crate::stages::stamp::error::TargetError;

/// A version table as it was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// Where it is.
    pub table: Table,
    /// Its owner: the role that runs the migrations.
    pub owner: String,
    /// Whether our user may write to it.
    pub writable: bool,
    /// Its rows, sorted.
    pub rows: Vec<String>,
}

/// What there is to know of a version table: schema, name, kind, owner, whether our user may read and write,
/// whether row security hides rows, the kind of type of its column, columns that need a value besides.
type Facts = (String, String, String, String, bool, bool, bool, Option<String>, Vec<String>);

const FACTS: &str = "
select n.nspname::text, c.relname::text, c.relkind::text, pg_catalog.pg_get_userbyid(c.relowner)::text,
       pg_catalog.has_table_privilege(c.oid, 'SELECT'),
       pg_catalog.has_table_privilege(c.oid, 'INSERT') and pg_catalog.has_table_privilege(c.oid, 'DELETE'),
       pg_catalog.row_security_active(c.oid),
       (select t.typcategory::text from pg_catalog.pg_attribute a join pg_catalog.pg_type t on t.oid = a.atttypid
         where a.attrelid = c.oid and a.attname = 'version_num' and not a.attisdropped),
       array(select a.attname::text from pg_catalog.pg_attribute a
              where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped and a.attnotnull
                and not a.atthasdef and a.attidentity = '' and a.attname <> 'version_num' order by a.attnum)
  from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
 where c.oid = pg_catalog.to_regclass($1)";

/// Finds and reads the version table: in the schema that is named, or where the search path leads. None if
/// there is no such table.
pub async fn find(
    connection: &mut PgConnection,
    record: &VersionTableRecord,
) -> Result<Option<Found>, TargetError> {
    let facts: Option<Facts> = sqlx::query_as(FACTS)
        .bind(identifier::qualify(record.schema.as_deref(), &record.table))
        .persistent(false)
        .fetch_optional(&mut *connection)
        .await?;
    let Some(facts) = facts else { return Ok(None) };
    let (schema, name, kind, owner, readable, writable, hidden, category, needed) = facts;
    let table = Table { schema, name };
    let name = identifier::qualify(Some(&table.schema), &table.name);
    let unusable = |why: String| TargetError::Table { table: name.clone(), why };
    if !matches!(kind.as_str(), "r" | "p") {
        return Err(unusable("it is no table".to_owned()));
    }
    match category.as_deref() {
        None => return Err(unusable("it has no column version_num".to_owned())),
        // The category of text and its kin.
        Some("S") => {}
        Some(_) => return Err(unusable("its column version_num holds no text".to_owned())),
    }
    if !needed.is_empty() {
        let needed = needed.join(", ");
        return Err(unusable(format!("it has more columns that need a value ({needed})")));
    }
    if !readable {
        return Err(TargetError::Privilege(format!("it has no SELECT on {name}")));
    }
    if hidden {
        return Err(unusable("row security may hide rows of it".to_owned()));
    }
    let rows = catalog::version_rows(connection, &table).await?;
    Ok(Some(Found { table, owner, writable, rows }))
}

/// Where a version table would be made.
pub async fn place(
    connection: &mut PgConnection,
    record: &VersionTableRecord,
) -> Result<Table, TargetError> {
    let schema = match &record.schema {
        Some(schema) => {
            let there: bool = sqlx::query_scalar(
                "select exists(select from pg_catalog.pg_namespace where nspname = $1)",
            )
            .bind(schema)
            .persistent(false)
            .fetch_one(connection)
            .await?;
            Some(schema.clone()).filter(|_| there)
        }
        None => {
            sqlx::query_scalar("select current_schema()::text")
                .persistent(false)
                .fetch_one(connection)
                .await?
        }
    };
    let named = record.schema.as_deref().unwrap_or("of the search path");
    let schema = schema.ok_or_else(|| TargetError::Schema(named.to_owned()))?;
    Ok(Table { schema, name: record.table.clone() })
}

/// Begins a transaction that waits so long for a lock.
pub async fn begin<'c>(
    connection: &'c mut PgConnection,
    kind: &str,
    patience: Duration,
) -> Result<Transaction<'c, Postgres>, sqlx::Error> {
    // One message: a server may be far away.
    let patience = patience.as_millis().max(1);
    let begin = format!("BEGIN {kind}; SET LOCAL lock_timeout = {patience}");
    connection.begin_with(AssertSqlSafe(begin)).await
}

/// Keeps a running migration and a second stamp out, while readers go on; gives the rows.
pub async fn lock(
    connection: &mut PgConnection,
    table: &Table,
) -> Result<Vec<String>, sqlx::Error> {
    let name = identifier::qualify(Some(&table.schema), &table.name);
    let lock = format!("LOCK TABLE {name} IN SHARE ROW EXCLUSIVE MODE");
    sqlx::raw_sql(AssertSqlSafe(lock)).execute(&mut *connection).await?;
    catalog::version_rows(connection, table).await
}

/// Writes the rows in the place of all others.
pub async fn rewrite(
    connection: &mut PgConnection,
    table: &Table,
    rows: &[String],
) -> Result<(), sqlx::Error> {
    let name = identifier::qualify(Some(&table.schema), &table.name);
    let delete = format!("DELETE FROM {name}");
    sqlx::raw_sql(AssertSqlSafe(delete)).execute(&mut *connection).await?;
    let insert = format!("INSERT INTO {name} (version_num) SELECT unnest($1::text[])");
    sqlx::query(AssertSqlSafe(insert)).bind(rows).persistent(false).execute(connection).await?;
    Ok(())
}

/// Makes the table as Alembic does.
pub async fn create(
    connection: &mut PgConnection,
    table: &Table,
    width: usize,
) -> Result<(), sqlx::Error> {
    let name = identifier::qualify(Some(&table.schema), &table.name);
    let key = identifier::quote(&format!("{}_pkc", table.name));
    let create = format!(
        "CREATE TABLE {name} (version_num VARCHAR({width}) NOT NULL, CONSTRAINT {key} PRIMARY KEY (version_num))"
    );
    sqlx::raw_sql(AssertSqlSafe(create)).execute(connection).await?;
    Ok(())
}

/// The tables of this database on which others hold a lock that keeps even readers out.
pub async fn locked_tables(connection: &mut PgConnection) -> Result<Vec<String>, sqlx::Error> {
    sqlx::query_scalar(
        "select distinct pg_catalog.quote_ident(n.nspname) || '.' || pg_catalog.quote_ident(c.relname) \
           from pg_catalog.pg_locks l join pg_catalog.pg_class c on c.oid = l.relation \
           join pg_catalog.pg_namespace n on n.oid = c.relnamespace \
          where l.granted and l.mode = 'AccessExclusiveLock' and c.oid >= 16384 \
            and c.relkind in ('r', 'p', 'v', 'm', 'f') and l.pid <> pg_catalog.pg_backend_pid() \
            and l.database = (select oid from pg_catalog.pg_database where datname = current_database()) \
          order by 1",
    )
    .persistent(false)
    .fetch_all(connection)
    .await
}

/// The role that most tables of a schema belong to, where no version table tells who runs the migrations.
pub async fn main_owner(
    connection: &mut PgConnection,
    schema: &str,
) -> Result<Option<String>, sqlx::Error> {
    sqlx::query_scalar(
        "select pg_catalog.pg_get_userbyid(c.relowner)::text from pg_catalog.pg_class c \
           join pg_catalog.pg_namespace n on n.oid = c.relnamespace \
          where n.nspname = $1 and c.relkind in ('r', 'p', 'v') \
          group by 1 order by count(*) desc, 1 limit 1",
    )
    .bind(schema)
    .persistent(false)
    .fetch_optional(connection)
    .await
}
