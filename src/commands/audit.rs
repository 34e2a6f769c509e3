//! `rebaseline audit`: check the revision files without running them.

use std::fmt::Write;

use serde::Serialize;

use crate::cli::{Global, Running};
use crate::config::Settings;
use crate::error::Result;
use crate::history::{Finding, Severity};
use crate::report::{Printable, Report, count};
use crate::stages::audit;

/// The findings, as printed.
#[derive(Debug, Serialize)]
struct Findings {
    findings: Vec<Finding>,
    #[serde(skip)]
    summary: String,
}

impl Printable for Findings {
    fn text(&self) -> String {
        let mut text = shown(&self.findings);
        text.push_str(&self.summary);
        text
    }
}

/// Prints the findings; exits with 1 if one of them is an error.
pub fn audit(global: &Global, report: &Report) -> Result<u8> {
    let settings = Settings::load(global, &Running::default())?;
    let audit = audit::audit(&settings.alembic);
    let errors = audit.findings.iter().filter(|f| f.severity == Severity::Error).count();
    let summary = match &audit.history {
        Some(history) => format!(
            "{}, {}, {}: no error",
            count(history.len() as u64, "revision", "revisions"),
            count(history.bases().len() as u64, "base", "bases"),
            count(history.heads().len() as u64, "head", "heads"),
        ),
        None => count(errors as u64, "error", "errors"),
    };
    report.result(&Findings { findings: audit.findings, summary });
    Ok(u8::from(errors > 0))
}

/// Findings as text, one paragraph each.
pub fn shown(findings: &[Finding]) -> String {
    let mut text = String::new();
    for finding in findings {
        let severity = match finding.severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
            Severity::Info => "info",
        };
        // Writing to a String cannot fail.
        let _ = writeln!(text, "{severity}[{}]: {}", finding.rule, finding.message);
        if let Some(file) = &finding.file {
            let line = finding.line.map(|line| format!(":{line}")).unwrap_or_default();
            let _ = writeln!(text, "  --> {}{line}", file.display());
        }
        let _ = writeln!(text, "  help: {}", finding.help);
    }
    text
}
