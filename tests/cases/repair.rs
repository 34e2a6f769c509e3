//! `repair`: broken histories are mended, and put back as they were.

use rebaseline_archive::{Limits, Stored};

use crate::support::project::{Project, Run};
use crate::support::target::Target;
use crate::support::{assert_same_tree, repository, tree};

mod crash;
mod git;
mod refused;
mod squashed;
mod terminal;

/// A copy of one of the examples.
fn example(name: &str) -> Project {
    let project = Project::of(&[]);
    for (path, content) in tree(&repository().join("examples").join(name)) {
        if !path.contains("__pycache__") {
            project.write(&path, content);
        }
    }
    project
}

/// All that the rental's files do not decide.
const ANSWERS: [&str; 4] = [
    "--choose",
    "d80b14c6a7e3=both:d80b14c6a7e3_damage_reports.py",
    "--choose",
    "73c9d0e2f5a8=1f7a3c88e0b4",
];

fn repair(project: &Project, more: &[&str]) -> Run {
    project.rebaseline(&[&["repair"], more].concat())
}

/// Without what changes from day to day.
fn masked(text: &str) -> String {
    let mut settings = String::new();
    for line in text.lines() {
        let date = line.contains("+Create Date: 20");
        let line = if date { "+Create Date: [time]" } else { line };
        let line = match line.split_once("archive/repairs/") {
            Some((before, _)) => &format!("{before}archive/repairs/[day]_repair.zip"),
            None => line,
        };
        settings += &format!("{line}\n");
    }
    settings
}

#[test]
fn the_plan_is_shown_and_nothing_is_written() {
    let project = example("broken-rental");
    let before = project.tree();
    let run = repair(&project, &[]).exits(1);
    insta::assert_snapshot!(run.stdout);
    assert_same_tree(&project.tree(), &before);
    let json = project.rebaseline(&["--format", "json", "repair"]).exits(1).json();
    assert_eq!(json["outcome"], "planned");
    assert_eq!(json["mends"].as_array().unwrap().len(), 5);
    assert_eq!(json["questions"][0]["revision"], "d80b14c6a7e3");
    let answer = &json["questions"][0]["candidates"][0]["answer"];
    assert_eq!(answer, "both:d80b14c6a7e3_damage_reports.py");
    assert!(json["mends"][0]["diff"].as_str().unwrap().contains("+revision = \"billing_0001\""));
    assert_eq!(json["left"].as_array().unwrap().len(), 2);
    assert!(json["archive"].is_null());
    assert_same_tree(&project.tree(), &before);
}

#[tokio::test]
async fn all_is_mended_and_alembic_runs_it_and_undo_puts_every_byte_back() {
    let project = example("broken-rental");
    let before = project.tree();
    let arguments = [&ANSWERS[..], &["--merge-heads", "--write"]].concat();
    let run = repair(&project, &arguments).exits(0);
    insta::assert_snapshot!(masked(&run.stdout));
    // The old files are in the archive, byte for byte.
    let archive = project.tree().into_iter().find(|(path, _)| path.ends_with(".zip")).unwrap();
    assert!(archive.0.starts_with("migrations/archive/repairs/"), "{}", archive.0);
    let Stored::Repair(stored) = Stored::read(&archive.1[..], &Limits::default()).unwrap() else {
        panic!("no repair")
    };
    let after = project.tree();
    for (path, content) in &before {
        let path = rebaseline_archive::ArchivePath::new(path).unwrap();
        if after.get(path.as_str()) != Some(content) {
            let old = Stored::Repair(stored.clone()).file(&path).map(<[u8]>::to_vec);
            assert_eq!(old.as_ref(), Some(content), "{path}");
        }
    }
    // A second one finds nothing.
    let again = repair(&project, &["--write"]).exits(0);
    assert_eq!(again.stdout, "there is nothing to mend\n");
    assert_same_tree(&project.tree(), &after);
    project.rebaseline(&["audit"]).exits(0);
    // Alembic takes it, with the table that was made by hand.
    let target = Target::start().await;
    let url = target.database("rental").await;
    target.execute("rental", &project.read("season_price.sql")).await;
    project.alembic(&url, &["upgrade", "head"]).exits(0);
    let run = project.rebaseline(&["--format", "json", "undo"]).exits(0).json();
    assert_eq!(run["outcome"], "undone");
    assert_same_tree(&project.tree(), &before);
    project.rebaseline(&["undo"]).exits(1);
}

