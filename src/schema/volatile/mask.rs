//! The values that change from run to run as tokens, so that two runs can be compared.
//!
//! A value becomes a token only if it is what is expected of it in its own run: a time in the window of
//! that run, a uuid that is the same wherever it must be the same and nowhere else. Any other value stays
//! as it is, and so differs.

use arcstr::Substr;
use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};
use std::hash::{DefaultHasher, Hash, Hasher};

use crate::schema::rows::{self, Insert};
use crate::schema::volatile::clock::{Clock, Precision, Window};
use crate::schema::volatile::token::{self, UuidForm};
use crate::schema::{Entry, Object};

/// What a value must be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Check {
    /// These pieces, one after the other.
    Pieces(Vec<Piece>),
    /// Something that is not null, and not what the replay made.
    Made {
        /// What the replay made.
        was: String,
    },
    /// Null or not, as the expression of the user says.
    Anything,
}

/// A piece of an expected value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Piece {
    /// This text.
    Text(String),
    /// A time of the run.
    Clock(Clock, Precision),
    /// The uuid of this number.
    Uuid(usize, UuidForm),
}

/// A value that is masked.
#[derive(Debug, Clone)]
pub struct Cell {
    /// The column's place.
    pub column: usize,
    /// Whether the column is a key: what it holds is what others refer to.
    pub key: bool,
    /// What is expected.
    pub check: Check,
    /// What stands for it.
    pub token: String,
    /// A value that is right whatever is expected.
    pub or_was: Option<String>,
}

/// A table with such values.
#[derive(Debug, Clone)]
pub struct Masks {
    columns: Vec<String>,
    /// The columns by which a row of another run is told.
    stable: Vec<usize>,
    /// The cells of each row, by what is in its stable columns.
    rows: HashMap<u64, Vec<Expected>>,
}

/// A row that is expected, and which one it was in the replay.
#[derive(Debug, Clone)]
struct Expected {
    row: usize,
    cells: Vec<Cell>,
}

impl Masks {
    /// For the rows in the order in which they are written.
    pub fn new<'a>(
        columns: Vec<String>,
        stable: Vec<usize>,
        written: impl IntoIterator<Item = (usize, &'a [&'a str], Vec<Cell>)>,
    ) -> Self {
        let mut rows: HashMap<u64, Vec<Expected>> = HashMap::new();
        for (row, values, cells) in written {
            rows.entry(hash(&stable, values)).or_default().push(Expected { row, cells });
        }
        Self { columns, stable, rows }
    }
}

fn hash(columns: &[usize], values: &[&str]) -> u64 {
    let mut hasher = DefaultHasher::new();
    for column in columns {
        values[*column].hash(&mut hasher);
    }
    hasher.finish()
}

/// The uuids of one run by their numbers.
#[derive(Debug, Default)]
pub struct Uuids {
    numbers: BTreeMap<usize, u128>,
    values: BTreeMap<u128, usize>,
}

impl Uuids {
    /// Whether this value may be the uuid of this number; the first one that comes is it.
    fn is(&mut self, number: usize, value: u128, strangers: &BTreeSet<u128>) -> bool {
        match (self.numbers.get(&number), self.values.get(&value)) {
            (Some(known), _) => *known == value,
            (None, Some(_)) => false,
            (None, None) if strangers.contains(&value) => false,
            (None, None) => {
                self.numbers.insert(number, value);
                self.values.insert(value, number);
                true
            }
        }
    }

    /// All of them.
    pub fn all(&self) -> BTreeSet<u128> {
        self.values.keys().copied().collect()
    }
}

/// A run whose rows are to be masked.
#[derive(Debug)]
pub struct Run<'a> {
    /// When it was.
    pub window: &'a Window,
    /// Uuids of other runs: no run may repeat them.
    pub strangers: &'a BTreeSet<u128>,
    /// Whether it is the replay, whose values are known.
    pub is_replay: bool,
}

