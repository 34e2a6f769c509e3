//! The manifest: what was squashed, into what, and which bytes are in the archive.
//!
//! It is data only. The caller fills it and passes the time in; nothing here asks a clock. `json`
//! turns it into text and back; `check` holds for every manifest that is written or read.

pub(crate) mod check;
mod json;
mod origin;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{ArchivePath, Sha256};

pub use origin::{DatabaseRecord, Origin};

/// The format that this crate writes, and the latest one that it reads.
pub const FORMAT_VERSION: u32 = 2;

/// The oldest reader that understands an archive of revisions that were all run.
const READABLE_BY: u32 = 1;

/// The oldest reader that knows of revisions that were not: an older one would run them on databases.
const READABLE_BY_WITH_SKIPPED: u32 = 2;

/// All that is known about one squash. Fields that a later version adds are ignored when read.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Manifest {
    /// [`FORMAT_VERSION`] of the writer.
    pub format_version: u32,
    /// The oldest reader that understands this archive.
    pub readable_by: u32,
    /// What wrote the archive.
    pub tool: Tool,
    /// When, in RFC 3339.
    pub created: String,
    /// The revisions as they were.
    pub history: HistoryRecord,
    /// What is in the archive, sorted by path.
    pub files: Vec<FileRecord>,
    /// The revision that took their place.
    pub baseline: BaselineRecord,
    /// Further baselines, where the squash made one for each base.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub more_baselines: Vec<BaselineRecord>,
    /// What the squash wrote besides the baselines: kept revisions that it changed, and files that
    /// belong to a baseline.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub also_written: Vec<WrittenRecord>,
    /// Where databases of this history keep their revision.
    pub version_table: VersionTableRecord,
    /// The schema that both forms build.
    pub schema: SchemaRecord,
    /// How the schema was come by, where the history was not replayed as it is.
    #[serde(default, skip_serializing_if = "Origin::is_plain")]
    pub origin: Origin,
    /// What was compared and how it came out. This crate does not look into it.
    pub proof: Value,
    /// Versions of what took part: `postgres`, `alembic`, `python`...
    pub environment: BTreeMap<String, String>,
}

impl Origin {
    /// The oldest reader that understands an archive of this origin.
    pub fn readable_by(&self) -> u32 {
        if self.skipped.is_empty() { READABLE_BY } else { READABLE_BY_WITH_SKIPPED }
    }
}

impl Manifest {
    /// All baselines.
    pub fn baselines(&self) -> impl Iterator<Item = &BaselineRecord> {
        std::iter::once(&self.baseline).chain(&self.more_baselines)
    }

    /// Every file that the squash wrote.
    pub fn written(&self) -> impl Iterator<Item = WrittenRecord> + '_ {
        self.baselines().map(WrittenRecord::from).chain(self.also_written.iter().cloned())
    }

    /// The archived file that the squash wrote over, if there was one at this path.
    pub fn rewritten(&self, path: &ArchivePath) -> Option<&FileRecord> {
        self.files.iter().find(|file| file.role == FileRole::Rewritten && file.path == *path)
    }
}

/// Name and version of the writer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tool {
    /// Its name.
    pub name: String,
    /// Its version.
    pub version: String,
}

/// The graph before the squash.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HistoryRecord {
    /// The history format, for example `alembic`.
    pub format: String,
    /// Revisions that nothing builds on.
    pub heads: Vec<String>,
    /// Revisions that build on nothing.
    pub bases: Vec<String>,
    /// The revisions. The squashed ones are those that `kept` does not name.
    pub revisions: Vec<RevisionRecord>,
    /// Ids of the revisions that stay in the project.
    pub kept: Vec<String>,
}

/// One revision before the squash.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RevisionRecord {
    /// Its id.
    pub id: String,
    /// What it builds on.
    pub parents: Vec<String>,
    /// What must be applied before it besides.
    pub depends_on: Vec<String>,
    /// Its branch labels.
    pub labels: Vec<String>,
    /// Its message.
    pub message: String,
    /// When it was made, as the revision file tells it.
    pub created: Option<String>,
    /// Its file.
    pub file: ArchivePath,
}

/// One file in the archive.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileRecord {
    /// Where it lay in the project.
    pub path: ArchivePath,
    /// Its length.
    pub bytes: u64,
    /// Its hash.
    pub sha256: Sha256,
    /// Why it is here.
    pub role: FileRole,
    /// Whether the squash took it out of the project.
    pub removed: bool,
    /// Whether its owner may execute it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub executable: bool,
}

impl FileRecord {
    /// The record of a file with this content.
    pub fn new(path: ArchivePath, content: &[u8], role: FileRole, removed: bool) -> Self {
        Self {
            path,
            bytes: content.len() as u64,
            sha256: Sha256::of(content),
            role,
            removed,
            executable: false,
        }
    }
}

/// Why a file is in the archive.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum FileRole {
    /// A squashed revision.
    Revision,
    /// A file that lay beside the revisions, for example an SQL script that one of them reads.
    Beside,
    /// A kept file as it was before the squash changed it.
    Rewritten,
}

/// The revision that stands for the squashed ones.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BaselineRecord {
    /// Its id.
    pub revision: String,
    /// Its file in the project. It is not in the archive.
    pub file: ArchivePath,
    /// The file's hash.
    pub sha256: Sha256,
    /// The file's length.
    pub bytes: u64,
    /// The heads that it stands for.
    pub replaces: Vec<String>,
}

/// A file that the squash put into the project. It is not in the archive.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WrittenRecord {
    /// Where it lies in the project.
    pub path: ArchivePath,
    /// Its length.
    pub bytes: u64,
    /// Its hash.
    pub sha256: Sha256,
}

impl From<&BaselineRecord> for WrittenRecord {
    fn from(baseline: &BaselineRecord) -> Self {
        Self { path: baseline.file.clone(), bytes: baseline.bytes, sha256: baseline.sha256 }
    }
}

/// The table in which a database keeps its revision.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct VersionTableRecord {
    /// Its schema; none means the first of the search path.
    pub schema: Option<String>,
    /// Its name.
    pub table: String,
}

/// The schema at the cut.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SchemaRecord {
    /// The hash of the normalised dump.
    pub sha256: Sha256,
    /// How many objects of each kind.
    pub counts: BTreeMap<String, u64>,
    /// The inventory, if the archive holds one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub inventory: Option<InventoryRecord>,
}

/// `inventory.json`: each object that both forms build. This crate does not look into it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct InventoryRecord {
    /// Its length.
    pub bytes: u64,
    /// Its hash.
    pub sha256: Sha256,
}

impl InventoryRecord {
    /// The record of an inventory with this content.
    pub fn of(content: &[u8]) -> Self {
        Self { bytes: content.len() as u64, sha256: Sha256::of(content) }
    }
}
