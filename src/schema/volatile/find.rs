//! Finds the values that differ between two replays, and what kind each is.

use arcstr::Substr;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use chrono::NaiveDate;

use crate::schema::rows::{self, Insert};
use crate::schema::volatile::clock::Window;
use crate::schema::volatile::facts::{Facts, Name};
use crate::schema::volatile::pair::{self, Both, Row};
use crate::schema::volatile::shape::{Coarse, Part, Shape, Shapes};
use crate::schema::volatile::sources::Sources;
use crate::schema::{Entry, Object};

/// One replay.
#[derive(Debug, Clone, Copy)]
pub struct Side<'a> {
    /// What it made.
    pub entries: &'a [Entry],
    /// When.
    pub window: &'a Window,
}

/// A table with values that change from run to run.
#[derive(Debug)]
pub struct Table<'a> {
    /// Its rows' identity in the dump.
    pub object: &'a Object,
    /// Its name.
    pub name: Name,
    /// The text of an INSERT up to its values.
    pub head: &'a str,
    /// Its columns.
    pub columns: Vec<String>,
    /// Its rows, as the first replay made them.
    pub rows: Vec<Row<'a>>,
    /// The order in which they are written: that of insertion, if it is the same in both replays.
    pub order: Vec<usize>,
    /// Whether it is another one in each replay.
    pub shuffled: bool,
    /// The values that change, by row and column.
    pub cells: BTreeMap<(usize, usize), Shape>,
}

/// A table of which the replays made another number of rows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Uneven {
    /// The table.
    pub table: Name,
    /// The rows of both replays.
    pub rows: [usize; 2],
}

impl Uneven {
    /// The identity of its rows in a dump.
    pub fn object(&self) -> Object {
        let (schema, name) = self.table.clone();
        Object { kind: "TABLE DATA".to_owned(), schema: Some(schema), name }
    }
}

/// What was found.
#[derive(Debug, Default)]
pub struct Found<'a> {
    /// The tables with such values.
    pub tables: Vec<Table<'a>>,
    /// Tables that cannot be paired.
    pub uneven: Vec<Uneven>,
    /// Columns that hold today's date in a way that may be chance: table, column, value.
    pub dated: BTreeMap<(Name, String), String>,
}

impl Found<'_> {
    /// The columns with values that change.
    pub fn columns(&self) -> BTreeSet<(Name, String)> {
        let column =
            |table: &Table<'_>, place: usize| (table.name.clone(), table.columns[place].clone());
        let columns = self.tables.iter().flat_map(|t| t.cells.keys().map(|(_, c)| column(t, *c)));
        columns.collect()
    }
}

/// What the search needs.
#[derive(Debug)]
pub struct Search<'a> {
    /// Both replays; the first one is the one that the baseline is made from.
    pub sides: [Side<'a>; 2],
    /// The columns.
    pub facts: &'a Facts,
    /// The revision files.
    pub sources: &'a Sources,
    /// Tables whose rows are left out.
    pub without: &'a BTreeSet<Name>,
    /// Columns that get an expression of the user's, whether they change or not.
    pub seeded: &'a BTreeSet<(Name, String)>,
    /// There is one replay only: it is both sides, and its clock says nothing.
    pub once: bool,
}

/// The name of a table whose rows these are.
pub fn name_of(object: &Object) -> Name {
    (object.schema.clone().unwrap_or_default(), object.name.clone())
}

/// Rows that can be cut: all have the same columns.
fn cut(statements: &[Substr]) -> Option<(&str, Vec<String>, Vec<Row<'_>>)> {
    let Insert { head, columns, .. } = Insert::cut(statements.first()?)?;
    let rows: Option<Vec<Row<'_>>> =
        statements.iter().map(|s| Insert::cut_like(head, columns.len(), s)).collect();
    Some((head, columns, rows?))
}

fn same_rows(one: &[Substr], two: &[Substr]) -> bool {
    let sorted = |rows: &[Substr]| {
        let mut rows: Vec<Substr> = rows.to_vec();
        rows.sort_unstable();
        rows
    };
    one == two || one.len() == two.len() && sorted(one) == sorted(two)
}

