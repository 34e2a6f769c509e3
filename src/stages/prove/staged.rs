//! The staged tree: the baselines in a folder of the run, what is kept where it is.
//!
//! Nothing in the project is changed and nothing is copied out of it: squashed files are hidden from
//! Alembic and cannot be imported, and a kept file that will change is read from its new text under its old name. So a revision
//! finds what lies beside it.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use crate::files;
use crate::run::Scripts;
use crate::stages::prove::{ProveError, Request};

/// What Alembic sees.
pub struct Staged {
    /// The whole project as it will be.
    pub all: Scripts,
}

impl Staged {
    /// The same, with nothing run but the baselines.
    pub fn baselines(&self, request: &Request<'_>) -> Scripts {
        let ids = request.baselines.iter().map(|baseline| baseline.revision.to_string());
        let only = request.kept.as_ref().map(|_| ids.collect());
        Scripts { only, ..self.all.clone() }
    }
}

/// Writes the staged files into the run folder.
pub fn stage(request: &Request<'_>) -> Result<Staged, ProveError> {
    let folder = request.server.folder().subfolder("staged")?;
    for baseline in request.baselines {
        let name = baseline.file.file_name().unwrap_or_default();
        files::write_scratch(&folder.join(name), &baseline.bytes)?;
        if let Some(sql) = &baseline.sql_file {
            let name = sql.path.file_name().unwrap_or_default();
            files::write_scratch_pieces(&folder.join(name), sql.pieces())?;
        }
    }
    let squashed: BTreeSet<PathBuf> = request.squashed.iter().map(|file| real(file)).collect();
    let gone = squashed.clone();
    let mut all = Scripts { locations: Some(vec![folder]), gone, ..Scripts::default() };
    let Some(kept) = &request.kept else { return Ok(Staged { all }) };
    all.locations.get_or_insert_default().extend(kept.locations.iter().cloned());
    all.hidden = squashed;
    let texts = request.server.folder().subfolder("rewritten")?;
    let mut replaced = BTreeMap::new();
    for (number, change) in kept.rewritten.iter().enumerate() {
        let text = texts.join(format!("{number}.py"));
        files::write_scratch(&text, change.text.as_bytes())?;
        replaced.insert(real(&kept.root.join(&change.path)), text);
    }
    all.replaced = replaced;
    Ok(Staged { all })
}

/// Alembic knows a file by its place without links.
fn real(path: &Path) -> PathBuf {
    path.canonicalize().unwrap_or_else(|_| path.to_owned())
}
