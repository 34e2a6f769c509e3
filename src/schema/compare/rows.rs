//! Rows that differ: paired by the table's key and told by column, or told as missing and too much.
//!
//! Pure. Rows are the INSERTs of `pg_dump`, one each.

use arcstr::Substr;
use std::collections::BTreeMap;

use pg_query::NodeEnum;
use pg_query::protobuf::{ConstrType, Node};

use crate::schema::compare::change::{Told, What};
use crate::schema::compare::{row_changes, tree};
use crate::schema::{Entry, Object};

/// How many rows of a table are told.
const SHOWN: usize = 20;

/// How many rows of each side are looked at.
const READ: usize = 20_000;

/// A row by column, in the order of the table.
type Row = Vec<(String, String)>;

/// The columns of a table's primary key, from the entry of the constraint.
pub fn key(entries: &[Entry], table: &Object) -> Vec<String> {
    let prefix = format!("{} ", table.name);
    let candidates = entries.iter().filter(|entry| {
        entry.object.kind == "CONSTRAINT"
            && entry.object.schema == table.schema
            && entry.object.name.starts_with(&prefix)
    });
    candidates
        .flat_map(|entry| &entry.statements)
        .find_map(|s| primary_key(s, table))
        .unwrap_or_default()
}

fn primary_key(statement: &str, table: &Object) -> Option<Vec<String>> {
    if !statement.contains("PRIMARY KEY") {
        return None;
    }
    let NodeEnum::AlterTableStmt(alter) = tree::parse(statement)? else { return None };
    // Names may hold spaces: the statement knows whose constraint it is.
    if alter.relation.as_ref()?.relname != table.name {
        return None;
    }
    alter.cmds.iter().find_map(|node| {
        let NodeEnum::AlterTableCmd(command) = node.node.as_ref()? else { return None };
        let NodeEnum::Constraint(constraint) = command.def.as_ref()?.node.as_ref()? else {
            return None;
        };
        let primary = constraint.contype() == ConstrType::ConstrPrimary;
        primary.then(|| tree::strings(&constraint.keys))
    })
}

/// How the rows of a table differ.
pub fn changes(expected: &[Substr], actual: &[Substr], key: &[String]) -> Vec<What> {
    let (missing, extra) = row_changes(expected, actual);
    let mut others: BTreeMap<Vec<String>, (Row, &str)> = BTreeMap::new();
    let mut unpaired: Vec<(Option<Row>, &str)> = Vec::new();
    for text in extra.iter().copied().take(READ) {
        let row = columns(text);
        match row.as_ref().and_then(|row| values(row, key)) {
            Some(values) if !others.contains_key(&values) => {
                others.insert(values, (row.unwrap_or_default(), text));
            }
            _ => unpaired.push((row, text)),
        }
    }
    let (mut told, mut rows) = (Vec::new(), 0);
    let (mut reordered, mut printed) = (0, 0);
    for text in missing.iter().copied().take(READ) {
        let row = columns(text);
        let other = row.as_ref().and_then(|row| others.remove(&values(row, key)?));
        if let (Some(row), Some((other, _))) = (&row, &other)
            && same(row, other)
        {
            *(if row == other { &mut printed } else { &mut reordered }) += 1;
            continue;
        }
        rows += 1;
        if rows > SHOWN {
            continue;
        }
        match (row, other) {
            (Some(row), Some((other, _))) => by_column(&row, &other, key, &mut told),
            (row, _) => {
                let name = name(row.as_ref(), text, key);
                told.push(What::absent(&name, Some(shown(row.as_ref(), text)), None));
            }
        }
    }
    let left = others.into_values().map(|(row, text)| (Some(row), text)).chain(unpaired);
    for (row, text) in left {
        rows += 1;
        if rows <= SHOWN {
            let name = name(row.as_ref(), text, key);
            told.push(What::absent(&name, None, Some(shown(row.as_ref(), text))));
        }
    }
    rows += missing.len().saturating_sub(READ) + extra.len().saturating_sub(READ);
    if rows > SHOWN {
        told.push(What::note("", count(rows - SHOWN, "more row differs", "more rows differ")));
    }
    if reordered > 0 {
        let (one, several) = ("row has its columns", "rows have their columns");
        told.push(What::note("", count(reordered, one, several) + " in another order"));
    }
    if printed > 0 {
        let (one, several) = ("row is printed differently", "rows are printed differently");
        told.push(What::note("", count(printed, one, several)));
    }
    told
}

fn count(number: usize, one: &str, several: &str) -> String {
    format!("{number} {}", if number == 1 { one } else { several })
}

