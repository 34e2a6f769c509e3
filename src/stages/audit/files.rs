//! Finds and reads the files that Alembic would load: `Script._list_py_dir` and `_from_path`.
//!
//! A file counts by its name alone, `(?!\.\#|__init__)(.*\.py)$`; a link counts by the name of what
//! it leads to, because Alembic resolves it first. The folders `__pycache__` are skipped. Each file
//! is read once, in Alembic's order of locations and in the order of names.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io;
use std::path::{Component, Path, PathBuf};

use sha2::{Digest, Sha256};
use walkdir::{DirEntry, WalkDir};

use crate::format::alembic::ini::AlembicConfig;
use crate::history::Severity;

/// What lies below the version locations.
#[derive(Default)]
pub(super) struct Listing {
    pub(super) files: Vec<Candidate>,
    pub(super) unreadable: Vec<(PathBuf, FileProblem)>,
    pub(super) beside: Vec<PathBuf>,
}

/// A file that Alembic would load as a revision, not read yet.
pub(super) struct Candidate {
    /// Where it is.
    place: PathBuf,
    /// Relative to the project if it lies inside.
    pub(super) path: PathBuf,
    /// The name that Alembic sees.
    pub(super) name: String,
}

/// What is in it.
pub(super) struct Content {
    pub(super) text: String,
    pub(super) sha256: String,
}

/// What is wrong with a file before its text is looked at.
pub(super) enum FileProblem {
    /// The system refuses, or a link leads nowhere.
    Io(io::Error),
    /// A pipe, a socket or a device: reading it could wait for ever.
    NotAFile,
    /// Not UTF-8, from this line on.
    Encoding { line: u32 },
    /// `sourceless = true` and a compiled file without its source.
    Compiled,
    /// A link; its text was read all the same.
    Link { target: PathBuf },
    /// A configured version location that is not there; Alembic takes it as empty.
    NoLocation,
}

impl FileProblem {
    pub(super) fn severity(&self) -> Severity {
        match self {
            Self::Link { .. } | Self::NoLocation => Severity::Warning,
            _ => Severity::Error,
        }
    }
}

pub(super) fn list(config: &AlembicConfig) -> Listing {
    let mut listing = Listing::default();
    let (mut candidates, mut others) = (Vec::new(), Vec::new());
    for location in &config.version_locations {
        if !location.exists() {
            listing.unreadable.push((shown(config, location), FileProblem::NoLocation));
            continue;
        }
        let entries = entries(config, location, &mut listing);
        for entry in &entries {
            let recursive = config.recursive_version_locations || entry.depth() == 1;
            let in_cache = folder_name(entry.path()).is_some_and(|it| it.ends_with("__pycache__"));
            if recursive && !in_cache && has_revision_name(&real_name(entry.path())) {
                candidates.push(entry.clone());
            } else {
                others.push(entry.path().to_owned());
            }
        }
        if config.sourceless {
            compiled(config, &entries, &mut listing);
        }
    }
    // Links last: what is also there as a file of its own is that file, and the link is a second
    // name. Alembic names both by the file.
    candidates.sort_by_key(DirEntry::path_is_symlink);
    let mut read = BTreeSet::new();
    let mut folders = Folders::default();
    for entry in &candidates {
        take(config, entry, &mut folders, &mut read, &mut listing);
    }
    // A file of one location can lie below another.
    others.retain(|path| !read.contains(&real(path)) && is_beside(path));
    listing.beside = others.iter().map(|path| shown(config, path)).collect();
    listing.beside.sort();
    listing.beside.dedup();
    listing
}

/// All files and links below a location, sorted by name as Alembic sorts them.
fn entries(config: &AlembicConfig, location: &Path, listing: &mut Listing) -> Vec<DirEntry> {
    let mut entries = Vec::new();
    let outside = |entry: &DirEntry| entry.file_name() != ".git";
    let walk = WalkDir::new(location).min_depth(1).sort_by_file_name();
    for entry in walk.into_iter().filter_entry(outside) {
        match entry {
            // A link to a folder is not followed, and is no file.
            Ok(entry) if entry.file_type().is_dir() => {}
            Ok(entry) if entry.path_is_symlink() && entry.path().is_dir() => {}
            Ok(entry) => entries.push(entry),
            Err(error) => {
                let path = shown(config, error.path().unwrap_or(location));
                let cause = error.into_io_error().unwrap_or_else(|| io::Error::other("a loop"));
                listing.unreadable.push((path, FileProblem::Io(cause)));
            }
        }
    }
    entries
}

fn take(
    config: &AlembicConfig,
    entry: &DirEntry,
    folders: &mut Folders,
    read: &mut BTreeSet<PathBuf>,
    listing: &mut Listing,
) {
    let path = shown(config, entry.path());
    if entry.path_is_symlink()
        && let Ok(target) = fs::read_link(entry.path())
    {
        listing.unreadable.push((path.clone(), FileProblem::Link { target }));
    }
    let file = folders.real(entry);
    let name = name(&file);
    if read.insert(file) {
        listing.files.push(Candidate { place: entry.path().to_owned(), path, name });
    }
    // Else Alembic warns that it was loaded twice, and ignores it.
}

