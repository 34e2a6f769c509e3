//! The real PgBouncer in transaction mode, before a server: sessions are handed from client to client.

use std::net::TcpStream;
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, Stdio};

use super::network;

pub struct Pooler {
    child: Child,
    address: String,
    _folder: tempfile::TempDir,
}

impl Pooler {
    /// Starts it before the server with this socket; so many sessions serve each database.
    pub fn start(socket: &str, sessions: u32) -> Self {
        Self::start_at(&network::address(), socket, sessions)
    }

    /// The same on this address.
    pub fn start_at(address: &str, socket: &str, sessions: u32) -> Self {
        let folder = network::open_folder();
        let address = address.to_owned();
        let configuration = folder.path().join("pgbouncer.ini");
        let text = format!(
            "[databases]\n* = host={socket} user=postgres\n[pgbouncer]\nlisten_addr = {address}\n\
             listen_port = 6432\nunix_socket_dir =\nauth_type = any\npool_mode = transaction\n\
             default_pool_size = {sessions}\nmax_client_conn = 200\n"
        );
        std::fs::write(&configuration, text).unwrap();
        let program = ["/usr/sbin/pgbouncer", "/usr/bin/pgbouncer", "/opt/homebrew/bin/pgbouncer"]
            .into_iter()
            .find(|program| std::path::Path::new(program).exists())
            .expect("PgBouncer: run ./dev setup");
        let mut command = Command::new(program);
        command.arg("-q").arg(&configuration).stdout(Stdio::null()).stderr(Stdio::null());
        // It refuses to run as root.
        if let Some((uid, gid)) = network::server_user() {
            command.uid(uid).gid(gid);
        }
        let child = command.spawn().unwrap();
        let pooler = Self { child, address, _folder: folder };
        for _ in 0..500 {
            if TcpStream::connect((pooler.address.as_str(), 6432)).is_ok() {
                return pooler;
            }
            std::thread::sleep(std::time::Duration::from_millis(10));
        }
        panic!("PgBouncer does not listen on {}", pooler.address);
    }

    pub fn url(&self, database: &str) -> String {
        Self::url_at(&self.address, database)
    }

    /// The URL of a pooler that need not be there yet.
    pub fn url_at(address: &str, database: &str) -> String {
        format!("postgresql://postgres@{address}:6432/{database}")
    }
}

impl Drop for Pooler {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
