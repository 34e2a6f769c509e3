//! The journal of a fleet: which databases are done, so that a second run does only what is left.
//!
//! One JSON object a line, each on the disk before the next database counts as done. The first line names the
//! archive and its baseline: a journal of another squash is refused. A last line that is cut short (power, kill -9)
//! does not count.

use std::collections::BTreeSet;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use serde::{Deserialize, Serialize};

use crate::error::{Explain, Kind};
use crate::files::{self, PathError};
use crate::postgres::target::Target;

/// Why a journal cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum JournalError {
    /// The disk.
    #[error(transparent)]
    File(#[from] PathError),
    /// Another run has it.
    #[error("another run writes the journal `{}`", path.display())]
    InUse {
        /// The journal.
        path: PathBuf,
    },
    /// It is something else.
    #[error("`{}` is no journal of stamped databases", path.display())]
    Foreign {
        /// The file.
        path: PathBuf,
    },
    /// It belongs to another squash.
    #[error("the journal `{}` belongs to another squash (baseline {baseline})", path.display())]
    OtherSquash {
        /// The journal.
        path: PathBuf,
        /// The baseline of that squash.
        baseline: String,
    },
}

impl Explain for JournalError {
    fn kind(&self) -> Kind {
        match self {
            Self::File(_) => Kind::Tool,
            _ => Kind::Refused,
        }
    }

    fn state(&self) -> String {
        match self {
            Self::File(_) => "each database was written whole, or not at all".to_owned(),
            _ => "nothing was changed".to_owned(),
        }
    }

    fn hints(&self) -> Vec<String> {
        match self {
            Self::File(_) => Vec::new(),
            Self::InUse { .. } => vec!["wait for it, or name another file".to_owned()],
            Self::Foreign { .. } | Self::OtherSquash { .. } => {
                vec!["name another file: --journal FILE".to_owned()]
            }
        }
    }
}

/// The first line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Header {
    /// The form of the journal.
    pub rebaseline_journal: u32,
    /// The archive's hash.
    pub archive: String,
    /// The baseline's id.
    pub baseline: String,
}

/// Each later line.
#[derive(Debug, Serialize, Deserialize)]
struct Line {
    done: String,
}

/// An open journal; no other run can have it meanwhile.
#[derive(Debug)]
pub struct Journal {
    path: PathBuf,
    file: Mutex<File>,
    done: BTreeSet<String>,
}

impl Journal {
    /// Opens a journal for this squash, making it if it is not there.
    pub fn open(path: &Path, header: &Header) -> Result<Self, JournalError> {
        let path = path.to_owned();
        let file = files::open_lock_file(&path)?;
        if !files::try_lock(&file, &path)? {
            return Err(JournalError::InUse { path });
        }
        let text = String::from_utf8_lossy(&files::read(&path)?).into_owned();
        // What follows the last line break was cut short.
        let (whole, torn) =
            text.rsplit_once('\n').map_or(("", text.as_str()), |(w, torn)| (w, torn));
        let mut lines = whole.lines();
        let done = match lines.next().map(serde_json::from_str::<Header>) {
            Some(Ok(found)) if found == *header => {
                let done = lines.filter_map(|line| serde_json::from_str::<Line>(line).ok());
                done.map(|line| line.done).collect()
            }
            Some(Ok(found)) => {
                return Err(JournalError::OtherSquash { path, baseline: found.baseline });
            }
            None if is_start(torn, header) => BTreeSet::new(),
            None | Some(Err(_)) => return Err(JournalError::Foreign { path }),
        };
        let journal = Self { path, file: Mutex::new(file), done };
        if whole.is_empty() {
            // A first line that was cut short is of the same text: what is missing completes it.
            let line = line(header);
            journal.append(&line.as_bytes()[torn.len()..])?;
        } else if !torn.is_empty() {
            journal.append(b"\n")?;
        }
        Ok(journal)
    }

    /// Whether a target is done.
    pub fn has(&self, target: &Target) -> bool {
        self.done.contains(&target.identity())
    }

    /// Notes that a target is done; it is on the disk when this returns.
    pub fn note(&self, target: &Target) -> Result<(), JournalError> {
        self.append(line(&Line { done: target.identity() }).as_bytes())
    }

    fn append(&self, bytes: &[u8]) -> Result<(), JournalError> {
        let file = self.file.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        Ok(files::append_synced(&file, &self.path, bytes)?)
    }
}

fn is_start(torn: &str, header: &Header) -> bool {
    line(header).starts_with(torn)
}

fn line(value: &impl Serialize) -> String {
    // Plain fields: this cannot fail.
    serde_json::to_string(value).unwrap_or_default() + "\n"
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::postgres::url::Url;

    fn header(baseline: &str) -> Header {
        Header { rebaseline_journal: 1, archive: "a".to_owned(), baseline: baseline.to_owned() }
    }

    fn target(name: &str) -> Target {
        Target::from(Url::parse(&format!("postgresql://u:s3cret@h/{name}")).unwrap())
    }

    /// Opens a journal that was closed. A process that another test starts holds the lock until it runs its program.
    fn reopened(path: &Path) -> Journal {
        let tries = (0..500).find_map(|_| match Journal::open(path, &header("b")) {
            Err(JournalError::InUse { .. }) => {
                std::thread::sleep(std::time::Duration::from_millis(10));
                None
            }
            opened => Some(opened),
        });
        tries.expect("it is closed").unwrap()
    }

    #[test]
    fn what_is_noted_is_known_to_the_next_run_and_no_password_is() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("journal");
        let journal = Journal::open(&path, &header("b")).unwrap();
        journal.note(&target("one")).unwrap();
        assert!(matches!(Journal::open(&path, &header("b")), Err(JournalError::InUse { .. })));
        drop(journal);
        let journal = reopened(&path);
        assert!(journal.has(&target("one")) && !journal.has(&target("two")));
        drop(journal);
        let other = Header { baseline: "c".to_owned(), ..header("b") };
        let refused = (0..500).any(|_| {
            std::thread::sleep(std::time::Duration::from_millis(10));
            matches!(Journal::open(&path, &other), Err(JournalError::OtherSquash { .. }))
        });
        assert!(refused);
        assert!(!std::fs::read_to_string(&path).unwrap().contains("s3cret"));
    }

    #[test]
    fn a_journal_cut_anywhere_opens_and_loses_at_most_the_last_line() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("journal");
        let journal = Journal::open(&path, &header("b")).unwrap();
        journal.note(&target("one")).unwrap();
        journal.note(&target("two")).unwrap();
        drop(journal);
        let whole = std::fs::read(&path).unwrap();
        let ends: Vec<usize> = (0..whole.len()).filter(|at| whole[*at] == b'\n').collect();
        for length in 0..=whole.len() {
            files::write_scratch(&path, &whole[..length]).unwrap();
            let journal = reopened(&path);
            assert_eq!(journal.has(&target("one")), length > ends[1], "{length}");
            assert_eq!(journal.has(&target("two")), length > ends[2], "{length}");
            journal.note(&target("three")).unwrap();
            drop(journal);
            assert!(reopened(&path).has(&target("three")), "{length}");
        }
    }

    #[test]
    fn another_file_is_not_written_to() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("notes");
        for text in ["my notes", "my notes\nmore\n", "{}\n"] {
            files::write_scratch(&path, text.as_bytes()).unwrap();
            assert!(matches!(
                Journal::open(&path, &header("b")),
                Err(JournalError::Foreign { .. })
            ));
            assert_eq!(std::fs::read_to_string(&path).unwrap(), text);
        }
    }
}
