//! Services of libpq: named sets of parameters in a file.
//!
//! Takes a service's name; gives its parameters, or says in which files it is not.

use std::path::PathBuf;

use super::read::Pairs;
use super::{Surroundings, UrlError};
use crate::files;

/// Where Debian has the system's file; elsewhere `PGSYSCONFDIR` tells.
const SYSTEM: &str = "/etc/postgresql-common";

/// The parameters of a service: from the file that is named, or the user's, and else from the system's.
pub fn read(
    name: &str,
    file: Option<&str>,
    surroundings: &Surroundings,
) -> Result<Pairs, UrlError> {
    let named = file.map(PathBuf::from);
    let users = surroundings.home.as_ref().map(|home| home.join(".pg_service.conf"));
    let system = surroundings.system.clone().unwrap_or_else(|| PathBuf::from(SYSTEM));
    let mut looked = Vec::new();
    let candidates = [named.clone().or(users), Some(system.join("pg_service.conf"))];
    for path in candidates.into_iter().flatten() {
        let failed = |why: String| UrlError::File { keyword: "service", path: path.clone(), why };
        match files::read_text(&path) {
            Ok(text) => {
                if let Some(pairs) = parse(&text, name).map_err(failed)? {
                    return Ok(pairs);
                }
            }
            Err(error) if error.is_not_found() && named.as_ref() != Some(&path) => {}
            Err(error) => return Err(failed(format!("cannot be read: {}", error.source))),
        }
        looked.push(path);
    }
    Err(UrlError::NoService { name: name.to_owned(), files: looked })
}

/// The parameters under `[name]`; none if there is no such section. A value is never repeated in an error.
fn parse(text: &str, name: &str) -> Result<Option<Pairs>, String> {
    let mut found: Option<Pairs> = None;
    for (number, line) in text.lines().enumerate() {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        if let Some(section) = line.strip_prefix('[') {
            // The first section of the name counts.
            if found.is_some() {
                break;
            }
            if section.trim_end_matches(']') == name {
                found = Some(Pairs::new());
            }
        } else if let Some(pairs) = &mut found {
            let number = number + 1;
            let (keyword, value) = line
                .split_once('=')
                .ok_or_else(|| format!("line {number} has no `=` (LDAP is not supported)"))?;
            if keyword == "service" {
                return Err(format!("line {number} names a service inside of a service"));
            }
            pairs.push((keyword.to_owned(), value.to_owned()));
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: &str = "# ours\n[one]\nhost=a\n\n [two]\nhost=b\nport=6\n[two]\nhost=c\n[bad]\nservice=one\n[ldap]\nldap://x\n";

    #[test]
    fn the_first_section_of_the_name_counts() {
        let pairs = parse(FILE, "two").unwrap().unwrap();
        assert_eq!(
            pairs,
            [("host".to_owned(), "b".to_owned()), ("port".to_owned(), "6".to_owned())]
        );
        assert_eq!(parse(FILE, "three"), Ok(None));
        assert!(parse(FILE, "bad").is_err());
        assert!(parse(FILE, "ldap").unwrap_err().contains("line 13"));
    }

    #[test]
    fn a_file_that_is_named_must_be_there() {
        let folder = tempfile::tempdir().unwrap();
        let surroundings = Surroundings {
            home: Some(folder.path().to_owned()),
            system: Some(folder.path().join("system")),
            ..Surroundings::default()
        };
        let missing = folder.path().join("none").display().to_string();
        assert!(matches!(read("two", Some(&missing), &surroundings), Err(UrlError::File { .. })));
        let told = read("two", None, &surroundings).unwrap_err();
        assert!(matches!(&told, UrlError::NoService { files, .. } if files.len() == 2), "{told}");
        files::write_scratch(&folder.path().join(".pg_service.conf"), FILE.as_bytes()).unwrap();
        assert_eq!(read("one", None, &surroundings).unwrap().len(), 1);
    }
}
