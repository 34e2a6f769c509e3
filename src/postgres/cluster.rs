//! A private PostgreSQL cluster: copied from the template, on a unix socket only, unprivileged,
//! without durability, gone when we are.
//!
//! The server lives in a run folder of its own, which is held by a watchdog (see `run_folder`).
//! Launching it takes the time of a copy; [`Cluster::ready`] waits for the first connection, so that
//! other things can start in between.

use std::path::Path;
use std::time::{Duration, Instant};

use sqlx::ConnectOptions;

use crate::error::{Explain, Kind};
use crate::files::{self, PathError};
use crate::postgres::address::Address;
use crate::postgres::binaries::{Binaries, BinariesError};
use crate::postgres::run_folder::{FolderError, Places, RunFolder, User};
use crate::postgres::template;
use crate::process::{Plan, last_lines};

/// How long a server may take to accept its first connection.
const START: Duration = Duration::from_secs(30);

/// Why there is no private cluster.
#[derive(Debug, thiserror::Error)]
pub enum ClusterError {
    /// No binaries.
    #[error("cannot start a scratch server")]
    Binaries(#[from] BinariesError),
    /// A file operation failed.
    #[error("cannot prepare a scratch server")]
    File(#[from] PathError),
    /// Its run folder, or `initdb` in it, failed.
    #[error("cannot prepare a scratch server")]
    Folder(#[from] FolderError),
    /// We are root and there is nobody else to run the server as.
    #[error("PostgreSQL refuses to run as root, and there is no user `postgres` or `nobody`")]
    NoUser,
    /// The server ended or never accepted a connection.
    #[error("the scratch server did not start:\n{log}")]
    NotStarted {
        /// The last lines of its log.
        log: String,
    },
}

impl Explain for ClusterError {
    fn kind(&self) -> Kind {
        Kind::Tool
    }

    fn hints(&self) -> Vec<String> {
        match self {
            Self::Binaries(error) => error.hints(),
            _ => vec![
                "or name a server of yours: --scratch-url postgresql://USER@HOST/DB".to_owned(),
            ],
        }
    }
}

/// A running private cluster. Dropping it stops the server and removes its folder.
#[derive(Debug)]
pub struct Cluster {
    address: Address,
    folder: RunFolder,
}

impl Cluster {
    /// Starts a cluster without waiting for it; `settings` are extra server settings, `name=value`.
    pub fn launch(
        binaries: &Binaries,
        places: &Places,
        settings: &[String],
    ) -> Result<Self, ClusterError> {
        let user = server_user()?;
        let mut folder = RunFolder::create(places, user)?;
        let template = template::ready(binaries, &places.cache, folder.path(), user)?;
        let data = folder.path().join("data");
        files::copy_folder(&template, &data, user)?;
        let plan = Plan::new(binaries.program("postgres"))
            .argument("-D")
            .argument(&data)
            .argument("-k")
            .argument(folder.path())
            .arguments(server_flags(binaries.major))
            .arguments(settings.iter().flat_map(|setting| ["-c", setting.as_str()]))
            .set("TZ", "UTC");
        folder.hold(&plan, &binaries.program("dropdb"))?;
        let address = Address {
            host: folder.path().to_string_lossy().into_owned(),
            port: 5432,
            user: "postgres".to_owned(),
            password: None,
            ssl_mode: None,
        };
        Ok(Self { address, folder })
    }

    /// How to reach it.
    pub fn address(&self) -> &Address {
        &self.address
    }

    /// Its run folder.
    pub fn folder(&self) -> &RunFolder {
        &self.folder
    }

    /// Waits until the server accepts connections.
    pub async fn ready(&mut self) -> Result<(), ClusterError> {
        let started = Instant::now();
        let options = self.address.options("postgres");
        let socket = self.folder.path().join(".s.PGSQL.5432");
        loop {
            if socket.exists() && options.connect().await.is_ok() {
                return Ok(());
            }
            if self.ended() || started.elapsed() > START {
                return Err(ClusterError::NotStarted { log: last_lines(&self.folder.log(), 20) });
            }
            tokio::time::sleep(Duration::from_millis(4)).await;
        }
    }

    /// The watchdog outlives a server that dies at once: then the log has a FATAL line and there is
    /// no pid file.
    fn ended(&mut self) -> bool {
        let pid_file = self.folder.path().join("data/postmaster.pid");
        self.folder.ended() || (!pid_file.exists() && self.folder.log().contains("FATAL:"))
    }
}

/// Flags measured to be safe for a throw-away server. `wal_level=logical`: a history may create
/// publications and replication slots. `timezone=UTC`: the dump must not depend on this machine.
fn server_flags(major: u32) -> Vec<&'static str> {
    let mut flags = vec![
        "listen_addresses=",
        "port=5432",
        "fsync=off",
        "synchronous_commit=off",
        "full_page_writes=off",
        "wal_level=logical",
        "max_wal_senders=0",
        "autovacuum=off",
        "jit=off",
        "shared_buffers=32MB",
        "timezone=UTC",
        "log_timezone=UTC",
        "max_locks_per_transaction=1024",
        "dynamic_shared_memory_type=mmap",
        "unix_socket_permissions=0700",
        "logging_collector=off",
    ];
    if major >= 18 {
        flags.push("io_method=sync");
    }
    flags.into_iter().flat_map(|flag| ["-c", flag]).collect()
}

/// The user to run the server as when we are root: PostgreSQL refuses root.
fn server_user() -> Result<Option<User>, ClusterError> {
    if !rustix::process::geteuid().is_root() {
        return Ok(None);
    }
    let passwd = files::read_text(Path::new("/etc/passwd"))?;
    let entry = |name: &str| {
        let line = passwd.lines().find(|line| line.split(':').next() == Some(name))?;
        let mut fields = line.split(':').skip(2);
        Some((fields.next()?.parse().ok()?, fields.next()?.parse().ok()?))
    };
    entry("postgres").or_else(|| entry("nobody")).map(Some).ok_or(ClusterError::NoUser)
}