impl<'a> Search<'a> {
    /// Searches all rows.
    pub fn run(&self) -> Found<'a> {
        let mut found = Found::default();
        let [one, two] = self.sides;
        let others: HashMap<&Object, &'a Entry> =
            two.entries.iter().filter(|e| e.is_rows()).map(|e| (&e.object, e)).collect();
        let mut seen = BTreeSet::new();
        let mut tables = Vec::new();
        let mut both = Vec::new();
        for entry in one.entries.iter().filter(|entry| entry.is_rows()) {
            let name = name_of(&entry.object);
            seen.insert(&entry.object);
            if self.without.contains(&name) {
                continue;
            }
            let other = others.get(&entry.object).map_or(&[][..], |other| &other.statements);
            let statements = &entry.statements;
            let same = same_rows(statements, other);
            let numbers = [statements.len(), other.len()];
            if !same && statements.len() != other.len() {
                found.uneven.push(Uneven { table: name, rows: numbers });
                continue;
            }
            if same && !self.may_be_coarse(&name, statements) {
                continue;
            }
            // What is the same is looked at once.
            let other = if same { None } else { cut(other) };
            let Some((head, columns, rows)) = cut(statements) else {
                if !same {
                    found.uneven.push(Uneven { table: name, rows: numbers });
                }
                continue;
            };
            let order = (0..rows.len()).collect();
            let cells = BTreeMap::new();
            let object = &entry.object;
            let mut table =
                Table { object, name, head, columns, rows, order, shuffled: false, cells };
            match other {
                _ if same => {
                    self.coarse(&mut table, &mut found);
                    if table.cells.is_empty() {
                        continue;
                    }
                }
                Some((_, columns, two)) if columns == table.columns => {
                    let keys = self.keys(&table);
                    both.push((tables.len(), Both { one: table.rows.clone(), two, keys }));
                }
                _ => {
                    let rows = [table.rows.len(), statements.len()];
                    found.uneven.push(Uneven { table: table.name, rows });
                    continue;
                }
            }
            tables.push(table);
        }
        for entry in two.entries.iter().filter(|e| e.is_rows() && !seen.contains(&e.object)) {
            let table = name_of(&entry.object);
            if !self.without.contains(&table) {
                found.uneven.push(Uneven { table, rows: [0, entry.statements.len()] });
            }
        }
        let (numbers, both): (Vec<usize>, Vec<Both<'a>>) = both.into_iter().unzip();
        let pairs = pair::pair_all(&both);
        for ((number, both), pairs) in numbers.into_iter().zip(&both).zip(pairs) {
            self.differing(&mut tables[number], both, &pairs.twin);
            self.coarse(&mut tables[number], &mut found);
        }
        tables.retain(|table| !table.cells.is_empty());
        mark_contradictions(&mut tables);
        found.tables = tables;
        found
    }

    fn keys(&self, table: &Table<'_>) -> Vec<Vec<usize>> {
        let keys = self.facts.tables.get(&table.name).map(|facts| facts.keys.as_slice());
        let place = |name: &String| table.columns.iter().position(|column| column == name);
        keys.unwrap_or_default().iter().filter_map(|k| k.iter().map(place).collect()).collect()
    }

    /// The cells that differ between paired rows.
    fn differing(&self, table: &mut Table<'a>, both: &Both<'a>, twin: &[usize]) {
        for (number, row) in table.rows.iter().enumerate() {
            for (place, (a, b)) in row.iter().zip(&both.two[twin[number]]).enumerate() {
                if a != b {
                    let column = self.facts.column(&table.name, &table.columns[place]);
                    let shape = self.shapes().differing(column, [a, b]);
                    table.cells.insert((number, place), shape);
                }
            }
        }
        if twin.iter().enumerate().any(|(row, twin)| row != *twin) {
            // The order is random, too: by what is the same in both runs.
            table.shuffled = true;
            let stable = table.stable_columns();
            let mut order = std::mem::take(&mut table.order);
            order.sort_by_cached_key(|row| table.values(*row, &stable));
            table.order = order;
        }
    }

    /// Whether [`Self::coarse`] has anything to say of rows that are the same in both replays. They are looked at one by
    /// one: the values of all rows at once take as much memory as their text.
    fn may_be_coarse(&self, table: &Name, statements: &[Substr]) -> bool {
        let Some(Insert { head, columns, .. }) = statements.first().and_then(|s| Insert::cut(s))
        else {
            return false;
        };
        if columns.iter().any(|name| self.seeded.contains(&(table.clone(), name.clone()))) {
            return true;
        }
        if self.once {
            return false;
        }
        let facts: Vec<_> = columns.iter().map(|name| self.facts.column(table, name)).collect();
        let shapes = self.shapes();
        let is_coarse = |values: Vec<&str>| {
            let mut cells = facts.iter().zip(values);
            cells.any(|(column, value)| !matches!(shapes.coarse(*column, value), Coarse::No))
        };
        // A row of another kind: then nothing is said of the table.
        let cut = |statement| Insert::cut_like(head, columns.len(), statement);
        statements.iter().map_while(|statement| cut(statement)).any(is_coarse)
    }

