//! The signals that end a run from outside: heard in one place, so that only one part of the program acts on each.

use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::watch;

/// What a run has heard of such signals, and who tells of them.
///
/// Two listeners of the operating system's signal would be woken in any order: the run could end before the command
/// has told what it has done.
#[derive(Debug, Default)]
pub struct Interruption {
    heard: watch::Sender<Option<&'static str>>,
}

impl Interruption {
    /// Waits for a signal that the run is to end by at once, and gives its name. While somebody waits in
    /// [`Self::told`], the first signal is his to tell of; the run ends by a second one.
    pub async fn untold(&self) -> &'static str {
        // Listened to from one signal to the next: none in between is missed.
        let kinds = [SignalKind::interrupt(), SignalKind::terminate(), SignalKind::hangup()];
        let mut streams = kinds.map(|kind| signal(kind).ok());
        loop {
            let signal = next(&mut streams).await;
            let first = self.heard.send_replace(Some(signal)).is_none();
            if !first || self.heard.receiver_count() == 0 {
                return signal;
            }
        }
    }

    /// Waits for a signal, and gives its name. Who waits stops its work and tells what was done.
    pub async fn told(&self) -> &'static str {
        let mut heard = self.heard.subscribe();
        let signal = heard.wait_for(Option::is_some).await.ok().and_then(|signal| *signal);
        match signal {
            Some(signal) => signal,
            // The sender is our own: it is not dropped while we wait.
            None => std::future::pending().await,
        }
    }
}

async fn next([interrupt, terminate, hangup]: &mut [Option<Signal>; 3]) -> &'static str {
    let wait = async |stream: &mut Option<Signal>| match stream {
        Some(stream) => {
            stream.recv().await;
        }
        None => std::future::pending().await,
    };
    tokio::select! {
        () = wait(interrupt) => "Ctrl-C",
        () = wait(terminate) => "SIGTERM",
        () = wait(hangup) => "SIGHUP",
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use rustix::process::{Signal, getpid, kill_process};

    use super::Interruption;

    /// Never ends; the other futures are asked first, so that somebody listens.
    async fn raise() {
        kill_process(getpid(), Signal::HUP).unwrap();
        std::future::pending::<()>().await;
    }

    /// The signals are the whole process's, so this is one test. A listener of its own for each of the two was
    /// overtaken in one of thirty rounds.
    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn each_signal_has_one_part_that_acts_on_it() {
        for _ in 0..300 {
            let interruption = Interruption::default();
            let command = async {
                let signal = interruption.told().await;
                tokio::time::sleep(Duration::from_millis(1)).await;
                signal
            };
            let by = tokio::select! {
                biased;
                signal = command => format!("told of {signal}"),
                _ = interruption.untold() => "the run ended by itself".to_owned(),
                () = raise() => String::new(),
            };
            assert_eq!(by, "told of SIGHUP");
        }
        // Nobody tells of it.
        let interruption = Interruption::default();
        let by = tokio::select! {
            biased;
            signal = interruption.untold() => signal,
            () = raise() => "",
        };
        assert_eq!(by, "SIGHUP");
        // Who began to tell and does not end is not waited for after a second one.
        let interruption = Interruption::default();
        let hangs = async {
            interruption.told().await;
            raise().await;
        };
        let by = tokio::select! {
            biased;
            () = hangs => "",
            signal = interruption.untold() => signal,
            () = raise() => "",
        };
        assert_eq!(by, "SIGHUP");
    }
}
