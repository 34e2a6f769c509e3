//! What git knows of revisions that are gone: the files that declared them, and what they built on.
//!
//! Without git, or outside of a repository, nothing is known. Only the history of the current commit counts:
//! what another branch has is not deleted. A commit that takes one revision and adds another may have given it
//! a new id: what it added is told, so that nobody takes the old one for gone.
//!
//! git stays on this machine and asks for nothing. What it does not tell in time, or cannot tell, is not known.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::time::Duration;

use tokio::time::Instant;

use crate::config::Settings;
use crate::format::alembic::python::read_revision_named;
use crate::history::RevisionId;
use crate::process::{self, Plan};
use crate::stages::repair::{Added, Deleted};

/// How many revisions are followed up the deleted part.
const MANY: usize = 100;

/// How long git may take for all of it: what it knows saves a question, no more.
const PATIENCE: Duration = Duration::from_secs(15);

/// Looks for the files that declared these ids, and for those of their parents as far as they are gone too.
pub(super) async fn deleted(
    settings: &Settings,
    missing: BTreeSet<RevisionId>,
) -> BTreeMap<RevisionId, Deleted> {
    let mut found = BTreeMap::new();
    let Some(folder) = settings.alembic.version_locations.iter().find(|folder| folder.is_dir())
    else {
        return found;
    };
    let until = Instant::now() + PATIENCE;
    let mut seen = missing.clone();
    let mut todo: Vec<RevisionId> = missing.into_iter().collect();
    while let Some(id) = todo.pop() {
        if seen.len() > MANY {
            break;
        }
        let Some(deleted) = look_for(settings, folder, &id, until).await else { continue };
        todo.extend(
            deleted.parents.iter().filter(|parent| seen.insert((*parent).clone())).cloned(),
        );
        found.insert(id, deleted);
    }
    found
}

/// The newest deletion of a file that declared this id.
async fn look_for(
    settings: &Settings,
    folder: &Path,
    id: &RevisionId,
    until: Instant,
) -> Option<Deleted> {
    let log = git(folder).arguments([
        "log",
        "--no-renames",
        "--diff-filter=D",
        "--no-relative",
        "--name-only",
        "--format=%x00%H",
        &format!("-S{id}"),
        "--",
    ]);
    let log = told(&log.arguments(locations(settings)), until).await?;
    for entry in log.split('\0').filter(|entry| !entry.is_empty()) {
        let mut lines = entry.lines().filter(|line| !line.is_empty());
        let commit = lines.next()?;
        for path in lines {
            // A text that git does not have here may be the newest deletion: an older one is no answer then.
            let text = text(folder, &format!("{commit}^"), path, until).await?;
            let Ok(source) = read_revision_named(&text, name(path)) else { continue };
            if source.id == *id {
                return Some(Deleted {
                    path: path.to_owned(),
                    commit: commit.chars().take(10).collect(),
                    parents: source.parents.into_iter().map(|parent| parent.value).collect(),
                    added: added(settings, folder, commit, until).await?,
                });
            }
        }
    }
    None
}

/// The revision files that a commit added.
async fn added(
    settings: &Settings,
    folder: &Path,
    commit: &str,
    until: Instant,
) -> Option<Vec<Added>> {
    let show = git(folder).arguments([
        "diff-tree",
        "-r",
        "--no-commit-id",
        "--no-renames",
        "--no-relative",
        "--diff-filter=A",
        "--name-only",
        "-z",
        commit,
        "--",
    ]);
    let paths = told(&show.arguments(locations(settings)), until).await?;
    let mut added = Vec::new();
    for path in paths.split('\0').filter(|path| is_python(path)) {
        let text = text(folder, commit, path, until).await?;
        let id = read_revision_named(&text, name(path)).ok().map(|source| source.id);
        added.push(Added { path: path.to_owned(), id });
    }
    Some(added)
}

/// Whether Alembic would take a file for a revision by its name.
fn is_python(path: &str) -> bool {
    Path::new(path).extension().is_some_and(|e| e == "py") && name(path) != "__init__.py"
}

fn name(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

fn locations(settings: &Settings) -> impl Iterator<Item = &Path> {
    let folders = settings.alembic.version_locations.iter();
    folders.map(AsRef::as_ref).filter(|folder: &&Path| folder.is_dir())
}

/// A file as a commit has it.
async fn text(folder: &Path, commit: &str, path: &str, until: Instant) -> Option<String> {
    // A path behind the colon is taken from the top, wherever git runs.
    told(&git(folder).arguments(["show", &format!("{commit}:{path}")]), until).await
}

/// What git writes; none if it fails, or takes too long: then it is ended.
async fn told(git: &Plan, until: Instant) -> Option<String> {
    let told = tokio::time::timeout_at(until, process::run(git)).await.ok()?.ok()?;
    Some(String::from_utf8_lossy(&told).into_owned())
}

/// git in the folder of the revisions, with names as they are. It fetches nothing, and asks for no password.
fn git(folder: &Path) -> Plan {
    Plan::new("git")
        .arguments(["-c", "core.quotePath=false", "-C"])
        .argument(folder)
        .set("GIT_NO_LAZY_FETCH", "1")
        .set("GIT_TERMINAL_PROMPT", "0")
        .set("GIT_OPTIONAL_LOCKS", "0")
}
