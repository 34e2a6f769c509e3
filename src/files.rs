//! The only writer: every file or folder that rebaseline creates, changes or removes goes through
//! here.
//!
//! A write is atomic (temporary name in the same folder, sync, rename, sync of the folder), so that
//! a file is either the old one or the new one after a power cut. Each error names the path.

#![expect(clippy::disallowed_methods, reason = "this is the one writer")]

mod pieces;
mod scratch;

use std::collections::BTreeSet;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

pub use pieces::for_each_piece;
pub use scratch::{
    append_scratch, link_scratch, remove_scratch_folder, write_scratch, write_scratch_deep,
    write_scratch_pieces,
};

/// A file operation that failed, and on which path.
#[derive(Debug, thiserror::Error)]
#[error("cannot {action} `{}`", path.display())]
pub struct PathError {
    /// What was tried, as a verb.
    pub action: &'static str,
    /// The path it was tried on.
    pub path: PathBuf,
    /// What the system said.
    #[source]
    pub source: io::Error,
}

impl PathError {
    /// Whether the path was simply not there.
    pub fn is_not_found(&self) -> bool {
        self.source.kind() == io::ErrorKind::NotFound
    }
}

fn at<'a>(action: &'static str, path: &'a Path) -> impl FnOnce(io::Error) -> PathError + 'a {
    move |source| PathError { action, path: path.to_owned(), source }
}

/// Debug builds only: ends the process, as a power cut would, before the n-th change to the project
/// (`REBASELINE_CRASH_AT=n`). The tests of `resume` and `undo` walk through every n.
#[cfg(debug_assertions)]
fn crash_point() {
    use std::sync::atomic::{AtomicU32, Ordering};
    static CHANGES: AtomicU32 = AtomicU32::new(0);
    let change = CHANGES.fetch_add(1, Ordering::SeqCst) + 1;
    if let Ok(at) = std::env::var("REBASELINE_CRASH_AT")
        && at.parse() == Ok(change)
    {
        std::process::abort();
    }
}

#[cfg(not(debug_assertions))]
fn crash_point() {}

/// Reads a whole file.
pub fn read(path: &Path) -> Result<Vec<u8>, PathError> {
    fs::read(path).map_err(at("read", path))
}

/// Reads a whole file as UTF-8.
pub fn read_text(path: &Path) -> Result<String, PathError> {
    fs::read_to_string(path).map_err(at("read", path))
}

/// Whether there is nothing in a file, or no such file.
pub fn is_empty(path: &Path) -> bool {
    fs::metadata(path).map_or(true, |metadata| metadata.len() == 0)
}

/// Whether the owner of a file may execute it.
pub fn is_executable(path: &Path) -> bool {
    fs::metadata(path).is_ok_and(|metadata| metadata.permissions().mode() & 0o100 != 0)
}

/// Whether anybody but the owner may do anything with a file: then no secret in it is safe.
pub fn is_readable_by_others(path: &Path) -> bool {
    fs::metadata(path).is_ok_and(|metadata| metadata.permissions().mode() & 0o077 != 0)
}

/// Whether a private key lies as libpq demands: open to its owner alone, or to root and a group that may read.
pub fn is_private_key(path: &Path) -> bool {
    use std::os::unix::fs::MetadataExt;
    fs::metadata(path).is_ok_and(|metadata| {
        let others = if metadata.uid() == 0 { 0o027 } else { 0o077 };
        metadata.mode() & others == 0
    })
}

/// Lets everybody who may read a file execute it.
pub fn make_executable(path: &Path) -> Result<(), PathError> {
    let set = |metadata: fs::Metadata| {
        let mode = metadata.permissions().mode();
        fs::set_permissions(path, fs::Permissions::from_mode(mode | ((mode & 0o444) >> 2)))
    };
    fs::metadata(path).and_then(set).map_err(at("set the mode of", path))
}

