//! Findings as SARIF 2.1.0, the format of code scanning (OASIS Standard, 27 March 2020).
//!
//! Paths are relative to the repository, which is what GitHub's upload expects; a finding without a file is about
//! Alembic's configuration, because a result without a place is not shown.

use std::path::{Component, Path};

use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};
use serde_json::{Value, json};

use super::Place;
use crate::history::{Finding, Severity};
use crate::stages::audit::rule::{self, Group, Rule};

/// What a segment of a path may not hold as it is (RFC 3986).
const SEGMENT: &AsciiSet = &CONTROLS
    .add(b' ')
    .add(b'"')
    .add(b'#')
    .add(b'%')
    .add(b'<')
    .add(b'>')
    .add(b'?')
    .add(b'[')
    .add(b'\\')
    .add(b']')
    .add(b'^')
    .add(b'`')
    .add(b'{')
    .add(b'|')
    .add(b'}')
    .add(b':');

/// The name that relative paths go by.
const ROOT: &str = "SRCROOT";

/// The log, one JSON object.
pub(super) fn log(findings: &[Finding], place: &Place) -> String {
    let rules: Vec<Value> = rule::ALL.iter().map(|rule| descriptor(rule)).collect();
    let results: Vec<Value> = findings.iter().map(|finding| result(finding, place)).collect();
    let log = json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": {"driver": {
                "name": "rebaseline",
                "version": env!("CARGO_PKG_VERSION"),
                "semanticVersion": env!("CARGO_PKG_VERSION"),
                "rules": rules,
            }},
            "originalUriBaseIds": {ROOT: {"description": {"text": "The root of the repository."}}},
            "columnKind": "unicodeCodePoints",
            "results": results,
        }],
    });
    log.to_string()
}

fn level(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Info => "note",
    }
}

fn descriptor(rule: &Rule) -> Value {
    let help = format!("{}\n\nHow to mend it: {}", rule.why, rule.mend);
    let markdown = format!("{}\n\n**How to mend it.** {}", rule.why, rule.mend);
    let tag = match rule.group {
        Group::Structure => "structure",
        Group::Content => "content",
        Group::Database => "database",
    };
    json!({
        "id": rule.code,
        "shortDescription": {"text": rule.summary},
        "fullDescription": {"text": rule.why},
        "help": {"text": help, "markdown": markdown},
        "defaultConfiguration": {"level": level(rule.severity)},
        "properties": {"tags": [tag]},
    })
}

fn result(finding: &Finding, place: &Place) -> Value {
    let index = rule::ALL.iter().position(|rule| rule.code == finding.rule);
    let file = finding.file.as_deref().unwrap_or(&place.config);
    let mut location = json!({"artifactLocation": artifact(&place.in_repository(file))});
    if let Some(line) = finding.line {
        let mut region = json!({"startLine": line});
        if let (Some(column), Some(end)) = (finding.column, finding.end) {
            region["startColumn"] = json!(column);
            region["endLine"] = json!(end.line);
            region["endColumn"] = json!(end.column);
        }
        location["region"] = region;
    }
    let mut result = json!({
        "ruleId": finding.rule,
        "level": level(finding.severity),
        "message": {"text": format!("{}\nhelp: {}", finding.message, finding.help)},
        "locations": [{"physicalLocation": location}],
    });
    if let Some(index) = index {
        result["ruleIndex"] = json!(index);
    }
    if let Some(revision) = &finding.revision {
        result["properties"] = json!({"revision": revision});
    }
    result
}

fn artifact(file: &Path) -> Value {
    let segments = file.components().filter_map(|part| match part {
        Component::Normal(part) => {
            Some(utf8_percent_encode(&part.to_string_lossy(), SEGMENT).to_string())
        }
        Component::ParentDir => Some("..".to_owned()),
        _ => None,
    });
    let path = segments.collect::<Vec<_>>().join("/");
    if file.is_absolute() {
        json!({"uri": format!("file:///{path}")})
    } else {
        json!({"uri": path, "uriBaseId": ROOT})
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_uris() {
        let uri = |path: &str| artifact(Path::new(path))["uri"].as_str().unwrap().to_owned();
        assert_eq!(uri("a b/ü#1.py"), "a%20b/%C3%BC%231.py");
        assert_eq!(uri("./a:b.py"), "a%3Ab.py");
        assert_eq!(uri("/x/y.py"), "file:///x/y.py");
        assert_eq!(artifact(Path::new("/x"))["uriBaseId"], Value::Null);
    }
}
