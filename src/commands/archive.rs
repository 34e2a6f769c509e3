//! `rebaseline archive list|show|verify|restore`: look into archives of squashed revisions.

use std::path::{Path, PathBuf};

use rebaseline_archive::{
    Archive as Opened, ArchiveError, BaselineRecord, Limits, Manifest, Origin, RepairArchive,
    RepairManifest, Stored,
};
use serde::Serialize;

use crate::cli::{Archive, Global, Running};
use crate::commands::squash::place;
use crate::config::Settings;
use crate::error::{Error, Explain, Kind, Result};
use crate::files::{self, PathError};
use crate::format::alembic::python::read_revision_named;
use crate::history::{Revision, SourceFile};
use crate::report::{Printable, Report, count};
use crate::stages::audit;

/// An archive that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ArchivesError {
    /// It is damaged or none.
    #[error("the archive `{}` cannot be used", path.display())]
    Unusable {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        #[source]
        source: ArchiveError,
    },
    /// There is none.
    #[error("there is no archive in `{}`", folder.display())]
    None {
        /// The archive folder.
        folder: PathBuf,
    },
    /// It is that of a repair, where one of a squash is wanted.
    #[error("`{}` is the archive of a repair, not of a squash", path.display())]
    Repair {
        /// The file.
        path: PathBuf,
    },
    /// A file would be overwritten.
    #[error("`{}` is there already", path.display())]
    Exists {
        /// The file.
        path: PathBuf,
    },
    /// The disk.
    #[error(transparent)]
    File(#[from] PathError),
}

impl Explain for ArchivesError {
    fn kind(&self) -> Kind {
        match self {
            Self::File(_) => Kind::Tool,
            _ => Kind::Refused,
        }
    }

    fn hints(&self) -> Vec<String> {
        match self {
            Self::None { .. } => {
                vec!["name the archive's file, or squash first: rebaseline squash".to_owned()]
            }
            Self::Exists { .. } => {
                vec!["restore into an empty folder: --into DIR".to_owned()]
            }
            Self::Unusable { .. } => {
                vec![
                    "if it is damaged: take it from git or from a backup again".to_owned(),
                    "if it is none of rebaseline's: move it out of the archive folder".to_owned(),
                ]
            }
            Self::Repair { .. } => vec!["rebaseline archive list".to_owned()],
            Self::File(_) => Vec::new(),
        }
    }
}

/// The folder below the archive folder in which repairs keep theirs: whoever looks for squashes, be it an
/// older version or a bridge that is shipped with a product, does not meet them.
pub const REPAIRS: &str = "repairs";

/// The archives of a project, verified, oldest first.
#[derive(Debug)]
pub struct Archives {
    /// The archive folder.
    pub folder: PathBuf,
    squashes: Vec<(PathBuf, Opened)>,
    repairs: Vec<(PathBuf, RepairArchive)>,
}

impl Archives {
    /// Opens one named archive of a squash, or all of the project's squashes. Those of repairs are not looked
    /// at: no database depends on them, and a damaged one must not keep a stamp from working.
    pub fn load(settings: &Settings, named: Option<&Path>) -> Result<Self> {
        let folder = place::archive_folder(settings)?;
        let files = match named {
            Some(file) => vec![absolute(file)],
            None => zips(&folder)?,
        };
        let all = Self::open(settings, folder, files)?;
        match (named, all.repairs.first()) {
            (Some(_), Some((path, _))) => Err(ArchivesError::Repair { path: path.clone() }.into()),
            _ => Ok(all),
        }
    }

    /// The same with those of repairs; the named one may be one of them.
    pub fn load_all(settings: &Settings, named: Option<&Path>) -> Result<Self> {
        let folder = place::archive_folder(settings)?;
        let files = match named {
            Some(file) => vec![absolute(file)],
            None => [zips(&folder)?, zips(&folder.join(REPAIRS))?].concat(),
        };
        Self::open(settings, folder, files)
    }

