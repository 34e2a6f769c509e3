//! Where a URL leads: one place or several, in their order, and what the session must be. Pure, but for looking
//! where the machine's socket is.

use std::path::Path;
use std::time::Duration;

use crate::postgres::url::{Url, UrlError};

/// One server to try.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// The host as the user names it (a name, an address, or the folder of a socket): certificates and password
    /// files go by it.
    pub host: String,
    /// What is connected to.
    pub address: String,
    /// The port.
    pub port: u16,
}

impl Place {
    /// Whether it is a unix socket.
    pub fn is_local(&self) -> bool {
        self.address.starts_with('/')
    }
}

/// What the session must be (`target_session_attrs`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Session {
    /// Anything.
    Any,
    /// One that may write.
    ReadWrite,
    /// One that may not.
    ReadOnly,
    /// On a server that is not in recovery.
    Primary,
    /// On a server in recovery.
    Standby,
    /// On a server in recovery if there is one, else any.
    PreferStandby,
}

impl Session {
    /// Whether a session on such a server will do.
    pub fn accepts(self, in_recovery: bool, read_only: bool) -> bool {
        match self {
            Self::Any => true,
            Self::ReadWrite => !read_only,
            Self::ReadOnly => read_only,
            Self::Primary => !in_recovery,
            Self::Standby | Self::PreferStandby => in_recovery,
        }
    }

    /// The word for it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Any => "any",
            Self::ReadWrite => "read-write",
            Self::ReadOnly => "read-only",
            Self::Primary => "primary",
            Self::Standby => "standby",
            Self::PreferStandby => "prefer-standby",
        }
    }
}

/// The places to try and what is wanted of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Route {
    /// In the order in which they are tried.
    pub places: Vec<Place>,
    /// What the session must be.
    pub session: Session,
    /// How long to wait for one place, if the URL says so.
    pub timeout: Option<Duration>,
}

/// Reads the route out of a URL.
pub fn route(url: &Url) -> Result<Route, UrlError> {
    let list = |keyword: &str| -> Option<Vec<String>> {
        url.get(keyword).map(|text| text.split(',').map(str::to_owned).collect())
    };
    let (hosts, addresses) = (list("host"), list("hostaddr"));
    let count = addresses.as_ref().or(hosts.as_ref()).map_or(1, Vec::len);
    let ports = ports(&list("port").unwrap_or_default(), count)?;
    if hosts.as_ref().is_some_and(|hosts| hosts.len() != count) {
        return Err(UrlError::Value { keyword: "hostaddr", wanted: "as many as there are hosts" });
    }
    let mut places = Vec::new();
    for (number, port) in ports.into_iter().enumerate() {
        let named =
            hosts.as_ref().map(|hosts| hosts[number].clone()).filter(|host| !host.is_empty());
        let address = addresses.as_ref().map(|list| list[number].clone()).filter(|a| !a.is_empty());
        if address.as_ref().is_some_and(|address| address.parse::<std::net::IpAddr>().is_err()) {
            return Err(UrlError::Value { keyword: "hostaddr", wanted: "a numeric address" });
        }
        let host = named.or_else(|| address.clone()).unwrap_or_else(|| default_host(port));
        if host.starts_with('@') {
            let why = "cannot be an abstract socket with rebaseline's driver".to_owned();
            return Err(UrlError::Unsupported { keyword: "host", why });
        }
        places.push(Place { address: address.unwrap_or_else(|| host.clone()), host, port });
    }
    match url.get("load_balance_hosts") {
        None | Some("disable") => {}
        Some("random") => fastrand::shuffle(&mut places),
        Some(_) => {
            return Err(UrlError::Value {
                keyword: "load_balance_hosts",
                wanted: "disable or random",
            });
        }
    }
    Ok(Route { places, session: session(url)?, timeout: timeout(url)? })
}

