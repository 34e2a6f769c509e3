//! How many rows the history inserted, counted before they are dumped: a baseline is no place for a table
//! full of data.

use sqlx::AssertSqlSafe;

use crate::error::{Explain, Kind};
use crate::postgres::identifier;
use crate::postgres::scratch::{ScratchDb, ScratchError};
use crate::stages::replay::Replayed;

/// How many tables are named.
const NAMED: usize = 10;

/// Why a history's rows do not go into a baseline.
#[derive(Debug, thiserror::Error)]
pub enum SeedsError {
    /// There are too many.
    #[error(
        "the history inserts {} rows, and the limit is {limit}: {}",
        total(tables),
        named(tables)
    )]
    TooMany {
        /// The limit.
        limit: u64,
        /// The tables with their rows, the fullest first.
        tables: Vec<(String, u64)>,
    },
    /// The scratch database.
    #[error("cannot count the seed rows")]
    Scratch(#[from] ScratchError),
    /// A query.
    #[error("cannot count the seed rows")]
    Query(#[from] sqlx::Error),
}

fn total(tables: &[(String, u64)]) -> u64 {
    tables.iter().map(|(_, rows)| rows).sum()
}

fn named(tables: &[(String, u64)]) -> String {
    let named = tables.iter().take(NAMED).map(|(table, rows)| format!("`{table}` {rows}"));
    let mut text = named.collect::<Vec<_>>().join(", ");
    if tables.len() > NAMED {
        text.push_str(&format!(", and {} more tables", tables.len() - NAMED));
    }
    text
}

impl Explain for SeedsError {
    fn kind(&self) -> Kind {
        match self {
            Self::TooMany { .. } => Kind::Refused,
            Self::Scratch(_) | Self::Query(_) => Kind::Tool,
        }
    }

    fn hints(&self) -> Vec<String> {
        match self {
            Self::TooMany { tables, .. } => vec![
                "load such data by other means than a migration, and take it out of the revisions \
                 that insert it"
                    .to_owned(),
                "or squash only what comes before them: --upto REV".to_owned(),
                format!("or let all of them in: --max-seed-rows {}", total(tables)),
            ],
            Self::Scratch(error) => error.hints(),
            Self::Query(_) => Vec::new(),
        }
    }

    fn state(&self) -> String {
        "nothing was changed; the scratch database is removed".to_owned()
    }
}

/// Ordinary tables with anything in them. Partitions hold the rows of the table they belong to; what an
/// extension made is its own.
const TABLES: &str = "
select n.nspname::text, c.relname::text
  from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
 where c.relkind = 'r' and c.relpersistence <> 't' and pg_catalog.pg_relation_size(c.oid) > 0
   and n.nspname !~ '^pg_' and n.nspname <> 'information_schema'
   and not exists (select from pg_catalog.pg_depend d
        where d.classid = 'pg_catalog.pg_class'::regclass and d.objid = c.oid and d.deptype = 'e')
 order by 1, 2";

/// Refuses a history that inserted more than `limit` rows, apart from the version table's and those of
/// tables that were there before.
pub async fn check(
    database: &ScratchDb,
    replayed: &Replayed,
    limit: u64,
) -> Result<(), SeedsError> {
    let mut connection = database.connect().await?;
    let found: Vec<(String, String)> = sqlx::query_as(TABLES).fetch_all(&mut connection).await?;
    let mut tables = Vec::new();
    for (schema, name) in found {
        let version_table = &replayed.version_table;
        let is_versions = version_table.schema == schema && version_table.name == name;
        let existing = &replayed.existing.relations;
        if is_versions || existing.iter().any(|(s, n, _)| *s == schema && *n == name) {
            continue;
        }
        let query =
            format!("select count(*) from only {}", identifier::qualify(Some(&schema), &name));
        let rows: i64 = sqlx::query_scalar(AssertSqlSafe(query)).fetch_one(&mut connection).await?;
        tables.push((format!("{schema}.{name}"), u64::try_from(rows).unwrap_or_default()));
    }
    tables.retain(|(_, rows)| *rows > 0);
    if total(&tables) <= limit {
        return Ok(());
    }
    tables.sort_by(|(a, rows), (b, more)| more.cmp(rows).then_with(|| a.cmp(b)));
    Err(SeedsError::TooMany { limit, tables })
}
