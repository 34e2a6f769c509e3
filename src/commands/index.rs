//! `rebaseline index`: what the catalog looks like after each archived revision, so that `status` can tell
//! where a database stands whose version table does not.
//!
//! Kept in the cache folder, by the archive's hash and the server's version; never in the project.

use std::path::PathBuf;

use indicatif::ProgressBar;
use rebaseline_archive::Sha256;
use serde::Serialize;

use crate::cli::{Global, Index as Arguments};
use crate::commands::generations::{self, Generations, Squash, run_folder};
use crate::commands::squash::place;
use crate::config::{self, Settings};
use crate::error::Result;
use crate::files;
use crate::format::alembic::recipe::recipe;
use crate::postgres::catalog;
use crate::postgres::scratch::ScratchDb;
use crate::postgres::server::Server;
use crate::report::{Printable, Report, count};
use crate::run::Interpreter;
use crate::schema::index::Index;
use crate::stages::index::{self, Request};

#[derive(Debug, Serialize)]
struct Line {
    archive: String,
    outcome: &'static str,
    revisions: usize,
    file: String,
}

#[derive(Debug, Serialize)]
struct Indexed {
    archives: Vec<Line>,
}

impl Printable for Indexed {
    fn text(&self) -> String {
        let text = |line: &Line| {
            let revisions = count(line.revisions as u64, "revision", "revisions");
            format!("{:<9} {}: {revisions}", line.outcome, line.archive)
        };
        self.archives.iter().map(text).collect::<Vec<_>>().join("\n")
    }
}

/// Indexes the archives.
pub async fn index(global: &Global, arguments: &Arguments, report: &Report) -> Result<u8> {
    let settings = Settings::load(global, &arguments.running)?;
    let squashes = Generations::load(&settings, arguments.archive.as_deref())?;
    let mut archives = Vec::new();
    for (number, squash) in squashes.squashes().iter().enumerate() {
        let work = Work { settings: &settings, squashes: &squashes, number, squash };
        archives.push(work.index(arguments.again, report).await?);
    }
    report.result(&Indexed { archives });
    Ok(0)
}

/// One archive to index.
struct Work<'a> {
    settings: &'a Settings,
    squashes: &'a Generations,
    number: usize,
    squash: &'a Squash,
}

impl Work<'_> {
    async fn index(&self, again: bool, report: &Report) -> Result<Line> {
        let settings = self.settings;
        // Each archive has a server of its own: roles are shared by all databases of one.
        let mut server = Server::launch(&settings.source, &settings.places, &settings.path).await?;
        let version = place::short_version(server.version()).replace(' ', "-");
        let file =
            folder(settings).join(format!("{}-{version}.json", self.squash.archive.sha256()));
        let archive = self.squash.file.display().to_string();
        let line = |outcome, revisions| {
            let file = file.display().to_string();
            Line { archive: archive.clone(), outcome, revisions, file }
        };
        if !again
            && let Ok(bytes) = files::read(&file)
            && let Ok(index) = Index::from_json(&bytes)
        {
            return Ok(line("there", index.len()));
        }
        let folder = server.folder().subfolder("python").map_err(place::file)?;
        let mut interpreter = Interpreter::start(recipe(settings), &folder)?;
        server.ready().await?;
        let database = ScratchDb::create(&server, "index").await?;
        let length = self.revisions().count() as u64;
        let bar = report.bar("index", length);
        let index = self.replay(&server, &database, &mut interpreter, &bar, report).await;
        bar.finish_and_clear();
        database.drop_scratch().await?;
        let index = index?;
        files::write_atomic(&file, &index.to_json()).map_err(place::file)?;
        Ok(line("indexed", index.len()))
    }

    async fn replay(
        &self,
        server: &Server,
        database: &ScratchDb,
        interpreter: &mut Interpreter,
        bar: &ProgressBar,
        report: &Report,
    ) -> Result<Index> {
        let held = run_folder(self.settings)?;
        let folder = held.subfolder("old").map_err(place::file)?;
        let locations = self.squashes.lay_out(self.number, self.settings, &folder)?;
        let manifest = self.squash.archive.manifest();
        let kept = manifest.history.revisions.iter();
        let kept = kept.filter(|revision| manifest.history.kept.contains(&revision.id));
        let request = Request {
            revisions: self.revisions().map(|(id, file)| (id, folder.join(file))).collect(),
            kept: kept.map(|revision| revision.file.under(&folder)).collect(),
            moved: generations::moved(self.settings, &locations),
            locations,
            database,
            prelude: &self.settings.prelude,
            version_table: &manifest.version_table,
            environment: config::inherited(),
        };
        let before = roles(database).await?;
        let tell = |revision: &str| {
            bar.set_message(revision.to_owned());
            bar.inc(1);
        };
        let index = index::index(&request, interpreter, &tell).await;
        if !server.is_private() {
            let made: Vec<_> =
                roles(database).await?.into_iter().filter(|role| !before.contains(role)).collect();
            if !made.is_empty() {
                report.note(format!(
                    "the revisions made roles on the given server: {}",
                    made.join(", ")
                ));
            }
        }
        Ok(index?)
    }

    /// The squashed revisions with their files below the root.
    fn revisions(&self) -> impl Iterator<Item = (String, PathBuf)> {
        let history = &self.squash.archive.manifest().history;
        let squashed = history.revisions.iter().filter(|r| !history.kept.contains(&r.id));
        squashed.map(|r| (r.id.clone(), PathBuf::from(r.file.as_str())))
    }
}

async fn roles(database: &ScratchDb) -> Result<Vec<String>> {
    let mut connection = database.connect().await?;
    let roles = catalog::role_names(&mut connection).await;
    Ok(roles
        .map_err(|source| index::IndexError::Catalog { revision: "none".to_owned(), source })?)
}

/// Where indexes are kept.
fn folder(settings: &Settings) -> PathBuf {
    settings.places.cache.join("index")
}

/// The kept index of an archive: of this major if there is one, else of any.
pub fn kept(settings: &Settings, archive: Sha256, major: u32) -> Option<Index> {
    let entries = std::fs::read_dir(folder(settings)).ok()?;
    let prefix = format!("{archive}-");
    let files = entries.flatten().filter(|entry| {
        let name = entry.file_name().to_string_lossy().into_owned();
        name.starts_with(&prefix)
    });
    // A file that cannot be read is none: it is only a cache.
    let indexes = files.filter_map(|e| Index::from_json(&files::read(&e.path()).ok()?).ok());
    indexes.max_by_key(|index| (index.postgres() == major, index.postgres()))
}