    /// The cells that are equal only because the clock is coarse, or that the user replaces.
    fn coarse(&self, table: &mut Table<'a>, found: &mut Found<'a>) {
        for (place, name) in table.columns.iter().enumerate() {
            let changes = table.cells.keys().any(|(_, column)| *column == place);
            if !changes && self.seeded.contains(&(table.name.clone(), name.clone())) {
                let filled = table.rows.iter().enumerate().filter(|(_, row)| row[place] != "NULL");
                let cells = filled.map(|(row, _)| ((row, place), Shape::Random));
                table.cells.extend(cells.collect::<Vec<_>>());
                continue;
            }
            if self.once {
                continue;
            }
            let column = self.facts.column(&table.name, name);
            let mut shapes = BTreeMap::new();
            for (number, row) in table.rows.iter().enumerate() {
                if table.cells.contains_key(&(number, place)) {
                    continue;
                }
                match self.shapes().coarse(column, row[place]) {
                    Coarse::Clock(parts) => {
                        shapes.insert(number, parts);
                    }
                    Coarse::Dated => {
                        let at = (table.name.clone(), name.clone());
                        found.dated.insert(at, row[place].to_owned());
                    }
                    Coarse::No => {}
                }
            }
            if let Some(row) = shapes.keys().next()
                && self.is_series(table, place, &shapes)
            {
                let at = (table.name.clone(), name.clone());
                found.dated.insert(at, table.rows[*row][place].to_owned());
                continue;
            }
            let cells = shapes.into_iter().map(|(row, parts)| ((row, place), Shape::Parts(parts)));
            table.cells.extend(cells);
        }
    }

    fn shapes(&self) -> Shapes<'a> {
        let windows = [self.sides[0].window, self.sides[1].window];
        Shapes { windows, sources: self.sources }
    }

    /// Whether today stands among other days that no revision writes down: a calendar.
    fn is_series(
        &self,
        table: &Table<'_>,
        place: usize,
        shapes: &BTreeMap<usize, Vec<Part>>,
    ) -> bool {
        let day = |row: &Row<'_>| {
            let text = rows::content(row[place])?;
            NaiveDate::parse_from_str(text.get(..10)?, "%Y-%m-%d").ok()
        };
        let is_day = |parts: &Vec<Part>| matches!(&parts[..], [Part::Clock(c, _)] if c.is_day());
        if !shapes.values().all(is_day) {
            return false;
        }
        let found: BTreeSet<NaiveDate> =
            shapes.keys().filter_map(|row| day(&table.rows[*row])).collect();
        let others = table.rows.iter().enumerate().filter(|(row, _)| !shapes.contains_key(row));
        let others: BTreeSet<NaiveDate> = others.filter_map(|(_, row)| day(row)).collect();
        let others: Vec<_> = others.into_iter().filter(|d| !self.sources.has_date(*d)).collect();
        let (Some(first), Some(last)) = (found.first(), found.last()) else { return false };
        others.iter().any(|d| d < first) && others.iter().any(|d| d > last)
    }
}

impl<'a> Table<'a> {
    /// What a row holds in these columns.
    pub fn values(&self, row: usize, columns: &[usize]) -> Vec<&'a str> {
        columns.iter().map(|column| self.rows[row][*column]).collect()
    }

    /// Whether several rows are told apart by what changes only.
    pub fn has_ties(&self) -> bool {
        let stable = self.stable_columns();
        let mut seen = HashSet::new();
        !(0..self.rows.len()).all(|row| seen.insert(self.values(row, &stable)))
    }

    /// The columns in which nothing changes.
    pub fn stable_columns(&self) -> Vec<usize> {
        let changing: BTreeSet<usize> = self.cells.keys().map(|(_, column)| *column).collect();
        (0..self.columns.len()).filter(|column| !changing.contains(column)).collect()
    }
}

/// Uuids of one run that have several twins, or share one, are no keys: the replays do different things
/// with them.
fn mark_contradictions(tables: &mut [Table<'_>]) {
    let (mut forth, mut back) = (HashMap::new(), HashMap::new());
    let mut bad = BTreeSet::new();
    let uuids = |shape: &Shape| -> Vec<(u128, u128)> {
        let Shape::Parts(parts) = shape else { return Vec::new() };
        let uuid = |part: &Part| match part {
            Part::Uuid { value, twin, .. } => Some((*value, *twin)),
            _ => None,
        };
        parts.iter().filter_map(uuid).collect()
    };
    for (value, twin) in tables.iter().flat_map(|t| t.cells.values()).flat_map(uuids) {
        if *forth.entry(value).or_insert(twin) != twin
            || *back.entry(twin).or_insert(value) != value
        {
            bad.insert(value);
        }
    }
    for shape in tables.iter_mut().flat_map(|table| table.cells.values_mut()) {
        if uuids(shape).iter().any(|(value, _)| bad.contains(value)) {
            *shape = Shape::Random;
        }
    }
}
