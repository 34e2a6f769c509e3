//! What a rule is, and all rules that there are: the one list that `--explain`, SARIF and the page
//! `docs/AUDIT_RULES.md` are made of.

use crate::history::{Finding, Severity};
use crate::likeness::nearest;

/// What a rule looks at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Group {
    /// The files and the graph that they make. `squash` looks at these too.
    Structure,
    /// What a revision does, told from its text.
    Content,
    /// A database beside the files.
    Database,
}

/// A rule.
#[derive(Debug)]
pub struct Rule {
    /// Its name in kebab-case.
    pub code: &'static str,
    /// What it looks at.
    pub group: Group,
    /// How bad its findings are, unless the user says otherwise.
    pub severity: Severity,
    /// Without what it asks for there is no sound history: it cannot be switched off.
    pub fixed: bool,
    /// What it finds, in a line.
    pub summary: &'static str,
    /// What that means, and for somebody who squashes.
    pub why: &'static str,
    /// How to mend it.
    pub mend: &'static str,
}

impl Rule {
    /// A finding of this rule.
    pub fn finding(&self) -> Finding {
        Finding::new(self.code, self.severity)
    }

    /// How to mend it, in the form of a finding's help: a fragment, not a sentence.
    pub fn help(&self) -> String {
        let mut letters = self.mend.trim_end_matches('.').chars();
        let first = letters.next().map(|first| first.to_lowercase().to_string());
        first.unwrap_or_default() + letters.as_str()
    }
}

/// All rules, in the order of the documentation.
pub const ALL: &[&Rule] = &[
    &super::unreadable_file::RULE,
    &super::source::SYNTAX,
    &super::merge_conflict::RULE,
    &super::source::EMPTY,
    &super::source::NO_ID,
    &super::source::NO_PARENT,
    &super::source::DYNAMIC,
    &super::source::WRONG_TYPE,
    &super::source::ILLEGAL,
    &super::duplicate_revision::RULE,
    &super::missing_parent::RULE,
    &super::dangling_depends_on::RULE,
    &super::duplicate_branch_label::RULE,
    &super::cycle::RULE,
    &super::sql_file::RULE,
    &super::unread_parent::RULE,
    &super::orphan_revision::RULE,
    &super::several_heads::RULE,
    &super::several_bases::RULE,
    &super::long_revision_id::RULE,
    &super::file_name_differs::RULE,
    &super::create_date_order::RULE,
    &super::unreadable_file::LINK,
    &super::unreadable_file::NO_LOCATION,
    &super::ignore::RULE,
    &super::imports_application::RULE,
    &super::create_all::RULE,
    &super::reads_environment::RULE,
    &super::uses_network::RULE,
    &super::reads_files::RULE,
    &super::volatile_value::RULE,
    &super::data_change::RULE,
    &super::destructive_change::RULE,
    &super::dialect_branch::RULE,
    &super::concurrently::RULE,
    &super::autocommit_block::RULE,
    &super::empty_downgrade::RULE,
    &super::database::UNKNOWN,
    &super::database::NOT_APPLIED,
    &super::database::IMPLIED,
    &super::database::UNTRACKED,
];

/// The rule of this name.
pub fn named(code: &str) -> Option<&'static Rule> {
    ALL.iter().find(|rule| rule.code == code).copied()
}

/// Names of rules that are written much like this one, the nearest first.
pub fn near(code: &str) -> Vec<&'static str> {
    nearest(code, ALL.iter().map(|rule| rule.code))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::fmt::Write;

    use super::*;

    /// `docs/AUDIT_RULES.md`.
    fn page() -> String {
        let mut page = "# Audit rules\n\n\
            What `rebaseline audit` looks for, what each finding means for somebody who squashes, and how to mend it. \
            The same is told by `rebaseline audit --explain RULE`.\n\n\
            An error makes `audit` exit with 1; warnings do with `--strict`. Rules that are marked *fixed* cannot be \
            switched off: without what they ask for there is no sound history, and `squash` refuses it too. All others \
            are switched off, lowered or raised in `rebaseline.toml`:\n\n    \
            [audit.rules]\n    several-heads = \"error\"        # \"off\", \"info\", \"warning\" or \"error\"\n    \
            data-change = \"off\"\n\n\
            or by a comment in the file, behind the statement or on a line of its own above it, for a statement or for \
            the whole file. Rules must be named, and a comment that ignores nothing is told (`unused-ignore`):\n\n    \
            op.execute(\"DELETE FROM room\")  # rebaseline: ignore[data-change]\n    \
            # rebaseline: ignore-file[data-change, empty-downgrade]\n\n\
            This page is held equal to the rules by a test.\n"
            .to_owned();
        for (group, title, intro) in [
            (
                Group::Structure,
                "Structure",
                "The files, and the graph that they make. Every command that reads revisions looks at these.",
            ),
            (
                Group::Content,
                "Content",
                "What a revision does, told from its text: what runs at import, and `upgrade()` with the functions of the \
                 same file that it names. Nothing is run. None of it keeps a history from being squashed. Several places \
                 of a rule in one file are one finding, at the first of them. `--structure` leaves these out.",
            ),
            (Group::Database, "Database", "With `--database URL`: read-only, in one transaction."),
        ] {
            write!(page, "\n## {title}\n\n{intro}\n").unwrap();
            for rule in ALL.iter().filter(|rule| rule.group == group) {
                let fixed = if rule.fixed { ", fixed" } else { "" };
                write!(
                    page,
                    "\n### {}\n\n*{}{fixed}*: {}.\n\n{}\n\n**How to mend it.** {}\n",
                    rule.code,
                    rule.severity.name(),
                    rule.summary,
                    rule.why,
                    rule.mend
                )
                .unwrap();
            }
        }
        page
    }

    /// `INSTA_UPDATE=always` writes the page, as it does snapshots.
    #[test]
    #[expect(clippy::disallowed_methods, reason = "a test that can write what it compares with")]
    fn the_page_is_what_the_rules_say() {
        let file = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/AUDIT_RULES.md");
        if std::env::var("INSTA_UPDATE").is_ok_and(|update| update == "always") {
            std::fs::write(file, page()).unwrap();
        }
        let written = std::fs::read_to_string(file).unwrap_or_default();
        assert!(written == page(), "write docs/AUDIT_RULES.md: INSTA_UPDATE=always cargo test");
    }

    #[test]
    fn names_are_unique_and_texts_are_there() {
        let names: BTreeSet<&str> = ALL.iter().map(|rule| rule.code).collect();
        assert_eq!(names.len(), ALL.len());
        for rule in ALL {
            assert!(
                rule.code.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-'),
                "{}",
                rule.code
            );
            for text in [rule.summary, rule.why, rule.mend] {
                assert!(!text.is_empty() && !text.contains("  "), "{}: {text}", rule.code);
            }
            assert!(
                rule.why.ends_with(['.', ')', '?']) && rule.mend.ends_with(['.', ')', '?']),
                "{}",
                rule.code
            );
            // Only what makes a history unusable is fixed, and all that does is an error.
            assert!(!rule.fixed || rule.severity == Severity::Error, "{}", rule.code);
            assert!(
                rule.fixed || rule.group == Group::Database || rule.severity != Severity::Error,
                "{}",
                rule.code
            );
        }
    }
}
