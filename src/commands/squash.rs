//! `rebaseline squash`, the story: audit, plan, replay, dump, render, prove, archive.
//!
//! Nothing in the project is touched before the proof. What does not depend on each other runs at the
//! same time: the second server and the interpreters of the proof start while the history is replayed.

mod broken;
mod from_database;
mod hooks;
mod kept;
mod overlap;
pub mod place;
mod plan;
mod poetry;
mod readme;
mod result;
mod skip;

use crate::cli::{self, Global, Squash};
use crate::commands::audit::shown;
use crate::commands::bridge;
use crate::config::{self, Settings};
use crate::error::{Error, Explain, Kind, Result};
use crate::files;
use crate::history::{History, Severity};
use crate::journal;
use crate::report::{Report, count};
use crate::schema::volatile::choice::Choices;
use crate::stages::audit::Audit;
use crate::stages::prove::ProveError;
use crate::stages::render::{self, IdChoice, Wording};
use crate::stages::{audit, prove, swap};
use overlap::{Known, Rehearsal};
use result::{SquashResult, Stages};

/// What stops a squash before or between the stages.
#[derive(Debug, thiserror::Error)]
pub enum SquashError {
    /// The history does not hold together.
    #[error("the history has {}", count(*errors as u64, "structural error", "structural errors"))]
    Findings {
        /// How many.
        errors: usize,
        /// All findings, as text.
        shown: String,
    },
    /// No revisions.
    #[error("there is nothing to squash: no revisions in {}", folders.join(", "))]
    Nothing {
        /// The version locations.
        folders: Vec<String>,
    },
    /// A swap is unfinished.
    #[error("an earlier swap is unfinished")]
    Unfinished {
        /// Its journal.
        journal: String,
    },
    /// git knows of changes that are not committed.
    #[error("the versions folder has changes that are not committed:\n{changes}")]
    Dirty {
        /// What `git status` says.
        changes: String,
    },
    /// Another squash or undo of this project is running.
    #[error("another rebaseline is at work in this project")]
    Busy,
    /// The user said no.
    #[error("not confirmed")]
    NotConfirmed,
}

impl Explain for SquashError {
    fn kind(&self) -> Kind {
        match self {
            Self::Unfinished { .. } => Kind::SwapStopped,
            Self::Nothing { .. } => Kind::Usage,
            _ => Kind::Refused,
        }
    }

    fn hints(&self) -> Vec<String> {
        match self {
            Self::Findings { shown, .. } => vec![shown.clone()],
            Self::Nothing { .. } => {
                vec!["check script_location and version_locations of alembic.ini".to_owned()]
            }
            Self::Unfinished { .. } => vec!["rebaseline resume   (or: rebaseline undo)".to_owned()],
            Self::Dirty { .. } => {
                vec!["commit them first, or pass --allow-dirty".to_owned()]
            }
            Self::Busy => vec!["wait until it has ended".to_owned()],
            Self::NotConfirmed => vec!["--yes answers the question".to_owned()],
        }
    }

    fn state(&self) -> String {
        match self {
            Self::Unfinished { journal } => {
                format!("a swap stands half-way; its journal is {journal}")
            }
            _ => "nothing was changed".to_owned(),
        }
    }
}