    /// Opens these, and puts them in order.
    fn open(settings: &Settings, folder: PathBuf, files: Vec<PathBuf>) -> Result<Self> {
        let mut archives = Vec::new();
        let mut repairs = Vec::new();
        for path in files {
            // A zip that cannot be read is never passed over: it may be the one that is needed.
            match open(&path)? {
                Stored::Squash(archive) => archives.push((path, *archive)),
                Stored::Repair(repair) => repairs.push((path, *repair)),
            }
        }
        // A second one of a day has a longer name.
        repairs.sort_by(|(a, x), (b, y)| {
            let key = |path: &PathBuf| (path.as_os_str().len(), path.clone());
            (&x.manifest().created, key(a)).cmp(&(&y.manifest().created, key(b)))
        });
        for (path, _) in &mut repairs {
            *path = place::relative(settings, path).unwrap_or_else(|_| path.clone());
        }
        let generations: Vec<usize> =
            archives.iter().map(|(_, archive)| generation(archive, &archives)).collect();
        let mut ordered: Vec<_> = generations.into_iter().zip(archives).collect();
        ordered.sort_by(|(one, (a, x)), (other, (b, y))| {
            (one, &x.manifest().created, a).cmp(&(other, &y.manifest().created, b))
        });
        let mut archives: Vec<_> = ordered.into_iter().map(|(_, archive)| archive).collect();
        for (path, _) in &mut archives {
            *path = place::relative(settings, path).unwrap_or_else(|_| path.clone());
        }
        Ok(Self { folder, squashes: archives, repairs })
    }

    /// The newest archive that fits.
    pub fn newest(&self, fits: impl Fn(&Manifest) -> bool) -> Option<(PathBuf, Opened)> {
        self.squashes.iter().rev().find(|(_, archive)| fits(archive.manifest())).cloned()
    }

    /// The repairs, oldest first.
    pub fn repairs(&self) -> impl DoubleEndedIterator<Item = &(PathBuf, RepairArchive)> {
        self.repairs.iter()
    }

    /// All squashes, oldest first.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = &(PathBuf, Opened)> {
        self.squashes.iter()
    }

    /// The files of the project's revisions that name a baseline which goes away by an undo, and that the
    /// undo does not put back itself: by baseline.
    pub fn builds_on(settings: &Settings, manifest: &Manifest) -> Vec<(String, Vec<String>)> {
        let audit = audit::audit(&settings.alembic);
        let Some(history) = audit.history else { return Vec::new() };
        let goes_back = |file: &SourceFile| {
            let path = place::relative(settings, &file.path).unwrap_or_default();
            manifest.written().any(|written| Path::new(written.path.as_str()) == path)
        };
        // A baseline that has kept the id of the head leaves this id behind.
        let going = manifest.baselines().filter(|b| b.replaces != [b.revision.clone()]);
        let built = going.map(|baseline| {
            let builds = |revision: &&Revision| {
                revision.parents.iter().any(|parent| parent.as_str() == baseline.revision)
                    || revision.depends_on.contains(&baseline.revision)
            };
            let files = history.iter().filter(builds).flat_map(|revision| &revision.files);
            let files = files.filter(|file| !goes_back(file));
            let files = files.map(|file| file.path.display().to_string()).collect();
            (baseline.revision.clone(), files)
        });
        built.filter(|(_, files): &(String, Vec<String>)| !files.is_empty()).collect()
    }

    /// The same for a repair: who names an id that goes away, because its file does, or gets another one.
    pub fn builds_on_repair(settings: &Settings, archive: &Stored) -> Vec<(String, Vec<String>)> {
        let Some(history) = audit::audit(&settings.alembic).history else { return Vec::new() };
        let path = |revision: &Revision| {
            let file = revision.files.first()?;
            place::relative(settings, &file.path).ok()
        };
        let written = archive.written();
        let written = |revision: &Revision| {
            let path = path(revision)?;
            written.iter().find(|written| Path::new(written.path.as_str()) == path)
        };
        let goes = |revision: &&Revision| {
            let Some(written) = written(revision) else { return false };
            let old = archive.rewritten(&written.path).and_then(|_| archive.file(&written.path));
            let old = old.and_then(|bytes| std::str::from_utf8(bytes).ok());
            let name = written.path.as_str().rsplit('/').next().unwrap_or_default();
            let old = old.and_then(|text| read_revision_named(text, name).ok());
            old.is_none_or(|old| old.id != revision.id)
        };
        let built = history.iter().filter(goes).map(|going| {
            let id = going.id.to_string();
            let builds = |other: &&Revision| {
                let names = other.parents.contains(&going.id) || other.depends_on.contains(&id);
                // What the repair has written goes back as well.
                names && written(other).is_none()
            };
            let files = history.iter().filter(builds).flat_map(|other| &other.files);
            (going.id.to_string(), files.map(|file| file.path.display().to_string()).collect())
        });
        built.filter(|(_, files): &(String, Vec<String>)| !files.is_empty()).collect()
    }
}

/// How many squashes came before this one: an archive that holds another's baseline is younger, whatever
/// the clock said.
fn generation(archive: &Opened, all: &[(PathBuf, Opened)]) -> usize {
    let holds = |baseline: &BaselineRecord| {
        let files = &archive.manifest().files;
        files.iter().any(|file| file.path == baseline.file && file.sha256 == baseline.sha256)
    };
    let before = all.iter().filter(|(_, other)| other.manifest().baselines().any(holds));
    before.map(|(_, other)| generation(other, all) + 1).max().unwrap_or(0)
}

