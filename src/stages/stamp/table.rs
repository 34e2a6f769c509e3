//! The version table of a target: found, checked, read; locked and written, or made.
//!
//! Each function is given a transaction, and leaves its end to the caller. No statement is prepared: a pooler may
//! stand in between, and each message is a journey to a server that may be far away.

use std::time::Duration;

use rebaseline_archive::VersionTableRecord;
use sqlx::postgres::PgConnection;
use sqlx::{AssertSqlSafe, Connection, FromRow, Postgres, Transaction};

use crate::postgres::catalog;
use crate::postgres::identifier;
use crate::postgres::programs::Table;
use crate::postgres::session::{COLUMNS, Session};
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
    /// Whether anything may be written here.
    pub session: Session,
    /// Its rows, sorted.
    pub rows: Vec<String>,
}

/// What there is to know of a version table.
#[derive(sqlx::FromRow)]
struct Facts {
    schema: String,
    name: String,
    kind: String,
    owner: String,
    /// Whether our user may.
    readable: bool,
    writable: bool,
    /// Row security may hide rows.
    hidden: bool,
    /// The kind of type of its column.
    category: Option<String>,
    /// Columns that need a value besides.
    needed: Vec<String>,
    #[sqlx(flatten)]
    session: Session,
}

/// The facts of a table, by a literal of its name.
fn facts(name: &str) -> String {
    format!(
        "
select n.nspname::text as schema, c.relname::text as name, c.relkind::text as kind,
       pg_catalog.pg_get_userbyid(c.relowner)::text as owner,
       pg_catalog.has_table_privilege(c.oid, 'SELECT') as readable,
       pg_catalog.has_table_privilege(c.oid, 'INSERT') and pg_catalog.has_table_privilege(c.oid, 'DELETE') as writable,
       pg_catalog.row_security_active(c.oid) as hidden,
       (select t.typcategory::text from pg_catalog.pg_attribute a join pg_catalog.pg_type t on t.oid = a.atttypid
         where a.attrelid = c.oid and a.attname = 'version_num' and not a.attisdropped) as category,
       array(select a.attname::text from pg_catalog.pg_attribute a
              where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped and a.attnotnull
                and not a.atthasdef and a.attidentity = '' and a.attname <> 'version_num' order by a.attnum) as needed,
       {COLUMNS}
  from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
 where c.oid = pg_catalog.to_regclass({name})"
    )
}

/// Finds and reads the version table: in the schema that is named, or where the search path leads. None if
/// there is no such table.
pub async fn find(
    connection: &mut PgConnection,
    record: &VersionTableRecord,
) -> Result<Option<Found>, TargetError> {
    let name = identifier::qualify(record.schema.as_deref(), &record.table);
    let query = facts(&identifier::literal(&name));
    let row = sqlx::raw_sql(AssertSqlSafe(query)).fetch_optional(&mut *connection).await?;
    let Some(row) = row else { return Ok(None) };
    let facts = Facts::from_row(&row)?;
    let Facts { schema, name, kind, owner, readable, writable, hidden, category, needed, session } =
        facts;
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
    Ok(Some(Found { table, owner, writable, session, rows }))
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
    let mut rewrite = format!("DELETE FROM {name}");
    for row in rows {
        let row = identifier::literal(row);
        rewrite.push_str(&format!("; INSERT INTO {name} (version_num) VALUES ({row})"));
    }
    sqlx::raw_sql(AssertSqlSafe(rewrite)).execute(connection).await?;
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
