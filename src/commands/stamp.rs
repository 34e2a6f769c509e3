//! `rebaseline stamp` and `rebaseline status`: bring databases onto the baseline, or say where they
//! stand.

mod catch_up;
mod whereabouts;

use std::collections::BTreeSet;

use rebaseline_archive::{BaselineRecord, Manifest, RevisionRecord};
use serde::Serialize;

use crate::cli::{Global, Running, Stamp, Targets};
use crate::commands::archive::{Archives, ArchivesError};
use crate::commands::fleet;
use crate::commands::generations::Generations;
use crate::config::Settings;
use crate::error::Result;
use crate::history::History;
use crate::report::{Printable, Report};
use crate::stages::audit;
use crate::stages::stamp::{self, Outcome, Patience, Plan, Replaced, Requires, Told};

#[derive(Debug, Serialize)]
struct ToldAll {
    targets: Vec<whereabouts::Line>,
}

impl Printable for ToldAll {
    fn text(&self) -> String {
        self.targets.iter().map(whereabouts::Line::text).collect::<Vec<_>>().join("\n")
    }
}

/// What is told of one database, for people.
fn line(told: &Told) -> String {
    let word = match told.outcome {
        Outcome::AlreadyThere => "already there",
        Outcome::Stamped => "stamped",
        Outcome::WouldStamp => "can be stamped",
        Outcome::CaughtUp => "caught up",
        Outcome::Refused => "refused",
    };
    let found = match &told.found {
        Some(rows) if !rows.is_empty() => format!(" (found {})", rows.join(", ")),
        _ => String::new(),
    };
    let mut text = format!("{word:<14} {}{found}", told.target);
    text.extend(told.why.iter().map(|why| format!("\n  why: {why}")));
    text.extend(told.help.iter().map(|help| format!("\n  help: {help}")));
    text
}

/// Stamps the databases; exits with 1 if one was refused.
pub async fn stamp(global: &Global, arguments: &Stamp, report: &Report) -> Result<u8> {
    if arguments.behind.catch_up {
        return catch_up::catch_up(global, arguments, report).await;
    }
    let verb = if arguments.dry_run { Verb::DryRun } else { Verb::Stamp };
    run(global, &arguments.targets, verb, report).await
}

/// Says where the databases stand; exits with 1 if one could not be stamped.
pub async fn status(global: &Global, targets: &Targets, report: &Report) -> Result<u8> {
    run(global, targets, Verb::Status, report).await
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Verb {
    Stamp,
    DryRun,
    Status,
}

async fn run(global: &Global, arguments: &Targets, verb: Verb, report: &Report) -> Result<u8> {
    let write = verb == Verb::Stamp;
    let settings = Settings::load(global, &Running::default())?;
    let targets = fleet::targets(arguments)?;
    let plan = plan(&settings, arguments)?;
    let patience = Patience { connect: arguments.connect_timeout, lock: arguments.lock_timeout };
    let bar = report.bar(if write { "stamp" } else { "status" }, targets.len() as u64);
    let told = fleet::each(&targets, arguments.jobs, &bar, |target| {
        stamp::stamp(target, &plan, patience, write)
    })
    .await;
    bar.finish_and_clear();
    let refused = told.iter().any(|told| told.outcome == Outcome::Refused);
    let targets = if verb == Verb::Status && refused {
        let squashes = Generations::load(&settings, arguments.archive.as_deref())?;
        let Patience { connect, lock } = patience;
        let patience = crate::stages::catch_up::Patience { connect, lock };
        whereabouts::look(&settings, &squashes, &plan, patience, &targets, arguments.jobs, told)
            .await
    } else {
        told.into_iter().map(|told| whereabouts::Line { told, nearest: None }).collect()
    };
    report.result(&ToldAll { targets });
    Ok(u8::from(refused))
}

/// What the archives and the project say about where a database can stand.
fn plan(settings: &Settings, targets: &Targets) -> Result<Plan> {
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
    Ok(Plan {
        version_table: manifest.version_table.clone(),
        baselines: manifest.baselines().map(replaced).collect(),
        archived,
        old: before(manifest),
        new: now(settings, manifest),
    })
}

/// The graph before the squash. `depends_on` may be a label: it means the revision that carries it.
pub(super) fn before(manifest: &Manifest) -> Requires {
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
