//! More than one archive, a part of the history, several baselines, several heads.

use super::{install, upgrade_all};
use crate::support::project::Project;
use crate::support::target::Target;

fn sql(statement: &str) -> String {
    format!("op.execute({statement:?})")
}

fn chain(length: usize) -> Project {
    let bodies: Vec<String> =
        (1..=length).map(|n| sql(&format!("create table t{n} (id int)"))).collect();
    Project::chain(&bodies.iter().map(String::as_str).collect::<Vec<_>>())
}

/// Databases that stand at these revisions of a project.
async fn at(target: &Target, project: &Project, revisions: &[&str]) -> Vec<String> {
    let mut urls = Vec::new();
    for revision in revisions {
        let url = target.database(&revision.replace(' ', "_")).await;
        for one in revision.split(' ') {
            project.alembic(&url, &["upgrade", one]).exits(0);
        }
        urls.push(url);
    }
    urls
}

/// All databases of these names hold the same, and the same as a fresh one.
async fn same(target: &Target, project: &Project, names: &[&str]) {
    let fresh = target.database("fresh_one").await;
    project.alembic(&fresh, &["upgrade", "heads"]).exits(0);
    let sorted = |text: String| {
        let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
        lines.sort();
        lines
    };
    let expected = sorted(target.dump("fresh_one"));
    for name in names {
        assert_eq!(sorted(target.dump(&name.replace(' ', "_"))), expected, "{name}");
    }
}

/// Three squashes, with kept and with new ids; a database stands at each revision that ever was.
#[tokio::test]
async fn archives_chain() {
    let target = Target::start().await;
    let project = chain(3);
    let mut names = vec!["r1", "r2", "r3"];
    let mut urls = at(&target, &project, &names).await;
    project.squash(&[]);
    for (id, parent) in [("r4", "r3"), ("r5", "r4")] {
        project.revision(id, &[parent], &sql(&format!("create table {id} (id int)")));
    }
    urls.extend(at(&target, &project, &["r4", "r5"]).await);
    // The bridge stays through the next squashes: their replays and proofs run with it.
    install(&project);
    project.squash(&["--revision-id", "second"]);
    project.revision("r6", &["second"], &sql("create table r6 (id int)"));
    urls.extend(at(&target, &project, &["second", "r6"]).await);
    let third = project.squash(&["--revision-id", "third"]);
    assert_eq!(third["history"]["squashed"], 2);
    project.revision("r7", &["third"], &sql("create table r7 (id int)"));
    names.extend(["r4", "r5", "second", "r6"]);
    upgrade_all(&project, &urls);
    for name in &names {
        assert_eq!(target.versions(name).await, ["r7"], "{name}");
    }
    same(&target, &project, &names).await;
    let again = project.rebaseline(&["--format", "json", "bridge", "install"]).exits(0).json();
    assert_eq!(again["outcome"], "already_installed");
    std::fs::remove_file(project.path().join("migrations/versions/r7_.py")).unwrap();
    project.rebaseline(&["undo"]).exits(0);
    project.alembic(&urls[5], &["history"]).exits(0);
}

/// A part of the history: databases behind the cut, at it, and among the kept revisions.
#[tokio::test]
async fn kept_revisions_run_after_the_cut() {
    let target = Target::start().await;
    let names = ["a", "b", "c", "b c", "d", "e"];
    let project = Project::bare();
    project.revision("a", &[], &sql("create table a (id int)"));
    project.revision("b", &["a"], &sql("create table b (id int)"));
    project.revision("c", &["a"], &sql("create table c (id int)"));
    project.revision("d", &["b", "c"], &sql("create table d (id int)"));
    project.revision("e", &["d"], &sql("create table e as select count(*) from d, b, c"));
    let urls = at(&target, &project, &names).await;
    let result = project.squash(&["--upto", "b", "--upto", "c"]);
    assert_eq!(result["rewritten"], serde_json::json!(["migrations/versions/d_.py"]));
    install(&project);
    upgrade_all(&project, &urls);
    for name in names {
        assert_eq!(target.versions(&name.replace(' ', "_")).await, ["e"], "{name}");
    }
    same(&target, &project, &names).await;
    // Exactly to the cut, where that is asked for.
    let baseline = result["baseline"]["revision"].as_str().unwrap();
    let cut = target.database("cut").await;
    let old = project.copy();
    old.rebaseline(&["undo"]).exits(0);
    old.alembic(&cut, &["upgrade", "b"]).exits(0);
    project.alembic(&cut, &["upgrade", baseline]).exits(0);
    assert_eq!(target.versions("cut").await, [baseline]);
}

