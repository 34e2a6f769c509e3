//! Writes rows with expressions in place of values that change, and says what is expected of them.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::schema::rows;
use crate::schema::volatile::choice::shown;
use crate::schema::volatile::find::{Found, Table};
use crate::schema::volatile::mask::{Cell, Check, Masks, Piece};
use crate::schema::volatile::settle::{Fate, Settle};
use crate::schema::volatile::shape::{Part, Shape};
use crate::schema::volatile::token::UuidForm;
use crate::schema::volatile::{Class, SALT, Told, Volatile};

/// Writes the rows of the tables, one after the other.
pub(super) struct Writer<'a> {
    settle: &'a Settle<'a>,
    frozen: BTreeSet<u128>,
    /// The uuids by the order of their appearance: two squashes give the same numbers.
    numbers: BTreeMap<u128, usize>,
}

/// Fates by table, row and column.
pub(super) type Fates = BTreeMap<(usize, usize, usize), Fate>;

impl<'a> Writer<'a> {
    /// Some uuids stay as they are.
    pub fn new(settle: &'a Settle<'a>, frozen: BTreeSet<u128>) -> Self {
        Self { settle, frozen, numbers: BTreeMap::new() }
    }

    /// Whether any uuid has a number.
    pub fn is_salted(&self) -> bool {
        !self.numbers.is_empty()
    }

    /// Numbers the uuids in the order of their appearance, and gives the order of the rows. Tables whose
    /// rows are told apart by nothing but such uuids come last, and follow the numbers.
    pub fn number(&mut self, found: &Found<'_>, fates: &Fates) -> Vec<Vec<usize>> {
        let mut orders: Vec<Vec<usize>> = found.tables.iter().map(|t| t.order.clone()).collect();
        let ties: Vec<bool> = found.tables.iter().map(Table::has_ties).collect();
        for last in [false, true] {
            for (number, table) in found.tables.iter().enumerate() {
                if ties[number] != last {
                    continue;
                }
                let uuids = |row: usize| -> Vec<u128> {
                    let cells = table.cells.range((row, 0)..(row + 1, 0));
                    let written = cells.filter(|((row, column), _)| {
                        matches!(fates[&(number, *row, *column)], Fate::Expression | Fate::Compared)
                    });
                    written.flat_map(|(_, shape)| shape.uuids()).collect()
                };
                if last && table.shuffled {
                    let stable = table.stable_columns();
                    let known = |value: &u128| self.numbers.get(value).copied();
                    orders[number].sort_by_cached_key(|row| {
                        let numbers: Vec<Option<usize>> = uuids(*row).iter().map(known).collect();
                        (table.values(*row, &stable), numbers)
                    });
                }
                for value in orders[number].iter().flat_map(|row| uuids(*row)) {
                    if !self.frozen.contains(&value) {
                        let next = self.numbers.len() + 1;
                        self.numbers.entry(value).or_insert(next);
                    }
                }
            }
        }
        orders
    }

