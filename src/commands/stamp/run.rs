//! The same work for each database of a fleet, and all that is told of it: a line as each one ends, the journal, the
//! report with its summary.

use std::path::Path;
use std::time::{Duration, Instant};

use serde::Serialize;

use crate::cli::Targets;
use crate::commands::fleet::journal::{Header, Journal};
use crate::commands::fleet::summary::Summary;
use crate::commands::fleet::{self, Fleet, Named, Progress};
use crate::error::{Explain, Interrupted, Result};
use crate::interruption::Interruption;
use crate::postgres::target::Target;
use crate::report::{Printable, Report};
use crate::stages::stamp::{self, Outcome, Plan, Told};

/// The verbs, as the progress bar shows them.
pub const STAMP: &str = "stamp";
/// Only looks.
pub const STATUS: &str = "status";
/// Runs archived revisions.
pub const CATCH_UP: &str = "catch up";

/// A fleet and how it is gone through.
pub struct Run<'a> {
    /// The verb, for the progress bar.
    pub verb: &'static str,
    /// What the command line says of targets.
    pub arguments: &'a Targets,
    /// What a stamp goes by.
    pub plan: &'a Plan,
    /// How long one database may take, if there is a limit.
    pub timeout: Option<Duration>,
    /// Whether databases are written to.
    pub writes: bool,
    /// Whether the report is a script of SQL.
    pub script: bool,
    /// Where the report goes.
    pub report: &'a Report,
    started: f64,
    fleet: Fleet,
    journal: Option<Journal>,
    summary: Summary,
}

