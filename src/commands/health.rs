//! `rebaseline status --health` and `rebaseline health`: is a database where the project's revision files are?
//!
//! The first answers once, by a line of JSON and the exit code; the second answers HTTP probes from the last
//! check, which runs at an interval over one connection.

mod serve;

use tokio::net::TcpListener;
use tokio::sync::watch;

use crate::cli::{Global, Health as Arguments, Running, Status as StatusArguments};
use crate::config::{self, Settings};
use crate::error::{Explain, Kind, Result};
use crate::postgres::target::Target;
use crate::report::{Printable, Report};
use crate::stages::audit;
use crate::stages::health::{Checker, Expected, Health, Status};

/// Why there is nothing to check.
#[derive(Debug, thiserror::Error)]
pub enum HealthError {
    /// The revision files do not say what is expected.
    #[error("the project's revisions cannot be read")]
    Revisions,
    /// Not one database.
    #[error("a health check is about one database, and {0} were named")]
    NotOne(usize),
    /// A file of databases.
    #[error("a health check is about one database, and --targets names a file of them")]
    File,
    /// The address cannot be listened on.
    #[error("cannot listen on {address}")]
    Listen {
        /// The address.
        address: std::net::SocketAddr,
        /// What the system said.
        #[source]
        source: std::io::Error,
    },
}

impl Explain for HealthError {
    fn kind(&self) -> Kind {
        match self {
            Self::Revisions => Kind::Refused,
            Self::NotOne(_) | Self::File => Kind::Usage,
            Self::Listen { .. } => Kind::Tool,
        }
    }

    fn hints(&self) -> Vec<String> {
        match self {
            Self::Revisions => vec!["rebaseline audit".to_owned()],
            Self::NotOne(_) | Self::File => {
                vec!["name it: postgresql://USER@HOST/DB, or env:NAME".to_owned()]
            }
            Self::Listen { .. } => vec!["choose another: --listen 127.0.0.1:PORT".to_owned()],
        }
    }
}

impl Printable for Health {
    fn text(&self) -> String {
        serde_json::to_string(self).unwrap_or_else(|error| error.to_string())
    }
}

/// Checks once: a line of JSON on stdout, whatever happens, and 0 or 1. Only a command line that does not name one
/// database is an error.
pub async fn once(global: &Global, arguments: &StatusArguments, report: &Report) -> Result<u8> {
    let targets = &arguments.targets;
    let url = match (targets.urls.as_slice(), targets.targets.as_slice()) {
        ([url], []) => url,
        (_, [_, ..]) => return Err(HealthError::File.into()),
        (urls, []) => return Err(HealthError::NotOne(urls.len()).into()),
    };
    let health = match prepare(global, url, arguments.version_table.as_deref()) {
        Ok((target, expected)) => {
            Checker::new(target, expected, targets.connect_timeout).check().await
        }
        Err(error) => Health::unknown(None, error.in_a_line()),
    };
    report.result(&health);
    if let Some(why) = &health.why {
        report.note(format!("unhealthy: {why}"));
    }
    Ok(u8::from(health.status != Status::Ready))
}

/// Answers probes until a signal comes.
pub async fn serve(global: &Global, arguments: &Arguments, report: &Report) -> Result<u8> {
    let (target, expected) = prepare(global, &arguments.url, arguments.version_table.as_deref())?;
    let address = arguments.listen;
    let failed = |source| HealthError::Listen { address, source };
    let listener = TcpListener::bind(address).await.map_err(failed)?;
    let at = listener.local_addr().map_err(failed)?;
    report.note(format!("answering on http://{at}/healthz for {target}"));
    let first = Health::unknown(Some(expected.heads.join(",")), "not checked yet");
    let (sender, health) = watch::channel(first);
    let checking = async {
        let mut checker = Checker::new(target, expected, arguments.connect_timeout);
        let mut told = None;
        loop {
            let health = checker.check().await;
            if told.as_ref() != Some(&health) {
                let why = health.why.as_deref().map_or(String::new(), |why| format!(": {why}"));
                let word = if health.status == Status::Ready { "ready" } else { "unhealthy" };
                report.note(format!("{word}{why}"));
                told = Some(health.clone());
            }
            sender.send_replace(health);
            tokio::time::sleep(arguments.interval).await;
        }
    };
    tokio::select! {
        () = serve::serve(&listener, &health) => Ok(0),
        never = checking => never,
    }
}

/// The database, and what the revision files say. Neither archives nor Python are looked at.
fn prepare(global: &Global, url: &str, table: Option<&str>) -> Result<(Target, Expected)> {
    let settings = Settings::load(global, &Running::default())?;
    let history = audit::audit(&settings.alembic).history.ok_or(HealthError::Revisions)?;
    let mut heads: Vec<String> = history.version_rows().iter().map(ToString::to_string).collect();
    heads.sort();
    let (schema, table) = match table.map(|table| table.split_once('.').unwrap_or(("", table))) {
        Some(("", table)) => (None, table),
        Some((schema, table)) => (Some(schema.to_owned()), table),
        None => (None, "alembic_version"),
    };
    let url = config::database(url)?;
    Ok((Target { url, schema }, Expected { heads, table: table.to_owned() }))
}
