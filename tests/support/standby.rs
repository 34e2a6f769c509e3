//! A hot standby: a copy of a running server that never gets anything new, and is read only.

use std::os::unix::fs::{MetadataExt, PermissionsExt, chown};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use rebaseline::postgres::run_folder::default_runs;
use rustix::process::{Pid, Signal, kill_process};
use sqlx::ConnectOptions;
use sqlx::postgres::{PgConnectOptions, PgConnection};

use super::target::Target;

pub struct Standby {
    folder: tempfile::TempDir,
    server: Child,
}

impl Standby {
    /// Copies the server as a base backup does, and starts the copy in recovery.
    pub async fn of(target: &Target) -> Self {
        let data = target.column("postgres", "show data_directory").await;
        let data = Path::new(&data[0]);
        let folder = default_runs(&std::env::temp_dir());
        let folder = tempfile::Builder::new().prefix("rb").tempdir_in(folder).unwrap();
        std::fs::set_permissions(folder.path(), PermissionsExt::from_mode(0o755)).unwrap();
        let copy = folder.path().join("data");
        let mut session = target.connect("postgres").await;
        sqlx::raw_sql("select pg_backup_start('copy', true)").execute(&mut session).await.unwrap();
        cp(data, &copy);
        let label: String = sqlx::query_scalar("select labelfile from pg_backup_stop(false)")
            .fetch_one(&mut session)
            .await
            .unwrap();
        cp(&data.join("pg_wal/."), &copy.join("pg_wal"));
        std::fs::remove_file(copy.join("postmaster.pid")).unwrap();
        let owner = data.metadata().unwrap();
        for (name, text) in [("backup_label", label.as_str()), ("standby.signal", "")] {
            std::fs::write(copy.join(name), text).unwrap();
            chown(copy.join(name), Some(owner.uid()), Some(owner.gid())).unwrap();
        }
        chown(folder.path(), Some(owner.uid()), Some(owner.gid())).unwrap();
        let mut server = Command::new(target.program("postgres"));
        server.arg("-D").arg(&copy).arg("-k").arg(folder.path());
        for setting in [
            "listen_addresses=",
            "max_wal_senders=0",
            "max_locks_per_transaction=1024",
            "wal_level=logical",
            "dynamic_shared_memory_type=mmap",
        ] {
            server.args(["-c", setting]);
        }
        if rustix::process::getuid().is_root() {
            server.uid(owner.uid()).gid(owner.gid());
        }
        let log = std::fs::File::create(folder.path().join("log")).unwrap();
        let server = server.stdin(Stdio::null()).stdout(Stdio::null()).stderr(log).spawn().unwrap();
        let standby = Self { folder, server };
        let started = std::time::Instant::now();
        while standby.options("postgres").connect().await.is_err() {
            let log = || std::fs::read_to_string(standby.folder.path().join("log")).unwrap();
            assert!(started.elapsed().as_secs() < 30, "{}", log());
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
        standby
    }

    fn options(&self, name: &str) -> PgConnectOptions {
        PgConnectOptions::new().socket(self.folder.path()).username("postgres").database(name)
    }

    pub fn url(&self, name: &str) -> String {
        format!("postgresql://postgres@/{name}?host={}", self.folder.path().display())
    }

    pub async fn connect(&self, name: &str) -> PgConnection {
        self.options(name).connect().await.unwrap()
    }
}

impl Drop for Standby {
    fn drop(&mut self) {
        let _ = kill_process(Pid::from_child(&self.server), Signal::QUIT);
        let _ = self.server.wait();
    }
}

/// Files of a running server may go while they are copied.
fn cp(from: &Path, to: &PathBuf) {
    let mut command = Command::new("cp");
    command.arg("-a").arg(from).arg(to).stderr(Stdio::null()).status().unwrap();
}
