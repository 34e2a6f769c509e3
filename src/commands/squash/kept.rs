//! What stays of a partly squashed project: its files, as the proof and the swap need them.

use std::collections::BTreeMap;
use std::path::PathBuf;

use crate::commands::squash::overlap::Heads;
use crate::commands::squash::place;
use crate::config::Settings;
use crate::error::{Explain, Kind, Result};
use crate::files;
use crate::format::alembic::rewrite::{self, CannotEdit};
use crate::history::{Cut, CutError, History, RevisionId};
use crate::stages::audit::Audit;
use crate::stages::prove;
use crate::stages::render::FileChange;

/// A kept file that would have to change and can't.
#[derive(Debug, thiserror::Error)]
#[error("the kept revision `{}` cannot be pointed to the baseline", file.display())]
pub struct KeptError {
    /// The file.
    pub file: PathBuf,
    /// Why.
    #[source]
    pub source: CannotEdit,
}

impl Explain for KeptError {
    fn kind(&self) -> Kind {
        Kind::Refused
    }

    fn hints(&self) -> Vec<String> {
        vec![
            "write its down_revision and depends_on as plain strings, or choose a cut with one head \
             and leave --revision-id out: then no kept file has to change"
                .to_owned(),
        ]
    }
}

impl Explain for CutError {
    fn kind(&self) -> Kind {
        match self {
            Self::Splits { .. } => Kind::Refused,
            _ => Kind::Usage,
        }
    }

    fn hints(&self) -> Vec<String> {
        match self {
            Self::Splits { smaller, larger, .. } => {
                let cut = |(heads, count): &(Vec<RevisionId>, usize)| {
                    let heads: Vec<_> = heads.iter().map(|id| format!("--upto {id}")).collect();
                    let unit = if *count == 1 { "revision" } else { "revisions" };
                    format!("{} squashes {count} {unit}", heads.join(" "))
                };
                smaller.iter().chain(larger).map(cut).collect()
            }
            Self::UnknownRevision { .. } => vec!["alembic history lists them".to_owned()],
            Self::Ambiguous { .. } | Self::Nothing { .. } => Vec::new(),
        }
    }
}

/// The kept files that have to change when the baseline has this id.
pub fn rewritten(
    settings: &Settings,
    audit: &Audit,
    cut: &Cut,
    baseline: &RevisionId,
) -> Result<Vec<FileChange>> {
    let gone = cut.squashed().iter().filter(|id| *id != baseline);
    let renamed: BTreeMap<_, _> = gone.map(|id| (id.clone(), baseline.clone())).collect();
    let mut changes = Vec::new();
    for id in cut.kept() {
        let revision = audit.history.as_ref().and_then(|history| history.get(id));
        let file = revision.and_then(|revision| revision.files.first());
        let (Some(file), Some(source)) = (file, audit.sources.get(id)) else { continue };
        let absolute = settings.alembic.project.join(&file.path);
        let text = files::read_text(&absolute).map_err(place::file)?;
        let new = rewrite::rewrite(&text, source, &renamed)
            .map_err(|source| KeptError { file: file.path.clone(), source })?;
        let Some(text) = new else { continue };
        let path = place::relative(settings, &file.path)?;
        changes.push(FileChange { path, old: Some(file.sha256.clone()), text });
    }
    Ok(changes)
}

/// The files of the squashed revisions.
pub fn squashed(settings: &Settings, history: &History, cut: &Cut) -> Vec<PathBuf> {
    let squashed = cut.squashed().iter().filter_map(|id| history.get(id));
    let files = squashed.flat_map(|revision| &revision.files);
    files.map(|file| settings.alembic.project.join(&file.path)).collect()
}

/// What the proof has to know of the kept part; nothing if all is squashed.
pub fn kept<'a>(
    settings: &'a Settings,
    history: &History,
    cut: &Cut,
    baseline: &RevisionId,
    rewritten: &'a [FileChange],
    heads: Option<&'a Heads>,
) -> Option<prove::Kept<'a>> {
    let Heads { holding, volatile, fresh } = heads?;
    Some(prove::Kept {
        root: &settings.root,
        locations: &settings.alembic.version_locations,
        rewritten,
        holding,
        volatile,
        version_rows: rows_at_the_heads(history, cut, baseline),
        fresh,
    })
}

/// The version table's rows at the heads: those of the history, in which the baseline stands for what is
/// squashed. It has a row of its own unless a kept revision builds on it.
fn rows_at_the_heads(history: &History, cut: &Cut, baseline: &RevisionId) -> Vec<String> {
    let kept = cut.kept();
    let rows = history.version_rows().into_iter().filter(|id| kept.contains(id));
    let mut rows: Vec<String> = rows.map(|id| id.to_string()).collect();
    let builds = |id: &RevisionId| {
        !history.ancestors(id).is_disjoint(&cut.squashed().iter().cloned().collect())
    };
    if !kept.iter().any(builds) {
        rows.push(baseline.to_string());
    }
    rows
}
