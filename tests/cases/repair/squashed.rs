//! Repairs beside squashes: what one took is not mended by the other, and neither stands in the other's way.

use super::repair;
use crate::support::assert_same_tree;
use crate::support::project::Project;
use crate::support::target::Target;

const VERSIONS: &str = "migrations/versions";

#[test]
fn a_branch_on_a_squashed_revision_is_for_rebase() {
    let project = Project::chain(&["pass"; 3]);
    project.squash(&["--revision-id", "fresh"]);
    project.revision("x1", &["r3"], "pass");
    let path = format!("{VERSIONS}/x1_.py");
    // The docstring decides nothing either.
    project.write(&path, project.read(&path).replace("Revises: r3", "Revises: fresh"));
    let before = project.tree();
    let run = repair(&project, &["--write"]).exits(1);
    let why = "left alone: migrations/versions/x1_.py: its parent `r3` was squashed";
    assert!(run.stdout.contains(why), "{}", run.stdout);
    let hint = format!("rebaseline rebase {path}");
    assert!(run.stdout.contains(&hint), "{}", run.stdout);
    assert_same_tree(&project.tree(), &before);
    project.rebaseline(&["rebase", &path]).exits(0);
    project.rebaseline(&["audit"]).exits(0);
}

#[tokio::test]
async fn a_damaged_archive_of_a_repair_stops_no_stamp() {
    let project = Project::chain(&["pass", "pass"]);
    project.write(&format!("{VERSIONS}/empty.py"), "");
    repair(&project, &["--write"]).exits(0);
    let target = Target::start().await;
    let url = target.database("app").await;
    project.alembic(&url, &["upgrade", "head"]).exits(0);
    project.squash(&["--revision-id", "fresh"]);
    let repaired = project.tree().into_keys().find(|path| path.contains("archive/repairs/"));
    let repaired = repaired.unwrap();
    let whole = project.tree()[&repaired].clone();
    project.write(&repaired, &whole[..whole.len() / 2]);
    let status = project.rebaseline(&["status", &url]);
    assert!(!status.stderr.contains("cannot be used"), "{}", status.stderr);
    project.rebaseline(&["stamp", &url]).exits(0);
    project.rebaseline(&["status", &url]).exits(0);
    assert_eq!(target.versions("app").await, ["fresh"]);
    // Who asks for repairs is told.
    for arguments in [&["archive", "list"][..], &["archive", "verify"], &["undo"]] {
        let run = project.rebaseline(arguments).exits(1);
        assert!(run.stderr.contains("cannot be used"), "{arguments:?}: {}", run.stderr);
    }
}
