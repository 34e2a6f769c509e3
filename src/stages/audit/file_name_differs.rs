//! `file-name-differs`: the file is named after another revision than the one that it declares.
//!
//! A name need not hold the id at all (`0001_rooms.py`), and then it says nothing. So a name counts only if a word of it
//! is the id of another revision, or looks like an id of Alembic's own making: 12 hexadecimal digits.

use super::Known;
use super::rule::{Group, Rule};
use crate::history::{Finding, Severity};

pub(super) const RULE: Rule = Rule {
    code: "file-name-differs",
    group: Group::Structure,
    severity: Severity::Warning,
    fixed: false,
    summary: "a file that is named after another revision",
    why: "Alembic goes by what the file declares, people go by its name. Mostly a file was copied, or an id was \
          changed by hand: then what the databases know it by may be the other id.",
    mend: "Rename the file, or correct `revision` if the name is right (databases may already know the one that \
           is declared).",
};

pub(super) fn findings(known: &Known) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (id, (file, source)) in &known.declared {
        let stem = file.file_stem().map(|stem| stem.to_string_lossy()).unwrap_or_default();
        if stem.to_lowercase().contains(&id.as_str().to_lowercase()) {
            continue;
        }
        let words = || stem.split(['_', '-', '.']);
        // Short words and years are found in any name.
        let other = |word: &&str| word.len() >= 5 && known.declared.contains_key(*word);
        let first = words().next().unwrap_or_default();
        let numbered =
            is_number(first) && is_number(id.as_str()) && known.declared.contains_key(first);
        let named = words().find(other).or_else(|| words().find(|word| is_alembics(word)));
        let Some(named) = named.or_else(|| numbered.then_some(first)) else { continue };
        let place = source.id_place.as_ref().map(|place| place.range.clone());
        findings.push(known.finding(&RULE, id, place).says(
            format!("the file is named after `{named}` and declares revision `{id}`"),
            format!("rename the file, or correct `revision` if `{named}` is meant (databases may know it as `{id}`)"),
        ));
    }
    findings
}

fn is_number(word: &str) -> bool {
    !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_digit())
}

/// `uuid.uuid4().hex[-12:]`; a word of digits alone may be a date with a time.
fn is_alembics(word: &str) -> bool {
    word.len() == 12
        && word.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
        && !is_number(word)
}
