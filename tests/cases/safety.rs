//! Whatever env.py, the environment and the revisions say, only scratch is reached: a host that notes
//! every connection sees none. Each case has its control: plain Alembic does reach that host.

mod given_server;
mod passwords;
mod poisoned;

use crate::support::environment;
use crate::support::listener::Listener;
use crate::support::project::{ENV_ASYNC, ENV_SYNC, Project};
use crate::support::target::Target;

/// A small history, so that there is something to squash.
const HISTORY: [&str; 2] = [
    "op.execute(\"CREATE TABLE dish (id int PRIMARY KEY, name text NOT NULL)\")",
    "op.execute(\"INSERT INTO dish VALUES (1, 'soup')\")",
];

/// A URL on the host that must not be touched.
fn url(driver: &str, listener: &Listener, query: &str) -> String {
    format!("postgresql+{driver}://app:s3cret@127.0.0.1:{}/production{query}", listener.port())
}

/// Plain Alembic with these settings reaches the listener, and a squash does not.
fn stays_away(project: &Project, listener: &Listener, arguments: &[&str]) {
    let url = project.variables.iter().find(|(name, _)| name == "DATABASE_URL").unwrap();
    let control = project.alembic(&url.1, &["upgrade", "head"]);
    assert_ne!(control.code, Some(0));
    assert_ne!(listener.seen(), 0, "the control did not get there: {}", control.stderr);
    project.rebaseline(&[&["squash"], arguments].concat()).exits(0);
    assert_eq!(listener.seen(), 0);
}

fn variable_stays_unused(env: &str, driver: &str, query: &str) {
    let listener = Listener::start();
    let mut project = Project::chain(&HISTORY);
    project.write("migrations/env.py", env);
    project.set("DATABASE_URL", &url(driver, &listener, query));
    stays_away(&project, &listener, &[]);
}

#[test]
fn database_url_with_psycopg2() {
    variable_stays_unused(ENV_SYNC, "psycopg2", "");
}

#[test]
fn database_url_with_psycopg() {
    variable_stays_unused(ENV_SYNC, "psycopg", "?sslmode=require");
}

#[test]
fn database_url_with_psycopg_async() {
    variable_stays_unused(ENV_ASYNC, "psycopg", "");
}

#[test]
fn database_url_with_asyncpg_and_ssl() {
    variable_stays_unused(ENV_ASYNC, "asyncpg", "?ssl=require");
}

/// `env` with the URL written into it, as careless projects have it.
fn hard_coded(env: &str, url: &str) -> String {
    let text = env.replace("os.environ[\"DATABASE_URL\"]", &format!("{url:?}"));
    assert_ne!(text, env);
    text
}

fn hard_coded_url_stays_unused(env: &str, driver: &str, query: &str) {
    let listener = Listener::start();
    let project = Project::chain(&HISTORY);
    project.write("migrations/env.py", hard_coded(env, &url(driver, &listener, query)));
    stays_away(&project, &listener, &[]);
}

#[test]
fn hard_coded_url_with_psycopg2() {
    hard_coded_url_stays_unused(ENV_SYNC, "psycopg2", "");
}

#[test]
fn hard_coded_url_with_psycopg() {
    hard_coded_url_stays_unused(ENV_SYNC, "psycopg", "");
}

#[test]
fn hard_coded_url_with_psycopg_async() {
    hard_coded_url_stays_unused(ENV_ASYNC, "psycopg", "");
}

#[test]
fn hard_coded_url_with_asyncpg() {
    hard_coded_url_stays_unused(ENV_ASYNC, "asyncpg", "?ssl=require");
}

/// A revision that connects by itself. Its control runs on a real database, for env.py must get through.
async fn direct_connection_is_redirected(connect: &str) {
    let listener = Listener::start();
    let connect = connect.replace("PORT", &listener.port().to_string());
    let body = format!(
        "import asyncio\nimport asyncpg\nimport psycopg\nimport psycopg2\n\
         QUERY = \"SELECT current_database()\"\n{connect}\n\
         assert name.startswith(\"rebaseline_scratch_\"), name"
    );
    let mut project = Project::chain(&[HISTORY[0], &body]);
    let target = Target::start().await;
    let url = target.database("shop").await;
    project.set("DATABASE_URL", &url);
    project.alembic(&url, &["upgrade", "r1"]).exits(0);
    stays_away(&project, &listener, &[]);
}

#[tokio::test]
async fn psycopg2_connect_in_a_revision() {
    direct_connection_is_redirected(
        "for words in [dict(host=\"127.0.0.1\", port=PORT, user=\"app\", dbname=\"production\"),\n\
         \x20             dict(dsn=\"postgresql://app:s3cret@127.0.0.1:PORT/production\")]:\n\
         \x20   connection = psycopg2.connect(**words)\n\
         \x20   cursor = connection.cursor()\n    cursor.execute(QUERY)\n\
         \x20   name = cursor.fetchone()[0]\n    connection.close()",
    )
    .await;
}

#[tokio::test]
async fn psycopg_connect_in_a_revision() {
    direct_connection_is_redirected(
        "for text in [\"host=127.0.0.1 port=PORT user=app dbname=production\",\n\
         \x20            \"postgresql://app:s3cret@127.0.0.1:PORT/production\"]:\n\
         \x20   with psycopg.connect(text) as connection:\n\
         \x20       name = connection.execute(QUERY).fetchone()[0]",
    )
    .await;
}

