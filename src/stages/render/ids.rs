//! The baseline's revision id: kept, given or new. Pure.

use sha2::{Digest, Sha256};

use crate::history::{History, RevisionId};
use crate::schema;
use crate::stages::dump::SchemaDump;
use crate::stages::render::{IdChoice, Part, RenderError};

/// Names that Alembic's commands understand in the place of an id.
const RESERVED: [&str; 4] = ["head", "heads", "base", "current"];

/// The id that says of a database just what the baseline would. Where the part depends on a part of what another
/// baseline stands for, the head's does not: its database may lack the rest, and one that has the rest has rows for
/// both, of which the baselines know one.
fn own_id(part: &Part) -> Option<&RevisionId> {
    match part.heads.as_slice() {
        [head] if !part.depends_on_part => Some(head),
        _ => None,
    }
}

/// The baseline's id before anything is replayed: right where it is kept or given, else one of the same
/// form.
pub fn likely_id(part: &Part, choice: &IdChoice) -> RevisionId {
    let text = match (choice, own_id(part)) {
        (IdChoice::Keep, Some(head)) => return head.clone(),
        (IdChoice::Given(id), _) => id.clone(),
        _ => String::new(),
    };
    // Two of these texts are legal by themselves, and a given one has been checked.
    RevisionId::new(text).unwrap_or_else(|_| RevisionId::example())
}

/// Chooses the baseline's id.
pub fn choose_id(
    history: &History,
    part: &Part,
    dump: &SchemaDump,
    choice: &IdChoice,
) -> Result<RevisionId, RenderError> {
    let id = match (choice, own_id(part)) {
        (IdChoice::Given(id), _) => usable_id(history, part, id)?,
        (IdChoice::Keep, Some(head)) => usable_id(history, part, head.as_str())?,
        (IdChoice::Keep | IdChoice::New, _) => usable_id(history, part, &new_id(part, dump))?,
    };
    match dump.holding.longest_id() {
        Some(longest) if id.len() > longest => {
            Err(RenderError::LongId { length: id.len(), id: id.to_string(), longest })
        }
        _ => Ok(id),
    }
}

/// The id, if it can be one; whether the version table holds it is known after the replay.
pub(super) fn usable_id(
    history: &History,
    part: &Part,
    id: &str,
) -> Result<RevisionId, RenderError> {
    let id = id.to_owned();
    let revision = RevisionId::new(id.clone())
        .map_err(|source| RenderError::IllegalId { id: id.clone(), source })?;
    if RESERVED.contains(&revision.as_str()) {
        return Err(RenderError::ReservedId { id });
    }
    let is_head = part.heads == [revision.clone()];
    if !is_head && history.get(&revision).is_some() {
        return Err(RenderError::TakenId { id });
    }
    Ok(revision)
}

/// A new id in Alembic's form (12 hexadecimal digits), made from what the baseline stands for: the
/// same history gives the same id.
fn new_id(part: &Part, dump: &SchemaDump) -> String {
    let mut seed = Sha256::new();
    for id in &part.squashed {
        seed.update(id.as_str().as_bytes());
        seed.update(b"\n");
    }
    seed.update(dump.sha256.as_bytes());
    schema::hex(&seed.finalize())[..12].to_owned()
}
