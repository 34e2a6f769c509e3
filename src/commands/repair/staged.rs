//! The audit of a planned tree: the version locations are laid out in a folder of ours, with the mends made,
//! and audited there. So what a repair would leave is known before it writes.

use std::path::{Path, PathBuf};

use walkdir::WalkDir;

use super::errors;
use crate::commands::squash::place::{self, PlaceError};
use crate::config::Settings;
use crate::error::Result;
use crate::files;
use crate::format::alembic::ini::AlembicConfig;
use crate::history::Finding;
use crate::stages::audit;
use crate::stages::repair::Mend;

/// The errors that are left when these mends are made.
pub(super) fn audit(settings: &Settings, mends: &[Mend]) -> Result<Vec<Finding>> {
    if mends.is_empty() {
        return Ok(errors(audit::audit(&settings.alembic).findings));
    }
    let folder = crate::commands::generations::run_folder(settings)?;
    let (root, project) = places(settings, &folder.path().join("planned"));
    let mut config = AlembicConfig { project, ..settings.alembic.clone() };
    for location in &mut config.version_locations {
        // What lies outside cannot be changed either: it is read where it is.
        let Ok(path) = place::relative(settings, location) else { continue };
        let staged = root.join(path);
        lay_out(settings, location, &staged, &root)?;
        *location = staged;
    }
    for mend in mends {
        let path = root.join(place::relative(settings, &mend.path)?);
        match &mend.new {
            Some(text) => files::write_scratch_deep(&path, text.as_bytes()),
            None => files::remove_file(&path),
        }
        .map_err(PlaceError::from)?;
    }
    Ok(errors(audit::audit(&config).findings))
}

/// Where the project's root and the folder that Alembic starts in are in the planned tree: one may lie below
/// the other, and findings name files as seen from the latter.
fn places(settings: &Settings, planned: &Path) -> (PathBuf, PathBuf) {
    let project = &settings.alembic.project;
    let project = project.canonicalize().unwrap_or_else(|_| project.clone());
    match (settings.root.strip_prefix(&project), project.strip_prefix(&settings.root)) {
        (Ok(root), _) => (planned.join(root), planned.to_owned()),
        (_, Ok(project)) => (planned.to_owned(), planned.join(project)),
        _ => (planned.to_owned(), planned.to_owned()),
    }
}

/// Copies a location; a link is one here too, so that it is told as one.
fn lay_out(
    settings: &Settings,
    location: &Path,
    staged: &Path,
    root: &Path,
) -> Result<(), PlaceError> {
    files::create_folder(staged)?;
    let outside = |entry: &walkdir::DirEntry| {
        entry.file_name() != ".git" && entry.file_name() != "__pycache__"
    };
    for entry in WalkDir::new(location).min_depth(1).into_iter().filter_entry(outside).flatten() {
        let target: PathBuf =
            staged.join(entry.path().strip_prefix(location).unwrap_or(entry.path()));
        let kind = entry.file_type();
        if target.symlink_metadata().is_ok_and(|there| !there.is_dir()) {
            // One location lies in another one.
            continue;
        }
        if kind.is_dir() {
            files::create_folder(&target)?;
        } else if let (true, Ok(bytes)) = (kind.is_file(), files::read(entry.path())) {
            files::write_scratch_deep(&target, &bytes)?;
        } else {
            // A link leads where it led: to a copy, if that is one of a revision. What cannot be read cannot
            // be read here.
            let real = entry.path().canonicalize().unwrap_or_else(|_| entry.path().to_owned());
            let inside = settings.alembic.version_locations.iter().any(|location| {
                location.canonicalize().is_ok_and(|location| real.starts_with(location))
            });
            let copy =
                place::relative(settings, &real).ok().filter(|_| inside && kind.is_symlink());
            let real = copy.map_or(real, |path| root.join(path));
            files::link_scratch(&target, &real)?;
        }
    }
    Ok(())
}
