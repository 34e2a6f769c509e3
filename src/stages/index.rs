//! Index: archived revisions replayed one by one on a scratch database, with a look at the catalog after
//! each.
//!
//! Takes revisions laid out in a folder and an interpreter; gives the [`Index`]. On failure it leaves nothing
//! behind: the scratch database goes with its server.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::path::PathBuf;

use rebaseline_archive::VersionTableRecord;

use crate::error::{Explain, Kind};
use crate::postgres::catalog;
use crate::postgres::inventory;
use crate::postgres::scratch::{Prelude, ScratchDb, ScratchError};
use crate::run::{Goal, Interpreter, Job, RunError, Scripts};
use crate::schema::index::Index;

/// Why there is no index.
#[derive(Debug, thiserror::Error)]
pub enum IndexError {
    /// A revision failed.
    #[error("cannot replay the archived revisions")]
    Run(#[from] RunError),
    /// The scratch database.
    #[error("cannot replay the archived revisions")]
    Scratch(#[from] ScratchError),
    /// The catalog.
    #[error("cannot read the catalog after revision `{revision}`")]
    Catalog {
        /// The revision.
        revision: String,
        /// What the server said.
        #[source]
        source: sqlx::Error,
    },
    /// No version table.
    #[error("after revision `{revision}` there is no version table `{table}`")]
    NoVersionTable {
        /// The revision.
        revision: String,
        /// The table.
        table: String,
    },
    /// A revision that did not run.
    #[error("revision `{revision}` was not run")]
    NotRun {
        /// The revision.
        revision: String,
    },
}

impl Explain for IndexError {
    fn kind(&self) -> Kind {
        Kind::Tool
    }

    fn hints(&self) -> Vec<String> {
        match self {
            Self::Run(error) => error.hints(),
            Self::Scratch(error) => error.hints(),
            Self::Catalog { .. } => Vec::new(),
            Self::NoVersionTable { .. } => {
                vec!["env.py must commit what the migrations did".to_owned()]
            }
            Self::NotRun { .. } => {
                vec!["a --command must upgrade to all heads (`alembic upgrade heads`)".to_owned()]
            }
        }
    }

    fn state(&self) -> String {
        "nothing was changed; the scratch database is removed".to_owned()
    }
}

/// What the replay needs.
#[derive(Debug)]
pub struct Request<'a> {
    /// The squashed revisions with their files, in an order in which they can run.
    pub revisions: Vec<(String, PathBuf)>,
    /// The files of kept revisions: they do not run.
    pub kept: Vec<PathBuf>,
    /// The version locations in which these files lie.
    pub locations: Vec<PathBuf>,
    /// The version locations of the project, with those in which the files lie now.
    pub moved: Vec<(PathBuf, PathBuf)>,
    /// Where.
    pub database: &'a ScratchDb,
    /// What the history expects beforehand.
    pub prelude: &'a Prelude,
    /// The version table.
    pub version_table: &'a VersionTableRecord,
    /// The project's environment.
    pub environment: Vec<(OsString, OsString)>,
}

/// Replays and looks. `tell` hears each revision that is done.
pub async fn index(
    request: &Request<'_>,
    interpreter: &mut Interpreter,
    tell: &(dyn Fn(&str) + Send + Sync),
) -> Result<Index, IndexError> {
    let database = request.database;
    database.prepare(request.prelude).await?;
    let mut connection = database.connect().await?;
    let mut index: Option<Index> = None;
    let real = |path: &PathBuf| path.canonicalize().unwrap_or_else(|_| path.clone());
    // What comes later is not even loaded: each round reads all files that Alembic sees.
    let later = request.revisions.iter().map(|(_, file)| real(file));
    let mut hidden: BTreeSet<PathBuf> = later.chain(request.kept.iter().map(real)).collect();
    for (revision, file) in &request.revisions {
        hidden.remove(&real(file));
        let scripts = Scripts {
            locations: Some(request.locations.clone()),
            hidden: hidden.clone(),
            moved: request.moved.clone(),
            ..Scripts::default()
        };
        let environment = request.environment.clone();
        let job = Job { goal: Goal::Upgrade, database, scripts: &scripts, environment };
        let ran = interpreter.run_again(job, &|_| {}).await?;
        if !ran.applied.iter().any(|applied| applied.revision == *revision) {
            return Err(IndexError::NotRun { revision: revision.clone() });
        }
        let failed = |source| IndexError::Catalog { revision: revision.clone(), source };
        let record = request.version_table;
        let table = catalog::find_table(&mut connection, record.schema.as_deref(), &record.table);
        let table = table.await.map_err(failed)?.ok_or_else(|| IndexError::NoVersionTable {
            revision: revision.clone(),
            table: record.table.clone(),
        })?;
        let seen = inventory::read(&mut connection, &table).await.map_err(failed)?;
        index.get_or_insert_with(|| Index::new(seen.major())).push(revision, &seen);
        tell(revision);
    }
    Ok(index.unwrap_or_else(|| Index::new(0)))
}