    /// Writes the rows of a table, and says what becomes of its columns.
    pub fn table<'f>(
        &self,
        volatile: &mut Volatile,
        table: &Table<'_>,
        order: &[usize],
        fate: impl Fn(usize, usize) -> &'f Fate,
    ) {
        let keys = self.settle.facts.key_columns(&table.name);
        let mut statements = Vec::new();
        let mut masked = Vec::new();
        let mut told: BTreeMap<(usize, Class), BTreeSet<String>> = BTreeMap::new();
        for row in order {
            let mut values: Vec<String> =
                table.rows[*row].iter().map(|v| (*v).to_owned()).collect();
            let mut cells = Vec::new();
            for ((_, column), shape) in table.cells.range((*row, 0)..(*row + 1, 0)) {
                let was = table.rows[*row][*column];
                let (written, check, class) =
                    self.cell(table, *column, was, shape, fate(*row, *column));
                let name = table.columns[*column].as_str();
                let clock = matches!(class, Class::Now | Class::Default | Class::Seed);
                if let Some(written) = written {
                    let shown = if clock { written.clone() } else { String::new() };
                    told.entry((*column, class)).or_default().insert(shown);
                    values[*column] = written;
                } else if class != Class::Beforehand {
                    told.entry((*column, class)).or_default();
                }
                if let Some(check) = check {
                    let key = keys.contains(name) && self.is_own_key(table, name);
                    let token = format!("<{}>", check.token(&values[*column]));
                    let or_was = self.settle.lenient.then(|| was.to_owned());
                    cells.push(Cell { column: *column, key, check, token, or_was });
                }
            }
            let inserted = rows::statement(table.head, &table.rows[*row]);
            let written = rows::statement(table.head, &values);
            statements.push((inserted.into(), written.into()));
            masked.push((*row, table.rows[*row].as_slice(), cells));
        }
        let masks = Masks::new(table.columns.clone(), table.stable_columns(), masked);
        Arc::make_mut(&mut volatile.masks).insert(table.object.clone(), masks);
        Arc::make_mut(&mut volatile.rendered).insert(table.object.clone(), statements);
        volatile.told.extend(told.into_iter().map(|((column, class), expressions)| {
            let mut some: Vec<String> = expressions.into_iter().filter(|e| !e.is_empty()).collect();
            if some.len() > 4 {
                some.truncate(4);
                some.push("...".to_owned());
            }
            Told {
                table: shown(&table.name),
                column: Some(table.columns[column].clone()),
                class,
                rendered: (!some.is_empty()).then(|| some.join(", ")),
            }
        }));
    }

    fn is_own_key(&self, table: &Table<'_>, column: &str) -> bool {
        let facts = self.settle.facts.tables.get(&table.name);
        facts.and_then(|facts| facts.keys.first()).is_some_and(|key| key == &[column])
    }

    /// How a value is written (none: as it is), what is expected of it, and its class.
    fn cell(
        &self,
        table: &Table<'_>,
        column: usize,
        was: &str,
        shape: &Shape,
        fate: &Fate,
    ) -> (Option<String>, Option<Check>, Class) {
        match (fate, shape) {
            (Fate::Seed(expression), _) => {
                (Some(expression.clone()), Some(Check::of_seed(expression, was)), Class::Seed)
            }
            (Fate::Default, Shape::Parts(parts)) if matches!(parts[..], [Part::Clock(..)]) => {
                let pieces = self.pieces(parts);
                (Some("DEFAULT".to_owned()), Some(Check::Pieces(pieces)), Class::Default)
            }
            (Fate::Default, _) => {
                let check = Check::Made { was: was.to_owned() };
                (Some("DEFAULT".to_owned()), Some(check), Class::Default)
            }
            (Fate::Beforehand, _) | (Fate::Compared, Shape::Random) => {
                (None, Some(Check::Anything), Class::Beforehand)
            }
            (Fate::Compared, Shape::Parts(parts)) => {
                (None, Some(Check::Pieces(self.pieces(parts))), Class::Beforehand)
            }
            (Fate::Frozen, _) | (Fate::Expression, Shape::Random) => (None, None, Class::Frozen),
            (Fate::Expression, Shape::Parts(parts)) => {
                let pieces = self.pieces(parts);
                let changes = |piece: &Piece| !matches!(piece, Piece::Text(_));
                if !pieces.iter().any(changes) {
                    return (None, None, Class::Frozen);
                }
                let uuid = pieces.iter().any(|piece| matches!(piece, Piece::Uuid(..)));
                let class = if uuid { Class::Uuid } else { Class::Now };
                let written = self.expression(table, column, &pieces);
                (Some(written), Some(Check::Pieces(pieces)), class)
            }
        }
    }

    fn pieces(&self, parts: &[Part]) -> Vec<Piece> {
        parts
            .iter()
            .map(|part| match part {
                Part::Text(text) => Piece::Text(text.clone()),
                Part::Clock(clock, precision) => Piece::Clock(clock.clone(), *precision),
                Part::Uuid { value, form, .. } if self.frozen.contains(value) => {
                    Piece::Text(form.write(*value))
                }
                Part::Uuid { value, form, .. } => {
                    let next = self.numbers.len() + 1;
                    Piece::Uuid(self.numbers.get(value).copied().unwrap_or(next), *form)
                }
            })
            .collect()
    }

    fn expression(&self, table: &Table<'_>, column: usize, pieces: &[Piece]) -> String {
        let name = &table.columns[column];
        let facts = self.settle.facts.column(&table.name, name);
        let declared = facts.map_or("text", |column| column.declared.as_str());
        let base = facts.map_or("text", |column| column.base.as_str());
        // The second one ends the search: this is asked for every cell.
        let several = table.cells.keys().filter(|(_, c)| *c == column).nth(1).is_some();
        let each = several && self.settle.facts.is_unique(&table.name, name);
        let text = |piece: &Piece| match piece {
            Piece::Text(text) => format!("'{}'", text.replace('\'', "''")),
            Piece::Clock(clock, precision) => {
                clock.expression(*precision, self.settle.sources, each)
            }
            Piece::Uuid(number, form) => salted(*number, *form),
        };
        match pieces {
            [Piece::Uuid(number, form)] if base == "uuid" => {
                format!("{}::uuid", salted(*number, UuidForm { dashes: false, ..*form }))
            }
            [piece @ Piece::Clock(clock, _)] if !clock.is_text() => text(piece),
            pieces => {
                let joined = pieces.iter().map(text).collect::<Vec<_>>().join(" || ");
                let is_text = matches!(base, "text" | "character varying" | "character");
                if is_text { joined } else { format!("({joined})::{declared}") }
            }
        }
    }
}

/// A uuid that is new in each install and the same wherever its number stands. Applications look at the
/// version (4) and the variant (8).
fn salted(number: usize, form: UuidForm) -> String {
    let digits = format!(
        "overlay(overlay({SALT} || '{number}') \
         PLACING '4' FROM 13) PLACING '8' FROM 17)"
    );
    let text = if form.dashes { format!("{digits}::uuid::text") } else { digits };
    if form.upper { format!("upper({text})") } else { text }
}

impl Check {
    /// A user's expression may be `NULL`; else it must give something.
    pub(super) fn of_seed(expression: &str, was: &str) -> Self {
        if expression.trim().eq_ignore_ascii_case("null") || was == "NULL" {
            Self::Anything
        } else {
            Self::Made { was: String::new() }
        }
    }

    fn token(&self, written: &str) -> String {
        match self {
            Self::Pieces(pieces) => pieces.iter().fold(String::new(), |all, piece| match piece {
                Piece::Text(text) => all + text,
                Piece::Uuid(number, _) => all + &format!("uuid {number}"),
                Piece::Clock(..) => all + written,
            }),
            Self::Made { .. } => format!("made by {written}"),
            Self::Anything => "anything".to_owned(),
        }
    }
}
