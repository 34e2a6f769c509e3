//! What is not mended: answers that are none, links, unreadable files, conflicts.

use std::os::unix::fs::PermissionsExt;

use super::{example, repair};
use crate::support::assert_same_tree;
use crate::support::project::Project;

const VERSIONS: &str = "migrations/versions";

#[test]
fn answers_that_are_none() {
    let project = example("broken-cycle");
    let before = project.tree();
    let run = repair(&project, &["--choose", "6a0f8e3d5b12=cut:2d9c4b7e1f60", "--write"]).exits(2);
    insta::assert_snapshot!(run.stderr);
    repair(&project, &["--choose", "6a0f8e3d5b12", "--write"]).exits(2);
    let run = repair(&project, &["--choose", "unknown=x"]).exits(1);
    assert!(run.stderr.contains("there is no such question"), "{}", run.stderr);
    assert_same_tree(&project.tree(), &before);
}

#[test]
fn an_answer_for_one_of_two_missing_parents_says_which() {
    let project = Project::chain(&["pass", "pass"]);
    project.revision("x1", &["r1"], "pass");
    project.revision("m", &["gone", "lost"], "pass");
    let before = project.tree();
    let run = repair(&project, &["--choose", "m=x1", "--write"]).exits(2);
    assert!(run.stderr.contains("--choose 'm:gone=x1'"), "{}", run.stderr);
    assert_same_tree(&project.tree(), &before);
    let answers = ["--choose", "m:lost=x1", "--choose", "m:gone=r2", "--write"];
    repair(&project, &answers).exits(0);
    let text = project.read(&format!("{VERSIONS}/m_.py"));
    let (gone, there) = (text.contains("gone") || text.contains("lost"), text.contains("r2"));
    assert!(!gone && there && text.contains("x1"), "{text}");
}

#[test]
fn conflict_markers_stop_it() {
    let project = example("broken-rental");
    let path = format!("{VERSIONS}/1f7a3c88e0b4_rentals.py");
    let text = project.read(&path);
    let conflict = text.replace(
        "down_revision = \"b5d2e9047c16\"\n",
        "<<<<<<< HEAD\ndown_revision = \"b5d2e9047c16\"\n=======\ndown_revision = \"8c1f0a2b7d31\"\n>>>>>>> other\n",
    );
    assert_ne!(text, conflict);
    project.write(&path, conflict);
    let before = project.tree();
    let run = repair(&project, &[]).exits(1);
    assert!(run.stdout.contains("it has git's conflict markers"), "{}", run.stdout);
    let run = repair(&project, &["--write"]).exits(1);
    insta::assert_snapshot!(run.stderr);
    assert_same_tree(&project.tree(), &before);
}

#[test]
fn nothing_is_written_through_a_link() {
    let project = Project::chain(&["pass", "pass"]);
    let elsewhere = "elsewhere/x1_.py";
    project.write(elsewhere, "revision = 'x1'\ndown_revision = 'None'\n");
    project.write("elsewhere/empty.py", "");
    for name in ["x1_.py", "empty.py"] {
        let target = format!("../../elsewhere/{name}");
        std::os::unix::fs::symlink(target, project.path().join(VERSIONS).join(name)).unwrap();
    }
    let before = project.tree();
    let run = repair(&project, &["--write"]).exits(1);
    insta::assert_snapshot!(run.stderr);
    assert_same_tree(&project.tree(), &before);
    // An empty one alone does not stand in the way of others.
    std::fs::remove_file(project.path().join(VERSIONS).join("x1_.py")).unwrap();
    project.write(&format!("{VERSIONS}/e.py"), "");
    let run = repair(&project, &["--write"]).exits(1);
    assert!(run.stdout.contains("1 file mended; the audit finds 1 error"), "{}", run.stdout);
    assert!(project.path().join(VERSIONS).join("empty.py").is_symlink());
    assert!(!project.path().join(VERSIONS).join("e.py").exists());
}

#[test]
fn unreadable_files_are_told_and_left() {
    let project = Project::chain(&["pass", "pass"]);
    let secret = project.path().join(VERSIONS).join("secret.py");
    project.write(&format!("{VERSIONS}/secret.py"), b"revision = '\xff'\n");
    std::fs::set_permissions(&secret, std::fs::Permissions::from_mode(0o600)).unwrap();
    project.write(&format!("{VERSIONS}/broken.py"), "this is no Python at all\n");
    project.write(&format!("{VERSIONS}/empty.py"), "");
    // It may be declared in the file that cannot be read: not clear any more, whatever the docstring says.
    project.revision("x1", &["gone"], "pass");
    let path = format!("{VERSIONS}/x1_.py");
    project.write(&path, project.read(&path).replace("Revises: gone", "Revises: r2"));
    let before = project.tree();
    let run = repair(&project, &["--write"]).exits(1);
    insta::assert_snapshot!(run.stdout.rsplit_once("; the old ones").unwrap().0);
    let mut wanted = before;
    wanted.remove(&format!("{VERSIONS}/empty.py"));
    let mut now = project.tree();
    now.retain(|path, _| !path.ends_with(".zip"));
    assert_same_tree(&now, &wanted);
}

#[test]
fn what_cannot_be_edited_stops_it() {
    let project = Project::chain(&["pass", "pass"]);
    // Its id comes from its name.
    project.write(&format!("{VERSIONS}/abc.py"), "down_revision = 'gone'\n");
    let before = project.tree();
    let run = repair(&project, &["--choose", "abc=r2", "--write"]).exits(1);
    assert!(run.stderr.contains("cannot be edited safely"), "{}", run.stderr);
    assert_same_tree(&project.tree(), &before);
}

#[test]
fn a_file_that_was_edited_after_the_repair_is_not_overwritten() {
    let project = example("broken-cycle");
    repair(&project, &["--choose", "6a0f8e3d5b12=cut:6a0f8e3d5b12", "--write"]).exits(0);
    let path = format!("{VERSIONS}/6a0f8e3d5b12_cards.py");
    project.write(&path, project.read(&path) + "# mine\n");
    let before = project.tree();
    let run = project.rebaseline(&["undo"]).exits(1);
    assert!(run.stderr.contains("was changed after the repair"), "{}", run.stderr);
    assert_same_tree(&project.tree(), &before);
}
