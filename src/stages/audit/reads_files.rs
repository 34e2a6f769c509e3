//! `reads-files`: what the revision does stands in another file.

use super::content::{Seen, Subject};
use super::rule::{Group, Rule};
use crate::history::Severity;

pub(super) const RULE: Rule = Rule {
    code: "reads-files",
    group: Group::Content,
    severity: Severity::Info,
    fixed: false,
    summary: "a revision that reads or writes files",
    why: "The file is a part of the revision, and may be changed or removed by somebody who does not know. A squash \
          reads it once; afterwards nobody needs it but a catch-up or a restore. What lies below the version \
          locations is told by the archive, what lies elsewhere is not.",
    mend: "Keep the file beside the revision, and leave it where it is as long as databases behind the baseline exist.",
};

pub(super) fn see(subject: &Subject<'_>) -> Vec<Seen> {
    // A large baseline of ours: its file has a checksum, and a rule of its own.
    if subject.source.sql_file.is_some() {
        return Vec::new();
    }
    let mut seen = Vec::new();
    for call in &subject.code.calls {
        let name = call.name.as_str();
        let path = name.starts_with("pathlib.") || name.contains("Path(");
        let reads = match call.last() {
            "open" => name == "open" || name == "io.open" || name == "codecs.open" || path,
            "read_text" | "read_bytes" | "write_text" | "write_bytes" => true,
            "listdir" | "walk" | "scandir" => name.starts_with("os."),
            "iterdir" | "glob" | "rglob" => path || name.starts_with("glob."),
            "read_csv" => name.starts_with("pandas."),
            "get_data" => name.starts_with("pkgutil."),
            _ => false,
        };
        // A method of that name which the file defines itself.
        if reads && !(name == "open" && subject.code.binds("open")) {
            seen.push(Seen::new(call.place(), format!("uses files: `{}`", call.last())));
        }
    }
    seen
}
