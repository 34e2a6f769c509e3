//! What one side says of an object, as parts with named values, and how two sides of it compare.
//!
//! Pure. A part is a column, a label, a privilege; the part without a name is the object itself. The
//! families beside this file fill parts from parsed statements.

use std::collections::{BTreeMap, BTreeSet};

use pg_query::protobuf::Node;
use serde::Serialize;
use serde_json::{Map, Value};
use similar::{Algorithm, DiffOp};

use crate::schema::compare::change::{Told, What};
use crate::schema::compare::tree;

/// One named value.
#[derive(Debug, Clone)]
pub struct Fact {
    name: String,
    value: String,
    /// What decides over equality, where that is not the value.
    tree: Option<Value>,
    /// The value says it all: `not null -> nullable`.
    bare: bool,
}

impl Fact {
    fn same(&self, other: &Self) -> bool {
        match (&self.tree, &other.tree) {
            (Some(mine), Some(others)) => mine == others,
            _ => self.value == other.value,
        }
    }
}

/// A part of an object: a column, a label; without a name, the object itself.
#[derive(Debug, Clone, Default)]
pub struct Part {
    name: String,
    /// Whether its place among its like is a property of its own.
    ordered: bool,
    facts: Vec<Fact>,
}

impl Part {
    /// The object itself.
    pub fn object() -> Self {
        Self::default()
    }

    /// A part with this name.
    pub fn named(name: impl Into<String>) -> Self {
        Self { name: name.into(), ..Self::default() }
    }

    /// The same part under a longer name.
    #[must_use]
    pub fn behind(self, more: &str) -> Self {
        Self { name: self.name + more, ..self }
    }

    /// Its place counts.
    #[must_use]
    pub fn ordered(self) -> Self {
        Self { ordered: true, ..self }
    }

    fn with(mut self, name: &str, value: String, tree: Option<Value>, bare: bool) -> Self {
        self.facts.push(Fact { name: name.to_owned(), value, tree, bare });
        self
    }

    /// A value; an empty one is none.
    #[must_use]
    pub fn fact(self, name: &str, value: impl Into<String>) -> Self {
        match value.into() {
            empty if empty.is_empty() => self,
            value => self.with(name, value, None, false),
        }
    }

    /// A value that needs no name: `unique`, `not valid`.
    #[must_use]
    pub fn word(self, name: &str, value: impl Into<String>) -> Self {
        self.with(name, value.into(), None, true)
    }

    /// The last value needs no name.
    #[must_use]
    pub fn bare(mut self) -> Self {
        if let Some(fact) = self.facts.last_mut() {
            fact.bare = true;
        }
        self
    }

    /// A value where the statement leaves out what goes without saying.
    #[must_use]
    pub fn or(self, name: &str, value: &str) -> Self {
        if self.facts.iter().any(|fact| fact.name == name) { self } else { self.fact(name, value) }
    }

    /// One of two words.
    #[must_use]
    pub fn either(self, name: &str, is: bool, word: &str, other: &str) -> Self {
        self.word(name, if is { word } else { other })
    }

    /// Names or other short texts, in order.
    #[must_use]
    pub fn list(self, name: &str, values: &[String]) -> Self {
        self.fact(name, values.join(", "))
    }

    /// An expression, if there is one; its tree decides.
    #[must_use]
    pub fn expression(self, name: &str, node: Option<&Node>) -> Self {
        match node {
            Some(node) => self.with(name, tree::expression(node), Some(tree::tree(node)), false),
            None => self,
        }
    }

    /// A text whose tree decides.
    #[must_use]
    pub fn text(self, name: &str, text: &str, node: &impl Serialize) -> Self {
        self.with(name, text.to_owned(), Some(tree::tree(node)), false)
    }

    /// One value per option.
    #[must_use]
    pub fn options(self, nodes: &[Node]) -> Self {
        tree::options(nodes).fold(self, |part, option| {
            let value = tree::option_value(option);
            part.with(&option.defname.replace('_', " "), value, Some(tree::tree(option)), false)
        })
    }

    /// All fields of a node that the family does not know: plain ones by their name, others by the whole
    /// text, so that no difference goes untold.
    #[must_use]
    pub fn rest(mut self, node: &impl Serialize, known: &[&str], text: &str) -> Self {
        let Value::Object(fields) = tree::tree(node) else { return self };
        let mut deep = Map::new();
        for (name, value) in fields {
            let shown = match &value {
                _ if known.contains(&name.as_str()) => continue,
                Value::Null | Value::Bool(false) => continue,
                Value::String(text) if text.is_empty() => continue,
                Value::Number(number) if number.as_i64() == Some(0) => continue,
                Value::Array(items) if items.is_empty() => continue,
                Value::Bool(true) => "yes".to_owned(),
                Value::String(text) => text.clone(),
                Value::Number(number) => number.to_string(),
                Value::Array(_) | Value::Object(_) => {
                    deep.insert(name, value);
                    continue;
                }
            };
            self = self.fact(&name.replace('_', " "), shown);
        }
        if deep.is_empty() {
            return self;
        }
        self.with("definition", text.to_owned(), Some(Value::Object(deep)), false)
    }
}

