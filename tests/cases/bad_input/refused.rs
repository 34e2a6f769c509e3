//! What is refused before or after the replay: broken files, dirty trees, ids, templates, folders.

use std::process::Command;

use super::{TABLE, fails, snapshot};
use crate::support::project::Project;

/// Broken in every way at once: all findings are shown, and nothing else is started (there is not even a
/// server to start).
#[test]
fn broken_revision_files() {
    let project = Project::chain(&[TABLE, TABLE]);
    project.revision("orphan", &["gone"], "");
    project.revision("round1", &["round2"], "");
    project.revision("round2", &["round1"], "");
    project.write("migrations/versions/twin_.py", project.read("migrations/versions/r2_.py"));
    project.write("migrations/versions/empty_.py", "");
    project.write(
        "migrations/versions/no_id_.py",
        "down_revision = 'r2'\n\ndef upgrade():\n    pass\n",
    );
    project.write(
        "migrations/versions/syntax_.py",
        "revision = 'r9'\ndown_revision = 'r2'\n\ndef upgrade(:\n    pass\n",
    );
    let depends = "revision = 'r8'\ndown_revision = 'r2'\ndepends_on = 'nobody'\n\ndef upgrade():\n    pass\n";
    project.write("migrations/versions/depends_.py", depends);
    project.write("empty/README", "no programs here");
    snapshot!(fails(&project, &["squash", "--pg-bin", "empty"], 1));
}

#[test]
fn each_kind_of_broken_file_stops_a_squash() {
    let empty: fn(&Project) = |p| p.write("migrations/versions/empty_.py", "");
    let syntax: fn(&Project) = |p| {
        p.write("migrations/versions/bad_.py", "revision = 'r3'\ndown_revision = 'r2'\ndef (\n");
    };
    let twin: fn(&Project) =
        |p| p.write("migrations/versions/twin_.py", p.read("migrations/versions/r2_.py"));
    let orphan: fn(&Project) = |p| p.revision("r3", &["gone"], "");
    let cycle: fn(&Project) = |p| p.revision("r1", &["r2"], "");
    for (breaks, word) in [
        (empty, "empty_.py"),
        (syntax, "bad_.py"),
        (twin, "twin_.py"),
        (orphan, "gone"),
        (cycle, "cycle"),
    ] {
        let project = Project::chain(&[TABLE, ""]);
        project.write("empty/README", "no programs here");
        breaks(&project);
        let stderr = fails(&project, &["squash", "--pg-bin", "empty"], 1);
        assert!(stderr.contains(word), "{word}: {stderr}");
    }
}

fn git(project: &Project, arguments: &[&str]) {
    let run = Command::new("git")
        .args(["-c", "user.name=Test", "-c", "user.email=test@example.org"])
        .args(arguments)
        .current_dir(project.path())
        .output()
        .unwrap();
    assert!(run.status.success(), "{}", String::from_utf8_lossy(&run.stderr));
}

#[test]
fn a_dirty_work_tree() {
    let project = Project::chain(&[TABLE, ""]);
    git(&project, &["init", "--quiet"]);
    git(&project, &["add", "."]);
    git(&project, &["commit", "--quiet", "-m", "start"]);
    project.write("elsewhere.txt", "not in the versions folder");
    project.revision("r2", &["r1"], "op.execute('SELECT 1')");
    project.revision("r3", &["r2"], "");
    snapshot!(fails(&project, &["squash"], 1));
    project.rebaseline(&["squash", "--dry-run"]).exits(0);
    project.rebaseline(&["squash", "--allow-dirty"]).exits(0);
}

#[test]
fn a_clean_work_tree() {
    let project = Project::chain(&[TABLE, ""]);
    git(&project, &["init", "--quiet"]);
    git(&project, &["add", "."]);
    git(&project, &["commit", "--quiet", "-m", "start"]);
    project.write("elsewhere.txt", "not in the versions folder");
    project.rebaseline(&["squash"]).exits(0);
}

#[test]
fn the_archive_folder_is_a_file() {
    let project = Project::chain(&[TABLE]);
    project.write("migrations/archive", "a file, not a folder");
    let stderr = fails_but_for_working_files(&project, &["squash"]);
    snapshot!(stderr);
    // Nothing stands half-way: a squash elsewhere goes through.
    project.rebaseline(&["squash", "--archive-dir", "old"]).exits(0);
}

