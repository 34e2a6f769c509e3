//! Replay: the history up to the cut, run by the project's own Alembic on a scratch database; later, if
//! revisions are kept, the rest of it.
//!
//! Takes a cut of the history, a scratch database and an interpreter that may have been started
//! already; gives what was applied, with times, and the roles and settings before the first revision.
//! On failure it leaves nothing behind: the scratch database goes with its server.

mod before;
pub mod choice;
pub mod copied;

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::PathBuf;

use rebaseline_archive::Origin;
use sqlx::postgres::PgConnection;

use crate::error::{Explain, Kind};
use crate::history::{Cut, RevisionId};
use crate::postgres::catalog;
use crate::postgres::programs::Table;
use crate::postgres::scratch::{Prelude, ScratchDb, ScratchError};
use crate::postgres::stopwatch::Stopwatch;
use crate::run::channel::{Event, Existing};
use crate::run::{Applied, Goal, Interpreter, Job, Ran, RunError, Scripts, Versions};
use crate::schema::roles::Snapshot;
use crate::schema::volatile::clock::Window;
pub use before::{Before, before};

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
    /// A baseline would not run in this environment.
    #[error("SQLAlchemy {version} is too old for a baseline, which needs 1.4 or newer")]
    OldSqlAlchemy {
        /// Its version.
        version: String,
    },
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
    /// The history did not arrive at the cut, or at its heads.
    #[error(
        "after the replay the version table stands at {}, not at {}",
        shown(found),
        shown(expected)
    )]
    NotThere {
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
            Self::OldSqlAlchemy { .. } => vec![
                "a baseline sends its statements by exec_driver_sql, which SQLAlchemy has since 1.4: name an environment \
                 with a newer one in which the revisions still run, by --python PATH"
                    .to_owned(),
            ],
            Self::NothingRan => vec![
                "the command must run all migrations; for plain Alembic leave --command out".to_owned(),
            ],
            Self::SeveralVersionTables { .. } => vec![
                "choose one of them by what env.py reads (a section: -n NAME, or -x KEY=VALUE) and \
                 squash one history at a time"
                    .to_owned(),
            ],
            Self::NotThere { .. } => vec![
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
    /// Up to where; none for the heads.
    pub cut: Option<&'a Cut>,
    /// The rows of the version table at the heads, where there is no cut.
    pub heads: &'a [RevisionId],
    /// Where.
    pub database: &'a ScratchDb,
    /// What the history expects beforehand.
    pub prelude: &'a Prelude,
    /// The texts of revision files that are not run.
    pub stubs: &'a BTreeMap<PathBuf, String>,
    /// How the schema is come by.
    pub origin: &'a Origin,
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
    /// A dump of what was there before the first revision, if anything was.
    pub dump_before: Option<Before>,
    /// Roles and settings before the first revision.
    pub before: Snapshot,
    /// Whether it made roles, which all databases of a server share.
    pub makes_roles: bool,
    /// When it was.
    pub window: Window,
    watch: Stopwatch,
    /// The libraries that ran it.
    pub versions: Versions,
    /// What was different from a plain replay.
    pub origin: Origin,
}

/// Replays the history up to the cut and checks that it arrived there.
pub async fn replay(
    request: &Request<'_>,
    interpreter: &mut Interpreter,
    tell: &(dyn Fn(&Event) + Send + Sync),
) -> Result<Replayed, ReplayError> {
    let database = request.database;
    database.prepare(request.prelude).await?;
    let mut connection = database.connect().await?;
    let before = catalog::snapshot(&mut connection, database.is_private()).await?;
    let extensions = catalog::extensions(&mut connection).await?;
    let scripts = request.scripts();
    let watch = Stopwatch::start(&mut connection).await?;
    let ran = interpreter.run(request.job(&scripts), tell).await?;
    if let Some(version) = ran.versions.sqlalchemy.as_ref().filter(|v| is_before_1_4(v)) {
        return Err(ReplayError::OldSqlAlchemy { version: version.clone() });
    }
    let (version_table, schema) = version_table(&mut connection, &ran).await?;
    stands_at(&mut connection, &version_table, request.rows()).await?;
    let window = watch.stop(&mut connection).await?;
    let made = catalog::snapshot(&mut connection, database.is_private()).await?.made_since(&before);
    Ok(Replayed {
        existing: Existing { extensions, ..ran.existing() },
        applied: ran.applied,
        version_table,
        version_table_schema: schema,
        dump_before: None,
        before,
        makes_roles: !made.roles.is_empty(),
        window,
        watch,
        versions: ran.versions,
        origin: request.origin.clone(),
    })
}

/// Goes on from where a replay stands to the request's cut, or to the heads.
pub async fn go_on(
    request: &Request<'_>,
    replayed: &mut Replayed,
    interpreter: &mut Interpreter,
    tell: &(dyn Fn(&Event) + Send + Sync),
) -> Result<Vec<Applied>, ReplayError> {
    let scripts = request.scripts();
    let ran = interpreter.run_again(request.job(&scripts), tell).await?;
    let mut connection = request.database.connect().await?;
    stands_at(&mut connection, &replayed.version_table, request.rows()).await?;
    replayed.window = replayed.watch.stop(&mut connection).await?;
    Ok(ran.applied)
}

impl Request<'_> {
    /// Where the version table must stand.
    fn rows(&self) -> &[RevisionId] {
        self.cut.map_or(self.heads, Cut::version_rows)
    }

    /// Nothing runs but what the cut squashes.
    fn scripts(&self) -> Scripts {
        let cut = self.cut.filter(|cut| !cut.kept().is_empty());
        let only = cut.map(|cut| cut.squashed().iter().map(ToString::to_string).collect());
        Scripts { only, stubs: self.stubs.clone(), ..Scripts::default() }
    }

    fn job<'s>(&'s self, scripts: &'s Scripts) -> Job<'s> {
        let environment = self.environment.clone();
        Job { goal: Goal::Upgrade, database: self.database, scripts, environment }
    }
}

