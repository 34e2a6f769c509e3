//! One database that connections are led to: a scratch database, or the target of a catch-up.
//!
//! Pure data, in the two forms that children understand: libpq's variables, and the parameters that the
//! shim puts in the place of a project's own. Debug never shows the password.

use std::ffi::OsString;
use std::fmt;

use serde_json::{Value, json};

use crate::postgres::address::Address;
use crate::postgres::connect::{self, Place};
use crate::postgres::url::{Url, UrlError};

/// The variables that an [`Address`], a place and a database's name stand for.
const ADDRESS: [&str; 7] =
    ["PGHOST", "PGHOSTADDR", "PGPORT", "PGUSER", "PGDATABASE", "PGPASSWORD", "PGSSLMODE"];

/// A server, a database, and how to get in.
#[derive(Clone, PartialEq, Eq)]
pub struct Destination {
    /// The server and the user.
    pub address: Address,
    /// The database.
    pub database: String,
    /// Further variables of libpq: certificates and options.
    pub more: Vec<(String, String)>,
}

impl fmt::Debug for Destination {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}/{}", self.address, self.database)
    }
}

impl Destination {
    /// The database that a connection by this URL ends in, which must be one place.
    pub fn of(url: &Url) -> Result<Self, UrlError> {
        Ok(Self::at(url, connect::only_place(url)?))
    }

    /// The same, at the one of its places that a connection of ours has found to be the right one.
    pub fn at(url: &Url, place: Place) -> Self {
        let user = connect::user(url);
        // Of several addresses, the one of this place.
        let by_address =
            url.get("hostaddr").map(|_| ("PGHOSTADDR".to_owned(), place.address.clone()));
        let get = |keyword: &str| url.get(keyword).map(str::to_owned);
        let address = Address {
            ssl_mode: get("sslmode").filter(|_| !place.is_local()),
            host: place.host,
            port: place.port,
            password: get("password"),
            user: user.clone(),
        };
        let more = url.libpq_environment().into_iter().filter_map(|(name, value)| {
            let (name, value) = (name.into_string().ok()?, value?.into_string().ok()?);
            (!ADDRESS.contains(&name.as_str())).then_some((name, value))
        });
        let database = get("dbname").unwrap_or(user);
        Self { address, database, more: more.chain(by_address).collect() }
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
            self.more.iter().map(|(name, value)| (name.clone(), json!(value))).collect();
        json!({
            "host": host, "port": port, "user": user, "password": password,
            "database": self.database, "sslmode": ssl_mode, "more": more,
        })
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
    fn of_several_places_the_one_that_was_found() {
        let text =
            "postgresql://u@one.example,two.example/shop?hostaddr=192.0.2.1,192.0.2.2&port=1,2";
        let url = Url::parse(text).unwrap();
        assert!(Destination::of(&url).is_err());
        let place =
            Place { host: "two.example".to_owned(), address: "192.0.2.2".to_owned(), port: 2 };
        let shim = Destination::at(&url, place).for_shim();
        assert_eq!((&shim["host"], &shim["port"]), (&json!("two.example"), &json!(2)));
        assert_eq!(shim["more"]["PGHOSTADDR"], "192.0.2.2");
    }

    #[test]
    fn a_socket_has_no_tls() {
        let url = Url::parse("postgresql+psycopg://postgres@/shop?host=/run/pg").unwrap();
        let destination = Destination::of(&url).unwrap();
        assert_eq!(destination.address.host, "/run/pg");
        assert_eq!(destination.address.ssl_mode, None);
    }
}
