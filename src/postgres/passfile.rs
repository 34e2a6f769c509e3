//! Passwords from libpq's password file (`~/.pgpass`): lines of `host:port:database:user:password`.
//!
//! A file that others may read is passed over, as libpq does; whoever is refused for want of a password is told.

use std::path::{Path, PathBuf};

use crate::files;
use crate::postgres::url::Url;

/// What was found for a connection.
#[derive(Clone, Default)]
pub struct Password {
    /// The password.
    pub value: Option<String>,
    /// A password file that was passed over because others may read it.
    pub passed_over: Option<PathBuf>,
}

/// Whom a password is for.
#[derive(Debug, Clone, Copy)]
pub struct Login<'a> {
    /// The host as the user names it, or the folder of a unix socket.
    pub host: &'a str,
    /// The port.
    pub port: u16,
    /// The database.
    pub database: &'a str,
    /// The user.
    pub user: &'a str,
}

/// The password for a connection: the URL's own, or from the password file.
pub fn password(url: &Url, login: Login<'_>) -> Password {
    if let Some(password) = url.get("password") {
        return Password { value: Some(password.to_owned()), passed_over: None };
    }
    let named = url.get("passfile").map(PathBuf::from);
    let Some(path) = named.or_else(|| url.home().map(|home| home.join(".pgpass"))) else {
        return Password::default();
    };
    let Ok(text) = files::read_text(&path) else { return Password::default() };
    if files::is_readable_by_others(&path) {
        return Password { value: None, passed_over: Some(path) };
    }
    Password { value: find(&text, login), passed_over: None }
}

/// The password of the first line that fits.
fn find(text: &str, login: Login<'_>) -> Option<String> {
    let host = if is_default_socket(login.host) { "localhost" } else { login.host };
    let port = login.port.to_string();
    let wanted = [host, &port, login.database, login.user];
    text.lines().filter(|line| !line.starts_with('#')).find_map(|line| {
        let mut rest = line;
        for wanted in wanted {
            let (field, after) = field(rest)?;
            if field != "*" && unescaped(field) != wanted {
                return None;
            }
            rest = after;
        }
        Some(unescaped(rest)).filter(|password| !password.is_empty())
    })
}

/// The default socket is called `localhost` in these files.
fn is_default_socket(host: &str) -> bool {
    ["/var/run/postgresql", "/run/postgresql", "/tmp"]
        .iter()
        .any(|folder| Path::new(host) == Path::new(folder))
}

/// The text up to the next colon that is not escaped, and what follows it.
fn field(text: &str) -> Option<(&str, &str)> {
    let mut escaped = false;
    for (at, character) in text.char_indices() {
        match character {
            ':' if !escaped => return Some((&text[..at], &text[at + 1..])),
            '\\' => escaped = !escaped,
            _ => escaped = false,
        }
    }
    None
}

fn unescaped(text: &str) -> String {
    let mut characters = text.chars();
    let mut plain = String::with_capacity(text.len());
    while let Some(character) = characters.next() {
        match character {
            '\\' => plain.extend(characters.next()),
            other => plain.push(other),
        }
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: &str = "# h:5432:x:u:comment\nh:5432:x:u:one\n*:*:x:*:t\\:w\\\\o\nlocalhost:*:*:*:three\nshort:1\n";

    fn of(host: &str, database: &str) -> Option<String> {
        find(FILE, Login { host, port: 5432, database, user: "u" })
    }

    #[test]
    fn the_first_line_that_fits() {
        assert_eq!(of("h", "x").as_deref(), Some("one"));
        assert_eq!(of("other", "x").as_deref(), Some("t:w\\o"));
        assert_eq!(of("/var/run/postgresql", "y").as_deref(), Some("three"));
        assert_eq!(of("/srv/pg", "y"), None);
    }

    #[test]
    fn a_file_that_others_may_read_is_passed_over() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("passwords");
        files::write_scratch(&path, b"*:*:*:*:word\n").unwrap();
        let url = Url::parse(&format!("postgresql://u@h/x?passfile={}", path.display())).unwrap();
        let login = Login { host: "h", port: 5432, database: "x", user: "u" };
        for (mode, value) in [(0o644, None), (0o600, Some("word"))] {
            std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).unwrap();
            let found = password(&url, login);
            assert_eq!(found.value.as_deref(), value);
            assert_eq!(found.passed_over.is_some(), value.is_none());
        }
    }
}
