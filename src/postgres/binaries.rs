//! Finds the binaries of a PostgreSQL server: a folder with `postgres`, `initdb`, `psql`, `pg_dump`
//! and `pg_restore` together.
//!
//! Order: the folder the user names; PATH, after resolving links (a `postgres` on PATH can be a link
//! into a folder where the others are); the folders of the distributions, Homebrew and Postgres.app.
//! On failure it says where it looked and what to install.

use std::path::{Path, PathBuf};

use crate::error::{Explain, Kind};
use crate::process::{self, Plan, ProcessError};

/// The programs that must stand together.
const PROGRAMS: [&str; 5] = ["postgres", "initdb", "psql", "pg_dump", "pg_restore"];

/// Folder patterns where systems put PostgreSQL; `*` is a version.
const KNOWN: [&str; 8] = [
    "/usr/lib/postgresql/*/bin",
    "/usr/lib64/pgsql/bin",
    "/usr/pgsql-*/bin",
    "/usr/local/pgsql/bin",
    "/opt/homebrew/opt/postgresql@*/bin",
    "/usr/local/opt/postgresql@*/bin",
    "/opt/local/lib/postgresql*/bin",
    "/Applications/Postgres.app/Contents/Versions/*/bin",
];

/// A folder with the programs of one PostgreSQL version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Binaries {
    /// The folder, links resolved.
    pub folder: PathBuf,
    /// What `postgres --version` prints, e.g. `postgres (PostgreSQL) 15.18`.
    pub version: String,
    /// The major version, e.g. 15.
    pub major: u32,
}

/// Why no binaries can be used.
#[derive(Debug, thiserror::Error)]
pub enum BinariesError {
    /// Nowhere a complete set.
    #[error("no PostgreSQL server binaries found")]
    NoneFound {
        /// The folders that were looked at.
        looked_at: Vec<PathBuf>,
    },
    /// The folder that the user named is incomplete.
    #[error("`{}` holds no complete PostgreSQL: `{missing}` is not there", folder.display())]
    Incomplete {
        /// The folder.
        folder: PathBuf,
        /// The first missing program.
        missing: &'static str,
    },
    /// `postgres --version` said something unexpected.
    #[error("cannot tell the version of PostgreSQL from `{text}`")]
    Version {
        /// What was printed.
        text: String,
    },
    /// `pg_dump` refuses a server newer than itself.
    #[error("the server is PostgreSQL {server}, and no pg_dump of that major or newer was found")]
    DumpTooOld {
        /// The server's major version.
        server: u32,
        /// What was found instead.
        found: Vec<Binaries>,
    },
    /// A program could not be run.
    #[error("cannot ask PostgreSQL for its version")]
    Run(#[from] ProcessError),
}

impl Explain for BinariesError {
    fn kind(&self) -> Kind {
        Kind::Tool
    }

