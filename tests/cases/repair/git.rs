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

#[test]
fn a_revision_that_was_given_a_new_id_is_not_taken_for_gone() {
    let project = Project::chain(&["pass"; 3]);
    git(&project, &["init", "-q"]);
    commit(&project);
    let old = format!("{VERSIONS}/r2_.py");
    let text = project.read(&old).replace("'r2'", "'y2'").replace("\"r2\"", "\"y2\"");
    assert!(text.contains("y2"), "{text}");
    git(&project, &["mv", &old, &format!("{VERSIONS}/y2_.py")]);
    project.write(&format!("{VERSIONS}/y2_.py"), text);
    commit(&project);
    let before = project.tree();
    let json = project.rebaseline(&["--format", "json", "repair", "--write"]).exits(1).json();
    assert_eq!(json["questions"][0]["revision"], "r3");
    let candidates = json["questions"][0]["candidates"].as_array().unwrap();
    assert_eq!(candidates[0]["answer"], "y2", "{candidates:?}");
    let why = candidates[0]["why"].as_str().unwrap();
    assert!(why.contains("it may be that one, under a new id"), "{why}");
    let other = candidates.iter().find(|candidate| candidate["answer"] == "r1").unwrap();
    assert!(other["why"].as_str().unwrap().contains("git has"), "{other}");
    // A docstring may be set right, but the parent stays.
    assert_eq!(
        project.tree()[&format!("{VERSIONS}/r3_.py")],
        before[&format!("{VERSIONS}/r3_.py")]
    );
}

/// Puts a program before git: what it does with the words that follow is the caller's.
fn before_git(project: &mut Project, script: &str) {
    use std::os::unix::fs::PermissionsExt;
    let real = std::env::split_paths(&std::env::var_os("PATH").unwrap())
        .map(|folder| folder.join("git"))
        .find(|path| path.is_file())
        .unwrap();
    let script = script.replace("REAL", &real.display().to_string());
    project.write("programs/git", format!("#!/bin/sh\n{script}\n"));
    let program = project.path().join("programs/git");
    std::fs::set_permissions(&program, std::fs::Permissions::from_mode(0o755)).unwrap();
    let path = std::env::var("PATH").unwrap();
    let path = format!("{}:{path}", project.path().join("programs").display());
    project.set("PATH", &path);
}

#[test]
fn git_fetches_nothing_and_asks_for_nothing() {
    let mut project = with_gap();
    before_git(
        &mut project,
        "[ \"$GIT_NO_LAZY_FETCH$GIT_TERMINAL_PROMPT\" = 10 ] || exit 1\nexec REAL \"$@\"",
    );
    let run = repair(&project, &[]).exits(1);
    assert!(run.stdout.contains("it builds on `r2` instead"), "{}", run.stdout);
    // Where a text is not there, an older deletion is no answer.
    before_git(&mut project, "case \"$*\" in *\" show \"*) exit 128;; esac\nexec REAL \"$@\"");
    let run = repair(&project, &[]).exits(1);
    assert!(run.stdout.contains("open[missing-parent]"), "{}", run.stdout);
}

#[test]
fn git_is_not_waited_for_without_end() {
    let mut project = with_gap();
    before_git(&mut project, "case \"$*\" in *\" log \"*) exec sleep 300;; esac\nexec REAL \"$@\"");
    let begun = std::time::Instant::now();
    let run = repair(&project, &[]).exits(1);
    assert!(run.stdout.contains("open[missing-parent]"), "{}", run.stdout);
    assert!(begun.elapsed() < std::time::Duration::from_mins(2), "{:?}", begun.elapsed());
}
