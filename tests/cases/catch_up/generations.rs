//! Several squashes, one after the other, and several baselines in one.

use serde_json::json;

use super::{assert_alike, at_each, catch_up, chain, outcomes, told, urls};
use crate::support::project::{ENV_SYNC, Project};
use crate::support::target::Target;

async fn two_squashes(first: &[&str], second: &[&str]) {
    let old = chain();
    let project = old.copy();
    let head = project.squash(first)["baseline"]["revision"].as_str().unwrap().to_owned();
    project.revision("r5", &[&head], "op.execute('create table bill (id int)')");
    project.revision("r6", &["r5"], "op.execute(\"insert into bill values (3)\")");
    let middle = project.copy();
    project.squash(second);
    let target = Target::start().await;
    let mut databases = at_each(&target, &old, &["r1", "r3", "r4"]).await;
    let between = target.database("between").await;
    middle.alembic(&between, &["upgrade", "r5"]).exits(0);
    databases.push(("between".to_owned(), between));
    let run = catch_up(&project, &[], &urls(&databases)).exits(0);
    assert!(outcomes(&run).iter().all(|outcome| outcome == "caught_up"), "{run:?}");
    assert_eq!(told(&run)[1]["applied"], json!(["r2", "r3", "r4", "r5", "r6"]));
    assert_eq!(told(&run)[3]["applied"], json!(["r5", "r6"]));
    assert_eq!(told(&run)[4]["applied"], json!(["r6"]));
    assert_alike(&target, &databases).await;
}

#[tokio::test]
async fn two_squashes_with_kept_ids() {
    two_squashes(&[], &[]).await;
}

#[tokio::test]
async fn two_squashes_with_new_ids() {
    two_squashes(&["--revision-id", "one"], &["--revision-id", "two"]).await;
}

#[tokio::test]
async fn a_partial_squash_and_then_the_rest() {
    let old = chain();
    let project = old.copy();
    // r3 and r4 are kept, and r3 is rewritten; the second squash takes them.
    project.squash(&["--keep", "2", "--revision-id", "one"]);
    project.squash(&["--revision-id", "two"]);
    let target = Target::start().await;
    let databases = at_each(&target, &old, &["r1", "r2", "r3", "r4"]).await;
    let run = catch_up(&project, &[], &urls(&databases)).exits(0);
    assert_eq!(told(&run)[1]["applied"], json!(["r2", "r3", "r4"]));
    assert_eq!(told(&run)[3]["applied"], json!(["r4"]));
    assert_eq!(outcomes(&run)[4], "stamped");
    assert_alike(&target, &databases).await;
    for (name, _) in &databases {
        assert_eq!(target.versions(name).await, ["two"]);
    }
}

#[tokio::test]
async fn a_sql_script_goes_through_both_squashes() {
    let old = chain();
    let project = old.copy();
    project.squash(&["--revision-id", "one"]);
    project.revision("r5", &["one"], "op.execute('create table bill (id int)')");
    project.squash(&["--revision-id", "two"]);
    let target = Target::start().await;
    let databases = at_each(&target, &old, &["r2"]).await;
    let run = project.rebaseline(&["stamp", "--catch-up", "--sql", &databases[1].1]).exits(0);
    target.execute("r2", &run.stdout).await;
    assert_eq!(target.versions("r2").await, ["two"]);
    catch_up(&project, &[], &urls(&databases)).exits(0);
    assert_alike(&target, &databases).await;
}

/// Two bases with labels; `b2` depends on `a1`.
fn branches() -> Project {
    let project = Project::bare();
    project.write("migrations/env.py", ENV_SYNC);
    let revision = |id: &str, parent: &str, more: &str, table: &str| {
        format!(
            "\"\"\"{id}\"\"\"\nfrom alembic import op\nrevision = '{id}'\ndown_revision = {parent}\n{more}\n\
             def upgrade():\n    op.execute('create table {table} (id int)')\n"
        )
    };
    for (id, parent, more, table) in [
        ("a1", "None", "branch_labels = 'a'", "ta"),
        ("a2", "'a1'", "", "tb"),
        ("b1", "None", "branch_labels = 'b'", "tc"),
        ("b2", "'b1'", "depends_on = 'a2'", "td"),
        ("c1", "None", "branch_labels = 'c'", "te"),
        ("c2", "'c1'", "", "tf"),
    ] {
        project.write(&format!("migrations/versions/{id}_.py"), revision(id, parent, more, table));
    }
    project
}

#[tokio::test]
async fn a_branch_that_a_database_has_nothing_of_stays_away() {
    let old = branches();
    let project = old.copy();
    project.squash(&["--per-branch", "--revision-id", "new"]);
    let target = Target::start().await;
    let one = target.database("one").await;
    old.alembic(&one, &["upgrade", "a1"]).exits(0);
    let two = target.database("two").await;
    old.alembic(&two, &["upgrade", "b1"]).exits(0);
    let run = catch_up(&project, &[], &[&one, &two]).exits(0);
    assert_eq!(outcomes(&run), ["caught_up", "caught_up"]);
    assert_eq!(told(&run)[0]["applied"], json!(["a2"]));
    let mut applied: Vec<String> =
        serde_json::from_value(told(&run)[1]["applied"].clone()).unwrap();
    applied.sort();
    assert_eq!(applied, ["a1", "a2", "b2"].map(str::to_owned));
    let three = target.database("three").await;
    old.alembic(&three, &["upgrade", "heads"]).exits(0);
    catch_up(&project, &[], &[&three]).exits(0);
    let databases = [("one", one), ("two", two), ("three", three)];
    let databases = databases.map(|(name, url)| (name.to_owned(), url));
    for (name, url) in &databases {
        project.alembic(url, &["upgrade", "heads"]).exits(0);
        // The rows of a version table have no order.
        let sort = "create table sorted as select * from alembic_version; truncate alembic_version; \
                    insert into alembic_version select * from sorted order by 1; drop table sorted";
        target.execute(name, sort).await;
    }
    assert_alike(&target, &databases).await;
}