#[tokio::test]
async fn asyncpg_connect_in_a_revision() {
    direct_connection_is_redirected(
        "async def ask(*args, **words):\n\
         \x20   connection = await asyncpg.connect(*args, **words)\n\
         \x20   found = await connection.fetchval(QUERY)\n    await connection.close()\n    return found\n\
         name = asyncio.run(ask(\"postgresql://app:s3cret@127.0.0.1:PORT/production?sslmode=require\"))\n\
         name = asyncio.run(ask(host=\"127.0.0.1\", port=PORT, user=\"app\", database=\"production\"))",
    )
    .await;
}

#[tokio::test]
async fn create_engine_in_a_revision() {
    direct_connection_is_redirected(
        "engine = sa.create_engine(\"postgresql+psycopg://app:s3cret@127.0.0.1:PORT/production\")\n\
         with engine.connect() as connection:\n    name = connection.execute(sa.text(QUERY)).scalar()",
    )
    .await;
}

#[test]
fn url_put_together_from_parts() {
    let listener = Listener::start();
    let mut project = Project::chain(&HISTORY);
    let env = ENV_SYNC.replace(
        "os.environ[\"DATABASE_URL\"]",
        "\"postgresql+psycopg2://{DB_USER}:{DB_PASSWORD}@{DB_HOST}:{DB_PORT}/{DB_NAME}\".format(**os.environ)",
    );
    project.write("migrations/env.py", env);
    let port = listener.port().to_string();
    for (name, value) in [
        ("DB_USER", "app"),
        ("DB_PASSWORD", "s3cret"),
        ("DB_HOST", "127.0.0.1"),
        ("DB_PORT", &port),
        ("DB_NAME", "production"),
    ] {
        project.set(name, value);
    }
    stays_away(&project, &listener, &[]);
}

/// env.py names no host; libpq's variables do.
fn libpq_variables_stay_unused(env: &str, driver: &str, variables: &[(&str, &str)]) {
    let listener = Listener::start();
    let port = listener.port().to_string();
    let mut project = Project::chain(&HISTORY);
    project.write("migrations/env.py", hard_coded(env, &format!("postgresql+{driver}://")));
    project.write(
        "services.conf",
        format!("[production]\nhost=127.0.0.1\nport={port}\ndbname=production\nuser=app\n"),
    );
    let services = project.path().join("services.conf").display().to_string();
    for (name, value) in variables {
        project.set(name, &value.replace("PORT", &port).replace("FILE", &services));
    }
    stays_away(&project, &listener, &[]);
}

const BY_HOST: [(&str, &str); 4] =
    [("PGHOST", "127.0.0.1"), ("PGPORT", "PORT"), ("PGUSER", "app"), ("PGDATABASE", "production")];

#[test]
fn pghost_with_psycopg2() {
    libpq_variables_stay_unused(ENV_SYNC, "psycopg2", &BY_HOST);
}

#[test]
fn pghost_with_psycopg() {
    libpq_variables_stay_unused(ENV_SYNC, "psycopg", &BY_HOST);
}

#[test]
fn pghost_with_asyncpg() {
    libpq_variables_stay_unused(ENV_ASYNC, "asyncpg", &BY_HOST);
}

#[test]
fn pgservice_and_pghostaddr() {
    let by_service = [("PGSERVICE", "production"), ("PGSERVICEFILE", "FILE")];
    libpq_variables_stay_unused(ENV_SYNC, "psycopg2", &by_service);
    libpq_variables_stay_unused(ENV_SYNC, "psycopg", &by_service);
    let by_address = [("PGHOSTADDR", "127.0.0.1"), ("PGPORT", "PORT"), ("PGUSER", "app")];
    libpq_variables_stay_unused(ENV_SYNC, "psycopg2", &by_address);
}

#[test]
fn psql_in_a_revision() {
    let listener = Listener::start();
    let body = "import subprocess\n\
         ask = [\"psql\", \"-XAtc\", \"SELECT current_database()\"]\n\
         name = subprocess.run(ask, capture_output=True, text=True, check=True).stdout\n\
         assert name.startswith(\"rebaseline_scratch_\"), name";
    let mut project = Project::chain(&[HISTORY[0], body]);
    project.set("PGHOST", "127.0.0.1");
    project.set("PGPORT", &listener.port().to_string());
    project.rebaseline(&["squash", "--dry-run"]).exits(0);
    assert_eq!(listener.seen(), 0);
}

#[test]
fn a_command_of_the_projects_own() {
    let listener = Listener::start();
    let project = Project::chain(&HISTORY);
    let url = url("psycopg2", &listener, "");
    project.write("migrations/env.py", hard_coded(ENV_SYNC, &url));
    project.write(
        "migrate.py",
        "from alembic import command\nfrom alembic.config import Config\n\n\
         command.upgrade(Config(\"alembic.ini\"), \"heads\")\n",
    );
    let command = format!("{} migrate.py", environment().join("bin/python").display());
    stays_away(&project, &listener, &["--command", &command]);
}
