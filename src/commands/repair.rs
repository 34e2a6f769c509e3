//! `rebaseline repair`: plan the mends of a broken history, show them, and make them.
//!
//! Everything is read, git is asked what it knows of parents that are gone, and the plan is made without
//! touching anything. What the files do not decide is asked on a terminal. The planned tree is audited
//! before a file is written, so that what is left is known beforehand. `--write` swaps the files as a squash
//! does: archive first, a journal until the end, `undo` to go back.

mod git;
mod shown;
mod staged;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use rebaseline_archive::Sha256;

use crate::cli::{Global, Repair, Running};
use crate::commands::archives::{Archives, REPAIRS};
use crate::commands::squash::{SquashError, place};
use crate::config::Settings;
use crate::error::{Explain, Kind, Result};
use crate::history::{Finding, RevisionId, Severity};
use crate::report::{Report, count};
use crate::stages::audit;
use crate::stages::render::merge;
use crate::stages::repair::{self, Answer, File, Input, Left, Mend, Plan, Question, Reason};
use crate::stages::swap::{self, Receipt};
use shown::Repaired;

/// Why nothing was repaired.
#[derive(Debug, thiserror::Error)]
pub enum RepairError {
    /// An answer that is none of the candidates.
    #[error("`{answer}` is no answer to the question about `{revision}`: {question}")]
    NoAnswer {
        /// The revision.
        revision: String,
        /// What was given.
        answer: String,
        /// The question.
        question: String,
        /// What could be answered.
        answers: Vec<String>,
    },
    /// Files in which nothing can be written, though others would follow.
    #[error("nothing can be written: {}", left.iter().map(|l| format!("`{}`: {}", l.file.display(), l.why)).collect::<Vec<_>>().join("; "))]
    Stopped {
        /// The files.
        left: Vec<Left>,
    },
    /// A file came or went while the plan was made or looked at.
    #[error("the revision files are not those that the repair was planned from: `{}`", file.display())]
    Changed {
        /// The first that differs.
        file: PathBuf,
    },
}

impl Explain for RepairError {
    fn kind(&self) -> Kind {
        match self {
            Self::NoAnswer { .. } => Kind::Usage,
            _ => Kind::Refused,
        }
    }

    fn hints(&self) -> Vec<String> {
        match self {
            Self::NoAnswer { revision, answers, .. } => {
                answers.iter().map(|answer| format!("--choose '{revision}={answer}'")).collect()
            }
            Self::Stopped { .. } => {
                vec!["set these files right by hand, then run it again".to_owned()]
            }
            Self::Changed { .. } => vec!["look at the new plan: rebaseline repair".to_owned()],
        }
    }
}

/// What the project's files are, and what git knows besides.
struct Known {
    files: Vec<File>,
    unreadable: Vec<PathBuf>,
    deleted: BTreeMap<RevisionId, repair::Deleted>,
    squashed: BTreeMap<RevisionId, PathBuf>,
}

impl Known {
    fn plan(&self, answers: &[Answer]) -> Plan {
        repair::plan(Input {
            files: &self.files,
            unreadable: self.unreadable.len(),
            deleted: &self.deleted,
            squashed: &self.squashed,
            answers,
        })
    }
}

/// Repairs the history.
pub async fn repair(global: &Global, arguments: &Repair, report: &Report) -> Result<u8> {
    let settings = settings(global, arguments)?;
    let _lock = if arguments.write { Some(place::lock(&settings)?) } else { None };
    place::no_journal(&settings)?;
    if arguments.write && !arguments.allow_dirty {
        place::clean_work_tree(&settings).await?;
    }
    let known = read(&settings).await?;
    let asks = arguments.write && report.asks();
    let mut answers = arguments.choose.clone();
    let mut plan = known.plan(&answers);
    check_answers(&plan, report)?;
    let mut left_open = BTreeSet::new();
    while asks && let Some(answer) = next_answer(&plan, &mut left_open, report) {
        answers.push(answer);
        plan = known.plan(&answers);
    }
    leave_outside(&settings, &mut plan);
    let heads: Vec<RevisionId> = plan.heads.iter().map(|(id, _)| id.clone()).collect();
    let merges = arguments.merge_heads || (asks && wants_merge(&heads, report));
    if merges && heads.len() > 1 {
        plan.mends.push(merged(&settings, arguments, &plan, &heads)?);
    } else if arguments.merge_heads && heads.is_empty() {
        report.note("heads can be merged once nothing else is open");
    }
    let left = staged::audit(&settings, &plan.mends)?;
    let errors = left.iter().filter(|finding| finding.severity == Severity::Error).count();
    let mut told = Repaired::new(&plan, left, merges);
    if !arguments.write {
        let open = !plan.mends.is_empty() || !plan.questions.is_empty() || errors > 0;
        report.result(&told);
        return Ok(u8::from(open));
    }
    let stops: Vec<Left> = plan.left.iter().filter(|left| left.stops).cloned().collect();
    if !stops.is_empty() {
        return Err(RepairError::Stopped { left: stops }.into());
    }
    if !plan.mends.is_empty() {
        told.preview(report);
        let question = format!("Change {}?", count(plan.mends.len() as u64, "file", "files"));
        if !report.confirm(&question, arguments.yes) {
            return Err(SquashError::NotConfirmed.into());
        }
        told.receipt(&write(&settings, &known, &plan.mends)?);
    }
    report.result(&told);
    Ok(u8::from(!plan.questions.is_empty() || errors > 0))
}

