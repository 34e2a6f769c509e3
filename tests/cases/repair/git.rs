//! What git tells of a parent that was deleted, and work that is not committed.

use std::process::Command;

use super::{example, repair};
use crate::support::assert_same_tree;
use crate::support::project::Project;

const VERSIONS: &str = "migrations/versions";

fn git(project: &Project, arguments: &[&str]) {
    let output = Command::new("git")
        .args(["-c", "user.name=n", "-c", "user.email=n@localhost", "-c", "commit.gpgSign=false"])
        .args(arguments)
        .current_dir(project.path())
        .output()
        .unwrap();
    assert!(output.status.success(), "git {arguments:?}: {output:?}");
}

fn commit(project: &Project) {
    git(project, &["add", "-A"]);
    git(project, &["commit", "-qm", "work"]);
}

/// Five revisions in a row, of which the third and the fourth are deleted.
fn with_gap() -> Project {
    let project = Project::chain(&["pass"; 5]);
    git(&project, &["init", "-q"]);
    commit(&project);
    for gone in ["r3", "r4"] {
        std::fs::remove_file(project.path().join(format!("{VERSIONS}/{gone}_.py"))).unwrap();
        commit(&project);
    }
    project
}

#[test]
fn a_deleted_parent_is_found() {
    let project = with_gap();
    let before = project.tree();
    let run = repair(&project, &[]).exits(1);
    for part in [
        "`migrations/versions/r4_.py`, deleted in",
        "`migrations/versions/r3_.py`, deleted in",
        "it builds on `r2` instead",
    ] {
        assert!(run.stdout.contains(part), "{part}: {}", run.stdout);
    }
    repair(&project, &["--write"]).exits(0);
    let path = format!("{VERSIONS}/r5_.py");
    let old = String::from_utf8(before[&path].clone()).unwrap();
    assert_eq!(project.read(&path), old.replace("r4", "r2"));
    project.rebaseline(&["undo"]).exits(0);
    assert_same_tree(&project.tree(), &before);
}

#[test]
fn a_parent_that_git_never_had_is_asked_about() {
    let project = with_gap();
    let path = format!("{VERSIONS}/r5_.py");
    project.write(&path, project.read(&path).replace("r4", "never"));
    let run = repair(&project, &[]).exits(1);
    assert!(
        run.stdout.contains("open[missing-parent]: the parent `never` of `r5`"),
        "{}",
        run.stdout
    );
}

#[test]
fn uncommitted_work_is_not_mixed_with() {
    let project = example("broken-cycle");
    git(&project, &["init", "-q"]);
    commit(&project);
    project.write(&format!("{VERSIONS}/new.py"), "");
    let before = project.tree();
    // The plan can be looked at.
    repair(&project, &[]).exits(1);
    let run = repair(&project, &["--write"]).exits(1);
    assert!(run.stderr.contains("not committed"), "{}", run.stderr);
    assert_same_tree(&project.tree(), &before);
    repair(&project, &["--write", "--allow-dirty"]).exits(1);
    assert!(!project.path().join(VERSIONS).join("new.py").exists());
}
