//! What git knows of revisions that are gone: the files that declared them, and what they built on.
//!
//! Without git, or outside of a repository, nothing is known. Only the history of the current commit counts:
//! what another branch has is not deleted.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use crate::config::Settings;
use crate::format::alembic::python::read_revision_named;
use crate::history::RevisionId;
use crate::process::{self, Plan};
use crate::stages::repair::Deleted;

/// How many revisions are followed up the deleted part.
const MANY: usize = 100;

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
    let mut seen = missing.clone();
    let mut todo: Vec<RevisionId> = missing.into_iter().collect();
    while let Some(id) = todo.pop() {
        if seen.len() > MANY {
            break;
        }
        let Some(deleted) = look_for(settings, folder, &id).await else { continue };
        todo.extend(
            deleted.parents.iter().filter(|parent| seen.insert((*parent).clone())).cloned(),
        );
        found.insert(id, deleted);
    }
    found
}

/// The newest deletion of a file that declared this id.
async fn look_for(settings: &Settings, folder: &Path, id: &RevisionId) -> Option<Deleted> {
    let log = git(folder).arguments([
        "log",
        "--no-renames",
        "--diff-filter=D",
        "--name-only",
        "--format=%x00%H",
        &format!("-S{id}"),
        "--",
    ]);
    let log = log.arguments(settings.alembic.version_locations.iter().filter(|f| f.is_dir()));
    let log = process::run(&log).await.ok()?;
    for entry in String::from_utf8_lossy(&log).split('\0').filter(|entry| !entry.is_empty()) {
        let mut lines = entry.lines().filter(|line| !line.is_empty());
        let commit = lines.next()?;
        for path in lines {
            // Without a colon in front, git would take it from the current folder.
            let show = git(folder).arguments(["show", &format!("{commit}^:{path}")]);
            let Ok(text) = process::run(&show).await else { continue };
            let name = Path::new(path).file_name().unwrap_or_default().to_string_lossy();
            let read = read_revision_named(&String::from_utf8_lossy(&text), &name);
            let Ok(source) = read else { continue };
            if source.id == *id {
                return Some(Deleted {
                    path: path.to_owned(),
                    commit: commit.chars().take(10).collect(),
                    parents: source.parents.into_iter().map(|parent| parent.value).collect(),
                });
            }
        }
    }
    None
}

/// git in the folder of the revisions, with names as they are.
fn git(folder: &Path) -> Plan {
    Plan::new("git").arguments(["-c", "core.quotePath=false", "-C"]).argument(folder)
}
