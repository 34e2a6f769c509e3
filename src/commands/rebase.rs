//! `rebaseline rebase`: revisions of an open branch, begun before the squash, are pointed to the baseline.
//!
//! Takes revision files; changes in them nothing but the ids that are gone (`down_revision`, `depends_on`,
//! the docstring's `Revises:`). All files are judged before one is written, and all new texts are on disk
//! before one takes its place: either all change or none. Killed between two of them, the same command
//! finishes, since a file that is right already is left alone.

mod destiny;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use serde::Serialize;

use crate::cli::{Global, Rebase, Running};
use crate::commands::generations::Generations;
use crate::commands::squash::place;
use crate::config::Settings;
use crate::error::{Explain, Kind, Result};
use crate::files::{self, PathError};
use crate::format::alembic::python::{RevisionSource, SourceProblem, read_revision_named};
use crate::format::alembic::rewrite::{self, CannotEdit};
use crate::history::RevisionId;
use crate::report::{Printable, Report};
use crate::stages::audit;
use destiny::{Destiny, Squashed};

/// Why nothing was rebased.
#[derive(Debug, thiserror::Error)]
pub enum RebaseError {
    /// A file that is no revision.
    #[error("`{}` cannot be read as a revision: {why}", file.display())]
    Unreadable {
        /// The file.
        file: PathBuf,
        /// Why.
        why: String,
    },
    /// Revisions that do not build on the cut.
    #[error("{}", refused.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "))]
    Refused {
        /// Which, and why.
        refused: Vec<Refusal>,
    },
    /// A file that is written too unusually.
    #[error("`{}` cannot be changed", file.display())]
    CannotEdit {
        /// The file.
        file: PathBuf,
        /// Why.
        #[source]
        source: CannotEdit,
    },
    /// The disk.
    #[error(transparent)]
    File(#[from] PathError),
}

/// One revision that cannot be rebased.
#[derive(Debug, thiserror::Error)]
pub enum Refusal {
    /// Its parent is an archived revision that is not the cut.
    #[error(
        "`{revision}` builds on `{parent}`, which stood in the middle of what was squashed (up to {})",
        heads.join(", ")
    )]
    Middle {
        /// The revision.
        revision: String,
        /// Its parent.
        parent: String,
        /// The heads at the cut.
        heads: Vec<String>,
    },
    /// Nobody knows its parent.
    #[error(
        "`{revision}` builds on `{parent}`, which is neither in the project nor in its archives"
    )]
    Unknown {
        /// The revision.
        revision: String,
        /// Its parent.
        parent: String,
    },
}

impl Explain for RebaseError {
    fn kind(&self) -> Kind {
        match self {
            Self::File(error) if !error.is_not_found() => Kind::Tool,
            Self::File(_) => Kind::Usage,
            _ => Kind::Refused,
        }
    }

    fn hints(&self) -> Vec<String> {
        match self {
            Self::Refused { refused } => {
                let mut hints: Vec<String> = Vec::new();
                for refusal in refused {
                    let hint = match refusal {
                        Refusal::Middle { parent, heads, .. } => format!(
                            "whether it still fits after what came behind `{parent}` must be looked at: take the old \
                             revisions out (rebaseline archive restore --into DIR), point it to {} as on any \
                             branch that lags behind, try it, and rebase it again",
                            heads.join(", ")
                        ),
                        Refusal::Unknown { .. } => {
                            "name all files of the branch, and check that they belong to this project".to_owned()
                        }
                    };
                    if !hints.contains(&hint) {
                        hints.push(hint);
                    }
                }
                hints
            }
            Self::CannotEdit { .. } => {
                vec!["write its down_revision and depends_on as plain strings".to_owned()]
            }
            Self::Unreadable { .. } | Self::File(_) => Vec::new(),
        }
    }
}

/// What becomes of one file.
#[derive(Debug, Serialize)]
struct Rebased {
    file: String,
    revision: String,
    /// `rebased`, `would_rebase` or `unchanged`.
    outcome: &'static str,
    /// Each id that is gone, with the one that takes its place.
    renamed: BTreeMap<String, String>,
    /// The change.
    #[serde(skip_serializing_if = "Option::is_none")]
    diff: Option<String>,
}

#[derive(Debug, Serialize)]
struct All {
    files: Vec<Rebased>,
}

impl Printable for All {
    fn text(&self) -> String {
        let text = |file: &Rebased| {
            let renamed: Vec<_> =
                file.renamed.iter().map(|(old, new)| format!("{old} -> {new}")).collect();
            match (file.outcome, &file.diff) {
                ("unchanged", _) => format!(
                    "unchanged  {}: all that `{}` builds on is there",
                    file.file, file.revision
                ),
                ("would_rebase", Some(diff)) => diff.trim_end().to_owned(),
                _ => format!("rebased    {}: {}", file.file, renamed.join(", ")),
            }
        };
        self.files.iter().map(text).collect::<Vec<_>>().join("\n")
    }
}