/// Two heads that one baseline stands for, and two that stay two.
#[tokio::test]
async fn several_heads() {
    let target = Target::start().await;
    let project = Project::bare();
    project.revision("root", &[], &sql("create table room (id int)"));
    project.revision("left", &["root"], &sql("create table guest (id int)"));
    project.revision("right", &["root"], &sql("create table stay (id int)"));
    let names = ["root", "left", "right", "left right"];
    let urls = at(&target, &project, &names).await;
    let id = project.squash(&[])["baseline"]["revision"].as_str().unwrap().to_owned();
    // A new base beside the baseline: its row is none of the archive's.
    project.revision("other", &[], &sql("create table other (id int)"));
    install(&project);
    project.alembic(&urls[0], &["upgrade", &id]).exits(0);
    assert_eq!(target.versions("root").await, [id.as_str()]);
    target
        .execute(
            "left",
            "insert into alembic_version values ('other'); create table other (id int)",
        )
        .await;
    upgrade_all(&project, &urls);
    let mut heads = [id.as_str(), "other"];
    heads.sort_unstable();
    for name in names {
        assert_eq!(target.versions(&name.replace(' ', "_")).await, heads, "{name}");
    }
    same(&target, &project, &names).await;
}

/// A baseline for each base: a database may have one branch, a part of one, or both.
#[tokio::test]
async fn a_baseline_for_each_branch() {
    let target = Target::start().await;
    let project = Project::bare();
    let add = |id: &str, parent: &[&str], extra: &str| {
        project.revision(id, parent, &sql(&format!("create table {id} (id int)")));
        let path = format!("migrations/versions/{id}_.py");
        let text = project.read(&path).replace("branch_labels = None\ndepends_on = None", extra);
        project.write(&path, text);
    };
    let plain = "branch_labels = None\ndepends_on = None";
    add("a1", &[], "branch_labels = ('core',)\ndepends_on = None");
    add("a2", &["a1"], plain);
    add("a3", &["a2"], plain);
    add("b1", &[], "branch_labels = ('billing',)\ndepends_on = None");
    add("b2", &["b1"], "branch_labels = None\ndepends_on = 'a2'");
    add("b3", &["b2"], plain);
    let names = ["a1", "a3", "b1", "b2", "b3", "a1 b1", "a3 b1", "a2 b3"];
    let urls = at(&target, &project, &names).await;
    // Only what a database has of is upgraded when a branch is asked for.
    let only = target.copy("a1", "only").await;
    project.squash(&["--per-branch", "--revision-id", "new"]);
    install(&project);
    project.alembic(&only, &["upgrade", "core@head"]).exits(0);
    let tables = "select relname::text from pg_class where relkind = 'r' and relname ~ '^[ab][0-9]' order by 1";
    assert_eq!(target.column("only", tables).await, ["a1", "a2", "a3"]);
    upgrade_all(&project, &urls);
    let heads = target.versions("b3").await;
    assert!(heads.iter().all(|head| !["a3", "b3"].contains(&head.as_str())), "{heads:?}");
    for name in names {
        assert_eq!(target.versions(&name.replace(' ', "_")).await, heads, "{name}");
    }
    same(&target, &project, &names).await;
}
