//! Which of many inventories a database's own is nearest to, counted in objects. Pure.
//!
//! Only what the history owns counts: objects in schemas in which it has some, and objects without a schema
//! that it knows. An object that is as the baseline makes it counts as one that is as the history makes it.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use crate::report::count;
use crate::schema::Object;
use crate::schema::inventory::{
    DATABASE_SETTING, Definition, Forms, Inventory, Item, difference, majors,
};

/// How many differences are told.
const TOLD: usize = 5;

/// What a database's catalog is nearest to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Nearest {
    /// The revisions after which the catalog is equally near, in the order of the history.
    pub revisions: Vec<String>,
    /// How many objects differ.
    pub distance: usize,
    /// The first of them, for the last of the revisions.
    pub differences: Vec<String>,
}

/// How many revisions are named.
const NAMED: usize = 5;

/// Where a database stands by its catalog.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Whereabouts {
    /// The revisions that it matches best.
    #[serde(flatten)]
    pub nearest: Nearest,
    /// Whether all archived revisions were looked at, or only the cuts.
    pub indexed: bool,
}

impl Whereabouts {
    /// The same for people, in a line.
    pub fn text(&self) -> String {
        let Nearest { revisions, distance, differences } = &self.nearest;
        let mut names = revisions.iter().take(NAMED).cloned().collect::<Vec<_>>().join(" or ");
        if revisions.len() > NAMED {
            names += &format!(" or {} more", revisions.len() - NAMED);
        }
        let mut text = format!("its catalog is that of {names}");
        if *distance > 0 {
            let objects = count(*distance as u64, "object", "objects");
            let more = if *distance > differences.len() { "; ..." } else { "" };
            text += &format!(" but for {objects}: {}{more}", differences.join("; "));
        }
        if !self.indexed {
            text +=
                " (only the cuts are known; `rebaseline index` looks at each archived revision)";
        }
        text
    }
}

/// What a history owns, over all that is known of it.
#[derive(Debug, Default)]
struct Owned {
    schemas: BTreeSet<String>,
    without_schema: BTreeSet<Object>,
}

impl Owned {
    fn of(inventories: &[(String, Inventory)]) -> Self {
        let mut owned = Self::default();
        for item in inventories.iter().flat_map(|(_, inventory)| inventory.items()) {
            match &item.object.schema {
                Some(schema) => {
                    if !owned.schemas.contains(schema) {
                        owned.schemas.insert(schema.clone());
                    }
                }
                None => {
                    if !owned.without_schema.contains(&item.object) {
                        owned.without_schema.insert(item.object.clone());
                    }
                }
            }
        }
        owned
    }

    fn counts(&self, object: &Object) -> bool {
        match &object.schema {
            Some(schema) => self.schemas.contains(schema),
            None => self.without_schema.contains(object),
        }
    }
}

/// Finds what the catalog is nearest to; nothing if nothing is known. `forms` are those of the archives.
pub fn nearest(
    known: &[(String, Inventory)],
    forms: &[Forms],
    actual: &Inventory,
) -> Option<Nearest> {
    let owned = Owned::of(known);
    let actual = in_the_histories_form(forms, actual);
    let items = actual.items().iter().filter(|item| owned.counts(&item.object) && lasts(item));
    let items = items.cloned();
    let actual = Inventory::new(actual.major(), items.collect());
    let apart: Vec<usize> = known.iter().map(|(_, one)| apart(one, &actual)).collect();
    let least = apart.iter().min()?;
    let best: Vec<_> = known.iter().zip(&apart).filter(|(_, apart)| *apart == least).collect();
    let mut revisions: Vec<String> = Vec::new();
    for ((revision, _), _) in &best {
        if !revisions.contains(revision) {
            revisions.push(revision.clone());
        }
    }
    let ((_, inventory), _) = best.last()?;
    let mut differences = difference::differences(inventory, &actual);
    differences.retain(|difference| difference.object.kind != DATABASE_SETTING);
    Some(Nearest {
        revisions,
        distance: differences.len(),
        differences: differences.iter().take(TOLD).map(ToString::to_string).collect(),
    })
}

/// Whether it goes along with a copy of the database.
fn lasts(item: &Item) -> bool {
    item.object.kind != DATABASE_SETTING
}

/// How many objects differ, each part of a table for itself: a table more is further away than a column
/// more. Where a column stands among others does not count.
fn apart(expected: &Inventory, actual: &Inventory) -> usize {
    if expected.major() != actual.major() {
        let [expected, actual] = [expected, actual].map(majors::shared);
        return exactly_apart(&expected, &actual);
    }
    exactly_apart(expected, actual)
}

