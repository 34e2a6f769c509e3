//! What must not happen: other commands that upgrade, wrong databases, damaged archives, two at once.

use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use super::install;
use super::places::chain;
use crate::support::environment;
use crate::support::project::{ENV_ASYNC, ENV_SYNC, Project, Run};
use crate::support::target::Target;

/// A chain before and after a squash with a new id and the bridge in it.
fn crossed() -> (Project, Project) {
    let old = chain();
    let project = old.copy();
    project.squash(&["--revision-id", "fresh"]);
    install(&project);
    (old, project)
}

#[tokio::test]
async fn other_commands_do_as_before() {
    let (old, bridged) = crossed();
    let plain = bridged.copy();
    plain.rebaseline(&["bridge", "remove"]).exits(0);
    let target = Target::start().await;
    let shop = target.database("shop").await;
    old.alembic(&shop, &["upgrade", "r2"]).exits(0);
    let before = target.dump("shop");
    for arguments in [
        &["current"][..],
        &["history"],
        &["heads"],
        &["check"],
        &["stamp", "head"],
        &["downgrade", "-1"],
        &["upgrade", "head", "--sql"],
        &["upgrade", "nowhere"],
        &["upgrade", "+1"],
        &["revision", "--autogenerate", "-m", "no"],
    ] {
        let (with, without) = (bridged.alembic(&shop, arguments), plain.alembic(&shop, arguments));
        assert_eq!(with.code, without.code, "{arguments:?}: {}", with.stderr);
        let first = without.stdout.trim_end();
        assert!(with.stdout.starts_with(first), "{arguments:?}: {} {first}", with.stdout);
        assert_eq!(target.dump("shop"), before, "{arguments:?}");
    }
    let told = bridged.alembic(&shop, &["upgrade", "+1"]).stdout;
    assert!(told.contains("before the baseline: run alembic upgrade head"), "{told}");
    bridged.alembic(&shop, &["upgrade", "head"]).exits(0);
    for arguments in [&["current"][..], &["downgrade", "fresh"], &["upgrade", "head"]] {
        bridged.alembic(&shop, arguments).exits(0);
    }
}

#[tokio::test]
async fn a_database_that_nobody_knows_is_left_alone() {
    let (old, project) = crossed();
    let target = Target::start().await;
    let shop = target.database("shop").await;
    old.alembic(&shop, &["upgrade", "r2"]).exits(0);
    target.execute("shop", "update alembic_version set version_num = 'ffff'").await;
    let before = target.dump("shop");
    let run = project.alembic(&shop, &["upgrade", "head"]);
    assert_ne!(run.code, Some(0));
    assert!(run.stdout.contains("the database stands at ffff, and neither"), "{}", run.stdout);
    assert!(run.stdout.contains("Can't locate revision identified by 'ffff'"), "{}", run.stdout);
    assert_eq!(target.dump("shop"), before);
}

#[tokio::test]
async fn an_archive_that_is_damaged_or_not_there_stops_it() {
    let (old, project) = crossed();
    let target = Target::start().await;
    let shop = target.database("shop").await;
    old.alembic(&shop, &["upgrade", "r2"]).exits(0);
    let head = target.database("head").await;
    project.alembic(&head, &["upgrade", "head"]).exits(0);
    let before = target.dump("shop");
    let folder = project.path().join("migrations/archive");
    let archive = std::fs::read_dir(&folder).unwrap().next().unwrap().unwrap().path();
    let name = archive.file_name().unwrap().to_str().unwrap().to_owned();
    let good = std::fs::read(&archive).unwrap();
    let rewritten = |change: &str| {
        let script = format!(
            "import json, sys, zipfile\n\
             path = sys.argv[1]\n\
             old = zipfile.ZipFile(path)\n\
             files = {{i.filename: old.read(i) for i in old.infolist()}}\n\
             manifest = json.loads(files['manifest.json'])\n{change}\n\
             files['manifest.json'] = json.dumps(manifest).encode()\n\
             with zipfile.ZipFile(path, 'w') as new:\n    [new.writestr(*file) for file in files.items()]\n"
        );
        let path = archive.to_str().unwrap();
        super::python(&project, &script, &[path]).exits(0);
    };
    let mut told = Vec::new();
    for damage in 0..7 {
        std::fs::write(&archive, &good).unwrap();
        let mut bytes = good.clone();
        match damage {
            0 => bytes.truncate(good.len() / 2),
            1 => {
                let at = good.len() / 3;
                bytes[at] ^= 1;
            }
            2 => bytes.clear(),
            _ => {}
        }
        std::fs::write(&archive, bytes).unwrap();
        match damage {
            3 => rewritten("files['files/migrations/versions/r4_.py'] += b'#'"),
            4 => rewritten("del files['files/migrations/versions/r4_.py']"),
            5 => rewritten("manifest['readable_by'] = 3"),
            6 => rewritten(
                "files['files/../x.py'] = b''\nmanifest['files'].append(dict(manifest['files'][0], \
                 path='../x.py', bytes=0, sha256=__import__('hashlib').sha256().hexdigest()))",
            ),
            _ => {}
        }
        let run = project.alembic(&shop, &["upgrade", "head"]);
        assert_ne!(run.code, Some(0), "damage {damage}");
        assert!(
            run.stdout.contains(&name) && run.stdout.contains("nothing was run"),
            "{damage}: {}",
            run.stdout
        );
        let why = run.stdout.rsplit("nothing was run: ").next().unwrap().trim().to_owned();
        told.push(why);
        assert_eq!(target.dump("shop"), before, "damage {damage}");
        // Who does not need the archive does not read it.
        project.alembic(&head, &["upgrade", "head"]).exits(0);
    }
    assert!(told[3].contains("r4_.py is damaged"), "{told:?}");
    assert!(told[4].contains("its entries are not those that its manifest lists"), "{told:?}");
    assert!(told[5].contains("newer rebaseline"), "{told:?}");
    assert!(told[6].contains("no place for a file"), "{told:?}");
    std::fs::remove_file(&archive).unwrap();
    let run = project.alembic(&shop, &["upgrade", "head"]);
    assert!(run.stdout.contains("there is no archive in"), "{}", run.stdout);
    std::fs::write(&archive, &good).unwrap();
    project.alembic(&shop, &["upgrade", "head"]).exits(0);
    assert_eq!(target.versions("shop").await, ["fresh"]);
}

