//! Reads what users write for a database into keywords of libpq: a URL, as libpq or SQLAlchemy has it, or a
//! keyword string. Pure.
//!
//! No error repeats the text: it may hold a password.

use percent_encoding::percent_decode_str;

use super::UrlError;
use super::keywords::{ALIASES, OF_DRIVERS};

/// Keywords with their values, in the order in which they were written; a later one wins.
pub type Pairs = Vec<(String, String)>;

/// A URL in its parts, as they are shown again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parts {
    /// User, hosts and ports, with the password masked.
    pub authority: String,
    /// The database, escaped.
    pub database: String,
    /// The parameters, escaped, with passwords masked.
    pub query: Vec<String>,
}

/// Reads a URL; a SQLAlchemy driver name (`+psycopg`) is dropped.
pub fn url(scheme: &str, rest: &str) -> Result<(Pairs, Parts), UrlError> {
    let (dialect, driver) = scheme.split_once('+').map_or((scheme, None), |(d, x)| (d, Some(x)));
    if !matches!(dialect, "postgres" | "postgresql") {
        return Err(UrlError::OtherDatabase { scheme: dialect.to_owned() });
    }
    let mut pairs = Pairs::new();
    let mut add = |name: &str, value: &str| {
        if !value.is_empty() {
            pairs.push((name.to_owned(), value.to_owned()));
        }
    };
    let end = rest.find(['/', '?']).unwrap_or(rest.len());
    let (authority, rest) = rest.split_at(end);
    let (path, query) = rest.split_once('?').unwrap_or((rest, ""));
    let (userinfo, hosts) = authority.rsplit_once('@').unwrap_or(("", authority));
    let (user, password) = userinfo.split_once(':').map_or((userinfo, None), |(u, p)| (u, Some(p)));
    add("user", &decoded(user)?);
    add("password", &decoded(password.unwrap_or_default())?);
    let (names, ports) = hosts_and_ports(hosts)?;
    add("host", &decoded(&names)?);
    add("port", &ports);
    let database = path.strip_prefix('/').unwrap_or_default();
    if database.contains('@') {
        return Err(malformed("an `@` in the database's name must be written %40"));
    }
    add("dbname", &decoded(database)?);

    let mut shown_query = Vec::new();
    let mut hosts_of_query: Vec<String> = Vec::new();
    for parameter in query.split('&').filter(|parameter| !parameter.is_empty()) {
        let (raw_name, raw_value) = parameter.split_once('=').unwrap_or((parameter, ""));
        // SQLAlchemy reads a query as forms do, where `+` is a space; libpq does not.
        let text =
            if driver.is_some() { raw_value.replace('+', " ") } else { raw_value.to_owned() };
        let (name, value) = (decoded(raw_name)?, decoded(&text)?);
        let secret = matches!(name.as_str(), "password" | "sslpassword");
        shown_query.push(if secret { format!("{raw_name}=***") } else { parameter.to_owned() });
        match translated(&name, &value) {
            Some(("host", value)) => hosts_of_query.push(value),
            Some((name, value)) => pairs.push((name.to_owned(), value)),
            None => {}
        }
    }
    // SQLAlchemy repeats `host` for several hosts, each with its port.
    if !hosts_of_query.is_empty() {
        let (names, ports) = hosts_and_ports(&hosts_of_query.join(","))?;
        pairs.push(("host".to_owned(), names));
        if !ports.is_empty() {
            pairs.push(("port".to_owned(), ports));
        }
    }
    let shown_user = match password {
        Some(_) => format!("{user}:***@"),
        None if userinfo.is_empty() => String::new(),
        None => format!("{user}@"),
    };
    let shown = Parts {
        authority: format!("{shown_user}{hosts}"),
        database: database.to_owned(),
        query: shown_query,
    };
    Ok((pairs, shown))
}

/// The libpq keyword of a URL's parameter, with its value; none for what only drivers know.
fn translated<'a>(name: &'a str, value: &str) -> Option<(&'a str, String)> {
    if OF_DRIVERS.contains(&name) {
        return None;
    }
    let keyword = ALIASES.iter().find(|(alias, _)| *alias == name).map_or(name, |(_, k)| *k);
    let value = match name {
        // pg8000 names the socket itself, libpq its folder.
        "unix_sock" => value.rsplit_once("/.s.PGSQL.").map_or(value, |(folder, _)| folder),
        _ => value,
    };
    Some((keyword, value.to_owned()))
}

/// Splits `one:5432,[::1]:5433,/run/pg` into names and ports, each a list with commas; no port at all gives an
/// empty list.
fn hosts_and_ports(hosts: &str) -> Result<(String, String), UrlError> {
    let mut names = Vec::new();
    let mut ports = Vec::new();
    for host in hosts.split(',') {
        let (name, port) = match host.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
            Some((name, rest)) => (name, rest.strip_prefix(':').unwrap_or_default()),
            // A folder of a socket, and an address of IPv6 without brackets, have no port.
            None if host.starts_with('/') || host.matches(':').count() > 1 => (host, ""),
            None => host.split_once(':').unwrap_or((host, "")),
        };
        if !port.is_empty() && port.parse::<u16>().is_err() {
            return Err(malformed(
                "a port is no number; in a password, characters such as / @ : are written %2F %40 %3A",
            ));
        }
        names.push(name);
        ports.push(port);
    }
    let ports =
        if ports.iter().all(|port| port.is_empty()) { String::new() } else { ports.join(",") };
    Ok((names.join(","), ports))
}

