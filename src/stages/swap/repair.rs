//! The swap of a repair: the same journal, order and way back as that of a squash, without a proof, since
//! nothing that runs is written anew.
//!
//! Takes the changes and the hash that each file had when it was read; gives a [`Receipt`]. A file that is
//! not what it was then stops it before anything is written.

use std::path::{Path, PathBuf};

use rebaseline_archive::{
    ArchivePath, FileRecord, FileRole, MendRecord, REPAIR_FORMAT_VERSION, RepairKind,
    RepairManifest, Sha256, Tool, WrittenRecord, repair_to_bytes,
};

use super::{Receipt, begin, no_journal};
use crate::files;
use crate::journal::{Content, Direction, Journal, Write};
use crate::stages::swap::SwapError;

/// One file that changes.
#[derive(Debug, Clone)]
pub struct Change {
    /// Relative to the project's root.
    pub path: PathBuf,
    /// The hash that it had when it was read; none if it is new.
    pub old: Option<Sha256>,
    /// Its new text; none if it goes.
    pub new: Option<String>,
    /// Why, for people.
    pub reasons: Vec<String>,
}

/// What is changed.
#[derive(Debug)]
pub struct Request<'a> {
    /// The project's root: paths in the archive are relative to it.
    pub root: &'a Path,
    /// The changes.
    pub changes: &'a [Change],
    /// Every file that the plan was made from, relative to the root where it lies below it, with its hash.
    pub read: &'a [(PathBuf, Sha256)],
    /// The archive's file, relative to the root.
    pub archive: &'a Path,
    /// When, in RFC 3339.
    pub created: String,
}

/// Archives the files and changes them.
pub fn repair(request: &Request<'_>) -> Result<Receipt, SwapError> {
    no_journal(request.root)?;
    for (path, sha256) in request.read {
        let now = files::read(&request.root.join(path)).map(|bytes| Sha256::of(&bytes));
        if now.ok() != Some(*sha256) {
            let path = ArchivePath::from_relative(path)?;
            return Err(SwapError::ChangedSince { path });
        }
    }
    let mut records = Vec::new();
    let mut contents = Vec::new();
    let mut written = Vec::new();
    let mut mends = Vec::new();
    for change in request.changes {
        let path = ArchivePath::from_relative(&change.path)?;
        let place = path.under(request.root);
        let is_link = place.symlink_metadata().is_ok_and(|metadata| metadata.is_symlink());
        match change.old {
            None if is_link || place.exists() => return Err(SwapError::BaselineExists { path }),
            None => {}
            Some(old) => {
                let bytes = files::read(&place)?;
                if is_link || Sha256::of(&bytes) != old {
                    return Err(SwapError::ChangedSince { path });
                }
                let gone = change.new.is_none();
                let role = if gone { FileRole::Revision } else { FileRole::Rewritten };
                let record = FileRecord::new(path.clone(), &bytes, role, gone);
                records.push(FileRecord { executable: files::is_executable(&place), ..record });
                contents.push((path.clone(), bytes));
            }
        }
        if let Some(text) = &change.new {
            let new = Content::new(path.clone(), Sha256::of(text.as_bytes()));
            written.push(Write { new, old: change.old, text: text.clone() });
        }
        mends.push(MendRecord { path, reasons: change.reasons.clone() });
    }
    let manifest = RepairManifest {
        format_version: REPAIR_FORMAT_VERSION,
        readable_by: REPAIR_FORMAT_VERSION,
        kind: RepairKind::Repair,
        tool: Tool { name: "rebaseline".to_owned(), version: env!("CARGO_PKG_VERSION").to_owned() },
        created: request.created.clone(),
        also_written: written.iter().map(WrittenRecord::from).collect(),
        files: records,
        mends,
    };
    let removed: Vec<Content> =
        manifest.files.iter().filter(|file| file.removed).map(Content::from).collect();
    let bytes = repair_to_bytes(&manifest, contents)?;
    let path = ArchivePath::from_relative(request.archive)?;
    let archive = Content::new(path.clone(), Sha256::of(&bytes));
    let journal = Journal::new(Direction::Squash, archive, written, removed).of_repair();
    begin(request.root, &journal, &bytes)?;
    Ok(Receipt { archive: path, files: manifest.files.len(), sha256: journal.archive.sha256 })
}
