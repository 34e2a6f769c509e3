//! The ways in which Alembic projects are laid out and run: each squashes equal, and the project's own
//! Alembic builds a database from what is left.

use serde_json::Value;

use crate::support::assert_same_tree;
use crate::support::environment;
use crate::support::project::{ENV_ASYNC, ENV_SYNC, Project};
use crate::support::target::Target;

const INI: &str = "[alembic]\nscript_location = migrations\n";

/// A revision file's text; `extra` are further lines at module level.
fn step(id: &str, parent: Option<&str>, extra: &str, body: &str) -> String {
    let down = parent.map_or("None".to_owned(), |parent| format!("{parent:?}"));
    let body = format!("    {}\n", body.replace('\n', "\n    "));
    format!(
        "\"\"\"step {id}\n\nRevision ID: {id}\nCreate Date: 2024-01-01 10:00:00\n\n\"\"\"\n\
         from alembic import context, op\n\nrevision = {id:?}\ndown_revision = {down}\n{extra}\n\n\n\
         def upgrade():\n{body}\n\n\ndef downgrade():\n    pass\n"
    )
}

/// A revision that creates a table.
fn table(id: &str, parent: Option<&str>, name: &str) -> String {
    let body = format!("op.execute('create table {name} (id int primary key)')");
    step(id, parent, "", &body)
}

/// Two revisions that create `room` and `guest`, in this folder.
fn write_two(project: &Project, versions: &str) {
    project.write(&format!("{versions}/r1_room.py"), table("r1", None, "room"));
    project.write(&format!("{versions}/r2_guest.py"), table("r2", Some("r1"), "guest"));
}

/// The project's own Alembic, started in the same way, builds these tables on a real server.
async fn builds(project: &Project, options: &[&str], tables: &[&str]) -> Target {
    let target = Target::start().await;
    let url = target.database("shop").await;
    project.alembic(&url, &[options, &["upgrade", "heads"]].concat()).exits(0);
    let query = "select relname::text from pg_class where relkind = 'r' \
                 and relnamespace = 'public'::regnamespace and relname <> 'alembic_version' order by 1";
    assert_eq!(target.column("shop", query).await, tables);
    target
}

#[tokio::test]
async fn pyproject_instead_of_alembic_ini() {
    let toml = "[project]\nname = 'shop'\n\n[tool.alembic]\nscript_location = '%(here)s/migrations'\n\
                file_template = '%%(year)d_%%(rev)s_%%(slug)s'\n";
    let mut project = Project::of(&[("pyproject.toml", toml), ("migrations/env.py", ENV_SYNC)]);
    write_two(&project, "migrations/versions");
    project.set("SOURCE_DATE_EPOCH", "1700000000");
    let result = project.squash(&[]);
    assert_eq!(result["baseline"]["file"], "migrations/versions/2023_r2_baseline.py");
    builds(&project, &[], &["guest", "room"]).await;
}

#[tokio::test]
async fn an_env_py_that_sets_the_search_path() {
    let sets = |line: &str| {
        let env = ENV_SYNC.replace(
            "context.configure(connection",
            &format!("{line}\n        context.configure(connection"),
        );
        assert_ne!(env, ENV_SYNC);
        Project::of(&[("alembic.ini", INI), ("migrations/env.py", &env)])
    };
    let sql = "connection.exec_driver_sql('CREATE SCHEMA IF NOT EXISTS app'); \
               connection.exec_driver_sql('SET search_path TO app'); connection.commit()";
    let project = sets(sql);
    write_two(&project, "migrations/versions");
    let target = Target::start().await;
    let (old, new) = (target.database("old").await, target.database("new").await);
    project.alembic(&old, &["upgrade", "heads"]).exits(0);
    let result = project.squash(&["--revision-id", "new"]);
    assert_eq!(result["schema"]["tables"], 2);
    project.alembic(&new, &["upgrade", "heads"]).exits(0);
    let tables = "select relnamespace::regnamespace || '.' || relname from pg_class \
                  where relkind = 'r' and relnamespace::regnamespace::text in ('app', 'public') order by 1";
    let expected = ["app.alembic_version", "app.guest", "app.room"];
    assert_eq!(target.column("new", tables).await, expected);
    // The old database is found, compared and stamped there, too.
    project.rebaseline(&["stamp", &old]).exits(0);
    assert_eq!(target.column("old", tables).await, expected);
    let stamped = "select version_num from app.alembic_version";
    assert_eq!(target.column("old", stamped).await, target.column("new", stamped).await);
}

