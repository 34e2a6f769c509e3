//! Whoever builds on what an undo takes away: then the undo would leave a broken history.

use std::path::Path;

use rebaseline_archive::{Manifest, Stored};

use crate::commands::squash::place;
use crate::config::Settings;
use crate::format::alembic::python::read_revision_named;
use crate::history::{Revision, SourceFile};
use crate::stages::audit;

/// The files of the project's revisions that name a baseline which goes away by an undo, and that the
/// undo does not put back itself: by baseline.
pub fn baseline(settings: &Settings, manifest: &Manifest) -> Vec<(String, Vec<String>)> {
    let audit = audit::audit(&settings.alembic);
    let Some(history) = audit.history else { return Vec::new() };
    let goes_back = |file: &SourceFile| {
        let path = place::relative(settings, &file.path).unwrap_or_default();
        manifest.written().any(|written| Path::new(written.path.as_str()) == path)
    };
    // A baseline that has kept the id of the head leaves this id behind.
    let going = manifest.baselines().filter(|b| b.replaces != [b.revision.clone()]);
    let built = going.map(|baseline| {
        let builds = |revision: &&Revision| {
            revision.parents.iter().any(|parent| parent.as_str() == baseline.revision)
                || revision.depends_on.contains(&baseline.revision)
        };
        let files = history.iter().filter(builds).flat_map(|revision| &revision.files);
        let files = files.filter(|file| !goes_back(file));
        let files = files.map(|file| file.path.display().to_string()).collect();
        (baseline.revision.clone(), files)
    });
    built.filter(|(_, files): &(String, Vec<String>)| !files.is_empty()).collect()
}

/// The same for a repair: who names an id that goes away, because its file does, or gets another one.
pub fn repair(settings: &Settings, archive: &Stored) -> Vec<(String, Vec<String>)> {
    let Some(history) = audit::audit(&settings.alembic).history else { return Vec::new() };
    let path = |revision: &Revision| {
        let file = revision.files.first()?;
        place::relative(settings, &file.path).ok()
    };
    let written = archive.written();
    let written = |revision: &Revision| {
        let path = path(revision)?;
        written.iter().find(|written| Path::new(written.path.as_str()) == path)
    };
    let goes = |revision: &&Revision| {
        let Some(written) = written(revision) else { return false };
        let old = archive.rewritten(&written.path).and_then(|_| archive.file(&written.path));
        let old = old.and_then(|bytes| std::str::from_utf8(bytes).ok());
        let name = written.path.as_str().rsplit('/').next().unwrap_or_default();
        let old = old.and_then(|text| read_revision_named(text, name).ok());
        old.is_none_or(|old| old.id != revision.id)
    };
    let built = history.iter().filter(goes).map(|going| {
        let id = going.id.to_string();
        let builds = |other: &&Revision| {
            let names = other.parents.contains(&going.id) || other.depends_on.contains(&id);
            // What the repair has written goes back as well.
            names && written(other).is_none()
        };
        let files = history.iter().filter(builds).flat_map(|other| &other.files);
        (going.id.to_string(), files.map(|file| file.path.display().to_string()).collect())
    });
    built.filter(|(_, files): &(String, Vec<String>)| !files.is_empty()).collect()
}
