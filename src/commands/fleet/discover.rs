//! Asks servers for targets: the databases of one server, the schemas of a database that hold a version table.
//!
//! Reads the catalog, nothing else. A database that cannot be asked is given back with the reason, so that it is
//! told like any other target.

use sqlx::Connection;
use sqlx::postgres::PgConnection;

use crate::postgres::connect::{self, ConnectError, Waiting};
use crate::postgres::said::{is_lost, said};
use crate::postgres::scratch::PREFIX;
use crate::postgres::target::Target;

/// A target that could not be asked.
#[derive(Debug)]
pub struct Unknown {
    /// Which: without its password, or the line of a file.
    pub target: String,
    /// Why.
    pub why: String,
    /// What to do.
    pub help: String,
}

impl Unknown {
    fn connect(target: &Target, error: &ConnectError) -> Self {
        Self { target: target.to_string(), why: error.to_string(), help: error.help() }
    }

    fn query(target: &Target, error: &sqlx::Error) -> Self {
        let why = format!("cannot be asked: {}", said(error));
        let again = if is_lost(error) { ": run the same command again" } else { "" };
        Self { target: target.to_string(), why, help: format!("nothing was written{again}") }
    }
}

/// The databases of a server whose name is LIKE the pattern. Templates, those that let nobody in, and scratch databases of
/// ours (a name that begins with $2) are left out.
const DATABASES: &str = "
select datname::text from pg_catalog.pg_database
 where datname like $1 and not pg_catalog.starts_with(datname::text, $2) and datallowconn and not datistemplate order by datname::text collate \"C\"";

/// The schemas whose name is LIKE the pattern and that hold a table of this name.
const SCHEMAS: &str = "
select n.nspname::text from pg_catalog.pg_namespace n
  join pg_catalog.pg_class c on c.relnamespace = n.oid
 where n.nspname like $1 and c.relname = $2 and c.relkind in ('r', 'p') order by n.nspname::text collate \"C\"";

/// The databases LIKE the pattern on the server of this target.
pub async fn databases(
    server: &Target,
    pattern: &str,
    waiting: Waiting,
) -> Result<Vec<Target>, Unknown> {
    let names = ask(server, DATABASES, &[pattern, PREFIX], waiting).await?;
    let target = |name: &String| Target { url: server.url.with_database(name), schema: None };
    Ok(names.iter().map(target).collect())
}

/// The schemas LIKE the pattern that hold a version table of this name, in the database of this target.
pub async fn schemas(
    database: &Target,
    pattern: &str,
    table: &str,
    waiting: Waiting,
) -> Result<Vec<Target>, Unknown> {
    let names = ask(database, SCHEMAS, &[pattern, table], waiting).await?;
    let target = |name| Target { url: database.url.clone(), schema: Some(name) };
    Ok(names.into_iter().map(target).collect())
}

async fn ask(
    target: &Target,
    query: &'static str,
    words: &[&str],
    waiting: Waiting,
) -> Result<Vec<String>, Unknown> {
    let connection = connect::connect(&target.url, waiting).await;
    let mut connection = connection.map_err(|error| Unknown::connect(target, &error))?;
    let names = names(&mut connection, query, words).await;
    let _ = connection.close().await;
    names.map_err(|error| Unknown::query(target, &error))
}

async fn names(
    connection: &mut PgConnection,
    query: &'static str,
    words: &[&str],
) -> Result<Vec<String>, sqlx::Error> {
    // A transaction, because a pooler may lead each one to another session.
    let mut transaction = connection.begin().await?;
    let query = words.iter().fold(sqlx::query_scalar(query), |query, word| query.bind(*word));
    let names = query.persistent(false).fetch_all(&mut *transaction).await?;
    transaction.rollback().await?;
    Ok(names)
}