/// One port for each of so many hosts; one is for all, and an empty one is the usual.
fn ports(given: &[String], count: usize) -> Result<Vec<u16>, UrlError> {
    let wanted = "a number up to 65535, one for all hosts or one for each";
    let wrong = || UrlError::Value { keyword: "port", wanted };
    let ports: Result<Vec<u16>, _> = given
        .iter()
        .map(
            |port| {
                if port.is_empty() { Ok(5432) } else { port.trim().parse().map_err(|_| wrong()) }
            },
        )
        .collect();
    match ports?.as_slice() {
        [] => Ok(vec![5432; count]),
        [one] => Ok(vec![*one; count]),
        several if several.len() == count => Ok(several.to_vec()),
        _ => Err(wrong()),
    }
}

/// Where the server of this machine is: its socket, if there is one.
fn default_host(port: u16) -> String {
    let folders = ["/var/run/postgresql", "/tmp"];
    let has_socket = |folder: &&str| Path::new(folder).join(format!(".s.PGSQL.{port}")).exists();
    folders.into_iter().find(has_socket).unwrap_or("localhost").to_owned()
}

fn session(url: &Url) -> Result<Session, UrlError> {
    let all = [
        Session::Any,
        Session::ReadWrite,
        Session::ReadOnly,
        Session::Primary,
        Session::Standby,
        Session::PreferStandby,
    ];
    let word = url.get("target_session_attrs").unwrap_or("any");
    all.into_iter().find(|session| session.name() == word).ok_or(UrlError::Value {
        keyword: "target_session_attrs",
        wanted: "any, read-write, read-only, primary, standby or prefer-standby",
    })
}

fn timeout(url: &Url) -> Result<Option<Duration>, UrlError> {
    let Some(text) = url.get("connect_timeout") else { return Ok(None) };
    let seconds: i32 = text.trim().parse().map_err(|_| UrlError::Value {
        keyword: "connect_timeout",
        wanted: "a number of seconds",
    })?;
    // libpq: zero or less is no limit.
    Ok(u64::try_from(seconds).ok().filter(|seconds| *seconds > 0).map(Duration::from_secs))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn places(text: &str) -> String {
        let route = route(&Url::parse(text).unwrap()).unwrap();
        let shown = route.places.iter().map(|place| {
            let Place { host, address, port } = place;
            if host == address {
                format!("{host}:{port}")
            } else {
                format!("{host}({address}):{port}")
            }
        });
        shown.collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn hosts_addresses_and_ports() {
        for (text, wanted) in [
            ("postgresql://a,b:1,c/x", "a:5432 b:1 c:5432"),
            ("host=a,b port=7", "a:7 b:7"),
            ("host=a,b hostaddr=10.0.0.1,10.0.0.2", "a(10.0.0.1):5432 b(10.0.0.2):5432"),
            ("hostaddr=::1 port=6", "::1:6"),
            ("host=/run/pg port=6", "/run/pg:6"),
        ] {
            assert_eq!(places(text), wanted, "{text}");
        }
        for text in [
            "host=a,b port=1,2,3",
            "host=a hostaddr=10.0.0.1,10.0.0.2",
            "hostaddr=name",
            "host=@abstract",
            "host=a target_session_attrs=master",
            "host=a connect_timeout=soon",
            "host=a port=70000",
        ] {
            assert!(route(&Url::parse(text).unwrap()).is_err(), "{text}");
        }
    }

    #[test]
    fn sessions() {
        let wants = |word: &str| {
            let url = Url::parse(&format!("host=a target_session_attrs={word}")).unwrap();
            let session = route(&url).unwrap().session;
            // A primary, a standby, a primary that is read-only.
            [(false, false), (true, true), (false, true)]
                .map(|(recovery, read_only)| session.accepts(recovery, read_only))
        };
        assert_eq!(wants("any"), [true, true, true]);
        assert_eq!(wants("read-write"), [true, false, false]);
        assert_eq!(wants("read-only"), [false, true, true]);
        assert_eq!(wants("primary"), [true, false, true]);
        assert_eq!(wants("standby"), [false, true, false]);
    }
}
