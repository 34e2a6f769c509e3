//! `--readme FILE`: the file that tells of the current baseline is written with the swap, and `undo` puts
//! back what it said before.

use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use crate::commands::squash::place::{self, PlaceError, Placed};
use crate::config::Settings;
use crate::error::{Explain, Kind, Result};
use crate::files;
use crate::history::Cut;
use crate::schema::{self, Entry, existing};
use crate::stages::dump::SchemaDump;
use crate::stages::render::readme::{self, Request};
use crate::stages::render::{self, Baseline, FileChange};
use crate::stages::replay::Replayed;

/// A file that cannot be the README.
#[derive(Debug, thiserror::Error)]
#[error("`{}` cannot be the README: it is {what}", file.display())]
pub struct NoReadme {
    file: PathBuf,
    what: &'static str,
}

impl Explain for NoReadme {
    fn kind(&self) -> Kind {
        Kind::Usage
    }

    fn hints(&self) -> Vec<String> {
        vec!["name a text file, for instance --readme migrations/README.md".to_owned()]
    }
}

/// The README as it is, and the template of its block.
#[derive(Debug)]
pub struct Readme {
    /// Relative to the root.
    path: PathBuf,
    old: Option<String>,
    template: Option<(String, String)>,
}

/// Reads the README and checks it, before anything is replayed.
pub fn open(settings: &Settings) -> Result<Option<Readme>> {
    let Some(file) = &settings.readme else { return Ok(None) };
    let absolute = settings.alembic.project.join(file);
    let no = |what| NoReadme { file: file.clone(), what };
    if absolute.is_dir() {
        return Err(no("a folder").into());
    }
    if absolute.extension().is_some_and(|extension| extension == "py") {
        return Err(no("Python").into());
    }
    // Through a link: the file that is meant is written, and the link stays.
    let absolute = absolute.canonicalize().unwrap_or(absolute);
    let path = place::relative(settings, &absolute)?;
    let old = match files::read_text(&absolute) {
        Ok(text) => Some(text),
        Err(error) if error.is_not_found() => None,
        Err(error) => return Err(PlaceError::from(error).into()),
    };
    let template = place::template(settings, readme::TEMPLATE)?;
    let readme = Readme { path, old, template };
    readme::check(readme.template(), &readme.shown(), readme.old.as_deref())?;
    Ok(Some(readme))
}

/// What the README tells of a squash.
pub struct Told<'a> {
    /// The cut.
    pub cut: &'a Cut,
    /// The baselines.
    pub baselines: &'a [Baseline],
    /// What the history made.
    pub dump: &'a SchemaDump,
    /// What the replay told.
    pub replayed: &'a Replayed,
    /// Where all of it goes.
    pub placed: &'a Placed,
    /// The server's version in words.
    pub server: &'a str,
}

/// The README's change; none without a README.
pub fn change(
    readme: Option<&Readme>,
    settings: &Settings,
    told: &Told<'_>,
) -> Result<Vec<FileChange>> {
    let Some(readme) = readme else { return Ok(Vec::new()) };
    let entries = &told.dump.holding.entries;
    let made = entries.iter().filter(|entry| !existing::was_there(entry, &told.replayed.existing));
    let made: Vec<Entry> = made.cloned().collect();
    let request = Request {
        baselines: told.baselines,
        cut: told.cut,
        entries: &made,
        notes: &render::notes(told.dump),
        roles: &told.dump.expected_roles,
        created: &told.placed.created,
        archive: &told.placed.archive.to_string_lossy(),
        server: told.server,
        upgrade: &upgrade(settings),
    };
    let text = readme::render(&request, readme.template(), &readme.shown(), readme.old.as_deref())?;
    if readme.old.as_ref() == Some(&text) {
        return Ok(Vec::new());
    }
    let old = readme.old.as_ref().map(|old| schema::hex(&Sha256::digest(old.as_bytes())));
    Ok(vec![FileChange { path: readme.path.clone(), old, text }])
}

impl Readme {
    fn template(&self) -> Option<(&str, &str)> {
        self.template.as_ref().map(|(name, text)| (name.as_str(), text.as_str()))
    }

    fn shown(&self) -> String {
        self.path.display().to_string()
    }
}

/// What a user types to upgrade a database.
fn upgrade(settings: &Settings) -> String {
    if let Some(words) = &settings.command {
        return shell_words::join(words);
    }
    let alembic = &settings.alembic;
    let mut words = vec!["alembic".to_owned()];
    let file = place::relative(settings, alembic.file()).unwrap_or_default();
    let usual = ["alembic.ini", "pyproject.toml", ""].iter().any(|usual| file == Path::new(usual));
    if !usual {
        words.extend(["-c".to_owned(), file.display().to_string()]);
    }
    if alembic.section != crate::format::alembic::ini::DEFAULT_SECTION {
        words.extend(["-n".to_owned(), alembic.section.clone()]);
    }
    words.extend(["upgrade".to_owned(), "heads".to_owned()]);
    shell_words::join(words)
}
