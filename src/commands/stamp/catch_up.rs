//! `rebaseline stamp --catch-up`: databases that stand behind the cut are brought to it by the archived
//! revisions, then checked and stamped like the others.
//!
//! For each target: look where it stands, take its lock, look again, take the backup, and then squash by
//! squash run what it lacks and stamp it. A database that is not behind goes to the stamp at once. One bad
//! target never stops the others.

mod interpreters;
mod offline;

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use super::plan;
use super::run::{self, Run};
use rebaseline_archive::VersionTableRecord;

use crate::cli::{Environment, Global, Running, Stamp};
use crate::commands::archives::Archives;
use crate::commands::fleet::{self, Progress};
use crate::commands::generations::{self, Generations, Squash, run_folder};
use crate::config::{self, BuiltinEnv, Settings};
use crate::error::{Explain, Kind, Result};
use crate::files::PathError;
use crate::postgres::connect::Patience;
use crate::postgres::run_folder::RunFolder;
use crate::postgres::target::Target;
use crate::report::{Report, count, redact};
use crate::run::{Interpreter, Scripts};
use crate::stages::catch_up::backup::Backup;
use crate::stages::catch_up::lacking::{self, Generation};
use crate::stages::catch_up::{self, CatchUpError, Held, Standing};
use crate::stages::stamp::{self, Outcome, Plan, Told};

/// Why no database was touched.
#[derive(Debug, thiserror::Error)]
pub enum RefusedError {
    /// Nobody can be asked.
    #[error("revisions are run on a real database only after a yes, and there is nobody to ask")]
    NoYes,
    /// The answer was no.
    #[error("not confirmed")]
    NotConfirmed,
    /// The revisions would run by another env.py than the squash was proved with, and nobody asked for that.
    #[error("{} was proved with {proved}, and the revisions would run by the other one", archive.display())]
    OtherEnv {
        /// The archive.
        archive: PathBuf,
        /// Whose `env.py`.
        proved: &'static str,
        /// The flag that asks for it.
        flag: &'static str,
    },
    /// The run folder.
    #[error("cannot prepare the run")]
    File(#[from] PathError),
}

impl Explain for RefusedError {
    fn kind(&self) -> Kind {
        match self {
            Self::NoYes => Kind::Usage,
            Self::NotConfirmed | Self::OtherEnv { .. } => Kind::Refused,
            Self::File(_) => Kind::Tool,
        }
    }

    fn hints(&self) -> Vec<String> {
        match self {
            Self::NoYes => vec![
                "look first: rebaseline stamp --catch-up --dry-run URL... (or --sql)".to_owned(),
                "then pass --yes".to_owned(),
            ],
            Self::OtherEnv { flag, .. } => vec![format!(
                "pass {flag}; with the other one constraints may get other names and objects other owners"
            )],
            _ => Vec::new(),
        }
    }

    fn state(&self) -> String {
        "no database was written to".to_owned()
    }
}

/// All that the work on one target needs.
struct Work<'a> {
    settings: &'a Settings,
    arguments: &'a Stamp,
    squashes: &'a Generations,
    histories: Vec<Generation>,
    plans: Vec<Plan>,
    /// The version locations of each squash, laid out.
    locations: Vec<Vec<PathBuf>>,
    folder: &'a RunFolder,
    /// Interpreters that wait for another job.
    idle: Mutex<Vec<Interpreter>>,
    started: Mutex<usize>,
    patience: Patience,
}

