//! Swap: archive the old revisions, put the baselines in, take the old files out.
//!
//! Takes a [`Proof`], so that nobody can swap what is not proved; gives a [`Receipt`]: the archive is
//! on disk and was read back. A swap is a list of changes, and each is known by what the file held
//! before and what it holds after. Order: journal; archive under a temporary name, read back, renamed;
//! baselines and changed files in; old files out; journal removed. If the power goes at any point, the
//! journal tells `resume` and `undo` how to reach a whole tree. Every step can be done twice.

mod error;
mod manifest;
pub mod repair;

use std::path::{Path, PathBuf};

use rebaseline_archive::{
    ArchivePath, Limits, Sha256, Stored, VersionTableRecord, to_bytes_with_inventory,
};

use crate::files;
use crate::history::{Cut, History};
use crate::journal::{Content, Direction, Journal, Operation, Write};
use crate::schema::inventory::Inventory;
use crate::stages::dump::SchemaDump;
use crate::stages::prove::Proof;
use crate::stages::render::{Baseline, FileChange};
pub use error::SwapError;

/// What is swapped.
#[derive(Debug)]
pub struct Request<'a> {
    /// The project's root: paths in the archive are relative to it.
    pub root: &'a Path,
    /// The history.
    pub history: &'a History,
    /// The cut.
    pub cut: &'a Cut,
    /// The proved baselines.
    pub baselines: &'a [Baseline],
    /// Kept revisions that change, proved together with the baselines.
    pub rewritten: &'a [FileChange],
    /// Other files that the squash writes: nothing that is run, so no part of the proof.
    pub documents: &'a [FileChange],
    /// What the history made.
    pub dump: &'a SchemaDump,
    /// What the archive says of the history's catalog, where that is more than was proved: a database that
    /// the schema was taken from has owners.
    pub found: Option<&'a Inventory>,
    /// Files beside the revisions, which they may read.
    pub beside: &'a [PathBuf],
    /// The archive's file, relative to the root.
    pub archive: &'a Path,
    /// The version table as env.py names it.
    pub version_table: VersionTableRecord,
    /// When, in RFC 3339.
    pub created: String,
    /// Versions of what took part.
    pub environment: std::collections::BTreeMap<String, String>,
}

impl<'a> Request<'a> {
    /// The files that are there already and change.
    fn changes(&self) -> impl Iterator<Item = &'a FileChange> {
        self.rewritten.iter().chain(self.documents)
    }
}

/// The archive is on disk and was read back.
#[derive(Debug, Clone)]
pub struct Receipt {
    /// The archive, relative to the root.
    pub archive: ArchivePath,
    /// The number of files in it.
    pub files: usize,
    /// Its hash.
    pub sha256: Sha256,
}

/// Archives and swaps.
pub fn swap(request: &Request<'_>, proof: &Proof) -> Result<Receipt, SwapError> {
    let written = writes(request, proof)?;
    no_journal(request.root)?;
    let (manifest, inventory, contents) = manifest::collect(request, &written, proof)?;
    let removed: Vec<Content> =
        manifest.files.iter().filter(|file| file.removed).map(Content::from).collect();
    for write in &written {
        let path = &write.new.path;
        let replaces_itself = removed.iter().any(|old| old.path == *path);
        if replaces_itself || (write.old.is_none() && path.under(request.root).exists()) {
            return Err(SwapError::BaselineExists { path: path.clone() });
        }
    }
    let archive_path = ArchivePath::from_relative(request.archive)?;
    let bytes = to_bytes_with_inventory(&manifest, Some(&inventory), contents)?;
    let archive = Content::new(archive_path.clone(), Sha256::of(&bytes));
    let journal = Journal::new(Direction::Squash, archive, written, removed);
    begin(request.root, &journal, &bytes)?;
    let (files, sha256) = (manifest.files.len(), journal.archive.sha256);
    Ok(Receipt { archive: archive_path, files, sha256 })
}

/// Saves the journal, writes the archive, and makes the changes.
fn begin(root: &Path, journal: &Journal, archive: &[u8]) -> Result<(), SwapError> {
    journal.save(root)?;
    // Nothing of the project is touched yet: if the archive cannot be written (a full disk), the
    // journal is taken back and all is as before.
    let path = journal.archive.path.under(root);
    if let Err(error) = write_archive(&path, archive, journal.archive.sha256) {
        Journal::close(root)?;
        return Err(error);
    }
    forward(root, journal).map_err(|source| stopped(root, source))
}