fn exactly_apart(expected: &Inventory, actual: &Inventory) -> usize {
    let mut left: BTreeMap<&Object, &Definition> =
        expected.items().iter().filter(|i| lasts(i)).map(|i| (&i.object, &i.definition)).collect();
    let same = |one: &Definition, other: &Definition| {
        let place = |(name, _): &(&String, &String)| *name != "position";
        one.iter().filter(place).eq(other.iter().filter(place))
    };
    let mut differs = |item: &&Item| {
        left.remove(&item.object).is_none_or(|expected| !same(expected, &item.definition))
    };
    let changed_or_more = actual.items().iter().filter(|item| differs(item)).count();
    changed_or_more + left.len()
}

/// An object that is as a baseline makes it, told as the history does.
fn in_the_histories_form(forms: &[Forms], actual: &Inventory) -> Inventory {
    let mut other: BTreeMap<(&Object, &Definition), &Definition> = BTreeMap::new();
    for forms in forms {
        let history: BTreeMap<&Object, &Definition> =
            forms.history.items().iter().map(|item| (&item.object, &item.definition)).collect();
        for item in forms.baseline.items() {
            if let Some(definition) = history.get(&item.object)
                && **definition != item.definition
            {
                other.insert((&item.object, &item.definition), definition);
            }
        }
    }
    let items =
        actual.items().iter().map(|item| match other.get(&(&item.object, &item.definition)) {
            Some(definition) => {
                Item { object: item.object.clone(), definition: (*definition).clone() }
            }
            None => item.clone(),
        });
    Inventory::new(actual.major(), items.collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema::index::tests::inventory;

    fn known() -> Vec<(String, Inventory)> {
        let steps: [(&str, &[(&str, &str)]); 4] = [
            ("a", &[("t", "1")]),
            ("b", &[("t", "1"), ("u", "1")]),
            ("c", &[("t", "1"), ("u", "1"), ("v", "1")]),
            ("d", &[("t", "1"), ("u", "1"), ("v", "1")]),
        ];
        steps.map(|(id, tables)| (id.to_owned(), inventory(tables))).into()
    }

    fn told(actual: &Inventory, forms: &[Forms]) -> String {
        let found = nearest(&known(), forms, actual).unwrap();
        format!(
            "{} {}: {}",
            found.revisions.join(","),
            found.distance,
            found.differences.join("; ")
        )
    }

    #[test]
    fn the_nearest_is_named_with_the_distance_and_ties_are_named_all() {
        assert_eq!(told(&inventory(&[("t", "1"), ("u", "1")]), &[]), "b 0: ");
        assert_eq!(told(&inventory(&[("t", "1"), ("u", "1"), ("v", "1")]), &[]), "c,d 0: ");
        assert_eq!(
            told(&inventory(&[("t", "2"), ("u", "1")]), &[]),
            "b 1: table `s.t`: x `1` -> `2`"
        );
        // As near to one as to the other.
        assert_eq!(
            told(&inventory(&[("t", "1"), ("v", "1")]), &[]),
            "a,c,d 1: table `s.u` is missing"
        );
        assert_eq!(nearest(&[], &[], &inventory(&[])), None);
    }

    #[test]
    fn what_the_history_does_not_own_does_not_count() {
        let mut items = inventory(&[("t", "1")]).items().to_vec();
        let object = |kind: &str, schema: Option<&str>, name: &str| Item {
            object: Object {
                kind: kind.to_owned(),
                schema: schema.map(str::to_owned),
                name: name.to_owned(),
            },
            definition: Definition::new(),
        };
        items.push(object("table", Some("other"), "t"));
        items.push(object("extension", None, "postgis"));
        assert_eq!(told(&Inventory::new(15, items.clone()), &[]), "a 0: ");
        items.push(object("view", Some("s"), "w"));
        assert_eq!(told(&Inventory::new(15, items), &[]), "a 1: view `s.w` is too much");
    }

    #[test]
    fn the_baselines_form_is_as_good_as_the_histories() {
        let history = inventory(&[("t", "1"), ("u", "1")]);
        let baseline = inventory(&[("t", "ONE"), ("u", "1")]);
        let forms = [Forms { history, baseline, varying: Vec::new() }];
        assert_eq!(told(&inventory(&[("t", "ONE"), ("u", "1")]), &forms), "b 0: ");
    }
}