fn absolute(file: &Path) -> PathBuf {
    std::path::absolute(file).unwrap_or_else(|_| file.to_owned())
}

fn zips(folder: &Path) -> Result<Vec<PathBuf>, ArchivesError> {
    let entries = match std::fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(source) => {
            let path = folder.to_owned();
            return Err(PathError { action: "read folder", path, source }.into());
        }
    };
    let paths = entries.flatten().map(|entry| entry.path());
    Ok(paths.filter(|path| path.extension().is_some_and(|e| e == "zip")).collect())
}

fn open(path: &Path) -> Result<Stored, ArchivesError> {
    let bytes = files::read(path)?;
    Stored::read(&bytes[..], &Limits::default())
        .map_err(|source| ArchivesError::Unusable { path: path.to_owned(), source })
}

fn joined(words: impl Iterator<Item = String>) -> String {
    words.collect::<Vec<_>>().join(", ")
}

/// One archive in the list.
#[derive(Debug, Serialize)]
struct Line {
    file: String,
    /// `squash` or `repair`.
    kind: &'static str,
    created: String,
    /// Empty for a repair.
    baseline: String,
    replaces: Vec<String>,
    revisions: usize,
    files: usize,
    bytes: u64,
    sha256: String,
}

impl Line {
    fn new(path: &Path, archive: &Opened) -> Self {
        let manifest = archive.manifest();
        Self {
            file: path.display().to_string(),
            kind: "squash",
            created: manifest.created.clone(),
            baseline: joined(manifest.baselines().map(|b| b.revision.clone())),
            replaces: manifest.baselines().flat_map(|b| b.replaces.clone()).collect(),
            revisions: manifest.history.revisions.len() - manifest.history.kept.len(),
            files: manifest.files.len(),
            bytes: archive.bytes(),
            sha256: archive.sha256().to_string(),
        }
    }

    fn of_repair(path: &Path, archive: &RepairArchive) -> Self {
        let stored = Stored::Repair(Box::new(archive.clone()));
        Self {
            file: path.display().to_string(),
            kind: "repair",
            created: archive.manifest().created.clone(),
            baseline: String::new(),
            replaces: Vec::new(),
            revisions: 0,
            files: archive.manifest().files.len(),
            bytes: stored.bytes(),
            sha256: stored.sha256().to_string(),
        }
    }

    /// Squashes first, then repairs.
    fn all(archives: &Archives) -> Vec<Self> {
        let squashes = archives.iter().map(|(path, archive)| Self::new(path, archive));
        let repairs = archives.repairs().map(|(path, archive)| Self::of_repair(path, archive));
        squashes.chain(repairs).collect()
    }

    fn text(&self) -> String {
        if self.kind == "repair" {
            let files = count(self.files as u64, "old file", "old files");
            return format!("{}  {}  repair, {files}", self.file, self.created);
        }
        format!(
            "{}  {}  {} -> {}",
            self.file,
            self.created,
            count(self.revisions as u64, "revision", "revisions"),
            self.baseline
        )
    }
}

#[derive(Debug, Serialize)]
struct Listed {
    archives: Vec<Line>,
}

impl Printable for Listed {
    fn text(&self) -> String {
        self.archives.iter().map(Line::text).collect::<Vec<_>>().join("\n")
    }
}

#[derive(Debug, Serialize)]
struct Shown {
    file: String,
    sha256: String,
    manifest: Manifest,
}

impl Printable for Shown {
    fn text(&self) -> String {
        let manifest = &self.manifest;
        let mut lines = vec![
            format!("archive    {}", self.file),
            format!("sha256     {}", self.sha256),
            format!(
                "created    {} by {} {}",
                manifest.created, manifest.tool.name, manifest.tool.version
            ),
        ];
        for baseline in manifest.baselines() {
            lines.push(format!("baseline   {} in {}", baseline.revision, baseline.file));
            lines.push(format!("stands for {}", baseline.replaces.join(", ")));
        }
        lines.extend(origin(&manifest.origin));
        for revision in &manifest.history.revisions {
            let skipped = manifest.origin.skipped.contains(&revision.id);
            lines.push(format!(
                "  {}  {}{}",
                revision.id,
                revision.message.lines().next().unwrap_or(""),
                if skipped { "  (not run: --skip)" } else { "" }
            ));
        }
        lines.join("\n")
    }
}

