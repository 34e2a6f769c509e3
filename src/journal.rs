//! A swap in progress: what is to be done, and how far it is.
//!
//! The journal is written before the first change to the project and removed after the last one. While
//! it is there, `resume` goes on and `undo` goes back, both from what the journal and the disk say;
//! every step can be done twice. It holds the new texts, so that nothing has to be computed again. It
//! lies in `.rebaseline/`, a folder that keeps itself out of git.

use std::path::{Path, PathBuf};

use rebaseline_archive::{ArchivePath, FileRecord, Sha256, WrittenRecord};
use serde::{Deserialize, Serialize};

use crate::files::{self, PathError};

/// The folder for our working files, beside `alembic.ini`.
pub const FOLDER: &str = ".rebaseline";

/// Raised when older versions could misread a journal.
const VERSION: u32 = 2;

/// The version of a squash's journal, which older versions understand.
const SQUASH_VERSION: u32 = 1;

/// Which way the swap goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Direction {
    /// Baseline in, old revisions out.
    Squash,
    /// Old revisions back, baseline out.
    Undo,
}

/// What the swap is part of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Operation {
    /// A squash.
    #[default]
    Squash,
    /// A repair.
    Repair,
}

/// A file and what must be in it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Content {
    /// Relative to the project's root.
    pub path: ArchivePath,
    /// The hash of its content.
    pub sha256: Sha256,
    /// Whether its owner may execute it.
    #[serde(default)]
    pub executable: bool,
}

impl Content {
    /// A file that is not executable.
    pub fn new(path: ArchivePath, sha256: Sha256) -> Self {
        Self { path, sha256, executable: false }
    }
}

impl From<&FileRecord> for Content {
    fn from(file: &FileRecord) -> Self {
        Self { path: file.path.clone(), sha256: file.sha256, executable: file.executable }
    }
}

/// A file that the swap writes, or wrote.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Write {
    /// The file as the squash leaves it.
    pub new: Content,
    /// The hash of what it was before; none if it was not there.
    pub old: Option<Sha256>,
    /// Its new text; empty when going back.
    pub text: String,
}

impl From<&Write> for WrittenRecord {
    fn from(write: &Write) -> Self {
        let Write { new, text, .. } = write;
        Self { path: new.path.clone(), bytes: text.len() as u64, sha256: new.sha256 }
    }
}

/// All that is needed to finish or to revert.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Journal {
    version: u32,
    /// What it is part of.
    #[serde(default)]
    pub operation: Operation,
    /// The way it goes.
    pub direction: Direction,
    /// The archive; its hash is that of the whole file.
    pub archive: Content,
    /// What is written: the baselines first, then kept files that change.
    pub written: Vec<Write>,
    /// The old revision files, which go.
    pub removed: Vec<Content>,
}

/// A journal that cannot be read or written.
#[derive(Debug, thiserror::Error)]
pub enum JournalError {
    /// The disk.
    #[error(transparent)]
    File(#[from] PathError),
    /// Its text.
    #[error("the journal `{}` cannot be read", path.display())]
    Unreadable {
        /// Where it is.
        path: PathBuf,
        /// What is wrong.
        #[source]
        source: serde_json::Error,
    },
    /// A newer version wrote it.
    #[error("the journal `{}` was written by a newer rebaseline", path.display())]
    TooNew {
        /// Where it is.
        path: PathBuf,
    },
}

impl Journal {
    /// A journal for one swap.
    pub fn new(
        direction: Direction,
        archive: Content,
        written: Vec<Write>,
        removed: Vec<Content>,
    ) -> Self {
        let (version, operation) = (SQUASH_VERSION, Operation::Squash);
        Self { version, operation, direction, archive, written, removed }
    }

    /// The same as part of a repair.
    #[must_use]
    pub fn of_repair(self) -> Self {
        Self { version: VERSION, operation: Operation::Repair, ..self }
    }

    /// Where the journal of a project is.
    pub fn path(root: &Path) -> PathBuf {
        root.join(FOLDER).join("journal.json")
    }

    /// The journal of an unfinished swap, if there is one.
    pub fn load(root: &Path) -> Result<Option<Self>, JournalError> {
        let path = Self::path(root);
        let text = match files::read_text(&path) {
            Ok(text) => text,
            Err(error) if error.is_not_found() => return Ok(None),
            Err(error) => return Err(error.into()),
        };
        let unreadable = |source| JournalError::Unreadable { path: path.clone(), source };
        let value: serde_json::Value = serde_json::from_str(&text).map_err(unreadable)?;
        if value.get("version").and_then(serde_json::Value::as_u64) > Some(VERSION.into()) {
            return Err(JournalError::TooNew { path });
        }
        serde_json::from_value(value).map(Some).map_err(unreadable)
    }

    /// Writes it, atomically.
    pub fn save(&self, root: &Path) -> Result<(), JournalError> {
        open_folder(root)?;
        let path = Self::path(root);
        // A SQL file can be large: room for it at once takes half of what growing does.
        let texts: usize = self.written.iter().map(|write| write.text.len()).sum();
        let mut json = Vec::with_capacity(texts + texts / 8);
        serde_json::to_writer_pretty(&mut json, self)
            .map_err(|source| JournalError::Unreadable { path: path.clone(), source })?;
        Ok(files::write_atomic(&path, &json)?)
    }

    /// Removes it: the swap is over.
    pub fn close(root: &Path) -> Result<(), JournalError> {
        files::remove_file_if_there(&Self::path(root))?;
        close_folder(root)?;
        Ok(())
    }
}

/// Makes `.rebaseline/` with the file that keeps it out of git.
pub fn open_folder(root: &Path) -> Result<PathBuf, PathError> {
    let folder = root.join(FOLDER);
    let ignore = folder.join(".gitignore");
    if !ignore.is_file() {
        files::write_atomic(&ignore, b"*\n")?;
    }
    Ok(folder)
}

/// Removes `.rebaseline/` when nothing of worth is left in it.
fn close_folder(root: &Path) -> Result<(), PathError> {
    let folder = root.join(FOLDER);
    let left = std::fs::read_dir(&folder)
        .map(|entries| entries.flatten().filter(|entry| entry.file_name() != ".gitignore").count());
    if left.is_ok_and(|left| left == 0) {
        files::remove_file_if_there(&folder.join(".gitignore"))?;
        files::remove_empty_folder(&folder)?;
    }
    Ok(())
}