/// Every file that is written, as the journal knows it: the baselines first. What is run must have been proved.
fn writes(request: &Request<'_>, proof: &Proof) -> Result<Vec<Write>, SwapError> {
    let write = |path: &Path, old: Option<&String>, text: String| {
        let new = Content::new(ArchivePath::from_relative(path)?, Sha256::of(text.as_bytes()));
        let old = old.map(|old| old.parse()).transpose()?;
        Ok::<_, SwapError>(Write { new, old, text })
    };
    let proved = |path: &Path, old: Option<&String>, text: String| {
        let write = write(path, old, text)?;
        let covered = proof.covers(path, &write.new.sha256.to_string());
        if covered { Ok(write) } else { Err(SwapError::NotProved) }
    };
    let mut writes = Vec::new();
    for Baseline { file, bytes, .. } in request.baselines {
        let text = String::from_utf8(bytes.clone()).map_err(|_| SwapError::NotProved)?;
        writes.push(proved(file, None, text)?);
    }
    for file in request.baselines.iter().filter_map(|baseline| baseline.sql_file.as_ref()) {
        writes.push(proved(&file.path, None, file.text())?);
    }
    for FileChange { path, old, text } in request.rewritten {
        writes.push(proved(path, old.as_ref(), text.clone())?);
    }
    for FileChange { path, old, text } in request.documents {
        writes.push(write(path, old.as_ref(), text.clone())?);
    }
    Ok(writes)
}

fn no_journal(root: &Path) -> Result<(), SwapError> {
    match Journal::load(root)? {
        None => Ok(()),
        Some(_) => Err(SwapError::Unfinished { journal: Journal::path(root) }),
    }
}

fn stopped(root: &Path, source: SwapError) -> SwapError {
    SwapError::Stopped { journal: Journal::path(root), source: Box::new(source) }
}

/// Temporary name, sync, read back and verify, rename.
fn write_archive(path: &Path, bytes: &[u8], sha256: Sha256) -> Result<(), SwapError> {
    let temporary = files::write_temporary(path, bytes)?;
    let verified = files::read(&temporary).map_err(SwapError::from).and_then(|read| {
        let archive = Stored::read(&read[..], &Limits::default())?;
        if archive.sha256() == sha256 { Ok(()) } else { Err(SwapError::NotProved) }
    });
    if let Err(error) = verified {
        files::remove_file_if_there(&temporary)?;
        return Err(error);
    }
    Ok(files::rename(&temporary, path)?)
}

/// Goes on from wherever the swap stands. The archive must be on disk.
fn forward(root: &Path, journal: &Journal) -> Result<(), SwapError> {
    let archive = open_archive(root, journal)?;
    for write in &journal.written {
        let path = write.new.path.under(root);
        files::remove_file_if_there(&files::temporary_name(&path))?;
        if holds(root, &write.new)? {
            continue;
        }
        if !holds_old(root, write)? {
            return Err(changed(journal.operation, write.new.path.clone()));
        }
        files::write_atomic(&path, write.text.as_bytes())?;
    }
    let mut going = Vec::new();
    for old in &journal.removed {
        let path = old.path.under(root);
        // An undo of this swap may have been cut off while it wrote this file.
        files::remove_file_if_there(&files::temporary_name(&path))?;
        if !path.exists() {
            continue;
        }
        if archive.file(&old.path).is_none() || !holds(root, old)? {
            return Err(SwapError::InTheWay { path: old.path.clone() });
        }
        going.push(path);
    }
    files::remove_files(&going)?;
    for path in &going {
        remove_empty_parents(root, path)?;
    }
    Ok(Journal::close(root)?)
}

/// Puts the old files back, takes the baselines out, then the archive. Every file is checked to be whole
/// before anything goes.
fn backward(root: &Path, journal: &Journal) -> Result<usize, SwapError> {
    let archive_path = journal.archive.path.under(root);
    files::remove_file_if_there(&files::temporary_name(&archive_path))?;
    for write in &journal.written {
        files::remove_file_if_there(&files::temporary_name(&write.new.path.under(root)))?;
    }
    let archive = if archive_path.exists() { Some(open_archive(root, journal)?) } else { None };
    let mut restored = 0;
    for old in &journal.removed {
        let path = old.path.under(root);
        files::remove_file_if_there(&files::temporary_name(&path))?;
        if holds(root, old)? {
            continue;
        }
        let content = archive.as_ref().and_then(|archive| archive.file(&old.path));
        let content = content.ok_or_else(|| SwapError::InTheWay { path: old.path.clone() })?;
        if path.exists() {
            return Err(SwapError::InTheWay { path: old.path.clone() });
        }
        files::write_atomic(&path, content)?;
        if old.executable {
            files::make_executable(&path)?;
        }
        restored += 1;
    }
    for write in &journal.written {
        restored += usize::from(unwrite(root, journal.operation, write, archive.as_ref())?);
    }
    // All old files are whole on disk: the archive holds nothing more than they do.
    files::remove_file_if_there(&archive_path)?;
    match (journal.operation, archive_path.parent()) {
        // Those of repairs lie one folder deeper.
        (Operation::Repair, _) => remove_empty_parents(root, &archive_path)?,
        (Operation::Squash, Some(folder)) => files::remove_empty_folder(folder)?,
        (Operation::Squash, None) => {}
    }
    Journal::close(root)?;
    Ok(restored)
}

