//! Why there is no proof, and what to do.

use crate::error::{Explain, Kind};
use crate::files::PathError;
use crate::postgres::holding::HoldingError;
use crate::postgres::programs::ProgramError;
use crate::postgres::scratch::ScratchError;
use crate::process::ProcessError;
use crate::run::RunError;
use crate::schema::compare::{Change, Context};
use crate::schema::toc::TocError;
use crate::stages::prove::verdict::Differing;

/// Why there is no proof.
#[derive(Debug, thiserror::Error)]
pub enum ProveError {
    /// The baseline makes another database.
    #[error("baseline does not reproduce the history")]
    Differs(#[source] Differing),
    /// The baseline cannot be run.
    #[error("the baseline cannot be run")]
    Run(#[source] RunError),
    /// The baseline has run, and a kept revision fails on it.
    #[error("a kept revision cannot be run on the baseline")]
    Kept(#[source] RunError),
    /// The baseline and the kept revisions run in two upgrades, and not in one.
    #[error("the baseline and the kept revisions cannot be run in one upgrade")]
    InOneGo(#[source] RunError),
    /// A second `upgrade heads` was not a no-op.
    #[error("a second upgrade applied {} again", revisions.join(", "))]
    NotIdempotent {
        /// What it applied.
        revisions: Vec<String>,
    },
    /// The version table does not stand where the history's does.
    #[error(
        "after the upgrade the version table stands at {}, not at {}",
        found.join(", "),
        expected.join(", ")
    )]
    Version {
        /// The rows that are expected.
        expected: Vec<String>,
        /// The rows.
        found: Vec<String>,
    },
    /// The control could not be restored.
    #[error("psql cannot restore the text of pg_dump")]
    Control(#[source] ProcessError),
    /// A database could not be dumped.
    #[error("cannot dump a scratch database")]
    Program(#[from] ProgramError),
    /// A dump could not be read.
    #[error("cannot read a dump")]
    Toc(#[from] TocError),
    /// What a database holds cannot be read.
    #[error("cannot read a scratch database")]
    Holding(#[from] HoldingError),
    /// A scratch database.
    #[error("cannot prove the baseline")]
    Scratch(#[from] ScratchError),
    /// A file of the run folder.
    #[error("cannot stage the baseline")]
    File(#[from] PathError),
    /// The catalog cannot be read.
    #[error("cannot read a scratch database")]
    Catalog(#[from] sqlx::Error),
}

/// The words of the shim where somebody imports or reads a squashed file.
const GONE: &str = "the file of a squashed revision, which will not be there any more";

fn needs_squashed(error: &RunError) -> bool {
    let causes = std::iter::successors(Some(error as &dyn std::error::Error), |e| e.source());
    causes.map(ToString::to_string).any(|words| words.contains(GONE))
}

/// What to do about a session that is carried over the cut.
const SESSION: &str = "in one upgrade a kept revision sees what the squashed ones left in their session (search_path, a role, a \
     setting, a temporary table, a COMMIT by hand): let it set what it needs by itself, or choose another cut: --upto REV";

/// What to do about rows that kept revisions make from others.
const ORDER: &str = "rows that a kept revision makes from others may depend on how these lie in their table: a SELECT without ORDER BY \
     gives them in another order on the baseline; let it sort, or choose another cut: --upto REV";

/// What to do about a kept revision that needs what a squashed file left behind.
const PROCESS: &str = "with the squashed files it ran: what one of them left in the process (an import, a patch) or in the database \
     by other means is missing now; let the kept revision import or make what it needs by itself, or choose another cut: --upto REV";

impl Explain for ProveError {
    fn kind(&self) -> Kind {
        match self {
            Self::Differs(_)
            | Self::Run(RunError::Revision { .. } | RunError::Stalled { .. })
            | Self::Kept(RunError::Revision { .. } | RunError::Stalled { .. })
            | Self::InOneGo(RunError::Revision { .. } | RunError::Stalled { .. })
            | Self::NotIdempotent { .. }
            | Self::Version { .. } => Kind::ProofFailed,
            Self::Run(error) | Self::Kept(error) if needs_squashed(error) => Kind::ProofFailed,
            _ => Kind::Tool,
        }
    }

    fn hints(&self) -> Vec<String> {
        match self {
            Self::Differs(differing) => {
                let file = differing.file.iter().map(|file| format!("see {}", file.display()));
                let session = differing.differences.iter().any(|d| d.context.is_one_go());
                let rows = differing.differences.iter().any(|difference| {
                    difference.context == Context::Heads && difference.object.kind == "TABLE DATA"
                });
                let session = session.then(|| SESSION.to_owned());
                file.chain(rows.then(|| ORDER.to_owned())).chain(session).collect()
            }
            Self::Run(error) | Self::Kept(error) if needs_squashed(error) => {
                let way = "a kept revision, or env.py, needs a file that the squash takes away: copy what it needs into it, or \
                           into a module that is no revision, or choose a cut before that file: --upto REV";
                [error.hints(), vec![way.to_owned()]].concat()
            }
            Self::Run(error) => error.hints(),
            Self::Kept(error) => [error.hints(), vec![PROCESS.to_owned()]].concat(),
            Self::InOneGo(_) => vec![SESSION.to_owned()],
            Self::Control(_) => vec![
                "what no dump holds and the restore needs (a library, a setting) is declared in rebaseline.toml   \
                 [scratch] settings = [\"shared_preload_libraries=NAME\"]"
                    .to_owned(),
            ],
            Self::Scratch(error) => error.hints(),
            _ => Vec::new(),
        }
    }

    fn differences(&self) -> &[Change] {
        match self {
            Self::Differs(differing) => &differing.differences,
            _ => &[],
        }
    }

    fn state(&self) -> String {
        "nothing was changed: no file of the project was touched".to_owned()
    }
}
