//! Newer major versions: the same DDL has the same inventory, and a history squashes there too.

use crate::cases::inventory::{EVERYTHING, SINCE_15, SINCE_18, read};
use crate::support::project::Project;
use crate::support::target::Target;
use crate::support::{assert_same_tree, newer};
use rebaseline::schema::inventory::difference::differences;
use rebaseline::schema::inventory::{Inventory, Item};

async fn of(binaries: Option<std::path::PathBuf>) -> Inventory {
    let target = Target::start_of(binaries).await;
    target.database("rich").await;
    target.execute("rich", EVERYTHING).await;
    target.execute("rich", SINCE_15).await;
    read(&mut target.connect("rich").await).await
}

/// The same items as if another major had printed them: then all of it is compared.
fn printed(inventory: &Inventory, major: u32) -> Inventory {
    let items: Vec<Item> = inventory.items().to_vec();
    Inventory::new(major, items)
}

#[tokio::test]
async fn the_same_ddl_has_the_same_inventory() {
    let ours = of(None).await;
    let mut shown = String::new();
    for (major, _) in newer::MAJORS {
        let newer = of(Some(newer::binaries(major))).await;
        assert_eq!(newer.major(), major);
        let differ = differences(&ours, &newer);
        let differ: Vec<_> = differ.iter().map(ToString::to_string).collect();
        assert_eq!(differ, [""; 0], "{major}");
        // All that the form for different majors takes away, so that the list in docs/ARCHITECTURE.md stays whole.
        shown.push_str(&format!("{major}:\n"));
        for difference in differences(&printed(&ours, major), &newer) {
            shown.push_str(&format!("    {difference}\n"));
        }
    }
    if ours.major() == 15 {
        insta::assert_snapshot!(shown);
    }
}

fn history(parts: &[&str]) -> Project {
    let body = |file: usize| {
        format!(
            "import pathlib\nfile = pathlib.Path(__file__).parent / 'sql/{file}.sql'\n\
             op.get_bind().exec_driver_sql(file.read_text(), execution_options={{'no_parameters': True}})"
        )
    };
    let bodies: Vec<String> = (0..parts.len()).map(body).collect();
    let mut project = Project::chain(&bodies.iter().map(String::as_str).collect::<Vec<_>>());
    project.set("DATABASE_URL", "postgresql+psycopg2://nobody@127.0.0.1:1/production");
    for (number, part) in parts.iter().enumerate() {
        // Options that look like secrets are refused, and have a test of their own.
        let part = part
            .replace(", secret_key 'must not show'", "")
            .replace(", passwd 'must not show'", "");
        project.write(&format!("migrations/versions/sql/{number}.sql"), part);
    }
    project
}

#[test]
fn one_of_everything_squashes_on_16() {
    let folder = newer::binaries(16).display().to_string();
    let project = history(&[EVERYTHING, SINCE_15, MEMBERSHIPS]);
    let result = project.squash(&["--pg-bin", &folder]);
    assert_eq!(result["proof"]["offline"]["outcome"], "equal");
    let baseline = std::fs::read_to_string(project.baseline()).unwrap();
    for wanted in [
        "GRANT \"reader\" TO \"keeper\" WITH ADMIN OPTION, INHERIT FALSE, SET FALSE",
        "GRANT \"keeper\" TO \"lazy\" WITH INHERIT FALSE",
        "GRANT \"reader\" TO \"lazy\"'",
    ] {
        assert!(baseline.contains(wanted), "{wanted}");
    }
}

/// From 16 on a membership has options of its own; the member's INHERIT is only where they begin.
const MEMBERSHIPS: &str = "
CREATE ROLE lazy NOINHERIT;
GRANT reader TO keeper WITH INHERIT FALSE, SET FALSE, ADMIN TRUE;
GRANT reader TO lazy WITH INHERIT TRUE;
GRANT keeper TO lazy;
ALTER ROLE lazy INHERIT;
";

#[test]
fn one_of_everything_squashes_on_18() {
    let folder = newer::binaries(18).display().to_string();
    let project = history(&[EVERYTHING, SINCE_15, SINCE_18]);
    let result = project.squash(&["--pg-bin", &folder]);
    assert_eq!(result["proof"]["offline"]["outcome"], "equal");
}

#[tokio::test]
async fn a_database_of_another_major_takes_the_place_of_a_replay_with_its_own_programs() {
    for (major, _) in newer::MAJORS {
        let folder = newer::binaries(major);
        let target = Target::start_of(Some(folder.clone())).await;
        let url = target.database("shop").await;
        let project = Project::chain(&[
            "op.execute('create table room (id int generated always as identity primary key, name text not null)')",
            "op.execute('create view named as select name from room')",
        ]);
        project.alembic(&url, &["upgrade", "head"]).exits(0);
        let before = project.tree();
        let squash = ["squash", "--from-database", &url];
        let refused = project.rebaseline(&squash).exits(3).stderr;
        assert!(refused.contains(&format!("PostgreSQL {major}")), "{refused}");
        assert!(refused.contains("--pg-bin"), "{refused}");
        assert_same_tree(&project.tree(), &before);
        let result =
            project.squash(&[&squash[1..], &["--pg-bin", folder.to_str().unwrap()]].concat());
        assert_eq!(result["proof"]["equal"], true);
        let new = target.database("new").await;
        project.alembic(&new, &["upgrade", "head"]).exits(0);
        project.rebaseline(&["stamp", &url]).exits(0);
    }
}
