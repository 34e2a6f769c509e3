//! The archive of a repair: the revision files that it changed or took away, byte for byte, and why.
//!
//! It is laid out as the archive of a squash, but its manifest says `"kind": "repair"` and tells of mends
//! where that one tells of a baseline. [`Stored`] is either of them, for whoever only wants the files.

use std::io::Read;

use serde::{Deserialize, Serialize};

use crate::manifest::check::check_files;
use crate::read::{Opened, open_zip};
use crate::write::finish;
use crate::{
    Archive, ArchiveError, ArchivePath, FileRecord, FileRole, Limits, Result, Sha256, Tool,
    WrittenRecord,
};

/// The format of a repair's manifest, and the oldest reader that understands it: one that knows of
/// squashes alone would take it for a damaged one.
pub const REPAIR_FORMAT_VERSION: u32 = 2;

/// Says that a manifest is that of a repair.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum RepairKind {
    /// `"kind": "repair"`
    Repair,
}

/// All that is known about one repair. Fields that a later version adds are ignored when read.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RepairManifest {
    /// [`REPAIR_FORMAT_VERSION`] of the writer.
    pub format_version: u32,
    /// The oldest reader that understands this archive.
    pub readable_by: u32,
    /// What it is.
    pub kind: RepairKind,
    /// What wrote the archive.
    pub tool: Tool,
    /// When, in RFC 3339.
    pub created: String,
    /// What is in the archive, sorted by path: files that went (`removed`), and files as they were before
    /// they were changed (role `rewritten`).
    pub files: Vec<FileRecord>,
    /// What the repair wrote. A path that is not among `files` was not there before.
    pub also_written: Vec<WrittenRecord>,
    /// What was mended.
    pub mends: Vec<MendRecord>,
}

/// What was done to one file, and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MendRecord {
    /// The file.
    pub path: ArchivePath,
    /// Each reason, for people.
    pub reasons: Vec<String>,
}

impl RepairManifest {
    /// The archived file that the repair wrote over, if there was one at this path.
    pub fn rewritten(&self, path: &ArchivePath) -> Option<&FileRecord> {
        self.files.iter().find(|file| file.role == FileRole::Rewritten && file.path == *path)
    }

    fn check(&self, limits: &Limits) -> Result<()> {
        check_files(&self.files, None, limits)
    }

    /// The bytes of `manifest.json`.
    ///
    /// # Errors
    ///
    /// [`ArchiveError::Manifest`] if there is something that JSON cannot hold.
    pub fn to_json(&self) -> Result<Vec<u8>> {
        let mut json = serde_json::to_vec_pretty(self).map_err(ArchiveError::Manifest)?;
        json.push(b'\n');
        Ok(json)
    }
}

/// The archive of a repair that was read and found whole.
#[derive(Debug, Clone, PartialEq)]
pub struct RepairArchive {
    manifest: RepairManifest,
    opened: Opened,
}

impl RepairArchive {
    /// The manifest.
    pub fn manifest(&self) -> &RepairManifest {
        &self.manifest
    }
}

/// An archive of either kind.
#[derive(Debug, Clone, PartialEq)]
pub enum Stored {
    /// Of a squash.
    Squash(Box<Archive>),
    /// Of a repair.
    Repair(Box<RepairArchive>),
}

/// What tells the kinds apart; archives of squashes say nothing.
#[derive(Deserialize)]
struct Preamble {
    #[serde(default)]
    kind: Option<String>,
    #[serde(default)]
    format_version: u32,
    #[serde(default)]
    readable_by: u32,
    #[serde(default)]
    tool: serde_json::Value,
}

/// Whether a manifest says that it is a repair's.
pub(crate) fn is_repair(json: &[u8]) -> bool {
    let preamble = serde_json::from_slice::<Preamble>(json);
    preamble.is_ok_and(|preamble| preamble.kind.as_deref() == Some("repair"))
}

