//! `unread-parent`: the parent is there, but its file could not be read. No error of its own: the file has one.

use std::path::Path;

use super::rule::{Group, Rule};
use crate::history::{Finding, RevisionId, Severity};

pub(super) const RULE: Rule = Rule {
    code: "unread-parent",
    group: Group::Structure,
    severity: Severity::Info,
    fixed: false,
    summary: "a revision whose parent is in a file that could not be read",
    why: "What follows from another finding: the parent's file has an error of its own, and this revision waits \
          for it.",
    mend: "Mend the parent's file. Here is nothing to do.",
};

/// Makes a finding about a missing parent into one about a parent that could not be read.
pub(super) fn instead(finding: &mut Finding, id: &RevisionId, parent: &RevisionId, file: &Path) {
    let file = file.display();
    finding.rule = RULE.code;
    finding.severity = RULE.severity;
    finding.message = format!(
        "revision `{id}` waits for its parent `{parent}`, because `{file}` could not be read"
    );
    finding.help = format!("mend `{file}`: it has a finding of its own");
}
