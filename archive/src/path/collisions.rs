//! Paths that some system cannot hold side by side.
//!
//! It takes all paths of one archive and gives the first pair that collides. Letters are compared
//! in lower case, as Unicode has it. Two spellings of one accented letter (composed or not) count
//! as different.

use std::collections::BTreeMap;

use super::ArchivePath;
use crate::{ArchiveError, Result};

/// Refuses paths that cannot be unpacked side by side everywhere: macOS and Windows hold `A.py` and
/// `a.py` for one file, and no system lets `a` be both a file and the folder of `a/b`.
pub(crate) fn refuse_collisions<'a>(
    paths: impl Iterator<Item = &'a ArchivePath> + Clone,
) -> Result<()> {
    let mut folded = BTreeMap::new();
    for path in paths.clone() {
        if let Some(first) = folded.insert(fold(path), path) {
            return Err(collision(first, path));
        }
    }
    for path in paths {
        let text = fold(path);
        for (end, _) in text.match_indices('/') {
            if let Some(file) = folded.get(&text[..end]) {
                return Err(collision(file, path));
            }
        }
    }
    Ok(())
}

fn fold(path: &ArchivePath) -> String {
    path.as_str().to_lowercase()
}

fn collision(first: &ArchivePath, second: &ArchivePath) -> ArchiveError {
    let (first, second) = (first.clone(), second.clone());
    if first == second {
        ArchiveError::DuplicatePath { path: first }
    } else {
        ArchiveError::PathCollision { first, second }
    }
}
