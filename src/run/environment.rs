//! The environment of the child that runs migrations: the project's own, with every way to another
//! database turned towards scratch.
//!
//! Revisions and env.py read settings from the environment, so it is inherited; but a variable whose
//! value is a PostgreSQL URL, and all of libpq's variables, point at the scratch database. This is the
//! second line of defence: the first is the shim, which redirects every connection.

use std::ffi::OsString;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC};

use crate::postgres::address::Address;
use crate::postgres::destination::Destination;

/// Variables to set or remove on top of `inherited` so that the child finds only this database.
pub fn redirected(
    inherited: impl IntoIterator<Item = (OsString, OsString)>,
    destination: &Destination,
) -> Vec<(OsString, Option<OsString>)> {
    let mut variables = destination.environment();
    for (name, value) in inherited {
        if let Some(value) = value.to_str()
            && let Some(scheme) = url_scheme(value)
        {
            let url = scratch_url(scheme, &destination.address, &destination.database);
            variables.push((name, Some(OsString::from(url))));
        }
    }
    variables
}

/// The scheme of a PostgreSQL URL, e.g. `postgresql+asyncpg`.
fn url_scheme(value: &str) -> Option<&str> {
    let (scheme, _) = value.trim().split_once("://")?;
    let dialect = scheme.split('+').next()?;
    matches!(dialect, "postgres" | "postgresql").then_some(scheme)
}

/// What is escaped in a URL: as little as can be. `config.set_main_option("sqlalchemy.url", URL)` is in many an env.py,
/// and Python's configparser refuses a `%`.
const ESCAPED: AsciiSet =
    NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~').remove(b'/');

/// A URL for scratch in the same scheme. A socket folder goes into the query, where libpq and the
/// drivers look; the host part must not be empty because settings classes check it, and it names a
/// host that can never be reached (RFC 2606).
fn scratch_url(scheme: &str, address: &Address, database: &str) -> String {
    let encode = |text: &str| percent_encoding::utf8_percent_encode(text, &ESCAPED).to_string();
    let password = address.password.as_deref().unwrap_or("scratch");
    let part = |text: &str| encode(text).replace('/', "%2F");
    let user = format!("{}:{}", part(&address.user), part(password));
    if address.host.starts_with('/') {
        let host = encode(&address.host);
        format!("{scheme}://{user}@scratch.invalid:{}/{database}?host={host}", address.port)
    } else {
        format!("{scheme}://{user}@{}:{}/{database}", address.host, address.port)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn destination() -> Destination {
        let address = Address {
            host: "/run/x".to_owned(),
            port: 5432,
            user: "postgres".to_owned(),
            password: None,
            ssl_mode: None,
        };
        Destination { address, database: "s".to_owned(), more: Vec::new() }
    }

    #[test]
    fn url_variables_turn_to_scratch_whatever_their_name() {
        let inherited = [
            ("DATABASE_URL_SYNC", "postgresql+asyncpg://u:p@prod.example.org/app?ssl=require"),
            ("HOME", "/root"),
            ("BROKER", "redis://prod.example.org"),
        ]
        .map(|(name, value)| (OsString::from(name), OsString::from(value)));
        let variables = redirected(inherited, &destination());
        let find =
            |name: &str| variables.iter().rev().find(|(n, _)| n == name).map(|(_, v)| v.clone());
        let url = find("DATABASE_URL_SYNC").unwrap().unwrap().into_string().unwrap();
        assert_eq!(url, "postgresql+asyncpg://postgres:scratch@scratch.invalid:5432/s?host=/run/x");
        assert_eq!(find("HOME"), None);
        assert_eq!(find("BROKER"), None);
        assert_eq!(find("PGPASSWORD"), Some(None));
        assert_eq!(find("PGHOST"), Some(Some(OsString::from("/run/x"))));
    }
}
