//! The rules on a database beside the files: where it stands, and what is in it that no revision makes.
//!
//! Takes a database, the version table's name and an audit; gives findings. One read-only transaction that sees one
//! moment; nothing is written, and there is nothing to leave behind.

use std::collections::BTreeSet;
use std::time::Duration;

use sqlx::postgres::PgConnection;
use sqlx::{AssertSqlSafe, Connection};

use super::Tables;
use super::rule::{Group, Rule};
use crate::error::{Explain, Kind};
use crate::history::{Finding, History, RevisionId, Severity};
use crate::postgres::catalog;
use crate::postgres::connect::{self, ConnectError, Waiting};
use crate::postgres::identifier;
use crate::postgres::programs::Table;
use crate::postgres::target::Target;
use crate::report::count;

const RULE: Rule = Rule {
    code: "",
    group: Group::Database,
    severity: Severity::Warning,
    fixed: false,
    summary: "",
    why: "",
    mend: "",
};

pub(super) const UNKNOWN: Rule = Rule {
    code: "unknown-revision",
    severity: Severity::Error,
    summary: "a row of the version table that no file declares",
    why: "Alembic stops at this database with \"Can't locate revision identified by ...\". Its revision was deleted, \
          is on another branch, or was squashed: then `rebaseline status` knows it.",
    mend: "`rebaseline status URL` if there are archives; else put the revision's file back, or `rebaseline stamp \
           --adopt` if the catalog is that of the cut.",
    ..RULE
};

pub(super) const NOT_APPLIED: Rule = Rule {
    code: "revision-not-applied",
    summary: "revisions that this database has not run",
    why: "A database behind the cut of a squash cannot be stamped as it is: what it lacks must run first.",
    mend: "`alembic upgrade heads`, or after the squash `rebaseline stamp --catch-up URL`.",
    ..RULE
};

pub(super) const IMPLIED: Rule = Rule {
    code: "implied-row",
    summary: "rows of the version table that are ancestors of each other",
    why: "A row stands for all that comes before it, so the older one is too many: a merge went wrong, or somebody \
          stamped by hand. Alembic may fail at the next merge or downgrade (\"overlaps with other requested revisions\").",
    mend: "`alembic stamp --purge heads` if the database is at the heads; `rebaseline stamp --purge` removes such rows.",
    ..RULE
};

pub(super) const UNTRACKED: Rule = Rule {
    code: "untracked-table",
    summary: "tables in the database that no revision seems to make",
    why: "A guess: names are taken from `op.create_table`, `CREATE TABLE` and renames as they are written, and what a \
          revision makes by another way is not seen. A table that no revision makes is in no baseline, and a drift check \
          tells it as an extra object.",
    mend: "Write a revision for it (`CREATE TABLE IF NOT EXISTS`) before the squash, or leave it to whoever made it.",
    ..RULE
};

/// How many tables and revisions are named.
const NAMED: usize = 20;

