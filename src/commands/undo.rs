//! `rebaseline undo`: put the old revisions back and take the baseline out.

use serde::Serialize;

use crate::cli::{Global, Running, Undo};
use crate::commands::archive::Archives;
use crate::commands::squash::place;
use crate::config::Settings;
use crate::error::Result;
use crate::report::{Printable, Report, count};
use crate::stages::swap::{self, SwapError};

#[derive(Debug, Serialize)]
struct UndoResult {
    outcome: &'static str,
    files: usize,
}

impl Printable for UndoResult {
    fn text(&self) -> String {
        format!("{} put back; the baseline is out", count(self.files as u64, "file", "files"))
    }
}

/// Reverts an unfinished swap, or else the newest finished squash.
pub fn undo(global: &Global, arguments: &Undo, report: &Report) -> Result<u8> {
    let settings = Settings::load(global, &Running::default())?;
    let _lock = place::lock(&settings)?;
    let root = &settings.root;
    let files = if let Some(files) = swap::undo_unfinished(root)? {
        files
    } else {
        let archives = Archives::load(&settings, arguments.archive.as_deref())?;
        let folder = archives.folder.clone();
        // The newest whose baseline is in the project: an older one may have been squashed again.
        let found = archives.newest(|manifest| manifest.baseline.file.under(root).exists());
        let (file, archive) = found.ok_or(SwapError::NothingToUndo { folder })?;
        let built = Archives::builds_on(&settings, archive.manifest());
        if let Some((baseline, revisions)) = built.into_iter().next() {
            return Err(SwapError::BuiltUpon { baseline, revisions }.into());
        }
        let files: Vec<_> = archive.manifest().baselines().map(|b| b.file.to_string()).collect();
        let question = format!("Put the old revisions back and remove {}?", files.join(", "));
        if !report.confirm(&question, arguments.yes) {
            return Err(crate::commands::squash::SquashError::NotConfirmed.into());
        }
        swap::undo(root, &file, &archive)?
    };
    report.result(&UndoResult { outcome: "undone", files });
    Ok(0)
}
