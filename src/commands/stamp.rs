//! `rebaseline stamp` and `rebaseline status`: bring databases onto the baseline, or say where they
//! stand.

mod catch_up;
mod plan;
mod run;
mod whereabouts;

use std::time::Duration;

use crate::cli::{Global, Running, Stamp, Status, Targets};
use crate::commands::archives::Archives;
use crate::commands::fleet;
use crate::commands::generations::Generations;
use crate::config::Settings;
use crate::error::Result;
use crate::interruption::Interruption;
use crate::postgres::connect::{Patience, Waiting};
use crate::report::Report;
use crate::stages::stamp::{self, Allowed};
pub use plan::{before, forms};
use run::Run;
use whereabouts::Finder;

/// How long a stamp of one database may take unless the user says otherwise.
const TIMEOUT: Duration = Duration::from_mins(1);

/// Stamps the databases; exits with 1 if one was refused.
pub async fn stamp(
    global: &Global,
    arguments: &Stamp,
    report: &Report,
    interruption: &Interruption,
) -> Result<u8> {
    if arguments.behind.catch_up {
        return catch_up::catch_up(global, arguments, report, interruption).await;
    }
    let settings = Settings::load(global, &Running::default())?;
    let targets = &arguments.targets;
    let named = fleet::named(targets)?;
    let all = Archives::load(&settings, targets.archive.as_deref())?;
    let (plan, header) = plan::plan(&settings, &all, targets, allowed(arguments))?;
    let journal = arguments.journal.as_deref();
    let mut run =
        Run::prepare(run::STAMP, (targets, named), (&plan, &header), journal, report).await?;
    run.timeout = run.timeout.or(Some(TIMEOUT));
    let (patience, write) = (patience(targets), !arguments.dry_run);
    run.writes = write;
    run.each(interruption, |target| stamp::stamp(target, &plan, patience, write)).await
}

/// Says where the databases stand; exits with 1 if one could not be stamped.
pub async fn status(
    global: &Global,
    arguments: &Status,
    report: &Report,
    interruption: &Interruption,
) -> Result<u8> {
    let settings = Settings::load(global, &Running::default())?;
    let targets = &arguments.targets;
    let named = fleet::named(targets)?;
    let all = Archives::load(&settings, targets.archive.as_deref())?;
    let (plan, header) = plan::plan(&settings, &all, targets, Allowed::default())?;
    let squashes = Generations::of(&all)?;
    let mut run =
        Run::prepare(run::STATUS, (targets, named), (&plan, &header), None, report).await?;
    run.timeout = run.timeout.or(Some(TIMEOUT));
    let patience = patience(targets);
    let finder = Finder::new(&settings, &squashes, &plan, patience);
    let look = async |target| {
        let told = stamp::stamp(target, &plan, patience, false).await;
        finder.find(target, told).await
    };
    run.each(interruption, look).await
}

fn allowed(arguments: &Stamp) -> Allowed {
    Allowed { adopt: arguments.adopt, purge: arguments.purge }
}

fn patience(targets: &Targets) -> Patience {
    let connect = Waiting { limit: targets.connect_timeout, retries: targets.retries };
    Patience { connect, lock: targets.lock_timeout }
}
