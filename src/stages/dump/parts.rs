//! What each of several branches adds: the dump after it, without the dump before it. Pure.
//!
//! A branch may add to what others made: rows, privileges, a comment, a position of a sequence. What it
//! changes in another way (a column added to another branch's table) cannot be told apart from what was
//! there, so there is no baseline for it alone.

use arcstr::Substr;
use std::collections::BTreeMap;

use crate::schema::Statements;
use crate::stages::dump::{Block, SchemaDump};

/// What a branch changes of another branch's making.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChangesOthers {
    /// The objects.
    pub objects: Vec<String>,
}

/// Entries that may be made again over what is there: the later ones win, or add.
const CAN_BE_REPEATED: [&str; 4] = ["ACL", "DEFAULT ACL", "COMMENT", "SEQUENCE SET"];

/// The blocks and the drops that `after` has more than `before`.
///
/// # Errors
/// What the branch changes in a way that no statement of the dump makes by itself.
pub fn added(before: &SchemaDump, after: &SchemaDump) -> Result<SchemaDump, ChangesOthers> {
    let mut old = grouped(&before.blocks);
    let mut objects = Vec::new();
    let mut blocks = Vec::new();
    for block in &after.blocks {
        match old.remove(block.title.as_str()) {
            None => blocks.push(block.clone()),
            Some(statements) if statements == block.statements => {}
            Some(statements) => match more(block, &statements) {
                Some(block) => blocks.push(block),
                None => objects.push(block.title.clone()),
            },
        }
    }
    // What is left in `old` is gone, or it is another block with the same title.
    objects.extend(old.into_keys().map(str::to_owned));
    if !objects.is_empty() {
        return Err(ChangesOthers { objects });
    }
    let drops = after.drops.iter().filter(|drop| !before.drops.contains(drop)).cloned().collect();
    Ok(SchemaDump { blocks, drops, ..after.clone() })
}

fn grouped(blocks: &[Block]) -> BTreeMap<&str, Statements> {
    let mut groups: BTreeMap<&str, Statements> = BTreeMap::new();
    for block in blocks {
        groups.entry(block.title.as_str()).or_default().extend(&block.statements);
    }
    groups
}

/// What the block has more than these statements, if that is all the difference.
fn more(block: &Block, before: &[Substr]) -> Option<Block> {
    let kind = block.object.as_ref().map(|object| object.kind.as_str());
    if kind.is_some_and(|kind| CAN_BE_REPEATED.contains(&kind)) {
        return Some(block.clone());
    }
    if kind.is_some_and(|kind| kind != "TABLE DATA") {
        return None;
    }
    // Rows, and roles with settings: a list to which something was added.
    let mut left = before.to_vec();
    let mut statements = block.statements.clone();
    statements.to_mut().retain(|statement| match left.iter().position(|old| old == statement) {
        Some(at) => {
            left.swap_remove(at);
            false
        }
        None => true,
    });
    left.is_empty().then(|| Block { statements, ..block.clone() })
}