/// A file that was read.
struct Read {
    file: PathBuf,
    text: String,
    source: RevisionSource,
}

/// Points the files to the baseline.
pub fn rebase(global: &Global, arguments: &Rebase, report: &Report) -> Result<u8> {
    let settings = Settings::load(global, &Running::default())?;
    place::no_journal(&settings)?;
    let _lock = if arguments.dry_run { None } else { Some(place::lock(&settings)?) };
    let squashes = Generations::load(&settings, None)?;
    let read = unique(&arguments.files)
        .into_iter()
        .map(|file| read(file))
        .collect::<Result<Vec<_>, RebaseError>>()?;
    let audit = audit::audit(&settings.alembic);
    let named = read.iter().map(|read| &read.source);
    let labels = audit.sources.values().chain(named.clone()).flat_map(|source| &source.labels);
    let labels: BTreeSet<&str> = labels.map(|label| label.value.as_str()).collect();
    let there: BTreeSet<&str> = audit
        .sources
        .keys()
        .chain(named.map(|source| &source.id))
        .map(RevisionId::as_str)
        .collect();
    let destiny = Destiny {
        there,
        labels,
        squashed: squashes.squashes().iter().map(|s| Squashed::of(s.archive.manifest())).collect(),
    };
    let mut refused = Vec::new();
    let mut changes = Vec::new();
    for read in &read {
        match destiny.renamed(&read.source) {
            Ok(renamed) => changes.push((read, renamed)),
            Err(refusal) => refused.push(refusal),
        }
    }
    if !refused.is_empty() {
        return Err(RebaseError::Refused { refused }.into());
    }
    let mut writes = Vec::new();
    let mut told = Vec::new();
    for (read, renamed) in changes {
        let new = rewrite::rewrite(&read.text, &read.source, &renamed)
            .map_err(|source| RebaseError::CannotEdit { file: read.file.clone(), source })?;
        let diff = new.as_ref().map(|new| diff(&read.file, &read.text, new));
        told.push(Rebased {
            file: read.file.display().to_string(),
            revision: read.source.id.to_string(),
            outcome: match (&new, arguments.dry_run) {
                (None, _) => "unchanged",
                (Some(_), true) => "would_rebase",
                (Some(_), false) => "rebased",
            },
            renamed: renamed.iter().map(|(o, n)| (o.to_string(), n.to_string())).collect(),
            diff: diff.filter(|_| arguments.dry_run),
        });
        writes.extend(new.map(|new| (read.file.clone(), new)));
    }
    if !arguments.dry_run {
        write(&writes).map_err(RebaseError::from)?;
    }
    report.result(&All { files: told });
    Ok(0)
}

/// Each file once, however often it is named.
fn unique(files: &[PathBuf]) -> Vec<&PathBuf> {
    let mut seen = BTreeSet::new();
    let real = |file: &PathBuf| file.canonicalize().unwrap_or_else(|_| file.clone());
    files.iter().filter(|file| seen.insert(real(file))).collect()
}

fn read(file: &Path) -> Result<Read, RebaseError> {
    let text = files::read_text(file)?;
    let name = file.file_name().unwrap_or_default().to_string_lossy();
    match read_revision_named(&text, &name) {
        Ok(source) => Ok(Read { file: file.to_owned(), text, source }),
        Err(broken) => {
            let problem = |p: &SourceProblem| format!("line {}: {}", p.line, p.kind);
            let why = broken.problems.iter().map(problem).collect::<Vec<_>>().join("; ");
            Err(RebaseError::Unreadable { file: file.to_owned(), why })
        }
    }
}

fn diff(file: &Path, old: &str, new: &str) -> String {
    let name = file.display().to_string();
    similar::TextDiff::from_lines(old, new).unified_diff().header(&name, &name).to_string()
}

/// Writes all of them, or none.
fn write(writes: &[(PathBuf, String)]) -> Result<(), PathError> {
    let mut written = Vec::new();
    let staged: Result<(), PathError> = writes.iter().try_for_each(|(file, text)| {
        written.push((files::write_temporary(file, text.as_bytes())?, file));
        Ok(())
    });
    let placed = staged.and_then(|()| {
        // What can go wrong has gone well: the new texts are on the disk, beside the old ones.
        written.iter().try_for_each(|(temporary, file)| files::rename(temporary, file))
    });
    if placed.is_err() {
        for (temporary, _) in &written {
            // The first error counts.
            let _ = files::remove_file_if_there(temporary);
        }
    }
    placed
}