/// Locks a folder for as long as the returned value lives; `None` if somebody else has it. No file is
/// left behind: the lock is on the folder itself.
pub fn lock_folder(path: &Path) -> Result<Option<File>, PathError> {
    let folder = File::open(path).map_err(at("open folder", path))?;
    match folder.try_lock() {
        Ok(()) => Ok(Some(folder)),
        Err(fs::TryLockError::WouldBlock) => Ok(None),
        Err(fs::TryLockError::Error(source)) => {
            Err(PathError { action: "lock folder", path: path.to_owned(), source })
        }
    }
}

/// Creates a folder and its parents.
pub fn create_folder(path: &Path) -> Result<(), PathError> {
    if path.is_dir() {
        return Ok(());
    }
    fs::create_dir_all(path).map_err(at("create folder", path))
}

/// Writes a file whole or not at all: temporary name, sync, rename, sync of the folder.
/// The permissions of a file that is replaced are kept.
pub fn write_atomic(path: &Path, bytes: &[u8]) -> Result<(), PathError> {
    let temporary = write_temporary(path, bytes)?;
    rename(&temporary, path)
}

/// Writes and syncs a file under a temporary name beside `path`, and returns that name. The caller
/// renames it after having checked what it needs to check.
pub fn write_temporary(path: &Path, bytes: &[u8]) -> Result<PathBuf, PathError> {
    if let Some(folder) = path.parent() {
        create_folder(folder)?;
    }
    let temporary = temporary_name(path);
    crash_point();
    let result = (|| {
        let mut file = File::create(&temporary)?;
        // Half first: a crash test then meets a file that is cut short.
        let (first, rest) = bytes.split_at(bytes.len() / 2);
        file.write_all(first)?;
        crash_point();
        file.write_all(rest)?;
        if let Ok(old) = fs::metadata(path) {
            file.set_permissions(old.permissions())?;
        }
        file.sync_all()
    })();
    if let Err(source) = result {
        // A disk that is full leaves a stump: it must not stay.
        let _ = fs::remove_file(&temporary);
        return Err(PathError { action: "write", path: path.to_owned(), source });
    }
    Ok(temporary)
}

/// The temporary name that [`write_temporary`] uses: hidden, no `.py` ending, so that no history
/// format takes it for a revision.
pub fn temporary_name(path: &Path) -> PathBuf {
    let name = path.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
    path.with_file_name(format!(".{name}.rebaseline-tmp"))
}

/// Renames within one folder and syncs the folder.
pub fn rename(from: &Path, to: &Path) -> Result<(), PathError> {
    crash_point();
    fs::rename(from, to).map_err(at("rename to", to))?;
    sync_folder_of(to)
}

/// Removes a file that must be there.
pub fn remove_file(path: &Path) -> Result<(), PathError> {
    crash_point();
    fs::remove_file(path).map_err(at("remove", path))?;
    sync_folder_of(path)
}

/// Removes several files and makes it durable once per folder: a sync for each of hundreds of files
/// would take seconds.
pub fn remove_files(paths: &[PathBuf]) -> Result<(), PathError> {
    let mut folders = BTreeSet::new();
    for path in paths {
        crash_point();
        fs::remove_file(path).map_err(at("remove", path))?;
        folders.extend(path.parent().map(|folder| folder.join("file")));
    }
    folders.iter().try_for_each(|file| sync_folder_of(file))
}

/// Removes a file if it is there; says whether it was.
pub fn remove_file_if_there(path: &Path) -> Result<bool, PathError> {
    match remove_file(path) {
        Ok(()) => Ok(true),
        Err(error) if error.is_not_found() => Ok(false),
        Err(error) => Err(error),
    }
}

/// Removes a folder if it is empty; a folder with anything in it stays.
pub fn remove_empty_folder(path: &Path) -> Result<(), PathError> {
    match fs::read_dir(path) {
        Ok(mut entries) => {
            if entries.next().is_none() {
                crash_point();
                fs::remove_dir(path).map_err(at("remove folder", path))?;
            }
            Ok(())
        }
        Err(source) if source.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(source) => Err(PathError { action: "read folder", path: path.to_owned(), source }),
    }
}

/// Makes what a program has written into a file durable.
pub fn sync(path: &Path) -> Result<(), PathError> {
    File::open(path).and_then(|file| file.sync_all()).map_err(at("sync", path))
}

