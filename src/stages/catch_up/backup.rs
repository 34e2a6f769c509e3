//! A backup of a target before revisions run on it: `pg_dump` in its custom format.
//!
//! Written under a temporary name, synced, renamed: a file of the final name is whole. On failure the
//! temporary file is removed and nothing is run on the target.

use std::path::{Path, PathBuf};

use chrono::{DateTime, Utc};

use crate::files::{self, PathError};
use crate::postgres::binaries::Binaries;
use crate::process::{self, Plan};
use crate::run::Place;
use crate::stages::catch_up::{CatchUpError, Held};

/// How many backups of one database in one second are thought of.
const NAMES: u32 = 1000;

/// Where backups go, and by which programs.
#[derive(Debug, Clone)]
pub struct Backup<'a> {
    /// The folder.
    pub folder: &'a Path,
    /// The folder with the programs, if the user names one.
    pub binaries: Option<&'a Path>,
    /// The value of PATH.
    pub path: &'a str,
}

impl Backup<'_> {
    /// Takes the backup and gives its file.
    pub async fn take(&self, held: &mut Held, now: DateTime<Utc>) -> Result<PathBuf, CatchUpError> {
        let major = held.major().await?;
        let binaries = Binaries::find_for_server(major, self.binaries, self.path)
            .map_err(CatchUpError::NoDump)?;
        let destination = held.destination();
        let stem = format!("{}-{}", plain(&destination.database), now.format("%Y%m%dT%H%M%SZ"));
        let (file, temporary) = self.reserve(&stem)?;
        let plan = Plan::new(binaries.program("pg_dump"))
            .arguments(["--no-password", "--format=custom", "--file"])
            .argument(&temporary)
            .environment(destination.environment());
        let stump = Stump(temporary);
        process::run(&plan).await.map_err(CatchUpError::Dump)?;
        files::sync(&stump.0).map_err(CatchUpError::BackupFile)?;
        files::rename(&stump.0, &file).map_err(CatchUpError::BackupFile)?;
        Ok(file)
    }

    /// A name that is free, and the temporary file that reserves it.
    fn reserve(&self, stem: &str) -> Result<(PathBuf, PathBuf), CatchUpError> {
        files::create_folder(self.folder).map_err(CatchUpError::BackupFile)?;
        for number in 1..NAMES {
            let name =
                if number == 1 { format!("{stem}.dump") } else { format!("{stem}-{number}.dump") };
            let file = self.folder.join(name);
            let temporary = files::temporary_name(&file);
            if file.exists() {
                continue;
            }
            match files::create_private(&temporary, b"") {
                Ok(_) => return Ok((file, temporary)),
                Err(PathError { source, .. })
                    if source.kind() == std::io::ErrorKind::AlreadyExists => {}
                Err(error) => return Err(CatchUpError::BackupFile(error)),
            }
        }
        Err(CatchUpError::NoName { path: self.folder.join(stem) })
    }
}

/// A temporary file that goes when this value does, also if we are interrupted. Once it is renamed there is
/// nothing of its name.
struct Stump(PathBuf);

impl Drop for Stump {
    fn drop(&mut self) {
        // What went wrong before matters more than a stump that could not be removed.
        let _ = files::remove_file_if_there(&self.0);
    }
}

/// A database's name as a part of a file's name.
fn plain(name: &str) -> String {
    let plain = |c: char| if c.is_alphanumeric() || "_-.".contains(c) { c } else { '_' };
    let name: String = name.chars().map(plain).collect();
    // A name that begins with a dot would hide the file.
    name.trim_start_matches('.').to_owned()
}