/// Catches the databases up; exits with 1 if one was refused.
pub async fn catch_up(global: &Global, arguments: &Stamp, report: &Report) -> Result<u8> {
    let behind = &arguments.behind;
    let looks_only = arguments.dry_run || behind.sql;
    if !looks_only && !behind.yes && !report.asks() {
        return Err(RefusedError::NoYes.into());
    }
    let running = Running {
        python: behind.python.clone(),
        command: behind.command.clone(),
        x: behind.x.clone(),
        environment: Environment { env: behind.env, version_table: None },
        pg_bin: behind.pg_bin.clone(),
        ..Running::default()
    };
    let mut settings = Settings::load(global, &running)?;
    let named = fleet::named(&arguments.targets)?;
    let all = Archives::load(&settings, arguments.targets.archive.as_deref())?;
    let allowed = super::allowed(arguments);
    let (newest, header) = plan::plan(&settings, &all, &arguments.targets, allowed)?;
    if let Some(env) = &mut settings.env {
        // The archive knows where the databases keep their revision.
        let VersionTableRecord { schema, table } = newest.version_table.clone();
        *env = BuiltinEnv { schema, table };
    }
    let journal = arguments.journal.as_deref();
    let goes_by = (&newest, &header);
    let mut run =
        Run::prepare(run::CATCH_UP, (&arguments.targets, named), goes_by, journal, report).await?;
    (run.script, run.writes) = (behind.sql, !looks_only);
    let squashes = Generations::of(&all)?;
    let plans = squashes.plans(&newest);
    let folder = run_folder(&settings)?;
    let mut work = Work {
        settings: &settings,
        arguments,
        histories: squashes.histories(),
        squashes: &squashes,
        plans,
        locations: Vec::new(),
        folder: &folder,
        idle: Mutex::new(Vec::new()),
        started: Mutex::new(0),
        patience: super::patience(&arguments.targets),
    };
    let survey = work.survey(run.targets(), report).await?;
    for note in work.skipped(run.targets(), &survey) {
        report.note(note);
    }
    if behind.env.is_none()
        && let Some(first) = survey.iter().filter_map(|way| Some(way.as_ref()?.number)).min()
    {
        as_proved(&settings, &squashes.squashes()[first..])?;
    }
    work.lay_out(survey.iter().filter_map(|way| Some(way.as_ref()?.number)).min())?;
    if !looks_only && survey.iter().flatten().next().is_some() {
        let question = question(run.targets(), &survey);
        if !report.confirm(&question, behind.yes) {
            return Err(RefusedError::NotConfirmed.into());
        }
    }
    let work = &work;
    run.each(|target| work.one(target)).await
}

/// Refuses to run revisions by another `env.py` than these squashes were proved with.
fn as_proved(settings: &Settings, squashes: &[Squash]) -> Result<(), RefusedError> {
    for Squash { file, archive, .. } in squashes {
        let (proved, flag) = match archive.manifest().origin.env {
            Some(_) => ("the plain env.py", "--env builtin"),
            None => ("the project's env.py", "--env project"),
        };
        if archive.manifest().origin.env.is_some() != settings.env.is_some() {
            return Err(RefusedError::OtherEnv { archive: file.clone(), proved, flag });
        }
    }
    Ok(())
}

/// How often a run begins again after a collision, and how long it waits before, the more the later.
const COLLISIONS: u32 = 5;
const PAUSE: Duration = Duration::from_millis(200);

/// How a database gets on.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Way {
    /// The squash that it stands in; the newest for an empty database.
    number: usize,
    /// Where it stands; none for an empty database.
    rows: Vec<String>,
    /// What it lacks, over all squashes.
    lacking: Vec<String>,
}

fn question(targets: &[Target], survey: &[Option<Way>]) -> String {
    let line = |(target, way): (&Target, &Option<Way>)| {
        let way = way.as_ref()?;
        let from = if way.rows.is_empty() { "empty".to_owned() } else { way.rows.join(", ") };
        let revisions = count(way.lacking.len() as u64, "revision", "revisions");
        Some(format!("  {target}: {revisions} (now: {from})\n"))
    };
    let lines: Vec<String> = targets.iter().zip(survey).filter_map(line).collect();
    let databases = count(lines.len() as u64, "database", "databases");
    format!("{}run these archived revisions on {databases}?", lines.concat())
}

/// What the stamp told of a database, with what was done before.
fn after_the_stamp(told: Told, own: Told) -> Told {
    let Told { found, applied, backup, .. } = own;
    let told = match told.outcome {
        _ if applied.is_empty() => told,
        Outcome::Refused => told,
        // Where it stood at first says more than that it stood at the cut.
        _ => Told { outcome: Outcome::CaughtUp, found, ..told },
    };
    Told { applied, backup, ..told }
}