fn is_before_1_4(version: &str) -> bool {
    let mut numbers = version.split('.').map(|part| part.parse::<u32>().unwrap_or(0));
    (numbers.next().unwrap_or(0), numbers.next().unwrap_or(0)) < (1, 4)
}

/// The one version table that env.py used, and its schema where it is not found without one.
async fn version_table(
    connection: &mut PgConnection,
    ran: &Ran,
) -> Result<(Table, Option<String>), ReplayError> {
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
    let name = &context.version_table;
    let found = catalog::find_table(connection, schema.as_deref(), name).await?;
    if schema.is_none()
        && let Some(current) = &ran.existing().current_schema
        && found.as_ref().is_none_or(|table| table.schema != *current)
        && let Some(table) = catalog::find_table(connection, Some(current), name).await?
    {
        // env.py set a search path of its own: whoever looks for the table later has another one.
        return Ok((table, Some(current.clone())));
    }
    let table = found.ok_or_else(|| ReplayError::NoVersionTable { table: tables.concat() })?;
    Ok((table, schema))
}

async fn stands_at(
    connection: &mut PgConnection,
    table: &Table,
    rows: &[RevisionId],
) -> Result<(), ReplayError> {
    let found = catalog::version_rows(connection, table).await?;
    let mut expected: Vec<String> = rows.iter().map(ToString::to_string).collect();
    expected.sort();
    if found == expected { Ok(()) } else { Err(ReplayError::NotThere { expected, found }) }
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_oldest_sqlalchemy_that_runs_a_baseline() {
        for (version, before) in
            [("1.3.24", true), ("0.9", true), ("1.4.0b1", false), ("1.10", false), ("2.1.0", false)]
        {
            assert_eq!(super::is_before_1_4(version), before, "{version}");
        }
    }
}
