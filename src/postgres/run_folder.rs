//! A folder for one run that is gone when we are.
//!
//! A small shell holds it: its stdin is a pipe from us. When we end, in whatever way, the pipe closes,
//! and the shell stops the server (if there is one) and removes the folder. The shell and the server
//! hold the lock of the folder's log file; a folder whose lock is free belongs to nobody, and the next
//! run sweeps it away.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use crate::files::{self, PathError};
use crate::process::{Held, Plan, ProcessError};

/// Stops the program as soon as stdin closes, drops the scratch databases that are noted in the folder
/// (on a server that the user gives), and removes the folder (`$1`). `$2` is `dropdb`.
///
/// A shell starts background jobs with SIGQUIT ignored: a server that has not installed its handlers yet
/// does not hear it, and ends by SIGTERM. One that has them needs SIGQUIT, which may come too early the
/// first time.
const WATCHDOG: &str = r#"folder=$1; dropdb=$2; shift 2
"$@" </dev/null & program=$!
cat >/dev/null
kill -TERM $program 2>/dev/null
(while kill -QUIT $program 2>/dev/null; do sleep 0.1; done) &
wait $program
if [ -f "$folder/databases" ]; then
    while read -r name; do
        case $name in
            rebaseline_scratch_*) "$dropdb" --no-password --if-exists --force "$name" ;;
        esac
    done <"$folder/databases"
fi
cd / && rm -rf "$folder""#;

/// The file that notes scratch databases to drop, one name a line.
const DATABASES: &str = "databases";

/// Room that a run wants on a memory file system before it is used: for its servers, and for dumps.
const ROOM: u64 = 512 * 1024 * 1024;

/// A run folder, or what belongs into it, that cannot be made.
#[derive(Debug, thiserror::Error)]
pub enum FolderError {
    /// A file operation failed.
    #[error(transparent)]
    File(#[from] PathError),
    /// A program could not be run.
    #[error(transparent)]
    Process(#[from] ProcessError),
}

/// Where run folders and cached templates are kept.
#[derive(Debug, Clone)]
pub struct Places {
    /// The folder for run folders: on a memory file system if it has room.
    pub runs: PathBuf,
    /// The folder for cached templates.
    pub cache: PathBuf,
}

/// A user of the system: uid and gid.
pub type User = (u32, u32);

/// A held folder. Dropping it ends the program in it and removes it.
#[derive(Debug)]
pub struct RunFolder {
    path: PathBuf,
    user: Option<User>,
    watchdog: Option<Held>,
    log: Option<std::fs::File>,
}

impl RunFolder {
    /// Makes a folder, owned by `user` if given (we are root then), and sweeps away what dead runs
    /// left. Until [`hold`](Self::hold) is called, only the next run's sweep would remove it.
    pub fn create(places: &Places, user: Option<User>) -> Result<Self, FolderError> {
        static COUNTER: AtomicU32 = AtomicU32::new(0);
        let number = COUNTER.fetch_add(1, Ordering::Relaxed);
        let owner = user.map_or_else(|| rustix::process::getuid().as_raw(), |(uid, _)| uid);
        let runs = places.runs.join(format!("rebaseline-{owner}"));
        files::create_folder(&runs)?;
        give(&runs, user)?;
        sweep(&runs);
        let path = runs.join(format!("rebaseline-run-{}-{number}", std::process::id()));
        files::create_new_folder(&path, 0o700)?;
        let log = files::create_private(&path.join("log"), b"")?;
        files::lock(&log, &path)?;
        give(&path, user)?;
        Ok(Self { path, user, watchdog: None, log: Some(log) })
    }

    /// Starts the shell that holds the folder, with this program below it.
    pub fn hold(&mut self, program: &Plan, dropdb: &Path) -> Result<(), FolderError> {
        let Some(log) = self.log.take() else { return Ok(()) };
        let plan = Plan::new("/bin/sh")
            .arguments(["-c", WATCHDOG, "rebaseline-scratch"])
            .argument(&self.path)
            .argument(dropdb)
            .argument(&program.program)
            .arguments(program.arguments.clone())
            .environment(program.environment.clone())
            .folder("/");
        self.watchdog = Some(Held::start(&plan, self.user, log)?);
        Ok(())
    }

    /// The folder's path.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Makes a folder inside that the watchdog can remove.
    pub fn subfolder(&self, name: &str) -> Result<PathBuf, PathError> {
        let path = self.path.join(name);
        files::create_new_folder(&path, 0o700)?;
        give(&path, self.user)?;
        Ok(path)
    }

    /// Notes a scratch database that is dropped with the folder.
    pub fn note_database(&self, name: &str) -> Result<(), PathError> {
        files::append_scratch(&self.path.join(DATABASES), format!("{name}\n").as_bytes())
    }

    /// What the program has written so far.
    pub fn log(&self) -> String {
        files::read_text(&self.path.join("log")).unwrap_or_default()
    }

    /// Whether the shell has ended by itself.
    pub fn ended(&mut self) -> bool {
        self.watchdog.as_mut().is_none_or(Held::ended)
    }
}

impl Drop for RunFolder {
    fn drop(&mut self) {
        if self.watchdog.take().is_none() {
            // Never held (something failed before): nobody else removes it.
            let _ = files::remove_scratch_folder(&self.path);
        }
    }
}

fn give(path: &Path, user: Option<User>) -> Result<(), PathError> {
    match user {
        Some((uid, gid)) => files::set_owner(path, uid, gid),
        None => Ok(()),
    }
}

/// Picks the folder for run folders: shared memory when it has room, else the temporary folder.
pub fn default_runs(temporary: &Path) -> PathBuf {
    let memory = Path::new("/dev/shm");
    let room = rustix::fs::statvfs(memory).map_or(0, |s| s.f_bavail * s.f_frsize);
    if room >= ROOM { memory.to_owned() } else { temporary.to_owned() }
}

/// Removes the run folders of processes that no longer live: their log's lock is free.
fn sweep(runs: &Path) {
    let Ok(entries) = std::fs::read_dir(runs) else { return };
    for folder in entries.flatten().map(|entry| entry.path()) {
        let name = folder.file_name().map(|n| n.to_string_lossy().into_owned());
        if !name.is_some_and(|name| name.starts_with("rebaseline-run-")) {
            continue;
        }
        let dead = match std::fs::File::open(folder.join("log")) {
            Ok(log) => log.try_lock().is_ok() && age(&folder) > Duration::from_secs(2),
            // Between the making of the folder and of its log lie microseconds: an old folder
            // without a log is a leftover.
            Err(_) => age(&folder) > Duration::from_mins(1),
        };
        if dead {
            // Another run may sweep the same folder: what it removed is no error of ours.
            let _ = files::remove_scratch_folder(&folder);
        }
    }
}

fn age(path: &Path) -> Duration {
    let modified = std::fs::metadata(path).and_then(|m| m.modified()).ok();
    modified.and_then(|time| time.elapsed().ok()).unwrap_or_default()
}