/// Two rows with one key.
fn by_column(row: &Row, other: &Row, key: &[String], told: &mut Vec<What>) {
    let part = name(Some(row), "", key);
    let of = |row: &Row, column: &str| {
        row.iter().find(|(name, _)| name == column).map(|(_, value)| value.clone())
    };
    let mut names: Vec<&String> = row.iter().chain(other).map(|(name, _)| name).collect();
    let mut seen = std::collections::BTreeSet::new();
    names.retain(|name| seen.insert(*name));
    for name in names {
        let (expected, actual) = (of(row, name), of(other, name));
        if expected != actual {
            let (part, name) = (part.clone(), name.clone());
            told.push(if is_secret(&name) {
                let note = Told::Note("differs; it is not shown".to_owned());
                What { part, name, expected: None, actual: None, told: note }
            } else {
                What { part, name, expected, actual, told: Told::Value }
            });
        }
    }
}

/// Whether two rows hold the same, whatever the order of the columns.
fn same(row: &Row, other: &Row) -> bool {
    let sorted = |row: &Row| {
        let mut row = row.clone();
        row.sort_unstable();
        row
    };
    sorted(row) == sorted(other)
}

/// What a row is called: by its key, or by its values.
fn name(row: Option<&Row>, text: &str, key: &[String]) -> String {
    let Some(row) = row else { return format!("row {}", cut(text)) };
    let masked = |name: &str, value: String| if is_secret(name) { MASK.to_owned() } else { value };
    if let Some(values) = values(row, key) {
        let pairs = key.iter().zip(values);
        let pairs = pairs.map(|(name, value)| format!("{name}={}", cut(&masked(name, value))));
        return format!("row {}", pairs.collect::<Vec<_>>().join(", "));
    }
    let values = row.iter().map(|(name, value)| masked(name, value.clone()));
    format!("row ({})", cut(&values.collect::<Vec<_>>().join(", ")))
}

/// A whole row, for those who read it as data.
fn shown(row: Option<&Row>, text: &str) -> String {
    let Some(row) = row else { return text.to_owned() };
    let pairs = row
        .iter()
        .map(|(name, value)| format!("{name}={}", if is_secret(name) { MASK } else { value }));
    pairs.collect::<Vec<_>>().join(", ")
}

/// Stands for a value that must not get into a terminal's or a server's log.
const MASK: &str = "***";

/// Words in names of columns that hold secrets.
const SECRETS: [&str; 8] =
    ["secret", "token", "salt", "password", "passwd", "private", "api_key", "access_key"];

fn is_secret(column: &str) -> bool {
    let column = column.to_lowercase();
    SECRETS.iter().any(|word| column.contains(word))
}

/// A value in a name, on one line.
fn cut(text: &str) -> String {
    const ROOM: usize = 60;
    let shown: String = text.chars().take(ROOM).map(|c| if c == '\n' { ' ' } else { c }).collect();
    if text.chars().count() > ROOM { format!("{shown}...") } else { shown }
}

/// The values of the key; `None` without a key.
fn values(row: &Row, key: &[String]) -> Option<Vec<String>> {
    if key.is_empty() {
        return None;
    }
    let value = |column: &String| row.iter().find(|(name, _)| name == column);
    key.iter().map(|column| value(column).map(|(_, value)| value.clone())).collect()
}

/// The columns and values of an INSERT of one row.
fn columns(text: &str) -> Option<Row> {
    let NodeEnum::InsertStmt(insert) = tree::parse(text)? else { return None };
    let names = insert.cols.iter().map(|node| match &node.node {
        Some(NodeEnum::ResTarget(target)) => Some(target.name.clone()),
        _ => None,
    });
    let names: Vec<String> = names.collect::<Option<_>>()?;
    let NodeEnum::SelectStmt(select) = insert.select_stmt?.node? else { return None };
    let [row] = &select.values_lists[..] else { return None };
    let Some(NodeEnum::List(row)) = &row.node else { return None };
    let values = values_of(text, &row.items);
    (names.len() == values.len()).then(|| names.into_iter().zip(values).collect())
}

/// The values as they stand in the statement: a tree does not know `-0` from `0`.
fn values_of(text: &str, items: &[Node]) -> Vec<String> {
    let begin = |node: &Node| match &node.node {
        Some(NodeEnum::AConst(constant)) => usize::try_from(constant.location).ok(),
        Some(NodeEnum::SetToDefault(default)) => usize::try_from(default.location).ok(),
        _ => None,
    };
    let end = text.trim_end().strip_suffix(')').map(str::len);
    let each = items.iter().enumerate().map(|(number, node)| {
        let next = match items.get(number + 1) {
            Some(next) => begin(next),
            None => end,
        };
        let stands = text.get(begin(node)?..next?)?.trim_end().trim_end_matches(',').trim_end();
        (!stands.is_empty()).then(|| stands.to_owned())
    });
    each.zip(items).map(|(stands, node)| stands.unwrap_or_else(|| value(node))).collect()
}

/// A value that does not tell where it stands.
fn value(node: &Node) -> String {
    match &node.node {
        Some(NodeEnum::SetToDefault(_)) => "DEFAULT".to_owned(),
        _ => tree::expression(node),
    }
}