/// Creates a file that must not exist yet, readable by its owner alone.
pub fn create_private(path: &Path, bytes: &[u8]) -> Result<File, PathError> {
    use std::os::unix::fs::OpenOptionsExt;
    let result = OpenOptions::new()
        .append(true)
        .create_new(true)
        .mode(0o600)
        .open(path)
        .and_then(|mut file| file.write_all(bytes).map(|()| file));
    result.map_err(at("create", path))
}

/// Appends to an open file and waits until it is on the disk.
pub fn append_synced(mut file: &File, path: &Path, bytes: &[u8]) -> Result<(), PathError> {
    file.write_all(bytes).and_then(|()| file.sync_data()).map_err(at("append to", path))
}

/// Takes the lock of an open file, unless somebody else has it.
pub fn try_lock(file: &File, path: &Path) -> Result<bool, PathError> {
    match file.try_lock() {
        Ok(()) => Ok(true),
        Err(fs::TryLockError::WouldBlock) => Ok(false),
        Err(fs::TryLockError::Error(source)) => {
            Err(PathError { action: "lock", path: path.to_owned(), source })
        }
    }
}

/// Waits for the lock of an open file.
pub fn lock(file: &File, path: &Path) -> Result<(), PathError> {
    file.lock().map_err(at("lock", path))
}

/// Opens a file that processes lock, creating it if need be.
pub fn open_lock_file(path: &Path) -> Result<File, PathError> {
    OpenOptions::new()
        .read(true)
        .append(true)
        .create(true)
        .open(path)
        .map_err(at("open lock file", path))
}

/// Copies a folder with all it holds; the owner becomes `owner` (uid, gid) if given. The target must
/// not exist.
pub fn copy_folder(from: &Path, to: &Path, owner: Option<(u32, u32)>) -> Result<(), PathError> {
    for entry in walkdir::WalkDir::new(from) {
        let entry = entry.map_err(|error| PathError {
            action: "read folder",
            path: from.to_owned(),
            source: error.into(),
        })?;
        let relative = entry.path().strip_prefix(from).unwrap_or(entry.path());
        let target =
            if relative.as_os_str().is_empty() { to.to_owned() } else { to.join(relative) };
        if entry.file_type().is_dir() {
            fs::create_dir(&target).map_err(at("create folder", &target))?;
            let mode = entry.metadata().map(|m| m.permissions()).ok();
            if let Some(mode) = mode {
                fs::set_permissions(&target, mode).map_err(at("set the mode of", &target))?;
            }
        } else {
            fs::copy(entry.path(), &target).map_err(at("copy to", &target))?;
        }
        if let Some((uid, gid)) = owner {
            set_owner(&target, uid, gid)?;
        }
    }
    Ok(())
}

/// Gives a file or folder to a user (only root can).
pub fn set_owner(path: &Path, uid: u32, gid: u32) -> Result<(), PathError> {
    std::os::unix::fs::chown(path, Some(uid), Some(gid)).map_err(at("set the owner of", path))
}

/// Creates one folder with a mode; fails if it is there.
pub fn create_new_folder(path: &Path, mode: u32) -> Result<(), PathError> {
    use std::os::unix::fs::DirBuilderExt;
    fs::DirBuilder::new().mode(mode).create(path).map_err(at("create folder", path))
}

/// Renames a folder into place.
pub fn rename_folder(from: &Path, to: &Path) -> Result<(), PathError> {
    fs::rename(from, to).map_err(at("rename to", to))
}

/// Makes a rename or a removal in this path's folder durable.
fn sync_folder_of(path: &Path) -> Result<(), PathError> {
    let folder = match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    File::open(folder).and_then(|file| file.sync_all()).map_err(at("sync folder", folder))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_write_replaces_whole_and_leaves_no_temporary_file() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("deep/file.txt");
        write_atomic(&path, b"one").unwrap();
        write_atomic(&path, b"two").unwrap();
        assert_eq!(read_text(&path).unwrap(), "two");
        let names: Vec<_> = fs::read_dir(path.parent().unwrap()).unwrap().collect();
        assert_eq!(names.len(), 1);
    }
}