impl Work<'_> {
    /// Where each target stands, as far as it can be read. What is wrong with one is told later.
    async fn survey(&self, targets: &[Target], report: &Report) -> Result<Vec<Option<Way>>> {
        let bar = report.bar("look", targets.len() as u64);
        let look = async |target: &Target| {
            if target.schema.is_some() {
                return None;
            }
            let plan = self.newest();
            let standing = catch_up::look(target, &plan.version_table, self.patience).await;
            standing.ok().and_then(|standing| self.way(&standing))
        };
        let ended = |_: &Target, _: &Option<Way>| {
            bar.inc(1);
            Ok(true)
        };
        // Nothing is written here: an interruption needs no report of ours.
        let never = std::future::pending::<()>();
        let jobs = self.arguments.targets.jobs;
        let (ways, _) = fleet::each(targets, jobs, look, ended, never).await?;
        bar.finish_and_clear();
        let way = |way| match way {
            Progress::Ended(way) => way,
            Progress::Waiting | Progress::Begun => None,
        };
        Ok(ways.into_iter().map(way).collect())
    }

    fn newest(&self) -> &Plan {
        // There is a plan for each squash, and at least one squash.
        &self.plans[self.plans.len() - 1]
    }

    /// Lays out the revisions of this squash and of all after it.
    fn lay_out(&mut self, from: Option<usize>) -> Result<()> {
        for number in 0..self.plans.len() {
            let mut locations = Vec::new();
            if from.is_some_and(|from| number >= from) {
                let folder = self.folder.subfolder(&format!("old-{number}"));
                let folder = folder.map_err(RefusedError::from)?;
                locations = self.squashes.lay_out(number, self.settings, &folder)?;
            }
            self.locations.push(locations);
        }
        Ok(())
    }

    /// How a database that stands so gets to the newest baseline; none if it is no matter of running
    /// revisions.
    fn way(&self, standing: &Standing) -> Option<Way> {
        let last = self.plans.len() - 1;
        let mut rows = match standing {
            Standing::Unversioned => return None,
            Standing::Empty => {
                let lacking = self.newest().baselines.iter().map(|b| b.baseline.clone()).collect();
                return Some(Way { number: last, rows: Vec::new(), lacking });
            }
            Standing::At(rows) => rows.clone(),
        };
        let from = rows.clone();
        if rows.iter().all(|row| self.newest().new.contains_key(row)) {
            return None;
        }
        let number = lacking::standing(&self.histories, &rows)?;
        let mut all = Vec::new();
        for (history, plan) in self.histories.iter().zip(&self.plans).skip(number) {
            let lacking = history.lacking(&rows);
            rows = offline::stamped(plan, history.rows_after(&rows, &lacking))?;
            all.extend(lacking);
        }
        (!all.is_empty() || number < last).then_some(Way { number, rows: from, lacking: all })
    }

    async fn one(&self, target: &Target) -> Told {
        let started = Instant::now();
        let mut own = Told::untouched(target, self.newest(), Outcome::WouldCatchUp);
        if target.schema.is_some() {
            let why = "one schema of a database cannot be caught up: env.py decides which schemas its revisions \
                       are about";
            let help = "run its own upgrade of this schema with the old revisions (rebaseline archive restore)";
            let refused = Told { outcome: Outcome::Refused, ..own };
            return refused.because(why.to_owned(), help);
        }
        let told = match self.bring(target, &mut own).await {
            Ok(Some(told)) => after_the_stamp(told, own),
            Ok(None) => own,
            Err(error) => self.failed(target, own, &error).await,
        };
        Told { seconds: started.elapsed().as_secs_f64(), ..told }
    }

    /// What is told of a database on which something failed: also where it stands now. What a project's
    /// code says may hold a password.
    async fn failed(&self, target: &Target, own: Told, error: &CatchUpError) -> Told {
        let mut help = error.help();
        if matches!(
            error,
            CatchUpError::Run { .. } | CatchUpError::Lost(_) | CatchUpError::LockLost(_)
        ) {
            let table = &self.newest().version_table;
            let now = match catch_up::look(target, table, self.patience).await {
                Ok(Standing::At(rows)) => format!("it stands at {} now", rows.join(", ")),
                Ok(Standing::Empty) => "it is as empty as before".to_owned(),
                Ok(Standing::Unversioned) => "it has tables and no revision now".to_owned(),
                Err(error) => format!("where it stands now cannot be read ({error})"),
            };
            help = format!("{now}; {help}");
        }
        let refused = Told { outcome: Outcome::Refused, ..own };
        refused.because(redact(&error.to_string()), &redact(&help))
    }

    /// Brings a database to the newest baseline. Gives what the last stamp told; nothing if `own` says it
    /// all.
    async fn bring(&self, target: &Target, own: &mut Told) -> Result<Option<Told>, CatchUpError> {
        let table = &self.newest().version_table;
        let standing = catch_up::look(target, table, self.patience).await?;
        let Some(way) = self.way(&standing) else {
            let write = !self.arguments.dry_run && !self.arguments.behind.sql;
            return Ok(Some(stamp::stamp(target, self.newest(), self.patience, write).await));
        };
        own.found = (!way.rows.is_empty()).then(|| way.rows.clone());
        own.missing.clone_from(&way.lacking);
        if self.arguments.behind.sql {
            own.sql = Some(self.sql(target, &way).await?);
            return Ok(None);
        }
        if self.arguments.dry_run {
            return Ok(None);
        }
        let mut held = Held::take(target, table, self.patience.connect).await?;
        let told = self.bring_held(target, &mut held, own).await;
        held.release().await;
        told.map(Some)
    }

    async fn bring_held(
        &self,
        target: &Target,
        held: &mut Held,
        own: &mut Told,
    ) -> Result<Told, CatchUpError> {
        let behind = &self.arguments.behind;
        if let Some(folder) = &behind.backup {
            let binaries = behind.pg_bin.as_deref();
            let backup = Backup { folder, binaries, path: &self.settings.path };
            let file = backup.take(held, self.settings.clock.now()).await?;
            own.backup = Some(file.display().to_string());
        }
        let mut before: Option<Way> = None;
        let mut collisions = 0;
        loop {
            // Somebody may have been quicker before we had the lock, and each round changes it.
            let table = &self.newest().version_table;
            let standing = catch_up::look(target, table, self.patience).await?;
            let way = self.way(&standing).filter(|way| before.as_ref() != Some(way));
            let Some(way) = way else {
                return Ok(stamp::stamp(target, self.newest(), self.patience, true).await);
            };
            // What a failed run had applied and its transaction took back.
            own.applied.retain(|revision| !way.lacking.contains(revision));
            let plan = &self.plans[way.number];
            let expected = match self.run(target, held, &way, own).await {
                Err(error) if error.is_collision() && collisions < COLLISIONS => {
                    collisions += 1;
                    tracing::debug!(%target, %error, "once more");
                    tokio::time::sleep(PAUSE * collisions).await;
                    continue;
                }
                expected => expected?,
            };
            if let Some(expected) = expected {
                self.assert_at(target, expected).await?;
            }
            let told = stamp::stamp(target, plan, self.patience, true).await;
            if told.outcome == Outcome::Refused {
                return Ok(told);
            }
            before = Some(way);
        }
    }

    /// Runs what the database lacks of the squash that it stands in, and gives the rows that it should
    /// have then, where they can be told.
    async fn run(
        &self,
        target: &Target,
        held: &mut Held,
        way: &Way,
        own: &mut Told,
    ) -> Result<Option<Vec<String>>, CatchUpError> {
        let history = &self.histories[way.number];
        let lacking =
            if way.rows.is_empty() { way.lacking.clone() } else { history.lacking(&way.rows) };
        if lacking.is_empty() {
            return Ok(None);
        }
        let scripts = self.scripts(way);
        let mut interpreter = self.interpreter()?;
        let tell = |_: &_| tracing::debug!(%target, "an event of the migrations");
        let ran = catch_up::run(held, &scripts, config::inherited(), &mut interpreter, &tell).await;
        match ran {
            Ok(applied) => {
                own.applied.extend(applied);
                self.give_back(interpreter);
                Ok((!way.rows.is_empty()).then(|| history.rows_after(&way.rows, &lacking)))
            }
            Err(error) => {
                if let CatchUpError::Run { applied, .. } = &error {
                    own.applied.extend(applied.iter().cloned());
                }
                Err(error)
            }
        }
    }

    /// Of each database, which revisions are passed without being run, because the squash skipped them.
    fn skipped(&self, targets: &[Target], survey: &[Option<Way>]) -> Vec<String> {
        let manifests = self.squashes.squashes().iter().map(|squash| squash.archive.manifest());
        let skipped: BTreeSet<&String> = manifests.flat_map(|m| &m.origin.skipped).collect();
        let told = targets.iter().zip(survey).filter_map(|(target, way)| {
            let lacking = &way.as_ref().filter(|way| !way.rows.is_empty())?.lacking;
            let passed: Vec<&str> =
                lacking.iter().filter(|id| skipped.contains(id)).map(String::as_str).collect();
            (!passed.is_empty()).then(|| {
                let passed = passed.join(", ");
                format!("{target}: passed without being run, as the squash skipped it: {passed}")
            })
        });
        told.collect()
    }

    /// Which revisions Alembic sees and runs.
    fn scripts(&self, way: &Way) -> Scripts {
        if way.rows.is_empty() {
            let only: BTreeSet<String> = way.lacking.iter().cloned().collect();
            return Scripts { only: Some(only), ..Scripts::default() };
        }
        Scripts {
            locations: Some(self.locations[way.number].clone()),
            only: Some(self.histories[way.number].up_to_the_cut(&way.rows)),
            moved: generations::moved(self.settings, &self.locations[way.number]),
            start: way.rows.clone(),
            ..Scripts::default()
        }
    }

    async fn assert_at(&self, target: &Target, expected: Vec<String>) -> Result<(), CatchUpError> {
        let table = &self.newest().version_table;
        let found = match catch_up::look(target, table, self.patience).await? {
            Standing::At(rows) => rows,
            Standing::Empty | Standing::Unversioned => Vec::new(),
        };
        if found == expected { Ok(()) } else { Err(CatchUpError::NotThere { expected, found }) }
    }
}
