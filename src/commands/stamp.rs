//! `rebaseline stamp` and `rebaseline status`: bring databases onto the baseline, or say where they
//! stand.

use std::collections::BTreeSet;
use std::path::Path;
use std::time::{Duration, Instant};

use rebaseline_archive::{BaselineRecord, Manifest, RevisionRecord};
use serde::Serialize;

use crate::cli::{Global, Running, Stamp, Status, Targets};
use crate::commands::archive::{Archives, ArchivesError};
use crate::commands::fleet::journal::{Header, Journal};
use crate::commands::fleet::summary::Summary;
use crate::commands::fleet::{self, Fleet};
use crate::config::Settings;
use crate::error::Result;
use crate::history::History;
use crate::postgres::connect::Waiting;
use crate::postgres::target::Target;
use crate::report::{Printable, Report};
use crate::stages::audit;
use crate::stages::stamp::{self, Outcome, Patience, Plan, Replaced, Requires, Told};

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
        let mut lines = Vec::new();
        for told in &self.targets {
            let word = match told.outcome {
                Outcome::AlreadyThere => "already there",
                Outcome::Stamped => "stamped",
                Outcome::WouldStamp => "can be stamped",
                Outcome::Refused => "refused",
                Outcome::NotTried => "not tried",
            };
            let found = match &told.found {
                Some(rows) if !rows.is_empty() => format!(" (found {})", rows.join(", ")),
                _ => String::new(),
            };
            lines.push(format!("{:<14} {}{found}", word, told.target));
            lines.extend(told.why.iter().map(|why| format!("  why: {why}")));
            lines.extend(told.help.iter().map(|help| format!("  help: {help}")));
        }
        if self.targets.len() + self.summary.earlier > 1 {
            lines.push(self.summary.to_string());
        }
        lines.join("\n")
    }
}

/// Stamps the databases; exits with 1 if one was refused.
pub async fn stamp(global: &Global, arguments: &Stamp, report: &Report) -> Result<u8> {
    let journal = arguments.journal.as_deref();
    run(global, &arguments.targets, !arguments.dry_run, journal, report).await
}

/// Says where the databases stand; exits with 1 if one could not be stamped.
pub async fn status(global: &Global, arguments: &Status, report: &Report) -> Result<u8> {
    run(global, &arguments.targets, false, None, report).await
}

async fn run(
    global: &Global,
    arguments: &Targets,
    write: bool,
    journal: Option<&Path>,
    report: &Report,
) -> Result<u8> {
    let settings = Settings::load(global, &Running::default())?;
    let started = report.elapsed();
    let named = fleet::named(arguments)?;
    let (plan, header) = plan(&settings, arguments)?;
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
        told.push(Told::untouched(&unknown.target, &plan, Outcome::Refused, why, &unknown.help));
    }
    told.iter().for_each(&mut told_of);
    let work = |target| within(arguments.timeout, target, &plan, patience, write);
    let ended = |target: &_, told: &Told| {
        let done = matches!(told.outcome, Outcome::Stamped | Outcome::AlreadyThere);
        if let Some(journal) = journal.as_ref().filter(|_| done) {
            journal.note(target)?;
        }
        bar.inc(1);
        told_of(told);
        Ok(!(arguments.fail_fast && told.outcome == Outcome::Refused))
    };
    let answers = fleet::each(&fleet.targets, arguments.jobs, work, ended).await?;
    for (target, answer) in fleet.targets.iter().zip(answers) {
        let told_now = answer.unwrap_or_else(|| {
            let why = "another target was refused before its turn (--fail-fast)".to_owned();
            let told = Told::untouched(target, &plan, Outcome::NotTried, why, "run it again");
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
        let told = Told::untouched(target, plan, Outcome::Refused, why, help);
        Told { seconds: started.elapsed().as_secs_f64(), ..told }
    })
}

/// What the archives and the project say about where a database can stand.
fn plan(settings: &Settings, targets: &Targets) -> Result<(Plan, Header)> {
    let all = Archives::load(settings, targets.archive.as_deref())?;
    let folder = all.folder.clone();
    let (_, newest) = all.newest(|_| true).ok_or(ArchivesError::None { folder })?;
    let manifest = newest.manifest();
    let mut archived = BTreeSet::new();
    for (_, archive) in all.iter() {
        let history = &archive.manifest().history;
        let squashed = history.revisions.iter().filter(|r| !history.kept.contains(&r.id));
        archived.extend(squashed.map(|revision| revision.id.clone()));
        archived.extend(archive.manifest().baselines().map(|b| b.revision.clone()));
    }
    let replaced = |baseline: &BaselineRecord| Replaced {
        baseline: baseline.revision.clone(),
        heads: baseline.replaces.clone(),
    };
    let plan = Plan {
        version_table: manifest.version_table.clone(),
        baselines: manifest.baselines().map(replaced).collect(),
        archived,
        old: before(manifest),
        new: now(settings, manifest),
    };
    let archive = newest.sha256().to_string();
    let header = Header { rebaseline_journal: 1, archive, baseline: plan.shown() };
    Ok((plan, header))
}

/// The graph before the squash. `depends_on` may be a label: it means the revision that carries it.
fn before(manifest: &Manifest) -> Requires {
    let revisions = &manifest.history.revisions;
    let id_of = |name: &String| {
        let carries = |revision: &&RevisionRecord| revision.labels.contains(name);
        revisions.iter().find(carries).map_or(name, |revision| &revision.id).clone()
    };
    let requires = |revision: &RevisionRecord| {
        revision.parents.iter().cloned().chain(revision.depends_on.iter().map(id_of)).collect()
    };
    revisions.iter().map(|revision| (revision.id.clone(), requires(revision))).collect()
}

/// The project's graph now; where it cannot be read, the baselines alone.
fn now(settings: &Settings, manifest: &Manifest) -> Requires {
    let alone = manifest.baselines().map(|baseline| (baseline.revision.clone(), Vec::new()));
    let mut graph: Requires = alone.collect();
    let history = audit::audit(&settings.alembic).history;
    for revision in history.iter().flat_map(History::iter) {
        let on = history.iter().flat_map(|history| history.dependencies(&revision.id));
        let requires = revision.parents.iter().chain(on).map(ToString::to_string).collect();
        graph.insert(revision.id.to_string(), requires);
    }
    graph
}
