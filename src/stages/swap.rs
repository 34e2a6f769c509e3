//! Swap: archive the old revisions, put the baseline in, take the old files out.
//!
//! Takes a [`Proof`], so that nobody can swap what is not proved; gives a [`Receipt`]: the archive is
//! on disk and was read back. Order: journal; archive under a temporary name, read back, renamed;
//! baseline in; old files out; journal removed. If the power goes at any point, the journal tells
//! `resume` and `undo` how to reach a whole tree. Every step can be done twice.

use std::path::{Path, PathBuf};

use rebaseline_archive::{
    Archive, ArchiveError, ArchivePath, BaselineRecord, FORMAT_VERSION, FileRecord, FileRole,
    HistoryRecord, Limits, Manifest, READABLE_BY, RevisionRecord, SchemaRecord, Sha256, Tool,
    VersionTableRecord,
};
use serde_json::json;

use crate::error::{Explain, Kind};
use crate::files::{self, PathError};
use crate::history::{Cut, History};
use crate::journal::{Content, Direction, Journal, JournalError};
use crate::stages::dump::SchemaDump;
use crate::stages::prove::Proof;
use crate::stages::render::Baseline;

/// Why a swap, or its way back, did not happen or did not end.
#[derive(Debug, thiserror::Error)]
pub enum SwapError {
    /// The proof belongs to another baseline.
    #[error("the proof is not of this baseline")]
    NotProved,
    /// A revision file is not what was read at the beginning.
    #[error("`{path}` was changed while the history was being squashed")]
    Changed {
        /// The file.
        path: ArchivePath,
    },
    /// The baseline's place is taken.
    #[error("`{path}` is there already")]
    BaselineExists {
        /// The file.
        path: ArchivePath,
    },
    /// The archive cannot be made.
    #[error("cannot make the archive")]
    Archive(#[from] ArchiveError),
    /// A file operation before the journal was written.
    #[error("cannot archive the old revisions")]
    File(#[from] PathError),
    /// Stopped after the journal was written.
    #[error("the swap stopped half-way")]
    Stopped {
        /// Where the journal is.
        journal: PathBuf,
        /// What happened.
        #[source]
        source: Box<SwapError>,
    },
    /// The journal.
    #[error("cannot keep the journal")]
    Journal(#[from] JournalError),
    /// Another swap is unfinished.
    #[error("a swap is unfinished: `{}` is there", journal.display())]
    Unfinished {
        /// The journal.
        journal: PathBuf,
    },
    /// Nothing to resume.
    #[error("there is no unfinished swap")]
    NothingToResume,
    /// Nothing to undo.
    #[error("there is nothing to undo: no archive in `{}` has its baseline in this project", folder.display())]
    NothingToUndo {
        /// The archive folder.
        folder: PathBuf,
    },
    /// The baseline was edited after the squash.
    #[error("the baseline `{path}` was changed after the squash")]
    BaselineChanged {
        /// The file.
        path: ArchivePath,
    },
    /// A file stands where an old revision belongs.
    #[error("`{path}` is there with other content than the archive's")]
    InTheWay {
        /// The file.
        path: ArchivePath,
    },
    /// Revisions build on the baseline's id, which goes away.
    #[error("revisions build on the baseline `{baseline}`: {}", revisions.join(", "))]
    BuiltUpon {
        /// The baseline's id.
        baseline: String,
        /// The files.
        revisions: Vec<String>,
    },
    /// The archive is not what the journal says.
    #[error("the archive `{path}` is not the one of the journal")]
    OtherArchive {
        /// The archive.
        path: ArchivePath,
    },
}

impl Explain for SwapError {
    fn kind(&self) -> Kind {
        match self {
            Self::Stopped { .. } | Self::Unfinished { .. } => Kind::SwapStopped,
            Self::NotProved => Kind::Bug,
            Self::Archive(_) | Self::File(_) | Self::Journal(_) => Kind::Tool,
            _ => Kind::Refused,
        }
    }

    fn hints(&self) -> Vec<String> {
        let or_back = "rebaseline resume   (or: rebaseline undo)".to_owned();
        match self {
            Self::Stopped { .. } | Self::Unfinished { .. } => vec![or_back],
            Self::Changed { .. } => vec!["run the squash again".to_owned()],
            Self::BaselineExists { .. } => {
                vec!["pass another --message: the file is named after it".to_owned()]
            }
            Self::BaselineChanged { .. } => vec![
                "put the baseline back as it was (git checkout), or take the old revisions out of \
                 the archive: rebaseline archive restore --into DIR"
                    .to_owned(),
            ],
            Self::InTheWay { path } => vec![format!("move `{path}` away and run undo again")],
            Self::BuiltUpon { .. } => vec![
                "remove these revisions, or point their down_revision at a squashed head, then run \
                 undo again"
                    .to_owned(),
            ],
            Self::File(_) => vec![
                "make room or give the folder write permission, or pass --archive-dir DIR".to_owned(),
            ],
            _ => Vec::new(),
        }
    }

    fn state(&self) -> String {
        match self {
            Self::Stopped { journal, .. } | Self::Unfinished { journal } => {
                format!("a swap stands half-way; its journal is {}", journal.display())
            }
            _ => "nothing was changed".to_owned(),
        }
    }
}

/// What is swapped.
#[derive(Debug)]
pub struct Request<'a> {
    /// The project's root: paths in the archive are relative to it.
    pub root: &'a Path,
    /// The history.
    pub history: &'a History,
    /// The cut.
    pub cut: &'a Cut,
    /// The proved baseline.
    pub baseline: &'a Baseline,
    /// What the history made.
    pub dump: &'a SchemaDump,
    /// Files beside the revisions, which they may read.
    pub beside: &'a [PathBuf],
    /// The archive's file, relative to the root.
    pub archive: &'a Path,
    /// The version table as env.py names it.
    pub version_table: VersionTableRecord,
    /// When, in RFC 3339.
    pub created: String,
    /// Versions of what took part.
    pub environment: std::collections::BTreeMap<String, String>,
}

/// The archive is on disk and was read back.
#[derive(Debug, Clone)]
pub struct Receipt {
    /// The archive, relative to the root.
    pub archive: ArchivePath,
    /// The number of files in it.
    pub files: usize,
    /// Its hash.
    pub sha256: Sha256,
}

/// Archives and swaps.
pub fn swap(request: &Request<'_>, proof: &Proof) -> Result<Receipt, SwapError> {
    if proof.baseline_sha256() != request.baseline.sha256() {
        return Err(SwapError::NotProved);
    }
    no_journal(request.root)?;
    let (manifest, contents) = collect(request, proof)?;
    let baseline = Content {
        path: manifest.baseline.file.clone(),
        sha256: manifest.baseline.sha256,
    };
    let removed: Vec<Content> = manifest
        .files
        .iter()
        .filter(|file| file.removed)
        .map(|file| Content { path: file.path.clone(), sha256: file.sha256 })
        .collect();
    let replaces_itself = removed.iter().any(|old| old.path == baseline.path);
    if replaces_itself || baseline.path.under(request.root).exists() {
        return Err(SwapError::BaselineExists { path: baseline.path });
    }
    let archive_path = ArchivePath::from_relative(request.archive)?;
    let bytes = rebaseline_archive::to_bytes(&manifest, contents)?;
    let sha256 = Sha256::of(&bytes);
    let archive = Content { path: archive_path.clone(), sha256 };
    let files = manifest.files.len();
    let text = String::from_utf8_lossy(&request.baseline.bytes).into_owned();
    let journal = Journal::new(Direction::Squash, archive, baseline, text, removed);
    journal.save(request.root)?;
    // Nothing of the project is touched yet: if the archive cannot be written (a full disk), the
    // journal is taken back and all is as before.
    let written = write_archive(&archive_path.under(request.root), &bytes, sha256);
    if let Err(error) = written {
        Journal::close(request.root)?;
        return Err(error);
    }
    forward(request.root, &journal).map_err(|source| stopped(request.root, source))?;
    Ok(Receipt { archive: archive_path, files, sha256 })
}

fn no_journal(root: &Path) -> Result<(), SwapError> {
    match Journal::load(root)? {
        None => Ok(()),
        Some(_) => Err(SwapError::Unfinished { journal: Journal::path(root) }),
    }
}

fn stopped(root: &Path, source: SwapError) -> SwapError {
    SwapError::Stopped { journal: Journal::path(root), source: Box::new(source) }
}

/// Reads every file that goes into the archive, and checks that revisions are what they were.
fn collect(
    request: &Request<'_>,
    proof: &Proof,
) -> Result<(Manifest, Vec<(ArchivePath, Vec<u8>)>), SwapError> {
    let mut records = Vec::new();
    let mut contents = Vec::new();
    let mut revisions = Vec::new();
    for revision in request.history.iter() {
        let squashed = request.cut.squashed().contains(&revision.id);
        for file in &revision.files {
            let path = ArchivePath::from_relative(&file.path)?;
            let bytes = files::read(&path.under(request.root))?;
            if Sha256::of(&bytes).to_string() != file.sha256 {
                return Err(SwapError::Changed { path });
            }
            if squashed {
                records.push(FileRecord::new(path.clone(), &bytes, FileRole::Revision, true));
                contents.push((path, bytes));
            }
        }
        let Some(file) = revision.files.first() else { continue };
        revisions.push(RevisionRecord {
            id: revision.id.to_string(),
            parents: revision.parents.iter().map(ToString::to_string).collect(),
            depends_on: revision.depends_on.clone(),
            labels: revision.labels.clone(),
            message: revision.message.clone(),
            created: revision.created.clone(),
            file: ArchivePath::from_relative(&file.path)?,
        });
    }
    for file in request.beside {
        let path = ArchivePath::from_relative(file)?;
        let bytes = files::read(&path.under(request.root))?;
        records.push(FileRecord::new(path.clone(), &bytes, FileRole::Beside, false));
        contents.push((path, bytes));
    }
    let text = |ids: &[crate::history::RevisionId]| ids.iter().map(ToString::to_string).collect();
    let manifest = Manifest {
        format_version: FORMAT_VERSION,
        readable_by: READABLE_BY,
        tool: Tool { name: "rebaseline".to_owned(), version: env!("CARGO_PKG_VERSION").to_owned() },
        created: request.created.clone(),
        history: HistoryRecord {
            format: "alembic".to_owned(),
            heads: text(&request.history.heads()),
            bases: text(&request.history.bases()),
            revisions,
            kept: text(request.cut.kept()),
        },
        files: records,
        baseline: BaselineRecord {
            revision: request.baseline.revision.to_string(),
            file: ArchivePath::from_relative(&request.baseline.file)?,
            sha256: Sha256::of(&request.baseline.bytes),
            bytes: request.baseline.bytes.len() as u64,
            replaces: text(&request.baseline.replaces),
        },
        version_table: request.version_table.clone(),
        schema: SchemaRecord {
            sha256: proof.schema_sha256().parse()?,
            counts: request.dump.counts.by_name(),
        },
        proof: json!({
            "equal": true,
            "compared": proof.compared(),
            "roundtrip_drift": proof.roundtrip_drift(),
            "offline": proof.offline(),
        }),
        environment: request.environment.clone(),
    };
    Ok((manifest, contents))
}

/// Temporary name, sync, read back and verify, rename.
fn write_archive(path: &Path, bytes: &[u8], sha256: Sha256) -> Result<(), SwapError> {
    let temporary = files::write_temporary(path, bytes)?;
    let verified = files::read(&temporary).map_err(SwapError::from).and_then(|read| {
        let archive = Archive::read(&read[..], &Limits::default())?;
        if archive.sha256() == sha256 { Ok(()) } else { Err(SwapError::NotProved) }
    });
    if let Err(error) = verified {
        files::remove_file_if_there(&temporary)?;
        return Err(error);
    }
    Ok(files::rename(&temporary, path)?)
}

/// Goes on from wherever the swap stands. The archive must be on disk.
fn forward(root: &Path, journal: &Journal) -> Result<(), SwapError> {
    let archive = open_archive(root, journal)?;
    let baseline = journal.baseline.path.under(root);
    files::remove_file_if_there(&files::temporary_name(&baseline))?;
    if !holds(root, &journal.baseline)? {
        files::write_atomic(&baseline, journal.baseline_text.as_bytes())?;
    }
    for old in &journal.removed {
        let path = old.path.under(root);
        if !path.exists() {
            continue;
        }
        if archive.file(&old.path).is_none() || !holds(root, old)? {
            return Err(SwapError::InTheWay { path: old.path.clone() });
        }
        files::remove_file(&path)?;
        remove_empty_parents(root, &path)?;
    }
    Ok(Journal::close(root)?)
}

/// Puts the old files back, takes the baseline out, then the archive. Every file is checked to be whole
/// before anything goes.
fn backward(root: &Path, journal: &Journal) -> Result<usize, SwapError> {
    let archive_path = journal.archive.path.under(root);
    files::remove_file_if_there(&files::temporary_name(&archive_path))?;
    let baseline = journal.baseline.path.under(root);
    files::remove_file_if_there(&files::temporary_name(&baseline))?;
    let archive = if archive_path.exists() { Some(open_archive(root, journal)?) } else { None };
    let mut restored = 0;
    for old in &journal.removed {
        let path = old.path.under(root);
        files::remove_file_if_there(&files::temporary_name(&path))?;
        if holds(root, old)? {
            continue;
        }
        let content = archive.as_ref().and_then(|archive| archive.file(&old.path));
        let content = content.ok_or_else(|| SwapError::InTheWay { path: old.path.clone() })?;
        if path.exists() {
            return Err(SwapError::InTheWay { path: old.path.clone() });
        }
        files::write_atomic(&path, content)?;
        restored += 1;
    }
    if baseline.exists() {
        if !holds(root, &journal.baseline)? {
            return Err(SwapError::BaselineChanged { path: journal.baseline.path.clone() });
        }
        files::remove_file(&baseline)?;
        remove_empty_parents(root, &baseline)?;
    }
    // All old files are whole on disk: the archive holds nothing more than they do.
    files::remove_file_if_there(&archive_path)?;
    if let Some(folder) = archive_path.parent() {
        files::remove_empty_folder(folder)?;
    }
    Journal::close(root)?;
    Ok(restored)
}

fn open_archive(root: &Path, journal: &Journal) -> Result<Archive, SwapError> {
    let bytes = files::read(&journal.archive.path.under(root))?;
    let archive = Archive::read(&bytes[..], &Limits::default())?;
    if archive.sha256() != journal.archive.sha256 {
        return Err(SwapError::OtherArchive { path: journal.archive.path.clone() });
    }
    Ok(archive)
}

/// Whether the file is there with exactly this content.
fn holds(root: &Path, content: &Content) -> Result<bool, SwapError> {
    match files::read(&content.path.under(root)) {
        Ok(bytes) => Ok(Sha256::of(&bytes) == content.sha256),
        Err(error) if error.is_not_found() => Ok(false),
        Err(error) => Err(error.into()),
    }
}

/// Removes the folders of a removed file as far as they are empty (file templates can make one a year).
fn remove_empty_parents(root: &Path, file: &Path) -> Result<(), SwapError> {
    let mut folder = file.parent();
    while let Some(path) = folder {
        if path == root || std::fs::read_dir(path).is_ok_and(|mut entries| entries.next().is_some()) {
            break;
        }
        files::remove_empty_folder(path)?;
        folder = path.parent();
    }
    Ok(())
}

/// What an unfinished swap became.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Resumed {
    /// The squash is finished.
    Squashed,
    /// The way back is finished.
    Undone,
    /// The archive had not been written: the swap was taken back, for nothing had been changed.
    NotBegun,
}

/// Finishes an unfinished swap, whichever way it went.
pub fn resume(root: &Path) -> Result<Resumed, SwapError> {
    let journal = Journal::load(root)?.ok_or(SwapError::NothingToResume)?;
    let failed = |source| stopped(root, source);
    match journal.direction {
        Direction::Squash if !journal.archive.path.under(root).exists() => {
            backward(root, &journal).map_err(failed)?;
            Ok(Resumed::NotBegun)
        }
        Direction::Squash => {
            forward(root, &journal).map_err(failed)?;
            Ok(Resumed::Squashed)
        }
        Direction::Undo => {
            backward(root, &journal).map_err(failed)?;
            Ok(Resumed::Undone)
        }
    }
}

/// Reverts an unfinished swap: the number of files put back, or `None` if none is unfinished.
pub fn undo_unfinished(root: &Path) -> Result<Option<usize>, SwapError> {
    match Journal::load(root)? {
        None => Ok(None),
        Some(journal) => backward(root, &journal).map(Some).map_err(|e| stopped(root, e)),
    }
}

/// Reverts a finished squash. Checks everything before the first change.
pub fn undo(root: &Path, archive_file: &Path, archive: &Archive) -> Result<usize, SwapError> {
    let manifest = archive.manifest();
    let baseline =
        Content { path: manifest.baseline.file.clone(), sha256: manifest.baseline.sha256 };
    if !holds(root, &baseline)? {
        return Err(SwapError::BaselineChanged { path: baseline.path });
    }
    let removed: Vec<Content> = manifest
        .files
        .iter()
        .filter(|file| file.removed)
        .map(|file| Content { path: file.path.clone(), sha256: file.sha256 })
        .collect();
    for old in &removed {
        if old.path.under(root).exists() && !holds(root, old)? {
            return Err(SwapError::InTheWay { path: old.path.clone() });
        }
    }
    let path = ArchivePath::from_relative(archive_file)?;
    let content = Content { path, sha256: archive.sha256() };
    let journal = Journal::new(Direction::Undo, content, baseline, String::new(), removed);
    journal.save(root)?;
    backward(root, &journal).map_err(|source| stopped(root, source))
}
