//! Where a squash puts its files, and what it checks before it may.

use std::collections::BTreeMap;
use std::path::{Component, Path, PathBuf};

use chrono::{DateTime, FixedOffset, Utc};
use rebaseline_archive::VersionTableRecord;

use crate::commands::squash::SquashError;
use crate::commands::squash::plan;
use crate::config::Settings;
use crate::error::{Explain, Kind, Result};
use crate::files::{self, PathError};
use crate::format::alembic::filename::{self, FileNameError};
use crate::history::{History, Revision, RevisionId};
use crate::journal::Journal;
use crate::postgres::server::Server;
use crate::process::{self, Plan};
use crate::run::Versions;
use crate::stages::audit::Audit;
use crate::stages::render::{self, FileChange, merge, readme};
use crate::stages::replay::Replayed;

/// What a folder of templates can hold.
const TEMPLATES: [&str; 3] = [render::TEMPLATE, readme::TEMPLATE, merge::TEMPLATE];

/// A place that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum PlaceError {
    /// The file's name.
    #[error("the baseline's file cannot be named")]
    FileName(#[from] FileNameError),
    /// A file or folder.
    #[error(transparent)]
    File(#[from] PathError),
    /// A path outside of the project.
    #[error("`{}` lies outside of `{}`", path.display(), root.display())]
    Outside {
        /// The path.
        path: PathBuf,
        /// The project's root.
        root: PathBuf,
    },
    /// The archive would lie among the revisions.
    #[error("the archive folder `{}` lies in a version location", folder.display())]
    ArchiveInside {
        /// The folder.
        folder: PathBuf,
    },
}

impl Explain for PlaceError {
    fn kind(&self) -> Kind {
        Kind::Usage
    }

    fn hints(&self) -> Vec<String> {
        match self {
            Self::FileName(_) => vec!["check file_template and timezone of alembic.ini".to_owned()],
            Self::Outside { .. } => {
                vec![
                    "start rebaseline in the folder that holds alembic.ini and the revisions"
                        .to_owned(),
                ]
            }
            Self::ArchiveInside { .. } => vec!["pass --archive-dir DIR".to_owned()],
            Self::File(_) => Vec::new(),
        }
    }
}

/// A file operation in the run folder, as this command's error.
pub fn file(error: PathError) -> PlaceError {
    PlaceError::File(error)
}

/// Keeps a second squash, undo or resume of this project out for as long as the value lives.
pub fn lock(settings: &Settings) -> Result<std::fs::File> {
    let lock = files::lock_folder(&settings.root).map_err(PlaceError::from)?;
    Ok(lock.ok_or(SquashError::Busy)?)
}

/// Refuses while a swap is unfinished: half of the tree is old, half is new.
pub fn no_journal(settings: &Settings) -> Result<()> {
    let journal = Journal::path(&settings.root);
    if journal.exists() {
        return Err(SquashError::Unfinished { journal: journal.display().to_string() }.into());
    }
    Ok(())
}

/// Refuses what git does not have yet: the squash would mix with somebody's open work.
pub async fn clean_work_tree(settings: &Settings) -> Result<()> {
    let folders = settings.alembic.version_locations.iter().filter(|folder| folder.is_dir());
    for folder in folders {
        let plan = Plan::new("git").argument("-C").argument(folder).arguments([
            "status",
            "--porcelain",
            "--untracked-files=all",
            "--",
            ".",
        ]);
        // No git, or no repository: nothing to be dirty.
        let Ok(status) = process::run(&plan).await else { continue };
        let changes = String::from_utf8_lossy(&status).trim_end().to_owned();
        if !changes.is_empty() {
            return Err(SquashError::Dirty { changes }.into());
        }
    }
    Ok(())
}

/// The user's template of this name: its path and its text. A folder that has another of our templates
/// need not have this one.
pub fn template(settings: &Settings, name: &str) -> Result<Option<(String, String)>> {
    let Some(folder) = &settings.templates else { return Ok(None) };
    let path = folder.join(name);
    match files::read_text(&path) {
        Ok(text) => Ok(Some((path.display().to_string(), text))),
        Err(error) if error.is_not_found() && TEMPLATES.iter().any(|t| folder.join(t).exists()) => {
            Ok(None)
        }
        Err(error) => Err(PlaceError::from(error).into()),
    }
}

/// Where the baselines and their archive go, and the time that all carry.
pub struct Placed {
    /// The baselines' files, relative to the root.
    pub baselines: Vec<PathBuf>,
    /// The archive's file, relative to the root.
    pub archive: PathBuf,
    /// The creation date as Alembic prints it.
    pub created: String,
    /// The same time in RFC 3339.
    pub now: String,
}

/// Places the baselines of a plan with these ids and this message.
pub fn place(
    settings: &Settings,
    plan: &plan::Plan,
    ids: &[RevisionId],
    message: &str,
) -> Result<Placed> {
    let now = settings.clock.now();
    let created = creation_time(settings, now)?;
    let mut baselines: Vec<PathBuf> = Vec::new();
    for (step, id) in plan.steps.iter().zip(ids) {
        let message = match &step.name {
            Some(name) => format!("{message} {name}"),
            None => message.to_owned(),
        };
        let location = location(settings, step.beside.as_deref());
        baselines.push(baseline_file(settings, location, id, &message, &created, &baselines)?);
    }
    let last = ids.last().cloned().unwrap_or_else(RevisionId::example);
    Ok(Placed {
        baselines,
        archive: archive_file(settings, &last, now)?,
        created: created.format("%Y-%m-%d %H:%M:%S%.6f").to_string(),
        now: now.to_rfc3339_opts(chrono::SecondsFormat::Secs, true),
    })
}

/// The version location of a file, or else the first.
pub fn location<'a>(settings: &'a Settings, file: Option<&Path>) -> &'a Path {
    let locations = &settings.alembic.version_locations;
    let file = file.map(|file| existing_part(&settings.alembic.project.join(file)));
    let holds = |location: &&PathBuf| {
        let real = location.canonicalize().unwrap_or_else(|_| (*location).clone());
        file.as_ref().is_some_and(|file| file.starts_with(real))
    };
    locations.iter().find(holds).unwrap_or(&locations[0])
}

