//! An inventory in the eyes of the role that owns a live database.
//!
//! Pure. In an archive the role that ran the migrations is `CURRENT_USER`, whatever it was called. Where a
//! history names a role that is the owner of a live database (`GRANT ... TO app`, and `app` is who runs the
//! migrations there), the live catalog tells that as a thing of the owner, or not at all: an owner has
//! all privileges. The archive's side is rewritten in the same way.

use crate::schema::inventory::{Definition, Inventory, Item};

/// What the query says in the place of the owner's name.
const OWNER: &str = "CURRENT_USER";

/// The inventory as a database would tell it whose owner is this role. The name is written as SQL does.
pub fn seen_by(inventory: &Inventory, role: &str) -> Inventory {
    let items = inventory.items().iter().map(|item| seen(item.clone(), role));
    Inventory::new(inventory.major(), items.collect())
}

fn seen(mut item: Item, role: &str) -> Item {
    let definition = &mut item.definition;
    if definition.get("owner").is_some_and(|owner| owner == role) {
        definition.remove("owner");
    }
    let owned = !definition.contains_key("owner");
    for (property, word) in [("granted", " to "), ("revoked", " from ")] {
        privileges(definition, property, word, role, owned);
    }
    match item.object.kind.as_str() {
        "policy" => {
            if let Some(roles) = definition.get_mut("roles") {
                let mut names: Vec<_> = roles.split(", ").map(|name| renamed(name, role)).collect();
                names.sort_unstable();
                names.dedup();
                *roles = names.join(", ");
            }
        }
        "default privileges" => {
            if let Some(what) = item.object.name.strip_suffix(role).filter(|w| w.ends_with(" of "))
            {
                item.object.name = format!("{what}{OWNER}");
            }
        }
        "user mapping" => {
            if let Some(on) =
                item.object.name.strip_prefix(role).filter(|on| on.starts_with(" on "))
            {
                item.object.name = format!("{OWNER}{on}");
            }
        }
        _ => {}
    }
    item
}

fn renamed<'a>(name: &'a str, role: &str) -> &'a str {
    if name == role { OWNER } else { name }
}

/// `SELECT to app by keeper; ...`
fn privileges(definition: &mut Definition, property: &str, word: &str, role: &str, owned: bool) {
    let Some(text) = definition.get_mut(property) else { return };
    let names = |line: &str| line.split([' ', ';']).any(|name| name == role);
    if !names(text) {
        return;
    }
    let mut lines: Vec<(String, Vec<String>)> = Vec::new();
    for line in text.split("; ") {
        let Some((given, rest)) = line.split_once(word) else { continue };
        let (grantee, grantor) = match rest.split_once(" by ") {
            Some((grantee, grantor)) => (renamed(grantee, role), Some(renamed(grantor, role))),
            None => (renamed(rest, role), None),
        };
        if grantee == OWNER && owned && property == "granted" {
            continue;
        }
        let by = match grantor {
            Some(OWNER) if owned => String::new(),
            Some(grantor) => format!(" by {grantor}"),
            None => String::new(),
        };
        let rest = format!("{word}{grantee}{by}");
        let given = given.split(", ").map(str::to_owned);
        match lines.iter_mut().find(|(other, _)| *other == rest) {
            Some((_, all)) => all.extend(given),
            None => lines.push((rest, given.collect())),
        }
    }
    let mut lines: Vec<String> = lines
        .into_iter()
        .map(|(rest, mut given)| {
            given.sort_unstable();
            given.dedup();
            format!("{}{rest}", given.join(", "))
        })
        .collect();
    lines.sort_unstable();
    if lines.is_empty() {
        definition.remove(property);
    } else {
        *text = lines.join("; ");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema::inventory::tests::inventory;

    #[test]
    fn a_role_that_turns_out_to_be_the_owner() {
        let archived = inventory(
            15,
            &[
                ("table", "s.a", &[("granted", "INSERT, SELECT to app; SELECT to reader")]),
                ("table", "s.b", &[("granted", "SELECT to app"), ("owner", "keeper")]),
                ("table", "s.c", &[("owner", "app"), ("granted", "SELECT to reader by app")]),
                ("table", "s.d", &[("granted", "SELECT to app")]),
                ("table", "s.e", &[("granted", "SELECT to application")]),
                ("policy", "s.a.p", &[("roles", "PUBLIC, app")]),
                ("default privileges", "tables of app", &[]),
                ("default privileges", "tables of my_app", &[]),
            ],
        );
        let live = inventory(
            15,
            &[
                ("table", "s.a", &[("granted", "SELECT to reader")]),
                ("table", "s.b", &[("granted", "SELECT to CURRENT_USER"), ("owner", "keeper")]),
                ("table", "s.c", &[("granted", "SELECT to reader")]),
                ("table", "s.d", &[]),
                ("table", "s.e", &[("granted", "SELECT to application")]),
                ("policy", "s.a.p", &[("roles", "CURRENT_USER, PUBLIC")]),
                ("default privileges", "tables of CURRENT_USER", &[]),
                ("default privileges", "tables of my_app", &[]),
            ],
        );
        assert_eq!(seen_by(&archived, "app"), live);
        assert_eq!(seen_by(&live, "app"), live);
    }
}
