//! `archive` and `bridge`: what lies beside the revisions.

use std::path::PathBuf;

use clap::{Args, Subcommand};

/// `rebaseline bridge`
#[derive(Debug, Clone, Subcommand)]
pub enum Bridge {
    /// Put the bridge beside env.py, and a call of it into env.py
    Install(BridgeInstall),
    /// Take the bridge out again
    Remove(BridgeRemove),
}

/// `rebaseline bridge install`
#[derive(Debug, Clone, Args)]
pub struct BridgeInstall {
    /// Folder of the archives [default: archive/ beside the versions folder]
    #[arg(long, value_name = "DIR")]
    pub archive_dir: Option<PathBuf>,
    /// Say what would be written and write nothing
    #[arg(long)]
    pub dry_run: bool,
    /// Do not ask before env.py is changed
    #[arg(short, long)]
    pub yes: bool,
}

/// `rebaseline bridge remove`
#[derive(Debug, Clone, Args)]
pub struct BridgeRemove {
    /// Say what would be written and write nothing
    #[arg(long)]
    pub dry_run: bool,
    /// Do not ask before env.py is changed
    #[arg(short, long)]
    pub yes: bool,
}

/// `rebaseline archive`
#[derive(Debug, Clone, Subcommand)]
pub enum Archive {
    /// List the project's archives
    List,
    /// Show what is in an archive
    Show(ArchiveFile),
    /// Check an archive: every file, every checksum
    Verify(ArchiveFile),
    /// Write the archived files into a folder
    Restore(Restore),
}

/// One archive.
#[derive(Debug, Clone, Args)]
pub struct ArchiveFile {
    /// The archive [default: the newest of the project]
    #[arg(value_name = "FILE")]
    pub file: Option<PathBuf>,
}

/// `rebaseline archive restore`
#[derive(Debug, Clone, Args)]
pub struct Restore {
    /// The archive [default: the newest of the project]
    #[arg(value_name = "FILE")]
    pub file: Option<PathBuf>,
    /// The folder to write into; nothing that is there is overwritten
    #[arg(long, value_name = "DIR")]
    pub into: PathBuf,
}