/// The version table as env.py names it.
pub fn version_table(replayed: &Replayed) -> VersionTableRecord {
    VersionTableRecord {
        schema: replayed.version_table_schema.clone(),
        table: replayed.version_table.name.clone(),
    }
}

/// The creation date in the zone that Alembic would use.
pub fn creation_time(settings: &Settings, now: DateTime<Utc>) -> Result<DateTime<FixedOffset>> {
    // A fixed time asks for the same bytes on every machine.
    let zone = settings.alembic.timezone.as_deref();
    let zone = zone.or(settings.clock.is_fixed().then_some("UTC"));
    Ok(filename::creation_time(now, zone).map_err(PlaceError::from)?)
}

/// The file of a new revision, relative to the root: in its version location, named by the project's own
/// template. A name that is taken gets a number.
pub fn baseline_file(
    settings: &Settings,
    location: &Path,
    revision: &RevisionId,
    message: &str,
    created: &DateTime<FixedOffset>,
    taken: &[PathBuf],
) -> Result<PathBuf> {
    let config = &settings.alembic;
    let name = |message: &str| {
        filename::render(
            &config.file_template,
            config.truncate_slug_length,
            revision.as_str(),
            message,
            created,
        )
        .map_err(PlaceError::from)
    };
    let mut path = location.join(name(message)?);
    let mut number = 2;
    // The SQL of a large baseline stands beside it under the same name.
    let is_free = |path: &Path| -> Result<bool> {
        let there = path.exists() || path.with_extension("sql").exists();
        Ok(!there && !taken.contains(&relative(settings, path)?))
    };
    while !is_free(&path)? && number < 100 {
        path = location.join(name(&format!("{message} {number}"))?);
        number += 1;
    }
    Ok(relative(settings, &path)?)
}

/// The archive's file, relative to the root: `archive/` beside the versions folder, outside of every
/// version location.
fn archive_file(settings: &Settings, revision: &RevisionId, now: DateTime<Utc>) -> Result<PathBuf> {
    let folder = archive_folder(settings)?;
    let stem = format!("{}_{revision}", now.format("%Y-%m-%d"));
    let mut path = folder.join(format!("{stem}.zip"));
    let mut number = 2;
    while path.exists() {
        path = folder.join(format!("{stem}_{number}.zip"));
        number += 1;
    }
    Ok(relative(settings, &path)?)
}

