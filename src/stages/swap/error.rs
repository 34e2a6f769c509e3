//! Why a swap or its way back did not happen, and what to do about it.

use std::path::PathBuf;

use rebaseline_archive::{ArchiveError, ArchivePath};

use crate::error::{Explain, Kind};
use crate::files::PathError;
use crate::journal::JournalError;

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
    /// A file that the squash wrote was edited afterwards.
    #[error("`{path}` was changed after the squash")]
    BaselineChanged {
        /// The file.
        path: ArchivePath,
    },
    /// A file that a repair wrote was edited afterwards.
    #[error("`{path}` was changed after the repair")]
    MendChanged {
        /// The file.
        path: ArchivePath,
    },
    /// A file is not what the repair was planned from.
    #[error("`{path}` was changed since the repair was planned")]
    ChangedSince {
        /// The file.
        path: ArchivePath,
    },
    /// A file stands where an old revision belongs.
    #[error("`{path}` is there with other content than the archive's")]
    InTheWay {
        /// The file.
        path: ArchivePath,
    },
    /// Revisions build on the id of a baseline, or of a revision that was mended, which goes away.
    #[error("revisions build on `{baseline}`, which goes away: {}", revisions.join(", "))]
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
            Self::ChangedSince { .. } => vec!["look at the new plan: rebaseline repair".to_owned()],
            Self::BaselineChanged { .. } | Self::MendChanged { .. } => vec![
                "put the file back as it was (git checkout), or take the old revisions out of \
                 the archive: rebaseline archive restore --into DIR"
                    .to_owned(),
            ],
            Self::InTheWay { path } => vec![format!("move `{path}` away and run undo again")],
            Self::BuiltUpon { .. } => vec![
                "remove these revisions, or point their down_revision at a revision that stays or comes \
                 back, then run undo again"
                    .to_owned(),
            ],
            Self::File(_) => vec![
                "make room or give the folder write permission, or pass --archive-dir DIR"
                    .to_owned(),
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
