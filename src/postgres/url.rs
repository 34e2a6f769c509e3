//! The URL of a database, as users write it: `postgresql://`, `postgres://`, or SQLAlchemy's
//! `postgresql+driver://`.
//!
//! Neither Debug nor Display ever shows a password, wherever in the URL it stands.

use std::fmt;

use sqlx::postgres::PgConnectOptions;

use crate::error::{Explain, Kind};
use crate::postgres::address::Address;

/// What is wrong with a URL. The URL itself is not repeated: it may hold a password.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum UrlError {
    /// No URL at all.
    #[error("not a database URL: {why}")]
    Malformed {
        /// What is wrong with it.
        why: String,
    },
    /// Another database.
    #[error("`{scheme}` is not PostgreSQL")]
    OtherDatabase {
        /// The URL's scheme.
        scheme: String,
    },
}

impl Explain for UrlError {
    fn kind(&self) -> Kind {
        Kind::Usage
    }

    fn hints(&self) -> Vec<String> {
        vec!["write it as postgresql://USER@HOST:PORT/DATABASE".to_owned()]
    }
}

/// A PostgreSQL URL.
#[derive(Clone, PartialEq, Eq)]
pub struct Url(url::Url);

impl Url {
    /// Reads a URL; a SQLAlchemy driver name (`+psycopg`) is dropped.
    pub fn parse(text: &str) -> Result<Self, UrlError> {
        let malformed = |why: String| UrlError::Malformed { why };
        let (scheme, rest) =
            text.trim().split_once("://").ok_or_else(|| malformed("it has no `://`".to_owned()))?;
        let dialect = scheme.split('+').next().unwrap_or(scheme);
        if !matches!(dialect, "postgres" | "postgresql") {
            return Err(UrlError::OtherDatabase { scheme: dialect.to_owned() });
        }
        // `postgresql:///db` and `postgresql://user@/db` have no host; the `url` crate refuses the
        // second form, so a host is put in that libpq would choose too.
        let authority_end = rest.find(['/', '?']).unwrap_or(rest.len());
        let (authority, path) = rest.split_at(authority_end);
        let host = if authority.is_empty() || authority.ends_with('@') { "localhost" } else { "" };
        let whole = format!("postgresql://{authority}{host}{path}");
        url::Url::parse(&whole).map(Self).map_err(|error| malformed(error.to_string()))
    }

    /// Options for sqlx. Query parameters that only other drivers know are left out.
    pub fn options(&self) -> Result<PgConnectOptions, UrlError> {
        let mut url = self.0.clone();
        let known: Vec<(String, String)> = self
            .0
            .query_pairs()
            .filter(|(name, _)| KNOWN_PARAMETERS.contains(&name.as_ref()))
            .map(|(name, value)| (name.into_owned(), value.into_owned()))
            .collect();
        url.set_query(None);
        if !known.is_empty() {
            url.query_pairs_mut().extend_pairs(known);
        }
        let options: PgConnectOptions = url
            .as_str()
            .parse()
            .map_err(|error: sqlx::Error| UrlError::Malformed { why: error.to_string() })?;
        Ok(options.application_name("rebaseline"))
    }

    /// A parameter of the query, by its name.
    pub fn parameter(&self, name: &str) -> Option<String> {
        self.0.query_pairs().find(|(n, _)| n == name).map(|(_, value)| value.into_owned())
    }

    /// The server's address and the database, for a scratch server that the user gives.
    pub fn address(&self) -> Result<(Address, String), UrlError> {
        let decode = |text: &str| {
            percent_encoding::percent_decode_str(text).decode_utf8_lossy().into_owned()
        };
        let user = match self.0.username() {
            "" => "postgres".to_owned(),
            user => decode(user),
        };
        let host = self.parameter("host").or_else(|| self.0.host_str().map(decode));
        let database = match decode(self.0.path().trim_start_matches('/')) {
            name if name.is_empty() => "postgres".to_owned(),
            name => name,
        };
        let port = self.parameter("port").and_then(|p| p.parse().ok()).or(self.0.port());
        let address = Address {
            host: host.unwrap_or_else(|| "localhost".to_owned()),
            port: port.unwrap_or(5432),
            user,
            password: self.0.password().map(decode).or_else(|| self.parameter("password")),
            ssl_mode: self.parameter("sslmode"),
        };
        Ok((address, database))
    }
}

/// Query parameters that sqlx understands.
const KNOWN_PARAMETERS: [&str; 14] = [
    "sslmode",
    "ssl-mode",
    "sslrootcert",
    "ssl-root-cert",
    "ssl-ca",
    "sslcert",
    "ssl-cert",
    "sslkey",
    "ssl-key",
    "host",
    "hostaddr",
    "port",
    "user",
    "options",
];

impl fmt::Display for Url {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = self.0.clone();
        if shown.password().is_some() {
            // Cannot fail: a URL with a password has a host.
            let _ = shown.set_password(Some("***"));
        }
        let pairs: Vec<(String, String)> = self
            .0
            .query_pairs()
            .map(|(name, value)| {
                let secret = name.to_ascii_lowercase().contains("pass");
                (name.into_owned(), if secret { "***".to_owned() } else { value.into_owned() })
            })
            .collect();
        if !pairs.is_empty() {
            shown.query_pairs_mut().clear().extend_pairs(pairs);
        }
        f.write_str(shown.as_str())
    }
}

impl fmt::Debug for Url {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_never_shows() {
        let url = Url::parse("postgresql+asyncpg://u:s3cret@h:6432/db?password=s3cret&ssl=require")
            .unwrap();
        assert_eq!(url.to_string(), "postgresql://u:***@h:6432/db?password=***&ssl=require");
        assert!(!format!("{url:?}").contains("s3cret"));
    }

    #[test]
    fn forms_that_people_write() {
        let (address, database) = Url::parse("postgresql+psycopg://me@/app?host=/run/pg&port=6000")
            .unwrap()
            .address()
            .unwrap();
        assert_eq!(
            (address.host.as_str(), address.port, database.as_str()),
            ("/run/pg", 6000, "app")
        );
        let (address, database) = Url::parse("postgres:///x").unwrap().address().unwrap();
        assert_eq!((address.host.as_str(), database.as_str()), ("localhost", "x"));
        let (address, _) = Url::parse("postgres://a%40b:p%3Aw@h/x").unwrap().address().unwrap();
        assert_eq!((address.user.as_str(), address.password.as_deref()), ("a@b", Some("p:w")));
    }

    #[test]
    fn other_databases_are_refused() {
        assert_eq!(
            Url::parse("mysql+pymysql://u:p@h/x"),
            Err(UrlError::OtherDatabase { scheme: "mysql".to_owned() })
        );
        assert!(matches!(Url::parse("app.db"), Err(UrlError::Malformed { .. })));
    }
}
