//! What must hold for every manifest, written or read: paths that do not collide, sizes within the
//! limits, and a file for each squashed revision. And what must hold for each file: the length and
//! the hash of its record.
//!
//! Pure: it takes data and gives an error or nothing.

use std::collections::BTreeSet;

use super::{FileRecord, FileRole, InventoryRecord, Manifest};
use crate::path::refuse_collisions;
use crate::{ArchiveError, ArchivePath, INVENTORY_NAME, Limits, Result, Sha256};

impl Manifest {
    pub(crate) fn check(&self, limits: &Limits) -> Result<()> {
        let inventory = self.inventory_file().transpose()?;
        check_files(&self.files, inventory.as_ref(), limits)?;
        self.check_revisions()
    }

    /// The inventory as if it were a file, so that it is held to the same rules.
    pub(crate) fn inventory_file(&self) -> Option<Result<FileRecord>> {
        let InventoryRecord { bytes, sha256 } = self.schema.inventory?;
        let (role, removed, executable) = (FileRole::Beside, false, false);
        let path = ArchivePath::new(INVENTORY_NAME);
        Some(path.map(|path| FileRecord { path, bytes, sha256, role, removed, executable }))
    }

    /// An archive that names a squashed revision but has lost its file could not be restored.
    fn check_revisions(&self) -> Result<()> {
        let files: BTreeSet<_> = self.files.iter().map(|file| &file.path).collect();
        let kept: BTreeSet<_> = self.history.kept.iter().collect();
        for revision in &self.history.revisions {
            if !kept.contains(&revision.id) && !files.contains(&revision.file) {
                return Err(ArchiveError::RevisionWithoutFile {
                    revision: revision.id.clone(),
                    file: revision.file.clone(),
                });
            }
        }
        Ok(())
    }
}

/// What must hold for the files of any archive, and for what lies beside them (`more`).
pub(crate) fn check_files(
    files: &[FileRecord],
    more: Option<&FileRecord>,
    limits: &Limits,
) -> Result<()> {
    let found = files.len() as u64 + 1 + u64::from(more.is_some());
    if found > limits.entries {
        return Err(ArchiveError::TooManyEntries { found, limit: limits.entries });
    }
    let mut total = 0_u64;
    for file in files.iter().chain(more) {
        if file.bytes > limits.file {
            return Err(ArchiveError::FileTooLarge {
                path: file.path.clone(),
                found: file.bytes,
                limit: limits.file,
            });
        }
        total = total.saturating_add(file.bytes);
    }
    if total > limits.total {
        return Err(ArchiveError::TotalTooLarge { limit: limits.total });
    }
    refuse_collisions(files.iter().map(|file| &file.path))
}

impl FileRecord {
    /// Whether `content` is the file that this record tells of.
    pub(crate) fn compare(&self, content: &[u8]) -> Result<()> {
        let found = content.len() as u64;
        if found != self.bytes {
            return Err(ArchiveError::LengthMismatch {
                path: self.path.clone(),
                expected: self.bytes,
                found,
                more: false,
            });
        }
        let found = Sha256::of(content);
        if found != self.sha256 {
            return Err(ArchiveError::HashMismatch {
                path: self.path.clone(),
                expected: self.sha256,
                found,
            });
        }
        Ok(())
    }
}
