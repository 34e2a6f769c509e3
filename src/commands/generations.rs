//! The squashes of a project, one after the other: what `stamp --catch-up`, `rebase` and `index` share.
//!
//! Takes the archives, which were verified when they were opened; gives for each what it says of its history.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use rebaseline_archive::{Archive, ArchivePath, BaselineRecord, Manifest, RevisionRecord};

use crate::commands::archives::{Archives, ArchivesError};
use crate::commands::stamp::{before, forms};
use crate::config::Settings;
use crate::error::{Explain, Kind, Result};
use crate::format::alembic::plain;
use crate::postgres::run_folder::{FolderError, RunFolder};
use crate::process::Plan as Program;
use crate::run::{OldFiles, OldFilesError};
use crate::schema::inventory::older;
use crate::stages::catch_up::lacking::Generation;
use crate::stages::stamp::{Check, Plan, Replaced};

impl Explain for OldFilesError {
    fn kind(&self) -> Kind {
        match self {
            Self::File(_) => Kind::Tool,
            Self::Gone { .. } => Kind::Refused,
        }
    }

    fn hints(&self) -> Vec<String> {
        match self {
            Self::File(_) => Vec::new(),
            Self::Gone { .. } => {
                vec!["put it back where it was (git has it), for this run".to_owned()]
            }
        }
    }
}

/// A run folder that cannot be made.
#[derive(Debug, thiserror::Error)]
#[error("cannot prepare the run")]
pub struct PrepareError(#[from] FolderError);

impl Explain for PrepareError {
    fn kind(&self) -> Kind {
        Kind::Tool
    }
}

/// A folder for old revisions; gone when we are. It is our own: the one of a scratch server belongs to the
/// server's user, who could not remove what we make in it.
pub fn run_folder(settings: &Settings) -> Result<RunFolder, PrepareError> {
    let mut folder = RunFolder::create(&settings.places, None)?;
    // Nothing runs below it: it is held for the folder alone.
    folder.hold(&Program::new("true"), Path::new("dropdb"))?;
    Ok(folder)
}

/// One squash.
#[derive(Debug)]
pub struct Squash {
    /// The archive's file, relative to the root where it lies below it.
    pub file: PathBuf,
    /// The archive.
    pub archive: Archive,
    /// Its history.
    pub generation: Generation,
}

/// All squashes, oldest first; there is at least one.
#[derive(Debug)]
pub struct Generations(Vec<Squash>);

impl Generations {
    /// Opens one named archive, or all of the project's.
    pub fn load(settings: &Settings, named: Option<&Path>) -> Result<Self> {
        Self::of(&Archives::load(settings, named)?)
    }

    /// The squashes of archives that are open already.
    pub fn of(all: &Archives) -> Result<Self> {
        let squashes: Vec<Squash> = all
            .iter()
            .map(|(file, archive)| Squash {
                file: file.clone(),
                generation: generation(archive.manifest()),
                archive: archive.clone(),
            })
            .collect();
        if squashes.is_empty() {
            return Err(ArchivesError::None { folder: all.folder.clone() }.into());
        }
        Ok(Self(squashes))
    }

    /// The squashes, oldest first.
    pub fn squashes(&self) -> &[Squash] {
        &self.0
    }

    /// The histories, oldest first.
    pub fn histories(&self) -> Vec<Generation> {
        self.0.iter().map(|squash| squash.generation.clone()).collect()
    }

    /// What stamping means after each squash, from what it means after the newest.
    pub fn plans(&self, newest: &Plan) -> Vec<Plan> {
        let older = self.0.windows(2).enumerate().map(|(number, pair)| {
            let [this, next] = [&pair[0], &pair[1]].map(|squash| squash.archive.manifest());
            let replaced = |baseline: &BaselineRecord| Replaced {
                baseline: baseline.revision.clone(),
                heads: baseline.replaces.clone(),
            };
            // Each cut has a catalog of its own. Where it is not known, the check at the newest one is to follow.
            let mut forms = forms(self.0[..=number].iter().map(|squash| &squash.archive));
            let older = older::prints(&forms);
            let expected = forms.pop();
            let skipped = newest.check.skipped || expected.is_none();
            Plan {
                version_table: this.version_table.clone(),
                baselines: this.baselines().map(replaced).collect(),
                old: before(this),
                new: before(next),
                check: Check { expected, older, skipped, ..newest.check.clone() },
                ..newest.clone()
            }
        });
        older.chain([newest.clone()]).collect()
    }

    /// Lays out the revisions of one squash in an empty folder and gives the version locations there.
    pub fn lay_out(
        &self,
        number: usize,
        settings: &Settings,
        folder: &Path,
    ) -> Result<Vec<PathBuf>> {
        let files = OldFiles {
            root: &settings.root,
            locations: &settings.alembic.version_locations,
            archive: &self.0[number].archive,
            later: self.0[number + 1..].iter().map(|squash| &squash.archive).collect(),
            stubs: stubs(self.0[number].archive.manifest()),
        };
        Ok(files.lay_out(folder)?)
    }
}

/// What the squash skipped is not run later either: the baseline is to be what a database arrives at.
fn stubs(manifest: &Manifest) -> BTreeMap<ArchivePath, String> {
    let skipped = |id: &String| manifest.origin.skipped.contains(id);
    let revisions = manifest.history.revisions.iter().filter(|revision| skipped(&revision.id));
    let stub = |revision: &RevisionRecord| {
        let RevisionRecord { id, parents, depends_on, labels, .. } = revision;
        // The template is ours and tested: there is nothing in it that could fail.
        plain::skipped(plain::Identity { id, parents, depends_on, labels }).unwrap_or_default()
    };
    revisions.map(|revision| (revision.file.clone(), stub(revision))).collect()
}

fn generation(manifest: &Manifest) -> Generation {
    let history = &manifest.history;
    let parents = history.revisions.iter().map(|r| (r.id.clone(), r.parents.clone()));
    Generation {
        order: history.revisions.iter().map(|revision| revision.id.clone()).collect(),
        parents: parents.collect(),
        requires: before(manifest),
        kept: history.kept.iter().cloned().collect(),
        heads: manifest.baselines().map(|baseline| baseline.replaces.clone()).collect(),
    }
}

/// The version locations of the project, with those in which archived files were laid out: whoever imports one of
/// these files looks for it in the project.
pub fn moved(settings: &Settings, laid_out: &[PathBuf]) -> Vec<(PathBuf, PathBuf)> {
    let locations = settings.alembic.version_locations.iter().zip(laid_out);
    let moved = locations.filter(|(own, new)| own != new);
    let real = |path: &Path| path.canonicalize().unwrap_or_else(|_| path.to_owned());
    moved.map(|(own, new)| (real(own), new.clone())).collect()
}
