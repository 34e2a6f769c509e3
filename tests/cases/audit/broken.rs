//! Files that no audit may stumble over, and structure that is odd or broken: as the user sees it.

use super::{audit, of, one, revision, rules};
use crate::support::project::Project;

const FILE: &str = "migrations/versions";

#[test]
fn a_merge_that_is_not_resolved() {
    let project = one("", "pass");
    let text = revision("b1", Some("a1"), "", "pass");
    let conflict =
        "<<<<<<< HEAD\ndown_revision = 'a1'\n=======\ndown_revision = 'a0'\n>>>>>>> topic\n";
    project.write(&format!("{FILE}/b1_.py"), text.replace("down_revision = \"a1\"\n", conflict));
    project.write(&format!("{FILE}/c1_.py"), revision("c1", Some("b1"), "", "pass"));
    insta::assert_snapshot!("merge_conflict", audit(&project, &[]).exits(1).stdout);

    // In the docstring it breaks nothing.
    let marks = "<<<<<<< HEAD\nRevises: a1\n=======\nRevises: a0\n>>>>>>> topic\n\n\"\"\"\nfrom";
    project.write(&format!("{FILE}/b1_.py"), text.replacen("\n\"\"\"\nfrom", marks, 1));
    let told = project.rebaseline(&["--format", "json", "audit"]).exits(0).json();
    assert_eq!(of(&told, "merge-conflict")[0]["severity"], "warning");
}

#[test]
fn no_python_no_text_no_right_to_read() {
    let project = one("", "pass");
    project.write(&format!("{FILE}/binary.py"), b"\x89PNG\r\n\x1a\n\0\0\xff");
    project.write(
        &format!("{FILE}/prose.py"),
        "Dear colleague,\nthis is no Python at all; see (below\n",
    );
    project.write(&format!("{FILE}/empty.py"), "");
    project.write(&format!("{FILE}/null.py"), "a = '\0'\n");
    std::os::unix::fs::symlink("/nowhere/x.py", project.path().join(FILE).join("gone.py")).unwrap();
    insta::assert_snapshot!("no_python", audit(&project, &[]).exits(1).stdout);
}

#[test]
fn what_follows_from_a_broken_file_is_no_error_of_its_own() {
    let project = one("", "pass");
    let text = revision("b1", Some("a1"), "from elsewhere import LABEL\n", "pass");
    let text = text.replace("branch_labels = None", "branch_labels = (LABEL,)");
    project.write(&format!("{FILE}/b1_.py"), text);
    project.write(&format!("{FILE}/c1_.py"), revision("c1", Some("b1"), "", "pass"));
    project.write(&format!("{FILE}/d1_.py"), revision("d1", Some("c1"), "", "pass"));
    let run = audit(&project, &[]).exits(1);
    insta::assert_snapshot!("because_it_could_not_be_read", run.stdout);
    let told = project.rebaseline(&["--format", "json", "audit"]).exits(1).json();
    let errors =
        told["findings"].as_array().unwrap().iter().filter(|found| found["severity"] == "error");
    assert_eq!(errors.count(), 1);
}

#[test]
fn orphans_beside_a_cycle_and_a_missing_parent() {
    let project = one("", "pass");
    for (id, parent) in [
        ("b1", "a1"),
        ("c1", "e1"),
        ("d1", "c1"),
        ("e1", "d1"),
        ("f1", "e1"),
        ("g1", "gone"),
        ("h1", "g1"),
    ] {
        project.write(&format!("{FILE}/{id}_.py"), revision(id, Some(parent), "", "pass"));
    }
    insta::assert_snapshot!("orphans", audit(&project, &[]).exits(1).stdout);
    // A base that leads only into a circle.
    let project = one("", "pass");
    let merge =
        revision("b1", Some("a1"), "", "pass").replace("\"a1\"\nbranch", "('a1', 'c1')\nbranch");
    project.write(&format!("{FILE}/b1_.py"), merge);
    project.write(&format!("{FILE}/c1_.py"), revision("c1", Some("b1"), "", "pass"));
    let told = project.rebaseline(&["--format", "json", "audit"]).exits(1).json();
    assert_eq!(of(&told, "orphan-revision")[0]["message"], "revision `a1` leads to no head");
}

#[test]
fn a_cycle_ends_at_once() {
    // 3,000 revisions, the first of which comes after the last: Alembic itself would never end.
    let project = Project::bare();
    for number in 0..3_000 {
        let parent = format!("r{:04}", (number + 2_999) % 3_000);
        let id = format!("r{number:04}");
        project.write(&format!("{FILE}/{id}_.py"), revision(&id, Some(&parent), "", "pass"));
    }
    let told = project.rebaseline(&["--format", "json", "audit"]).exits(1).json();
    assert_eq!(of(&told, "cycle").len(), 1);
    assert_eq!(told["findings"].as_array().unwrap().len(), 1);
}

