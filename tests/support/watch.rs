//! A test that never ends must not keep the whole run waiting until somebody ends it without a word.

use std::collections::BTreeMap;
use std::io::Write;
use std::process::Command;
use std::sync::{Mutex, Once};
use std::time::{Duration, Instant};

/// More than any test takes, on a slow machine too.
const LIMIT: Duration = Duration::from_mins(15);

static RUNNING: Mutex<BTreeMap<u64, (String, Instant)>> = Mutex::new(BTreeMap::new());
static WATCHMAN: Once = Once::new();

/// Held for as long as a test uses what holds it.
pub struct Watched(u64);

impl Watched {
    pub fn start() -> Self {
        WATCHMAN.call_once(|| drop(std::thread::spawn(watch)));
        let test = std::thread::current().name().unwrap_or("?").to_owned();
        let mut running = RUNNING.lock().unwrap();
        let number = running.last_key_value().map_or(0, |(number, _)| number + 1);
        running.insert(number, (test, Instant::now()));
        Self(number)
    }
}

impl Drop for Watched {
    fn drop(&mut self) {
        RUNNING.lock().unwrap().remove(&self.0);
    }
}

/// Ends the whole run, with the name of the test and the processes that are there.
fn watch() {
    loop {
        std::thread::sleep(Duration::from_secs(5));
        let running = RUNNING.lock().unwrap();
        let late = running.values().find(|(_, since)| since.elapsed() > LIMIT);
        let Some((test, _)) = late else { continue };
        let mut processes = Command::new("ps");
        processes.args(["-eo", "pid,ppid,stat,wchan:20,etimes,args"]);
        let processes = processes.output().map(|output| output.stdout).unwrap_or_default();
        // Written to the stream itself: what a test prints is only shown when it ends.
        let mut stderr = std::io::stderr();
        let _ = stderr.write_all(&processes);
        let _ = writeln!(stderr, "{test} did not end within {} s", LIMIT.as_secs());
        std::process::abort();
    }
}