#[test]
fn what_is_open_stays_open_and_the_rest_is_written() {
    let project = example("broken-rental");
    let run = repair(&project, &["--write", "--yes"]).exits(1);
    assert!(run.stdout.contains("5 files mended, 2 questions to decide"), "{}", run.stdout);
    let json = project.rebaseline(&["--format", "json", "repair"]).exits(1).json();
    assert_eq!(json["outcome"], "nothing");
    assert_eq!(json["mends"].as_array().unwrap().len(), 0);
    // The rest in a second one; both can be taken back, one after the other.
    let between = project.tree();
    repair(&project, &[&ANSWERS[..], &["--write"]].concat()).exits(0);
    let zips = project.tree().keys().filter(|path| path.ends_with(".zip")).count();
    assert_eq!(zips, 2);
    project.rebaseline(&["undo"]).exits(0);
    assert_same_tree(&project.tree(), &between);
    project.rebaseline(&["undo"]).exits(0);
    assert_same_tree(&project.tree(), &example("broken-rental").tree());
}

#[test]
fn several_heads_are_joined_only_when_asked() {
    let project = Project::chain(&["pass", "pass"]);
    project.revision("x1", &["r1"], "pass");
    let run = repair(&project, &[]).exits(0);
    assert!(run.stdout.contains("2 heads (r2, x1)"), "{}", run.stdout);
    let run = repair(&project, &["--merge-heads", "-m", "Both Branches"]).exits(1);
    insta::assert_snapshot!(masked(&run.stdout));
    project.write(
        "templates/merge.py.tera",
        "# ours\nrevision = {{ revision | python }}\ndown_revision = {{ down_revision }}\n",
    );
    repair(&project, &["--merge-heads", "--write", "--templates", "templates"]).exits(0);
    let merges: Vec<String> =
        project.tree().into_keys().filter(|path| path.ends_with("_merge_heads.py")).collect();
    assert_eq!(merges.len(), 1, "{merges:?}");
    assert!(project.read(&merges[0]).starts_with("# ours\n"));
    assert!(repair(&project, &["--merge-heads"]).exits(0).stdout.contains("nothing to mend"));
    // One that is built upon is not taken out.
    let name = merges[0].rsplit('/').next().unwrap();
    let id = name.strip_suffix("_merge_heads.py").unwrap().to_owned();
    project.revision("y1", &[&id], "pass");
    let run = project.rebaseline(&["undo"]).exits(1);
    assert!(run.stderr.contains("y1_.py"), "{}", run.stderr);
}

#[test]
fn a_circle_is_cut_where_the_user_says() {
    let project = example("broken-cycle");
    let before = project.tree();
    let run = repair(&project, &["--write"]).exits(1);
    insta::assert_snapshot!(run.stdout);
    assert_same_tree(&project.tree(), &before);
    repair(&project, &["--choose", "6a0f8e3d5b12=cut:6a0f8e3d5b12", "--write"]).exits(0);
    let changed = "migrations/versions/6a0f8e3d5b12_cards.py";
    let old = String::from_utf8(before[changed].clone()).unwrap();
    assert_eq!(project.read(changed), old.replace("e7715c2a9d04", "2d9c4b7e1f60"));
    project.squash(&[]);
    // First the squash is taken back, then the repair.
    assert!(project.rebaseline(&["undo"]).exits(0).stdout.contains("the baseline is out"));
    assert!(project.rebaseline(&["undo"]).exits(0).stdout.contains("the repair is taken back"));
    assert_same_tree(&project.tree(), &before);
}

#[test]
fn other_commands_know_what_an_archive_of_a_repair_is() {
    let project = example("broken-cycle");
    repair(&project, &["--choose", "6a0f8e3d5b12=cut:6a0f8e3d5b12", "--write"]).exits(0);
    let archive = project.tree().into_keys().find(|path| path.ends_with(".zip")).unwrap();
    let list = project.rebaseline(&["--format", "json", "archive", "list"]).exits(0).json();
    assert_eq!(list["archives"][0]["kind"], "repair");
    assert_eq!(list["archives"][0]["file"], archive.as_str());
    project.rebaseline(&["archive", "verify"]).exits(0);
    let shown = project.rebaseline(&["archive", "show", &archive]).exits(0);
    insta::assert_snapshot!(
        masked(&shown.stdout)
            .lines()
            .filter(|l| !l.starts_with("sha256") && !l.starts_with("created"))
            .collect::<Vec<_>>()
            .join("\n")
    );
    project.rebaseline(&["archive", "restore", "--into", "old"]).exits(0);
    let old = project.read("old/migrations/versions/6a0f8e3d5b12_cards.py");
    assert!(old.contains("e7715c2a9d04"), "{old}");
    // Nothing was squashed yet.
    let status = project.rebaseline(&["status", "postgresql://127.0.0.1:1/x"]).exits(1);
    assert!(status.stderr.contains("there is no archive"), "{}", status.stderr);
    let named = ["status", "postgresql://127.0.0.1:1/x", "--archive", &archive];
    let run = project.rebaseline(&named).exits(1);
    assert!(run.stderr.contains("the archive of a repair, not of a squash"), "{}", run.stderr);
    project.squash(&[]);
    let list = project.rebaseline(&["--format", "json", "archive", "list"]).exits(0).json();
    let kinds: Vec<_> = list["archives"].as_array().unwrap().iter().map(|a| &a["kind"]).collect();
    assert_eq!(kinds, ["squash", "repair"]);
    // A named archive that is damaged is never passed over.
    let bytes = project.tree()[&archive].clone();
    project.write(&archive, &bytes[..bytes.len() - 7]);
    project.rebaseline(&["archive", "verify"]).exits(1);
}