#[tokio::test]
async fn another_section_of_alembic_ini() {
    let ini = "[alembic]\nscript_location = nowhere\n\n[shop]\nscript_location = %(here)s/shop\n";
    let project = Project::of(&[("alembic.ini", ini), ("shop/env.py", ENV_SYNC)]);
    write_two(&project, "shop/versions");
    project.rebaseline(&["squash"]).exits(2);
    let result = project.squash(&["-n", "shop"]);
    assert_eq!(result["baseline"]["file"], "shop/versions/r2_baseline.py");
    builds(&project, &["-n", "shop"], &["guest", "room"]).await;
}

#[tokio::test]
async fn an_ini_file_in_a_subfolder_with_its_migrations() {
    let ini = "[alembic]\nscript_location = %(here)s/migrations\n";
    let project =
        Project::of(&[("backend/alembic.ini", ini), ("backend/migrations/env.py", ENV_SYNC)]);
    write_two(&project, "backend/migrations/versions");
    let before = project.tree();
    project.squash(&["-c", "backend/alembic.ini"]);
    builds(&project, &["-c", "backend/alembic.ini"], &["guest", "room"]).await;
    project.rebaseline(&["-c", "backend/alembic.ini", "undo"]).exits(0);
    assert_same_tree(&project.tree(), &before);
}

#[tokio::test]
async fn an_ini_file_in_a_subfolder_apart_from_its_migrations() {
    let project = Project::of(&[("conf/alembic.ini", INI), ("migrations/env.py", ENV_SYNC)]);
    write_two(&project, "migrations/versions");
    let before = project.tree();
    project.squash(&["-c", "conf/alembic.ini"]);
    builds(&project, &["-c", "conf/alembic.ini"], &["guest", "room"]).await;
    project.rebaseline(&["-c", "conf/alembic.ini", "undo"]).exits(0);
    assert_same_tree(&project.tree(), &before);
}

#[tokio::test]
async fn two_version_locations() {
    let ini = "[alembic]\nscript_location = migrations\npath_separator = space\n\
               version_locations = %(here)s/core/versions %(here)s/billing/versions\n";
    let project = Project::of(&[("alembic.ini", ini), ("migrations/env.py", ENV_SYNC)]);
    project.write("core/versions/r1_.py", table("r1", None, "room"));
    project.write("billing/versions/r2_.py", table("r2", Some("r1"), "bill"));
    project.write("core/versions/r3_.py", table("r3", Some("r2"), "guest"));
    let before = project.tree();
    let result = project.squash(&[]);
    assert_eq!(result["history"]["squashed"], 3);
    assert_eq!(result["baseline"]["file"], "core/versions/r3_baseline.py");
    assert_eq!(result["archive"]["file"].as_str().unwrap().split('/').next(), Some("core"));
    builds(&project, &[], &["bill", "guest", "room"]).await;
    project.rebaseline(&["undo"]).exits(0);
    assert_same_tree(&project.tree(), &before);
}

#[tokio::test]
async fn a_folder_for_each_year() {
    let ini = "[alembic]\nscript_location = migrations\nrecursive_version_locations = true\n\
               file_template = %%(year)d/%%(month).2d_%%(rev)s_%%(slug)s\ntimezone = UTC\n";
    let mut project = Project::of(&[("alembic.ini", ini), ("migrations/env.py", ENV_SYNC)]);
    project.write("migrations/versions/2021/01_r1_.py", table("r1", None, "room"));
    project.write("migrations/versions/2022/07_r2_.py", table("r2", Some("r1"), "guest"));
    project.write("migrations/versions/2022/rooms.csv", "1\n");
    project.set("SOURCE_DATE_EPOCH", "1700000000");
    let before = project.tree();
    let result = project.squash(&[]);
    assert_eq!(result["baseline"]["file"], "migrations/versions/2023/11_r2_baseline.py");
    // A folder that became empty is gone, one with a file of the user's stays.
    assert!(!project.path().join("migrations/versions/2021").exists());
    assert!(project.path().join("migrations/versions/2022/rooms.csv").exists());
    builds(&project, &[], &["guest", "room"]).await;
    project.rebaseline(&["undo"]).exits(0);
    assert_same_tree(&project.tree(), &before);
    assert!(!project.path().join("migrations/versions/2023").exists());
}

