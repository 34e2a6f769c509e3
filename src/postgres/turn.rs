//! One rebaseline at a time for each version table: a lock that ends with the transaction, so that it works
//! behind a pooler too, and is gone when we are.

use sqlx::AssertSqlSafe;
use sqlx::postgres::PgConnection;

use crate::postgres::identifier;

/// Waits, as long as `lock_timeout` allows, until no other rebaseline is at work on this version table. The
/// table need not be there yet; without a schema it is the one where the search path leads.
pub async fn take(
    connection: &mut PgConnection,
    schema: Option<&str>,
    table: &str,
) -> Result<(), sqlx::Error> {
    let key = identifier::literal(&format!("rebaseline {}", identifier::qualify(schema, table)));
    let query =
        format!("select pg_catalog.pg_advisory_xact_lock(pg_catalog.hashtextextended({key}, 0))");
    sqlx::raw_sql(AssertSqlSafe(query)).execute(connection).await?;
    Ok(())
}