#[test]
fn odd_structure_stops_nobody() {
    let project = one("", "op.execute('create table room (id int)')");
    let long = "a_revision_id_of_more_than_32_characters";
    project.write(&format!("{FILE}/{long}_.py"), revision(long, Some("a1"), "", "pass"));
    project.write(
        &format!("{FILE}/0123456789ab_copy.py"),
        revision("fedcba987654", Some(long), "", "pass"),
    );
    let older =
        revision("older1", Some("fedcba987654"), "", "pass").replace("2024-01-01", "2023-12-31");
    project.write(&format!("{FILE}/older1_.py"), older);
    project.write(&format!("{FILE}/base2_.py"), revision("base2", None, "", "pass"));
    insta::assert_snapshot!("odd_structure", audit(&project, &[]).exits(0).stdout);
    // An id that is too long for the version table fails in the database, and not before.
    let before = project.tree();
    let run = project.rebaseline(&["squash", "--dry-run"]);
    assert!(run.stderr.contains("audit    5 revisions, 2 heads"), "{}", run.stderr);
    assert!(!run.stderr.contains("structural error"), "{}", run.stderr);
    assert_eq!(project.tree(), before);
}

#[test]
fn what_is_not_odd() {
    let project = one("", "pass");
    // Names without the id, with dates, with words that are no ids; branches that are meant.
    project
        .write(&format!("{FILE}/0002_rooms_and_halls.py"), revision("b1", Some("a1"), "", "pass"));
    project
        .write(&format!("{FILE}/202401021200_c1_beds.py"), revision("c1", Some("b1"), "", "pass"));
    project
        .write(&format!("{FILE}/2024_01_02_1200-d1_x.py"), revision("d1", Some("c1"), "", "pass"));
    let labelled = revision("e1", None, "", "pass")
        .replace("branch_labels = None", "branch_labels = ('billing',)");
    project.write(&format!("{FILE}/e1_.py"), labelled);
    let zoned = revision("f1", Some("d1"), "", "pass").replace("10:00:00", "01:00:00+00:00");
    project.write(&format!("{FILE}/f1_.py"), zoned);
    assert_eq!(rules(&project), ["several-heads".to_owned()].into());
}

#[test]
fn an_id_that_is_there_twice() {
    let project = one("", "pass");
    let text = revision("b1", Some("a1"), "", "op.execute('SELECT 1')");
    project.write(&format!("{FILE}/b1_.py"), &text);
    project.write(&format!("{FILE}/b1_copy.py"), &text);
    project
        .write(&format!("{FILE}/a1_other.py"), revision("a1", None, "", "op.execute('SELECT 2')"));
    insta::assert_snapshot!("duplicates", audit(&project, &[]).exits(1).stdout);
}

#[test]
fn ids_and_labels_that_alembic_cannot_use() {
    let project = one("", "pass");
    let text = |id: &str| revision(id, Some("a1"), "", "pass");
    let label =
        |id: &str| text(id).replace("branch_labels = None", "branch_labels = ('billing', \"a1\")");
    project.write(&format!("{FILE}/b1_.py"), text("b1").replace("down_revision = \"a1\"\n", ""));
    project
        .write(&format!("{FILE}/c1_.py"), text("c1").replace("revision = \"c1\"", "revision = 17"));
    project.write(
        &format!("{FILE}/d1_.py"),
        text("d1").replace("revision = \"d1\"", "revision = \"d@1\""),
    );
    project.write(&format!("{FILE}/e1_.py"), label("e1"));
    project.write(&format!("{FILE}/f1_.py"), label("f1"));
    let ini = project.read("alembic.ini");
    let locations = "version_locations = %(here)s/migrations/versions %(here)s/elsewhere";
    project
        .write("alembic.ini", ini.replacen("[alembic]\n", &format!("[alembic]\n{locations}\n"), 1));
    insta::assert_snapshot!("ids_and_labels", audit(&project, &[]).exits(1).stdout);
}

/// The snapshots below this folder.
fn snapshots(folder: &std::path::Path, found: &mut String) {
    for entry in std::fs::read_dir(folder).unwrap().map(Result::unwrap) {
        if entry.path().is_dir() {
            snapshots(&entry.path(), found);
        } else if entry.path().extension().is_some_and(|extension| extension == "snap") {
            found.push_str(&std::fs::read_to_string(entry.path()).unwrap());
        }
    }
}

#[test]
fn every_rule_is_in_a_snapshot_of_what_the_user_sees() {
    let mut seen = String::new();
    snapshots(&std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases"), &mut seen);
    let list =
        one("", "pass").rebaseline(&["--format", "json", "audit", "--list-rules"]).exits(0).json();
    let codes: Vec<_> = list["rules"]
        .as_array()
        .unwrap()
        .iter()
        .map(|rule| rule["rule"].as_str().unwrap())
        .collect();
    assert!(codes.len() > 40, "{codes:?}");
    let unseen: Vec<_> = codes
        .iter()
        .filter(|code| {
            !["error", "warning", "info"].iter().any(|how| seen.contains(&format!("{how}[{code}]")))
        })
        .collect();
    assert!(unseen.is_empty(), "{unseen:?}");
}
