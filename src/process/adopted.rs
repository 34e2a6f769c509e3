//! A process that one of our children has made for us: it is killed when we drop it, as a child would be.

use std::path::Path;

use rustix::process::Pid;
use tokio::net::UnixListener;

use super::Collected;

/// A process of ours that is not our child. It leads a process group of its own.
#[derive(Debug)]
pub struct Adopted {
    command: String,
    leader: Leader,
    stderr: Collected,
}

/// Where a process that we are to adopt will write to.
#[derive(Debug)]
pub struct Cradle(UnixListener);

impl Cradle {
    /// Opens a socket at this path.
    pub fn open(path: &Path) -> std::io::Result<Self> {
        UnixListener::bind(path).map(Self)
    }

    /// Adopts the process with this id, which has connected its stderr already. `command` tells what it runs.
    pub async fn adopt(self, id: i32, command: String) -> std::io::Result<Adopted> {
        let leader = Leader::of(id)?;
        let (stream, _) = self.0.accept().await?;
        Ok(Adopted { command, leader, stderr: Collected::start(Some(stream)) })
    }
}

impl Adopted {
    /// The command as typed.
    pub fn command(&self) -> &str {
        &self.command
    }

    /// How much it has written to stderr so far, in bytes.
    pub fn stderr_length(&self) -> usize {
        self.stderr.so_far().len()
    }

    /// What it has written to stderr, from this byte on.
    pub fn written(&self, from: usize) -> String {
        let stderr = self.stderr.so_far();
        String::from_utf8_lossy(stderr.get(from..).unwrap_or_default()).into_owned()
    }

    /// Once it has ended: its command, and all of stderr.
    pub async fn finish(self) -> (String, String) {
        let Self { command, leader, stderr } = self;
        // Whoever it has left behind would keep the socket open.
        drop(leader);
        (command, String::from_utf8_lossy(&stderr.all().await).into_owned())
    }
}

/// Kills the process and its group. Not being our child, it may be gone, and its id another's, long before we look:
/// so it is held by a descriptor, which means this process and no other.
#[cfg(target_os = "linux")]
#[derive(Debug)]
struct Leader {
    id: Pid,
    process: std::os::fd::OwnedFd,
}

#[cfg(target_os = "linux")]
impl Leader {
    fn of(id: i32) -> std::io::Result<Self> {
        let id = Pid::from_raw(id).ok_or(std::io::ErrorKind::InvalidInput)?;
        let process = rustix::process::pidfd_open(id, rustix::process::PidfdFlags::empty())?;
        Ok(Self { id, process })
    }
}

#[cfg(target_os = "linux")]
impl Drop for Leader {
    fn drop(&mut self) {
        let kill = rustix::process::Signal::KILL;
        if rustix::process::pidfd_send_signal(&self.process, kill).is_ok() {
            // Nobody else in the group is no error.
            let _ = rustix::process::kill_process_group(self.id, kill);
        }
    }
}

/// Elsewhere no process is copied.
#[cfg(not(target_os = "linux"))]
#[derive(Debug)]
struct Leader(super::Group);

#[cfg(not(target_os = "linux"))]
impl Leader {
    fn of(id: i32) -> std::io::Result<Self> {
        Ok(Self(super::Group(Pid::from_raw(id))))
    }
}
