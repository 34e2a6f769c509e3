//! `rebaseline squash`, the story: audit, replay, dump, render, prove, archive.
//!
//! Nothing in the project is touched before the proof. What does not depend on each other runs at the
//! same time: the second server and the interpreters of the proof start while the history is replayed.

pub mod place;
mod result;

use std::collections::BTreeMap;
use std::time::Instant;

use rebaseline_archive::VersionTableRecord;

use crate::cli::{Global, Squash};
use crate::commands::audit::shown;
use crate::config::{self, Settings};
use crate::error::{Explain, Kind, Result};
use crate::files;
use crate::format::alembic::recipe::{Goal, recipe};
use crate::history::Cut;
use crate::journal;
use crate::postgres::scratch::ScratchDb;
use crate::postgres::server::Server;
use crate::report::{Report, count};
use crate::run::Waiting;
use crate::run::channel::Event;
use crate::stages::prove::{Interpreters, ProveError};
use crate::stages::render::{self, IdChoice};
use crate::stages::{audit, dump, prove, replay, swap};
use result::{Seconds, SquashResult};

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
pub async fn squash(global: &Global, arguments: &Squash, report: &Report) -> Result<u8> {
    let mut settings = Settings::load(global, &arguments.running)?;
    settings.templates = arguments.templates.clone().or(settings.templates);
    settings.archive_dir = arguments.archive_dir.clone().or(settings.archive_dir);
    let settings = settings;
    let mut seconds = Seconds::default();

    // audit
    let started = Instant::now();
    let audit = audit::audit(&settings.alembic);
    let errors = audit.findings.iter().filter(|f| f.severity == crate::history::Severity::Error);
    let errors = errors.count();
    let Some(history) = audit.history else {
        return Err(SquashError::Findings { errors, shown: shown(&audit.findings) }.into());
    };
    if history.is_empty() {
        let folders =
            settings.alembic.version_locations.iter().map(|f| f.display().to_string()).collect();
        return Err(SquashError::Nothing { folders }.into());
    }
    if !arguments.dry_run {
        place::check_before_swap(&settings, arguments.allow_dirty).await?;
    }
    let template = place::template(&settings)?;
    let cut = Cut::whole(&history);
    report.stage("audit", result::audited(&history, &audit.findings), started.elapsed());
    seconds.note("audit", started);

    // replay, and the beginnings of the proof
    let started = Instant::now();
    let bar = report.bar("replay", history.len() as u64);
    let mut server = Server::launch(&settings.source, &settings.places, &settings.path).await?;
    let online = || recipe(&settings, Goal::Heads).ok_or(replay::ReplayError::NothingRan);
    let interpreter =
        Waiting::start(online()?, &server.folder().subfolder("replay").map_err(place::file)?)
            .map_err(replay::ReplayError::from)?;
    server.ready().await?;
    let database = ScratchDb::create(&server, "history").await?;
    let tell = |event: &Event| match event {
        Event::Start { revision } => bar.set_message(revision.clone()),
        Event::Applied { .. } => bar.inc(1),
        _ => {}
    };
    let request = replay::Request {
        cut: &cut,
        database: &database,
        prelude: &settings.prelude,
        environment: config::inherited(),
    };
    let replaying = async { Ok(replay::replay(request, interpreter, &tell).await?) };
    let preparing = async {
        let mut second = Server::launch(&settings.source, &settings.places, &settings.path).await?;
        let start = |name: &str, goal| -> Result<Option<Waiting>> {
            let Some(recipe) = recipe(&settings, goal) else { return Ok(None) };
            let folder = second.folder().subfolder(name).map_err(place::file)?;
            Ok(Some(Waiting::start(recipe, &folder).map_err(ProveError::Run)?))
        };
        let baseline = start("prove", Goal::Heads)?.ok_or(replay::ReplayError::NothingRan)?;
        let again = start("again", Goal::Heads)?.ok_or(replay::ReplayError::NothingRan)?;
        let offline = start("offline", Goal::HeadsOffline)?
            .ok_or_else(|| "the history is run by a command of the project's own".to_owned());
        second.ready().await?;
        Ok((second, Interpreters { baseline, again, offline }))
    };
    let replayed: Result<_> = tokio::try_join!(replaying, preparing);
    bar.finish_and_clear();
    let (replayed, (second, interpreters)) = match replayed {
        Ok(both) => both,
        Err(error) => {
            database.drop_scratch().await?;
            return Err(error);
        }
    };
    let slowest = result::slowest(&replayed.applied);
    report.stage("replay", result::replayed(&replayed, &server), started.elapsed());
    seconds.note("replay", started);

    let rest = async {
        // dump
        let started = Instant::now();
        let dump = dump::dump(
            &server,
            &database,
            &replayed.version_table,
            &replayed.existing,
            replayed.made.clone(),
        )
        .await?;
        report.stage("dump", result::dumped(&dump), started.elapsed());
        seconds.note("dump", started);

        // render
        let started = Instant::now();
        let id = match arguments.revision_id.as_str() {
            "keep" => IdChoice::Keep,
            "new" => IdChoice::New,
            id => IdChoice::Given(id.to_owned()),
        };
        let now = settings.clock.now();
        let created = place::creation_time(&settings)?;
        // The archive is named after the baseline, and the baseline names its archive: the id first.
        let revision = render::choose_id(&history, &cut, &dump, &id)?;
        let archive = place::archive_file(&settings, &revision, now)?;
        let baseline = render::render(&render::Request {
            history: &history,
            cut: &cut,
            dump: &dump,
            revision: &revision,
            message: &arguments.message,
            created: &created.format("%Y-%m-%d %H:%M:%S%.6f").to_string(),
            archive: &archive.to_string_lossy(),
            server: &place::short_version(server.version()),
            template: template.as_ref().map(|(name, text)| (name.as_str(), text.as_str())),
            file: place::baseline_file(&settings, &revision, &arguments.message, &created)?,
        })?;
        report.stage("render", result::rendered(&baseline), started.elapsed());
        seconds.note("render", started);

        // prove
        let started = Instant::now();
        let request = prove::Request {
            baseline: &baseline,
            dump: &dump,
            version_table: &replayed.version_table,
            prelude: &settings.prelude,
            history_server: &server,
            server: &second,
            environment: config::inherited(),
        };
        let proof = prove::prove(request, interpreters, &|_| {}).await.map_err(|error| {
            keep_diff(error, &settings)
        })?;
        report.stage("prove", result::proved(&proof), started.elapsed());
        seconds.note("prove", started);
        Ok::<_, crate::error::Error>((dump, baseline, archive, proof, now))
    }
    .await;
    database.drop_scratch().await?;
    let (dump, baseline, archive, proof, now) = rest?;
    let versions = place::versions(&replayed.versions, &server);
    drop((server, second));

    // archive and swap
    let started = Instant::now();
    let receipt = if arguments.dry_run {
        None
    } else {
        let question = format!(
            "Replace {} by {}?",
            count(cut.squashed().len() as u64, "revision", "revisions"),
            baseline.file.display()
        );
        if !report.confirm(&question, arguments.yes) {
            return Err(SquashError::NotConfirmed.into());
        }
        let request = swap::Request {
            root: &settings.root,
            history: &place::in_root(&settings, &history)?,
            cut: &cut,
            baseline: &baseline,
            dump: &dump,
            beside: &place::beside_in_root(&settings, &audit.beside),
            archive: &archive,
            version_table: VersionTableRecord {
                schema: replayed.version_table_schema.clone(),
                table: replayed.version_table.name.clone(),
            },
            created: now.to_rfc3339_opts(chrono::SecondsFormat::Secs, true),
            environment: versions.into_iter().collect::<BTreeMap<_, _>>(),
        };
        let receipt = swap::swap(&request, &proof)?;
        report.stage("archive", result::archived(&receipt), started.elapsed());
        Some(receipt)
    };
    seconds.note("archive", started);
    report.result(&SquashResult::new(
        &history, &cut, &baseline, &dump, &proof, receipt.as_ref(), slowest, seconds, report.elapsed(),
    ));
    Ok(0)
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