/// A revision that fails, and a process that is killed: what Alembic leaves, and then it goes on.
#[tokio::test]
async fn an_interrupted_upgrade_goes_on() {
    let each = ENV_SYNC.replace(
        "(connection=connection",
        "(connection=connection, transaction_per_migration=True",
    );
    let target = Target::start().await;
    for (name, env, stays) in [("whole", ENV_SYNC, "r1"), ("each", each.as_str(), "r2")] {
        let old = Project::chain(&[
            "op.execute('create table a (id int)')",
            "op.execute('create table b (id int)')",
            "import os, signal\nif os.environ.get('KILL'):\n    os.kill(os.getpid(), signal.SIGKILL)\n\
             if os.environ.get('FAIL'):\n    op.execute('select 1 / 0')",
            "op.execute('create table d (id int)')",
        ]);
        old.write("migrations/env.py", env);
        let mut project = old.copy();
        project.squash(&["--revision-id", "fresh"]);
        install(&project);
        let url = target.database(name).await;
        old.alembic(&url, &["upgrade", "r1"]).exits(0);
        // Who is killed leaves its folder with the archived files.
        project.set("TMPDIR", old.path().to_str().unwrap());
        for trouble in ["FAIL", "KILL"] {
            project.set(trouble, "1");
            let run = project.alembic(&url, &["upgrade", "head"]);
            assert_ne!(run.code, Some(0), "{}", run.stderr);
            assert_eq!(target.versions(name).await, [stays], "{trouble} of {name}");
            project.set(trouble, "");
        }
        project.alembic(&url, &["upgrade", "head"]).exits(0);
        assert_eq!(target.versions(name).await, ["fresh"]);
    }
}

/// Containers that start together: one does it, the others find it done.
#[tokio::test]
async fn several_at_once() {
    let (old, bridged) = crossed();
    let target = Target::start().await;
    for (number, (driver, env)) in
        [("psycopg", ENV_SYNC), ("asyncpg", ENV_ASYNC)].into_iter().enumerate()
    {
        for per_migration in [false, true] {
            let project = bridged.copy();
            project.rebaseline(&["bridge", "remove"]).exits(0);
            let option = format!(
                "(connection=connection, transaction_per_migration={}",
                if per_migration { "True" } else { "False" }
            );
            project.write("migrations/env.py", env.replace("(connection=connection", &option));
            install(&project);
            // Whoever comes when the baseline is reached, and the rest not committed, has Alembic's own race.
            if !per_migration {
                project.revision("k1", &["fresh"], "op.execute('create table bill (id int)')");
            }
            let name = format!("shop_{number}_{per_migration}");
            let url = target.database(&name).await;
            old.alembic(&url, &["upgrade", "r1"]).exits(0);
            let started = Instant::now();
            let children: Vec<_> =
                (0..4).map(|_| begin(&project, &super::through(driver, &url))).collect();
            for child in children {
                let run: Run = child.wait_with_output().unwrap().into();
                if run.code != Some(0) {
                    // It was in the way of the one that it waited for.
                    assert!(run.stdout.contains("run this command again"), "{run:?}");
                    let url = super::through(driver, &url);
                    project.alembic(&url, &["upgrade", "head"]).exits(0);
                }
            }
            assert!(started.elapsed() < Duration::from_mins(1));
            let head = if per_migration { "fresh" } else { "k1" };
            assert_eq!(target.versions(&name).await, [head]);
            let locks = "select pid::text from pg_locks where locktype = 'advisory'";
            assert_eq!(target.column(&name, locks).await, [""; 0]);
        }
    }
}

