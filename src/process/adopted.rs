//! A process that one of our children has made for us: it is killed when we drop it, as a child would be.

use std::path::Path;

use rustix::process::Pid;
use tokio::net::UnixListener;

use super::{Collected, Group};

/// A process of ours that is not our child. It leads a process group of its own.
#[derive(Debug)]
pub struct Adopted {
    command: String,
    group: Group,
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
        let group = Group(Pid::from_raw(id));
        let (stream, _) = self.0.accept().await?;
        Ok(Adopted { command, group, stderr: Collected::start(Some(stream)) })
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
        let Self { command, group, stderr } = self;
        // Whoever it has left behind would keep the socket open.
        drop(group);
        (command, String::from_utf8_lossy(&stderr.all().await).into_owned())
    }
}
