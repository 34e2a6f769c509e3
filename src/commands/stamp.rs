//! `rebaseline stamp` and `rebaseline status`: bring databases onto the baseline, or say where they
//! stand.

mod plan;

use std::path::Path;
use std::time::{Duration, Instant};

use serde::Serialize;

use crate::cli::{Global, Running, Stamp, Status, Targets};
use crate::commands::fleet::journal::Journal;
use crate::commands::fleet::summary::Summary;
use crate::commands::fleet::{self, Fleet};
use crate::config::Settings;
use crate::error::Result;
use crate::postgres::connect::Waiting;
use crate::postgres::target::Target;
use crate::report::{Printable, Report};
use crate::stages::stamp::{self, Allowed, Outcome, Patience, Plan, Told};

#[derive(Debug, Serialize)]
struct ToldAll {
    targets: Vec<Told>,
    summary: Summary,
}

/// The last line, where each target has had its own.
#[derive(Debug, Serialize)]
struct Last {
    summary: Summary,
}

impl Printable for Last {
    fn text(&self) -> String {
        self.summary.to_string()
    }
}

/// The word for an outcome in JSON.
fn word(outcome: Outcome) -> String {
    let value = serde_json::to_value(outcome).unwrap_or_default();
    value.as_str().unwrap_or_default().to_owned()
}

impl Printable for ToldAll {
    fn text(&self) -> String {
        let mut lines: Vec<String> = self.targets.iter().flat_map(Told::lines).collect();
        if self.targets.len() + self.summary.earlier > 1 {
            lines.push(self.summary.to_string());
        }
        lines.join("\n")
    }
}

/// Stamps the databases; exits with 1 if one was refused.
pub async fn stamp(global: &Global, arguments: &Stamp, report: &Report) -> Result<u8> {
    let allowed = Allowed { adopt: arguments.adopt, purge: arguments.purge };
    let journal = arguments.journal.as_deref();
    run(global, &arguments.targets, allowed, !arguments.dry_run, journal, report).await
}

/// Says where the databases stand; exits with 1 if one could not be stamped.
pub async fn status(global: &Global, arguments: &Status, report: &Report) -> Result<u8> {
    run(global, &arguments.targets, Allowed::default(), false, None, report).await
}

async fn run(
    global: &Global,
    arguments: &Targets,
    allowed: Allowed,
    write: bool,
    journal: Option<&Path>,
    report: &Report,
) -> Result<u8> {
    let settings = Settings::load(global, &Running::default())?;
    let started = report.elapsed();
    let named = fleet::named(arguments)?;
    let (plan, header) = plan::plan(&settings, arguments, allowed)?;
    let mut fleet = Fleet::gather(named, arguments, &plan.version_table.table).await?;
    for target in &fleet.repeated {
        report.note(format!("named more than once, done once: {target}"));
    }
    let mut summary = Summary { repeated: fleet.repeated.len(), ..Summary::default() };
    let journal = journal.map(|path| Journal::open(path, &header)).transpose()?;
    if let Some(journal) = &journal {
        let named = fleet.targets.len();
        fleet.targets.retain(|target| !journal.has(target));
        summary.earlier = named - fleet.targets.len();
    }
    let connect = Waiting { limit: arguments.connect_timeout, retries: arguments.retries };
    let patience = Patience { connect, lock: arguments.lock_timeout };
    let bar = report.bar(if write { "stamp" } else { "status" }, fleet.targets.len() as u64);
    let mut told_of = |told: &Told| {
        report.line(told);
        summary.add(&told.target, &word(told.outcome), told.seconds);
        bar.set_message(summary.counts());
    };
    let mut told = Vec::new();
    for unknown in &fleet.unknown {
        let why = unknown.why.clone();
        told.push(
            Told::untouched(&unknown.target, &plan, Outcome::Refused).because(why, &unknown.help),
        );
    }
    told.iter().for_each(&mut told_of);
    let work = |target| within(arguments.timeout, target, &plan, patience, write);
    let ended = |target: &_, told: &Told| {
        bar.inc(1);
        told_of(told);
        let done =
            matches!(told.outcome, Outcome::Stamped | Outcome::Adopted | Outcome::AlreadyThere);
        if let Some(journal) = journal.as_ref().filter(|_| done) {
            journal.note(target)?;
        }
        Ok(!(arguments.fail_fast && told.outcome == Outcome::Refused))
    };
    let answers = fleet::each(&fleet.targets, arguments.jobs, work, ended).await?;
    for (target, answer) in fleet.targets.iter().zip(answers) {
        let told_now = answer.unwrap_or_else(|| {
            let why = "another target was refused before its turn (--fail-fast)".to_owned();
            let told =
                Told::untouched(target, &plan, Outcome::NotTried).because(why, "run it again");
            told_of(&told);
            told
        });
        told.push(told_now);
    }
    bar.finish_and_clear();
    summary.seconds = report.elapsed() - started;
    let refused = told.iter().any(|told| told.outcome == Outcome::Refused);
    if report.is_by_line() {
        report.result(&Last { summary });
    } else {
        report.result(&ToldAll { targets: told, summary });
    }
    Ok(u8::from(refused))
}

/// Stamps one database, within the time that one may take.
async fn within(
    limit: Duration,
    target: &Target,
    plan: &Plan,
    patience: Patience,
    write: bool,
) -> Told {
    let started = Instant::now();
    let stamped = tokio::time::timeout(limit, stamp::stamp(target, plan, patience, write)).await;
    stamped.unwrap_or_else(|_| {
        let why = format!("not done within {} s", limit.as_secs_f64());
        let help = "it was stamped whole, or not at all: run it again, or raise --timeout";
        let told = Told::untouched(target, plan, Outcome::Refused).because(why, help);
        Told { seconds: started.elapsed().as_secs_f64(), ..told }
    })
}
