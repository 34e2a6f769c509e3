//! `--backup`: a dump of each target before anything runs on it.

use super::{assert_says, catch_up, chain, outcomes, told};
use crate::support::target::Target;

#[tokio::test]
async fn a_backup_holds_what_was_there_before() {
    let old = chain();
    let project = old.copy();
    project.squash(&[]);
    let target = Target::start().await;
    let shop = target.database("shop").await;
    old.alembic(&shop, &["upgrade", "r2"]).exits(0);
    target.execute("shop", "insert into room values (7)").await;
    let head = target.copy("shop", "head").await;
    old.alembic(&head, &["upgrade", "r4"]).exits(0);
    let before = target.restored("shop").await;
    let run = catch_up(&project, &["--backup", "backups"], &[&shop, &head]).exits(0);
    assert_eq!(outcomes(&run), ["caught_up", "already_there"]);
    let file = told(&run)[0]["backup"].as_str().unwrap().to_owned();
    assert!(file.starts_with("backups/shop-"), "{file}");
    // Only what is caught up is saved, and nothing half-written lies about.
    let names: Vec<_> = std::fs::read_dir(project.path().join("backups")).unwrap().collect();
    assert_eq!(names.len(), 1);
    target.database("again").await;
    target.restore("again", &project.path().join(file));
    assert_eq!(target.dump("again"), before);
    assert_eq!(target.versions("shop").await, ["r4"]);
}

#[tokio::test]
async fn without_a_backup_nothing_runs() {
    let old = chain();
    let project = old.copy();
    project.squash(&[]);
    let target = Target::start().await;
    let shop = target.database("shop").await;
    old.alembic(&shop, &["upgrade", "r2"]).exits(0);
    let before = target.dump("shop");
    project.write("taken", "a file where the folder should be");
    let run = catch_up(&project, &["--backup", "taken/backups"], &[&shop]).exits(1);
    assert_says(&told(&run)[0], "why", "the backup failed");
    assert_says(&told(&run)[0], "help", "nothing was run");
    let run =
        catch_up(&project, &["--backup", "backups", "--pg-bin", "nowhere"], &[&shop]).exits(1);
    assert_says(&told(&run)[0], "why", "the backup failed");
    assert_eq!(target.dump("shop"), before);
}
