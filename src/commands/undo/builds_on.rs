//! Whoever builds on what an undo takes away: then the undo would leave a broken history.
//!
//! File by file, not by the graph: that something else is broken is no reason to look away.

use std::path::{Path, PathBuf};

use rebaseline_archive::{Manifest, Stored};

use crate::commands::squash::place;
use crate::config::Settings;
use crate::format::alembic::python::{RevisionSource, read_revision_named};
use crate::stages::audit;

/// A revision file of the project: its path below the root, as it is shown, and what it declares.
struct There {
    path: PathBuf,
    shown: String,
    source: RevisionSource,
}

impl There {
    fn builds_on(&self, id: &str) -> bool {
        let Self { source, .. } = self;
        source.parents.iter().any(|parent| parent.value.as_str() == id)
            || source.depends_on.iter().any(|needed| needed.value == id)
    }
}

fn there(settings: &Settings) -> Vec<There> {
    let (files, _) = audit::revision_files(&settings.alembic);
    let readable = files.into_iter().filter_map(|file| Some((file.path, file.read.ok()?)));
    readable
        .map(|(path, source)| There {
            shown: path.display().to_string(),
            path: place::relative(settings, &path).unwrap_or_default(),
            source,
        })
        .collect()
}

/// The files of the project's revisions that name a baseline which goes away by an undo, and that the
/// undo does not put back itself: by baseline.
pub fn baseline(settings: &Settings, manifest: &Manifest) -> Vec<(String, Vec<String>)> {
    let there = there(settings);
    let goes_back = |file: &There| {
        manifest.written().any(|written| Path::new(written.path.as_str()) == file.path)
    };
    // A baseline that has kept the id of the head leaves this id behind.
    let going = manifest.baselines().filter(|b| b.replaces != [b.revision.clone()]);
    let built = going.map(|baseline| {
        let builds = there.iter().filter(|file| file.builds_on(&baseline.revision));
        let files = builds.filter(|file| !goes_back(file)).map(|file| file.shown.clone());
        (baseline.revision.clone(), files.collect())
    });
    built.filter(|(_, files): &(String, Vec<String>)| !files.is_empty()).collect()
}

/// The same for a repair: who names an id that goes away, because its file does, or gets another one.
pub fn repair(settings: &Settings, archive: &Stored) -> Vec<(String, Vec<String>)> {
    let there = there(settings);
    let written = archive.written();
    let written =
        |file: &There| written.iter().find(|written| Path::new(written.path.as_str()) == file.path);
    let goes = |file: &&There| {
        let Some(written) = written(file) else { return false };
        let old = archive.rewritten(&written.path).and_then(|_| archive.file(&written.path));
        let old = old.and_then(|bytes| std::str::from_utf8(bytes).ok());
        let name = written.path.as_str().rsplit('/').next().unwrap_or_default();
        let old = old.and_then(|text| read_revision_named(text, name).ok());
        old.is_none_or(|old| old.id != file.source.id)
    };
    let built = there.iter().filter(goes).map(|going| {
        let id = going.source.id.to_string();
        // What the repair has written goes back as well.
        let builds = there.iter().filter(|other| other.builds_on(&id) && written(other).is_none());
        let files = builds.map(|other| other.shown.clone()).collect();
        (id, files)
    });
    built.filter(|(_, files): &(String, Vec<String>)| !files.is_empty()).collect()
}
