//! `rebaseline undo`: put the old revisions back and take the baseline out, or take a repair back.

mod builds_on;

use std::path::{Path, PathBuf};

use rebaseline_archive::{FileRecord, RepairArchive, Stored};
use serde::Serialize;

use crate::cli::{Global, Running, Undo};
use crate::commands::archives::Archives;
use crate::commands::squash::place;
use crate::config::Settings;
use crate::error::Result;
use crate::journal::Operation;
use crate::report::{Printable, Report, count};
use crate::stages::swap::{self, SwapError};

#[derive(Debug, Serialize)]
struct UndoResult {
    outcome: &'static str,
    files: usize,
    #[serde(skip)]
    repair: bool,
}

impl Printable for UndoResult {
    fn text(&self) -> String {
        let what = if self.repair { "the repair is taken back" } else { "the baseline is out" };
        format!("{} put back; {what}", count(self.files as u64, "file", "files"))
    }
}

/// Reverts an unfinished swap, or else the newest finished squash or repair.
pub fn undo(global: &Global, arguments: &Undo, report: &Report) -> Result<u8> {
    let settings = Settings::load(global, &Running::default())?;
    let _lock = place::lock(&settings)?;
    let root = &settings.root;
    let (files, repair) = if let Some((files, operation)) = swap::undo_unfinished(root)? {
        (files, operation == Operation::Repair)
    } else {
        let archives = Archives::load_all(&settings, arguments.archive.as_deref())?;
        let folder = archives.folder.clone();
        let (file, archive) = newest(&archives, root).ok_or(SwapError::NothingToUndo { folder })?;
        let (built, question) = match &archive {
            Stored::Squash(squash) => {
                let built = builds_on::baseline(&settings, squash.manifest());
                let files: Vec<_> =
                    squash.manifest().baselines().map(|b| b.file.to_string()).collect();
                (built, format!("Put the old revisions back and remove {}?", files.join(", ")))
            }
            Stored::Repair(_) => {
                let count = count(archive.records().len() as u64, "file", "files");
                let built = builds_on::repair(&settings, &archive);
                (built, format!("Put {count} back as before the repair of {}?", archive.created()))
            }
        };
        if let Some((baseline, revisions)) = built.into_iter().next() {
            return Err(SwapError::BuiltUpon { baseline, revisions }.into());
        }
        if !report.confirm(&question, arguments.yes) {
            return Err(crate::commands::squash::SquashError::NotConfirmed.into());
        }
        let repair = matches!(archive, Stored::Repair(_));
        (swap::undo(root, &file, &archive)?, repair)
    };
    report.result(&UndoResult { outcome: "undone", files, repair });
    Ok(0)
}

/// What was done last and is still in the project. An older baseline may have been squashed again, and
/// files that were mended may have been squashed.
fn newest(archives: &Archives, root: &Path) -> Option<(PathBuf, Stored)> {
    let squash = archives.newest(|manifest| manifest.baseline.file.under(root).exists());
    let there = |repair: &&(PathBuf, RepairArchive)| {
        let manifest = repair.1.manifest();
        let written = &manifest.also_written;
        let gone = |file: &FileRecord| file.removed && !file.path.under(root).exists();
        written.iter().all(|file| file.path.under(root).exists())
            && (!written.is_empty() || manifest.files.iter().any(gone))
    };
    let repair = archives.repairs().rev().find(there).cloned();
    let squash = squash.map(|(path, archive)| (path, Stored::Squash(Box::new(archive))));
    let repair = repair.map(|(path, archive)| (path, Stored::Repair(Box::new(archive))));
    match (squash, repair) {
        // Who repairs mostly does so before a squash.
        (Some(squash), Some(repair)) if repair.1.created() > squash.1.created() => Some(repair),
        (squash, repair) => squash.or(repair),
    }
}
