//! What a stamp goes by: the archives and the project, read once for all targets.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use rebaseline_archive::{Archive as Opened, BaselineRecord, Manifest, RevisionRecord};

use crate::cli::{Drift, Targets};
use crate::commands::archives::{Archives, ArchivesError};
use crate::commands::fleet::journal::Header;
use crate::config::{Settings, SettingsError};
use crate::error::{Explain, Kind, Result};
use crate::files;
use crate::history::History;
use crate::schema::inventory::accepted::Accepted;
use crate::schema::inventory::{self, Forms, older};
use crate::stages::audit;
use crate::stages::stamp::{Allowed, Check, Plan, Replaced, Requires};

/// What the archives and the project say about where a database can stand, and the head of a journal.
pub fn plan(
    settings: &Settings,
    all: &Archives,
    targets: &Targets,
    allowed: Allowed,
) -> Result<(Plan, Header)> {
    let folder = all.folder.clone();
    let (path, newest) = all.newest(|_| true).ok_or(ArchivesError::None { folder })?;
    let manifest = newest.manifest();
    let project = audit::audit(&settings.alembic).history;
    let new = now(project.as_ref(), manifest);
    let (mut graph, mut lineage) = (new.clone(), Requires::new());
    for revision in project.iter().flat_map(History::iter) {
        let parents = revision.parents.iter().map(ToString::to_string).collect();
        add(&mut lineage, [(revision.id.to_string(), parents)].into());
    }
    let mut archived = BTreeSet::new();
    let mut minted = BTreeSet::new();
    for (_, archive) in all.iter() {
        add(&mut graph, before(archive.manifest()));
        let revisions = archive.manifest().history.revisions.iter();
        add(&mut lineage, revisions.map(|r| (r.id.clone(), r.parents.clone())).collect());
        for baseline in archive.manifest().baselines() {
            // One that has kept the id of its head is that revision.
            if !baseline.replaces.contains(&baseline.revision) {
                let stands: Requires =
                    [(baseline.revision.clone(), baseline.replaces.clone())].into();
                add(&mut graph, stands.clone());
                add(&mut lineage, stands);
                minted.insert(baseline.revision.clone());
            }
        }
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
        new,
        all: graph,
        lineage,
        minted,
        allowed,
        check: check(settings, &targets.drift, &path, newest.inventory(), all)?,
    };
    let archive = newest.sha256().to_string();
    let header = Header { rebaseline_journal: 1, archive, baseline: plan.shown() };
    Ok((plan, header))
}

fn add(graph: &mut Requires, more: Requires) {
    for (id, requires) in more {
        graph.entry(id).or_default().extend(requires);
    }
}

/// What catalogs are compared with: the inventory of the archive.
fn check(
    settings: &Settings,
    drift: &Drift,
    archive: &Path,
    inventory: Option<&[u8]>,
    all: &Archives,
) -> Result<Check> {
    let unreadable = |source| UnreadableInventory { archive: archive.to_owned(), source };
    let expected = inventory.map(Forms::from_json).transpose().map_err(unreadable)?;
    let mut accepted: Vec<Accepted> =
        drift.accept_drift.iter().map(|name| Accepted::new(name)).collect();
    for file in &drift.accept_drift_file {
        accepted.extend(Accepted::list(&files::read_text(file).map_err(SettingsError::from)?));
    }
    let (skipped, ignore) = (drift.no_drift_check, settings.ignore.clone());
    let older = older::prints(&forms(all.iter().map(|(_, archive)| archive)));
    Ok(Check { expected, older, skipped, accepted, ignore })
}

/// The inventories of squashes that follow each other, oldest first: the last of them, as far back as each archive
/// holds one.
pub fn forms<'a>(archives: impl DoubleEndedIterator<Item = &'a Opened>) -> Vec<Forms> {
    let read = |archive: &'a Opened| Forms::from_json(archive.inventory()?).ok();
    let mut forms: Vec<Forms> = archives.rev().map_while(read).collect();
    forms.reverse();
    forms
}

/// An archive whose inventory is none.
#[derive(Debug, thiserror::Error)]
#[error("the archive `{}` cannot be used", archive.display())]
pub struct UnreadableInventory {
    archive: PathBuf,
    #[source]
    source: inventory::UnreadableInventory,
}

impl Explain for UnreadableInventory {
    fn kind(&self) -> Kind {
        Kind::Refused
    }

    fn hints(&self) -> Vec<String> {
        vec!["it may be of a newer rebaseline: take that, or squash again".to_owned()]
    }
}

/// The graph before the squash. `depends_on` may be a label: it means the revision that carries it.
pub fn before(manifest: &Manifest) -> Requires {
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
fn now(project: Option<&History>, manifest: &Manifest) -> Requires {
    let alone = manifest.baselines().map(|baseline| (baseline.revision.clone(), Vec::new()));
    let mut graph: Requires = alone.collect();
    for revision in project.into_iter().flat_map(History::iter) {
        let on = project.into_iter().flat_map(|history| history.dependencies(&revision.id));
        let requires = revision.parents.iter().chain(on).map(ToString::to_string).collect();
        graph.insert(revision.id.to_string(), requires);
    }
    graph
}