/// Reads a keyword string: `host=h port=5432 dbname='my db'`.
pub fn keywords(text: &str) -> Result<Pairs, UrlError> {
    let mut pairs = Pairs::new();
    let mut rest = text.trim_start();
    while !rest.is_empty() {
        let (name, after) =
            rest.split_once('=').ok_or_else(|| malformed("a keyword has no `=` after it"))?;
        let name = name.trim_end();
        if name.is_empty()
            || !name.chars().all(|c| c.is_ascii_lowercase() || "_0123456789".contains(c))
        {
            return Err(malformed("it is neither a URL (`postgresql://...`) nor a keyword string"));
        }
        let (value, after) = value(after.trim_start())?;
        if !value.is_empty() {
            pairs.push((name.to_owned(), value));
        }
        rest = after.trim_start();
    }
    Ok(pairs)
}

/// The value at the start of a text, quoted or not, and what follows it.
fn value(text: &str) -> Result<(String, &str), UrlError> {
    let quoted = text.starts_with('\'');
    let mut value = String::new();
    let mut characters = text.char_indices().skip(usize::from(quoted));
    while let Some((at, character)) = characters.next() {
        match character {
            '\\' => value.extend(characters.next().map(|(_, escaped)| escaped)),
            '\'' if quoted => return Ok((value, &text[at + 1..])),
            blank if !quoted && blank.is_whitespace() => return Ok((value, &text[at..])),
            other => value.push(other),
        }
    }
    if quoted { Err(malformed("a quoted value does not end")) } else { Ok((value, "")) }
}

fn decoded(text: &str) -> Result<String, UrlError> {
    let decoded = percent_decode_str(text).decode_utf8();
    Ok(decoded.map_err(|_| malformed("a % stands for something that is no UTF-8"))?.into_owned())
}

pub(super) fn malformed(why: &str) -> UrlError {
    UrlError::Malformed { why: why.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> String {
        let (scheme, rest) = text.split_once("://").unwrap();
        let (pairs, _) = url(scheme, rest).unwrap();
        let words: Vec<_> = pairs.iter().map(|(name, value)| format!("{name}={value}")).collect();
        words.join(" ")
    }

    #[test]
    fn urls_of_libpq() {
        for (text, wanted) in [
            ("postgresql://", ""),
            ("postgresql:///app", "dbname=app"),
            ("postgres://a%40b:p%3Aw@h:6432/x", "user=a@b password=p:w host=h port=6432 dbname=x"),
            ("postgresql://h1:1,h2,[::1]:3/x", "host=h1,h2,::1 port=1,,3 dbname=x"),
            ("postgresql://%2Frun%2Fpg/x", "host=/run/pg dbname=x"),
            ("postgresql://me@?dbname=x&port=1", "user=me dbname=x port=1"),
            ("postgresql://h/x?options=-c%20a%3Db+c", "host=h dbname=x options=-c a=b+c"),
        ] {
            assert_eq!(read(text), wanted, "{text}");
        }
    }

    #[test]
    fn urls_of_sqlalchemy_and_its_drivers() {
        for (text, wanted) in [
            (
                "postgresql+asyncpg://h/x?ssl=require&prepared_statement_cache_size=0",
                "host=h dbname=x sslmode=require",
            ),
            ("postgresql+psycopg://u@/x?host=a:1&host=b:2", "user=u dbname=x host=a,b port=1,2"),
            ("postgresql+psycopg2://u@/x?host=a,b&port=1,2", "user=u dbname=x port=1,2 host=a,b"),
            ("postgresql+psycopg://u@/x?host=/run/pg", "user=u dbname=x host=/run/pg"),
            (
                "postgresql+pg8000://u@/x?unix_sock=/run/pg/.s.PGSQL.5432",
                "user=u dbname=x host=/run/pg",
            ),
            ("postgresql+psycopg2://h/x?options=-c+a%3Db", "host=h dbname=x options=-c a=b"),
        ] {
            assert_eq!(read(text), wanted, "{text}");
        }
    }

    #[test]
    fn keyword_strings() {
        let pairs = keywords(r"host = h  password='a \' b' dbname=x\ y port=1").unwrap();
        let words: Vec<_> = pairs.iter().map(|(name, value)| format!("{name}={value}")).collect();
        assert_eq!(words, ["host=h", "password=a ' b", "dbname=x y", "port=1"]);
    }

    #[test]
    fn what_is_malformed_is_not_repeated() {
        for text in ["me:s3cret@h/x?a=b", "host=h s3cret", "password='s3cret"] {
            let error = keywords(text).unwrap_err();
            assert!(!error.to_string().contains("s3cret"), "{error}");
        }
        for rest in ["u:s3/cret@h/x", "u:12/s3cret@h/x", "u:s3cret@h:port/x", "u@h/%ff"] {
            let error = url("postgresql", rest).unwrap_err();
            assert!(!error.to_string().contains("cret"), "{error}");
        }
    }
}
