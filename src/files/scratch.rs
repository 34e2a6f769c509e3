//! What is written into scratch folders, and what removes one.
//!
//! Nothing there has to survive a power cut, so nothing is synced. A folder is removed only if its name says that it
//! is ours.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::Path;

use crate::files::{PathError, at, create_folder};

/// Removes a scratch folder with all it holds. Refuses any folder whose own name does not carry
/// `rebaseline`: a wrong path must never reach this.
pub fn remove_scratch_folder(path: &Path) -> Result<(), PathError> {
    let ours = path.file_name().is_some_and(|name| name.to_string_lossy().contains("rebaseline"));
    if !ours {
        let source = io::Error::new(io::ErrorKind::PermissionDenied, "not a scratch folder");
        return Err(PathError { action: "remove scratch folder", path: path.to_owned(), source });
    }
    match fs::remove_dir_all(path) {
        Ok(()) => Ok(()),
        Err(source) if source.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(source) => {
            Err(PathError { action: "remove scratch folder", path: path.to_owned(), source })
        }
    }
}

/// Writes a file into a scratch folder.
pub fn write_scratch(path: &Path, bytes: &[u8]) -> Result<(), PathError> {
    fs::write(path, bytes).map_err(at("write", path))
}

/// The same for a text that comes in pieces.
pub fn write_scratch_pieces<'a>(
    path: &Path,
    pieces: impl IntoIterator<Item = &'a str>,
) -> Result<(), PathError> {
    let write = || {
        let mut file = io::BufWriter::new(File::create(path)?);
        pieces.into_iter().try_for_each(|piece| file.write_all(piece.as_bytes()))?;
        file.flush()
    };
    write().map_err(at("write", path))
}

/// Appends to a file in a scratch folder.
pub fn append_scratch(path: &Path, bytes: &[u8]) -> Result<(), PathError> {
    let file = OpenOptions::new().append(true).create(true).open(path);
    file.and_then(|mut file| file.write_all(bytes)).map_err(at("append to", path))
}

/// Writes a file into a scratch folder, with the folders above it.
pub fn write_scratch_deep(path: &Path, bytes: &[u8]) -> Result<(), PathError> {
    if let Some(folder) = path.parent() {
        create_folder(folder)?;
    }
    write_scratch(path, bytes)
}

/// Makes a link in a scratch folder that leads to `target`.
pub fn link_scratch(path: &Path, target: &Path) -> Result<(), PathError> {
    if let Some(folder) = path.parent() {
        create_folder(folder)?;
    }
    std::os::unix::fs::symlink(target, path).map_err(at("make the link", path))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_folder_with_our_name_is_removed() {
        let folder = tempfile::tempdir().unwrap();
        let other = folder.path().join("data");
        fs::create_dir(&other).unwrap();
        assert!(remove_scratch_folder(&other).is_err());
        assert!(other.is_dir());
        let ours = folder.path().join("rebaseline-1");
        fs::create_dir(&ours).unwrap();
        remove_scratch_folder(&ours).unwrap();
        assert!(!ours.exists());
    }
}
