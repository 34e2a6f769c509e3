//! What users write for a database, and what it means: a URL (`postgresql://`, `postgres://`, or SQLAlchemy's
//! `postgresql+driver://`) or a keyword string of libpq (`host=... dbname=...`).
//!
//! A setting comes from what is written, else from the service it names, else from libpq's variables: as libpq
//! has it. What our driver cannot do is refused by name. Neither Debug nor Display ever shows a password.

mod keywords;
mod read;
pub mod service;

use std::ffi::OsString;
use std::fmt;
use std::path::{Path, PathBuf};

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use crate::error::{Explain, Kind};
use crate::postgres::address::{Address, LIBPQ_VARIABLES};
use keywords::{KEYWORDS, Meaning};
use read::{Pairs, Parts};

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
    /// A parameter that neither libpq nor a driver has.
    #[error("`{keyword}` is no connection parameter")]
    Unknown {
        /// Its name.
        keyword: String,
    },
    /// A parameter that our driver cannot follow.
    #[error("`{keyword}` {why}")]
    Unsupported {
        /// Its name.
        keyword: &'static str,
        /// What is not possible.
        why: String,
    },
    /// A value that cannot be.
    #[error("`{keyword}` must be {wanted}")]
    Value {
        /// The parameter.
        keyword: &'static str,
        /// What it can be.
        wanted: &'static str,
    },
    /// A file that a parameter names, or that is looked for by default, cannot be used.
    #[error("`{}` {why} ({keyword})", path.display())]
    File {
        /// The parameter.
        keyword: &'static str,
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        why: String,
    },
    /// A service that no file defines.
    #[error("the service `{name}` is not defined in {}", shown(files))]
    NoService {
        /// Its name.
        name: String,
        /// Where it was looked for.
        files: Vec<PathBuf>,
    },
}

fn shown(files: &[PathBuf]) -> String {
    let names: Vec<_> = files.iter().map(|file| format!("`{}`", file.display())).collect();
    if names.is_empty() { "any file".to_owned() } else { names.join(" or ") }
}

impl Explain for UrlError {
    fn kind(&self) -> Kind {
        Kind::Usage
    }

    fn hints(&self) -> Vec<String> {
        let hint = match self {
            Self::Malformed { .. } | Self::OtherDatabase { .. } => {
                "write it as postgresql://USER@HOST:PORT/DATABASE"
            }
            Self::Unknown { .. } => "check its spelling: the names are those of libpq",
            Self::Unsupported { .. } => {
                "leave it out, if the connection is safe without it; nothing was contacted"
            }
            Self::File { keyword: "sslkey", .. } => "chmod 600 FILE",
            Self::File { keyword: "sslrootcert", .. } => {
                "name the authority's certificate: sslrootcert=FILE (sslrootcert=system: those that this \
                 machine trusts)"
            }
            Self::NoService { .. } => {
                "name the file: PGSERVICEFILE=FILE, or put it into ~/.pg_service.conf"
            }
            Self::Value { .. } | Self::File { .. } => return Vec::new(),
        };
        vec![hint.to_owned()]
    }
}

/// What holds where a URL says nothing: libpq's variables, and where its files are.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Surroundings {
    /// The values of libpq's variables, by keyword.
    pub variables: Vec<(String, String)>,
    /// The user's home, for `.pgpass`, `.pg_service.conf` and `.postgresql/`.
    pub home: Option<PathBuf>,
    /// The folder of the system's `pg_service.conf`.
    pub system: Option<PathBuf>,
}

impl Surroundings {
    /// Reads libpq's variables through `variable`.
    pub fn of(variable: impl Fn(&str) -> Option<String>) -> Self {
        let value = |keyword: &keywords::Keyword| {
            let value = variable(keyword.variable?).filter(|value| !value.is_empty())?;
            Some((keyword.name.to_owned(), value))
        };
        Self {
            variables: KEYWORDS.iter().filter_map(value).collect(),
            home: variable("HOME").map(PathBuf::from),
            system: variable("PGSYSCONFDIR").map(PathBuf::from),
        }
    }
}

impl fmt::Debug for Surroundings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<_> = self.variables.iter().map(|(name, _)| name.as_str()).collect();
        write!(f, "Surroundings {{ variables: {names:?}, home: {:?} }}", self.home)
    }
}

/// What is escaped in a name: all but RFC 3986's unreserved characters.
const ESCAPED: AsciiSet = NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// How it was written.
#[derive(Clone, PartialEq, Eq)]
enum Form {
    Url(Parts),
    Keywords,
}

/// A database, as a user names it.
#[derive(Clone, PartialEq, Eq)]
pub struct Url {
    form: Form,
    given: Pairs,
    service: Pairs,
    variables: Pairs,
    home: Option<PathBuf>,
}

impl Url {
    /// Reads a URL or a keyword string. Its defaults are libpq's built-in ones until [`Url::within`].
    pub fn parse(text: &str) -> Result<Self, UrlError> {
        let text = text.trim();
        let scheme_of = |text: &str| {
            let (scheme, _) = text.split_once("://")?;
            scheme
                .chars()
                .all(|c| c.is_ascii_alphanumeric() || "+-.".contains(c))
                .then_some(scheme.len())
        };
        let (form, given) = match scheme_of(text) {
            Some(length) => {
                let (pairs, parts) = read::url(&text[..length], &text[length + "://".len()..])?;
                (Form::Url(parts), pairs)
            }
            None if text.contains('=') => (Form::Keywords, read::keywords(text)?),
            None => return Err(read::malformed("it has no `://`")),
        };
        given.iter().try_for_each(|(name, value)| supported(name, value))?;
        Ok(Self { form, given, service: Vec::new(), variables: Vec::new(), home: None })
    }