fn settings(global: &Global, arguments: &Repair) -> Result<Settings> {
    let settings = Settings::load(global, &Running::default())?;
    Ok(Settings {
        templates: arguments.templates.clone().or(settings.templates),
        archive_dir: arguments.archive_dir.clone().or(settings.archive_dir),
        ..settings
    })
}

/// Reads all files, and asks git and the archives about parents that are in none of them.
async fn read(settings: &Settings) -> Result<Known> {
    let (files, unreadable) = audit::revision_files(&settings.alembic);
    let missing = missing(&files);
    let squashed = if missing.is_empty() { BTreeMap::new() } else { squashed(settings, &missing)? };
    let deleted = git::deleted(settings, missing).await;
    Ok(Known { files, unreadable, deleted, squashed })
}

/// Those of these that a squash took, with the newest archive that has them.
fn squashed(
    settings: &Settings,
    missing: &BTreeSet<RevisionId>,
) -> Result<BTreeMap<RevisionId, PathBuf>> {
    let archives = Archives::load(settings, None)?;
    let mut squashed = BTreeMap::new();
    for (path, archive) in archives.iter() {
        let history = &archive.manifest().history;
        let taken = history.revisions.iter().filter(|taken| !history.kept.contains(&taken.id));
        let ids = taken.filter_map(|taken| missing.get(taken.id.as_str()));
        squashed.extend(ids.map(|id| (id.clone(), path.clone())));
    }
    Ok(squashed)
}

/// Parents that no file declares.
fn missing(files: &[File]) -> BTreeSet<RevisionId> {
    let sources = || files.iter().filter_map(|file| file.read.as_ref().ok());
    let there: BTreeSet<&RevisionId> = sources().map(|source| &source.id).collect();
    let parents = sources().flat_map(|source| &source.parents).map(|parent| &parent.value);
    parents.filter(|parent| !there.contains(parent)).cloned().collect()
}

/// An answer that fits no question is told; one that fits none of its candidates is refused.
fn check_answers(plan: &Plan, report: &Report) -> Result<(), RepairError> {
    for (revision, answer) in &plan.unasked {
        // Of several parents that are missing, each is a question of its own.
        let about = |question: &&Question| {
            let rest = question.revision.strip_prefix(revision.as_str());
            rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(':'))
        };
        if let Some(question) = plan.questions.iter().find(about) {
            return Err(RepairError::NoAnswer {
                revision: question.revision.clone(),
                answer: answer.clone(),
                question: question.text.clone(),
                answers: question.candidates.iter().map(|c| c.answer.clone()).collect(),
            });
        }
        report.note(format!("--choose {revision}={answer}: there is no such question"));
    }
    Ok(())
}

/// Asks the questions one after the other, until one is answered. Those in `left_open` are passed: somebody
/// has seen them, and left it as it is.
fn next_answer(
    plan: &Plan,
    left_open: &mut BTreeSet<(String, String)>,
    report: &Report,
) -> Option<Answer> {
    for question in &plan.questions {
        let key = (question.revision.clone(), question.text.clone());
        if left_open.contains(&key) {
            continue;
        }
        let chosen = report.choose(&question.text, &choices(question))?;
        if let Some(candidate) = question.candidates.get(chosen) {
            return Some((question.revision.clone(), candidate.answer.clone()));
        }
        left_open.insert(key);
    }
    None
}

/// What is offered; the last one is to leave it.
fn choices(question: &Question) -> Vec<String> {
    let line = |candidate: &repair::Candidate| match candidate.why.as_str() {
        "" => candidate.does.clone(),
        why => format!("{} ({why})", candidate.does),
    };
    let mut choices: Vec<String> = question.candidates.iter().map(line).collect();
    choices.push("leave it as it is".to_owned());
    choices
}

