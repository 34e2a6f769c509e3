//! `rebaseline audit`: check the revision files without running them, and a database beside them.

mod github;
mod rules;
mod sarif;
mod text;

use std::collections::HashMap;
use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::Serialize;

use crate::cli::{Audit as Arguments, Format, Global, Running};
use crate::config::{self, Settings};
use crate::error::Result;
use crate::history::{Finding, Severity};
use crate::postgres::connect::Waiting;
use crate::postgres::target::Target;
use crate::report::{Printable, Report, count};
use crate::stages::audit::database::{self, Question};
use crate::stages::audit::{self, Choices};

/// How long a database may take to answer.
const LIMIT: Duration = Duration::from_mins(1);

/// The findings, as printed.
#[derive(Debug, Serialize)]
#[expect(clippy::struct_field_names, reason = "the key of the JSON form")]
struct Findings {
    findings: Vec<Finding>,
    #[serde(skip)]
    texts: HashMap<PathBuf, String>,
    #[serde(skip)]
    summary: String,
    #[serde(skip)]
    verbose: bool,
    #[serde(skip)]
    place: Place,
}

/// Where the project is in its repository.
#[derive(Debug, Default)]
struct Place {
    /// The project's folder, relative to the repository's.
    prefix: PathBuf,
    /// What a finding without a file is about: Alembic's configuration, relative to the project.
    config: PathBuf,
}

impl Place {
    /// Looks for the repository around a project.
    fn of(settings: &Settings) -> Self {
        let real = |path: &Path| path.canonicalize().unwrap_or_else(|_| path.to_owned());
        let project = real(&settings.alembic.project);
        let repository = project.ancestors().find(|folder| folder.join(".git").exists());
        let prefix = repository.and_then(|root| project.strip_prefix(root).ok());
        let config = real(settings.alembic.file());
        Self {
            prefix: prefix.map(Path::to_owned).unwrap_or_default(),
            config: config.strip_prefix(&project).map(Path::to_owned).unwrap_or(config),
        }
    }

    /// A file of the project as the repository knows it; one outside stays absolute.
    fn in_repository(&self, file: &Path) -> PathBuf {
        self.prefix.join(file)
    }
}

impl Printable for Findings {
    fn text(&self) -> String {
        text::text(&self.findings, &self.texts, self.verbose, false) + &self.summary
    }

    fn painted(&self) -> String {
        text::text(&self.findings, &self.texts, self.verbose, true) + &self.summary
    }

    fn other(&self, format: Format) -> Option<String> {
        match format {
            Format::Sarif => Some(sarif::log(&self.findings, &self.place)),
            Format::Github => Some(github::annotations(&self.findings, &self.place)),
            _ => None,
        }
    }
}

/// Prints the findings; exits with 1 if one of them is an error, and with `--strict` if one is a warning.
pub async fn audit(global: &Global, arguments: &Arguments, report: &Report) -> Result<u8> {
    if arguments.list_rules {
        report.result(&rules::Rules::all());
        return Ok(0);
    }
    if let Some(name) = &arguments.explain {
        report.result(&rules::Rules::named(name)?);
        return Ok(0);
    }
    let settings = Settings::load(global, &Running::default())?;
    let question = arguments.database.as_ref().map(|url| question(url, arguments)).transpose()?;
    let mut choices = Choices::new(&settings.rules)?;
    if arguments.single_head {
        choices = choices.with_single_head();
    }
    let mut audit = audit::look(&settings.alembic, &choices, !arguments.structure);
    match (&question, &audit.history) {
        (Some(question), Some(history)) => {
            let found = database::compare(question, history, &audit.tables).await?;
            let judged = found.into_iter().filter_map(|finding| choices.judge(finding));
            audit.findings.extend(judged);
            audit::sort(&mut audit.findings);
        }
        (Some(_), None) => report.note("the database was not looked at: the history has errors"),
        (None, _) => {}
    }
    let of = |severity| audit.findings.iter().filter(|f| f.severity == severity).count();
    let (errors, warnings) = (of(Severity::Error), of(Severity::Warning));
    let refused = errors > 0 || arguments.strict && warnings > 0;
    report.result(&Findings {
        summary: summary(&audit, errors, warnings, of(Severity::Info)),
        findings: audit.findings,
        texts: audit.texts,
        verbose: global.verbose > 0,
        place: Place::of(&settings),
    });
    Ok(u8::from(refused))
}

fn question(url: &str, arguments: &Arguments) -> Result<Question> {
    let url = config::database(url)?;
    let table = arguments.version_table.as_deref().unwrap_or("alembic_version");
    let (schema, table) = match table.split_once('.') {
        Some((schema, table)) => (Some(schema.to_owned()), table),
        None => (None, table),
    };
    Ok(Question {
        target: Target { url, schema },
        table: table.to_owned(),
        connect: Waiting { limit: arguments.connect_timeout, retries: 2 },
        limit: LIMIT + arguments.connect_timeout,
    })
}

fn summary(audit: &audit::Audit, errors: usize, warnings: usize, infos: usize) -> String {
    let mut counts = Vec::new();
    if errors > 0 {
        counts.push(count(errors as u64, "error", "errors"));
    } else {
        counts.push("no error".to_owned());
    }
    if warnings > 0 {
        counts.push(count(warnings as u64, "warning", "warnings"));
    }
    if infos > 0 {
        counts.push(count(infos as u64, "info", "infos"));
    }
    let counts = counts.join(", ");
    match &audit.history {
        Some(history) => format!(
            "{}, {}, {}: {counts}",
            count(history.len() as u64, "revision", "revisions"),
            count(history.bases().len() as u64, "base", "bases"),
            count(history.heads().len() as u64, "head", "heads"),
        ),
        None => counts,
    }
}

/// Findings as text, one paragraph each, without the lines that they are about.
pub fn shown<'a>(findings: impl IntoIterator<Item = &'a Finding>) -> String {
    let mut text = String::new();
    for finding in findings {
        // Writing to a String cannot fail.
        let _ =
            writeln!(text, "{}[{}]: {}", finding.severity.name(), finding.rule, finding.message);
        if let Some(file) = &finding.file {
            let line = finding.line.map(|line| format!(":{line}")).unwrap_or_default();
            let _ = writeln!(text, "  --> {}{line}", file.display());
        }
        let _ = writeln!(text, "  help: {}", finding.help);
    }
    text
}