    /// Fills in what is not written: from the service that is named, then from the variables.
    pub fn within(mut self, surroundings: &Surroundings) -> Result<Self, UrlError> {
        self.home.clone_from(&surroundings.home);
        self.variables.clone_from(&surroundings.variables);
        if let Some(name) = self.get("service") {
            self.service = service::read(name, self.get("servicefile"), surroundings)?;
        }
        let mut defaults = self.service.iter().chain(&self.variables);
        defaults.try_for_each(|(name, value)| supported(name, value))?;
        Ok(self)
    }

    /// The value of a keyword of libpq, wherever it comes from.
    pub fn get(&self, keyword: &str) -> Option<&str> {
        let variable = || self.variables.iter().find(|(name, _)| name == keyword);
        self.written(keyword).or_else(|| variable().map(|(_, value)| value.as_str()))
    }

    /// The value of a keyword, unless it comes from a variable.
    pub fn written(&self, keyword: &str) -> Option<&str> {
        // Of what the user writes the last counts, of a service the first.
        let mut given = self.given.iter().rev().chain(&self.service);
        given.find(|(name, _)| name == keyword).map(|(_, value)| value.as_str())
    }

    /// The user's home folder, for files that are looked for there.
    pub fn home(&self) -> Option<&Path> {
        self.home.as_deref()
    }

    /// The same server, user and parameters, and another database.
    #[must_use]
    pub fn with_database(&self, name: &str) -> Self {
        let mut other = self.clone();
        other.given.retain(|(keyword, _)| keyword != "dbname");
        other.given.push(("dbname".to_owned(), name.to_owned()));
        if let Form::Url(parts) = &mut other.form {
            parts.database = utf8_percent_encode(name, &ESCAPED).to_string();
            parts.query.retain(|parameter| !parameter.starts_with("dbname="));
        }
        other
    }

    /// What makes two URLs mean the same database, as far as can be told without asking: where the server is,
    /// and the database's name.
    pub fn identity(&self) -> String {
        let hosts = self.get("hostaddr").or(self.get("host")).unwrap_or_default();
        // Names have no case; folders of sockets do.
        let hosts = if hosts.contains('/') { hosts.to_owned() } else { hosts.to_lowercase() };
        let database = self.get("dbname").or(self.get("user")).unwrap_or_default();
        format!("{} {} {database}", hosts.trim_end_matches('/'), self.get("port").unwrap_or("5432"))
    }

    /// Variables to set or to remove so that a program of libpq's (`psql`, `pg_dump`) reaches this database as we
    /// do. The password is among them, never on a command line.
    pub fn libpq_environment(&self) -> Vec<(OsString, Option<OsString>)> {
        let mut variables: Vec<(OsString, Option<OsString>)> =
            LIBPQ_VARIABLES.iter().map(|name| (OsString::from(name), None)).collect();
        for keyword in &KEYWORDS {
            // A service is spelled out already.
            let spelled_out = matches!(keyword.name, "service" | "servicefile");
            if let (Some(variable), false) = (keyword.variable, spelled_out) {
                let value = self.get(keyword.name).map(OsString::from);
                variables.push((OsString::from(variable), value));
            }
        }
        if self.get("application_name").is_none() {
            variables.push(("PGAPPNAME".into(), Some("rebaseline".into())));
        }
        variables
    }

    /// The server's address and the database, for a scratch server that the user gives. Only what is written
    /// counts: no variable may lead to another server.
    pub fn address(&self) -> Result<(Address, String), UrlError> {
        let given = |keyword: &str| {
            let found = self.given.iter().rev().find(|(name, _)| name == keyword);
            found.map(|(_, value)| value.clone())
        };
        if given("service").is_some() {
            let why = "cannot be used for a scratch server: write its host and port".to_owned();
            return Err(UrlError::Unsupported { keyword: "service", why });
        }
        let port = match given("port") {
            Some(port) => {
                port.parse().map_err(|_| read::malformed("its port is no single number"))?
            }
            None => 5432,
        };
        let address = Address {
            host: given("host").unwrap_or_else(|| "localhost".to_owned()),
            port,
            user: given("user").unwrap_or_else(|| "postgres".to_owned()),
            password: given("password"),
            ssl_mode: given("sslmode"),
        };
        Ok((address, given("dbname").unwrap_or_else(|| "postgres".to_owned())))
    }
}

/// Refuses a parameter that nobody knows, or that we cannot follow.
fn supported(name: &str, value: &str) -> Result<(), UrlError> {
    let keyword =
        keywords::find(name).ok_or_else(|| UrlError::Unknown { keyword: name.to_owned() })?;
    match keyword.meaning {
        Meaning::Only(values) if !values.contains(&value) => {
            let why = match values {
                [] => "cannot be followed by rebaseline's driver".to_owned(),
                values => format!("can only be {} with rebaseline's driver", values.join(" or ")),
            };
            Err(UrlError::Unsupported { keyword: keyword.name, why })
        }
        _ => Ok(()),
    }
}

impl fmt::Display for Url {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.form {
            Form::Url(parts) => {
                write!(f, "postgresql://{}/{}", parts.authority, parts.database)?;
                let query = parts.query.join("&");
                if query.is_empty() { Ok(()) } else { write!(f, "?{query}") }
            }
            Form::Keywords => {
                let shown = |(name, value): &(String, String)| match name.as_str() {
                    "password" => format!("{name}=***"),
                    _ if value.contains([' ', '\'', '\\']) => {
                        let escaped = value.replace('\\', r"\\").replace('\'', r"\'");
                        format!("{name}='{escaped}'")
                    }
                    _ => format!("{name}={value}"),
                };
                f.write_str(&self.given.iter().map(shown).collect::<Vec<_>>().join(" "))
            }
        }
    }
}

impl fmt::Debug for Url {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests;
