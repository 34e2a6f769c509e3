//! The cached, initialised data folder that private clusters are copied from.
//!
//! `initdb` takes half a second, a copy some 30 ms. The cache key holds all that the result depends
//! on; a cache entry is initialised under a temporary name and renamed when it is whole, so that two
//! runs at once, or a kill, leave no broken entry. What an unprivileged cache cannot hold is kept in
//! the temporary folder.

use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use crate::files;
use crate::postgres::binaries::Binaries;
use crate::postgres::run_folder::FolderError;
use crate::process::{self, Plan};

/// Raised when the layout of a cache entry changes.
const LAYOUT: u32 = 2;

/// Flags of `initdb`. Text is ordered by code point, the same everywhere; a small WAL segment is less to
/// copy.
const FLAGS: [&str; 8] =
    ["-U", "postgres", "-A", "trust", "-E", "UTF8", "--no-sync", "--wal-segsize=1"];

/// Where the system has `C.UTF-8`, `lower()` and the like know all letters; else only ASCII's.
const LOCALES: [&[&str]; 2] = [&["--locale=C", "--lc-ctype=C.UTF-8"], &["--no-locale"]];

/// Returns the data folder to copy from, making it first if this is the first run.
///
/// `cache` is the folder for cache entries, `room` a folder that the server's user can write to,
/// `user` the user (uid, gid) that owns the cluster when we are root.
pub fn ready(
    binaries: &Binaries,
    cache: &Path,
    room: &Path,
    user: Option<(u32, u32)>,
) -> Result<PathBuf, FolderError> {
    let entry = cache.join(format!("cluster-{}", key(binaries, user)));
    if entry.is_dir() {
        return Ok(entry);
    }
    files::create_folder(cache)?;
    let lock = files::open_lock_file(&cache.join("lock"))?;
    files::lock(&lock, cache)?;
    if entry.is_dir() {
        return Ok(entry);
    }
    // Initialised where the server's user may write, then copied: root's cache is closed to it.
    let fresh = room.join(format!("rebaseline-initdb-{}", std::process::id()));
    files::remove_scratch_folder(&fresh)?;
    files::create_new_folder(&fresh, 0o700)?;
    if let Some((uid, gid)) = user {
        files::set_owner(&fresh, uid, gid)?;
    }
    let mut made = Ok(Vec::new());
    for locale in LOCALES {
        // `initdb` empties the folder again when it fails.
        let plan =
            Plan::new(binaries.program("initdb")).arguments(FLAGS).arguments(locale.to_vec());
        let plan = plan.argument("-D").argument(&fresh).folder("/").set("TZ", "UTC");
        made = process::run_as(&plan, user);
        if made.is_ok() {
            break;
        }
    }
    let partial = cache.join(format!("rebaseline-partial-{}", std::process::id()));
    let result = made.map_err(FolderError::from).and_then(|_| {
        files::remove_scratch_folder(&partial)?;
        files::copy_folder(&fresh, &partial, None)?;
        files::rename_folder(&partial, &entry)?;
        Ok(entry)
    });
    files::remove_scratch_folder(&fresh)?;
    result
}

fn key(binaries: &Binaries, user: Option<(u32, u32)>) -> String {
    let server = binaries.program("postgres");
    let stamp = std::fs::metadata(&server).map(|m| (m.size(), m.mtime())).unwrap_or_default();
    let parts = format!(
        "{LAYOUT}|{}|{}|{stamp:?}|{FLAGS:?}|{LOCALES:?}|{user:?}",
        binaries.version,
        binaries.folder.display()
    );
    crate::schema::hex(&Sha256::digest(parts.as_bytes())[..8])
}