/// Masks the rows of a dump; gives the uuids that it found.
pub fn mask(
    tables: &BTreeMap<Object, Masks>,
    entries: &mut [Entry],
    run: &Run<'_>,
) -> BTreeSet<u128> {
    let mut uuids = Uuids::default();
    let masked = |entry: &Entry| tables.get(&entry.object).filter(|_| entry.is_rows());
    // What others refer to comes first: then it is the reference that is wrong, not the key.
    for keys in [true, false] {
        for entry in entries.iter() {
            let Some(table) = masked(entry) else { continue };
            each(table, &entry.statements, run.is_replay, |_, values, cells| {
                for cell in cells.iter().filter(|cell| cell.key == keys) {
                    if let Check::Pieces(pieces) = &cell.check {
                        fits(pieces, values[cell.column], run, &mut uuids);
                    }
                }
            });
        }
    }
    for entry in entries.iter_mut() {
        let Some(table) = masked(entry) else { continue };
        let mut changed = Vec::new();
        each(table, &entry.statements, run.is_replay, |head, values, cells| {
            let mut texts: Vec<&str> = values.to_vec();
            for cell in cells {
                if expected(cell, values[cell.column], run, &mut uuids) {
                    texts[cell.column] = &cell.token;
                }
            }
            changed.push(rows::statement(head, &texts).into());
        });
        if changed.len() == entry.statements.len() {
            entry.statements = changed.into();
        }
    }
    uuids.all()
}

/// Each row with the cells that are expected in it: rows that agree in the stable columns come in the
/// order in which they were inserted. A row that nobody expects has none.
fn each(
    table: &Masks,
    statements: &[Substr],
    is_replay: bool,
    mut tell: impl FnMut(&str, &[&str], &[Cell]),
) {
    let in_order = |rows: &'_ Vec<Expected>| -> Vec<usize> {
        let mut order: Vec<usize> = (0..rows.len()).collect();
        if is_replay {
            order.sort_by_key(|number| rows[*number].row);
        }
        order
    };
    let mut expected: HashMap<u64, VecDeque<&[Cell]>> = HashMap::new();
    for (key, rows) in &table.rows {
        let cells = in_order(rows).into_iter().map(|number| rows[number].cells.as_slice());
        expected.insert(*key, cells.collect());
    }
    for statement in statements {
        let Some(row) = Insert::cut(statement).filter(|row| row.columns == table.columns) else {
            return;
        };
        let key = hash(&table.stable, &row.values);
        let cells = expected.get_mut(&key).and_then(VecDeque::pop_front);
        tell(row.head, &row.values, cells.unwrap_or_default());
    }
}

fn expected(cell: &Cell, value: &str, run: &Run<'_>, uuids: &mut Uuids) -> bool {
    if cell.or_was.as_deref() == Some(value) {
        return true;
    }
    match &cell.check {
        Check::Pieces(pieces) => fits(pieces, value, run, uuids),
        // A short value may well come again.
        Check::Made { was } => value != "NULL" && (run.is_replay || was.len() < 10 || value != was),
        Check::Anything => true,
    }
}

fn fits(pieces: &[Piece], value: &str, run: &Run<'_>, uuids: &mut Uuids) -> bool {
    let Some(text) = rows::content(value) else { return false };
    let mut rest = text.as_ref();
    for (number, piece) in pieces.iter().enumerate() {
        let after = match piece {
            Piece::Text(text) => rest.strip_prefix(text.as_str()),
            Piece::Uuid(number, form) => {
                let length = if form.dashes { 36 } else { 32 };
                let found = rest.get(..length).and_then(token::uuid);
                let found = found.filter(|(value, as_written)| {
                    (as_written == form || digits_only(rest, length))
                        && uuids.is(*number, *value, run.strangers)
                });
                found.map(|_| &rest[length..])
            }
            Piece::Clock(clock, precision) => {
                // A time ends where its text does, or where the next piece begins.
                let end = match pieces.get(number + 1) {
                    Some(Piece::Text(next)) => rest.find(next.as_str()),
                    _ => Some(rest.len()),
                };
                let end = end.filter(|end| clock.fits(&rest[..*end], run.window, *precision));
                end.map(|end| &rest[end..])
            }
        };
        let Some(after) = after else { return false };
        rest = after;
    }
    rest.is_empty()
}

/// A uuid without letters has no case.
fn digits_only(text: &str, length: usize) -> bool {
    text[..length].bytes().all(|byte| !byte.is_ascii_alphabetic())
}
