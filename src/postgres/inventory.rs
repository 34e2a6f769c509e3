//! Reads the inventory of a database.
//!
//! Takes any connection, also one with a transaction open; on the way back it is as it was: the
//! settings that what is printed depends on are set for one transaction, which is rolled back.

use sqlx::Connection;
use sqlx::postgres::PgConnection;

use crate::postgres::programs::Table;
use crate::schema::Object;
use crate::schema::inventory::{Inventory, Item, QUERY};

/// What the texts of the catalog functions depend on. `jit`: compiling a query of this size takes longer
/// than running it.
const SETTINGS: &str = "
select set_config(name, value, true)
  from (values ('search_path', ''), ('timezone', 'UTC'), ('datestyle', 'ISO, YMD'),
               ('intervalstyle', 'postgres'), ('extra_float_digits', '1'), ('bytea_output', 'hex'),
               ('lc_monetary', 'C'), ('quote_all_identifiers', 'off'), ('standard_conforming_strings', 'on'),
               ('jit', 'off')) as setting (name, value)";

/// What of a database is read, and as whom.
#[derive(Debug, Clone, Copy, Default)]
pub struct View<'a> {
    /// The role that the migrations run as, if it is another one than the one that reads.
    pub role: Option<&'a str>,
    /// Only what is in this schema.
    pub schema: Option<&'a str>,
}

/// Reads all objects but the version table and what is on it.
pub async fn read(
    connection: &mut PgConnection,
    version_table: &Table,
) -> Result<Inventory, sqlx::Error> {
    read_view(connection, version_table, View::default()).await
}

/// Reads a part of the objects, or all of them in the eyes of another role. No statement has a name:
/// behind a pooler the next transaction may be on another connection.
pub async fn read_view(
    connection: &mut PgConnection,
    version_table: &Table,
    view: View<'_>,
) -> Result<Inventory, sqlx::Error> {
    let mut transaction = connection.begin().await?;
    sqlx::raw_sql(SETTINGS).execute(&mut *transaction).await?;
    let number: i32 = sqlx::query_scalar("select current_setting('server_version_num')::int")
        .persistent(false)
        .fetch_one(&mut *transaction)
        .await?;
    let rows: Vec<(String, Option<String>, String, String)> = sqlx::query_as(QUERY)
        .bind(&version_table.schema)
        .bind(&version_table.name)
        .bind(view.role)
        .bind(view.schema)
        .persistent(false)
        .fetch_all(&mut *transaction)
        .await?;
    transaction.rollback().await?;
    let items = rows.into_iter().map(|(kind, schema, name, properties)| {
        let object = Object { kind, schema, name };
        let definition = definition(&properties).map_err(|e| sqlx::Error::Decode(Box::new(e)))?;
        Ok(Item { object, definition })
    });
    let items = items.collect::<Result<_, sqlx::Error>>()?;
    Ok(Inventory::new(u32::try_from(number / 10_000).unwrap_or_default(), items))
}

/// All values as text, also numbers and truth values.
fn definition(properties: &str) -> Result<crate::schema::inventory::Definition, serde_json::Error> {
    let properties: std::collections::BTreeMap<String, serde_json::Value> =
        serde_json::from_str(properties)?;
    let text = |value| match value {
        serde_json::Value::String(text) => text,
        other => other.to_string(),
    };
    Ok(properties.into_iter().map(|(name, value)| (name, text(value))).collect())
}
