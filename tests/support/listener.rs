//! A host that must not be touched: it notes every connection and answers none.

use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Condvar, Mutex};

pub struct Listener {
    address: SocketAddr,
    peers: Arc<(Mutex<Vec<SocketAddr>>, Condvar)>,
}

impl Listener {
    pub fn start() -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let address = listener.local_addr().unwrap();
        let peers = Arc::new((Mutex::new(Vec::new()), Condvar::new()));
        let noted = Arc::clone(&peers);
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                // The peer may have reset it already; the connection counts all the same.
                let peer = stream.peer_addr().unwrap_or_else(|_| (Ipv4Addr::UNSPECIFIED, 0).into());
                drop(stream);
                noted.0.lock().unwrap().push(peer);
                noted.1.notify_all();
            }
        });
        Self { address, peers }
    }

    pub fn port(&self) -> u16 {
        self.address.port()
    }

    /// How many connections it saw since the last question.
    pub fn seen(&self) -> usize {
        // The queue of a socket is in order: once our own connection is through, all earlier ones are.
        let probe = TcpStream::connect(self.address).unwrap();
        let own = probe.local_addr().unwrap();
        let mut peers = self.peers.0.lock().unwrap();
        while !peers.contains(&own) {
            peers = self.peers.1.wait(peers).unwrap();
        }
        let seen = peers.len() - 1;
        peers.clear();
        seen
    }
}
