//! Prove: the baseline makes the same database as the history.
//!
//! Takes the rendered baselines and what the history made; gives a [`Proof`], which nothing else can
//! make, or the objects that differ. The staged baseline is run by the project's own Alembic on a
//! second, fresh server; nothing in the project is changed.
//!
//! Where revisions are kept, they are run on top of it, and the result is compared with the whole
//! history too.
//!
//! `PostgreSQL` prints some expressions differently after one round trip (`CHECK (x IN (...))` on a
//! varchar). So the reference is a control: the raw text of `pg_dump`, restored by psql. The baseline's
//! dump must equal the control's exactly; what differs between the history's dump and the control's
//! is round-trip drift, and only of objects that hold expressions. Rows, positions, privileges and
//! comments hold none: there a difference is a failure.

mod control;
mod masked;
mod offline;
mod one_go;
mod plain_user;
mod staged;
mod verdict;

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

use serde::Serialize;

use crate::error::{Explain, Kind};
use crate::files::PathError;
use crate::postgres::catalog;
use crate::postgres::holding::{self, Holding, HoldingError};
use crate::postgres::programs::{self, ProgramError, Table};
use crate::postgres::scratch::{Prelude, ScratchDb, ScratchError};
use crate::postgres::server::Server;
use crate::postgres::stopwatch::Stopwatch;
use crate::process::ProcessError;
use crate::run::channel::Existing;
use crate::run::{Goal, Interpreter, Job, Ran, RunError, Scripts};
use crate::schema::compare::{Change, Context};
use crate::schema::inventory::Forms;
use crate::schema::plain::PlainUser;
use crate::schema::toc::TocError;
use crate::schema::volatile::Volatile;
use crate::schema::volatile::clock::Window;
use crate::stages::dump::SchemaDump;
use crate::stages::render::{Baseline, FileChange};
use control::Controls;
use offline::OfflineRun;
pub use verdict::Differing;
use verdict::Verdict;

pub use plain_user::plain_user;

