//! One database that connections are led to: a scratch database, or the target of a catch-up.
//!
//! Pure data, in the two forms that children understand: libpq's variables, and the parameters that the
//! shim puts in the place of a project's own. Debug never shows the password.

use std::ffi::OsString;
use std::fmt;

use serde_json::{Value, json};
use sqlx::postgres::PgSslMode;

use crate::config;
use crate::postgres::address::Address;
use crate::postgres::url::{Url, UrlError};

/// Parameters of a URL that say how to connect and that libpq takes from a variable as well. asyncpg reads
/// the same variables.
const PARAMETERS: [(&str, &str); 7] = [
    ("sslrootcert", "PGSSLROOTCERT"),
    ("sslcert", "PGSSLCERT"),
    ("sslkey", "PGSSLKEY"),
    ("sslcrl", "PGSSLCRL"),
    ("channel_binding", "PGCHANNELBINDING"),
    ("gssencmode", "PGGSSENCMODE"),
    ("options", "PGOPTIONS"),
];

/// A server, a database, and how to get in.
#[derive(Clone, PartialEq, Eq)]
pub struct Destination {
    /// The server and the user.
    pub address: Address,
    /// The database.
    pub database: String,
    /// Further variables of libpq: certificates and options.
    pub more: Vec<(&'static str, String)>,
}

impl fmt::Debug for Destination {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}/{}", self.address, self.database)
    }
}

impl Destination {
    /// The database that a connection by this URL ends in: what the URL leaves out is taken from where the
    /// driver of our own connections takes it.
    pub fn of(url: &Url) -> Result<Self, UrlError> {
        let options = url.options()?;
        let (named, _) = url.address()?;
        let host = match options.get_socket() {
            Some(folder) => folder.to_string_lossy().into_owned(),
            None => options.get_host().to_owned(),
        };
        let user = options.get_username().to_owned();
        let address = Address {
            ssl_mode: (!host.starts_with('/')).then(|| ssl_mode(options.get_ssl_mode()).to_owned()),
            host,
            port: options.get_port(),
            password: named.password,
            user: user.clone(),
        };
        let mut more: Vec<(&'static str, String)> = Vec::new();
        for (parameter, variable) in PARAMETERS {
            more.extend(url.parameter(parameter).map(|value| (variable, value)));
        }
        if address.password.is_none() {
            // Then the password is where libpq looks for it.
            for variable in ["PGPASSWORD", "PGPASSFILE"] {
                let value = config::inherited_variable(variable);
                more.extend(value.and_then(|v| v.into_string().ok()).map(|v| (variable, v)));
            }
        }
        let database = options.get_database().map_or(user, str::to_owned);
        Ok(Self { address, database, more })
    }

    /// Variables to set or to remove so that libpq reaches this database and nothing else.
    pub fn environment(&self) -> Vec<(OsString, Option<OsString>)> {
        let mut variables = self.address.environment(&self.database);
        let more = self.more.iter();
        variables.extend(more.map(|(name, value)| (name.into(), Some(value.into()))));
        variables
    }

    /// The same for the shim.
    pub fn for_shim(&self) -> Value {
        let Address { host, port, user, password, ssl_mode } = &self.address;
        let more: serde_json::Map<_, _> =
            self.more.iter().map(|(name, value)| ((*name).to_owned(), json!(value))).collect();
        json!({
            "host": host, "port": port, "user": user, "password": password,
            "database": self.database, "sslmode": ssl_mode, "more": more,
        })
    }
}

/// libpq's word for a mode.
fn ssl_mode(mode: PgSslMode) -> &'static str {
    match mode {
        PgSslMode::Disable => "disable",
        PgSslMode::Allow => "allow",
        PgSslMode::Prefer => "prefer",
        PgSslMode::Require => "require",
        PgSslMode::VerifyCa => "verify-ca",
        PgSslMode::VerifyFull => "verify-full",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_url_says_reaches_the_children() {
        let url = Url::parse(
            "postgresql://me:s3cret@db.example.org:6432/shop?sslmode=verify-full&sslrootcert=/ca.pem\
             &options=-c%20search_path%3Dapp",
        );
        let destination = Destination::of(&url.unwrap()).unwrap();
        let environment = destination.environment();
        let find = |name: &str| {
            let last = environment.iter().rev().find(|(n, _)| n == name);
            last.and_then(|(_, value)| value.clone()).map(|value| value.into_string().unwrap())
        };
        for (name, value) in [
            ("PGHOST", "db.example.org"),
            ("PGPORT", "6432"),
            ("PGUSER", "me"),
            ("PGPASSWORD", "s3cret"),
            ("PGDATABASE", "shop"),
            ("PGSSLMODE", "verify-full"),
            ("PGSSLROOTCERT", "/ca.pem"),
            ("PGOPTIONS", "-c search_path=app"),
        ] {
            assert_eq!(find(name).as_deref(), Some(value), "{name}");
        }
        assert_eq!(find("PGSERVICE"), None);
        assert_eq!(destination.for_shim()["more"]["PGSSLROOTCERT"], "/ca.pem");
        assert!(!format!("{destination:?}").contains("s3cret"));
    }

    #[test]
    fn a_socket_has_no_tls() {
        let url = Url::parse("postgresql+psycopg://postgres@/shop?host=/run/pg").unwrap();
        let destination = Destination::of(&url).unwrap();
        assert_eq!(destination.address.host, "/run/pg");
        assert_eq!(destination.address.ssl_mode, None);
    }
}
