//! Where a scratch server is and how to get in, in the three forms that are needed: for sqlx, as
//! libpq variables for `pg_dump` and `psql`, and as plain data for the replay's child process.
//!
//! An address never shows its password.

use std::ffi::OsString;
use std::fmt;
use std::path::Path;

use sqlx::postgres::{PgConnectOptions, PgSslMode};

/// The variables that libpq reads to find a server (PostgreSQL documentation, "Environment
/// Variables" of libpq). All of them are removed from a child before ours are set.
pub const LIBPQ_VARIABLES: [&str; 36] = [
    "PGHOST",
    "PGHOSTADDR",
    "PGPORT",
    "PGDATABASE",
    "PGUSER",
    "PGPASSWORD",
    "PGPASSFILE",
    "PGREQUIREAUTH",
    "PGCHANNELBINDING",
    "PGSERVICE",
    "PGSERVICEFILE",
    "PGSYSCONFDIR",
    "PGOPTIONS",
    "PGAPPNAME",
    "PGSSLMODE",
    "PGREQUIRESSL",
    "PGSSLNEGOTIATION",
    "PGSSLCOMPRESSION",
    "PGSSLCERT",
    "PGSSLKEY",
    "PGSSLCERTMODE",
    "PGSSLROOTCERT",
    "PGSSLCRL",
    "PGSSLCRLDIR",
    "PGSSLSNI",
    "PGREQUIREPEER",
    "PGSSLMINPROTOCOLVERSION",
    "PGSSLMAXPROTOCOLVERSION",
    "PGGSSENCMODE",
    "PGKRBSRVNAME",
    "PGGSSLIB",
    "PGGSSDELEGATION",
    "PGCONNECT_TIMEOUT",
    "PGCLIENTENCODING",
    "PGTARGETSESSIONATTRS",
    "PGLOADBALANCEHOSTS",
];

/// A server's place and the user to connect as.
#[derive(Clone, PartialEq, Eq)]
pub struct Address {
    /// A host name, or the folder of a unix socket (begins with `/`).
    pub host: String,
    /// The port; it names the socket file too.
    pub port: u16,
    /// The user.
    pub user: String,
    /// The password, if the server asks for one.
    pub password: Option<String>,
    /// libpq's `sslmode`, if the URL named one.
    pub ssl_mode: Option<String>,
}

impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}@{}:{}", self.user, self.host, self.port)
    }
}

impl Address {
    /// Options for sqlx to reach this database. The password file and the service file of the user
    /// play no part.
    pub fn options(&self, database: &str) -> PgConnectOptions {
        let mut options = PgConnectOptions::new_without_pgpass()
            .port(self.port)
            .username(&self.user)
            .database(database)
            .application_name("rebaseline");
        options = if Path::new(&self.host).is_absolute() {
            options.socket(&self.host).ssl_mode(PgSslMode::Disable)
        } else {
            let mode = self.ssl_mode.as_deref().and_then(|mode| mode.parse().ok());
            options.host(&self.host).ssl_mode(mode.unwrap_or(PgSslMode::Prefer))
        };
        match &self.password {
            Some(password) => options.password(password),
            None => options,
        }
    }

    /// Variables to set or to remove so that libpq reaches this database and nothing else.
    pub fn environment(&self, database: &str) -> Vec<(OsString, Option<OsString>)> {
        let mut variables: Vec<(OsString, Option<OsString>)> =
            LIBPQ_VARIABLES.iter().map(|name| (OsString::from(name), None)).collect();
        let mut set = |name: &str, value: &str| {
            variables.push((OsString::from(name), Some(OsString::from(value))));
        };
        set("PGHOST", &self.host);
        set("PGPORT", &self.port.to_string());
        set("PGUSER", &self.user);
        set("PGDATABASE", database);
        set("PGCLIENTENCODING", "UTF8");
        if let Some(password) = &self.password {
            set("PGPASSWORD", password);
        }
        if let Some(mode) = &self.ssl_mode {
            set("PGSSLMODE", mode);
        }
        variables
    }
}