impl Stored {
    /// Reads and verifies an archive of either kind: see [`Archive::read`].
    ///
    /// # Errors
    ///
    /// Any [`ArchiveError`] that tells what is wrong with the archive.
    pub fn read(source: impl Read, limits: &Limits) -> Result<Self> {
        let bytes = crate::read::all(source, limits)?;
        let json = open_zip(&bytes, limits)?.1;
        if !is_repair(&json) {
            return Ok(Self::Squash(Box::new(Archive::read(&bytes[..], limits)?)));
        }
        let preamble: Preamble = serde_json::from_slice(&json).map_err(ArchiveError::Manifest)?;
        if preamble.readable_by > REPAIR_FORMAT_VERSION {
            let text = |key: &str| preamble.tool[key].as_str().unwrap_or("(unknown)").to_owned();
            return Err(ArchiveError::TooNew {
                format_version: preamble.format_version,
                readable_by: preamble.readable_by,
                ours: REPAIR_FORMAT_VERSION,
                written_by: format!("{} {}", text("name"), text("version")),
            });
        }
        let manifest: RepairManifest =
            serde_json::from_slice(&json).map_err(ArchiveError::Manifest)?;
        manifest.check(limits)?;
        let opened = Opened::read(&bytes, &manifest.files, 1, limits)?;
        Ok(Self::Repair(Box::new(RepairArchive { manifest, opened })))
    }

    /// The content of one file.
    pub fn file(&self, path: &ArchivePath) -> Option<&[u8]> {
        match self {
            Self::Squash(archive) => archive.file(path),
            Self::Repair(archive) => archive.opened.files.get(path).map(Vec::as_slice),
        }
    }

    /// All files with their content, sorted by path.
    pub fn files(&self) -> Vec<(&ArchivePath, &[u8])> {
        match self {
            Self::Squash(archive) => archive.files().collect(),
            Self::Repair(archive) => {
                archive.opened.files.iter().map(|(path, bytes)| (path, bytes.as_slice())).collect()
            }
        }
    }

    /// The records of the files.
    pub fn records(&self) -> &[FileRecord] {
        match self {
            Self::Squash(archive) => &archive.manifest().files,
            Self::Repair(archive) => &archive.manifest.files,
        }
    }

    /// The archived file that was written over, if there was one at this path.
    pub fn rewritten(&self, path: &ArchivePath) -> Option<&FileRecord> {
        match self {
            Self::Squash(archive) => archive.manifest().rewritten(path),
            Self::Repair(archive) => archive.manifest.rewritten(path),
        }
    }

    /// What was written into the project when this archive was made.
    pub fn written(&self) -> Vec<WrittenRecord> {
        match self {
            Self::Squash(archive) => archive.manifest().written().collect(),
            Self::Repair(archive) => archive.manifest.also_written.clone(),
        }
    }

    /// When it was made, in RFC 3339.
    pub fn created(&self) -> &str {
        match self {
            Self::Squash(archive) => &archive.manifest().created,
            Self::Repair(archive) => &archive.manifest.created,
        }
    }

    /// The hash of the whole archive.
    pub fn sha256(&self) -> Sha256 {
        match self {
            Self::Squash(archive) => archive.sha256(),
            Self::Repair(archive) => archive.opened.sha256,
        }
    }

    /// The length of the whole archive.
    pub fn bytes(&self) -> u64 {
        match self {
            Self::Squash(archive) => archive.bytes(),
            Self::Repair(archive) => archive.opened.bytes,
        }
    }
}

/// The bytes of a repair's archive. `manifest.files` is sorted on the way; it must list exactly `files`.
///
/// # Errors
///
/// As [`crate::to_bytes`].
pub fn repair_to_bytes<B: AsRef<[u8]>>(
    manifest: &RepairManifest,
    files: impl IntoIterator<Item = (ArchivePath, B)>,
) -> Result<Vec<u8>> {
    let ours = REPAIR_FORMAT_VERSION;
    let (format_version, readable_by) = (manifest.format_version, manifest.readable_by);
    if (format_version, readable_by) != (ours, ours) {
        return Err(ArchiveError::NotOurVersion { format_version, readable_by, ours });
    }
    let mut manifest = manifest.clone();
    manifest.files.sort_by(|a, b| a.path.cmp(&b.path));
    let limits = Limits::default();
    manifest.check(&limits)?;
    let json = manifest.to_json()?;
    finish(&json, &manifest.files, None, files, &limits)
}