/// Squashes the history.
#[expect(clippy::too_many_lines, reason = "the story is told in one piece")]
pub async fn squash(global: &Global, arguments: &Squash, report: &Report) -> Result<u8> {
    let settings = poetry::with_interpreter(settings(global, arguments)?).await;
    let mut clock = Stages::new(report);

    let _lock = place::lock(&settings)?;
    place::no_journal(&settings)?;
    let rules = audit::Choices::new(&settings.rules)?;
    let audit = audit::look(&settings.alembic, &rules, false);
    let history = sound_history(&settings, &audit)?;
    if !arguments.dry_run && !arguments.allow_dirty {
        place::clean_work_tree(&settings).await?;
    }
    let template = place::template(&settings, render::TEMPLATE)?;
    let template = template.as_ref().map(|(name, text)| (name.as_str(), text.as_str()));
    let mut plan = plan::plan(history, arguments)?;
    let settings = skip::skipping(settings, &arguments.otherwise.skip, history, &plan.cut)?;
    let (mut settings, database) = from_database::asked(settings, arguments, history).await?;
    let id = id_choice(&arguments.revision_id);
    let first = &plan.steps[0].part;
    render::check(history, first, &id, template)?;
    kept::rewritten(&settings, &audit, &plan.cut, &render::likely_id(first, &id))?;
    place::archive_folder(&settings)?;
    let readme = readme::open(&settings)?;
    clock.done("audit", result::audited(history, &plan.cut, &audit.findings));
    if let Some(note) = bridge::outdated(&settings) {
        report.note(note);
    }
    for note in result::about_cut(history, &plan.cut, arguments.keep) {
        report.note(note);
    }

    let (mut rehearsal, copied) = if let Some(database) = &database {
        let copy = overlap::copy_while_proof_starts(&settings, &plan.cut, database);
        let (rehearsal, copied) = Box::pin(copy).await?;
        // What it refers to is there before the baseline runs, on each server of the proof too.
        settings.prelude.roles.extend(copied.roles.iter().cloned());
        clock.done("copy", from_database::told(&copied));
        for note in from_database::notes(&copied) {
            report.note(note);
        }
        (rehearsal, Some(copied))
    } else {
        let bar = report.bar("replay", history.len() as u64);
        let (cut, once) = (&plan.steps[0].cut, arguments.once);
        let ran = Box::pin(overlap::replay_while_proof_starts(&settings, cut, once, &bar)).await;
        bar.finish_and_clear();
        let rehearsal =
            ran.map_err(|error| broken::explained(error, &settings, history, &plan.cut))?;
        clock.done("replay", result::replayed(&rehearsal.replayed, &plan.cut, &rehearsal.server));
        (rehearsal, None)
    };

    let proved = Box::pin(async {
        let mut dumps = overlap::dump_steps(&settings, &plan, &mut rehearsal).await?;
        if let Some(copied) = &copied {
            let held = dumps.into_iter().map(|dump| from_database::held_to(copied, dump));
            dumps = held.collect::<Result<_>>()?;
        }
        let added = plan::added(&plan, &dumps)?;
        let Some(dump) = dumps.pop() else { return Err(nothing(&settings)) };
        let choices = choices(arguments, &settings, &plan);
        let texts = place::texts(&settings, &audit, history);
        let known = Known { texts, choices: &choices };
        let volatile = overlap::settle(&rehearsal, &dump, &added, &known).await?;
        let dump = dump.with(&volatile);
        let parts = added.into_iter().map(|part| part.with(&volatile)).collect();
        let saying =
            overlap::begin_to_say(parts, wording(arguments, &settings, template, &rehearsal));
        let there = &rehearsal.replayed.existing;
        let plain_user =
            prove::plain_user(&rehearsal.second, &settings.prelude, there, &dump).await?;
        let (parts, said) = saying.done().await;
        let added: Vec<_> = parts.into_iter().map(|d| d.run_by(plain_user.clone())).collect();
        let dump = dump.run_by(plain_user);
        clock.done("dump", result::dumped(&dump));
        for note in render::notes(&dump) {
            report.note(note);
        }
        let known = (&known, &*dump.holding);
        let kept = overlap::replay_kept(&settings, history, &plan, known, &mut rehearsal);
        let (heads, in_one_go) = Box::pin(kept).await?;
        let in_one_go = in_one_go
            .and_then(|ran| ran.map_err(|why| report.note(result::in_steps_only(&why))).ok());
        let twin = overlap::end_twin(&mut rehearsal);

        let ids = plan::choose_ids(&mut plan, history, &added, &id)?;
        let placed = place::place(&settings, &plan, &ids, &arguments.message)?;
        let mut baselines = Vec::new();
        for (number, step) in plan.steps.iter().enumerate() {
            let baseline = render::render(&render::Request {
                part: &step.part,
                dump: &added[number],
                said: &said[number],
                revision: &ids[number],
                message: &arguments.message,
                created: &placed.created,
                archive: &placed.archive.to_string_lossy(),
                server: &place::short_version(rehearsal.server.version()),
                template,
                file: placed.baselines[number].clone(),
            })?;
            baselines.push(baseline);
        }
        let baselines = hooks::run(&settings, baselines, &mut rehearsal).await?;
        let revision = &ids[0];
        let rewritten = kept::rewritten(&settings, &audit, &plan.cut, revision)?;
        let kept = kept::kept(&settings, history, &plan.cut, revision, &rewritten, heads.as_ref());
        let told = readme::Told {
            cut: &plan.cut,
            baselines: &baselines,
            dump: &dump,
            replayed: &rehearsal.replayed,
            placed: &placed,
            server: &place::short_version(rehearsal.server.version()),
        };
        let documents = readme::change(readme.as_ref(), &settings, &told)?;
        twin.done().await?;
        clock.done("render", result::rendered(&baselines));

        let request = prove::Request {
            baselines: &baselines,
            squashed: kept::squashed(&settings, history, &plan.cut),
            version_rows: plan::version_rows(&plan, &ids),
            kept,
            in_one_go: in_one_go.as_deref(),
            dump: &dump,
            version_table: &rehearsal.replayed.version_table,
            existing: &rehearsal.replayed.existing,
            prelude: &settings.prelude,
            history_server: &rehearsal.server,
            server: &rehearsal.second,
            environment: config::inherited(),
        };
        let proof = Box::pin(prove::prove(request, &mut rehearsal.interpreter)).await;
        let proof = proof.map_err(|error| keep_diff(error, &settings))?;
        clock.done("prove", result::proved(&proof));
        Ok::<_, Error>((dump, placed, baselines, rewritten, documents, proof))
    })
    .await;
    overlap::end_twin(&mut rehearsal).done().await?;
    rehearsal.database.drop_scratch().await?;
    let (dump, placed, baselines, rewritten, documents, proof) =
        proved.map_err(|error| broken::explained(error, &settings, history, &plan.cut))?;

    let receipt = if arguments.dry_run {
        None
    } else {
        let question = result::question(&plan.cut, &baselines);
        if !report.confirm(&question, arguments.yes) {
            return Err(SquashError::NotConfirmed.into());
        }
        let receipt = swap::swap(
            &swap::Request {
                root: &settings.root,
                history: &place::in_root(&settings, history)?,
                cut: &plan.cut,
                baselines: &baselines,
                rewritten: &rewritten,
                documents: &documents,
                dump: &dump,
                found: copied.as_ref().map(|copied| &copied.found),
                beside: &place::beside_in_root(&settings, &audit.beside, &documents),
                archive: &placed.archive,
                version_table: place::version_table(&rehearsal.replayed),
                created: placed.now,
                environment: place::versions(&rehearsal.replayed.versions, &rehearsal.server),
            },
            &proof,
        )?;
        clock.done("archive", result::archived(&receipt));
        Some(receipt)
    };
    let slowest = result::slowest(&rehearsal.replayed.applied);
    let seconds = clock.seconds();
    report.result(&SquashResult::new(
        history,
        &plan.cut,
        &baselines,
        &rewritten,
        &dump,
        &proof,
        receipt.as_ref(),
        arguments.archive_dir.is_some(),
        slowest,
        seconds,
    ));
    Ok(0)
}

