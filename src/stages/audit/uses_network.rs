//! `uses-network`: the revision talks to another host, or runs a program.

use super::content::{Seen, Subject};
use super::rule::{Group, Rule};
use crate::history::Severity;

pub(super) const RULE: Rule = Rule {
    code: "uses-network",
    group: Group::Content,
    severity: Severity::Warning,
    fixed: false,
    summary: "a revision that talks to another host, or runs a program",
    why: "A replay for a squash runs it too, against the real host: it may change something there, hang, or take rows \
          that are others tomorrow. Only connections to databases are redirected to the scratch server.",
    mend: "Run the squash where the host cannot be reached and see whether the revision gets along, or \
           write what it fetches into the revision.",
};

/// Libraries whose calls leave the process, by the first part of the name.
const HOSTS: [&str; 10] = [
    "requests", "httpx", "aiohttp", "urllib3", "boto3", "socket", "smtplib", "ftplib", "paramiko",
    "grpc",
];
const PROGRAMS: [&str; 1] = ["subprocess"];

pub(super) fn see(subject: &Subject<'_>) -> Vec<Seen> {
    let mut seen = Vec::new();
    for call in &subject.code.calls {
        let root = call.name.split('.').next().unwrap_or_default();
        let name = call.name.as_str();
        let imported =
            subject.code.imports().iter().any(|import| {
                import.module == root || import.module.starts_with(&format!("{root}."))
            });
        if !imported {
            continue;
        }
        if HOSTS.contains(&root) && !name.starts_with("requests.exceptions")
            || name.starts_with("urllib.request.")
            || name.starts_with("http.client.")
        {
            // What is called on an answer is part of the same.
            if !name.contains("()") {
                seen.push(Seen::new(
                    call.place(),
                    format!("calls `{name}`, which leaves this machine"),
                ));
            }
        } else if PROGRAMS.contains(&root) || matches!(name, "os.system" | "os.popen") {
            seen.push(Seen::new(call.place(), format!("runs a program: `{name}`")));
        }
    }
    seen
}
