//! How databases that began before an older squash print what has not changed since.
//!
//! `PostgreSQL` prints some expressions in another way after a round trip. A database that ran the revisions of the
//! first squash has made none; one from the first baseline has made one, and the second squash knows no other
//! form. So for whatever is the same over all squashes since, the older form is right too. Pure.

use crate::schema::inventory::{Definition, Forms, Inventory, Item};

/// The newest history's inventory in the words of each older one, oldest first; `forms` are those of all squashes,
/// oldest first, the newest as the last.
pub fn prints(forms: &[Forms]) -> Vec<Inventory> {
    let Some((newest, older)) = forms.split_last() else { return Vec::new() };
    let since = |from: usize| &forms[from..];
    (0..older.len()).map(|from| print(&newest.history, since(from))).collect()
}

/// `since` begins with the squash whose words are wanted.
fn print(newest: &Inventory, since: &[Forms]) -> Inventory {
    let same_majors = since.iter().all(|forms| forms.history.major() == newest.major());
    let sides: Vec<_> =
        since.iter().map(|f| (f.history.by_object(), f.baseline.by_object())).collect();
    let item = |item: &Item| {
        let mut item = item.clone();
        // What the baseline of one squash has made is where the history of the next began.
        let unchanged = |property: &String| {
            sides.windows(2).all(|pair| {
                let made = pair[0].1.get(&item.object).and_then(|d| d.get(property));
                made.is_some() && made == pair[1].0.get(&item.object).and_then(|d| d.get(property))
            })
        };
        let oldest: Option<&Definition> =
            sides.first().and_then(|s| s.0.get(&item.object)).copied();
        let words: Vec<(String, String)> = oldest
            .into_iter()
            .flatten()
            .filter(|(property, _)| unchanged(property))
            .map(|(property, value)| (property.clone(), value.clone()))
            .collect();
        for (property, value) in words {
            if item.definition.contains_key(&property) {
                item.definition.insert(property, value);
            }
        }
        item
    };
    let items = newest.items().iter();
    let items = if same_majors { items.map(item).collect() } else { items.cloned().collect() };
    Inventory::new(newest.major(), items)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema::inventory::tests::inventory;

    fn forms(history: &[(&str, &str)], baseline: &[(&str, &str)]) -> Forms {
        let of = |sides: &[(&str, &str)]| {
            let properties: Vec<[(&str, &str); 1]> =
                sides.iter().map(|(_, check)| [("definition", *check)]).collect();
            let rows: Vec<_> = sides
                .iter()
                .zip(&properties)
                .map(|((name, _), property)| ("constraint", *name, &property[..]))
                .collect();
            inventory(15, &rows)
        };
        Forms { history: of(history), baseline: of(baseline), varying: Vec::new() }
    }

    fn told(inventory: &Inventory) -> Vec<&str> {
        inventory.items().iter().map(|item| item.definition["definition"].as_str()).collect()
    }

    #[test]
    fn what_is_unchanged_may_print_as_it_did_at_first() {
        let first =
            forms(&[("s.t.a", "IN"), ("s.t.b", "IN")], &[("s.t.a", "ANY"), ("s.t.b", "ANY")]);
        // `b` was made anew since, and `c` is new.
        let second = forms(
            &[("s.t.a", "ANY"), ("s.t.b", "IN 2"), ("s.t.c", "IN")],
            &[("s.t.a", "ANY"), ("s.t.b", "ANY 2"), ("s.t.c", "ANY")],
        );
        let third = forms(
            &[("s.t.a", "ANY"), ("s.t.b", "ANY 2"), ("s.t.c", "ANY")],
            &[("s.t.a", "ANY"), ("s.t.b", "ANY 2"), ("s.t.c", "ANY")],
        );
        let prints = prints(&[first, second, third]);
        assert_eq!(told(&prints[0]), ["IN", "ANY 2", "ANY"]);
        assert_eq!(told(&prints[1]), ["ANY", "IN 2", "IN"]);
        assert_eq!(prints.len(), 2);
    }

    #[test]
    fn one_squash_has_no_older_one() {
        assert_eq!(prints(&[forms(&[("s.t.a", "IN")], &[("s.t.a", "ANY")])]), []);
        assert_eq!(prints(&[]), []);
    }
}
