//! How two inventories differ, told by object and property.
//!
//! Pure: inventories in, differences out. What belongs to a table that is missing is not told one by one,
//! nor that columns moved up where one is missing.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use crate::schema::Object;
use crate::schema::inventory::{Definition, Inventory, Item, majors};

/// How one object differs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// The object.
    pub object: Object,
    /// Its properties on the expected side; `None` if it is not there.
    pub expected: Option<Definition>,
    /// Its properties on the other side; `None` if it is not there.
    pub actual: Option<Definition>,
}

/// One property with its value on both sides, `None` where it is not there.
pub type Change<'a> = (&'a str, Option<&'a str>, Option<&'a str>);

impl Difference {
    /// The properties that differ, if the object is on both sides.
    pub fn changes(&self) -> Vec<Change<'_>> {
        let (Some(expected), Some(actual)) = (&self.expected, &self.actual) else {
            return Vec::new();
        };
        let names: BTreeSet<&String> = expected.keys().chain(actual.keys()).collect();
        let sides = names.into_iter().map(|name| {
            let [expected, actual] = [expected, actual].map(|s| s.get(name).map(String::as_str));
            (name.as_str(), expected, actual)
        });
        sides.filter(|(_, expected, actual)| expected != actual).collect()
    }

    /// A diff of the two sides, one property a line.
    pub fn unified(&self) -> String {
        let text = |side: &Option<Definition>| {
            let lines = side.iter().flatten().map(|(name, value)| format!("{name}: {value}\n"));
            lines.collect::<String>()
        };
        let name = self.object.to_string();
        similar::TextDiff::from_lines(text(&self.expected), text(&self.actual))
            .unified_diff()
            .header(&format!("expected: {name}"), &format!("found: {name}"))
            .to_string()
    }
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.expected, &self.actual) {
            (_, None) => write!(f, "{} is missing", self.object),
            (None, _) => write!(f, "{} is too much", self.object),
            _ => {
                write!(f, "{}: ", self.object)?;
                for (number, (name, expected, actual)) in self.changes().into_iter().enumerate() {
                    let comma = if number == 0 { "" } else { ", " };
                    write!(f, "{comma}{}", told(name, expected, actual))?;
                }
                Ok(())
            }
        }
    }
}

/// `default `0` -> none`; of a long text the first line that differs.
fn told(name: &str, expected: Option<&str>, actual: Option<&str>) -> String {
    let value = |value: Option<&str>| match value {
        Some(value) => format!("`{}`", shortened(value)),
        // Of these the inventory only tells what is not as usual.
        None if name == "enabled" => "`yes`".to_owned(),
        None if name == "valid" => "`true`".to_owned(),
        None => "none".to_owned(),
    };
    let [expected, actual] = [expected, actual].map(|side| side.map(str::trim));
    if let (Some(one), Some(other)) = (expected, actual)
        && (one.contains('\n') || other.contains('\n'))
    {
        let same = one.lines().zip(other.lines()).take_while(|(a, b)| a == b).count();
        let line = |text: &'_ str| text.lines().nth(same).map(str::to_owned);
        return told(
            &format!("{name}, line {}:", same + 1),
            line(one).as_deref(),
            line(other).as_deref(),
        );
    }
    if let (Some(one), Some(other)) = (expected, actual)
        && one.len().max(other.len()) > LONGEST
    {
        let (one, other) = from_the_change(one, other);
        return format!("{name} `{one}` -> `{other}`");
    }
    format!("{name} {} -> {}", value(expected), value(actual))
}

/// Both texts, from shortly before the place where they begin to differ.
fn from_the_change(one: &str, other: &str) -> (String, String) {
    const BEFORE: usize = 25;
    let same = one.chars().zip(other.chars()).take_while(|(a, b)| a == b).count();
    let skip = same.saturating_sub(BEFORE);
    let dots = if skip == 0 { "" } else { "..." };
    let part = |text: &str| {
        let start = text.char_indices().nth(skip).map_or(text.len(), |(start, _)| start);
        format!("{dots}{}", shortened(&text[start..]))
    };
    (part(one), part(other))
}

/// The longest text that is shown.
const LONGEST: usize = 90;

