//! From a location as written to a folder: `path/to`, `/path/to` or `package:path`.

use std::path::{Path, PathBuf};

use super::ConfigError;

/// The folder that a location means.
///
/// Alembic asks Python's import system for `package:folder` (`coerce_resource_to_filename`). Nothing
/// is imported here: the package is looked for where Python would most likely find it, in the
/// entries of `prepend_sys_path`, in the project, and in the project's `src` (an editable install).
pub(super) fn folder(
    location: &str,
    project: &Path,
    prepend_sys_path: &[String],
) -> Result<PathBuf, ConfigError> {
    let mut parts = location.split(':');
    let package = parts.next().unwrap_or_default();
    if Path::new(location).is_absolute() || package == location {
        return Ok(tidy(project.join(location)));
    }
    let below: PathBuf = package.split('.').chain(parts).collect();
    let mut looked_in: Vec<PathBuf> =
        prepend_sys_path.iter().map(|entry| tidy(project.join(entry))).collect();
    looked_in.extend([tidy(project.to_owned()), project.join("src")]);
    let top: PathBuf = package.split('.').collect();
    if let Some(folder) = looked_in.iter().find(|folder| folder.join(&top).is_dir()) {
        return Ok(folder.join(below));
    }
    looked_in.dedup();
    let (location, package) = (location.to_owned(), package.to_owned());
    Err(ConfigError::PackageNotFound { location, package, looked_in })
}

/// The folder of an `.ini` file if it is laid out as Flask-Migrate does it: that sets
/// `script_location` when it runs, and its file does not say it.
pub(super) fn flask_folder(ini: &Path) -> Option<PathBuf> {
    let folder = ini.parent()?;
    let complete =
        ini.is_file() && folder.join("env.py").is_file() && folder.join("versions").is_dir();
    complete.then(|| folder.to_owned())
}

/// Without `.` and doubled slashes. `..` stays: what it means depends on links.
fn tidy(path: PathBuf) -> PathBuf {
    std::path::absolute(&path).unwrap_or(path)
}