fn settings(global: &Global, arguments: &Squash) -> Result<Settings> {
    let settings = Settings::load(global, &arguments.running)?;
    Ok(Settings {
        templates: arguments.templates.clone().or(settings.templates),
        archive_dir: arguments.archive_dir.clone().or(settings.archive_dir),
        max_seed_rows: arguments.max_seed_rows.unwrap_or(settings.max_seed_rows),
        sql_file_above: arguments.sql_file_above.unwrap_or(settings.sql_file_above),
        readme: arguments.readme.clone().or(settings.readme),
        ..settings
    })
}

/// The linked history, or what is wrong with it.
fn sound_history<'a>(settings: &Settings, audit: &'a Audit) -> Result<&'a History> {
    let Some(history) = &audit.history else {
        let told = audit.findings.iter().filter(|finding| finding.severity != Severity::Info);
        let errors = told.clone().filter(|finding| finding.severity == Severity::Error).count();
        return Err(SquashError::Findings { errors, shown: shown(told) }.into());
    };
    if history.is_empty() {
        return Err(nothing(settings));
    }
    Ok(history)
}

fn nothing(settings: &Settings) -> Error {
    let folders = &settings.alembic.version_locations;
    SquashError::Nothing { folders: folders.iter().map(|f| f.display().to_string()).collect() }
        .into()
}

/// What is said about seed values that change from run to run.
fn choices(arguments: &Squash, settings: &Settings, plan: &plan::Plan) -> Choices {
    Choices {
        freeze: arguments.freeze.clone(),
        seed: settings.seed.clone(),
        drop: arguments.drop_seed.clone(),
        frozen_keys: arguments.frozen_keys,
        partial: !plan.cut.kept().is_empty(),
    }
}

/// How the baseline is worded.
fn wording(
    arguments: &Squash,
    settings: &Settings,
    template: Option<(&str, &str)>,
    rehearsal: &Rehearsal,
) -> Wording {
    let style = match arguments.style {
        cli::Style::Sql => render::Style::Sql,
        cli::Style::Ops => render::Style::Ops,
    };
    let sqlalchemy = rehearsal.replayed.versions.sqlalchemy.as_deref();
    Wording::new(style, sqlalchemy, template.map(|(_, text)| text), settings.sql_file_above)
}

fn id_choice(text: &str) -> IdChoice {
    match text {
        "keep" => IdChoice::Keep,
        "new" => IdChoice::New,
        id => IdChoice::Given(id.to_owned()),
    }
}

/// Writes the diff of a failed proof where the user finds it.
fn keep_diff(error: ProveError, settings: &Settings) -> ProveError {
    let ProveError::Differs(mut differing) = error else { return error };
    let written = journal::open_folder(&settings.root).and_then(|folder| {
        let file = folder.join("proof.diff");
        files::write_atomic(&file, differing.diff.as_bytes()).map(|()| file)
    });
    match written {
        Ok(file) => differing.file = Some(file),
        // The proof's own error matters more than where its diff could not be put.
        Err(error) => tracing::warn!(%error, "the diff cannot be written"),
    }
    ProveError::Differs(differing)
}
