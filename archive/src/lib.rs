//! The archive of one squash, or of one repair: each file it took away or changed, byte for byte, and a
//! manifest.
//!
//! An archive is a plain zip. Its first entry is `manifest.json`; then there may be `inventory.json`, what
//! the history builds; all others are `files/<path>`.
//! The manifest lists each file with its length and sha256. `docs/ARCHIVE_FORMAT.md` tells the
//! format to people who have no `rebaseline`.
//!
//! The guarantee: [`to_bytes`] gives the same bytes for the same input, and refuses what
//! [`Archive::read`] would refuse. [`Archive::read`] gives back exactly what was written, or an
//! error; it never gives a part of it. The crate works in memory only: it opens, writes and removes
//! no file, so nothing is left behind when it fails.

mod error;
mod hash;
mod layout;
mod limits;
mod manifest;
mod path;
mod read;
mod repair;
mod write;

pub use error::{ArchiveError, Result};
pub use hash::Sha256;
pub use limits::Limits;
pub use manifest::{
    BaselineRecord, DatabaseRecord, FORMAT_VERSION, FileRecord, FileRole, HistoryRecord,
    InventoryRecord, Manifest, Origin, RevisionRecord, SchemaRecord, Tool, VersionTableRecord,
    WrittenRecord,
};
pub use path::ArchivePath;
pub use read::Archive;
pub use repair::{
    MendRecord, REPAIR_FORMAT_VERSION, RepairArchive, RepairKind, RepairManifest, Stored,
    repair_to_bytes,
};
pub use write::{Written, to_bytes, to_bytes_with_inventory, write};

/// The name of the first entry.
pub(crate) const MANIFEST_NAME: &str = "manifest.json";

/// The name of the inventory.
pub(crate) const INVENTORY_NAME: &str = "inventory.json";

/// What stands before the path of each archived file.
pub(crate) const FILES_PREFIX: &str = "files/";
