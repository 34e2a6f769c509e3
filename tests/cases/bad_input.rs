//! Bad input gets a clear error (as the snapshots show it), the right exit code, and loses nothing: the
//! tree stays as it was, no server and no run folder remains.

mod interrupted;
mod refused;

use std::path::Path;
use std::process::Command;

use crate::support::project::{ENV_SYNC, Project, Run};
use crate::support::{assert_same_tree, environment};

const TABLE: &str = "op.execute(\"CREATE TABLE dish (id int PRIMARY KEY)\")";

/// Runs, checks the exit code, that nothing was lost, and gives stderr without what differs between
/// runs and machines.
#[track_caller]
fn fails(project: &Project, arguments: &[&str], code: i32) -> String {
    let before = project.tree();
    let run = project.rebaseline(arguments);
    nothing_lost(project, run, &before, code)
}

#[track_caller]
fn nothing_lost(
    project: &Project,
    run: Run,
    before: &std::collections::BTreeMap<String, Vec<u8>>,
    code: i32,
) -> String {
    let run = run.exits(code);
    assert_eq!(run.stdout, "");
    assert_same_tree(&project.tree(), before);
    assert_eq!(project.leftovers(), Vec::<std::path::PathBuf>::new());
    let real = project.path().canonicalize().unwrap().display().to_string();
    let virtual_environment = environment().display().to_string();
    run.stderr
        .replace(&real, "[PROJECT]")
        .replace(&project.path().display().to_string(), "[PROJECT]")
        .replace(&virtual_environment, "[VENV]")
}

/// A snapshot of what the user reads. Of a traceback only its end: the rest is Python's own.
macro_rules! snapshot {
    ($text:expr) => {{
        let mut settings = insta::Settings::clone_current();
        settings.add_filter(r"\d+\.\d\d s\b", "[SECONDS]");
        settings.add_filter(r"\d+ bytes", "[BYTES] bytes");
        settings.add_filter(r"PostgreSQL \d+\.\d+", "PostgreSQL [VERSION]");
        // Where in PostgreSQL's own source the message was made.
        settings.add_filter(r" at line \d+", "");
        settings.add_filter(r"/tmp/rb[^/]+/rebaseline-\d+/rebaseline-run-[0-9-]+", "[RUN]");
        settings.add_filter(
            r"(?s)(traceback ends with:\n).*?(      [^ \n][^\n]*\n  (?:hint|state):)",
            "${1}      [...]\n$2",
        );
        settings.set_prepend_module_to_snapshot(true);
        settings.bind(|| insta::assert_snapshot!($text));
    }};
}
use snapshot;

#[test]
fn no_alembic_ini() {
    let project = Project::chain(&[TABLE]);
    std::fs::remove_file(project.path().join("alembic.ini")).unwrap();
    snapshot!(fails(&project, &["squash"], 2));
}

#[test]
fn script_location_missing() {
    let project = Project::chain(&[TABLE]);
    project.write("alembic.ini", "[alembic]\nscript_location = alembic\n");
    snapshot!(fails(&project, &["squash"], 2));
    project.write("alembic.ini", "[alembic]\n");
    snapshot!(fails(&project, &["squash"], 2));
}

#[test]
fn no_revisions() {
    snapshot!(fails(&Project::bare(), &["squash"], 2));
}

#[test]
fn rebaseline_toml_with_an_unknown_key() {
    let project = Project::chain(&[TABLE]);
    project.write("rebaseline.toml", "[scratch]\nrole = [\"app_user\"]\n");
    snapshot!(fails(&project, &["squash"], 2));
}

#[test]
fn source_date_epoch_that_is_no_number() {
    let mut project = Project::chain(&[TABLE]);
    project.set("SOURCE_DATE_EPOCH", "yesterday");
    snapshot!(fails(&project, &["squash"], 2));
}

/// A Python without any package.
fn bare_python(folder: &Path) {
    let python = environment().join("bin/python");
    let made = Command::new(python).args(["-m", "venv", "--without-pip"]).arg(folder).status();
    assert!(made.unwrap().success());
}

#[test]
fn alembic_not_importable() {
    let project = Project::chain(&[TABLE]);
    bare_python(&project.path().join("bare"));
    snapshot!(fails(&project, &["squash", "--python", "bare/bin/python"], 3));
    snapshot!(fails(&project, &["squash", "--python", "nowhere/bin/python"], 3));
}

#[test]
fn alembic_not_importable_anywhere() {
    let mut project = Project::chain(&[TABLE]);
    let folder = project.path().canonicalize().unwrap();
    bare_python(&folder.join(".venv"));
    for name in ["python3", "python"] {
        let script = format!("#!/bin/sh\nexec {}/.venv/bin/python \"$@\"\n", folder.display());
        project.write(&format!("bin/{name}"), script);
        let open = std::os::unix::fs::PermissionsExt::from_mode(0o755);
        std::fs::set_permissions(folder.join("bin").join(name), open).unwrap();
    }
    let path = std::env::var("PATH").unwrap();
    project.set("PATH", &format!("{}/bin:{path}", folder.display()));
    project.set("VIRTUAL_ENV", &format!("{}/gone", folder.display()));
    snapshot!(fails(&project, &["squash"], 3));
}