/// Why there is no proof.
#[derive(Debug, thiserror::Error)]
pub enum ProveError {
    /// The baseline makes another database.
    #[error("baseline does not reproduce the history")]
    Differs(#[source] Differing),
    /// The baseline cannot be run.
    #[error("the baseline cannot be run")]
    Run(#[source] RunError),
    /// The baseline and the kept revisions run in two upgrades, and not in one.
    #[error("the baseline and the kept revisions cannot be run in one upgrade")]
    InOneGo(#[source] RunError),
    /// A second `upgrade heads` was not a no-op.
    #[error("a second upgrade applied {} again", revisions.join(", "))]
    NotIdempotent {
        /// What it applied.
        revisions: Vec<String>,
    },
    /// The version table does not stand where the history's does.
    #[error(
        "after the upgrade the version table stands at {}, not at {}",
        found.join(", "),
        expected.join(", ")
    )]
    Version {
        /// The rows that are expected.
        expected: Vec<String>,
        /// The rows.
        found: Vec<String>,
    },
    /// The control could not be restored.
    #[error("psql cannot restore the text of pg_dump")]
    Control(#[source] ProcessError),
    /// A database could not be dumped.
    #[error("cannot dump a scratch database")]
    Program(#[from] ProgramError),
    /// A dump could not be read.
    #[error("cannot read a dump")]
    Toc(#[from] TocError),
    /// What a database holds cannot be read.
    #[error("cannot read a scratch database")]
    Holding(#[from] HoldingError),
    /// A scratch database.
    #[error("cannot prove the baseline")]
    Scratch(#[from] ScratchError),
    /// A file of the run folder.
    #[error("cannot stage the baseline")]
    File(#[from] PathError),
    /// The catalog cannot be read.
    #[error("cannot read a scratch database")]
    Catalog(#[from] sqlx::Error),
}

/// The words of the shim where somebody imports or reads a squashed file.
const GONE: &str = "the file of a squashed revision, which will not be there any more";

fn needs_squashed(error: &RunError) -> bool {
    let causes = std::iter::successors(Some(error as &dyn std::error::Error), |e| e.source());
    causes.map(ToString::to_string).any(|words| words.contains(GONE))
}

/// What to do about a session that is carried over the cut.
const SESSION: &str = "in one upgrade a kept revision sees what the squashed ones left in their session (search_path, a role, a \
     setting, a temporary table, a COMMIT by hand): let it set what it needs by itself, or choose another cut: --upto REV";

impl Explain for ProveError {
    fn kind(&self) -> Kind {
        match self {
            Self::Differs(_)
            | Self::Run(RunError::Revision { .. } | RunError::Stalled { .. })
            | Self::InOneGo(RunError::Revision { .. } | RunError::Stalled { .. })
            | Self::NotIdempotent { .. }
            | Self::Version { .. } => Kind::ProofFailed,
            Self::Run(error) if needs_squashed(error) => Kind::ProofFailed,
            _ => Kind::Tool,
        }
    }

    fn hints(&self) -> Vec<String> {
        match self {
            Self::Differs(differing) => {
                let file = differing.file.iter().map(|file| format!("see {}", file.display()));
                let session = differing.differences.iter().any(|d| d.context.is_one_go());
                file.chain(session.then(|| SESSION.to_owned())).collect()
            }
            Self::Run(error) if needs_squashed(error) => {
                let way = "a kept revision, or env.py, needs a file that the squash takes away: copy what it needs into it, or \
                           into a module that is no revision, or choose a cut before that file: --upto REV";
                [error.hints(), vec![way.to_owned()]].concat()
            }
            Self::Run(error) => error.hints(),
            Self::InOneGo(_) => vec![SESSION.to_owned()],
            Self::Scratch(error) => error.hints(),
            _ => Vec::new(),
        }
    }

    fn differences(&self) -> &[Change] {
        match self {
            Self::Differs(differing) => &differing.differences,
            _ => &[],
        }
    }

    fn state(&self) -> String {
        "nothing was changed: no file of the project was touched".to_owned()
    }
}

/// The offline part of the proof.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case", tag = "outcome", content = "reason")]
pub enum Offline {
    /// `alembic upgrade head --sql` of the baseline makes the same database.
    Equal,
    /// The project's env.py cannot run offline.
    Skipped(String),
}

/// A property that `PostgreSQL` prints differently after one round trip.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Drifted {
    /// The object, named as in the list of objects.
    pub object: String,
    /// What is printed differently, in a line.
    pub change: String,
}

impl From<Change> for Drifted {
    fn from(change: Change) -> Self {
        Self { object: change.object.to_string(), change: change.within() }
    }
}

/// That a baseline makes the same database as the history. Only [`prove`] makes one.
#[derive(Debug, Clone)]
pub struct Proof {
    files: BTreeMap<PathBuf, String>,
    schema_sha256: String,
    compared: usize,
    roundtrip_drift: Vec<Drifted>,
    offline: Offline,
    inventory: Forms,
    plain_user: PlainUser,
}

impl Proof {
    /// Whether this file with this content (SHA-256 in hexadecimal) was part of what was proved.
    pub fn covers(&self, file: &Path, sha256: &str) -> bool {
        self.files.get(file).is_some_and(|proved| proved == sha256)
    }

    /// The SHA-256 of what the history made.
    pub fn schema_sha256(&self) -> &str {
        &self.schema_sha256
    }

    /// How many objects were compared.
    pub fn compared(&self) -> usize {
        self.compared
    }

    /// The objects that `PostgreSQL` prints differently after one round trip.
    pub fn roundtrip_drift(&self) -> Vec<String> {
        let mut objects: Vec<String> =
            self.roundtrip_drift.iter().map(|drifted| drifted.object.clone()).collect();
        objects.dedup();
        objects
    }

    /// The same by property.
    pub fn roundtrip_changes(&self) -> &[Drifted] {
        &self.roundtrip_drift
    }

    /// What the catalog holds at the cut, as the history makes it and as the baseline does.
    pub fn inventory(&self) -> &Forms {
        &self.inventory
    }

    /// Whether offline mode was proved too.
    pub fn offline(&self) -> &Offline {
        &self.offline
    }

    /// Whether a user who is no superuser can run the baseline.
    pub fn plain_user(&self) -> &PlainUser {
        &self.plain_user
    }
}

/// What the proof needs.
#[derive(Debug)]
pub struct Request<'a> {
    /// The rendered baselines.
    pub baselines: &'a [Baseline],
    /// The files of the squashed revisions.
    pub squashed: Vec<PathBuf>,
    /// The version table's rows when exactly the baselines have run.
    pub version_rows: Vec<String>,
    /// What stays of the project, if anything does.
    pub kept: Option<Kept<'a>>,
    /// What the whole history makes in one upgrade, where it was replayed in steps and can be run so.
    pub in_one_go: Option<&'a Holding>,
    /// What the history made up to the cut.
    pub dump: &'a SchemaDump,
    /// The version table, as the history's run showed it.
    pub version_table: &'a Table,
    /// What was there before the history's first revision.
    pub existing: &'a Existing,
    /// What is expected beforehand.
    pub prelude: &'a Prelude,
    /// The server of the history: the control is restored there, where its roles are.
    pub history_server: &'a Server,
    /// The second server.
    pub server: &'a Server,
    /// The project's environment.
    pub environment: Vec<(OsString, OsString)>,
}

/// The revisions that stay, and what the whole history made.
#[derive(Debug)]
pub struct Kept<'a> {
    /// The project's root: paths of changes are relative to it.
    pub root: &'a Path,
    /// The project's version locations.
    pub locations: &'a [PathBuf],
    /// The kept files that change.
    pub rewritten: &'a [FileChange],
    /// What the whole history made.
    pub holding: &'a Holding,
    /// The values of it that change from run to run.
    pub volatile: &'a Volatile,
    /// The version table's rows at the heads.
    pub version_rows: Vec<String>,
    /// A server on which nothing has run.
    pub fresh: &'a Server,
}

/// Runs the baselines and compares.
pub async fn prove(
    request: Request<'_>,
    interpreter: &mut Interpreter,
) -> Result<Proof, ProveError> {
    let (control, run) =
        tokio::try_join!(control::at_the_cut(&request), run(&request, interpreter))?;
    let dump = request.dump;
    let mut verdict = Verdict::default();
    let drift = verdict.round_trip(&dump.holding.entries, &control.entries);
    let Timed { holding: mut cut, window } = run.cut;
    // Rows can be many: no copy of them.
    let made = (std::mem::take(&mut cut.entries), &window);
    let masked = masked::at_the_cut(&dump.volatile, control.entries, made, run.offline);
    verdict.baseline(&masked.control, &masked.baseline);
    let offline = verdict.offline(&masked.control, masked.offline, request.existing);
    let history = &dump.holding.inventory;
    verdict.catalog(history, &control.inventory, &cut.inventory);
    verdict.beside(Context::Baseline, &dump.holding, &cut);
    if let (Some(kept), Some((heads, in_one_go))) = (&request.kept, &run.heads) {
        let controls = control::at_the_heads(&request, kept, &heads.holding).await?;
        let masked = masked::at_the_heads(kept, heads, in_one_go, controls);
        let Controls { history, baseline } = &masked.controls;
        verdict.heads(&masked.history, &masked.baseline, &history.entries, &baseline.entries);
        let (whole, heads) = (kept.holding, &heads.holding);
        let controls = [&history.inventory, &baseline.inventory];
        verdict.catalog_at_heads([&whole.inventory, &heads.inventory], controls);
        verdict.beside(Context::Heads, whole, heads);
        verdict.in_one_go(&masked.baseline, &masked.in_one_go, heads, &in_one_go.holding);
    }
    if let Some(in_one_go) = request.in_one_go {
        let steps = request.kept.as_ref().map_or(&*dump.holding, |kept| kept.holding);
        let volatile = request.kept.as_ref().map_or(&dump.volatile, |kept| kept.volatile);
        verdict.history_in_one_go(steps, in_one_go, [&dump.volatile, volatile]);
    }
    verdict.conclude()?;
    let baselines = request.baselines.iter().map(|b| (b.file.clone(), b.sha256()));
    let rewritten = request.kept.iter().flat_map(|kept| kept.rewritten);
    let changes = request.baselines.iter().filter_map(|b| b.sql_file.as_ref()).chain(rewritten);
    let changes = changes.map(|change| (change.path.clone(), change.sha256()));
    Ok(Proof {
        files: baselines.chain(changes).collect(),
        schema_sha256: dump.sha256.clone(),
        compared: dump.holding.entries.len() + dump.holding.made.statements.len(),
        roundtrip_drift: drift,
        offline,
        inventory: Forms { history: history.clone(), baseline: cut.inventory },
        plain_user: dump.plain_user.clone(),
    })
}

/// What the baselines made, and the kept revisions on top of them.
struct Run {
    cut: Timed,
    /// At the heads: by a second upgrade from the cut, and by one upgrade from nothing.
    heads: Option<(Timed, Timed)>,
    offline: OfflineRun,
}

/// What a run made, and when it was.
struct Timed {
    holding: Holding,
    window: Window,
}

async fn run(request: &Request<'_>, interpreter: &mut Interpreter) -> Result<Run, ProveError> {
    let database = ScratchDb::create(request.server, "history").await?;
    let offline_database = ScratchDb::create(request.server, "offline").await?;
    let result = run_on(request, interpreter, &database, &offline_database).await;
    database.drop_scratch().await?;
    offline_database.drop_scratch().await?;
    result
}

async fn run_on(
    request: &Request<'_>,
    interpreter: &mut Interpreter,
    database: &ScratchDb,
    offline_database: &ScratchDb,
) -> Result<Run, ProveError> {
    let server = request.server;
    let table = request.version_table;
    let scripts = staged::stage(request)?;
    let baselines = scripts.baselines(request);
    database.prepare(request.prelude).await?;
    let mut connection = database.connect().await?;
    let before = catalog::snapshot(&mut connection, database.is_private()).await?;
    let watch = Stopwatch::start(&mut connection).await?;
    interpreter
        .run(request.job(Goal::Upgrade, database, &baselines), &|_| {})
        .await
        .map_err(ProveError::Run)?;
    let rows = catalog::version_rows(&mut connection, table).await?;
    stands_at(&rows, &request.version_rows)?;
    let window = watch.stop(&mut connection).await?;
    let rest = async {
        if request.kept.is_none() {
            upgrade_again(request, interpreter, database, &scripts.all).await?;
        }
        offline::run(request, interpreter, offline_database, &baselines).await
    };
    let without = std::slice::from_ref(table);
    let text = async { Ok::<_, ProveError>(programs::dump(server, database, without).await?) };
    let (offline, text) = tokio::try_join!(rest, text)?;
    let holding = holding::read(server, database, &mut connection, table, &before, text).await?;
    let cut = Timed { holding: holding.like(&request.dump.holding), window };
    let Some(kept) = &request.kept else { return Ok(Run { cut, heads: None, offline }) };
    let job = request.job(Goal::Upgrade, database, &scripts.all);
    interpreter.run_again(job, &|_| {}).await.map_err(ProveError::Run)?;
    let rows = catalog::version_rows(&mut connection, table).await?;
    stands_at(&rows, &kept.version_rows)?;
    let window = watch.stop(&mut connection).await?;
    upgrade_again(request, interpreter, database, &scripts.all).await?;
    let text = programs::dump(server, database, without).await?;
    let holding = holding::read(server, database, &mut connection, table, &before, text).await?;
    let heads = Timed { holding, window };
    let in_one_go = one_go::run(request, kept, interpreter, &scripts.all).await?;
    Ok(Run { cut, heads: Some((heads, in_one_go)), offline })
}

/// A second `upgrade heads` must have nothing to do.
async fn upgrade_again(
    request: &Request<'_>,
    interpreter: &mut Interpreter,
    database: &ScratchDb,
    scripts: &Scripts,
) -> Result<(), ProveError> {
    let job = request.job(Goal::Upgrade, database, scripts);
    let again = interpreter.run_again(job, &|_| {}).await.map_err(ProveError::Run)?;
    if again.applied.is_empty() {
        return Ok(());
    }
    let revisions = again.applied.into_iter().map(|applied| applied.revision).collect();
    Err(ProveError::NotIdempotent { revisions })
}

fn stands_at(found: &[String], expected: &[String]) -> Result<(), ProveError> {
    let mut expected = expected.to_vec();
    expected.sort();
    if found == expected {
        return Ok(());
    }
    Err(ProveError::Version { expected, found: found.to_vec() })
}

impl Request<'_> {
    fn job<'j>(&self, goal: Goal, database: &'j ScratchDb, scripts: &'j Scripts) -> Job<'j> {
        Job { goal, database, scripts, environment: self.environment.clone() }
    }
}