#[test]
fn an_id_that_somebody_builds_on_is_not_taken_back() {
    let project = example("broken-rental");
    repair(&project, &[&ANSWERS[..], &["--write"]].concat()).exits(0);
    // `billing_0002` was `0002`; `1f7a3c88e0b4` keeps its id.
    project.revision("y1", &["1f7a3c88e0b4"], "pass");
    project.revision("y2", &["billing_0002"], "pass");
    let before = project.tree();
    let run = project.rebaseline(&["undo"]).exits(1);
    assert!(run.stderr.contains("build on `billing_0002`, which goes away"), "{}", run.stderr);
    assert!(run.stderr.contains("y2_.py") && !run.stderr.contains("y1_.py"), "{}", run.stderr);
    assert_same_tree(&project.tree(), &before);
    std::fs::remove_file(project.path().join("migrations/versions/y2_.py")).unwrap();
    project.rebaseline(&["undo"]).exits(0);
}

#[test]
fn a_project_below_the_folder_that_alembic_starts_in() {
    let project = Project::of(&[]);
    for (path, content) in example("broken-rental").tree() {
        project.write(&format!("backend/{path}"), content);
    }
    let ini = project.read("backend/alembic.ini");
    let ini = ini.replace("script_location = migrations", "script_location = %(here)s/migrations");
    project.write("backend/alembic.ini", ini);
    let before = project.tree();
    let run = |more: &[&str]| {
        project.rebaseline(&[&["-c", "backend/alembic.ini", "repair"][..], &ANSWERS, more].concat())
    };
    let plan = run(&[]).exits(1).stdout;
    assert!(plan.contains("removed  backend/migrations/versions/c2a7705d8e64"), "{plan}");
    let open = project.rebaseline(&["-c", "backend/alembic.ini", "repair"]).exits(1).stdout;
    assert!(open.contains("--> backend/migrations/versions/73c9d0e2f5a8"), "{open}");
    let written = run(&["--merge-heads", "--write"]).exits(0).stdout;
    assert!(written.contains("added  backend/migrations/fleet/8be2307600fc_"), "{written}");
    assert!(project.path().join("backend/migrations/fleet/8be2307600fc_merge_heads.py").is_file());
    project.rebaseline(&["-c", "backend/alembic.ini", "audit"]).exits(0);
    project.rebaseline(&["-c", "backend/alembic.ini", "undo"]).exits(0);
    assert_same_tree(&project.tree(), &before);
}

#[test]
fn what_lies_outside_of_the_project_is_left() {
    let project = Project::of(&[]);
    for (path, content) in Project::chain(&["pass", "pass"]).tree() {
        project.write(&format!("app/{path}"), content);
    }
    project.write("shared/empty.py", "");
    let ini = "[alembic]\nscript_location = migrations\nversion_locations = %(here)s/migrations/versions:%(here)s/../shared\n\
               path_separator = :\n";
    project.write("app/alembic.ini", ini);
    let before = project.tree();
    for (arguments, part) in
        [(&["repair"][..], "left alone"), (&["repair", "--write"], "nothing can be written")]
    {
        let mut command = project.command(arguments);
        let output: Run = command.current_dir(project.path().join("app")).output().unwrap().into();
        let output = output.exits(1);
        let told = format!("{}{}", output.stdout, output.stderr);
        assert!(told.contains(part) && told.contains("it lies outside of"), "{told}");
    }
    assert_same_tree(&project.tree(), &before);
}