impl<'a> Run<'a> {
    /// Gathers the fleet from what is named; without those that the journal knows.
    pub async fn prepare(
        verb: &'static str,
        (arguments, named): (&'a Targets, Named),
        (plan, header): (&'a Plan, &Header),
        journal: Option<&Path>,
        report: &'a Report,
    ) -> Result<Self> {
        let started = report.elapsed();
        let mut fleet = Fleet::gather(named, arguments, &plan.version_table.table).await?;
        for target in &fleet.repeated {
            report.note(format!("named more than once, done once: {target}"));
        }
        let mut summary = Summary { repeated: fleet.repeated.len(), ..Summary::default() };
        let journal = journal.map(|path| Journal::open(path, header)).transpose()?;
        if let Some(journal) = &journal {
            let named = fleet.targets.len();
            fleet.targets.retain(|target| !journal.has(target));
            summary.earlier = named - fleet.targets.len();
        }
        let timeout = arguments.timeout;
        let (writes, script) = (verb != STATUS, false);
        Ok(Self {
            verb,
            arguments,
            plan,
            timeout,
            writes,
            script,
            report,
            started,
            fleet,
            journal,
            summary,
        })
    }

    /// The databases that are to be gone through.
    pub fn targets(&self) -> &[Target] {
        &self.fleet.targets
    }

    /// Does the work and reports; exits with 1 if a database was refused. A signal ends it with the report of what was
    /// done so far.
    pub async fn each<'t, F>(
        &'t self,
        interruption: &Interruption,
        work: impl Fn(&'t Target) -> F,
    ) -> Result<u8>
    where
        F: Future<Output = Told>,
    {
        let Self { plan, report, fleet, journal, .. } = self;
        let mut summary = self.summary.clone();
        let bar = report.bar(self.verb, fleet.targets.len() as u64);
        let mut told_of = |told: &Told| {
            report.line(told);
            summary.add(&told.target, &word(told.outcome), told.seconds);
            bar.set_message(summary.counts());
        };
        let mut told = Vec::new();
        for unknown in &fleet.unknown {
            let untouched = Told::untouched(&unknown.target, plan, Outcome::Refused);
            told.push(untouched.because(unknown.why.clone(), &unknown.help));
        }
        told.iter().for_each(&mut told_of);
        let begins = told.is_empty() || !self.arguments.fail_fast;
        let targets = fleet.targets.as_slice();
        let work = |target| self.within(target, work(target));
        let ended = |target: &_, told: &Told| {
            if let Some(journal) = journal.as_ref().filter(|_| told.outcome.is_done()) {
                journal.note(target)?;
            }
            bar.inc(1);
            told_of(told);
            Ok(!(self.arguments.fail_fast && told.outcome == Outcome::Refused))
        };
        let begun = if begins { targets } else { &[] };
        let (mut progress, signal) =
            fleet::each(begun, self.arguments.jobs, work, ended, interruption.told()).await?;
        progress.resize_with(targets.len(), || Progress::Waiting);
        for (target, progress) in targets.iter().zip(progress) {
            let (outcome, why, help) = match progress {
                Progress::Ended(answer) => {
                    told.push(answer);
                    continue;
                }
                Progress::Begun => {
                    let why = "the run was interrupted while this one was worked on";
                    (Outcome::Interrupted, why, self.after_an_interruption())
                }
                Progress::Waiting if signal.is_some() => {
                    (Outcome::NotTried, "the run was interrupted before its turn", "run it again")
                }
                Progress::Waiting => {
                    let why = "another target was refused before its turn (--fail-fast)";
                    (Outcome::NotTried, why, "run it again")
                }
            };
            let left = Told::untouched(target, plan, outcome).because(why.to_owned(), help);
            told_of(&left);
            told.push(left);
        }
        bar.finish_and_clear();
        summary.seconds = report.elapsed() - self.started;
        summary.interrupted = signal;
        if signal.is_none() {
            summary.unmatched =
                stamp::unmatched(told.iter().filter_map(|told| told.catalog.as_ref()));
        }
        let refused = told.iter().any(|told| told.outcome == Outcome::Refused);
        if report.is_by_line() {
            report.result(&Last { summary });
        } else {
            report.result(&ToldAll { targets: told, summary, script: self.script });
        }
        let Some(signal) = signal else { return Ok(u8::from(refused)) };
        let interrupted = Interrupted { signal, journal: None, databases: self.writes };
        let code = interrupted.kind().exit_code();
        report.trouble(&interrupted.into());
        Ok(code)
    }

    /// What to say of a database whose work was dropped.
    fn after_an_interruption(&self) -> &'static str {
        match self.verb {
            _ if !self.writes => "nothing was written: run it again",
            CATCH_UP => {
                "it is as it was, or stands at one of its revisions, or is stamped: run it again, and it goes on \
                 from there"
            }
            _ => "it was stamped whole, or not at all: run it again",
        }
    }

    /// The work on one database, within the time that one may take.
    async fn within(&self, target: &Target, work: impl Future<Output = Told>) -> Told {
        let Some(limit) = self.timeout else { return work.await };
        let started = Instant::now();
        tokio::time::timeout(limit, work).await.unwrap_or_else(|_| {
            let why = format!("not done within {} s", limit.as_secs_f64());
            let help = "it was stamped whole, or not at all: run it again, or raise --timeout";
            let told = Told::untouched(target, self.plan, Outcome::Refused).because(why, help);
            Told { seconds: started.elapsed().as_secs_f64(), ..told }
        })
    }
}

/// The word for an outcome in JSON.
fn word(outcome: Outcome) -> String {
    let value = serde_json::to_value(outcome).unwrap_or_default();
    value.as_str().unwrap_or_default().to_owned()
}

#[derive(Debug, Serialize)]
struct ToldAll {
    targets: Vec<Told>,
    summary: Summary,
    #[serde(skip)]
    script: bool,
}

/// The last line, where each target has had its own.
#[derive(Debug, Serialize)]
struct Last {
    summary: Summary,
}

impl Printable for Last {
    fn text(&self) -> String {
        self.summary.to_string()
    }
}

impl Printable for ToldAll {
    fn text(&self) -> String {
        if self.script {
            let comment = |text: &str| format!("-- {}", text.replace('\n', "\n-- "));
            let one = |told: &Told| match &told.sql {
                Some(sql) => sql.trim_end().to_owned(),
                None => comment(&told.lines().join("\n")),
            };
            return self.targets.iter().map(one).collect::<Vec<_>>().join("\n\n");
        }
        let interrupted = self.summary.interrupted.is_some();
        // After an interruption the summary counts those that were not begun.
        let told =
            self.targets.iter().filter(|told| !interrupted || told.outcome != Outcome::NotTried);
        let mut lines: Vec<String> = told.flat_map(Told::lines).collect();
        for name in &self.summary.unmatched {
            lines.push(format!("note: accepted, but it differs on no database: {name}"));
        }
        if self.targets.len() + self.summary.earlier > 1 {
            lines.push(self.summary.to_string());
        }
        lines.join("\n")
    }
}
