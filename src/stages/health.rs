//! Health: is a database where the project's revision files are?
//!
//! Takes a database and what is expected of it; gives one [`Health`] per check. One query, over a connection that is
//! kept; reads the version table and nothing else. Never fails: what goes wrong is an answer too.

use std::time::Duration;

use serde::Serialize;
use sqlx::postgres::PgConnection;
use sqlx::{AssertSqlSafe, Row};

use crate::postgres::connect::{self, Waiting};
use crate::postgres::identifier;
use crate::postgres::said::said;
use crate::postgres::target::Target;

/// In one word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// The database stands where the project does.
    Ready,
    /// It does not, or cannot be asked.
    Unhealthy,
}

/// The answer to a probe.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Health {
    /// In one word.
    pub status: Status,
    /// Whether the database answers.
    pub db_connected: bool,
    /// Whether its rows are the project's heads.
    pub migrations_current: bool,
    /// Its rows, sorted, with commas; none if there are none.
    pub current_revision: Option<String>,
    /// The project's heads, sorted, with commas; none if they cannot be read.
    pub expected_revision: Option<String>,
    /// Why it is not ready. For the log: probes get the fields above.
    #[serde(skip)]
    pub why: Option<String>,
}

impl Health {
    /// Not ready, and nothing is known of the database.
    pub fn unknown(expected: Option<String>, why: impl Into<String>) -> Self {
        Self {
            status: Status::Unhealthy,
            db_connected: false,
            migrations_current: false,
            current_revision: None,
            expected_revision: expected,
            why: Some(why.into()),
        }
    }

    /// Judges the rows of the version table; none stands for no table.
    fn of(rows: Option<&[String]>, table: &str, heads: &[String]) -> Self {
        let current = rows.is_some_and(|rows| !rows.is_empty() && rows == heads);
        let why = match rows {
            _ if current => None,
            None => Some(format!(
                "there is no version table {table}; if it has another name or schema: \
                 --version-table [SCHEMA.]TABLE"
            )),
            Some([]) => Some("the version table is empty".to_owned()),
            Some(rows) => Some(format!("it stands at {}", rows.join(","))),
        };
        Self {
            status: if current { Status::Ready } else { Status::Unhealthy },
            db_connected: true,
            migrations_current: current,
            current_revision: rows.filter(|rows| !rows.is_empty()).map(|rows| rows.join(",")),
            expected_revision: Some(heads.join(",")),
            why,
        }
    }
}

/// What is expected.
#[derive(Debug, Clone)]
pub struct Expected {
    /// The rows that the version table should have, sorted.
    pub heads: Vec<String>,
    /// The version table; without a schema, where the search path leads.
    pub table: String,
}

/// Why a check did not come to an end.
enum Broken {
    /// The connection is of no use any more.
    Connection(String),
    /// The server refused the query.
    Query(String),
}

/// Checks one database again and again, over one connection.
#[derive(Debug)]
pub struct Checker {
    target: Target,
    expected: Expected,
    limit: Duration,
    connection: Option<PgConnection>,
}

impl Checker {
    /// A checker that waits so long for a connection, and as long again for an answer.
    pub fn new(target: Target, expected: Expected, limit: Duration) -> Self {
        Self { target, expected, limit, connection: None }
    }

    /// Checks once.
    pub async fn check(&mut self) -> Health {
        let kept = self.connection.take();
        let was_kept = kept.is_some();
        let mut result = self.attempt(kept).await;
        // A server that was started again has closed the connection that we kept.
        if was_kept && matches!(result, Err(Broken::Connection(_))) {
            result = self.attempt(None).await;
        }
        let expected = Some(self.expected.heads.join(","));
        match result {
            Ok(rows) => Health::of(rows.as_deref(), &self.shown(), &self.expected.heads),
            Err(Broken::Connection(why)) => Health::unknown(expected, why),
            Err(Broken::Query(why)) => {
                Health { db_connected: true, ..Health::unknown(expected, why) }
            }
        }
    }