fn shortened(value: &str) -> String {
    let line = value.lines().next().unwrap_or_default();
    match line.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}...", &line[..end]),
        None if line.len() < value.len() => format!("{line}..."),
        None => line.to_owned(),
    }
}

/// The differences between two inventories, sorted by object. If they come from different major
/// versions, only what both can tell is compared.
pub fn differences(expected: &Inventory, actual: &Inventory) -> Vec<Difference> {
    if expected.major() != actual.major() {
        let [expected, actual] = [expected, actual].map(majors::shared);
        return exact(expected.items(), actual.items());
    }
    exact(expected.items(), actual.items())
}

fn exact(expected: &[Item], actual: &[Item]) -> Vec<Difference> {
    let mut sides: BTreeMap<&Object, [Option<&Definition>; 2]> = BTreeMap::new();
    for (side, items) in [expected, actual].into_iter().enumerate() {
        for item in items {
            sides.entry(&item.object).or_default()[side] = Some(&item.definition);
        }
    }
    let moved = moved_columns(&sides);
    let one_sided =
        |[expected, actual]: &[Option<&Definition>; 2]| expected.is_some() != actual.is_some();
    let mut differences = Vec::new();
    for (object, both) in &sides {
        let [expected, mut actual] = both.map(Option::<&Definition>::cloned);
        if let (Some(expected), Some(actual)) = (&expected, &mut actual)
            && object.kind == "column"
            && !moved.contains(object)
            && let Some(position) = expected.get("position")
        {
            actual.insert("position".to_owned(), position.clone());
        }
        // What goes with its table is told by the table alone.
        let goes_with_its_whole = || {
            let definition = both.iter().flatten().next();
            let whole = definition.and_then(|definition| Whole::of(object, definition));
            whole.is_some_and(|w| w.objects().any(|o| sides.get(&o).is_some_and(one_sided)))
        };
        if expected != actual && !(one_sided(both) && goes_with_its_whole()) {
            differences.push(Difference { object: (*object).clone(), expected, actual });
        }
    }
    differences
}

/// The columns that have another place among those that both sides have.
fn moved_columns<'a>(
    sides: &BTreeMap<&'a Object, [Option<&'a Definition>; 2]>,
) -> BTreeSet<&'a Object> {
    let mut tables: BTreeMap<Whole<'_>, [Vec<(u32, &Object)>; 2]> = BTreeMap::new();
    for (object, definitions) in sides {
        let [Some(expected), Some(actual)] = definitions else { continue };
        if object.kind != "column" {
            continue;
        }
        let Some(table) = Whole::of(object, expected) else { continue };
        let orders = tables.entry(table).or_default();
        for (order, side) in orders.iter_mut().zip([expected, actual]) {
            let position = side.get("position").and_then(|text| text.parse().ok());
            order.push((position.unwrap_or_default(), object));
        }
    }
    let mut moved = BTreeSet::new();
    for [mut expected, mut actual] in tables.into_values() {
        expected.sort_unstable();
        actual.sort_unstable();
        let places = expected.iter().zip(&actual).filter(|((_, one), (_, other))| one != other);
        moved.extend(places.flat_map(|((_, one), (_, other))| [*one, *other]));
    }
    moved
}

/// The table, view or type that an object is a part of.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Whole<'a> {
    kinds: &'static [&'static str],
    schema: &'a Option<String>,
    name: &'a str,
}

impl<'a> Whole<'a> {
    fn of(object: &'a Object, definition: &'a Definition) -> Option<Self> {
        let relation = &["table", "foreign table", "view", "materialized view"];
        let (kinds, name): (&'static [_], _) = match object.kind.as_str() {
            "column" | "constraint" | "not-null constraint" | "trigger" | "rule" | "policy" => {
                (relation, first_name(&object.name))
            }
            "attribute" => (&["composite type"], first_name(&object.name)),
            "domain constraint" => (&["domain"], first_name(&object.name)),
            // An index is in the schema of its table.
            "index" => {
                let table = definition.get("table")?;
                (relation, table.get(first_name(table).len() + 1..)?)
            }
            _ => return None,
        };
        Some(Self { kinds, schema: &object.schema, name })
    }

