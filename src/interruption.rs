//! The signals that end a run from outside. Whoever waits for one hears of each, however many wait.

use tokio::signal::unix::{SignalKind, signal};

/// Waits for a signal that ends the run, and gives its name.
pub async fn interruption() -> &'static str {
    let wait = async |kind: SignalKind| match signal(kind) {
        Ok(mut stream) => {
            stream.recv().await;
        }
        Err(_) => std::future::pending().await,
    };
    tokio::select! {
        () = wait(SignalKind::interrupt()) => "Ctrl-C",
        () = wait(SignalKind::terminate()) => "SIGTERM",
        () = wait(SignalKind::hangup()) => "SIGHUP",
    }
}
