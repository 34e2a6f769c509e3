//! `rebaseline archive list|show|verify|restore`: look into archives of squashed revisions.

mod shown;

use std::path::{Path, PathBuf};

use rebaseline_archive::Stored;

use crate::cli::{Archive, Global, Running};
use crate::commands::archives::{Archives, ArchivesError};
use crate::config::Settings;
use crate::error::{Error, Result};
use crate::files;
use crate::report::Report;
use shown::{Line, Listed, Restored, Shown, ShownRepair, Verified};

/// Runs one of the verbs.
pub fn archive(global: &Global, arguments: &Archive, report: &Report) -> Result<u8> {
    let settings = Settings::load(global, &Running::default())?;
    match arguments {
        Archive::List => {
            let archives = Archives::load_all(&settings, None)?;
            report.result(&Listed { archives: Line::all(&archives) });
        }
        Archive::Show(one) => {
            let (path, archive) = newest(&settings, one.file.as_deref())?;
            let (file, sha256) = (path.display().to_string(), archive.sha256().to_string());
            match archive {
                Stored::Squash(archive) => {
                    let manifest = archive.manifest().clone();
                    report.result(&Shown { file, sha256, manifest });
                }
                Stored::Repair(archive) => {
                    let manifest = archive.manifest().clone();
                    report.result(&ShownRepair { file, sha256, manifest });
                }
            }
        }
        Archive::Verify(one) => {
            // Opening verifies everything.
            let archives = Archives::load_all(&settings, one.file.as_deref())?;
            let lines = Line::all(&archives);
            if lines.is_empty() {
                return Err(ArchivesError::None { folder: archives.folder }.into());
            }
            report.result(&Verified { outcome: "intact", archives: lines });
        }
        Archive::Restore(restore) => {
            let (_, archive) = newest(&settings, restore.file.as_deref())?;
            let targets: Vec<(PathBuf, &[u8])> = archive
                .files()
                .into_iter()
                .map(|(path, content)| (path.under(&restore.into), content))
                .collect();
            if let Some((path, _)) = targets.iter().find(|(path, _)| path.exists()) {
                return Err(ArchivesError::Exists { path: path.clone() }.into());
            }
            for (path, content) in &targets {
                files::write_atomic(path, content).map_err(ArchivesError::from)?;
            }
            let into = restore.into.display().to_string();
            report.result(&Restored { outcome: "restored", into, files: targets.len() });
        }
    }
    Ok(0)
}

/// The named archive, or the newest: that of a squash, if there is one.
fn newest(settings: &Settings, named: Option<&Path>) -> Result<(PathBuf, Stored)> {
    let archives = Archives::load_all(settings, named)?;
    let squash = archives.newest(|_| true);
    let squash = squash.map(|(path, archive)| (path, Stored::Squash(Box::new(archive))));
    let repair = || {
        let (path, archive) = archives.repairs().next_back()?;
        Some((path.clone(), Stored::Repair(Box::new(archive.clone()))))
    };
    let newest = squash.or_else(repair);
    newest.ok_or_else(|| Error::from(ArchivesError::None { folder: archives.folder.clone() }))
}
