//! `rebaseline stamp --catch-up`: databases that stand behind the cut are brought to it by the archived
//! revisions, then checked and stamped like the others.
//!
//! For each target: look where it stands, take its lock, look again, take the backup, and then squash by
//! squash run what it lacks and stamp it. A database that is not behind goes to the stamp at once. One bad
//! target never stops the others.

mod error;
mod interpreters;
mod offline;
mod one;

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Mutex;

use rebaseline_archive::VersionTableRecord;

use super::plan;
use super::run::{self, Run};
use crate::cli::{Environment, Global, Running, Stamp};
use crate::commands::archives::Archives;
use crate::commands::fleet::{self, Progress};
use crate::commands::generations::{Generations, Squash, run_folder};
use crate::config::{BuiltinEnv, Settings};
use crate::error::Result;
use crate::interruption::Interruption;
use crate::postgres::connect::Patience;
use crate::postgres::run_folder::RunFolder;
use crate::postgres::target::Target;
use crate::report::{Report, count};
use crate::run::Interpreter;
use crate::stages::catch_up::lacking::{self, Generation};
use crate::stages::catch_up::{self, Standing};
use crate::stages::stamp::Plan;
use error::RefusedError;

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
pub async fn catch_up(
    global: &Global,
    arguments: &Stamp,
    report: &Report,
    interruption: &Interruption,
) -> Result<u8> {
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
    run.each(interruption, |target| work.one(target)).await
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
        // Nothing is written here: the run ends by itself at an interruption.
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
}