#[tokio::test]
async fn flask_migrate_by_its_own_command() {
    let manage = "import sys\nfrom alembic import command\nfrom alembic.config import Config\n\n\
                  assert sys.argv[1:] == ['db', 'upgrade']\n\
                  config = Config('migrations/alembic.ini')\n\
                  config.set_main_option('script_location', 'migrations')\n\
                  command.upgrade(config, 'heads')\n";
    let ini = "[alembic]\n# template used to generate migration files\n";
    let project = Project::of(&[
        ("manage.py", manage),
        ("migrations/alembic.ini", ini),
        ("migrations/env.py", ENV_SYNC),
    ]);
    write_two(&project, "migrations/versions");
    let before = project.tree();
    let command = format!("'{}' manage.py db upgrade", environment().join("bin/python").display());
    let result = project.squash(&["--command", &command]);
    assert_eq!(result["proof"]["offline"]["outcome"], "skipped");
    assert!(result["proof"]["offline"].to_string().contains("command of the project's own"));
    let target = Target::start().await;
    let url = target.database("shop").await;
    let mut run = std::process::Command::new(environment().join("bin/python"));
    run.args(["manage.py", "db", "upgrade"]).env("DATABASE_URL", url).current_dir(project.path());
    assert!(run.env("PYTHONDONTWRITEBYTECODE", "1").status().unwrap().success());
    assert_eq!(target.versions("shop").await, ["r2"]);
    project.rebaseline(&["undo"]).exits(0);
    assert_same_tree(&project.tree(), &before);
}

#[tokio::test]
async fn an_async_env_py_with_asyncpg() {
    let mut project = Project::of(&[("alembic.ini", INI), ("migrations/env.py", ENV_ASYNC)]);
    project.set("DATABASE_URL", "postgresql+asyncpg://u:s3cret@127.0.0.1:1/production");
    write_two(&project, "migrations/versions");
    project.squash(&[]);
    let target = Target::start().await;
    let url = target.database("shop").await.replace("+psycopg", "+asyncpg");
    project.alembic(&url, &["upgrade", "heads"]).exits(0);
    assert_eq!(target.versions("shop").await, ["r2"]);
}

#[tokio::test]
async fn a_transaction_for_each_migration() {
    let env = ENV_SYNC.replace("configure(", "configure(transaction_per_migration=True, ");
    let project = Project::of(&[("alembic.ini", INI), ("migrations/env.py", &env)]);
    write_two(&project, "migrations/versions");
    let body = "with op.get_context().autocommit_block():\n    \
                op.execute('create index concurrently guest_id on guest (id)')";
    project.write("migrations/versions/r3_.py", step("r3", Some("r2"), "", body));
    assert_eq!(project.squash(&[])["schema"]["indexes"], 1);
    builds(&project, &[], &["guest", "room"]).await;
}

#[tokio::test]
async fn two_heads_dependencies_and_labels() {
    let project = Project::of(&[("alembic.ini", INI), ("migrations/env.py", ENV_SYNC)]);
    let body = |name: &str| format!("op.execute('create table {name} (id int)')");
    let write = |id: &str, parent, extra: &str, name: &str| {
        project
            .write(&format!("migrations/versions/{id}_.py"), step(id, parent, extra, &body(name)));
    };
    write("c1", None, "branch_labels = ('core',)", "room");
    write("c2", Some("c1"), "", "guest");
    write("b1", None, "branch_labels = 'billing'\ndepends_on = 'c1'", "bill");
    write("b2", Some("b1"), "depends_on = ('c2',)", "tax");
    let result = project.squash(&[]);
    let heads = result["history"]["heads"].as_array().unwrap();
    assert!(heads.len() == 2 && heads.contains(&"b2".into()) && heads.contains(&"c2".into()));
    assert_eq!(result["history"]["bases"].as_array().unwrap().len(), 2);
    let target = builds(&project, &[], &["bill", "guest", "room", "tax"]).await;
    let id = result["baseline"]["revision"].as_str().unwrap();
    assert_eq!(target.versions("shop").await, [id]);
    // The labels still lead somewhere.
    for label in ["core@head", "billing@head"] {
        let heads = project.alembic(&target.url("shop"), &["show", label]).exits(0).stdout;
        assert!(heads.contains(id), "{label}: {heads}");
    }
}