/// Puts back what was there before a file was written: an older form of it, or nothing. Tells whether an
/// older form was put back.
fn unwrite(
    root: &Path,
    operation: Operation,
    write: &Write,
    archive: Option<&Stored>,
) -> Result<bool, SwapError> {
    let path = write.new.path.under(root);
    if holds_old(root, write)? {
        return Ok(false);
    }
    if !holds(root, &write.new)? {
        return Err(changed(operation, write.new.path.clone()));
    }
    if write.old.is_some() {
        let old = archive.and_then(|archive| archive.file(&write.new.path));
        let old = old.ok_or_else(|| SwapError::InTheWay { path: write.new.path.clone() })?;
        files::write_atomic(&path, old)?;
        return Ok(true);
    }
    files::remove_file(&path)?;
    remove_empty_parents(root, &path)?;
    Ok(false)
}

/// A file was edited after it was written.
fn changed(operation: Operation, path: ArchivePath) -> SwapError {
    match operation {
        Operation::Squash => SwapError::BaselineChanged { path },
        Operation::Repair => SwapError::MendChanged { path },
    }
}

/// Whether a file that the squash writes is as it was before.
fn holds_old(root: &Path, write: &Write) -> Result<bool, SwapError> {
    match write.old {
        Some(old) => holds(root, &Content::new(write.new.path.clone(), old)),
        None => Ok(!write.new.path.under(root).exists()),
    }
}

fn open_archive(root: &Path, journal: &Journal) -> Result<Stored, SwapError> {
    let bytes = files::read(&journal.archive.path.under(root))?;
    let archive = Stored::read(&bytes[..], &Limits::default())?;
    if archive.sha256() != journal.archive.sha256 {
        return Err(SwapError::OtherArchive { path: journal.archive.path.clone() });
    }
    Ok(archive)
}

/// Whether the file is there with exactly this content.
fn holds(root: &Path, content: &Content) -> Result<bool, SwapError> {
    match files::read(&content.path.under(root)) {
        Ok(bytes) => Ok(Sha256::of(&bytes) == content.sha256),
        Err(error) if error.is_not_found() => Ok(false),
        Err(error) => Err(error.into()),
    }
}

/// Removes the folders of a removed file as far as they are empty (file templates can make one a year).
fn remove_empty_parents(root: &Path, file: &Path) -> Result<(), SwapError> {
    let mut folder = file.parent();
    while let Some(path) = folder {
        if path == root || std::fs::read_dir(path).is_ok_and(|mut entries| entries.next().is_some())
        {
            break;
        }
        files::remove_empty_folder(path)?;
        folder = path.parent();
    }
    Ok(())
}

/// What an unfinished swap became.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Resumed {
    /// The squash is finished.
    Squashed,
    /// The repair is finished.
    Repaired,
    /// The way back is finished.
    Undone,
    /// The archive had not been written: the swap was taken back, for nothing had been changed.
    NotBegun,
}

/// Finishes an unfinished swap, whichever way it went.
pub fn resume(root: &Path) -> Result<Resumed, SwapError> {
    let journal = Journal::load(root)?.ok_or(SwapError::NothingToResume)?;
    let failed = |source| stopped(root, source);
    match journal.direction {
        Direction::Squash if !journal.archive.path.under(root).exists() => {
            backward(root, &journal).map_err(failed)?;
            Ok(Resumed::NotBegun)
        }
        Direction::Squash => {
            forward(root, &journal).map_err(failed)?;
            Ok(match journal.operation {
                Operation::Squash => Resumed::Squashed,
                Operation::Repair => Resumed::Repaired,
            })
        }
        Direction::Undo => {
            backward(root, &journal).map_err(failed)?;
            Ok(Resumed::Undone)
        }
    }
}

/// Reverts an unfinished swap: the number of files put back and what it was part of, or `None` if none is
/// unfinished.
pub fn undo_unfinished(root: &Path) -> Result<Option<(usize, Operation)>, SwapError> {
    let Some(journal) = Journal::load(root)? else { return Ok(None) };
    let files = backward(root, &journal).map_err(|error| stopped(root, error))?;
    Ok(Some((files, journal.operation)))
}

/// Reverts a finished squash or repair. Checks everything before the first change.
pub fn undo(root: &Path, archive_file: &Path, archive: &Stored) -> Result<usize, SwapError> {
    let operation = match archive {
        Stored::Squash(_) => Operation::Squash,
        Stored::Repair(_) => Operation::Repair,
    };
    let mut written = Vec::new();
    for record in archive.written() {
        let new = Content::new(record.path, record.sha256);
        if !holds(root, &new)? {
            return Err(changed(operation, new.path));
        }
        let old = archive.rewritten(&new.path).map(|old| old.sha256);
        written.push(Write { new, old, text: String::new() });
    }
    let removed: Vec<Content> =
        archive.records().iter().filter(|file| file.removed).map(Content::from).collect();
    for old in &removed {
        if old.path.under(root).exists() && !holds(root, old)? {
            return Err(SwapError::InTheWay { path: old.path.clone() });
        }
    }
    let path = ArchivePath::from_relative(archive_file)?;
    let content = Content::new(path, archive.sha256());
    let journal = Journal::new(Direction::Undo, content, written, removed);
    let journal = match operation {
        Operation::Squash => journal,
        Operation::Repair => journal.of_repair(),
    };
    journal.save(root)?;
    backward(root, &journal).map_err(|source| stopped(root, source))
}