/// The texts of the revisions and of what lies beside them: which dates they write down.
pub fn texts(settings: &Settings, audit: &Audit, history: &History) -> Vec<String> {
    let revisions = history.iter().flat_map(|revision| &revision.files).map(|file| &file.path);
    let files = revisions.chain(&audit.beside).map(|file| settings.alembic.project.join(file));
    files.filter_map(|file| files::read_text(&file).ok()).collect()
}

/// The folder of the project's archives.
pub fn archive_folder(settings: &Settings) -> Result<PathBuf> {
    let locations = &settings.alembic.version_locations;
    let inside = |folder: &Path| locations.iter().any(|location| folder.starts_with(location));
    if let Some(folder) = &settings.archive_dir {
        let folder = settings.alembic.project.join(folder);
        if inside(&folder) {
            return Err(PlaceError::ArchiveInside { folder }.into());
        }
        return Ok(folder);
    }
    let beside = locations.first().and_then(|location| location.parent());
    let folder = beside.unwrap_or(&settings.root).join("archive");
    let mut candidates = vec![folder.clone()];
    candidates.push(settings.alembic.script_location.join("archive"));
    candidates.push(settings.root.join("archive"));
    let outside = candidates.into_iter().find(|candidate| !inside(candidate));
    Ok(outside.ok_or(PlaceError::ArchiveInside { folder })?)
}

/// A path relative to the root.
pub fn relative(settings: &Settings, path: &Path) -> Result<PathBuf, PlaceError> {
    let root = &settings.root;
    let absolute = settings.alembic.project.join(path);
    // The folder may be reached by a link; the file itself need not exist yet.
    let resolved = existing_part(&absolute);
    let outside = || PlaceError::Outside { path: absolute.clone(), root: root.clone() };
    let relative = resolved.strip_prefix(root).map_err(|_| outside())?;
    let plain = relative.components().all(|part| matches!(part, Component::Normal(_)));
    if plain { Ok(relative.to_owned()) } else { Err(outside()) }
}

/// Resolves links in the part of a path that exists.
pub fn existing_part(path: &Path) -> PathBuf {
    for folder in path.ancestors().skip(1) {
        if let Ok(real) = folder.canonicalize() {
            return real.join(path.strip_prefix(folder).unwrap_or(path));
        }
    }
    path.to_owned()
}

/// The history with its files relative to the root.
pub fn in_root(settings: &Settings, history: &History) -> Result<History> {
    let mut revisions: Vec<Revision> = history.iter().cloned().collect();
    for file in revisions.iter_mut().flat_map(|revision| &mut revision.files) {
        file.path = relative(settings, &file.path)?;
    }
    // It was linked before, and only paths changed.
    Ok(History::link(revisions).unwrap_or_else(|_| history.clone()))
}

/// The files beside the revisions, relative to the root; what lies outside cannot be archived and is
/// not touched either. What is written anew is archived for that reason already.
pub fn beside_in_root(
    settings: &Settings,
    beside: &[PathBuf],
    written: &[FileChange],
) -> Vec<PathBuf> {
    let mut files: Vec<PathBuf> =
        beside.iter().filter_map(|file| relative(settings, file).ok()).collect();
    files.retain(|file| written.iter().all(|change| change.path != *file));
    files
}

/// Versions for the archive.
pub fn versions(versions: &Versions, server: &Server) -> BTreeMap<String, String> {
    let named = [
        ("postgres", Some(server.version().to_owned())),
        ("python", versions.python.clone()),
        ("alembic", versions.alembic.clone()),
        ("sqlalchemy", versions.sqlalchemy.clone()),
    ];
    named.into_iter().filter_map(|(name, version)| Some((name.to_owned(), version?))).collect()
}

/// `postgres (PostgreSQL) 15.18 (Debian ...)` as `PostgreSQL 15.18`.
pub fn short_version(version: &str) -> String {
    let number =
        version.split_whitespace().find(|word| word.starts_with(|c: char| c.is_ascii_digit()));
    number.map_or_else(|| version.to_owned(), |number| format!("PostgreSQL {number}"))
}
