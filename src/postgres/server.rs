//! A scratch server: a private cluster of ours, or one that the user gives (`--scratch-url`).
//!
//! Takes the choice from the settings, gives a server on which scratch databases can be made. On a
//! given server nothing is touched but databases that carry our prefix.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use sqlx::ConnectOptions;

use crate::error::{Explain, Kind};
use crate::postgres::address::Address;
use crate::postgres::binaries::{Binaries, BinariesError};
use crate::postgres::cluster::{Cluster, ClusterError};
use crate::postgres::run_folder::{FolderError, Places, RunFolder};
use crate::postgres::url::{Url, UrlError};
use crate::process::Plan;

/// Where the scratch server comes from.
#[derive(Debug, Clone)]
pub enum Source {
    /// A private cluster from these binaries.
    Private {
        /// The folder the user names, if any.
        folder: Option<std::path::PathBuf>,
        /// Extra server settings, `name=value`.
        settings: Vec<String>,
    },
    /// A server that the user gives.
    Given(Url),
}

impl Source {
    /// Whether a server from it is ours alone.
    pub fn is_private(&self) -> bool {
        matches!(self, Self::Private { .. })
    }
}

/// Why there is no scratch server.
#[derive(Debug, thiserror::Error)]
pub enum ServerError {
    /// No private cluster.
    #[error(transparent)]
    Cluster(#[from] ClusterError),
    /// No run folder.
    #[error("cannot prepare the scratch server")]
    Folder(#[from] FolderError),
    /// No fitting `pg_dump`.
    #[error(transparent)]
    Binaries(#[from] BinariesError),
    /// The URL cannot be used.
    #[error(transparent)]
    Url(#[from] UrlError),
    /// The given server does not answer.
    #[error("cannot connect to the scratch server {url}")]
    Connect {
        /// The URL, without its password.
        url: Url,
        /// What the server or the system said.
        #[source]
        source: sqlx::Error,
    },
}

impl Explain for ServerError {
    fn kind(&self) -> Kind {
        match self {
            Self::Url(_) => Kind::Usage,
            _ => Kind::Tool,
        }
    }

    fn hints(&self) -> Vec<String> {
        match self {
            Self::Cluster(error) => error.hints(),
            Self::Binaries(error) => error.hints(),
            Self::Url(error) => error.hints(),
            Self::Folder(_) => Vec::new(),
            Self::Connect { .. } => {
                vec!["leave --scratch-url out to use a private cluster of this machine".to_owned()]
            }
        }
    }
}

/// A server for scratch databases.
#[derive(Debug)]
pub struct Server {
    address: Address,
    binaries: Binaries,
    version: String,
    maintenance: String,
    place: Place,
    prepared: Arc<AtomicBool>,
}

#[derive(Debug)]
enum Place {
    Private(Cluster),
    /// A given server has a run folder too: the files of the run live there.
    Given(RunFolder),
}

impl Server {
    /// Starts or reaches the server, without waiting for one that starts. `path` is PATH's value.
    pub async fn launch(source: &Source, places: &Places, path: &str) -> Result<Self, ServerError> {
        match source {
            Source::Private { folder, settings } => {
                let binaries =
                    Binaries::find(folder.as_deref(), path).map_err(ClusterError::from)?;
                let cluster = Cluster::launch(&binaries, places, settings)?;
                let version = binaries.version.clone();
                let address = cluster.address().clone();
                let maintenance = "postgres".to_owned();
                let place = Place::Private(cluster);
                let prepared = Arc::default();
                Ok(Self { address, binaries, version, maintenance, place, prepared })
            }
            Source::Given(url) => {
                let (address, maintenance) = url.address()?;
                let failed = |source| ServerError::Connect { url: url.clone(), source };
                let mut connection =
                    address.options(&maintenance).connect().await.map_err(failed)?;
                let (number, text): (i32, String) = sqlx::query_as(
                    "select current_setting('server_version_num')::int, \
                     current_setting('server_version')",
                )
                .fetch_one(&mut connection)
                .await
                .map_err(failed)?;
                let major = u32::try_from(number / 10_000).unwrap_or_default();
                let binaries = Binaries::find_for_server(major, None, path)?;
                let version = format!("postgres (PostgreSQL) {text}");
                let mut folder = RunFolder::create(places, None)?;
                let program = Plan::new("true").environment(address.environment(&maintenance));
                folder.hold(&program, &binaries.program("dropdb"))?;
                let place = Place::Given(folder);
                let prepared = Arc::default();
                Ok(Self { address, binaries, version, maintenance, place, prepared })
            }
        }
    }

    /// Waits until the server accepts connections.
    pub async fn ready(&mut self) -> Result<(), ServerError> {
        match &mut self.place {
            Place::Private(cluster) => Ok(cluster.ready().await?),
            Place::Given(_) => Ok(()),
        }
    }

    /// The run folder: it lives as long as this value.
    pub fn folder(&self) -> &RunFolder {
        match &self.place {
            Place::Private(cluster) => cluster.folder(),
            Place::Given(folder) => folder,
        }
    }

    /// Whether one of its databases has been prepared: what belongs to the whole server is there then.
    pub fn prepared(&self) -> Arc<AtomicBool> {
        Arc::clone(&self.prepared)
    }

    /// How to reach it.
    pub fn address(&self) -> &Address {
        &self.address
    }

    /// The client programs that fit it.
    pub fn binaries(&self) -> &Binaries {
        &self.binaries
    }

    /// The server's version in words.
    pub fn version(&self) -> &str {
        &self.version
    }

    /// The database to connect to for making others.
    pub fn maintenance(&self) -> &str {
        &self.maintenance
    }

    /// Whether the server is ours alone: only then may a history make roles on it.
    pub fn is_private(&self) -> bool {
        matches!(self.place, Place::Private(_))
    }
}
