//! The archives of a project: found, verified, and put in order.

use std::path::{Path, PathBuf};

use rebaseline_archive::{
    Archive as Opened, ArchiveError, BaselineRecord, Limits, Manifest, RepairArchive, Stored,
};

use crate::commands::squash::place;
use crate::config::Settings;
use crate::error::{Explain, Kind, Result};
use crate::files::{self, PathError};

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
