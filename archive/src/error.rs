//! What can be wrong with an archive, or with what somebody wants to put into one.
//!
//! Every variant carries the data: which path, which hash was expected, which limit. Names that
//! come out of an archive are escaped when shown, because an archive may be hostile and a terminal
//! obeys control characters. A `Display` never holds its source; walk `source()` for the cause.

use std::io;

use crate::{ArchivePath, Sha256};

/// What everything here returns.
pub type Result<T, E = ArchiveError> = std::result::Result<T, E>;

/// An archive that cannot be trusted, or an input that cannot be archived.
#[derive(Debug, thiserror::Error)]
pub enum ArchiveError {
    /// A path that could leave the project, or that some file system cannot hold.
    #[error("path `{}` {why}", path.escape_debug())]
    BadPath {
        /// The path as found.
        path: String,
        /// What is wrong with it.
        why: &'static str,
    },
    /// The same path more than once.
    #[error("path `{path}` is there more than once")]
    DuplicatePath {
        /// The path.
        path: ArchivePath,
    },
    /// Two paths of which some file system keeps only one: they differ in case, or one is a folder
    /// of the other.
    #[error("paths `{first}` and `{second}` cannot stand side by side on every file system")]
    PathCollision {
        /// The one that came first in order.
        first: ArchivePath,
        /// The other.
        second: ArchivePath,
    },
    /// A hash that is no hash.
    #[error("`{}` is not a sha256 in 64 lower-case hex digits", text.escape_debug())]
    BadSha256 {
        /// The text as found.
        text: String,
    },
    /// A manifest to be written that states another format version than this crate writes.
    #[error(
        "the manifest states format {format_version}, readable by {readable_by}; \
         format {ours} is written here"
    )]
    NotOurVersion {
        /// The stated version.
        format_version: u32,
        /// The stated oldest reader.
        readable_by: u32,
        /// The version written here.
        ours: u32,
    },
    /// An archive of a later format, which this version may misread.
    #[error(
        "the archive has format {format_version} and needs a reader of format {readable_by} or \
         later; this one reads up to {ours}; it was written by {}", written_by.escape_debug()
    )]
    TooNew {
        /// The archive's version.
        format_version: u32,
        /// The oldest reader that understands it.
        readable_by: u32,
        /// What this reader understands.
        ours: u32,
        /// Name and version of the tool that wrote it.
        written_by: String,
    },
    /// The bytes could not be read or written.
    #[error("the archive's bytes could not be transferred")]
    Io(#[source] io::Error),
    /// The zip library refuses the archive.
    #[error("the zip structure is damaged or not supported")]
    Zip(#[source] zip::result::ZipError),
    /// An entry does not inflate, or not to what its checksum says.
    #[error("entry `{}` is damaged", name.escape_debug())]
    Damaged {
        /// The entry's name in the zip.
        name: String,
        /// What the zip library says.
        #[source]
        source: io::Error,
    },
    /// A file that is no archive of ours, or only a part of one.
    #[error("this is not a complete archive: {why}")]
    NotAnArchive {
        /// What gives it away.
        why: &'static str,
    },
    /// An entry that is readable but that no archive of ours contains.
    #[error("entry `{}` {why}", name.escape_debug())]
    BadEntry {
        /// The entry's name in the zip.
        name: String,
        /// What is wrong with it.
        why: &'static str,
    },
    /// The archive of a repair, where that of a squash is wanted.
    #[error("it is the archive of a repair, not of a squash")]
    Repair,
    /// The manifest is not the JSON it should be.
    #[error("the manifest cannot be understood")]
    Manifest(#[source] serde_json::Error),
    /// A squashed revision whose file is not among the files.
    #[error(
        "the file `{file}` of revision `{}` is not among the archived files",
        revision.escape_debug()
    )]
    RevisionWithoutFile {
        /// The revision's id.
        revision: String,
        /// Its file.
        file: ArchivePath,
    },
    /// A file that the manifest lists is not there.
    #[error("file `{path}` is listed in the manifest but missing")]
    MissingFile {
        /// The path.
        path: ArchivePath,
    },
    /// A file that the manifest does not list.
    #[error("file `{path}` is not listed in the manifest")]
    UnlistedFile {
        /// The path.
        path: ArchivePath,
    },
    /// A file of another length than the manifest states.
    #[error(
        "file `{path}` should have {expected} bytes but has {}{found}",
        if *more { "at least " } else { "" }
    )]
    LengthMismatch {
        /// The path.
        path: ArchivePath,
        /// The length in the manifest.
        expected: u64,
        /// The length found.
        found: u64,
        /// Reading stopped there: the file is longer than `found`, or just as long.
        more: bool,
    },
    /// A file of other content than the manifest states.
    #[error("file `{path}` should have sha256 {expected} but has {found}")]
    HashMismatch {
        /// The path.
        path: ArchivePath,
        /// The hash in the manifest.
        expected: Sha256,
        /// The hash of what is there.
        found: Sha256,
    },
    /// The whole archive is too large.
    #[error("the archive is larger than the limit of {limit} bytes")]
    ArchiveTooLarge {
        /// The limit.
        limit: u64,
    },
    /// The manifest is too large.
    #[error("the manifest is larger than the limit of {limit} bytes")]
    ManifestTooLarge {
        /// The limit.
        limit: u64,
    },
    /// One file is too large.
    #[error("file `{path}` has {found} bytes; the limit is {limit}")]
    FileTooLarge {
        /// The path.
        path: ArchivePath,
        /// Its length.
        found: u64,
        /// The limit.
        limit: u64,
    },
    /// The files are too large together.
    #[error("the archived files are larger than the limit of {limit} bytes together")]
    TotalTooLarge {
        /// The limit.
        limit: u64,
    },
    /// Too many entries.
    #[error("the archive has {found} entries; the limit is {limit}")]
    TooManyEntries {
        /// How many there are.
        found: u64,
        /// The limit.
        limit: u64,
    },
}
