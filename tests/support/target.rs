//! A real server that plays the user's databases: what `stamp` writes to.

use std::path::PathBuf;

use rebaseline::postgres::run_folder::{Places, default_runs};
use rebaseline::postgres::server::{Server, Source};
use sqlx::postgres::PgConnection;
use sqlx::{AssertSqlSafe, ConnectOptions};

use super::watch::Watched;

pub struct Target {
    server: Server,
    _watched: Watched,
}

impl Target {
    /// Starts the server. If there is none: install it (Debian: apt-get install postgresql).
    pub async fn start() -> Self {
        Self::start_of(None).await
    }

    /// Starts the server of these binaries.
    pub async fn start_of(binaries: Option<PathBuf>) -> Self {
        Self::start_with(binaries, Vec::new()).await
    }

    /// Starts a server with settings of its own, `name=value`.
    pub async fn start_with(binaries: Option<PathBuf>, settings: Vec<String>) -> Self {
        let cache = std::env::temp_dir().join("rebaseline-test-cache");
        Self::start_cached(binaries, settings, cache).await
    }

    /// Starts a server of which this folder caches what can be used again.
    pub async fn start_cached(
        binaries: Option<PathBuf>,
        settings: Vec<String>,
        cache: PathBuf,
    ) -> Self {
        let places = Places { runs: default_runs(&std::env::temp_dir()), cache };
        let source = Source::Private { folder: binaries, settings };
        let path = std::env::var("PATH").unwrap();
        let mut server = Server::launch(&source, &places, &path)
            .await
            .expect("PostgreSQL's server binaries (Debian: apt-get install postgresql)");
        server.ready().await.unwrap();
        Self { server, _watched: Watched::start() }
    }

    /// Makes a database and gives its URL for SQLAlchemy and for rebaseline.
    pub async fn database(&self, name: &str) -> String {
        self.execute("postgres", &format!("CREATE DATABASE \"{name}\"")).await;
        self.url(name)
    }

    /// Makes a database that is a copy of another one.
    pub async fn copy(&self, from: &str, name: &str) -> String {
        let sql = format!("CREATE DATABASE \"{name}\" TEMPLATE \"{from}\"");
        self.execute("postgres", &sql).await;
        self.url(name)
    }

    /// Waits until a query of the server's own views gives these rows.
    #[track_caller]
    pub fn until<'a>(
        &'a self,
        query: &'a str,
        wanted: &'a [&'a str],
    ) -> impl Future<Output = ()> + 'a {
        let place = std::panic::Location::caller();
        async move {
            let started = std::time::Instant::now();
            loop {
                let found = self.column("postgres", query).await;
                if found == wanted {
                    return;
                }
                let late = started.elapsed() > std::time::Duration::from_mins(2);
                assert!(!late, "{place}: {query} gives {found:?}, never {wanted:?}");
                tokio::time::sleep(std::time::Duration::from_millis(10)).await;
            }
        }
    }

    /// The folder of its socket.
    pub fn host(&self) -> &str {
        &self.server.address().host
    }

    pub fn url(&self, name: &str) -> String {
        format!("postgresql+psycopg://postgres@/{name}?host={}", self.server.address().host)
    }

    /// One of the server's programs.
    pub fn program(&self, name: &str) -> PathBuf {
        self.server.binaries().program(name)
    }

    pub async fn connect(&self, name: &str) -> PgConnection {
        self.server.address().options(name).connect().await.unwrap()
    }

    /// Runs statements in a database.
    pub async fn execute(&self, name: &str, sql: &str) {
        let mut connection = self.connect(name).await;
        sqlx::raw_sql(AssertSqlSafe(sql.to_owned())).execute(&mut connection).await.unwrap();
    }

    /// The rows of `alembic_version`.
    pub async fn versions(&self, name: &str) -> Vec<String> {
        let mut connection = self.connect(name).await;
        sqlx::query_scalar("select version_num::text from alembic_version order by 1")
            .fetch_all(&mut connection)
            .await
            .unwrap()
    }

    /// What `pg_dump` says of a database, rows and all.
    pub fn dump(&self, name: &str) -> String {
        let output = std::process::Command::new(self.server.binaries().program("pg_dump"))
            .args(["-h", &self.server.address().host, "-U", "postgres", name])
            .output()
            .unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let text = String::from_utf8(output.stdout).unwrap();
        // Its guard against psql's commands holds a new random key every time.
        let lines: Vec<_> = text.lines().filter(|line| !line.contains("restrict ")).collect();
        lines.join("\n")
    }

    /// Restores a dump in custom format into a database.
    pub fn restore(&self, name: &str, file: &std::path::Path) {
        let output = std::process::Command::new(self.server.binaries().program("pg_restore"))
            .args(["-h", &self.server.address().host, "-U", "postgres", "-d", name])
            .arg(file)
            .output()
            .unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }

    /// The dump of a database after a round trip: restored by psql into another one, dumped again. Some
    /// expressions print differently the first time, and alike ever after.
    pub async fn restored(&self, name: &str) -> String {
        let copy = format!("{name}_restored");
        self.database(&copy).await;
        let host = &self.server.address().host;
        let mut psql = std::process::Command::new(self.server.binaries().program("psql"))
            .args(["-h", host, "-U", "postgres", "-q", "-X", "-v", "ON_ERROR_STOP=1", &copy])
            .stdin(std::process::Stdio::piped())
            .stdout(std::process::Stdio::null())
            .spawn()
            .unwrap();
        let text = self.dump(name);
        std::io::Write::write_all(psql.stdin.as_mut().unwrap(), text.as_bytes()).unwrap();
        assert!(psql.wait().unwrap().success());
        self.dump(&copy)
    }

    /// What psql says of a script, which it runs as it does by itself: it goes on after an error.
    pub fn psql(&self, name: &str, script: &str) -> String {
        let host = &self.server.address().host;
        let mut psql = std::process::Command::new(self.server.binaries().program("psql"))
            .args(["-h", host, "-U", "postgres", "-q", "-X", name])
            .stdin(std::process::Stdio::piped())
            .stdout(std::process::Stdio::null())
            .stderr(std::process::Stdio::piped())
            .spawn()
            .unwrap();
        let mut stdin = psql.stdin.take().unwrap();
        std::io::Write::write_all(&mut stdin, script.as_bytes()).unwrap();
        drop(stdin);
        String::from_utf8(psql.wait_with_output().unwrap().stderr).unwrap()
    }

    /// The first column of a query, as text.
    pub async fn column(&self, name: &str, query: &str) -> Vec<String> {
        let mut connection = self.connect(name).await;
        sqlx::query_scalar(AssertSqlSafe(query.to_owned()))
            .fetch_all(&mut connection)
            .await
            .unwrap()
    }
}
