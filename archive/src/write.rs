//! Writing: a manifest and files in, the bytes of an archive out.
//!
//! The same input gives the same bytes, in whatever order the files come: names are sorted, and
//! time, permissions, system and compression level are fixed. Everything that reading would refuse
//! is refused here first. The bytes are made in memory; on failure nothing has been written.

use std::collections::BTreeMap;
use std::io::{Cursor, Write};

use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, DateTime, System, ZipWriter};

use crate::{
    ArchiveError, ArchivePath, FILES_PREFIX, FORMAT_VERSION, FileRecord, INVENTORY_NAME, Limits,
    MANIFEST_NAME, Manifest, Result, Sha256,
};

/// What came out of [`write`](fn@write).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Written {
    /// The hash of the whole archive.
    pub sha256: Sha256,
    /// Its length.
    pub bytes: u64,
}

/// Writes an archive to `out`, as one piece: see [`to_bytes`].
///
/// # Errors
///
/// As [`to_bytes`], before the first byte is written; then [`ArchiveError::Io`].
pub fn write<B: AsRef<[u8]>>(
    manifest: &Manifest,
    files: impl IntoIterator<Item = (ArchivePath, B)>,
    out: &mut impl Write,
) -> Result<Written> {
    let bytes = to_bytes(manifest, files)?;
    out.write_all(&bytes).map_err(ArchiveError::Io)?;
    Ok(Written { sha256: Sha256::of(&bytes), bytes: bytes.len() as u64 })
}

/// The bytes of an archive. `manifest.files` is sorted on the way; it must list exactly `files`.
///
/// # Errors
///
/// A manifest of another version; paths that collide; files that the manifest does not list, or
/// lists with another length or hash; a squashed revision without its file; a proof nested too
/// deeply for JSON readers; anything above the default [`Limits`].
pub fn to_bytes<B: AsRef<[u8]>>(
    manifest: &Manifest,
    files: impl IntoIterator<Item = (ArchivePath, B)>,
) -> Result<Vec<u8>> {
    to_bytes_with_inventory(manifest, None, files)
}

/// As [`to_bytes`], with an inventory. Its record in the manifest must be that of these bytes.
///
/// # Errors
///
/// As [`to_bytes`]; an inventory that the manifest does not list, or lists with another length or hash.
pub fn to_bytes_with_inventory<B: AsRef<[u8]>>(
    manifest: &Manifest,
    inventory: Option<&[u8]>,
    files: impl IntoIterator<Item = (ArchivePath, B)>,
) -> Result<Vec<u8>> {
    let limits = Limits::default();
    if (manifest.format_version, manifest.readable_by)
        != (FORMAT_VERSION, manifest.origin.readable_by())
    {
        return Err(ArchiveError::NotOurVersion {
            format_version: manifest.format_version,
            readable_by: manifest.readable_by,
            ours: FORMAT_VERSION,
        });
    }
    let mut manifest = manifest.clone();
    manifest.files.sort_by(|a, b| a.path.cmp(&b.path));
    manifest.check(&limits)?;
    let json = manifest.to_json()?;
    // `proof` is free in its form, and the JSON reader gives up on nesting that the writer takes.
    Manifest::from_json(&json)?;
    let listed = manifest.inventory_file().transpose()?;
    match (listed, inventory) {
        (Some(record), Some(content)) => record.compare(content)?,
        (Some(FileRecord { path, .. }), None) => return Err(ArchiveError::MissingFile { path }),
        (None, Some(_)) => {
            return Err(ArchiveError::UnlistedFile { path: ArchivePath::new(INVENTORY_NAME)? });
        }
        (None, None) => {}
    }
    finish(&json, &manifest.files, inventory, files, &limits)
}

/// The zip of a manifest that was checked, and of the files that it lists.
pub(crate) fn finish<B: AsRef<[u8]>>(
    json: &[u8],
    records: &[FileRecord],
    inventory: Option<&[u8]>,
    files: impl IntoIterator<Item = (ArchivePath, B)>,
    limits: &Limits,
) -> Result<Vec<u8>> {
    let files = gather(files)?;
    let files = matched(records, &files)?;
    if json.len() as u64 > limits.manifest {
        return Err(ArchiveError::ManifestTooLarge { limit: limits.manifest });
    }
    let bytes = zip(json, inventory, &files).map_err(ArchiveError::Zip)?;
    if bytes.len() as u64 > limits.archive {
        return Err(ArchiveError::ArchiveTooLarge { limit: limits.archive });
    }
    Ok(bytes)
}

fn gather<B>(
    files: impl IntoIterator<Item = (ArchivePath, B)>,
) -> Result<BTreeMap<ArchivePath, B>> {
    let mut gathered = BTreeMap::new();
    for (path, content) in files {
        if gathered.insert(path.clone(), content).is_some() {
            return Err(ArchiveError::DuplicatePath { path });
        }
    }
    Ok(gathered)
}

/// The files in the manifest's order, each of them equal to its record.
fn matched<'a, B: AsRef<[u8]>>(
    records: &'a [FileRecord],
    files: &'a BTreeMap<ArchivePath, B>,
) -> Result<Vec<(&'a ArchivePath, &'a [u8])>> {
    // The records hold no path twice by now, so a difference in number or names shows as a missing
    // path on either side.
    let listed: BTreeMap<_, _> = records.iter().map(|record| (&record.path, record)).collect();
    if let Some(path) = files.keys().find(|path| !listed.contains_key(path)) {
        return Err(ArchiveError::UnlistedFile { path: path.clone() });
    }
    records
        .iter()
        .map(|record| {
            let content = files
                .get(&record.path)
                .ok_or_else(|| ArchiveError::MissingFile { path: record.path.clone() })?
                .as_ref();
            record.compare(content)?;
            Ok((&record.path, content))
        })
        .collect()
}

fn zip(
    manifest: &[u8],
    inventory: Option<&[u8]>,
    files: &[(&ArchivePath, &[u8])],
) -> std::result::Result<Vec<u8>, zip::result::ZipError> {
    // The library's defaults take the time and the system from where it runs: two machines would
    // write two archives.
    let options = SimpleFileOptions::default()
        .compression_method(CompressionMethod::Deflated)
        .compression_level(Some(9))
        .last_modified_time(DateTime::default())
        .system(System::Unix)
        .unix_permissions(0o644);
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    zip.start_file(MANIFEST_NAME, options)?;
    zip.write_all(manifest)?;
    if let Some(inventory) = inventory {
        zip.start_file(INVENTORY_NAME, options)?;
        zip.write_all(inventory)?;
    }
    for (path, content) in files {
        zip.start_file(format!("{FILES_PREFIX}{path}"), options)?;
        zip.write_all(content)?;
    }
    Ok(zip.finish()?.into_inner())
}
