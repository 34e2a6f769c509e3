//! Constraints that one side has inside of its table and the other as an object of their own.
//!
//! Pure. `pg_dump` writes a check that is valid into `CREATE TABLE`, and one that is not behind it. Where
//! the two sides do not agree in that, the constraint is told once, by its properties.

use arcstr::Substr;
use std::collections::{BTreeMap, BTreeSet};

use pg_query::NodeEnum;
use pg_query::protobuf::{Constraint, Node};

use crate::schema::compare::change::What;
use crate::schema::compare::{Difference, facts, family, tree};

/// What is told of such constraints, by the number of the difference.
#[derive(Debug, Default)]
pub struct Inline {
    /// The constraint's own difference, by property.
    pub told: BTreeMap<usize, Vec<What>>,
    /// Parts of a table that are told there.
    pub elsewhere: BTreeMap<usize, BTreeSet<String>>,
}

/// Finds them.
pub fn constraints(differences: &[Difference]) -> Inline {
    let mut inline = Inline::default();
    for (number, difference) in differences.iter().enumerate() {
        let (alone, missing) = match (&difference.expected, &difference.actual) {
            (Some(alone), None) if difference.object.kind == "CHECK CONSTRAINT" => (alone, true),
            (None, Some(alone)) if difference.object.kind == "CHECK CONSTRAINT" => (alone, false),
            _ => continue,
        };
        let found = differences.iter().enumerate().find_map(|(at, table)| {
            let name = difference.object.name.strip_prefix(&format!("{} ", table.object.name))?;
            let same = table.context == difference.context
                && table.object.schema == difference.object.schema
                && ["TABLE", "FOREIGN TABLE", "DOMAIN"].contains(&table.object.kind.as_str());
            let other = if missing { &table.actual } else { &table.expected };
            let constraint = same.then(|| within(other.as_ref()?, name)).flatten()?;
            Some((at, name, constraint))
        });
        let Some((table, name, constraint)) = found else { continue };
        let alone: Vec<_> = alone
            .iter()
            .filter_map(|text| Some(family::parts(&difference.object, text, &tree::parse(text)?)))
            .flatten()
            .collect();
        let inside = [family::constraint(&constraint)];
        let told =
            if missing { facts::compare(&alone, &inside) } else { facts::compare(&inside, &alone) };
        if !told.is_empty() {
            inline.told.insert(number, told);
            inline.elsewhere.entry(table).or_default().insert(format!("constraint {name}"));
        }
    }
    inline
}

/// The constraint of this name inside of a `CREATE`.
fn within(statements: &[Substr], name: &str) -> Option<Constraint> {
    let of = |nodes: &[Node]| {
        nodes.iter().find_map(|node| match &node.node {
            Some(NodeEnum::Constraint(constraint)) if constraint.conname == name => {
                Some(constraint.as_ref().clone())
            }
            _ => None,
        })
    };
    statements.iter().find_map(|statement| match tree::parse(statement)? {
        NodeEnum::CreateStmt(create) => of(&create.table_elts),
        NodeEnum::CreateForeignTableStmt(create) => of(&create.base_stmt?.table_elts),
        NodeEnum::CreateDomainStmt(domain) => of(&domain.constraints),
        _ => None,
    })
}
