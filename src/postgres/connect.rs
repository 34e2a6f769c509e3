//! Connects to a database that is not ours, as libpq would: several hosts, encryption, certificates, password
//! files, what the session must be.
//!
//! Takes a URL and the patience for one host; gives a connection, or what went wrong at each host. The connection
//! works through a pooler: nothing is sent at startup that it refuses, and whoever uses it keeps to one
//! transaction and to statements without a name (`.persistent(false)`).

mod route;
mod startup;
mod tls;

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use sqlx::postgres::{PgConnectOptions, PgConnection, PgSslMode};
use sqlx::{ConnectOptions, Connection, Row};

use crate::postgres::passfile::{self, Login, Password};
use crate::postgres::said::{code, said};
use crate::postgres::url::{Url, UrlError};
pub use route::Place;
use route::Session;
use tls::{Authorities, Tls};

/// Why there is no connection.
#[derive(Debug, thiserror::Error)]
pub enum ConnectError {
    /// The URL asks for what cannot be, or names a file that cannot be used.
    #[error(transparent)]
    Url(#[from] UrlError),
    /// No host would do.
    #[error("cannot connect: {}", told(.0))]
    Failed(Vec<Failure>),
}

/// What went wrong at one host.
#[derive(Debug)]
pub struct Failure {
    /// The host and its port.
    pub place: String,
    /// What happened.
    pub why: Why,
    /// A password file that was passed over because others may read it.
    pub passed_over: Option<PathBuf>,
}

/// What happened at a host.
#[derive(Debug, thiserror::Error)]
pub enum Why {
    /// Nobody answered.
    #[error("no answer within {} s", .0.as_secs_f64())]
    Timeout(Duration),
    /// The network, the encryption or the server refused.
    #[error("{}", said(.0))]
    Refused(sqlx::Error),
    /// The server is not what was asked for.
    #[error("the session is not {0}")]
    NotWanted(&'static str),
}

fn told(failures: &[Failure]) -> String {
    match failures {
        [one] => one.why.to_string(),
        several => {
            let lines = several.iter().map(|one| format!("{}: {}", one.place, one.why));
            lines.collect::<Vec<_>>().join("; ")
        }
    }
}

/// Whether the encryption failed, not the network.
fn is_tls(error: &sqlx::Error) -> bool {
    match error {
        sqlx::Error::Tls(_) => true,
        sqlx::Error::Io(error) => error.kind() == std::io::ErrorKind::InvalidData,
        _ => false,
    }
}

impl Why {
    /// Whether it may be over in a moment: the network, a server that starts or is full, a failover. A host that
    /// does not answer has had its time already.
    fn is_transient(&self) -> bool {
        match self {
            Self::Timeout(_) => false,
            Self::NotWanted(_) => true,
            Self::Refused(error) => match code(error) {
                Some(code) => {
                    code.starts_with("08") && code != "08P01"
                        || code.starts_with("57P")
                        || code == "53300"
                }
                None => matches!(error, sqlx::Error::Io(_)) && !is_tls(error),
            },
        }
    }

    fn help(&self) -> &'static str {
        let Self::Refused(error) = self else {
            return "check host and port, or raise --connect-timeout";
        };
        match code(error).as_deref() {
            Some("28P01" | "28000") => "check user and password, and the server's pg_hba.conf",
            Some("3D000") => "check the database's name",
            Some("08P01") => {
                "a pooler may refuse what the URL asks for at startup (`options`): allow it in its \
                 ignore_startup_parameters, or leave it out"
            }
            _ if is_tls(error) => {
                "check sslmode, sslrootcert and the name in the server's certificate"
            }
            _ => "check host, port, user and password",
        }
    }
}

impl ConnectError {
    /// Whether a second try makes sense.
    pub fn is_transient(&self) -> bool {
        match self {
            Self::Url(_) => false,
            Self::Failed(failures) => failures.iter().any(|failure| failure.why.is_transient()),
        }
    }