/// How the schema was come by, where the history was not replayed as it is.
fn origin(origin: &Origin) -> Vec<String> {
    let mut lines = Vec::new();
    if let Some(env) = &origin.env {
        lines.push(format!("env.py     {env}"));
    }
    if let Some(database) = &origin.database {
        lines.push(format!("taken from {} (PostgreSQL {})", database.place, database.server));
        if !database.seed_tables.is_empty() {
            lines.push(format!("rows of    {}", database.seed_tables.join(", ")));
        }
        for object in &database.left_out {
            lines.push(format!("left out   {object}"));
        }
    }
    lines
}

#[derive(Debug, Serialize)]
struct ShownRepair {
    file: String,
    sha256: String,
    manifest: RepairManifest,
}

impl Printable for ShownRepair {
    fn text(&self) -> String {
        let manifest = &self.manifest;
        let mut lines = vec![
            format!("archive    {}", self.file),
            format!("sha256     {}", self.sha256),
            format!(
                "created    {} by {} {}",
                manifest.created, manifest.tool.name, manifest.tool.version
            ),
            "repair     of these files".to_owned(),
        ];
        for mend in &manifest.mends {
            lines.push(format!("  {}", mend.path));
            lines.extend(mend.reasons.iter().map(|reason| format!("      {reason}")));
        }
        lines.join("\n")
    }
}

#[derive(Debug, Serialize)]
struct Verified {
    outcome: &'static str,
    archives: Vec<Line>,
}

impl Printable for Verified {
    fn text(&self) -> String {
        let line = |l: &Line| {
            format!(
                "{}: {}, all as in the manifest",
                l.file,
                count(l.files as u64, "file", "files")
            )
        };
        self.archives.iter().map(line).collect::<Vec<_>>().join("\n")
    }
}

#[derive(Debug, Serialize)]
struct Restored {
    outcome: &'static str,
    into: String,
    files: usize,
}

impl Printable for Restored {
    fn text(&self) -> String {
        format!("{} written into {}", count(self.files as u64, "file", "files"), self.into)
    }
}

/// Runs one of the verbs.
pub fn archive(global: &Global, arguments: &Archive, report: &Report) -> Result<u8> {
    let settings = Settings::load(global, &Running::default())?;
    match arguments {
        Archive::List => {
            let archives = Archives::load_all(&settings, None)?;
            report.result(&Listed { archives: Line::all(&archives) });
        }
        Archive::Show(one) => {
            let (path, archive) = newest(&settings, one.file.as_deref())?;
            let (file, sha256) = (path.display().to_string(), archive.sha256().to_string());
            match archive {
                Stored::Squash(archive) => {
                    let manifest = archive.manifest().clone();
                    report.result(&Shown { file, sha256, manifest });
                }
                Stored::Repair(archive) => {
                    let manifest = archive.manifest().clone();
                    report.result(&ShownRepair { file, sha256, manifest });
                }
            }
        }
        Archive::Verify(one) => {
            // Opening verifies everything.
            let archives = Archives::load_all(&settings, one.file.as_deref())?;
            let lines = Line::all(&archives);
            if lines.is_empty() {
                return Err(ArchivesError::None { folder: archives.folder }.into());
            }
            report.result(&Verified { outcome: "intact", archives: lines });
        }
        Archive::Restore(restore) => {
            let (_, archive) = newest(&settings, restore.file.as_deref())?;
            let targets: Vec<(PathBuf, &[u8])> = archive
                .files()
                .into_iter()
                .map(|(path, content)| (path.under(&restore.into), content))
                .collect();
            if let Some((path, _)) = targets.iter().find(|(path, _)| path.exists()) {
                return Err(ArchivesError::Exists { path: path.clone() }.into());
            }
            for (path, content) in &targets {
                files::write_atomic(path, content).map_err(ArchivesError::from)?;
            }
            let into = restore.into.display().to_string();
            report.result(&Restored { outcome: "restored", into, files: targets.len() });
        }
    }
    Ok(0)
}

/// The named archive, or the newest: that of a squash, if there is one.
fn newest(settings: &Settings, named: Option<&Path>) -> Result<(PathBuf, Stored)> {
    let archives = Archives::load_all(settings, named)?;
    let squash = archives.newest(|_| true);
    let squash = squash.map(|(path, archive)| (path, Stored::Squash(Box::new(archive))));
    let repair = || {
        let (path, archive) = archives.repairs().next_back()?;
        Some((path.clone(), Stored::Repair(Box::new(archive.clone()))))
    };
    let newest = squash.or_else(repair);
    newest.ok_or_else(|| Error::from(ArchivesError::None { folder: archives.folder.clone() }))
}