/// Like [`fails`]; the folder for working files may have been made, without a journal in it.
fn fails_but_for_working_files(project: &Project, arguments: &[&str]) -> String {
    let before = project.tree();
    let run = project.rebaseline(arguments);
    assert_ne!(run.code, Some(0), "{}", run.stderr);
    let mut after = project.tree();
    after.remove(".rebaseline/.gitignore");
    crate::support::assert_same_tree(&after, &before);
    let real = project.path().canonicalize().unwrap().display().to_string();
    run.stderr.replace(&real, "[PROJECT]")
}

#[test]
fn the_archive_folder_among_the_revisions() {
    let project = Project::chain(&[TABLE]);
    let arguments = ["squash", "--archive-dir", "migrations/versions/old"];
    snapshot!(fails(&project, &arguments, 2));
}

#[test]
fn templates_that_cannot_be_used() {
    let project = Project::chain(&[TABLE]);
    project.write("broken/baseline.py.tera", "revision = {{ revision\n");
    snapshot!(fails(&project, &["squash", "--templates", "broken"], 2));
    project.write("unknown/baseline.py.tera", "revision = {{ no_such_thing | python }}\n");
    snapshot!(fails(&project, &["squash", "--templates", "unknown"], 2));
    let readme = ["squash", "--readme", "README.md", "--templates", "readme"];
    project.write("readme/README.md.tera", "# {{ squashed }}\n\n{{ nothing | code }}\n");
    snapshot!(fails(&project, &readme, 2));
    project.write("readme/README.md.tera", "# {{ squashed }}\n{% for x in %}\n");
    snapshot!(fails(&project, &readme, 2));
    project.write("empty/README", "no template here");
    snapshot!(fails(&project, &["squash", "--templates", "empty"], 2));
}

#[test]
fn more_seed_rows_than_a_baseline_takes() {
    let rows = "op.execute('create schema \"a b\"')\n\
        op.execute('create table \"a b\".few as select 1 as x')\n\
        op.execute('create table many (id int)')\n\
        op.execute('create table part (id int) partition by list (id)')\n\
        op.execute('create table part_1 partition of part default')\n\
        op.execute('insert into part select generate_series(1, 20)')\n\
        op.execute('insert into many select generate_series(1, 1000)')";
    let project = Project::chain(&[TABLE, rows]);
    snapshot!(fails(&project, &["squash", "--max-seed-rows", "1020"], 1));
    snapshot!(fails(&project, &["squash", "--dry-run", "--max-seed-rows", "0"], 1));
    project.rebaseline(&["squash", "--max-seed-rows", "1021", "--dry-run"]).exits(0);
    project.rebaseline(&["squash", "--max-seed-rows", "0", "--upto", "r1"]).exits(0);
}

#[test]
fn a_revision_id_that_is_too_long() {
    let project = Project::chain(&[TABLE]);
    let id = "a".repeat(33);
    snapshot!(fails(&project, &["squash", "--revision-id", &id], 2));
    project.rebaseline(&["squash", "--revision-id", &id[1..]]).exits(0);
}

#[test]
fn a_revision_id_that_is_taken() {
    let project = Project::chain(&[TABLE, ""]);
    snapshot!(fails(&project, &["squash", "--revision-id", "r1"], 2));
}

/// What Alembic takes for something else (a label, a range, a relative step, a symbol), and what would
/// lead a file name out of its folder.
#[test]
fn a_revision_id_that_cannot_be_one() {
    let ids = ["a/../b", "a@b", "r1:r2", "a+1", "a-1", "", "base", "head", "heads", "current"];
    let taken: Vec<_> = ids
        .into_iter()
        .filter(|id| {
            let project = Project::chain(&[TABLE]);
            let before = project.tree();
            let run = project.rebaseline(&["squash", &format!("--revision-id={id}")]);
            run.code != Some(2) || project.tree() != before
        })
        .collect();
    assert!(taken.is_empty(), "not refused: {taken:?}");
}