    /// What to do.
    pub fn help(&self) -> String {
        let help = match self {
            Self::Url(error) => return crate::error::Explain::hints(error).join("; "),
            Self::Failed(failures) => {
                failures.first().map_or("check the URL", |one| one.why.help())
            }
        };
        match self {
            Self::Failed(failures)
                if let Some(file) = failures.iter().find_map(|f| f.passed_over.as_ref()) =>
            {
                format!("chmod 600 {}: others may read it, so it was passed over", file.display())
            }
            _ => format!("{help}; nothing was written"),
        }
    }
}

/// The one place that a URL leads to.
pub fn only_place(url: &Url) -> Result<Place, UrlError> {
    let mut places = route::route(url)?.places;
    if let (Some(place), true) = (places.pop(), places.is_empty()) {
        return Ok(place);
    }
    let why = "names several hosts: name the one that may be written to".to_owned();
    Err(UrlError::Unsupported { keyword: "host", why })
}

/// The user that a URL means; without one, the user of the operating system, as libpq has it.
pub fn user(url: &Url) -> String {
    // A user without a name cannot connect: the server will say so.
    url.get("user").map_or_else(|| whoami::username().unwrap_or_default(), str::to_owned)
}

/// How long to wait for a connection.
#[derive(Debug, Clone, Copy)]
pub struct Waiting {
    /// For one host.
    pub limit: Duration,
    /// How often to try again what may be over in a moment.
    pub retries: u32,
}

/// Limits for one database.
#[derive(Debug, Clone, Copy)]
pub struct Patience {
    /// For the connection.
    pub connect: Waiting,
    /// For a lock: on the version table, and on what the catalog functions read.
    pub lock: Duration,
}

/// The pause before the first new try; each later one is twice as long.
const PAUSE: Duration = Duration::from_millis(250);

/// A connection to the database, from the first host that will do. The network's failures are tried again; a
/// wrong password is not.
pub async fn connect(url: &Url, waiting: Waiting) -> Result<PgConnection, ConnectError> {
    reach(url, waiting).await.map(|(connection, _)| connection)
}

/// The same, with the place that it was: for others that must get to the same one.
pub async fn reach(url: &Url, waiting: Waiting) -> Result<(PgConnection, Place), ConnectError> {
    let mut pause = PAUSE;
    for _ in 0..waiting.retries {
        match try_all(url, waiting.limit).await {
            Err(error) if error.is_transient() => {}
            result => return result,
        }
        // Thousands of connections that failed together must not come back together.
        tokio::time::sleep(pause.mul_f64(0.5 + fastrand::f64())).await;
        pause *= 2;
    }
    try_all(url, waiting.limit).await
}

/// Tries each host once.
async fn try_all(url: &Url, patience: Duration) -> Result<(PgConnection, Place), ConnectError> {
    let route = route::route(url)?;
    let limit = route.timeout.map_or(patience, |timeout| timeout.min(patience));
    let mut failures = Vec::new();
    let rounds: &[Session] = match route.session {
        Session::PreferStandby => &[Session::PreferStandby, Session::Any],
        _ => &[route.session],
    };
    for session in rounds {
        failures.clear();
        for place in &route.places {
            let tls = tls::tls(url, place)?;
            let options = Options::new(url, place, &tls)?;
            let tried = tokio::time::timeout(limit, options.connect(&tls.modes, *session)).await;
            let why = match tried {
                Ok(Ok(connection)) => return Ok((connection, place.clone())),
                Ok(Err(why)) => why,
                Err(_) => Why::Timeout(limit),
            };
            // libpq: a server that answers and refuses us ends the search.
            let refused =
                matches!(&why, Why::Refused(error) if error.as_database_error().is_some());
            let ends = refused && !why.is_transient();
            let place = place.to_string();
            failures.push(Failure { place, why, passed_over: options.password.passed_over });
            if ends {
                return Err(ConnectError::Failed(failures));
            }
        }
    }
    Err(ConnectError::Failed(failures))
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.host, self.port)
    }
}

/// The driver's options for one place.
struct Options {
    driver: PgConnectOptions,
    password: Password,
}

impl Options {
    /// Every field that the driver would read from the environment by itself is set here: what is written
    /// wins, and libpq's order of defaults holds.
    fn new(url: &Url, place: &Place, tls: &Tls) -> Result<Self, UrlError> {
        let name = url
            .get("application_name")
            .or(url.get("fallback_application_name"))
            .unwrap_or("rebaseline");
        let mut driver = PgConnectOptions::new_without_pgpass()
            .host(&place.address)
            .port(place.port)
            .application_name(name)
            .extra_float_digits(None)
            .statement_cache_capacity(0);
        let user = user(url);
        driver = driver.username(&user);
        let database = url.get("dbname").unwrap_or(&user).to_owned();
        let login = Login { host: &place.host, port: place.port, database: &database, user: &user };
        let password = passfile::password(url, login);
        driver = driver.database(&database).password(password.value.as_deref().unwrap_or_default());
        driver = match &tls.authorities {
            Some(Authorities::File(path)) => driver.ssl_root_cert(path),
            // Also takes away what the driver has read by itself.
            Some(Authorities::System) | None => driver.ssl_root_cert_from_pem(Vec::new()),
        };
        if let Some((certificate, key)) = &tls.client {
            driver = driver.ssl_client_cert(certificate).ssl_client_key(key);
        }
        // The driver has read PGOPTIONS already; what is written comes after it, and wins.
        if let Some(options) = url.written("options") {
            driver = driver.options(startup::settings(options)?);
        }
        Ok(Self { driver, password })
    }

    /// Tries the modes of encryption one after the other, then asks the server what it is.
    async fn connect(&self, modes: &[PgSslMode], session: Session) -> Result<PgConnection, Why> {
        let mut modes = modes.iter();
        let mut mode = *modes.next().unwrap_or(&PgSslMode::Prefer);
        let mut connection = loop {
            match self.driver.clone().ssl_mode(mode).connect().await {
                Ok(connection) => break connection,
                // 28000: pg_hba.conf has no line for connections of this kind.
                Err(error) if is_tls(&error) || code(&error).as_deref() == Some("28000") => {
                    mode = *modes.next().ok_or(Why::Refused(error))?;
                }
                Err(error) => return Err(Why::Refused(error)),
            }
        };
        if session != Session::Any {
            let row = sqlx::raw_sql(
                "select pg_catalog.pg_is_in_recovery()::text, \
                 pg_catalog.current_setting('transaction_read_only')",
            )
            .fetch_one(&mut connection)
            .await
            .map_err(Why::Refused)?;
            let says =
                |column: usize, word: &str| row.try_get::<&str, _>(column).is_ok_and(|w| w == word);
            if !session.accepts(says(0, "true"), says(1, "on")) {
                let _ = connection.close().await;
                return Err(Why::NotWanted(session.name()));
            }
        }
        Ok(connection)
    }
}