#[tokio::test]
async fn arguments_for_env_py() {
    let env = ENV_SYNC.replace(
        "URL = os.environ[\"DATABASE_URL\"]",
        "ARGUMENTS = context.get_x_argument(as_dictionary=True)\n\
         URL = {\"first\": os.environ[\"DATABASE_URL\"]}[ARGUMENTS[\"tenant\"]]",
    );
    let project = Project::of(&[("alembic.ini", INI), ("migrations/env.py", &env)]);
    let body = "name = context.get_x_argument(as_dictionary=True)['table']\n\
                op.execute(f'create table {name} (id int)')";
    project.write("migrations/versions/r1_.py", step("r1", None, "", body));
    let before = project.tree();
    let run = project.rebaseline(&["squash"]).exits(3);
    assert!(run.stderr.contains("tenant"), "{}", run.stderr);
    assert_same_tree(&project.tree(), &before);
    project.squash(&["-x", "tenant=first", "-x", "table=room"]);
    // The table's name is settled now.
    builds(&project, &["-x", "tenant=first"], &["room"]).await;
}

#[test]
fn revisions_that_print_disturb_nothing() {
    let project = Project::of(&[("alembic.ini", INI), ("migrations/env.py", ENV_SYNC)]);
    let body = "import atexit, sys\n\
                print('{\"event\": \"done\"}')\n\
                print('x' * 100000, file=sys.stderr)\n\
                sys.stdout.buffer.write(b'\\xff\\xfe\\n')\n\
                op.execute('create table room (id int)')\n\
                print('SELECT 1;')\n\
                atexit.register(print, 'good bye')";
    project.write("migrations/versions/r1_.py", step("r1", None, "", body));
    project.write("migrations/versions/r2_.py", table("r2", Some("r1"), "guest"));
    let result = project.squash(&[]);
    assert_eq!(result["schema"]["tables"], 2);
}

#[test]
fn settings_from_rebaseline_toml() {
    let grant =
        "op.execute('create table room (id int)')\nop.execute('grant select on room to app_user')";
    let ini = "[alembic]\nscript_location = %(here)s/migrations\n";
    let mut project =
        Project::of(&[("shop/alembic.ini", ini), ("shop/migrations/env.py", ENV_SYNC)]);
    project.write("shop/migrations/versions/r1_.py", step("r1", None, "", grant));
    // Only the file knows the interpreter.
    project.set("VIRTUAL_ENV", "/nonexistent");
    project.set("PATH", "/usr/bin:/bin");
    let python = environment().join("bin/python").display().to_string();
    let history = format!("config = 'shop/alembic.ini'\npython = '{python}'\n");
    let named =
        |roles: &str| format!("[history.shop]\n{history}\n[history.shop.scratch]\n{roles}\n");
    project.write("rebaseline.toml", named(""));
    let run = project.rebaseline(&["--history", "shop", "squash"]).exits(3);
    assert!(run.stderr.contains("app_user") && run.stderr.contains("roles"), "{}", run.stderr);
    let run = project.rebaseline(&["--history", "other", "squash"]).exits(2);
    assert!(run.stderr.contains("[history.other]"), "{}", run.stderr);
    project.write("rebaseline.toml", named("roles = ['app_user']"));
    let before = project.tree();
    let equal = |result: &Value| assert_eq!(result["history"]["squashed"], 1);
    equal(&project.squash(&["--history", "shop"]));
    project.rebaseline(&["--history", "shop", "undo"]).exits(0);
    assert_same_tree(&project.tree(), &before);
    // The same at the top level.
    project.write("rebaseline.toml", format!("{history}\n[scratch]\nroles = ['app_user']\n"));
    equal(&project.squash(&[]));
    project.write("rebaseline.toml", "pithon = 'x'\n");
    let run = project.rebaseline(&["audit"]).exits(2);
    assert!(run.stderr.contains("pithon"), "{}", run.stderr);
}

