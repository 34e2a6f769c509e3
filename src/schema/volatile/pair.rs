//! Which row of one run is which row of the other.
//!
//! By a key whose values are the same in both; else by the columns that hold the same values in both,
//! and by the order of insertion among rows that agree in these. Random keys that are already paired
//! in another table are translated first, so that rows which refer to them find each other too.

use std::collections::{BTreeMap, HashMap, HashSet, VecDeque};

/// A row's values as `pg_dump` writes them.
pub type Row<'a> = Vec<&'a str>;

/// The values of one run and their twins in the other.
pub type Translation<'a> = HashMap<&'a str, &'a str>;

/// The pairs of a table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pairs {
    /// For each row of the first run its twin.
    pub twin: Vec<usize>,
    /// Whether the order of insertion decided nothing.
    pub certain: bool,
}

/// Rows by these columns; the second run is not translated.
fn grouped<'a>(
    rows: &[Row<'a>],
    columns: &[usize],
    translation: Option<&Translation<'a>>,
) -> HashMap<Vec<&'a str>, VecDeque<usize>> {
    let mut groups: HashMap<Vec<&str>, VecDeque<usize>> = HashMap::new();
    let translated =
        |value: &'a str| translation.and_then(|t| t.get(value).copied()).unwrap_or(value);
    for (number, row) in rows.iter().enumerate() {
        let key = columns.iter().map(|column| translated(row[*column])).collect();
        groups.entry(key).or_default().push_back(number);
    }
    groups
}

/// Pairs two tables of the same number of rows.
pub fn pair<'a>(
    one: &[Row<'a>],
    two: &[Row<'a>],
    keys: &[Vec<usize>],
    translation: &Translation<'a>,
) -> Pairs {
    let width = one.first().map_or(0, Vec::len);
    let same = |column: &usize| {
        let (a, b) = (grouped(one, &[*column], Some(translation)), grouped(two, &[*column], None));
        a.len() == b.len()
            && a.iter().all(|(value, rows)| b.get(value).is_some_and(|r| r.len() == rows.len()))
    };
    let stable: Vec<usize> = (0..width).filter(same).collect();
    let by_key = keys.iter().filter(|key| key.iter().all(|column| stable.contains(column)));
    let by_key = by_key.filter_map(|key| by_columns(one, two, key, translation));
    let mut by_key = by_key.filter(|pairs| pairs.certain);
    by_key
        .next()
        .or_else(|| by_columns(one, two, &stable, translation))
        .unwrap_or_else(|| Pairs { twin: (0..one.len()).collect(), certain: false })
}

/// Pairs by these columns, if both sides have the same values in them.
fn by_columns<'a>(
    one: &[Row<'a>],
    two: &[Row<'a>],
    columns: &[usize],
    translation: &Translation<'a>,
) -> Option<Pairs> {
    let groups = grouped(one, columns, Some(translation));
    let mut others = grouped(two, columns, None);
    let mut certain = true;
    let mut twin = vec![0; one.len()];
    for (key, rows) in groups {
        let others = others.get_mut(&key).filter(|others| others.len() == rows.len())?;
        certain &= rows.len() == 1;
        for row in rows {
            twin[row] = others.pop_front()?;
        }
    }
    Some(Pairs { twin, certain })
}

/// Tables of both runs, with the keys as numbers of columns.
#[derive(Debug)]
pub struct Both<'a> {
    /// The rows of the first run.
    pub one: Vec<Row<'a>>,
    /// The rows of the second run.
    pub two: Vec<Row<'a>>,
    /// The keys.
    pub keys: Vec<Vec<usize>>,
}

/// Pairs all tables: what is certain first, so that it can be translated in the others.
pub fn pair_all(tables: &[Both<'_>]) -> Vec<Pairs> {
    let mut translation = Translation::new();
    let mut done: BTreeMap<usize, Pairs> = BTreeMap::new();
    let mut open: Vec<usize> = (0..tables.len()).collect();
    while !open.is_empty() {
        let mut left = Vec::new();
        let before = open.len();
        for number in open {
            let table = &tables[number];
            let pairs = pair(&table.one, &table.two, &table.keys, &translation);
            if pairs.certain {
                learn(&mut translation, table, &pairs);
                done.insert(number, pairs);
            } else {
                left.push(number);
            }
        }
        if left.len() == before {
            // Nothing more is certain: the order of insertion decides for one table.
            let number = left.remove(0);
            let table = &tables[number];
            let pairs = pair(&table.one, &table.two, &table.keys, &translation);
            learn(&mut translation, table, &pairs);
            done.insert(number, pairs);
        }
        open = left;
    }
    done.into_values().collect()
}

/// Long texts that differ are random keys, and what refers to them holds the same text.
fn learn<'a>(translation: &mut Translation<'a>, table: &Both<'a>, pairs: &Pairs) {
    let mut contradicted: HashSet<&str> = HashSet::new();
    for (row, twin) in table.one.iter().zip(&pairs.twin) {
        for (a, b) in row.iter().zip(&table.two[*twin]) {
            if a != b && a.len() > 10 && a.starts_with('\'') && b.starts_with('\'') {
                let known = translation.insert(a, b);
                if known.is_some_and(|known| known != *b) {
                    contradicted.insert(a);
                }
            }
        }
    }
    translation.retain(|a, _| !contradicted.contains(a));
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(text: &'static str) -> Vec<Row<'static>> {
        text.split(';').map(|row| row.split_whitespace().collect()).collect()
    }

    fn both(one: &'static str, two: &'static str, keys: &[&[usize]]) -> Both<'static> {
        let keys = keys.iter().map(|key| key.to_vec()).collect();
        Both { one: rows(one), two: rows(two), keys }
    }

    #[test]
    fn by_a_stable_key() {
        let pairs = pair_all(&[both("1 a x; 2 b y", "2 c y; 1 d x", &[&[1], &[0]])]);
        assert_eq!(pairs, [Pairs { twin: vec![1, 0], certain: true }]);
    }

    #[test]
    fn by_the_order_where_nothing_is_stable() {
        let pairs = pair_all(&[both("a; b", "c; d", &[&[0]])]);
        assert_eq!(pairs, [Pairs { twin: vec![0, 1], certain: false }]);
    }

    #[test]
    fn what_refers_to_a_random_key_follows_it() {
        let children =
            both("'aaaaaaaaaaa1' s; 'aaaaaaaaaaa2' s", "'bbbbbbbbbbb2' s; 'bbbbbbbbbbb1' s", &[]);
        let parents = both(
            "'aaaaaaaaaaa1' n1; 'aaaaaaaaaaa2' n2",
            "'bbbbbbbbbbb1' n1; 'bbbbbbbbbbb2' n2",
            &[&[0], &[1]],
        );
        let pairs = pair_all(&[children, parents]);
        assert_eq!(pairs[0].twin, [1, 0]);
        assert_eq!(pairs[1].twin, [0, 1]);
    }
}
