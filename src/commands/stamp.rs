//! `rebaseline stamp` and `rebaseline status`: bring databases onto the baseline, or say where they
//! stand.

use std::collections::BTreeSet;
use std::path::PathBuf;

use futures_util::{StreamExt, stream};
use rebaseline_archive::{BaselineRecord, Manifest, RevisionRecord};
use serde::Serialize;

use crate::cli::{Global, Running, Stamp, Targets};
use crate::commands::archive::{Archives, ArchivesError};
use crate::config::{self, Settings, SettingsError};
use crate::error::{Explain, Kind, Result};
use crate::files;
use crate::history::History;
use crate::postgres::target::Url;
use crate::report::{Printable, Report};
use crate::stages::audit;
use crate::stages::stamp::{self, Outcome, Patience, Plan, Replaced, Requires, Told};

/// No databases were named.
#[derive(Debug, thiserror::Error)]
pub enum TargetsError {
    /// None at all.
    #[error("no database was named")]
    None,
    /// A bad line of a file.
    #[error("line {line} of `{}` names no database", file.display())]
    Line {
        /// The file.
        file: PathBuf,
        /// Its line, from 1.
        line: usize,
        /// What is wrong.
        #[source]
        source: SettingsError,
    },
}

impl Explain for TargetsError {
    fn kind(&self) -> Kind {
        Kind::Usage
    }

    fn hints(&self) -> Vec<String> {
        vec![
            "name it: postgresql://USER@HOST/DB, env:NAME of a variable, or --targets FILE"
                .to_owned(),
        ]
    }
}

#[derive(Debug, Serialize)]
struct ToldAll {
    targets: Vec<Told>,
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
            };
            let found = match &told.found {
                Some(rows) if !rows.is_empty() => format!(" (found {})", rows.join(", ")),
                _ => String::new(),
            };
            lines.push(format!("{:<14} {}{found}", word, told.target));
            lines.extend(told.why.iter().map(|why| format!("  why: {why}")));
            lines.extend(told.help.iter().map(|help| format!("  help: {help}")));
        }
        lines.join("\n")
    }
}

/// Stamps the databases; exits with 1 if one was refused.
pub async fn stamp(global: &Global, arguments: &Stamp, report: &Report) -> Result<u8> {
    run(global, &arguments.targets, !arguments.dry_run, report).await
}

/// Says where the databases stand; exits with 1 if one could not be stamped.
pub async fn status(global: &Global, targets: &Targets, report: &Report) -> Result<u8> {
    run(global, targets, false, report).await
}

async fn run(global: &Global, targets: &Targets, write: bool, report: &Report) -> Result<u8> {
    let settings = Settings::load(global, &Running::default())?;
    let urls = urls(targets)?;
    let plan = plan(&settings, targets)?;
    let patience = Patience { connect: targets.connect_timeout, lock: targets.lock_timeout };
    let bar = report.bar(if write { "stamp" } else { "status" }, urls.len() as u64);
    let mut told: Vec<(usize, Told)> = stream::iter(urls.iter().enumerate())
        .map(|(number, url)| {
            let (plan, bar) = (&plan, &bar);
            async move {
                let told = stamp::stamp(url, plan, patience, write).await;
                bar.inc(1);
                (number, told)
            }
        })
        .buffer_unordered(targets.jobs.max(1))
        .collect()
        .await;
    bar.finish_and_clear();
    told.sort_by_key(|(number, _)| *number);
    let targets: Vec<Told> = told.into_iter().map(|(_, told)| told).collect();
    let refused = targets.iter().any(|told| told.outcome == Outcome::Refused);
    report.result(&ToldAll { targets });
    Ok(u8::from(refused))
}

fn urls(targets: &Targets) -> Result<Vec<Url>> {
    let mut urls = Vec::new();
    for text in &targets.urls {
        urls.push(config::url(text)?);
    }
    for file in &targets.targets {
        let text = files::read_text(file).map_err(SettingsError::from)?;
        for (number, line) in text.lines().enumerate() {
            let line = line.trim();
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            let url = config::url(line).map_err(|source| TargetsError::Line {
                file: file.clone(),
                line: number + 1,
                source,
            })?;
            urls.push(url);
        }
    }
    if urls.is_empty() { Err(TargetsError::None.into()) } else { Ok(urls) }
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