    /// What it may be.
    fn objects(&self) -> impl Iterator<Item = Object> {
        self.kinds.iter().map(|kind| Object {
            kind: (*kind).to_owned(),
            schema: self.schema.clone(),
            name: self.name.to_owned(),
        })
    }
}

/// `t` of `t.c`, `"a.b"` of `"a.b".c`.
fn first_name(name: &str) -> &str {
    let mut quoted = false;
    for (place, character) in name.char_indices() {
        match character {
            '"' => quoted = !quoted,
            '.' if !quoted => return &name[..place],
            _ => {}
        }
    }
    name
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema::inventory::tests::inventory;

    fn told(expected: &Inventory, actual: &Inventory) -> String {
        let told: Vec<_> = differences(expected, actual).iter().map(ToString::to_string).collect();
        told.join("\n")
    }

    #[test]
    fn properties_are_told_by_name() {
        let body = "CREATE FUNCTION s.f()\nAS $$\nselect 1;\n$$";
        let one = inventory(
            15,
            &[
                ("column", "s.t.a", &[("type", "integer"), ("default", "0"), ("position", "1")]),
                ("function", "s.f()", &[("definition", body)]),
                ("schema", "s", &[("comment", "all\nof it")]),
                ("table", "s.t", &[]),
                ("sequence", "s.q", &[("start", "1")]),
            ],
        );
        let changed = body.replace("select 1", "select 2");
        let other = inventory(
            15,
            &[
                ("column", "s.t.a", &[("type", "bigint"), ("not null", "true"), ("position", "1")]),
                ("function", "s.f()", &[("definition", &changed)]),
                ("schema", "s", &[]),
                ("table", "s.t", &[]),
                ("view", "s.v", &[]),
            ],
        );
        insta::assert_snapshot!(told(&one, &other), @r"
        column `s.t.a`: default `0` -> none, not null none -> `true`, type `integer` -> `bigint`
        function `s.f()`: definition, line 3: `select 1;` -> `select 2;`
        schema `s`: comment `all...` -> none
        sequence `s.q` is missing
        view `s.v` is too much
        ");
        assert_eq!(told(&one, &one), "");
        let diff = differences(&one, &other)[0].unified();
        insta::assert_snapshot!(diff, @r"
        --- expected: column `s.t.a`
        +++ found: column `s.t.a`
        @@ -1,3 +1,3 @@
        -default: 0
        +not null: true
         position: 1
        -type: integer
        +type: bigint
        ");
    }

    #[test]
    fn what_goes_with_a_table_is_not_told_again() {
        let table = inventory(
            15,
            &[
                ("table", "s.\"a.b\"", &[]),
                ("column", "s.\"a.b\".c", &[("position", "1")]),
                ("constraint", "s.\"a.b\".k", &[]),
                ("index", "s.i", &[("table", "s.\"a.b\"")]),
                ("trigger", "s.\"a.b\".g", &[]),
                ("domain", "s.d", &[]),
                ("domain constraint", "s.d.k", &[]),
            ],
        );
        let nothing = inventory(15, &[]);
        assert_eq!(told(&table, &nothing), "domain `s.d` is missing\ntable `s.\"a.b\"` is missing");
        assert_eq!(
            told(&nothing, &table),
            "domain `s.d` is too much\ntable `s.\"a.b\"` is too much"
        );
    }

    fn columns(names: &[&str]) -> Inventory {
        let items = names.iter().enumerate().map(|(place, name)| Item {
            object: Object {
                kind: "column".to_owned(),
                schema: Some("s".to_owned()),
                name: format!("t.{name}"),
            },
            definition: [("position".to_owned(), (place + 1).to_string())].into(),
        });
        Inventory::new(15, items.collect())
    }

    #[test]
    fn the_order_of_columns_matters_but_not_the_gap_of_one_that_is_missing() {
        assert_eq!(
            told(&columns(&["a", "b", "c", "d"]), &columns(&["a", "c", "d"])),
            "column `s.t.b` is missing"
        );
        assert_eq!(
            told(&columns(&["a", "b", "c", "d"]), &columns(&["c", "b", "d", "x"])),
            "column `s.t.a` is missing\ncolumn `s.t.c`: position `3` -> `1`\ncolumn `s.t.x` is too much"
        );
    }
}
