//! Alembic's configuration: `alembic.ini`, `[tool.alembic]` of `pyproject.toml`, or both at once.
//!
//! [`load`] reads the files as `alembic` itself would when started in the project's folder, and
//! gives an [`AlembicConfig`] with absolute paths. What the texts say is worked out without I/O in
//! `options`; only the last step looks which folders are there. Nothing is written.

mod error;
mod locate;
mod options;
#[cfg(test)]
mod tests;

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

pub use self::error::ConfigError;
use self::options::{Files, Options};
use super::filename::DEFAULT_TEMPLATE;

/// Alembic's section name without `-n`.
pub const DEFAULT_SECTION: &str = "alembic";

/// Where Flask-Migrate keeps its `alembic.ini`, below the project.
const FLASK_FOLDER: &str = "migrations";

/// The options of Alembic that say where revisions are and how new ones are named.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AlembicConfig {
    /// The folder that Alembic is started in: relative paths in the options begin here. Absolute.
    pub project: PathBuf,
    /// The `.ini` file, if there is one.
    pub ini: Option<PathBuf>,
    /// The `pyproject.toml`, if it has a `[tool.alembic]` table.
    pub pyproject: Option<PathBuf>,
    /// The section of the `.ini` file (`-n`).
    pub section: String,
    /// What `%(here)s` stands for: the folder of [`AlembicConfig::file`].
    pub here: PathBuf,
    /// The folder of `env.py`. It exists.
    pub script_location: PathBuf,
    /// The folders of the revisions, in Alembic's order. One that does not exist holds none.
    pub version_locations: Vec<PathBuf>,
    /// Whether their subfolders are read as well.
    pub recursive_version_locations: bool,
    /// `printf` template of new file names.
    pub file_template: String,
    /// Length that the slug in a file name is cut at.
    pub truncate_slug_length: usize,
    /// Time zone of creation dates; local time without one.
    pub timezone: Option<String>,
    /// Whether compiled files without a source count as revisions.
    pub sourceless: bool,
    /// Encoding of new revision files.
    pub output_encoding: String,
    /// What Alembic puts before `sys.path`, as written.
    pub prepend_sys_path: Vec<String>,
}

impl AlembicConfig {
    /// The file to name to `alembic -c`: the `.ini` file if there is one.
    pub fn file(&self) -> &Path {
        self.ini.as_deref().or(self.pyproject.as_deref()).unwrap_or(&self.project)
    }
}

/// Reads the configuration of the project in `dir`.
///
/// `config` is what `alembic -c` would get: an `.ini` file or a `pyproject.toml`. The other of the
/// two is still looked for in `dir`, as Alembic does. Without `config`, the `.ini` file of
/// Flask-Migrate is found too, which Alembic's own command would not do.
///
/// # Errors
/// No configuration, or one that Alembic could not use: see [`ConfigError::hints`].
pub fn load(
    dir: &Path,
    config: Option<&Path>,
    section: &str,
) -> Result<AlembicConfig, ConfigError> {
    let project = std::path::absolute(dir).map_err(unreadable(dir))?;
    let (mut ini, mut toml) = (project.join("alembic.ini"), project.join("pyproject.toml"));
    if let Some(named) = config.map(|config| project.join(config)) {
        // Alembic goes on without a file that was named and is not there; nobody wants that.
        if !named.exists() {
            return Err(ConfigError::NotFound { looked_at: vec![named] });
        }
        let is_toml = named.file_name().is_some_and(|name| name == "pyproject.toml");
        if is_toml { toml = named } else { ini = named }
    }

    let mut options = Options::parse(&files(&ini, &toml)?, section)?;
    if config.is_none() && !options.has_ini() && !options.has_pyproject() {
        let flask = project.join(FLASK_FOLDER).join("alembic.ini");
        if locate::flask_folder(&flask).is_none() {
            return Err(ConfigError::NotFound { looked_at: vec![ini, toml, flask] });
        }
        ini = flask;
        options = Options::parse(&files(&ini, &toml)?, section)?;
    }
    resolve(project, &options, &ini, &toml)
}

fn files<'a>(ini: &'a Path, toml: &'a Path) -> Result<Files<'a>, ConfigError> {
    Ok(Files {
        ini: read(ini)?.map(|text| (ini, text)),
        pyproject: read(toml)?.map(|text| (toml, text)),
    })
}

fn resolve(
    project: PathBuf,
    options: &Options,
    ini: &Path,
    toml: &Path,
) -> Result<AlembicConfig, ConfigError> {
    let ini = options.has_ini().then(|| ini.to_owned());
    let pyproject = options.has_pyproject().then(|| toml.to_owned());
    let file = ini.as_deref().unwrap_or(toml);
    let here = file.parent().unwrap_or(&project).to_owned();

    let prepend_sys_path = options.prepend_sys_path()?.unwrap_or_default();
    let script_location = match options.text("script_location")? {
        Some(location) => locate::folder(&location, &project, &prepend_sys_path)?,
        None => match ini.as_deref().and_then(locate::flask_folder) {
            Some(folder) => folder,
            None => return Err(options.no_script_location(file)),
        },
    };
    if !script_location.exists() {
        let config = file.to_owned();
        return Err(ConfigError::ScriptLocationMissing { config, script_location });
    }
    let version_locations = match options.version_locations()? {
        Some(locations) => locations
            .iter()
            .map(|location| locate::folder(location, &project, &prepend_sys_path))
            .collect::<Result<_, _>>()?,
        None => vec![script_location.join("versions")],
    };

    Ok(AlembicConfig {
        section: options.section().to_owned(),
        here,
        script_location,
        version_locations,
        recursive_version_locations: options.flag("recursive_version_locations")?,
        file_template: options.text("file_template")?.unwrap_or_else(|| DEFAULT_TEMPLATE.into()),
        truncate_slug_length: options.truncate_slug_length()?,
        timezone: options.text("timezone")?,
        sourceless: options.flag("sourceless")?,
        output_encoding: options.text("output_encoding")?.unwrap_or_else(|| "utf-8".into()),
        prepend_sys_path,
        ini,
        pyproject,
        project,
    })
}

/// The text of a file, or none if it is not there. (Python reads the `.ini` file in the encoding of
/// the locale, which is UTF-8 wherever this matters.)
fn read(path: &Path) -> Result<Option<String>, ConfigError> {
    match fs::read_to_string(path) {
        Ok(text) => Ok(Some(text)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(unreadable(path)(error)),
    }
}

fn unreadable(path: &Path) -> impl FnOnce(io::Error) -> ConfigError {
    let path = path.to_owned();
    move |source| ConfigError::Unreadable { path, source }
}
