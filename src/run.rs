//! Runs the project's own migrations, in the project's own Python, on a scratch database, or on a database
//! that a catch-up holds.
//!
//! Takes a plan that the history format made, a place and the version locations to use;
//! gives what was applied, with times, and how env.py configured Alembic. Both the replay of the
//! history and the runs of the baseline in the proof come here. The interpreter is started before its
//! database is ready: it imports what it needs, waits, and then runs one job after the other.

pub mod channel;
pub mod environment;
mod error;
mod interpreter;
mod old_files;
mod place;
mod record;

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsString;
use std::path::PathBuf;

use serde::Serialize;

use crate::process::Plan;
use channel::{Context, Existing};
pub use error::RunError;
pub use interpreter::Interpreter;
pub use old_files::{OldFiles, OldFilesError};
pub use place::{Nowhere, Place, Proof};

/// What a format says about running its migrations: plain data.
#[derive(Debug, Clone)]
pub struct Recipe {
    /// The commands to try, in order; the next is tried when Alembic cannot be imported.
    pub candidates: Vec<Candidate>,
    /// Files of ours that the child loads: name and text. Their folder goes first on `PYTHONPATH`.
    pub files: Vec<(&'static str, Cow<'static, str>)>,
    /// The file among them that is run in the place of the project's `env.py`, if one is.
    pub env: Option<&'static str>,
    /// How the child gets its work.
    pub mode: Mode,
}

/// How the child gets its work.
#[derive(Debug, Clone)]
pub enum Mode {
    /// It imports these modules, waits, and runs one job after the other.
    Jobs {
        /// What is worth importing early.
        modules: Vec<&'static str>,
        /// The arguments that upgrade to all heads.
        upgrade: Vec<String>,
        /// The arguments that write the same as SQL.
        upgrade_offline: Vec<String>,
    },
    /// The command does all its work by itself; there is no offline form.
    Once,
}

/// What to run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Goal {
    /// Upgrade to all heads.
    Upgrade,
    /// Write the upgrade as SQL.
    UpgradeOffline,
    /// Run the project's own hooks for new revision files on this one; only where there are jobs.
    WriteHooks(PathBuf),
}

/// One run of the migrations.
#[derive(Debug, Clone)]
pub struct Job<'a> {
    /// What.
    pub goal: Goal,
    /// On which database.
    pub database: &'a dyn Place,
    /// Which revisions.
    pub scripts: &'a Scripts,
    /// The project's environment.
    pub environment: Vec<(OsString, OsString)>,
}

/// Which revisions Alembic sees, and which of them it runs. By default all that the project has.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Scripts {
    /// Version locations to use instead of the project's own.
    pub locations: Option<Vec<PathBuf>>,
    /// Revision files that are not there for this run, as absolute paths without links.
    pub hidden: BTreeSet<PathBuf>,
    /// Revision files that nothing may import or read, because they will not be there any more.
    pub gone: BTreeSet<PathBuf>,
    /// Version locations whose files lie elsewhere, with the place: whoever imports one of them finds it there.
    pub moved: Vec<(PathBuf, PathBuf)>,
    /// Revision files that are read from another place, with the place.
    pub replaced: BTreeMap<PathBuf, PathBuf>,
    /// Revision files that have this text for the run.
    pub stubs: BTreeMap<PathBuf, String>,
    /// The only revisions that are run. Closed under parents and dependencies, or nothing makes sense.
    pub only: Option<BTreeSet<String>>,
    /// Where SQL that is only written begins; none for an empty database.
    pub start: Vec<String>,
}

/// One way to run the migrations.
#[derive(Debug, Clone)]
pub struct Candidate {
    /// The command; `{shim}` in an argument stands for the folder with our files.
    pub plan: Plan,
    /// Where it was found, for the error that lists what was tried.
    pub origin: String,
}

/// One applied revision.
#[derive(Debug, Clone, PartialEq)]
pub struct Applied {
    /// The revision's id.
    pub revision: String,
    /// Its duration in seconds.
    pub seconds: f64,
}

/// Which libraries ran the migrations.
#[derive(Debug, Clone, Default)]
pub struct Versions {
    /// Python's version.
    pub python: Option<String>,
    /// Alembic's version.
    pub alembic: Option<String>,
    /// SQLAlchemy's version.
    pub sqlalchemy: Option<String>,
}

/// What a finished run tells.
#[derive(Debug)]
pub struct Ran {
    /// The revisions, in the order of their application.
    pub applied: Vec<Applied>,
    /// Each migration context that did its work.
    pub contexts: Vec<Context>,
    /// The libraries.
    pub versions: Versions,
    /// The file in the run folder with what a job wrote to stdout: the SQL of an offline run. None of a command of the
    /// project's own.
    pub stdout: Option<PathBuf>,
    /// The interpreter that was used.
    pub python: Option<PathBuf>,
}

impl Ran {
    /// What was there before the first revision.
    pub fn existing(&self) -> Existing {
        self.contexts.iter().find_map(|context| context.existing.clone()).unwrap_or_default()
    }
}
