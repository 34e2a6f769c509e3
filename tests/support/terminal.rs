//! A person at a terminal.

use std::process::{Command, Stdio};

use super::environment;
use super::project::{Project, Run};

/// A pseudo terminal for a run of the binary, by Python: types each line when a prompt shows, and may run a
/// shell command before it.
pub fn on_a_terminal(project: &Project, arguments: &[&str], answers: &[(&str, &str)]) -> Run {
    let script = r#"
import json, os, pty, select, subprocess, sys, time
binary, arguments, answers = sys.argv[1], json.loads(sys.argv[2]), json.loads(sys.argv[3])
pid, terminal = pty.fork()
if pid == 0:
    os.execv(binary, [binary] + arguments)
seen, since = b"", 0
deadline = time.time() + 90
while time.time() < deadline:
    ready, _, _ = select.select([terminal], [], [], 1)
    if ready:
        try:
            chunk = os.read(terminal, 65536)
        except OSError:
            break
        if not chunk:
            break
        seen += chunk
    if answers and (b"] " in seen[since:]) and seen.endswith(b"] "):
        command, line = answers.pop(0)
        if command:
            subprocess.check_call(command, shell=True)
        since = len(seen)
        os.write(terminal, line.encode() + b"\n")
else:
    os.kill(pid, 9)
status = os.waitpid(pid, 0)[1]
sys.stdout.write(seen.decode().replace("\r\n", "\n"))
sys.exit(os.waitstatus_to_exitcode(status))
"#;
    let answers: Vec<[&str; 2]> = answers.iter().map(|(command, line)| [*command, *line]).collect();
    let mut command = Command::new(environment().join("bin/python"));
    command
        .args(["-c", script, env!("CARGO_BIN_EXE_rebaseline")])
        .arg(serde_json::to_string(arguments).unwrap())
        .arg(serde_json::to_string(&answers).unwrap())
        .current_dir(project.path())
        .env("REBASELINE_SCRATCH_DIR", project.scratch())
        .env("VIRTUAL_ENV", environment())
        .envs(project.variables.iter().cloned())
        .env("NO_COLOR", "1")
        .stdin(Stdio::null());
    command.output().unwrap().into()
}
