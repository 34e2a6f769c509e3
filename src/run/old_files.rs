//! The revisions as they were before a squash, laid out in a folder as they lay in the project.
//!
//! Takes archives that were verified when they were opened, and the project's folders; writes into a run
//! folder and gives the version locations there. What lies in the version locations comes from the
//! archives (and, for revisions that were kept, from where they are now); everything around them is a link to
//! the project, so that a revision finds what it reads by its own path. The project is only read.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use rebaseline_archive::{Archive, ArchivePath};

use crate::files::{self, PathError};

/// Why the old revisions cannot be laid out.
#[derive(Debug, thiserror::Error)]
pub enum OldFilesError {
    /// A file operation failed.
    #[error(transparent)]
    File(#[from] PathError),
    /// A kept revision is nowhere any more.
    #[error(
        "`{}` stood beside the squashed revisions, and is neither in the project nor in a later archive",
        path.as_str()
    )]
    Gone {
        /// The file.
        path: ArchivePath,
    },
}

/// What is laid out, and from where.
#[derive(Debug)]
pub struct OldFiles<'a> {
    /// The project's root: paths in archives are relative to it.
    pub root: &'a Path,
    /// The project's version locations.
    pub locations: &'a [PathBuf],
    /// The archive whose revisions are wanted.
    pub archive: &'a Archive,
    /// The archives made after it, oldest first: they may have what was kept then.
    pub later: Vec<&'a Archive>,
    /// Files that have another text here: revisions that the squash skipped.
    pub stubs: BTreeMap<ArchivePath, String>,
}

impl OldFiles<'_> {
    /// Writes the files into `folder`, which must be empty, and gives the version locations in it.
    pub fn lay_out(&self, folder: &Path) -> Result<Vec<PathBuf>, OldFilesError> {
        for (path, content) in self.contents()? {
            let target = path.under(folder);
            files::write_scratch_deep(&target, content.as_ref())?;
            let record = self.archive.manifest().files.iter().find(|file| file.path == path);
            if record.is_some_and(|record| record.executable) {
                files::make_executable(&target)?;
            }
        }
        let relative: Vec<Option<PathBuf>> =
            self.locations.iter().map(|location| self.relative(location)).collect();
        let inside: BTreeSet<&Path> = relative.iter().flatten().map(PathBuf::as_path).collect();
        self.link_around(&inside, folder)?;
        let mut locations = Vec::new();
        for (relative, location) in relative.iter().zip(self.locations) {
            let place = relative.as_ref().map_or(location.clone(), |path| folder.join(path));
            // One that holds nothing of what was squashed must be there all the same.
            files::create_folder(&place)?;
            locations.push(place);
        }
        Ok(locations)
    }

    /// The files of the version locations with their content.
    fn contents(&self) -> Result<BTreeMap<ArchivePath, Content<'_>>, OldFilesError> {
        let manifest = self.archive.manifest();
        let mut contents = BTreeMap::new();
        let relative: Vec<PathBuf> =
            self.locations.iter().filter_map(|l| self.relative(l)).collect();
        let in_location = |path: &ArchivePath| {
            relative.iter().any(|location| Path::new(path.as_str()).starts_with(location))
        };
        for record in manifest.files.iter().filter(|record| in_location(&record.path)) {
            let content = match self.stubs.get(&record.path) {
                Some(stub) => Content::Archived(stub.as_bytes()),
                None => Content::Archived(self.archive.file(&record.path).unwrap_or_default()),
            };
            contents.insert(record.path.clone(), content);
        }
        let kept = |id: &String| manifest.history.kept.contains(id);
        for revision in manifest.history.revisions.iter().filter(|revision| kept(&revision.id)) {
            let path = &revision.file;
            if contents.contains_key(path) {
                continue;
            }
            // The first archive after this one that has the file has it as it was until then.
            let later = self.later.iter().find_map(|archive| archive.file(path));
            let content = match later {
                Some(content) => Content::Archived(content),
                None => match files::read(&path.under(self.root)) {
                    Ok(bytes) => Content::Read(bytes),
                    Err(error) if error.is_not_found() => {
                        return Err(OldFilesError::Gone { path: path.clone() });
                    }
                    Err(error) => return Err(error.into()),
                },
            };
            contents.insert(path.clone(), content);
        }
        Ok(contents)
    }

    /// Links what lies in the folders above the version locations, up to the root.
    fn link_around(&self, inside: &BTreeSet<&Path>, folder: &Path) -> Result<(), OldFilesError> {
        let above: BTreeSet<&Path> =
            inside.iter().flat_map(|location| location.ancestors().skip(1)).collect();
        for directory in above.iter().filter(|directory| !inside.contains(*directory)) {
            let Ok(entries) = std::fs::read_dir(self.root.join(directory)) else { continue };
            for entry in entries.flatten() {
                let path = directory.join(entry.file_name());
                let target = folder.join(&path);
                let ours = inside.contains(path.as_path()) || above.contains(path.as_path());
                // What is in a location already (a location may lie in another one) stays.
                let in_location = inside.iter().any(|location| path.starts_with(location));
                if !ours && !in_location && !target.exists() {
                    files::link_scratch(&target, &entry.path())?;
                }
            }
        }
        Ok(())
    }

    fn relative(&self, location: &Path) -> Option<PathBuf> {
        let real = location.canonicalize().unwrap_or_else(|_| location.to_owned());
        let root = self.root.canonicalize().unwrap_or_else(|_| self.root.to_owned());
        real.strip_prefix(root).ok().map(Path::to_owned)
    }
}

/// A file's content.
enum Content<'a> {
    Archived(&'a [u8]),
    Read(Vec<u8>),
}

impl AsRef<[u8]> for Content<'_> {
    fn as_ref(&self) -> &[u8] {
        match self {
            Self::Archived(bytes) => bytes,
            Self::Read(bytes) => bytes,
        }
    }
}
