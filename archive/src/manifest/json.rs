//! The manifest as text: it takes a [`Manifest`] and gives `manifest.json`, or the other way round.
//!
//! Reading is patient: fields that a later version adds are ignored. Only an archive that itself
//! says that this version would misread it is refused, and the error tells the version it needs.

use serde::Deserialize;
use serde_json::Value;

use super::{FORMAT_VERSION, Manifest};
use crate::{ArchiveError, Result};

/// What every version of the format has: enough to say that an archive is too new.
#[derive(Deserialize)]
struct Preamble {
    format_version: u32,
    readable_by: u32,
    #[serde(default)]
    tool: Value,
}

impl Manifest {
    /// The bytes of `manifest.json`: pretty, with a newline at the end.
    ///
    /// # Errors
    ///
    /// [`ArchiveError::Manifest`] if there is something that JSON cannot hold.
    pub fn to_json(&self) -> Result<Vec<u8>> {
        let mut json = serde_json::to_vec_pretty(self).map_err(ArchiveError::Manifest)?;
        json.push(b'\n');
        Ok(json)
    }

    /// Reads `manifest.json`. The version comes first: a later format may have changed everything
    /// else.
    ///
    /// # Errors
    ///
    /// [`ArchiveError::TooNew`], or [`ArchiveError::Manifest`] with the JSON error.
    pub fn from_json(json: &[u8]) -> Result<Self> {
        let preamble: Preamble = serde_json::from_slice(json).map_err(ArchiveError::Manifest)?;
        if preamble.readable_by > FORMAT_VERSION {
            let text = |key: &str| preamble.tool[key].as_str().unwrap_or("(unknown)").to_owned();
            return Err(ArchiveError::TooNew {
                format_version: preamble.format_version,
                readable_by: preamble.readable_by,
                ours: FORMAT_VERSION,
                written_by: format!("{} {}", text("name"), text("version")),
            });
        }
        serde_json::from_slice(json).map_err(ArchiveError::Manifest)
    }
}