/// How two sides differ.
pub fn compare(expected: &[Part], actual: &[Part]) -> Vec<What> {
    let (wanted, found) = (merged(expected), merged(actual));
    let mut changes = Vec::new();
    for (name, wanted_facts) in &wanted.facts {
        match found.facts.get(name) {
            Some(found_facts) => facts(name, wanted_facts, found_facts, &mut changes),
            None => changes.push(What::absent(name, Some(summary(wanted_facts)), None)),
        }
    }
    for name in found.facts.keys().filter(|name| !wanted.facts.contains_key(*name)) {
        changes.push(What::absent(name, None, Some(summary(&found.facts[name]))));
    }
    changes.extend(moved(&wanted.order, &found.order));
    // In the order of the statement, as far as there is one.
    let place = |what: &What| {
        let at = |parts: &[Part]| parts.iter().position(|part| part.name == what.part);
        at(expected).unwrap_or(expected.len() + at(actual).unwrap_or_default())
    };
    changes.sort_by_key(place);
    changes
}

/// The parts of one side by name; several statements can speak of one part.
struct Merged<'a> {
    facts: BTreeMap<&'a str, Vec<&'a Fact>>,
    /// The names of ordered parts, in order.
    order: Vec<&'a str>,
}

fn merged(parts: &[Part]) -> Merged<'_> {
    let mut merged = Merged { facts: BTreeMap::new(), order: Vec::new() };
    for part in parts {
        if part.ordered {
            merged.order.push(&part.name);
        }
        merged.facts.entry(&part.name).or_default().extend(&part.facts);
    }
    // An object without properties of its own is not a missing part.
    merged.facts.entry("").or_default();
    merged
}

/// What a part was, in short, for those who read it as data.
fn summary(facts: &[&Fact]) -> String {
    let shown = facts.iter().map(|fact| {
        if fact.bare { fact.value.clone() } else { format!("{} {}", fact.name, fact.value) }
    });
    shown.collect::<Vec<_>>().join(", ")
}

fn facts(part: &str, expected: &[&Fact], actual: &[&Fact], changes: &mut Vec<What>) {
    let mut names: Vec<&str> = Vec::new();
    for fact in expected.iter().chain(actual) {
        if !names.contains(&fact.name.as_str()) {
            names.push(&fact.name);
        }
    }
    for name in names {
        let of = |facts: &[&Fact]| -> Vec<Fact> {
            facts.iter().filter(|fact| fact.name == name).map(|fact| (*fact).clone()).collect()
        };
        let (wanted, found) = (of(expected), of(actual));
        for at in 0..wanted.len().max(found.len()) {
            let (wanted, found) = (wanted.get(at), found.get(at));
            if wanted.zip(found).is_some_and(|(wanted, found)| wanted.same(found)) {
                continue;
            }
            let bare = wanted.or(found).is_some_and(|fact| fact.bare);
            let value = |fact: Option<&Fact>| fact.map(|fact| fact.value.clone());
            changes.push(What {
                part: part.to_owned(),
                name: name.to_owned(),
                expected: value(wanted),
                actual: value(found),
                told: if bare { Told::Bare } else { Told::Value },
            });
        }
    }
}

/// Parts that both sides have and that stand elsewhere among those that both sides have. Of two that
/// change places, one is told.
fn moved(expected: &[&str], actual: &[&str]) -> Vec<What> {
    let common = |side: &[&str], other: &[&str]| -> Vec<String> {
        let other: BTreeSet<&str> = other.iter().copied().collect();
        side.iter().filter(|name| other.contains(*name)).map(|name| (*name).to_owned()).collect()
    };
    let (mine, others) = (common(expected, actual), common(actual, expected));
    let stay: BTreeSet<&str> = similar::capture_diff_slices(Algorithm::Lcs, &mine, &others)
        .iter()
        .filter_map(|op| match op {
            DiffOp::Equal { old_index, len, .. } => Some(&mine[*old_index..old_index + len]),
            _ => None,
        })
        .flatten()
        .map(String::as_str)
        .collect();
    let moved = mine.iter().filter(|name| !stay.contains(name.as_str()));
    let what = |name: &String| {
        let place = |side: &[String]| side.iter().position(|other| other == name);
        let whole = |side: &[&str]| side.iter().position(|other| other == name);
        // Where a part is missing the places in the whole may be the same: then those among the
        // parts that both sides have.
        let places = match (whole(expected), whole(actual)) {
            (from, to) if from == to => (place(&mine), place(&others)),
            places => places,
        };
        let number = |place: Option<usize>| place.map(|at| (at + 1).to_string());
        What {
            part: name.clone(),
            name: "position".to_owned(),
            expected: number(places.0),
            actual: number(places.1),
            told: Told::Value,
        }
    };
    moved.map(what).collect()
}
