//! Style `ops`: the statements of a dump as Alembic operations.
//!
//! Takes the blocks of a dump in `pg_dump`'s order; gives blocks of Python calls. A statement that is
//! understood becomes an operation; every other stays `execute("...")` at its place. What `pg_dump` takes
//! apart is put together again where the order allows: keys, comments and sequences go into their table,
//! indexes stand under it. The proof judges the result like any other.

mod constraint;
mod enumeration;
mod index;
mod layout;
mod plan;
mod property;
mod rows;
mod say;
mod scan;
mod sequence;
mod table;
mod types;
mod write;

use std::borrow::Cow;
use std::collections::BTreeSet;

use crate::stages::dump::Block;
use crate::stages::render::said::Calls;
use plan::Plan;

/// Schema and name of an object.
type Key<'a> = (Cow<'a, str>, Cow<'a, str>);

/// What the project's SQLAlchemy can, by its version.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Ability([u32; 3]);

impl Ability {
    /// `postgresql_not_valid`.
    const NOT_VALID: [u32; 3] = [1, 4, 32];
    /// Multiranges and `tsquery`.
    const NEW_TYPES: [u32; 3] = [2, 0, 0];
    /// `postgresql_nulls_not_distinct`.
    const NULLS_NOT_DISTINCT: [u32; 3] = [2, 0, 16];
    /// `postgresql_include` of constraints.
    const CONSTRAINT_INCLUDE: [u32; 3] = [2, 0, 41];
    /// Before, a small serial column was a SERIAL with asyncpg.
    const SMALL_SERIAL: [u32; 3] = [2, 0, 43];
    /// `postgresql_with` of tables.
    const TABLE_PARAMETERS: [u32; 3] = [2, 1, 0];

    /// That of a version, as SQLAlchemy tells it. Of an unknown one the least is expected.
    pub fn of(version: Option<&str>) -> Self {
        let mut parts = version.unwrap_or_default().split('.').map(|part| {
            let digits: String = part.chars().take_while(char::is_ascii_digit).collect();
            digits.parse().unwrap_or_default()
        });
        Self(std::array::from_fn(|_| parts.next().unwrap_or_default()))
    }

    fn has(self, since: [u32; 3]) -> bool {
        self.0 >= since
    }
}

/// What the calls need besides `op`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Need {
    /// `Decimal`.
    Decimal,
    /// `sa`.
    Sqlalchemy,
    /// `postgresql`.
    Postgresql,
    /// The class `PgType`.
    OwnTypes,
    /// The SQL file.
    File,
    /// A part of the SQL file at a time.
    SomeOfTheFile,
}

/// All of it.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Operations {
    /// The calls, in order.
    pub blocks: Vec<Calls>,
    /// What they need.
    pub needs: BTreeSet<Need>,
}

/// Says all blocks as operations. Rows may stand in the SQL file instead: `in_file` tells how many statements
/// each block of rows has there; none if there is no such file.
pub fn operations(blocks: &[Block], ability: Ability, in_file: &[usize]) -> Operations {
    let mut plan = Plan::new(blocks, ability);
    plan.fold_comments();
    plan.fold_identities();
    plan.keys_and_constraints();
    plan.fold_serials();
    plan.indexes();
    plan.defaults();
    write::operations(plan, in_file)
}

/// The import lines, as isort sorts them; also of a file that needs nothing.
pub fn imports(needs: &BTreeSet<Need>) -> String {
    let needs = |need| needs.contains(&need);
    let standard = [
        (needs(Need::File), "import hashlib"),
        (needs(Need::Decimal), "from decimal import Decimal"),
        (needs(Need::SomeOfTheFile), "from itertools import islice"),
        (needs(Need::File), "from pathlib import Path"),
    ];
    let others = [
        (needs(Need::Sqlalchemy), "import sqlalchemy as sa"),
        (true, "from alembic import context, op"),
        (needs(Need::Postgresql), "from sqlalchemy.dialects import postgresql"),
    ];
    let lines = |lines: &[(bool, &'static str)]| {
        let used = lines.iter().filter(|(used, _)| *used).map(|(_, line)| *line);
        used.collect::<Vec<_>>().join("\n")
    };
    let groups = [lines(&standard), lines(&others)];
    groups.into_iter().filter(|group| !group.is_empty()).collect::<Vec<_>>().join("\n\n")
}

fn kind(block: &Block) -> &str {
    block.object.as_ref().map_or("", |object| &object.kind)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_can_what_came_before_it() {
        assert!(Ability::of(Some("2.1.0b1")).has(Ability::TABLE_PARAMETERS));
        assert!(Ability::of(Some("2.0.43")).has(Ability::SMALL_SERIAL));
        assert!(!Ability::of(Some("2.0.9")).has(Ability::NULLS_NOT_DISTINCT));
        assert!(!Ability::of(None).has(Ability::NOT_VALID));
    }
}
