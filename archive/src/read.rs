//! Reading: the bytes of an archive in, a verified [`Archive`] out.
//!
//! Everything is checked on opening: shape, version, limits, that each listed file is there once
//! and nothing else is, every length and every hash. Whoever holds an [`Archive`] needs no further
//! check. On failure there is only the error.

use std::collections::BTreeMap;
use std::io::Read;

use crate::layout::{self, Zip};
use crate::repair::is_repair;
use crate::{
    ArchiveError, ArchivePath, FILES_PREFIX, FileRecord, INVENTORY_NAME, Limits, MANIFEST_NAME,
    Manifest, Result, Sha256,
};

/// An archive that was read and found whole.
#[derive(Debug, Clone, PartialEq)]
pub struct Archive {
    manifest: Manifest,
    inventory: Option<Vec<u8>>,
    files: BTreeMap<ArchivePath, Vec<u8>>,
    sha256: Sha256,
    bytes: u64,
}

impl Archive {
    /// Reads and verifies an archive; `&[u8]` is a `Read` too.
    ///
    /// The source is read once and kept in memory while it is checked, so a file that changes
    /// meanwhile cannot pass a check with one content and be used with another.
    ///
    /// # Errors
    ///
    /// Any [`ArchiveError`] that tells what is wrong with the archive.
    pub fn read(source: impl Read, limits: &Limits) -> Result<Self> {
        let bytes = all(source, limits)?;
        let (mut zip, json) = open_zip(&bytes, limits)?;
        if is_repair(&json) {
            return Err(ArchiveError::Repair);
        }
        let manifest = Manifest::from_json(&json)?;
        manifest.check(limits)?;
        let inventory = read_inventory(&mut zip, &manifest)?;
        let first = if manifest.schema.inventory.is_some() { 2 } else { 1 };
        let files = read_files(&mut zip, &manifest.files, first)?;
        Ok(Self {
            manifest,
            inventory,
            files,
            sha256: Sha256::of(&bytes),
            bytes: bytes.len() as u64,
        })
    }

    /// The manifest.
    pub fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    /// The inventory, if there is one.
    pub fn inventory(&self) -> Option<&[u8]> {
        self.inventory.as_deref()
    }

    /// The content of one file.
    pub fn file(&self, path: &ArchivePath) -> Option<&[u8]> {
        self.files.get(path).map(Vec::as_slice)
    }

    /// All files with their content, sorted by path.
    pub fn files(&self) -> impl ExactSizeIterator<Item = (&ArchivePath, &[u8])> {
        self.files.iter().map(|(path, content)| (path, content.as_slice()))
    }

    /// The hash of the whole archive.
    pub fn sha256(&self) -> Sha256 {
        self.sha256
    }

    /// The length of the whole archive.
    pub fn bytes(&self) -> u64 {
        self.bytes
    }
}

/// The files of an archive whose manifest was read.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Opened {
    pub(crate) files: BTreeMap<ArchivePath, Vec<u8>>,
    pub(crate) sha256: Sha256,
    pub(crate) bytes: u64,
}

impl Opened {
    /// Reads exactly these files, which begin at entry `first`.
    pub(crate) fn read(
        bytes: &[u8],
        records: &[FileRecord],
        first: usize,
        limits: &Limits,
    ) -> Result<Self> {
        let mut zip = layout::open(bytes, limits)?;
        let files = read_files(&mut zip, records, first)?;
        Ok(Self { files, sha256: Sha256::of(bytes), bytes: bytes.len() as u64 })
    }
}

/// All bytes of an archive, if they are not too many.
pub(crate) fn all(source: impl Read, limits: &Limits) -> Result<Vec<u8>> {
    read_up_to(source, limits.archive)
        .map_err(ArchiveError::Io)?
        .ok_or(ArchiveError::ArchiveTooLarge { limit: limits.archive })
}

/// The zip, and the text of its manifest.
pub(crate) fn open_zip<'a>(bytes: &'a [u8], limits: &Limits) -> Result<(Zip<'a>, Vec<u8>)> {
    let mut zip = layout::open(bytes, limits)?;
    if zip.name_for_index(0).and_then(std::result::Result::ok) != Some(MANIFEST_NAME.into()) {
        return Err(ArchiveError::NotAnArchive { why: "its first entry is not `manifest.json`" });
    }
    let json = inflate(&mut zip, 0, limits.manifest)?
        .ok_or(ArchiveError::ManifestTooLarge { limit: limits.manifest })?;
    Ok((zip, json))
}

/// The inventory is the second entry, where the manifest lists one.
fn read_inventory(zip: &mut Zip<'_>, manifest: &Manifest) -> Result<Option<Vec<u8>>> {
    let Some(record) = manifest.inventory_file().transpose()? else { return Ok(None) };
    if zip.name_for_index(1).and_then(std::result::Result::ok) != Some(INVENTORY_NAME.into()) {
        return Err(ArchiveError::MissingFile { path: record.path });
    }
    read_listed(zip, 1, &record).map(Some)
}

fn read_files(
    zip: &mut Zip<'_>,
    records: &[FileRecord],
    first: usize,
) -> Result<BTreeMap<ArchivePath, Vec<u8>>> {
    let mut missing: BTreeMap<_, _> = records.iter().map(|file| (&file.path, file)).collect();
    let mut files = BTreeMap::new();
    for index in first..zip.len() {
        let path = file_path(zip, index)?;
        // Taken out, so that a second entry of this name finds nothing.
        let Some(record) = missing.remove(&path) else {
            return Err(ArchiveError::UnlistedFile { path });
        };
        let content = read_listed(zip, index, record)?;
        files.insert(path, content);
    }
    match missing.into_keys().next() {
        Some(path) => Err(ArchiveError::MissingFile { path: path.clone() }),
        None => Ok(files),
    }
}

/// The content of an entry that the manifest lists. Never inflates more than the manifest states, and
/// the manifest is within the limits.
fn read_listed(zip: &mut Zip<'_>, index: usize, record: &FileRecord) -> Result<Vec<u8>> {
    let Some(content) = inflate(zip, index, record.bytes)? else {
        return Err(ArchiveError::LengthMismatch {
            path: record.path.clone(),
            expected: record.bytes,
            found: record.bytes + 1,
            more: true,
        });
    };
    record.compare(&content)?;
    Ok(content)
}

fn file_path(zip: &Zip<'_>, index: usize) -> Result<ArchivePath> {
    let name =
        zip.name_for_index(index).transpose().map_err(ArchiveError::Zip)?.unwrap_or_default();
    match name.strip_prefix(FILES_PREFIX) {
        Some(path) => ArchivePath::new(path),
        None => Err(ArchiveError::BadEntry {
            name: name.into_owned(),
            why: "is neither the manifest nor under `files/`",
        }),
    }
}

/// The content of an entry, or none if it is longer than `cap`.
fn inflate(zip: &mut Zip<'_>, index: usize, cap: u64) -> Result<Option<Vec<u8>>> {
    let entry = zip.by_index(index).map_err(ArchiveError::Zip)?;
    let name = String::from_utf8_lossy(entry.name_raw()).into_owned();
    read_up_to(entry, cap).map_err(|source| ArchiveError::Damaged { name, source })
}

/// Reads to the end, where the zip library compares its checksum; gives none if that is more than
/// `cap` bytes.
fn read_up_to(source: impl Read, cap: u64) -> std::io::Result<Option<Vec<u8>>> {
    let mut bytes = Vec::new();
    source.take(cap.saturating_add(1)).read_to_end(&mut bytes)?;
    Ok((bytes.len() as u64 <= cap).then_some(bytes))
}