/// What lies outside of the project cannot be archived, so it is not changed.
fn leave_outside(settings: &Settings, plan: &mut Plan) {
    let (inside, outside): (Vec<Mend>, Vec<Mend>) = std::mem::take(&mut plan.mends)
        .into_iter()
        .partition(|mend| place::relative(settings, &mend.path).is_ok());
    plan.mends = inside;
    plan.left.extend(outside.into_iter().map(|mend| Left {
        file: mend.path,
        why: format!("it lies outside of `{}`", settings.root.display()),
        stops: true,
    }));
}

fn wants_merge(heads: &[RevisionId], report: &Report) -> bool {
    if heads.len() < 2 {
        return false;
    }
    let names: Vec<String> = heads.iter().map(|id| format!("`{id}`")).collect();
    let question = format!("the history has {} heads: {}", heads.len(), names.join(", "));
    let choices = ["join them by a merge revision", "leave them: they are meant to be several"];
    report.choose(&question, &choices.map(str::to_owned)) == Some(0)
}

/// The merge revision, named and dated as Alembic would.
fn merged(
    settings: &Settings,
    arguments: &Repair,
    plan: &Plan,
    heads: &[RevisionId],
) -> Result<Mend> {
    let template = place::template(settings, merge::TEMPLATE)?;
    let created = place::creation_time(settings, settings.clock.now())?;
    let revision = merge::id(heads, &plan.ids);
    let text = merge::merge(&merge::Request {
        revision: &revision,
        heads,
        message: &arguments.message,
        created: &created.format("%Y-%m-%d %H:%M:%S%.6f").to_string(),
        template: template.as_ref().map(|(name, text)| (name.as_str(), text.as_str())),
    })?;
    let beside = plan.heads.first().map(|(_, file)| file.as_path());
    let location = place::location(settings, beside);
    let path =
        place::baseline_file(settings, location, &revision, &arguments.message, &created, &[])?;
    // As the others are named: from where Alembic starts.
    let path = settings.root.join(path);
    let path = path.strip_prefix(&settings.alembic.project).unwrap_or(&path).to_owned();
    let names: Vec<String> = heads.iter().map(|id| format!("`{id}`")).collect();
    let reason = Reason {
        rule: "several-heads",
        text: format!("nothing builds on {}: `{revision}` joins them", names.join(" and ")),
    };
    Ok(Mend { path, old: None, new: Some(text), reasons: vec![reason] })
}

/// Makes the changes, if every file is what it was when the plan was made.
fn write(settings: &Settings, known: &Known, mends: &[Mend]) -> Result<Receipt> {
    let (now, _) = audit::revision_files(&settings.alembic);
    let same = |a: &File, b: &File| a.path == b.path && a.sha256 == b.sha256;
    let differs = now.iter().zip(&known.files).find(|(a, b)| !same(a, b)).map(|(a, _)| a);
    let differs = differs.or(now.get(known.files.len())).or(known.files.get(now.len()));
    if let Some(file) = differs {
        return Err(RepairError::Changed { file: file.path.clone() }.into());
    }
    let hash = |path: &Path| {
        let file = known.files.iter().find(|file| file.path == path);
        file.and_then(|file| file.sha256.parse::<Sha256>().ok())
    };
    let mut changes = Vec::new();
    let mut read = Vec::new();
    for mend in mends {
        let old = mend.old.as_ref().and_then(|_| hash(&mend.path));
        let path = place::relative(settings, &mend.path)?;
        read.extend(old.map(|old| (path.clone(), old)));
        let reasons = mend.reasons.iter().map(|reason| reason.text.clone()).collect();
        changes.push(swap::repair::Change { path, old, new: mend.new.clone(), reasons });
    }
    let now = settings.clock.now();
    let receipt = swap::repair::repair(&swap::repair::Request {
        root: &settings.root,
        changes: &changes,
        read: &read,
        archive: &archive_file(settings, &now.format("%Y-%m-%d").to_string())?,
        created: now.to_rfc3339_opts(chrono::SecondsFormat::Secs, true),
    })?;
    Ok(receipt)
}

/// The archive's file, relative to the root; a second one of a day gets a number.
fn archive_file(settings: &Settings, day: &str) -> Result<PathBuf> {
    let folder = place::archive_folder(settings)?.join(REPAIRS);
    let mut path = folder.join(format!("{day}_repair.zip"));
    let mut number = 2;
    while path.exists() {
        path = folder.join(format!("{day}_repair_{number}.zip"));
        number += 1;
    }
    Ok(place::relative(settings, &path)?)
}

/// Findings that a plan leaves: errors, since all else can be lived with.
fn errors(findings: Vec<Finding>) -> Vec<Finding> {
    findings.into_iter().filter(|finding| finding.severity == Severity::Error).collect()
}