#[tokio::test]
async fn env_py_makes_the_schema_of_its_version_table() {
    let env = ENV_SYNC
        .replace("configure(", "configure(version_table_schema='admin', include_schemas=True, ")
        .replace(
            "        context.configure(version_table_schema='admin', include_schemas=True, connection",
            "        connection.exec_driver_sql('create schema if not exists admin')\n        \
             connection.commit()\n        \
             context.configure(version_table_schema='admin', include_schemas=True, connection",
        );
    assert!(env.contains("create schema"));
    let project = Project::of(&[("alembic.ini", INI), ("migrations/env.py", &env)]);
    write_two(&project, "migrations/versions");
    project.squash(&[]);
    let target = builds(&project, &[], &["guest", "room"]).await;
    let rows = target.column("shop", "select version_num::text from admin.alembic_version").await;
    assert_eq!(rows, ["r2"]);
    let stamp = ["--format", "json", "stamp", &target.url("shop")];
    let told = project.rebaseline(&stamp).exits(0).json();
    assert_eq!(told["targets"][0]["outcome"], "already_there");
}

#[tokio::test]
async fn a_version_table_that_only_the_online_half_of_env_py_names() {
    // A common slip: the offline half was never used, and still says what `alembic init` wrote.
    let table = "configure(version_table='shop_version', connection=connection)";
    let env = ENV_SYNC.replace("configure(connection=connection)", table);
    let project = Project::of(&[("alembic.ini", INI), ("migrations/env.py", &env)]);
    write_two(&project, "migrations/versions");
    project.squash(&[]);
}

#[test]
fn a_project_of_poetry_whose_environment_only_poetry_knows() {
    let project = Project::chain(&["op.create_table('dish', sa.Column('id', sa.Integer))"]);
    project.write("poetry.lock", "");
    let python = environment().join("bin/python");
    project.write(
        "bin/poetry",
        format!("#!/bin/sh\n[ \"$*\" = 'env info --executable' ] && echo {}\n", python.display()),
    );
    let poetry = project.path().join("bin/poetry");
    std::fs::set_permissions(poetry, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    let path = format!("{}:/usr/bin:/bin", project.path().join("bin").display());
    let mut command = project.command(&["squash", "--dry-run"]);
    let output = command.env("PATH", path).env_remove("VIRTUAL_ENV").output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

/// Python's configparser refuses a `%` in a value: a URL of ours must not have one where the project's has none.
#[tokio::test]
async fn a_url_that_goes_through_the_configuration() {
    let project = Project::chain(&[
        "op.execute('create table room (id int)')",
        "op.execute('create table key (id int)')",
    ]);
    let own = "URL = os.environ[\"DATABASE_URL\"]";
    let through = format!(
        "{own}\ncontext.config.set_main_option(\"sqlalchemy.url\", URL)\nURL = context.config.get_main_option(\"sqlalchemy.url\")"
    );
    project.write("migrations/env.py", ENV_SYNC.replace(own, &through));
    let old = project.copy();
    project.squash(&["--revision-id", "fresh"]);
    let target = Target::start().await;
    target.execute("postgres", "create role app_user superuser login").await;
    target.database("shop").await;
    let url = format!("postgresql+psycopg://app_user@/shop?host={}", target.host());
    old.alembic(&url, &["upgrade", "r1"]).exits(0);
    project.rebaseline(&["stamp", "--catch-up", "--yes", &url]).exits(0);
    assert_eq!(target.versions("shop").await, ["fresh"]);
}

#[test]
fn sqlite_in_memory_is_nobodys_database() {
    let six = "import sqlalchemy as sa\nwith sa.create_engine('sqlite://').connect() as c:\n    \
               six = c.execute(sa.text('select 6')).scalar()\n\
               op.execute(f'create table t as select {six} as n')";
    Project::chain(&[six]).squash(&[]);
    for url in ["sqlite:///cache.db", "sqlite:////tmp/cache.db"] {
        let project = Project::chain(&["pass", &six.replace("sqlite://", url)]);
        let run = project.rebaseline(&["squash"]).exits(3);
        assert!(run.stderr.contains("a connection through `sqlite` was refused"), "{}", run.stderr);
        assert!(run.stderr.contains("in revision r2, line "), "{}", run.stderr);
        assert!(run.stderr.contains("--skip"), "{}", run.stderr);
    }
    let made = "import sqlite3\nimport sqlalchemy as sa\n\
                sa.create_engine('sqlite://', creator=lambda: sqlite3.connect('cache.db')).connect()";
    let project = Project::chain(&[made]);
    let run = project.rebaseline(&["squash"]).exits(3);
    assert!(run.stderr.contains("sqlite3.Connection"), "{}", run.stderr);
}