    fn hints(&self) -> Vec<String> {
        let install = |major: Option<u32>| {
            let version = major.map(|m| format!("-{m}")).unwrap_or_default();
            format!(
                "install it (Debian, Ubuntu: apt-get install postgresql{version}; macOS: brew \
                 install postgresql), or pass --pg-bin DIR"
            )
        };
        match self {
            Self::NoneFound { looked_at } => {
                let places: Vec<_> = looked_at.iter().map(|p| p.display().to_string()).collect();
                vec![install(None), format!("looked at: {}", places.join(", "))]
            }
            Self::Incomplete { .. } | Self::Version { .. } | Self::Run(_) => {
                vec!["pass --pg-bin DIR with the folder of a whole PostgreSQL server".to_owned()]
            }
            Self::DumpTooOld { server, found } => {
                let found: Vec<_> = found
                    .iter()
                    .map(|b| format!("{} ({})", b.version, b.folder.display()))
                    .collect();
                vec![install(Some(*server)), format!("found: {}", found.join(", "))]
            }
        }
    }
}

impl Binaries {
    /// The path of one program.
    pub fn program(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    /// Takes exactly this folder.
    pub fn in_folder(folder: &Path) -> Result<Self, BinariesError> {
        let missing = PROGRAMS.into_iter().find(|program| !folder.join(program).is_file());
        if let Some(missing) = missing {
            return Err(BinariesError::Incomplete { folder: folder.to_owned(), missing });
        }
        let folder = folder.canonicalize().unwrap_or_else(|_| folder.to_owned());
        let printed =
            process::run_as(&Plan::new(folder.join("postgres")).argument("--version"), None)?;
        let version = String::from_utf8_lossy(&printed).trim().to_owned();
        let major = major_of(&version).ok_or(BinariesError::Version { text: version.clone() })?;
        Ok(Self { folder, version, major })
    }

    /// Finds the binaries to use for a private cluster. `named` wins; `path` is the value of PATH.
    pub fn find(named: Option<&Path>, path: &str) -> Result<Self, BinariesError> {
        if let Some(folder) = named {
            return Self::in_folder(folder);
        }
        let candidates = candidates(path);
        for folder in &candidates {
            if PROGRAMS.iter().all(|program| folder.join(program).is_file()) {
                return Self::in_folder(folder);
            }
        }
        Err(BinariesError::NoneFound { looked_at: candidates })
    }

    /// Finds binaries whose `pg_dump` can read a server of this major: the same major if there is
    /// one (newer ones print some things differently), else the nearest newer.
    pub fn find_for_server(
        server: u32,
        named: Option<&Path>,
        path: &str,
    ) -> Result<Self, BinariesError> {
        let mut found = Vec::new();
        let folders = named.map_or_else(|| candidates(path), |folder| vec![folder.to_owned()]);
        for folder in folders {
            match Self::in_folder(&folder) {
                Ok(binaries) => found.push(binaries),
                Err(BinariesError::Incomplete { .. }) if named.is_none() => {}
                Err(error) => return Err(error),
            }
        }
        let best = found.iter().filter(|b| b.major >= server).min_by_key(|b| b.major).cloned();
        best.ok_or(BinariesError::DumpTooOld { server, found })
    }
}

/// The major version in `postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)` or `... 18beta1`.
fn major_of(version: &str) -> Option<u32> {
    let number =
        version.split_whitespace().find(|word| word.starts_with(|c: char| c.is_ascii_digit()))?;
    let digits: String = number.chars().take_while(char::is_ascii_digit).collect();
    digits.parse().ok()
}

/// Folders to look at, in order, without doubles: PATH first, then the known places, newest first.
fn candidates(path: &str) -> Vec<PathBuf> {
    let on_path = std::env::split_paths(path).flat_map(|folder| {
        // The link's target first: beside a lone link there is nothing.
        let program = folder.join("postgres");
        let resolved = program.canonicalize().ok().and_then(|p| p.parent().map(Path::to_owned));
        resolved.into_iter().chain(program.exists().then_some(folder))
    });
    let known = KNOWN.into_iter().flat_map(expand);
    let mut seen = Vec::new();
    for folder in on_path.chain(known) {
        if !seen.contains(&folder) {
            seen.push(folder);
        }
    }
    seen
}

/// Expands the one `*` of a pattern, highest number first. A pattern without a match stays as it is,
/// so that the error can name it.
fn expand(pattern: &str) -> Vec<PathBuf> {
    let Some((before, after)) = pattern.split_once('*') else {
        return vec![PathBuf::from(pattern)];
    };
    let (folder, prefix) = before.rsplit_once('/').unwrap_or(("", before));
    let mut found: Vec<(u32, PathBuf)> = std::fs::read_dir(folder)
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|entry| {
            let name = entry.file_name().into_string().ok()?;
            let version = name.strip_prefix(prefix)?;
            let number = version.split('.').next()?.parse().ok()?;
            Some((number, PathBuf::from(format!("{folder}/{name}{after}"))))
        })
        .collect();
    found.sort_by(|a, b| b.cmp(a));
    if found.is_empty() {
        return vec![PathBuf::from(pattern)];
    }
    found.into_iter().map(|(_, path)| path).collect()
}

#[cfg(test)]
#[expect(clippy::disallowed_methods, reason = "a test prepares its folders by itself")]
mod tests {
    use super::*;

    #[test]
    fn majors() {
        assert_eq!(major_of("postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)"), Some(15));
        assert_eq!(major_of("postgres (PostgreSQL) 18beta1"), Some(18));
        assert_eq!(major_of("postgres"), None);
    }

    #[test]
    fn a_link_on_path_leads_to_its_own_folder() {
        let root = tempfile::tempdir().unwrap();
        let real = root.path().canonicalize().unwrap().join("pg/bin");
        let on_path = root.path().join("bin");
        std::fs::create_dir_all(&real).unwrap();
        std::fs::create_dir_all(&on_path).unwrap();
        std::fs::write(real.join("postgres"), "").unwrap();
        std::os::unix::fs::symlink(real.join("postgres"), on_path.join("postgres")).unwrap();
        let found = candidates(on_path.to_str().unwrap());
        assert_eq!(found[..2], [real, on_path]);
    }

    #[test]
    fn an_incomplete_folder_is_named() {
        let root = tempfile::tempdir().unwrap();
        let error = Binaries::find(Some(root.path()), "").unwrap_err();
        assert!(matches!(error, BinariesError::Incomplete { missing: "postgres", .. }));
    }

    #[test]
    fn a_server_newer_than_every_pg_dump_names_what_to_install() {
        let path = std::env::var("PATH").unwrap();
        let error = Binaries::find_for_server(999, None, &path).unwrap_err();
        let BinariesError::DumpTooOld { server: 999, found } = &error else { panic!("{error}") };
        assert!(
            !found.is_empty(),
            "PostgreSQL's server programs (Debian: apt-get install postgresql)"
        );
        assert!(error.hints()[0].contains("apt-get install postgresql-999"));
        assert!(error.hints()[1].contains("PostgreSQL"));
    }
}