    /// Reads the rows, over this connection or a new one; a good connection is kept.
    async fn attempt(&mut self, kept: Option<PgConnection>) -> Result<Option<Vec<String>>, Broken> {
        let broken = |error: &dyn std::fmt::Display| Broken::Connection(error.to_string());
        let mut connection = if let Some(connection) = kept {
            connection
        } else {
            let once = Waiting { limit: self.limit, retries: 0 };
            connect::connect(&self.target.url, once).await.map_err(|error| broken(&error))?
        };
        // The server gives up before we do, so that no query is left behind on a connection that we drop.
        let query = self.query();
        let read = rows(&mut connection, &query);
        match tokio::time::timeout(self.limit + Duration::from_secs(1), read).await {
            Ok(Ok(rows)) => {
                self.connection = Some(connection);
                Ok(rows)
            }
            Ok(Err(sqlx::Error::Database(error)))
                if !error.code().is_some_and(|c| c.starts_with("57P")) =>
            {
                self.connection = Some(connection);
                Err(Broken::Query(error.message().to_owned()))
            }
            Ok(Err(error)) => Err(broken(&said(&error))),
            Err(_) => Err(broken(&"the database does not answer any more")),
        }
    }

    /// The version table's name, as `--version-table` has it.
    fn shown(&self) -> String {
        let schema = self.target.schema.iter();
        schema.chain([&self.expected.table]).map(String::as_str).collect::<Vec<_>>().join(".")
    }

    /// Both statements are sent as one: so they are one transaction, also behind a pooler.
    fn query(&self) -> String {
        let name = identifier::qualify(self.target.schema.as_deref(), &self.expected.table);
        let limit = self.limit.as_millis().max(1);
        format!(
            "set local statement_timeout = {limit}; select version_num::text from {name} order by 1"
        )
    }
}

/// The rows of the version table; none if there is no such table.
async fn rows(
    connection: &mut PgConnection,
    query: &str,
) -> Result<Option<Vec<String>>, sqlx::Error> {
    match sqlx::raw_sql(AssertSqlSafe(query)).fetch_all(connection).await {
        Ok(rows) => {
            let mut rows: Vec<String> =
                rows.iter().map(|row| row.try_get(0)).collect::<Result<_, _>>()?;
            // The server's order is that of its locale.
            rows.sort();
            Ok(Some(rows))
        }
        // 42P01: undefined_table.
        Err(sqlx::Error::Database(error)) if error.code().as_deref() == Some("42P01") => Ok(None),
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(rows: Option<&[&str]>, heads: &[&str]) -> (bool, Option<String>) {
        let owned = |ids: &[&str]| ids.iter().map(|id| (*id).to_owned()).collect::<Vec<_>>();
        let health = Health::of(rows.map(owned).as_deref(), "t", &owned(heads));
        assert_eq!(health.status == Status::Ready, health.why.is_none());
        assert_eq!(health.status == Status::Ready, health.migrations_current);
        (health.migrations_current, health.current_revision)
    }

    #[test]
    fn five_states_of_a_version_table() {
        assert_eq!(told(Some(&["c"]), &["c"]), (true, Some("c".to_owned())));
        assert_eq!(told(Some(&["a", "c"]), &["a", "c"]), (true, Some("a,c".to_owned())));
        assert_eq!(told(Some(&["b"]), &["c"]), (false, Some("b".to_owned())));
        assert_eq!(told(Some(&["a"]), &["a", "c"]), (false, Some("a".to_owned())));
        assert_eq!(told(Some(&[]), &["c"]), (false, None));
        assert_eq!(told(None, &["c"]), (false, None));
        // A project without revisions: an empty table is no proof that anything ever ran.
        assert_eq!(told(Some(&[]), &[]), (false, None));
    }
}
