//! `--scratch-url`: on a server that the user gives, only databases with our prefix are made, and they
//! are gone afterwards.

use std::collections::BTreeSet;
use std::process::Stdio;

use super::HISTORY;
use crate::support::project::{Project, Run};
use crate::support::target::Target;

/// What a run may not change: databases, roles, memberships and settings of the whole server, and what
/// is in a neighbour's database.
async fn whole(target: &Target) -> (Vec<String>, String) {
    let sql = "select format('database %s %s', datname, datacl) from pg_database union all \
        select format('role %s', to_jsonb(r)) from pg_roles r union all \
        select format('member %s', to_jsonb(m)) from pg_auth_members m union all \
        select format('setting %s', to_jsonb(s)) from pg_db_role_setting s order by 1";
    (target.column("postgres", sql).await, target.dump("neighbour"))
}

struct Given {
    target: Target,
    url: String,
    before: (Vec<String>, String),
}

impl Given {
    async fn start() -> Self {
        let target = Target::start().await;
        target.database("neighbour").await;
        target.execute("neighbour", "CREATE TABLE t AS SELECT 'theirs' AS text").await;
        target.execute("postgres", "CREATE ROLE somebody").await;
        let before = whole(&target).await;
        let url = target.url("postgres").replace("postgresql+psycopg:", "postgresql:");
        Self { target, url, before }
    }

    /// Runs a squash there, watching which databases come and go; afterwards all is as before.
    async fn squash(&self, project: &Project, arguments: &[&str]) -> Run {
        let mut command = project.command(&["squash", "--scratch-url", &self.url]);
        command.args(arguments).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let mut seen = BTreeSet::new();
        while child.try_wait().unwrap().is_none() {
            seen.extend(self.databases().await);
            std::thread::sleep(std::time::Duration::from_millis(20));
        }
        let old: BTreeSet<String> = ["neighbour", "postgres", "template0", "template1"]
            .into_iter()
            .map(str::to_owned)
            .collect();
        let strange: Vec<_> =
            seen.difference(&old).filter(|n| !n.starts_with("rebaseline_scratch_")).collect();
        assert!(strange.is_empty(), "{strange:?}");
        let run = Run::from(child.wait_with_output().unwrap());
        assert_eq!(whole(&self.target).await, self.before, "{}", run.stderr);
        run
    }

    async fn databases(&self) -> Vec<String> {
        self.target.column("postgres", "select datname::text from pg_database").await
    }
}

/// The history writes down where it ran.
fn project() -> Project {
    let project = Project::chain(&HISTORY);
    project.revision(
        "r3",
        &["r2"],
        "name = op.get_bind().execute(sa.text('SELECT current_database()')).scalar()\n\
         open('ran_in', 'w').write(name)",
    );
    project
}

#[tokio::test]
async fn squash_on_a_given_server() {
    let given = Given::start().await;
    let project = project();
    given.squash(&project, &[]).await.exits(0);
    let ran_in = project.read("ran_in");
    assert!(ran_in.starts_with("rebaseline_scratch_"), "{ran_in}");
    assert!(!given.databases().await.contains(&ran_in));
    assert_eq!(project.leftovers(), Vec::<std::path::PathBuf>::new());
}

#[tokio::test]
async fn a_history_that_fails_on_a_given_server() {
    let given = Given::start().await;
    let project = project();
    project.revision("r4", &["r3"], "raise ValueError('broken')");
    given.squash(&project, &[]).await.exits(3);
    assert!(project.read("ran_in").starts_with("rebaseline_scratch_"));
    assert_eq!(project.leftovers(), Vec::<std::path::PathBuf>::new());
}

#[tokio::test]
async fn a_proof_that_fails_on_a_given_server() {
    let given = Given::start().await;
    let project = project();
    let template = include_str!("../../../templates/alembic/baseline.py.tera");
    let wrong = template.replace("def upgrade() -> None:", "def upgrade() -> None:\n    return\n");
    project.write("wrong/baseline.py.tera", wrong);
    given.squash(&project, &["--templates", "wrong"]).await.exits(4);
}

#[tokio::test]
async fn an_interrupted_squash_on_a_given_server() {
    let given = Given::start().await;
    let project = project();
    let sleep = "open('started', 'w').close()\nimport time\ntime.sleep(600)";
    project.revision("r4", &["r3"], sleep);
    let mut command = project.command(&["squash", "--scratch-url", &given.url]);
    let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    project.wait_for("started");
    Project::signal(&child, rustix::process::Signal::INT);
    let run = Run::from(child.wait_with_output().unwrap()).exits(130);
    assert_eq!(whole(&given.target).await, given.before, "{}", run.stderr);
    assert_eq!(project.leftovers(), Vec::<std::path::PathBuf>::new());
}

#[tokio::test]
async fn a_history_that_makes_a_role_is_refused_on_a_given_server() {
    let given = Given::start().await;
    let project = project();
    project.revision("r4", &["r3"], "op.execute('CREATE ROLE waiter')");
    let run = project.rebaseline(&["squash", "--scratch-url", &given.url]).exits(1);
    assert!(run.stderr.contains("waiter"), "{}", run.stderr);
    // A role is the history's own doing, outside of its database: the user is told how to drop it.
    assert!(run.stderr.contains("DROP ROLE \"waiter\""), "{}", run.stderr);
    given.target.execute("postgres", "DROP ROLE waiter").await;
    assert_eq!(whole(&given.target).await, given.before);
}

#[tokio::test]
async fn a_role_that_is_missing_on_a_given_server_is_not_made() {
    let given = Given::start().await;
    let run = given.squash(&project(), &["--scratch-role", "app_user"]).await.exits(3);
    assert!(run.stderr.contains("app_user"), "{}", run.stderr);
}
