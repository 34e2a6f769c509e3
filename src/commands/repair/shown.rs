//! What a repair tells: each mend with its reasons and its diff, what is open, what is left.

use std::path::Path;

use serde::Serialize;

use crate::history::Finding;
use crate::report::{Printable, Report, count};
use crate::stages::repair::{Left, Mend, Plan, Question, Reason};
use crate::stages::swap::Receipt;

/// One mend, as told.
#[derive(Debug, Serialize)]
struct Told {
    file: String,
    /// `changed`, `removed` or `added`.
    change: &'static str,
    reasons: Vec<Reason>,
    diff: String,
}

impl Told {
    fn of(mend: &Mend) -> Self {
        let change = match (&mend.old, &mend.new) {
            (None, _) => "added",
            (_, None) => "removed",
            _ => "changed",
        };
        let reasons = mend.reasons.clone();
        Self { file: mend.path.display().to_string(), change, reasons, diff: diff(mend) }
    }
}

#[derive(Debug, Serialize)]
struct Archived {
    file: String,
    files: usize,
    sha256: String,
}

/// The result of the command.
#[derive(Debug, Serialize)]
pub(super) struct Repaired {
    /// `nothing`, `planned` or `repaired`.
    outcome: &'static str,
    mends: Vec<Told>,
    questions: Vec<Question>,
    skipped: Vec<Left>,
    /// The heads, before they are merged; empty if the history does not hold together yet.
    heads: Vec<String>,
    /// Errors that the audit finds in the tree as it is afterwards.
    left: Vec<Finding>,
    archive: Option<Archived>,
    #[serde(skip)]
    merges: bool,
    #[serde(skip)]
    previewed: bool,
}

impl Repaired {
    pub(super) fn new(plan: &Plan, left: Vec<Finding>, merges: bool) -> Self {
        Self {
            outcome: if plan.mends.is_empty() { "nothing" } else { "planned" },
            mends: plan.mends.iter().map(Told::of).collect(),
            questions: plan.questions.clone(),
            skipped: plan.left.clone(),
            heads: plan.heads.iter().map(|(id, _)| id.to_string()).collect(),
            left,
            archive: None,
            merges,
            previewed: false,
        }
    }

    /// The changes are made.
    pub(super) fn receipt(&mut self, receipt: &Receipt) {
        self.outcome = "repaired";
        self.archive = Some(Archived {
            file: receipt.archive.to_string(),
            files: receipt.files,
            sha256: receipt.sha256.to_string(),
        });
    }

    /// Shows somebody who is asked what he is asked about.
    pub(super) fn preview(&mut self, report: &Report) {
        if report.asks() {
            report.say(self.mends());
            self.previewed = true;
        }
    }

    fn mends(&self) -> String {
        let mut text = String::new();
        for mend in &self.mends {
            text += &format!("{}  {}\n", mend.change, mend.file);
            for Reason { rule, text: reason } in &mend.reasons {
                text += &format!("  {rule}: {reason}\n");
            }
            text += &format!("{}\n", mend.diff);
        }
        text
    }

    fn open(&self) -> String {
        let mut text = String::new();
        for question in &self.questions {
            text += &format!("open[{}]: {}\n", question.rule, question.text);
            for candidate in &question.candidates {
                let why = match candidate.why.as_str() {
                    "" => String::new(),
                    why => format!(" ({why})"),
                };
                text += &format!("  {}{why}\n", candidate.does);
                text +=
                    &format!("    --choose {}\n", quoted(&question.revision, &candidate.answer));
            }
            if question.candidates.is_empty() {
                text += "  it is to be mended by hand\n";
            }
        }
        for left in &self.skipped {
            text += &format!("left alone: {}: {}\n", left.file.display(), left.why);
        }
        if self.heads.len() > 1 && !self.merges {
            text += &format!(
                "note: the history has {} heads ({}); if one is meant: --merge-heads\n",
                self.heads.len(),
                self.heads.join(", ")
            );
        }
        text
    }

    fn summary(&self) -> String {
        let mends = count(self.mends.len() as u64, "file", "files");
        let open = match self.questions.len() {
            0 => String::new(),
            n => format!(", {} to decide", count(n as u64, "question", "questions")),
        };
        let after = match self.left.len() {
            0 => "the audit finds no error then".to_owned(),
            n => format!("the audit finds {} then", count(n as u64, "error", "errors")),
        };
        match (self.outcome, &self.archive) {
            ("nothing", _) if self.questions.is_empty() && self.left.is_empty() => {
                "there is nothing to mend".to_owned()
            }
            ("nothing", _) => {
                let after = after.replace(" then", "");
                format!("nothing is mended{open}; {after}")
            }
            (_, Some(archive)) => format!(
                "{mends} mended{open}; {}; the old ones are in {}",
                after.replace(" then", ""),
                archive.file
            ),
            _ => format!("{mends} to mend{open}; {after}; nothing was written: --write does"),
        }
    }
}

impl Printable for Repaired {
    fn text(&self) -> String {
        let mut text = if self.previewed { String::new() } else { self.mends() };
        text += &self.open();
        if !self.left.is_empty() && (!self.mends.is_empty() || self.questions.is_empty()) {
            text += &crate::commands::audit::shown(&self.left);
        }
        text += &self.summary();
        text
    }
}

/// `REVISION=ANSWER`, so that a shell takes it as one word.
fn quoted(revision: &str, answer: &str) -> String {
    let word = format!("{revision}={answer}");
    // The library quotes `=` and `:` too, which is never needed here.
    let plain = |c: char| c.is_ascii_alphanumeric() || "_=:./-".contains(c);
    if word.chars().all(plain) { word } else { shell_words::quote(&word).into_owned() }
}

fn diff(mend: &Mend) -> String {
    let name = mend.path.display().to_string();
    let null = Path::new("/dev/null").display().to_string();
    let (old, new) = (mend.old.as_deref(), mend.new.as_deref());
    let from = if old.is_some() { &name } else { &null };
    let to = if new.is_some() { &name } else { &null };
    similar::TextDiff::from_lines(old.unwrap_or_default(), new.unwrap_or_default())
        .unified_diff()
        .header(from, to)
        .to_string()
}
