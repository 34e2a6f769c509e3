//! `rebase`: revisions that were written on a branch before the squash.

use crate::support::assert_same_tree;
use crate::support::project::Project;
use crate::support::target::Target;

fn project() -> Project {
    Project::chain(&[
        "op.execute('create table room (id int primary key)')",
        "op.execute('create table guest (id int primary key)')",
    ])
}

const FIRST: &str = "migrations/versions/x1_.py";
const SECOND: &str = "migrations/versions/x2_.py";

/// A branch of two revisions on this parent.
fn branch(project: &Project, parent: &str) {
    project.revision("x1", &[parent], "op.execute('create table bill (id int)')");
    project.revision("x2", &["x1"], "op.execute('insert into bill values (1)')");
}

#[tokio::test]
async fn a_branch_on_the_old_head_goes_over_to_the_baseline() {
    let project = project();
    project.squash(&["--revision-id", "fresh"]);
    branch(&project, "r2");
    let before = project.tree();
    let run = project.rebaseline(&["rebase", "--dry-run", FIRST, SECOND]).exits(0);
    insta::assert_snapshot!(run.stdout);
    assert_same_tree(&project.tree(), &before);
    let text = project.read(FIRST);
    let run =
        project.rebaseline(&["--format", "json", "rebase", FIRST, SECOND, FIRST]).exits(0).json();
    let told: Vec<_> = run["files"].as_array().unwrap().iter().map(|f| &f["outcome"]).collect();
    assert_eq!(told, ["rebased", "unchanged"]);
    assert_eq!(run["files"][0]["renamed"], serde_json::json!({ "r2": "fresh" }));
    let wanted = text.replace("Revises: r2", "Revises: fresh").replace("= \"r2\"", "= \"fresh\"");
    assert_eq!(project.read(FIRST), wanted);
    let mut changed = project.tree();
    changed.insert(FIRST.to_owned(), text.into_bytes());
    assert_same_tree(&changed, &before);
    // It is a history again.
    let target = Target::start().await;
    let url = target.database("shop").await;
    project.alembic(&url, &["upgrade", "head"]).exits(0);
    assert_eq!(target.versions("shop").await, ["x2"]);
    // Again: nothing to do.
    let again = project.rebaseline(&["rebase", FIRST]).exits(0);
    assert!(again.stdout.contains("unchanged"), "{}", again.stdout);
}

#[test]
fn a_kept_id_needs_nothing() {
    let project = project();
    project.squash(&[]);
    branch(&project, "r2");
    let before = project.tree();
    let run = project.rebaseline(&["rebase", FIRST, SECOND]).exits(0);
    assert!(run.stdout.contains("all that `x1` builds on is there"), "{}", run.stdout);
    assert_same_tree(&project.tree(), &before);
}

#[test]
fn what_does_not_build_on_the_cut_is_refused_and_nothing_is_written() {
    let project = project();
    project.squash(&["--revision-id", "fresh"]);
    project.revision("y1", &["r1"], "pass");
    project.revision("z1", &["zzzz"], "pass");
    branch(&project, "r2");
    project.write("broken.py", "revision = ");
    let before = project.tree();
    let (y, z) = ("migrations/versions/y1_.py", "migrations/versions/z1_.py");
    let run = project.rebaseline(&["rebase", FIRST, y, z]).exits(1);
    insta::assert_snapshot!(run.stderr);
    assert_same_tree(&project.tree(), &before);
    project.rebaseline(&["rebase", FIRST, "broken.py"]).exits(1);
    project.rebaseline(&["rebase", FIRST, "missing.py"]).exits(2);
    project.rebaseline(&["rebase"]).exits(2);
    assert_same_tree(&project.tree(), &before);
    // A dependency may be anything that the baseline holds.
    let text = project.read(FIRST).replace("depends_on = None", "depends_on = 'r1'");
    project.write(FIRST, &text);
    project.rebaseline(&["rebase", FIRST]).exits(0);
    let wanted = text
        .replace("Revises: r2", "Revises: fresh")
        .replace("= \"r2\"", "= \"fresh\"")
        .replace("= 'r1'", "= 'fresh'");
    assert_eq!(project.read(FIRST), wanted);
}

#[test]
fn through_two_squashes_where_the_first_baseline_was_the_cut_of_the_second() {
    let project = project();
    project.squash(&["--revision-id", "one"]);
    let later = project.copy();
    project.squash(&["--revision-id", "two"]);
    branch(&project, "r2");
    project.rebaseline(&["rebase", FIRST]).exits(0);
    assert!(project.read(FIRST).contains("down_revision = \"two\""));
    later.revision("r3", &["one"], "op.execute('create table stay (id int)')");
    later.squash(&["--revision-id", "two"]);
    branch(&later, "r2");
    let run = later.rebaseline(&["rebase", FIRST]).exits(1);
    assert!(run.stderr.contains("up to r3"), "{}", run.stderr);
}