/// The database could not be asked.
#[derive(Debug, thiserror::Error)]
pub enum DatabaseError {
    /// The way to it.
    #[error(transparent)]
    Connect(#[from] ConnectError),
    /// A query.
    #[error("the database cannot be read")]
    Sql(#[from] sqlx::Error),
    /// No answer.
    #[error("the database did not answer within {} s", .0.as_secs_f64())]
    Timeout(Duration),
    /// A table of that name that Alembic could not use.
    #[error("the version table {0} has no column version_num that can be read")]
    Table(String),
}

impl Explain for DatabaseError {
    fn kind(&self) -> Kind {
        Kind::Tool
    }

    fn hints(&self) -> Vec<String> {
        match self {
            Self::Connect(error) => vec![error.help()],
            Self::Sql(_) => vec!["the user needs SELECT on the version table".to_owned()],
            Self::Timeout(_) => vec!["ask again when the server is less busy".to_owned()],
            Self::Table(_) => vec!["name it: --version-table [SCHEMA.]TABLE".to_owned()],
        }
    }
}

/// What a database is asked for.
#[derive(Debug, Clone)]
pub struct Question {
    /// The database.
    pub target: Target,
    /// The version table; without a schema, where the search path leads.
    pub table: String,
    /// How long to wait for a connection.
    pub connect: Waiting,
    /// How long all of it may take.
    pub limit: Duration,
}

/// What a database says.
struct Answer {
    /// Rows of the version table; none if there is no such table.
    rows: Option<Vec<String>>,
    /// Tables of users, without extensions', partitions and the version table.
    tables: Vec<(String, String)>,
}

/// Compares a database with the history.
///
/// # Errors
/// The database cannot be asked.
pub async fn compare(
    question: &Question,
    history: &History,
    tables: &Tables,
) -> Result<Vec<Finding>, DatabaseError> {
    let answer = tokio::time::timeout(question.limit, ask(question));
    let answer = answer.await.map_err(|_| DatabaseError::Timeout(question.limit))??;
    let mut findings = Vec::new();
    match &answer.rows {
        None => {
            let message = format!(
                "the database has no version table `{}`: none of {} revisions is recorded",
                question.table,
                history.len()
            );
            let help = "is it the right database, and the right table (--version-table)? If the tables are there, \
                        `rebaseline stamp --adopt` may take it in after a squash";
            findings.push(NOT_APPLIED.finding().says(message, help));
        }
        Some(rows) => findings.extend(about_rows(history, rows)),
    }
    findings.extend(untracked(tables, &answer.tables));
    Ok(findings)
}

/// Tables that users made, as far as our user may know of them: the catalog is open to everybody.
const TABLES: &str = "
select n.nspname::text, c.relname::text
  from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
 where c.relkind in ('r', 'p') and not c.relispartition
   and n.nspname !~ '^pg_' and n.nspname <> 'information_schema'
   and not exists (select from pg_catalog.pg_depend d
                    where d.classid = 'pg_catalog.pg_class'::regclass and d.objid = c.oid and d.deptype = 'e')
 order by 1, 2";

async fn ask(question: &Question) -> Result<Answer, DatabaseError> {
    let mut connection = connect::connect(&question.target.url, question.connect).await?;
    let begin = format!(
        "BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY; SET LOCAL lock_timeout = {}",
        question.connect.limit.as_millis().max(1)
    );
    let mut transaction = connection.begin_with(AssertSqlSafe(begin)).await?;
    let answer = read(&mut transaction, question).await;
    transaction.rollback().await?;
    // What was read stands; a connection that cannot say goodbye changes nothing.
    let _ = connection.close().await;
    answer
}

async fn read(connection: &mut PgConnection, question: &Question) -> Result<Answer, DatabaseError> {
    let schema = question.target.schema.as_deref();
    let table = catalog::find_table(&mut *connection, schema, &question.table).await?;
    let rows = match &table {
        Some(table) => Some(version_rows(&mut *connection, table).await?),
        None => None,
    };
    let mut tables: Vec<(String, String)> =
        sqlx::query_as(TABLES).persistent(false).fetch_all(connection).await?;
    if let Some(Table { schema, name }) = &table {
        tables.retain(|(s, n)| (s, n) != (schema, name));
    }
    Ok(Answer { rows, tables })
}

async fn version_rows(
    connection: &mut PgConnection,
    table: &Table,
) -> Result<Vec<String>, DatabaseError> {
    catalog::version_rows(connection, table).await.map_err(|error| {
        let undefined = error.as_database_error().and_then(sqlx::error::DatabaseError::code);
        if undefined.as_deref() == Some("42703") {
            return DatabaseError::Table(identifier::qualify(Some(&table.schema), &table.name));
        }
        DatabaseError::Sql(error)
    })
}

fn about_rows(history: &History, rows: &[String]) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut known: Vec<RevisionId> = Vec::new();
    for row in rows {
        match RevisionId::new(row.clone()).ok().filter(|id| history.get(id).is_some()) {
            Some(id) => known.push(id),
            None => findings.push(UNKNOWN.finding().about(row).says(
                format!("the database stands at `{row}`, which no file declares"),
                "`rebaseline status URL` says whether an archive knows it; else put its file back \
                 (`git log --all --diff-filter=D --name-only`)",
            )),
        }
    }
    let mut applied: BTreeSet<RevisionId> = BTreeSet::new();
    let mut implied: Vec<(&RevisionId, &RevisionId)> = Vec::new();
    for id in &known {
        let ancestors = history.ancestors(id);
        implied.extend(known.iter().filter(|row| ancestors.contains(*row)).map(|row| (row, id)));
        applied.extend(ancestors);
        applied.insert(id.clone());
    }
    for (row, by) in implied {
        findings.push(IMPLIED.finding().about(row).says(
            format!("the version table holds `{row}`, and `{by}`, which comes after it"),
            "the older row is too many: `rebaseline stamp --purge` removes it, or delete it by hand",
        ));
    }
    let lacking: Vec<&RevisionId> =
        history.iter().map(|revision| &revision.id).filter(|id| !applied.contains(*id)).collect();
    if let Some(first) = lacking.first() {
        let at = if known.is_empty() {
            "at no revision".to_owned()
        } else {
            format!("at {}", super::quoted(&known))
        };
        findings.push(NOT_APPLIED.finding().about(first).says(
            format!(
                "the database stands {at} and has not run {} of {} revisions: {}",
                lacking.len(),
                history.len(),
                super::some(&lacking, NAMED)
            ),
            "`alembic upgrade heads`, or `rebaseline stamp --catch-up URL` once they are squashed",
        ));
    }
    findings
}

fn untracked(made: &Tables, tables: &[(String, String)]) -> Option<Finding> {
    let (made, others) = (&made.named, made.others);
    // Schemas are often given at run time: a name counts in whatever schema it stands.
    let bare: BTreeSet<&str> = made.iter().filter_map(|name| name.rsplit('.').next()).collect();
    let untracked: Vec<String> = tables
        .iter()
        .filter(|(_, name)| !bare.contains(name.as_str()) && !made.contains(name))
        .map(|(schema, name)| format!("{schema}.{name}"))
        .collect();
    if untracked.is_empty() {
        return None;
    }
    let one = untracked.len() == 1;
    let message = format!(
        "{} {} to be made by no revision: {}",
        count(untracked.len() as u64, "table", "tables"),
        if one { "seems" } else { "seem" },
        super::some(&untracked, NAMED)
    );
    let help = if others {
        "a guess, and a weak one: some revisions make tables under names that only running them could tell"
    } else {
        "a guess by the names in the files: write a revision for what belongs to the history"
    };
    Some(UNTRACKED.finding().says(message, help))
}
