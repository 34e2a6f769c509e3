//! Replay: the whole history, run by the project's own Alembic on a scratch database.
//!
//! Takes a cut of the history, a scratch database and an interpreter that may have been started
//! already; gives what was applied, with times, and the roles and settings before and after. On
//! failure it leaves nothing behind: the scratch database goes with its server.

use std::ffi::OsString;

use crate::error::{Explain, Kind};
use crate::history::Cut;
use crate::postgres::catalog;
use crate::postgres::programs::Table;
use crate::postgres::scratch::{Prelude, ScratchDb, ScratchError};
use crate::run::channel::{Event, Existing};
use crate::run::{Applied, Goal, Interpreter, Job, RunError, Versions};
use crate::schema::roles::{Made, Snapshot};

/// Why the history could not be replayed.
#[derive(Debug, thiserror::Error)]
pub enum ReplayError {
    /// The migrations failed.
    #[error("cannot replay the history")]
    Run(#[from] RunError),
    /// The scratch database.
    #[error("cannot replay the history")]
    Scratch(#[from] ScratchError),
    /// The catalog cannot be read.
    #[error("cannot read the scratch database after the replay")]
    Catalog(#[from] sqlx::Error),
    /// No migration context was seen.
    #[error("the command ran no migration")]
    NothingRan,
    /// env.py uses several version tables.
    #[error("env.py keeps {} version tables: {}", tables.len(), tables.join(", "))]
    SeveralVersionTables {
        /// Their names.
        tables: Vec<String>,
    },
    /// The version table is not there.
    #[error("the version table `{table}` is not there after the replay")]
    NoVersionTable {
        /// Its name.
        table: String,
    },
    /// The history did not arrive at its heads.
    #[error(
        "after the replay the version table stands at {}, not at {}",
        shown(found),
        shown(expected)
    )]
    NotAtHeads {
        /// The rows that are expected.
        expected: Vec<String>,
        /// The rows that are there.
        found: Vec<String>,
    },
}

fn shown(rows: &[String]) -> String {
    if rows.is_empty() { "no revision".to_owned() } else { rows.join(", ") }
}

impl Explain for ReplayError {
    fn kind(&self) -> Kind {
        match self {
            Self::SeveralVersionTables { .. } => Kind::Refused,
            _ => Kind::Tool,
        }
    }

    fn hints(&self) -> Vec<String> {
        match self {
            Self::Run(error) => error.hints(),
            Self::Scratch(error) => error.hints(),
            Self::NothingRan => vec![
                "the command must run all migrations; for plain Alembic leave --command out".to_owned(),
            ],
            Self::SeveralVersionTables { .. } => vec![
                "choose one of them by what env.py reads (a section: -n NAME, or -x KEY=VALUE) and \
                 squash one history at a time"
                    .to_owned(),
            ],
            Self::NotAtHeads { .. } => vec![
                "the command must upgrade to all heads (`alembic upgrade heads`), and env.py must let \
                 the transaction commit"
                    .to_owned(),
            ],
            Self::NoVersionTable { .. } => {
                vec!["env.py must commit what the migrations did".to_owned()]
            }
            Self::Catalog(_) => Vec::new(),
        }
    }

    fn state(&self) -> String {
        "nothing was changed; the scratch database is removed".to_owned()
    }
}

/// What the replay needs besides the interpreter.
#[derive(Debug)]
pub struct Request<'a> {
    /// The revisions that are replayed.
    pub cut: &'a Cut,
    /// Where.
    pub database: &'a ScratchDb,
    /// What the history expects beforehand.
    pub prelude: &'a Prelude,
    /// The project's environment.
    pub environment: Vec<(OsString, OsString)>,
}

/// A replayed history: the scratch database stands at the cut.
#[derive(Debug)]
pub struct Replayed {
    /// The revisions with their times.
    pub applied: Vec<Applied>,
    /// The version table that env.py uses.
    pub version_table: Table,
    /// Its schema as env.py names it: `None` where it relies on the search path.
    pub version_table_schema: Option<String>,
    /// What was there before the first revision.
    pub existing: Existing,
    /// Roles and settings before the first revision.
    pub before: Snapshot,
    /// Roles and settings that the history made.
    pub made: Made,
    /// The libraries that ran it.
    pub versions: Versions,
}

/// Replays the history and checks that it arrived at its heads.
pub async fn replay(
    request: Request<'_>,
    interpreter: &mut Interpreter,
    tell: &(dyn Fn(&Event) + Send + Sync),
) -> Result<Replayed, ReplayError> {
    let database = request.database;
    database.prepare(request.prelude).await?;
    let mut connection = database.connect().await?;
    let before = catalog::snapshot(&mut connection).await?;
    let extensions = catalog::extensions(&mut connection).await?;
    let job =
        Job { goal: Goal::Upgrade, database, locations: None, environment: request.environment };
    let ran = interpreter.run(job, tell).await?;
    let mut tables: Vec<String> = ran
        .contexts
        .iter()
        .map(|c| match &c.version_table_schema {
            Some(schema) => format!("{schema}.{}", c.version_table),
            None => c.version_table.clone(),
        })
        .collect();
    tables.sort();
    tables.dedup();
    if tables.len() > 1 {
        return Err(ReplayError::SeveralVersionTables { tables });
    }
    let context = ran.contexts.first().ok_or(ReplayError::NothingRan)?;
    let schema = context.version_table_schema.clone();
    let found =
        catalog::find_table(&mut connection, schema.as_deref(), &context.version_table).await?;
    let version_table =
        found.ok_or_else(|| ReplayError::NoVersionTable { table: tables.concat() })?;
    let found = catalog::version_rows(&mut connection, &version_table).await?;
    let mut expected: Vec<String> =
        request.cut.version_rows().iter().map(ToString::to_string).collect();
    expected.sort();
    if found != expected {
        return Err(ReplayError::NotAtHeads { expected, found });
    }
    let made = catalog::snapshot(&mut connection).await?.made_since(&before);
    Ok(Replayed {
        existing: Existing { extensions, ..ran.existing() },
        applied: ran.applied,
        version_table,
        version_table_schema: schema,
        before,
        made,
        versions: ran.versions,
    })
}
