//! The shape of the zip, checked before anything in it is believed.
//!
//! A zip tells everything twice (before each entry and in the directory at the end), may have gaps,
//! and programs differ in which copy they trust. So an archive must lie in one way only: entries
//! one after another from byte 0, directory, end record, nothing between and nothing behind, both
//! copies equal. Then every program sees the same files in it.

use std::io::Cursor;

use zip::ZipArchive;
use zip::read::ZipFile;

use crate::{ArchiveError, Limits, Result};

/// The fixed parts of a zip: end record, header before an entry, header in the directory.
const END: usize = 22;
const LOCAL_HEADER: u64 = 30;
const DIRECTORY_HEADER: u64 = 46;

/// File type bits of a unix mode, and the type "regular file".
const TYPE_BITS: u32 = 0o170_000;
const REGULAR: u32 = 0o100_000;

/// The only flags of an entry that may be set: its name is UTF-8, and how hard deflate tried.
const UTF_8: u16 = 1 << 11;
const DEFLATE_SETTING: u16 = 0b110;

pub(crate) type Zip<'a> = ZipArchive<Cursor<&'a [u8]>>;

/// Opens `bytes` if they have the one allowed shape.
pub(crate) fn open<'a>(bytes: &'a [u8], limits: &Limits) -> Result<Zip<'a>> {
    check_end(bytes, limits)?;
    let mut zip = ZipArchive::new(Cursor::new(bytes)).map_err(ArchiveError::Zip)?;
    zip.validate_header_consistency().map_err(ArchiveError::Zip)?;
    check_places(&mut zip, bytes)?;
    Ok(zip)
}

/// Looks at the last 22 bytes. The library would search for them further up, and would reserve
/// memory for as many entries as they promise.
fn check_end(bytes: &[u8], limits: &Limits) -> Result<()> {
    let not = |why| Err(ArchiveError::NotAnArchive { why });
    let Some(end) = bytes.last_chunk::<END>().filter(|end| end.starts_with(b"PK\x05\x06")) else {
        return not("it does not end as a zip does; it may be cut off");
    };
    let two = |at: usize| u16::from_le_bytes([end[at], end[at + 1]]);
    let four = |at: usize| u32::from_le_bytes([end[at], end[at + 1], end[at + 2], end[at + 3]]);
    let (entries, size, start) = (two(10), four(12), four(16));
    if entries == u16::MAX || size == u32::MAX || start == u32::MAX {
        return not("it uses the zip64 extension");
    }
    if two(4) != 0 || two(6) != 0 || two(8) != entries {
        return not("it is one part of several");
    }
    if two(20) != 0 {
        return not("it has a comment");
    }
    if u64::from(start) + u64::from(size) + END as u64 != bytes.len() as u64 {
        return not("there are bytes before or behind the zip, or some are missing");
    }
    if u64::from(entries) > limits.entries {
        return Err(ArchiveError::TooManyEntries {
            found: u64::from(entries),
            limit: limits.entries,
        });
    }
    Ok(())
}

/// Adds up where each part must lie.
///
/// A gap, an overlap, an extra field or a comment makes the sum wrong.
fn check_places(zip: &mut Zip<'_>, bytes: &[u8]) -> Result<()> {
    let len = bytes.len() as u64;
    let (mut next, mut directory) = (0_u64, 0_u64);
    for index in 0..zip.len() {
        let entry = zip.by_index_raw(index).map_err(ArchiveError::Zip)?;
        check_kind(&entry)?;
        let name = entry.name_raw().len() as u64;
        let data = next + LOCAL_HEADER + name;
        if entry.header_start() != next || entry.data_start() != Some(data) {
            return Err(bad(&entry, "does not lie where it should"));
        }
        // The library compares all else, but of the flags only some.
        let flags = usize::try_from(next).ok().and_then(|at| bytes.get(at + 6..at + 8));
        if flags != Some(&entry.flags().as_u16().to_le_bytes()) {
            return Err(bad(&entry, "has two headers with different flags"));
        }
        // Nothing lies behind the end of the file, so the sum stays far below overflow.
        next = data.saturating_add(entry.compressed_size()).min(len);
        directory += DIRECTORY_HEADER + name;
    }
    if next != zip.central_directory_start() || next + directory + END as u64 != len {
        return Err(ArchiveError::NotAnArchive { why: "there is something between its entries" });
    }
    Ok(())
}

/// A link could make an unzip program write outside the folder it unpacks into.
fn check_kind(entry: &ZipFile<'_, Cursor<&[u8]>>) -> Result<()> {
    // Looked at whatever system the header names: some programs do not ask.
    let kind = entry.external_attributes() >> 16 & TYPE_BITS;
    if kind != 0 && kind != REGULAR {
        return Err(bad(entry, "is not a regular file"));
    }
    let flags = entry.flags().as_u16();
    if entry.encrypted() {
        return Err(bad(entry, "is encrypted"));
    }
    if flags & !(UTF_8 | DEFLATE_SETTING) != 0 {
        return Err(bad(entry, "has flags that are not allowed"));
    }
    // Without the flag, other programs read the same bytes as another name, in an old code page.
    let name = entry.name_raw();
    if !name.is_ascii() && (flags & UTF_8 == 0 || std::str::from_utf8(name).is_err()) {
        return Err(bad(entry, "has a name that is not marked as UTF-8"));
    }
    Ok(())
}

fn bad(entry: &ZipFile<'_, Cursor<&[u8]>>, why: &'static str) -> ArchiveError {
    ArchiveError::BadEntry { name: String::from_utf8_lossy(entry.name_raw()).into_owned(), why }
}