/// A transaction that keeps its snapshot does not see what another process has done while it waited: it must not do all of it
/// once more.
#[tokio::test]
async fn several_at_once_that_each_see_one_moment() {
    let old = Project::chain(&[
        "op.execute('create table log (n int)')",
        "with op.get_context().autocommit_block():\n    op.execute('insert into log values (1)')\n    \
         op.execute('select pg_sleep(0.5)')",
        "op.execute(\"create type mood as enum ('sad')\")",
    ]);
    let project = old.copy();
    project.squash(&["--revision-id", "fresh"]);
    let target = Target::start().await;
    for (level, driver, env) in [
        ("REPEATABLE READ", "psycopg", ENV_SYNC),
        ("SERIALIZABLE", "psycopg2", ENV_SYNC),
        ("REPEATABLE READ", "asyncpg", ENV_ASYNC),
    ] {
        let project = project.copy();
        let level_of = format!("poolclass=pool.NullPool, isolation_level={level:?}");
        project.write("migrations/env.py", env.replace("poolclass=pool.NullPool", &level_of));
        install(&project);
        let name = format!("{driver}_{}", &level[..4]);
        let url = target.database(&name).await;
        old.alembic(&url, &["upgrade", "r1"]).exits(0);
        let url = super::through(driver, &url);
        let runs: Vec<_> = (0..4).map(|_| begin(&project, &url)).collect();
        let runs = runs.into_iter().map(|child| Run::from(child.wait_with_output().unwrap()));
        let failed: Vec<_> = runs.filter(|run| run.code != Some(0)).collect();
        for run in &failed {
            assert!(run.stdout.contains("run this command again"), "{run:?}");
        }
        assert!(failed.len() < 4, "{failed:?}");
        project.alembic(&url, &["upgrade", "head"]).exits(0);
        assert_eq!(target.versions(&name).await, ["fresh"]);
        assert_eq!(target.column(&name, "select n::text from log").await, ["1"]);
    }
}

/// `alembic upgrade head`, begun.
fn begin(project: &Project, url: &str) -> std::process::Child {
    Command::new(environment().join("bin/alembic"))
        .args(["upgrade", "head"])
        .current_dir(project.path())
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .env("DATABASE_URL", url)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap()
}

/// PostgreSQL sees no deadlock where one side asks for a lock again and again, and does not wait for it.
#[tokio::test]
async fn who_waits_is_in_nobodys_way() {
    let (old, project) = crossed();
    let target = Target::start().await;
    let url = target.database("shop").await;
    old.alembic(&url, &["upgrade", "r1"]).exits(0);
    let sum = crc32fast::hash(b"public.alembic_version");
    let lock = (sum ^ 0x8000_0000).cast_signed();
    let index = "create index extra on alembic_version (version_num)";
    target.execute("shop", index).await;
    let mut upgrading = target.connect("shop").await;
    let begin = format!("begin; select pg_advisory_xact_lock(1919246956, {lock})");
    sqlx::raw_sql(sqlx::AssertSqlSafe(begin)).execute(&mut upgrading).await.unwrap();
    let waits = "select state from pg_stat_activity where query = 'SHOW transaction_isolation'";
    for (driver, env) in [("psycopg", ENV_SYNC), ("asyncpg", ENV_ASYNC)] {
        project.write("migrations/env.py", env);
        install(&project);
        let child = Command::new(environment().join("bin/alembic"))
            .args(["upgrade", "head"])
            .current_dir(project.path())
            .env("PYTHONDONTWRITEBYTECODE", "1")
            .env("DATABASE_URL", super::through(driver, &url))
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        // It has read the version table, and waits in the transaction in which it did.
        target.until(waits, &["idle in transaction"]).await;
        // This waits for everybody who has seen the table, as an upgrade can.
        let mut other = target.connect("shop").await;
        sqlx::raw_sql("drop index concurrently extra").execute(&mut other).await.unwrap();
        let run: Run = child.wait_with_output().unwrap().into();
        assert_ne!(run.code, Some(0), "{run:?}");
        assert!(run.stdout.contains("run this command again"), "{run:?}");
        assert_eq!(target.versions("shop").await, ["r1"]);
        sqlx::raw_sql(index).execute(&mut other).await.unwrap();
        sqlx::Connection::close(other).await.unwrap();
    }
    sqlx::Connection::close(upgrading).await.unwrap();
    project.alembic(&url, &["upgrade", "head"]).exits(0);
    assert_eq!(target.versions("shop").await, ["fresh"]);
}
