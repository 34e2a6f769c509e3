//! Findings as annotations of GitHub's workflows: `::error file=a.py,line=3,endLine=3,col=1,endColumn=8,title=cycle::text`.
//!
//! As "Workflow commands for GitHub Actions" has it: in the text `%`, CR and LF are escaped, in properties `:` and `,` as
//! well. Columns only stand where begin and end are on one line; the API takes them nowhere else.

use std::path::Path;

use super::Place;
use crate::history::{Finding, Severity};

/// One line for each finding.
pub(super) fn annotations(findings: &[Finding], place: &Place) -> String {
    let lines = findings.iter().map(|finding| annotation(finding, place));
    lines.collect::<Vec<_>>().join("\n")
}

fn annotation(finding: &Finding, place: &Place) -> String {
    let command = match finding.severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Info => "notice",
    };
    let mut properties = Vec::new();
    let mut property =
        |name: &str, value: String| properties.push(format!("{name}={}", escaped(&value)));
    if let Some(file) = &finding.file {
        property("file", slashes(&place.in_repository(file)));
    }
    if let Some(line) = finding.line {
        property("line", line.to_string());
        let end = finding.end.map_or(line, |end| end.line);
        property("endLine", end.to_string());
        if let (Some(column), Some(position), true) = (finding.column, finding.end, end == line) {
            property("col", column.to_string());
            property("endColumn", position.column.to_string());
        }
    }
    property("title", format!("rebaseline: {}", finding.rule));
    let text = data(&format!("{}\nhelp: {}", finding.message, finding.help));
    format!("::{command} {}::{text}", properties.join(","))
}

fn slashes(path: &Path) -> String {
    path.display().to_string().replace('\\', "/")
}

/// The text of a command.
fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

/// The value of a property.
fn escaped(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::history::Position;

    #[test]
    fn what_github_documents() {
        let mut finding = Finding::new("cycle", Severity::Error)
            .at("versions/a,b:1%.py", Some(0..3))
            .says("100% of\r\nit: a, b", "mend it");
        (finding.line, finding.column) = (Some(3), Some(2));
        finding.end = Some(Position { line: 3, column: 9 });
        let place = Place { prefix: "backend".into(), config: "alembic.ini".into() };
        let told = |finding: &Finding| annotations(std::slice::from_ref(finding), &place);
        assert_eq!(
            told(&finding),
            "::error file=backend/versions/a%2Cb%3A1%25.py,line=3,endLine=3,col=2,endColumn=9,\
             title=rebaseline%3A cycle::100%25 of%0D%0Ait: a, b%0Ahelp: mend it"
        );
        finding.end = Some(Position { line: 5, column: 1 });
        finding.severity = Severity::Info;
        assert!(
            told(&finding).starts_with(
                "::notice file=backend/versions/a%2Cb%3A1%25.py,line=3,endLine=5,title="
            )
        );
        let bare = Finding::new("several-heads", Severity::Warning).says("two", "join");
        assert_eq!(told(&bare), "::warning title=rebaseline%3A several-heads::two%0Ahelp: join");
    }
}
