//! What the files do not decide is asked, where there is somebody to ask.

use super::{example, masked, repair};
use crate::support::assert_same_tree;
use crate::support::project::Project;
use crate::support::terminal::on_a_terminal;

#[test]
fn questions_are_asked_one_after_the_other() {
    let project = example("broken-rental");
    // A slip, then: both stay; leave the parent; change the files.
    let answers = [("", "9"), ("", "1"), ("", "5"), ("", "y")];
    let run = on_a_terminal(&project, &["repair", "--write"], &answers).exits(1);
    let asked: Vec<&str> = run
        .stdout
        .lines()
        .filter(|line| {
            line.contains("is declared more than once") || line.contains("is in no file")
        })
        .collect();
    assert!(asked.len() >= 2, "{}", run.stdout);
    assert!(run.stdout.contains("[1-5] 9"), "{}", run.stdout);
    assert!(run.stdout.contains("1 question to decide"), "{}", run.stdout);
    let text = project.read("migrations/versions/d80b14c6a7e3_depots.py");
    assert!(!text.contains("revision = \"d80b14c6a7e3\""), "{text}");
    // What was left is still a question elsewhere.
    assert!(repair(&project, &[]).exits(1).stdout.contains("open[missing-parent]"));
}

#[test]
fn heads_are_asked_about_when_all_else_is_answered() {
    let project = Project::chain(&["pass", "pass"]);
    project.revision("x1", &["r1"], "pass");
    let before = project.tree();
    let run = on_a_terminal(&project, &["repair", "--write"], &[("", "2")]).exits(0);
    assert!(run.stdout.contains("2. leave them"), "{}", run.stdout);
    assert_same_tree(&project.tree(), &before);
    let run = on_a_terminal(&project, &["repair", "--write"], &[("", "1"), ("", "y")]).exits(0);
    insta::assert_snapshot!(masked(&run.stdout));
    assert!(repair(&project, &[]).exits(0).stdout.contains("nothing to mend"));
}

#[test]
fn a_no_changes_nothing() {
    let project = example("broken-cycle");
    let before = project.tree();
    let run = on_a_terminal(&project, &["repair", "--write"], &[("", "1"), ("", "n")]).exits(1);
    assert!(run.stdout.contains("not confirmed"), "{}", run.stdout);
    assert_same_tree(&project.tree(), &before);
}

#[test]
fn files_that_change_while_the_plan_is_looked_at_stop_it() {
    let versions = "migrations/versions";
    for command in [
        format!("echo '# mine' >> {versions}/6a0f8e3d5b12_cards.py"),
        // One that the plan does not change, a new one, and one that goes.
        format!("echo '# mine' >> {versions}/2d9c4b7e1f60_members.py"),
        format!("echo > {versions}/aaa.py"),
        format!("echo > {versions}/zzz.py"),
        format!("rm {versions}/e7715c2a9d04_visits.py"),
    ] {
        let project = example("broken-cycle");
        let answers = [("", "1"), (command.as_str(), "y")];
        let run = on_a_terminal(&project, &["repair", "--write"], &answers).exits(1);
        assert!(
            run.stdout.contains("not those that the repair was planned from"),
            "{}",
            run.stdout
        );
        let old = project.read(&format!("{versions}/6a0f8e3d5b12_cards.py"));
        assert!(old.contains("down_revision = \"e7715c2a9d04\""), "{command}");
        let ours = project
            .tree()
            .into_keys()
            .filter(|path| path.contains("archive") || path.contains(".rebaseline"));
        assert_eq!(ours.collect::<Vec<_>>(), Vec::<String>::new(), "{command}");
    }
}
