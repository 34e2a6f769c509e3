//! The project's `[post_write_hooks]` (black, ruff...): what runs on every new revision file runs on the
//! baseline too, before the proof, so that what is proved is what is put in.
//!
//! They run on a copy in the run folder; nothing in the project is touched.

use crate::commands::squash::overlap::Rehearsal;
use crate::commands::squash::place;
use crate::config::{self, Settings};
use crate::error::Result;
use crate::files;
use crate::run::{Goal, Job, Scripts};
use crate::stages::prove::ProveError;
use crate::stages::render::Baseline;

/// Runs the hooks, if the configuration has any, and gives the baselines as they leave them.
pub async fn run(
    settings: &Settings,
    mut baselines: Vec<Baseline>,
    rehearsal: &mut Rehearsal,
) -> Result<Vec<Baseline>> {
    let file = settings.alembic.file();
    let configured = files::read_text(file).is_ok_and(|text| text.contains("post_write_hooks"));
    if !configured || !rehearsal.interpreter.takes_jobs() {
        return Ok(baselines);
    }
    let folder = rehearsal.second.folder().subfolder("hooks").map_err(place::file)?;
    for baseline in &mut baselines {
        let copy = folder.join(baseline.file.file_name().unwrap_or_default());
        files::write_scratch(&copy, &baseline.bytes).map_err(place::file)?;
        let job = Job {
            goal: Goal::WriteHooks(copy.clone()),
            database: &rehearsal.database,
            scripts: &Scripts::default(),
            environment: config::inherited(),
        };
        rehearsal.interpreter.run(job, &|_| {}).await.map_err(ProveError::Run)?;
        baseline.bytes = files::read(&copy).map_err(place::file)?;
    }
    Ok(baselines)
}
