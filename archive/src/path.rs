//! Paths inside an archive: relative, `/`-separated, harmless on every system.
//!
//! It takes text or a relative path of this system, and gives an [`ArchivePath`] or tells what is
//! wrong. Joined to a folder, an `ArchivePath` stays inside that folder; that is why the manifest
//! holds no path of another type.

mod collisions;

use std::borrow::Borrow;
use std::fmt;
use std::path::{Component, Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::{ArchiveError, Result};

pub(crate) use collisions::refuse_collisions;

/// Below the 4,096 bytes of Linux with much room for the project's own folder.
const MAX_BYTES: usize = 1024;

/// What ext4, APFS and NTFS hold.
const MAX_COMPONENT_BYTES: usize = 255;

/// A relative path that cannot leave the folder it is joined to.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ArchivePath(String);

impl ArchivePath {
    /// Checks `path`, which must be separated by `/` already.
    ///
    /// # Errors
    ///
    /// [`ArchiveError::BadPath`], telling why.
    pub fn new(path: &str) -> Result<Self> {
        match fault(path) {
            None => Ok(Self(path.to_owned())),
            Some(why) => Err(bad(path, why)),
        }
    }

    /// Turns a relative path of this system into one of an archive.
    ///
    /// # Errors
    ///
    /// [`ArchiveError::BadPath`] if the path is absolute, climbs up, or is not UTF-8.
    pub fn from_relative(path: &Path) -> Result<Self> {
        let shown = path.to_string_lossy();
        let mut components = Vec::new();
        for component in path.components() {
            match component {
                Component::Normal(name) => {
                    let name = name.to_str().ok_or_else(|| bad(&shown, "is not valid UTF-8"))?;
                    components.push(name);
                }
                Component::CurDir => {}
                Component::ParentDir => return Err(bad(&shown, "has a `..` component")),
                Component::Prefix(_) | Component::RootDir => {
                    return Err(bad(&shown, "is absolute"));
                }
            }
        }
        Self::new(&components.join("/"))
    }

    /// The path as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The path below `root`, in this system's own form. No file is looked at.
    pub fn under(&self, root: &Path) -> PathBuf {
        let mut path = root.to_owned();
        path.extend(self.0.split('/'));
        path
    }
}

fn bad(path: &str, why: &'static str) -> ArchiveError {
    ArchiveError::BadPath { path: path.to_owned(), why }
}

fn fault(path: &str) -> Option<&'static str> {
    if path.is_empty() {
        return Some("is empty");
    }
    if path.len() > MAX_BYTES {
        return Some("is longer than 1024 bytes");
    }
    if path.starts_with('/') {
        return Some("is absolute");
    }
    if path.contains('\\') {
        return Some("contains a backslash");
    }
    if path.chars().any(char::is_control) {
        return Some("contains a control character");
    }
    path.split('/').find_map(component_fault)
}

fn component_fault(component: &str) -> Option<&'static str> {
    match component.as_bytes() {
        [] => Some("has an empty component"),
        b"." => Some("has a `.` component"),
        b".." => Some("has a `..` component"),
        // In any component, not only the first: joining `C:` on Windows drops what stood before.
        [letter, b':', ..] if letter.is_ascii_alphabetic() => Some("names a drive"),
        name if name.len() > MAX_COMPONENT_BYTES => Some("has a component longer than 255 bytes"),
        _ => None,
    }
}

impl fmt::Display for ArchivePath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl AsRef<str> for ArchivePath {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

impl Borrow<str> for ArchivePath {
    fn borrow(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for ArchivePath {
    type Error = ArchiveError;

    fn try_from(path: String) -> Result<Self> {
        Self::new(&path)
    }
}

impl From<ArchivePath> for String {
    fn from(path: ArchivePath) -> Self {
        path.0
    }
}

#[cfg(test)]
mod tests;