/// The real paths of folders, each asked for once: thousands of files lie in one.
#[derive(Default)]
struct Folders(BTreeMap<PathBuf, PathBuf>);

impl Folders {
    fn real(&mut self, entry: &DirEntry) -> PathBuf {
        let path = entry.path();
        match (path.parent(), path.file_name()) {
            (Some(folder), Some(name)) if !entry.path_is_symlink() => {
                if let Some(real) = self.0.get(folder) {
                    return real.join(name);
                }
                let known = real(folder);
                let found = known.join(name);
                self.0.insert(folder.to_owned(), known);
                found
            }
            _ => real(path),
        }
    }
}

impl Candidate {
    /// Reads it.
    pub(super) fn read(&self) -> Result<Content, FileProblem> {
        let (text, sha256) = text(&self.place)?;
        Ok(Content { text, sha256 })
    }
}

fn text(path: &Path) -> Result<(String, String), FileProblem> {
    if !fs::metadata(path).map_err(FileProblem::Io)?.is_file() {
        return Err(FileProblem::NotAFile);
    }
    let bytes = fs::read(path).map_err(FileProblem::Io)?;
    let sha256 = hexadecimal(&Sha256::digest(&bytes));
    String::from_utf8(bytes).map(|text| (text, sha256)).map_err(|error| {
        let good = &error.as_bytes()[..error.utf8_error().valid_up_to()];
        let line = good.split(|byte| *byte == b'\n').count();
        FileProblem::Encoding { line: u32::try_from(line).unwrap_or(u32::MAX) }
    })
}

fn hexadecimal(bytes: &[u8]) -> String {
    let digit = |nibble: u8| char::from_digit(nibble.into(), 16).unwrap_or_default();
    bytes.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 0xf)]).collect()
}

/// With `sourceless`, Alembic loads compiled files that have no source beside them, or, in
/// `__pycache__`, none with the same first part of the name.
fn compiled(config: &AlembicConfig, entries: &[DirEntry], listing: &mut Listing) {
    let first_part = |path: &Path| name(path).split('.').next().unwrap_or_default().to_owned();
    let here: BTreeSet<(Option<&Path>, String)> =
        entries.iter().map(|entry| (entry.path().parent(), first_part(entry.path()))).collect();
    for entry in entries {
        let path = entry.path();
        let file = name(path);
        let Some(source) = file.strip_suffix(['c', 'o']).filter(|it| has_revision_name(it)) else {
            continue;
        };
        let folder = path.parent();
        let in_cache = folder_name(path).is_some_and(|folder| folder == "__pycache__");
        let depth = entry.depth() - usize::from(in_cache);
        let loaded = (depth == 1 || config.recursive_version_locations)
            && !path.with_file_name(source).exists()
            && !(file.ends_with('o') && path.with_file_name(format!("{source}c")).exists())
            && !(in_cache && here.contains(&(folder.and_then(Path::parent), first_part(path))));
        if loaded {
            listing.unreadable.push((shown(config, path), FileProblem::Compiled));
        }
    }
}

/// `(?!\.\#|__init__)(.*\.py)$`
fn has_revision_name(name: &str) -> bool {
    name.strip_suffix(".py").is_some() && !name.starts_with(".#") && !name.starts_with("__init__")
}

fn is_beside(path: &Path) -> bool {
    let cached = path.components().any(|part| part.as_os_str() == "__pycache__");
    let compiled = path.extension().is_some_and(|extension| extension == "pyc");
    !cached && !compiled && path.is_file()
}

fn name(path: &Path) -> String {
    path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
}

fn folder_name(path: &Path) -> Option<String> {
    path.parent().map(name)
}

/// The path without links; of a link that leads nowhere, what it names.
fn real(path: &Path) -> PathBuf {
    fs::canonicalize(path).unwrap_or_else(|_| match fs::read_link(path) {
        Ok(target) => path.parent().unwrap_or(path).join(target),
        Err(_) => path.to_owned(),
    })
}

/// The file name that Alembic sees.
fn real_name(path: &Path) -> String {
    if path.is_symlink() { name(&real(path)) } else { name(path) }
}

/// The path relative to the project if it lies inside. A `..` is resolved with links in mind, since
/// the path must lead to the same file.
fn shown(config: &AlembicConfig, path: &Path) -> PathBuf {
    let relative = if path.components().any(|part| part == Component::ParentDir) {
        let real = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
        let project = fs::canonicalize(&config.project).unwrap_or_else(|_| config.project.clone());
        real.strip_prefix(project).map(Path::to_owned).unwrap_or(real)
    } else {
        path.strip_prefix(&config.project).unwrap_or(path).to_owned()
    };
    if relative.as_os_str().is_empty() { PathBuf::from(".") } else { relative }
}
