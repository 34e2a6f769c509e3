//! `rebaseline bridge install|remove`: the generated module beside `env.py`, and the call in `env.py`.
//!
//! Takes the project's `env.py`; leaves it with the bridge, or as it was before. The module goes in before
//! the call of it and comes out after it, so `env.py` never calls what is not there: whatever stops a run
//! in between, the same command finishes it.

use std::path::{Path, PathBuf};

use serde::Serialize;
use similar::TextDiff;

use crate::cli::{Bridge, BridgeInstall, BridgeRemove, Global, Running};
use crate::commands::squash::{SquashError, place};
use crate::config::Settings;
use crate::error::{Explain, Kind, Result};
use crate::files::{self, PathError};
use crate::format::alembic::bridge::{self, Unusual};
use crate::report::{Printable, Report};

/// A bridge that cannot be put in or taken out.
#[derive(Debug, thiserror::Error)]
pub enum BridgeError {
    /// `env.py` is written in a way that we do not know.
    #[error("`{}` cannot be edited", path.display())]
    Unusual {
        /// The file.
        path: PathBuf,
        /// What is unusual.
        #[source]
        source: Unusual,
    },
    /// Another file has the module's name.
    #[error("`{}` was not written by rebaseline", path.display())]
    Foreign {
        /// The file.
        path: PathBuf,
    },
    /// The module would be lost with what somebody has written into it.
    #[error("`{}` is not as it was generated: it was edited, or an older rebaseline made it", path.display())]
    Edited {
        /// The file.
        path: PathBuf,
    },
    /// Nobody can be asked whether that may be.
    #[error("`{}` was edited, and would be written over", path.display())]
    WritesOver {
        /// The file.
        path: PathBuf,
    },
    /// Our template cannot be rendered.
    #[error("the bridge's module cannot be rendered")]
    Template(#[from] tera::Error),
    /// The disk.
    #[error(transparent)]
    File(#[from] PathError),
    /// One of the two files is written, the other one is not.
    #[error("one of two files could not be written")]
    Half {
        /// What stands now.
        stands: &'static str,
        /// The disk.
        #[source]
        source: PathError,
    },
}

impl Explain for BridgeError {
    fn kind(&self) -> Kind {
        match self {
            Self::Unusual { .. }
            | Self::Foreign { .. }
            | Self::Edited { .. }
            | Self::WritesOver { .. } => Kind::Refused,
            Self::Template(_) => Kind::Bug,
            Self::File(_) | Self::Half { .. } => Kind::Tool,
        }
    }

    fn hints(&self) -> Vec<String> {
        match self {
            Self::Unusual { .. } => bridge::instructions(),
            Self::Foreign { .. } => vec!["move it out of the way".to_owned()],
            Self::Edited { path } => vec![
                format!(
                    "keep what you need of it, move it out of the way, then: rebaseline bridge remove   (mv {0} {0}.old)",
                    path.display()
                ),
                "or, if nothing of it is needed: rebaseline bridge install --yes && rebaseline bridge remove".to_owned(),
            ],
            Self::WritesOver { .. } => vec![
                "see what would be lost: rebaseline bridge install --dry-run".to_owned(),
                "if nothing of it is needed: --yes".to_owned(),
            ],
            Self::Half { .. } => vec!["run the same command again".to_owned()],
            _ => Vec::new(),
        }
    }

    fn state(&self) -> String {
        match self {
            Self::Half { stands, .. } => (*stands).to_owned(),
            _ => "nothing was changed".to_owned(),
        }
    }
}

#[derive(Debug, Serialize)]
struct BridgeResult {
    outcome: &'static str,
    env: String,
    module: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    archives: Option<String>,
    diff: String,
}

impl Printable for BridgeResult {
    fn text(&self) -> String {
        let (env, module) = (&self.env, &self.module);
        match (self.outcome, &self.archives) {
            ("dry_run", _) => self.diff.trim_end().to_owned(),
            ("not_installed", _) => format!("there is no bridge in {env}"),
            ("removed", _) => format!("the bridge is out of {env}, and {module} is gone"),
            (outcome, archives) => {
                let already = if outcome == "already_installed" { " already" } else { "" };
                let archives = archives.as_deref().unwrap_or_default();
                format!(
                    "the bridge is{already} in {module}, called by {env}\n\
                     commit both, and ship {archives} with them: it holds the revisions that old databases need"
                )
            }
        }
    }
}

/// The two files.
struct Place {
    env: PathBuf,
    text: String,
    module: PathBuf,
    /// What is in the module's place now.
    old: Option<String>,
}

/// Runs one of the verbs.
pub fn bridge(global: &Global, arguments: &Bridge, report: &Report) -> Result<u8> {
    let settings = Settings::load(global, &Running::default())?;
    let _lock = place::lock(&settings)?;
    place::no_journal(&settings)?;
    let result = match arguments {
        Bridge::Install(arguments) => install(settings, arguments, report)?,
        Bridge::Remove(arguments) => remove(&settings, arguments, report)?,
    };
    report.result(&result);
    Ok(0)
}

fn install(settings: Settings, arguments: &BridgeInstall, report: &Report) -> Result<BridgeResult> {
    let archive_dir = arguments.archive_dir.clone().or(settings.archive_dir);
    let settings = Settings { archive_dir, ..settings };
    let place = Place::find(&settings)?;
    let archives = place::archive_folder(&settings)?;
    let module = module(&settings, &archives)?;
    let env = bridge::install(&place.text).map_err(|source| place.unusual(source))?;
    let mut result = place.result(&settings, "installed", env.as_deref());
    result.archives = Some(shown(&settings, &archives));
    // What somebody has written into it would be lost: it is shown, and asked for.
    let edited = place.old.as_ref().filter(|old| **old != module && !bridge::is_as_generated(old));
    if let Some(old) = edited {
        result.diff.push_str(&diff(old, &module, &result.module));
    }
    if env.is_none() && place.old.as_ref() == Some(&module) {
        result.outcome = "already_installed";
    } else if arguments.dry_run {
        result.outcome = "dry_run";
    } else {
        if edited.is_some() && !arguments.yes && !report.asks() {
            return Err(BridgeError::WritesOver { path: place.module }.into());
        }
        let question = match edited {
            Some(_) => format!(
                "Change {}, and write over what was edited in {}?",
                result.env, result.module
            ),
            None => format!("Change {}?", result.env),
        };
        confirm(&result, &question, arguments.yes, report)?;
        files::write_atomic(&place.module, module.as_bytes()).map_err(BridgeError::from)?;
        if let Some(env) = env {
            let stands = "the module is there, and env.py is as it was: it does not call it";
            let written = files::write_atomic(&place.env, env.as_bytes());
            written.map_err(|source| BridgeError::Half { stands, source })?;
        }
    }
    Ok(result)
}

/// The module that fits these settings.
fn module(settings: &Settings, archives: &Path) -> Result<String> {
    let from = real(&settings.alembic.script_location);
    let (to, root) = (real(archives), real(&settings.root));
    let module = bridge::module(&relative(&from, &to), &relative(&from, &root));
    Ok(module.map_err(BridgeError::from)?)
}

/// What to say of a bridge that is there and would not find the archives of these settings, or that another
/// version has written.
pub fn outdated(settings: &Settings) -> Option<String> {
    let place = Place::find(settings).ok()?;
    let wanted = module(settings, &place::archive_folder(settings).ok()?).ok()?;
    let path = shown(settings, &place.module);
    (place.old? != wanted).then(|| {
        format!(
            "{path} looks for archives in another folder, or is of another version of rebaseline: \
             run `rebaseline bridge install` with the same --archive-dir"
        )
    })
}

fn remove(settings: &Settings, arguments: &BridgeRemove, report: &Report) -> Result<BridgeResult> {
    let place = Place::find(settings)?;
    if place.old.as_ref().is_some_and(|module| !bridge::is_as_generated(module)) {
        return Err(BridgeError::Edited { path: place.module }.into());
    }
    let env = bridge::remove(&place.text).map_err(|source| place.unusual(source))?;
    let mut result = place.result(settings, "removed", env.as_deref());
    if env.is_none() && place.old.is_none() {
        result.outcome = "not_installed";
    } else if arguments.dry_run {
        result.outcome = "dry_run";
    } else {
        confirm(&result, &format!("Change {}?", result.env), arguments.yes, report)?;
        if let Some(env) = env {
            files::write_atomic(&place.env, env.as_bytes()).map_err(BridgeError::from)?;
        }
        if place.old.is_some() {
            let stands =
                "env.py is as before the bridge; the module is still there, and nothing calls it";
            let removed = files::remove_file(&place.module);
            removed.map_err(|source| BridgeError::Half { stands, source })?;
        }
    }
    Ok(result)
}

impl Place {
    /// Reads both files. A module that is not ours is never written over.
    fn find(settings: &Settings) -> Result<Self, BridgeError> {
        let folder = &settings.alembic.script_location;
        // Through a link: the file that is meant is written, and the link stays.
        let env = real(&folder.join("env.py"));
        let text = files::read_text(&env)?;
        let module = folder.join(bridge::FILE);
        let old = match files::read_text(&module) {
            Ok(old) if bridge::is_module(&old) => Some(old),
            Ok(_) => return Err(BridgeError::Foreign { path: module }),
            Err(error) if error.is_not_found() => None,
            Err(error) => return Err(error.into()),
        };
        Ok(Self { env, text, module, old })
    }

    fn unusual(&self, source: Unusual) -> BridgeError {
        BridgeError::Unusual { path: self.env.clone(), source }
    }

    fn result(
        &self,
        settings: &Settings,
        outcome: &'static str,
        new: Option<&str>,
    ) -> BridgeResult {
        let env = shown(settings, &self.env);
        let diff = new.map_or_else(String::new, |new| diff(&self.text, new, &env));
        let module = shown(settings, &self.module);
        BridgeResult { outcome, env, module, archives: None, diff }
    }
}

/// Shows the change, and asks whether it may be made.
fn confirm(result: &BridgeResult, question: &str, yes: bool, report: &Report) -> Result<()> {
    if !result.diff.is_empty() {
        report.note(format_args!("{}\n{}", result.env, result.diff.trim_end()));
    }
    if !report.confirm(question, yes) {
        return Err(SquashError::NotConfirmed.into());
    }
    Ok(())
}

fn diff(old: &str, new: &str, path: &str) -> String {
    TextDiff::from_lines(old, new).unified_diff().header(path, path).to_string()
}

/// A path as it is shown: relative to the root if it lies inside.
fn shown(settings: &Settings, path: &Path) -> String {
    let relative = place::relative(settings, path).unwrap_or_else(|_| path.to_owned());
    relative.display().to_string()
}

fn real(path: &Path) -> PathBuf {
    path.canonicalize().unwrap_or_else(|_| place::existing_part(path))
}

/// The way from one absolute folder to another, as Python writes it on any system.
fn relative(from: &Path, to: &Path) -> String {
    let (from, to): (Vec<_>, Vec<_>) = (from.components().collect(), to.components().collect());
    let same = from.iter().zip(&to).take_while(|(one, other)| one == other).count();
    let up = from[same..].iter().map(|_| "..".to_owned());
    let down = to[same..].iter().map(|part| part.as_os_str().to_string_lossy().into_owned());
    let parts: Vec<String> = up.chain(down).collect();
    if parts.is_empty() { ".".to_owned() } else { parts.join("/") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_way_between_folders() {
        for (from, to, way) in [
            ("/p/migrations", "/p/migrations/archive", "archive"),
            ("/p/migrations", "/p", ".."),
            ("/p/a/migrations", "/p/data/archive", "../../data/archive"),
            ("/p", "/p", "."),
        ] {
            assert_eq!(relative(Path::new(from), Path::new(to)), way);
        }
    }
}
