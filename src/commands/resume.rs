//! `rebaseline resume`: finish what was interrupted.

use serde::Serialize;

use crate::cli::{Global, Running};
use crate::commands::squash::place;
use crate::config::Settings;
use crate::error::Result;
use crate::report::{Printable, Report};
use crate::stages::swap::{self, Resumed};

#[derive(Debug, Serialize)]
struct ResumeResult {
    outcome: &'static str,
}

impl Printable for ResumeResult {
    fn text(&self) -> String {
        match self.outcome {
            "squashed" => "the interrupted squash is finished",
            "repaired" => "the interrupted repair is finished",
            "undone" => "the interrupted undo is finished: the old revisions are back",
            _ => "nothing of the project had been changed yet; run it again",
        }
        .to_owned()
    }
}

/// Finishes an unfinished swap from its journal.
pub fn resume(global: &Global, report: &Report) -> Result<u8> {
    let settings = Settings::load(global, &Running::default())?;
    let _lock = place::lock(&settings)?;
    let outcome = match swap::resume(&settings.root)? {
        Resumed::Squashed => "squashed",
        Resumed::Repaired => "repaired",
        Resumed::Undone => "undone",
        Resumed::NotBegun => "not_begun",
    };
    report.result(&ResumeResult { outcome });
    Ok(0)
}
