//! How a connection is encrypted: libpq's `sslmode` and its files, as our driver can follow them.
//!
//! Takes a URL and a place; gives the modes to try, in their order, and the files. Refuses what would be less
//! safe than libpq.

use std::path::PathBuf;

use sqlx::postgres::PgSslMode;

use super::route::Place;
use crate::files;
use crate::postgres::url::{Url, UrlError};

/// The certificates of authorities that a server's certificate is checked against.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Authorities {
    /// Those that this machine trusts.
    System,
    /// Those of a file.
    File(PathBuf),
}

/// How to encrypt.
#[derive(Debug, Clone)]
pub struct Tls {
    /// What to try, in this order.
    pub modes: Vec<PgSslMode>,
    /// Whom to trust; none where nothing is checked.
    pub authorities: Option<Authorities>,
    /// Our own certificate and its key.
    pub client: Option<(PathBuf, PathBuf)>,
}

/// Works it out for one place.
pub fn tls(url: &Url, place: &Place) -> Result<Tls, UrlError> {
    let plain = Tls { modes: vec![PgSslMode::Disable], authorities: None, client: None };
    let root = url.get("sslrootcert");
    let system = root == Some("system");
    let mode = url.get("sslmode").unwrap_or(if system { "verify-full" } else { "prefer" });
    let in_home = |name: &str| url.home().map(|home| home.join(".postgresql").join(name));
    let file = root.map(PathBuf::from).or_else(|| in_home("root.crt"));
    let modes = match mode {
        // libpq: nothing is encrypted on a socket, whatever is asked for.
        _ if place.is_local() => return Ok(plain),
        "disable" => return Ok(plain),
        "allow" => vec![PgSslMode::Disable, PgSslMode::Require],
        "prefer" => vec![PgSslMode::Prefer, PgSslMode::Disable],
        // libpq: where there is a file with authorities, `require` checks against it.
        "require" if !system && file.as_ref().is_some_and(|file| file.exists()) => {
            vec![PgSslMode::VerifyCa]
        }
        "require" => vec![PgSslMode::Require],
        "verify-ca" => vec![PgSslMode::VerifyCa],
        "verify-full" => vec![PgSslMode::VerifyFull],
        _ => {
            return Err(UrlError::Value {
                keyword: "sslmode",
                wanted: "disable, allow, prefer, require, verify-ca or verify-full",
            });
        }
    };
    if system && mode != "verify-full" {
        return Err(UrlError::Value {
            keyword: "sslmode",
            wanted: "verify-full with sslrootcert=system",
        });
    }
    let checked = matches!(modes[..], [PgSslMode::VerifyCa | PgSslMode::VerifyFull]);
    let authorities = match file {
        _ if !checked => None,
        _ if system => Some(Authorities::System),
        Some(path) if path.is_file() => Some(Authorities::File(path)),
        path => {
            let path = path.unwrap_or_else(|| PathBuf::from("~/.postgresql/root.crt"));
            return Err(UrlError::File {
                keyword: "sslrootcert",
                path,
                why: "is not there".to_owned(),
            });
        }
    };
    if checked && in_home("root.crl").is_some_and(|list| list.exists()) {
        let why = "(~/.postgresql/root.crl) cannot be followed by rebaseline's driver".to_owned();
        return Err(UrlError::Unsupported { keyword: "sslcrl", why });
    }
    if mode == "verify-full" && place.host != place.address {
        let why =
            "with verify-full cannot be followed: leave `host` to find the address".to_owned();
        return Err(UrlError::Unsupported { keyword: "hostaddr", why });
    }
    Ok(Tls { modes, authorities, client: client(url)? })
}

/// The certificate that we show, if there is one.
fn client(url: &Url) -> Result<Option<(PathBuf, PathBuf)>, UrlError> {
    let in_home = |name: &str| url.home().map(|home| home.join(".postgresql").join(name));
    let named = url.get("sslcert").map(PathBuf::from);
    let problem = |keyword, path, why: &str| UrlError::File { keyword, path, why: why.to_owned() };
    let certificate = match (named, in_home("postgresql.crt")) {
        (Some(path), _) if !path.is_file() => return Err(problem("sslcert", path, "is not there")),
        (Some(path), _) => path,
        (None, Some(path)) if path.is_file() => path,
        (None, _) => return Ok(None),
    };
    let key = url.get("sslkey").map(PathBuf::from).or_else(|| in_home("postgresql.key"));
    let Some(key) = key.filter(|key| key.is_file()) else {
        return Err(problem(
            "sslcert",
            certificate,
            "has no key beside it: name it with sslkey=FILE",
        ));
    };
    if !files::is_private_key(&key) {
        return Err(problem("sslkey", key, "may be read by others, and is not used"));
    }
    Ok(Some((certificate, key)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn modes(text: &str) -> Result<String, UrlError> {
        let url = Url::parse(text).unwrap();
        let route = super::super::route::route(&url).unwrap();
        Ok(format!("{:?}", tls(&url, &route.places[0])?.modes))
    }

    #[test]
    fn modes_as_libpq_has_them() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let root = file.path().display();
        for (text, wanted) in [
            ("host=h", "[Prefer, Disable]"),
            ("host=h sslmode=allow", "[Disable, Require]"),
            ("host=h sslmode=require", "[Require]"),
            (&format!("host=h sslmode=require sslrootcert={root}"), "[VerifyCa]"),
            (&format!("host=h sslmode=verify-full sslrootcert={root}"), "[VerifyFull]"),
            ("host=h sslrootcert=system", "[VerifyFull]"),
            ("host=/run/pg sslmode=verify-full", "[Disable]"),
        ] {
            assert_eq!(modes(text).unwrap(), wanted, "{text}");
        }
    }

    #[test]
    fn nothing_less_safe_than_libpq() {
        for text in [
            "host=h sslmode=always",
            "host=h sslmode=verify-ca",
            "host=h sslmode=verify-full sslrootcert=/no/such/file",
            "host=h sslmode=require sslrootcert=system",
            "host=h hostaddr=10.0.0.1 sslrootcert=system",
            "host=h sslmode=require sslcert=/no/such/file",
        ] {
            assert!(modes(text).is_err(), "{text}");
        }
    }
}
