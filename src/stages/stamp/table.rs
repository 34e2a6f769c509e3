//! The version table of a target: locked and written, or made.
//!
//! Each function is given a transaction, and leaves its end to the caller. No statement is prepared: a pooler may
//! stand in between, and each message is a journey to a server that may be far away.

use std::time::Duration;

use rebaseline_archive::VersionTableRecord;
use sqlx::postgres::PgConnection;
use sqlx::{AssertSqlSafe, Connection, Postgres, Transaction};

use crate::postgres::catalog;
use crate::postgres::identifier;
use crate::postgres::programs::Table;
use crate::stages::stamp::error::TargetError;

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
