//! A version table as it stands in a database: found, checked and read.
//!
//! Every database of a fleet is asked, over a new connection whose caches are empty: each catalog that a query reads
//! costs more than its answer. So the columns are only asked for where the rows do not tell that they are Alembic's.

use rebaseline_archive::VersionTableRecord;
use sqlx::postgres::{PgConnection, PgRow};
use sqlx::{AssertSqlSafe, Column, FromRow, Row, TypeInfo};

use crate::postgres::identifier;
use crate::postgres::programs::Table;
use crate::postgres::said;
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
#[derive(FromRow)]
struct Facts {
    schema: String,
    name: String,
    kind: String,
    owner: String,
    /// How many columns it has, with those that were dropped.
    columns: i16,
    /// Whether our user may.
    readable: bool,
    writable: bool,
    /// Row security may hide rows.
    hidden: bool,
    #[sqlx(flatten)]
    session: Session,
}

/// The facts of a table, by a literal of its name. The names come by functions: they look into caches.
fn facts(name: &str) -> String {
    format!(
        "select (pg_catalog.parse_ident(c.relnamespace::pg_catalog.regnamespace::text))[1] as schema, \
                c.relname::text as name, c.relkind::text as kind, \
                pg_catalog.pg_get_userbyid(c.relowner)::text as owner, c.relnatts as columns, \
                pg_catalog.has_table_privilege(c.oid, 'SELECT') as readable, \
                pg_catalog.has_table_privilege(c.oid, 'INSERT') \
                and pg_catalog.has_table_privilege(c.oid, 'DELETE') as writable, \
                pg_catalog.row_security_active(c.oid) as hidden, {COLUMNS} \
           from pg_catalog.pg_class c where c.oid = pg_catalog.to_regclass({name})"
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
    let Facts { schema, name, kind, owner, columns, readable, writable, hidden, session } =
        Facts::from_row(&row)?;
    let table = Table { schema, name };
    let name = identifier::qualify(Some(&table.schema), &table.name);
    let unusable = |why: String| TargetError::Table { table: name.clone(), why };
    if !matches!(kind.as_str(), "r" | "p") {
        return Err(unusable("it is no table".to_owned()));
    }
    let mut checked = columns != 1;
    if checked {
        check_columns(connection, &name).await?.map_err(unusable)?;
    }
    if !readable {
        return Err(TargetError::Privilege(format!("it has no SELECT on {name}")));
    }
    if hidden {
        return Err(unusable("row security may hide rows of it".to_owned()));
    }
    let query = format!("select version_num, version_num::text from {name} order by 2");
    let rows = match sqlx::raw_sql(AssertSqlSafe(query)).fetch_all(&mut *connection).await {
        // 42703: undefined_column.
        Err(error) if said::code(&error).as_deref() == Some("42703") => {
            return Err(unusable(NO_COLUMN.to_owned()));
        }
        rows => rows?,
    };
    checked |= rows.first().is_some_and(is_text);
    if !checked {
        check_columns(connection, &name).await?.map_err(unusable)?;
    }
    let rows = rows.iter().map(|row| row.try_get(1)).collect::<Result<_, _>>()?;
    Ok(Some(Found { table, owner, writable, session, rows }))
}

/// Whether the first column of a row is of one of PostgreSQL's own types for text.
fn is_text(row: &PgRow) -> bool {
    let column = row.columns().first();
    column.is_some_and(|column| {
        matches!(column.type_info().name(), "TEXT" | "VARCHAR" | "CHAR" | "NAME")
    })
}

const NO_COLUMN: &str = "it has no column version_num";

/// Why a table cannot be Alembic's, if it cannot: the kind of type of its column, and columns that need a value besides.
async fn check_columns(
    connection: &mut PgConnection,
    name: &str,
) -> Result<Result<(), String>, sqlx::Error> {
    let table = format!("{}::pg_catalog.regclass", identifier::literal(name));
    let query = format!(
        "select (select t.typcategory::text \
                   from pg_catalog.pg_attribute a join pg_catalog.pg_type t on t.oid = a.atttypid \
                  where a.attrelid = {table} and a.attname = 'version_num' and not a.attisdropped), \
                array(select a.attname::text from pg_catalog.pg_attribute a \
                       where a.attrelid = {table} and a.attnum > 0 and not a.attisdropped and a.attnotnull \
                         and not a.atthasdef and a.attidentity = '' and a.attname <> 'version_num' \
                       order by a.attnum)"
    );
    let row = sqlx::raw_sql(AssertSqlSafe(query)).fetch_one(connection).await?;
    let (category, needed): (Option<String>, Vec<String>) = FromRow::from_row(&row)?;
    Ok(match category.as_deref() {
        None => Err(NO_COLUMN.to_owned()),
        // The category of text and its kin.
        Some("S") if needed.is_empty() => Ok(()),
        Some("S") => Err(format!("it has more columns that need a value ({})", needed.join(", "))),
        Some(_) => Err("its column version_num holds no text".to_owned()),
    })
}