#[test]
fn a_command_that_is_not_there_or_fails() {
    let project = Project::chain(&[TABLE]);
    snapshot!(fails(&project, &["squash", "--command", "no-such-program upgrade"], 3));
    snapshot!(fails(&project, &["squash", "--command", "sh -c 'echo bad luck >&2; exit 7'"], 3));
    snapshot!(fails(&project, &["squash", "--command", "true"], 3));
    snapshot!(fails(&project, &["squash", "--command", "docker compose run web migrate"], 2));
}

#[test]
fn postgres_binaries_missing() {
    let project = Project::chain(&[TABLE]);
    project.write("empty/README", "no programs here");
    snapshot!(fails(&project, &["squash", "--pg-bin", "empty"], 3));
}

#[test]
fn a_scratch_server_that_is_not_there() {
    let project = Project::chain(&[TABLE]);
    let url = "postgresql://postgres:secret@127.0.0.1:1/postgres";
    snapshot!(fails(&project, &["squash", "--scratch-url", url], 3));
    snapshot!(fails(&project, &["squash", "--scratch-url", "mysql://root@127.0.0.1/x"], 2));
    snapshot!(fails(&project, &["squash", "--scratch-url", "env:NO_SUCH_VARIABLE"], 2));
}

#[test]
fn a_revision_that_raises() {
    let project = Project::chain(&[
        TABLE,
        "op.execute(\"INSERT INTO dish VALUES (1)\")",
        "rows = {}\nop.execute(rows['missing'])",
        TABLE,
    ]);
    snapshot!(fails(&project, &["squash"], 3));
}

#[test]
fn a_revision_with_broken_sql() {
    let project =
        Project::chain(&[TABLE, "op.execute(\"ALTER TABLE dishes ADD COLUMN name text\")"]);
    snapshot!(fails(&project, &["squash"], 3));
}

#[test]
fn env_py_that_raises() {
    let project = Project::chain(&[TABLE]);
    project.write("migrations/env.py", "import no_such_settings\n");
    snapshot!(fails(&project, &["squash"], 3));
}

#[test]
fn env_py_that_connects_to_sqlite() {
    let project = Project::chain(&[TABLE]);
    let env = ENV_SYNC.replace("os.environ[\"DATABASE_URL\"]", "\"sqlite:///local.db\"");
    project.write("migrations/env.py", env);
    snapshot!(fails(&project, &["squash"], 3));
}

#[test]
fn env_py_that_does_not_commit() {
    let project = Project::chain(&[TABLE]);
    let env = ENV_SYNC.replace(
        "        context.configure(connection=connection)\n",
        "        connection.execute(__import__('sqlalchemy').text('SELECT 1'))\n\
         \x20       context.configure(connection=connection)\n",
    );
    assert_ne!(env, ENV_SYNC);
    project.write("migrations/env.py", env);
    snapshot!(fails(&project, &["squash"], 3));
}

#[test]
fn a_role_that_the_history_expects() {
    let project = Project::chain(&[TABLE, "op.execute(\"GRANT SELECT ON dish TO app_user\")"]);
    snapshot!(fails(&project, &["squash"], 3));
    // Either of the two ways that the hint names helps.
    project.rebaseline(&["squash", "--dry-run", "--scratch-role", "app_user"]).exits(0);
    project.write("rebaseline.toml", "[scratch]\nroles = [\"app_user\"]\n");
    project.rebaseline(&["squash"]).exits(0);
}

#[test]
fn an_extension_that_is_not_available() {
    let body = "op.execute(\"CREATE EXTENSION no_such_extension\")";
    snapshot!(fails(&Project::chain(&[TABLE, body]), &["squash"], 3));
    let project = Project::chain(&[TABLE]);
    let arguments = ["squash", "--scratch-extension", "no_such_extension"];
    snapshot!(fails(&project, &arguments, 3));
}

#[test]
fn an_extension_that_the_history_expects() {
    let project = Project::chain(&["op.execute(\"CREATE TABLE t (name citext)\")"]);
    snapshot!(fails(&project, &["squash"], 3));
    project.rebaseline(&["squash", "--scratch-extension", "citext"]).exits(0);
}

/// As `alembic init -t multidb` has it: a transaction on each database, and all of them end together.
#[test]
fn an_env_py_of_several_databases() {
    let project = Project::chain(&["op.execute('CREATE TABLE dish (id int)')"]);
    project.write(
        "migrations/env.py",
        r#"
from alembic import context
from sqlalchemy import create_engine

connections = []
for name in ("one", "two"):
    connection = create_engine(f"postgresql+psycopg://u:s3cret@127.0.0.1:1/{name}").connect()
    connections.append((connection, connection.begin()))
for connection, _ in connections:
    context.configure(connection=connection)
    context.run_migrations()
for _, transaction in connections:
    transaction.commit()
"#,
    );
    snapshot!(fails(&project, &["squash"], 3));
}

#[test]
fn a_replay_that_waits_for_itself() {
    let body = "op.execute('ALTER TABLE dish ADD COLUMN name text')\n\
        engine = sa.create_engine('postgresql+psycopg://')\n\
        with engine.connect() as second:\n    second.execute(sa.text('SELECT count(*) FROM dish'))";
    let project = Project::chain(&[
        "with op.get_context().autocommit_block():\n    op.execute('CREATE TABLE dish (id int)')",
        body,
    ]);
    snapshot!(fails(&project, &["squash"], 3));
}
