//! Findings for people: each with its line and the place marked, as compilers do it.
//!
//! What is only worth knowing is told in short where there is much of it: a long history has hundreds of revisions that
//! change rows. `-v` shows each.

use std::collections::{BTreeMap, HashMap};
use std::fmt::Write;
use std::ops::Range;
use std::path::PathBuf;

use annotate_snippets::{AnnotationKind, Group, Level, Origin, Renderer, Snippet};

use crate::history::{Finding, Severity};

/// From so many infos of a rule on they are told in short, and so many places of each are named.
const SHORT_FROM: usize = 3;
const PLACES: usize = 8;

/// All findings, and a blank line behind each.
pub(super) fn text(
    findings: &[Finding],
    texts: &HashMap<PathBuf, String>,
    verbose: bool,
    colors: bool,
) -> String {
    let renderer = if colors { Renderer::styled() } else { Renderer::plain() };
    let mut infos: BTreeMap<&str, Vec<&Finding>> = BTreeMap::new();
    for finding in findings.iter().filter(|finding| finding.severity == Severity::Info) {
        infos.entry(finding.rule).or_default().push(finding);
    }
    infos.retain(|_, found| found.len() >= SHORT_FROM && !verbose);
    let mut text = String::new();
    for finding in findings {
        let short = finding.severity == Severity::Info && infos.contains_key(finding.rule);
        if !short {
            text += &one(finding, texts, &renderer);
            text += "\n\n";
        }
    }
    for (_, found) in infos {
        text += &several(&found, &renderer);
    }
    text
}

fn level(severity: Severity) -> Level<'static> {
    match severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
        Severity::Info => Level::INFO,
    }
}

/// A finding with its line.
fn one(finding: &Finding, texts: &HashMap<PathBuf, String>, renderer: &Renderer) -> String {
    let path = finding.file.as_ref().map(|file| file.display().to_string());
    let title = level(finding.severity).primary_title(finding.message.as_str()).id(finding.rule);
    let mut group = Group::with_title(title);
    let source =
        finding.file.as_ref().and_then(|file| texts.get(file)).filter(|text| !text.is_empty());
    match (path, source, &finding.span) {
        (Some(path), Some(source), Some(span)) => {
            let snippet = Snippet::source(source.as_str())
                .path(path)
                .annotation(AnnotationKind::Primary.span(marked(source, span)));
            group = group.element(snippet);
        }
        (Some(path), _, _) => {
            let origin = Origin::path(path);
            group = group.element(match finding.line {
                Some(line) => origin.line(line as usize),
                None => origin,
            });
        }
        (None, _, _) => {}
    }
    renderer.render(&[group.element(Level::HELP.message(finding.help.as_str()))])
}

/// The place as it is marked: its first line, and at least a character.
fn marked(source: &str, span: &Range<usize>) -> Range<usize> {
    let start = span.start.min(source.len());
    let end = span.end.clamp(start, source.len());
    let line = source.get(start..end).unwrap_or_default().find(['\n', '\r']);
    start..line.map_or(end, |at| start + at)
}

/// Several of the same rule: where they are, and what to do once.
fn several(findings: &[&Finding], renderer: &Renderer) -> String {
    let Some(first) = findings.first() else { return String::new() };
    let summary = crate::stages::audit::rule::named(first.rule).map_or("", |rule| rule.summary);
    let title = format!("{summary}: {} times", findings.len());
    let help = Level::HELP.message(first.help.as_str());
    let title = level(first.severity).primary_title(title).id(first.rule);
    let text = renderer.render(&[Group::with_title(title).element(help)]);
    // The places stand between the title and the help.
    let (title, help) = text.split_once('\n').unwrap_or((&text, ""));
    let mut told = format!("{title}\n");
    for finding in findings.iter().take(PLACES) {
        let file = finding.file.as_ref().map(|file| file.display().to_string()).unwrap_or_default();
        let line = finding.line.map(|line| format!(":{line}")).unwrap_or_default();
        // Writing to a String cannot fail.
        let _ = writeln!(told, "  --> {file}{line}: {}", finding.message);
    }
    if findings.len() > PLACES {
        let _ = writeln!(
            told,
            "  ... and {} more; `rebaseline audit -v` shows each",
            findings.len() - PLACES
        );
    }
    told + help + "\n\n"
}
