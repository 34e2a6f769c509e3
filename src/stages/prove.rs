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
mod error;
mod masked;
mod offline;
mod plain_user;
mod proof;
mod run;
mod staged;
mod verdict;

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use crate::postgres::holding::Holding;
use crate::postgres::programs::Table;
use crate::postgres::scratch::{Prelude, ScratchDb};
use crate::postgres::server::Server;
use crate::run::channel::Existing;
use crate::run::{Goal, Interpreter, Job, Scripts};
use crate::schema::compare::Context;
use crate::schema::inventory::Forms;
use crate::schema::volatile::Volatile;
use crate::stages::dump::SchemaDump;
use crate::stages::render::{Baseline, FileChange};
use control::Controls;
use run::Timed;
use verdict::Verdict;

pub use error::ProveError;
pub use plain_user::plain_user;
pub use proof::{Drifted, Offline, Proof};
pub use verdict::Differing;

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
        tokio::try_join!(control::at_the_cut(&request), run::run(&request, interpreter))?;
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
    let rewritten = rewritten.map(|change| (change.path.clone(), change.sha256()));
    let sql_files = request.baselines.iter().filter_map(|baseline| baseline.sql_file.as_ref());
    let sql_files = sql_files.map(|file| (file.path.clone(), file.sha256.clone()));
    Ok(Proof {
        files: baselines.chain(sql_files).chain(rewritten).collect(),
        schema_sha256: dump.sha256.clone(),
        compared: dump.holding.entries.len() + dump.holding.made.statements.len(),
        roundtrip_drift: drift,
        offline,
        inventory: Forms {
            history: history.clone(),
            baseline: cut.inventory,
            varying: dump.volatile.varying.clone(),
        },
        plain_user: dump.plain_user.clone(),
    })
}

impl Request<'_> {
    fn job<'j>(&self, goal: Goal, database: &'j ScratchDb, scripts: &'j Scripts) -> Job<'j> {
        Job { goal, database, scripts, environment: self.environment.clone() }
    }
}
