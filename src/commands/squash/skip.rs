//! `--skip REV`: squashed revisions that are passed without being run. Pure, but for the real paths of files.
//!
//! Takes the names that the user gives; gives the ids, and for each file the text that stands in for it: a
//! revision at the same place of the graph that does nothing. So Alembic, `env.py` and the version table go on
//! as if it had been run, and a file that cannot even be imported does no harm.

use std::collections::BTreeMap;
use std::path::PathBuf;

use crate::config::Settings;
use crate::error::{Explain, Kind, Result};
use crate::format::alembic::plain::{self, Identity};
use crate::history::{Cut, History, RevisionId};

/// A revision that cannot be skipped.
#[derive(Debug, thiserror::Error)]
pub enum SkipError {
    /// No such revision.
    #[error("there is no revision `{name}` to skip")]
    Unknown {
        /// What was given.
        name: String,
    },
    /// The beginning of several ids.
    #[error("`{name}` is the beginning of several revisions: {}", candidates.join(", "))]
    Ambiguous {
        /// What was given.
        name: String,
        /// The revisions.
        candidates: Vec<String>,
    },
    /// It stays in the project.
    #[error("revision `{id}` is kept, and only what is squashed can be skipped")]
    Kept {
        /// The revision.
        id: RevisionId,
    },
}

impl Explain for SkipError {
    fn kind(&self) -> Kind {
        Kind::Usage
    }

    fn hints(&self) -> Vec<String> {
        match self {
            Self::Unknown { .. } | Self::Ambiguous { .. } => {
                vec![
                    "name it by its id, as `rebaseline audit` and the error of the replay do"
                        .to_owned(),
                ]
            }
            Self::Kept { .. } => {
                vec![
                    "a kept revision is yours to repair: it runs on every database to come"
                        .to_owned(),
                ]
            }
        }
    }
}

/// The settings with these revisions skipped.
pub fn skipping(
    settings: Settings,
    names: &[String],
    history: &History,
    cut: &Cut,
) -> Result<Settings> {
    let mut settings = settings;
    for name in names {
        let id = find(history, name)?;
        if cut.kept().contains(&id) {
            return Err(SkipError::Kept { id }.into());
        }
        if settings.origin.skipped.iter().any(|skipped| *skipped == id.as_str()) {
            continue;
        }
        let stubs = stubs(&settings, history, &id);
        settings.stubs.extend(stubs);
        settings.origin.skipped.push(id.to_string());
    }
    // In the order in which they would have run.
    let place = |id: &String| history.iter().position(|revision| revision.id.as_str() == id);
    settings.origin.skipped.sort_by_key(place);
    Ok(settings)
}

fn stubs(settings: &Settings, history: &History, id: &RevisionId) -> BTreeMap<PathBuf, String> {
    let Some(revision) = history.get(id) else { return BTreeMap::new() };
    let parents: Vec<String> = revision.parents.iter().map(ToString::to_string).collect();
    let identity = Identity {
        id: id.as_str(),
        parents: &parents,
        depends_on: &revision.depends_on,
        labels: &revision.labels,
    };
    // The template is ours and tested: there is nothing in it that could fail.
    let text = plain::skipped(identity).unwrap_or_default();
    let real = |path: &PathBuf| {
        let path = settings.alembic.project.join(path);
        path.canonicalize().unwrap_or(path)
    };
    revision.files.iter().map(|file| (real(&file.path), text.clone())).collect()
}

/// By its id, or by the beginning of it. Not by a label: that means a whole branch.
fn find(history: &History, name: &str) -> Result<RevisionId, SkipError> {
    let ids = || history.iter().map(|revision| &revision.id);
    if let Some(id) = ids().find(|id| id.as_str() == name) {
        return Ok(id.clone());
    }
    let candidates: Vec<&RevisionId> =
        ids().filter(|id| !name.is_empty() && id.as_str().starts_with(name)).collect();
    match candidates.as_slice() {
        [only] => Ok((*only).clone()),
        [] => Err(SkipError::Unknown { name: name.to_owned() }),
        several => Err(SkipError::Ambiguous {
            name: name.to_owned(),
            candidates: several.iter().map(ToString::to_string).collect(),
        }),
    }
}
