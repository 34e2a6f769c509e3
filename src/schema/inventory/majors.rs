//! The part of an inventory that all major versions tell in the same way.
//!
//! Pure: one inventory in, one out. Both sides of a comparison go through it, so what is taken away here
//! cannot be told between two majors; between databases of the same major nothing is taken away.
//! docs/ARCHITECTURE.md lists what still differs in print.

use pg_query::NodeEnum;
use pg_query::protobuf::Token;

use crate::schema::Object;
use crate::schema::inventory::{Definition, Inventory, Item};

/// What of this inventory a server of any major would tell in the same words.
pub fn shared(inventory: &Inventory) -> Inventory {
    let items = inventory.items().iter().filter(|item| {
        // 18 lets a NOT NULL have a name. That it is NOT NULL is told by the column, but for one that is
        // NOT VALID or NO INHERIT: that cannot be on an older server.
        let says_more = |text: &String| text.contains("NOT VALID") || text.contains("NO INHERIT");
        item.object.kind != "not-null constraint"
            || item.definition.get("definition").is_some_and(says_more)
    });
    Inventory::new(inventory.major(), items.map(item).collect())
}

fn item(item: &Item) -> Item {
    let Object { kind, schema, name } = &item.object;
    let mut definition: Definition = item
        .definition
        .iter()
        .map(|(property, value)| (property.clone(), without_quotes(value)))
        .collect();
    match kind.as_str() {
        // Each major brings its own.
        "extension" => {
            definition.remove("version");
            definition.remove("comment");
        }
        // From 14 on.
        "range type" => {
            definition.remove("multirange");
        }
        // Until 14 everybody may create objects there.
        "schema" if name == "public" => without_privilege(&mut definition, "CREATE", " PUBLIC"),
        "view" | "materialized view" => {
            if let Some(text) = definition.get_mut("definition") {
                *text = without_prefixes(text).unwrap_or_else(|| text.clone());
            }
        }
        _ => {}
    }
    // From 17 on, and part of ALL.
    without_privilege(&mut definition, "MAINTAIN", "");
    let object = Object {
        kind: kind.clone(),
        schema: schema.as_deref().map(without_quotes),
        name: without_quotes(name),
    };
    Item { object, definition }
}

/// Takes a privilege out of `SELECT, MAINTAIN to app; ...`, where it was given to or taken from a role
/// that ends so.
fn without_privilege(definition: &mut Definition, privilege: &str, role: &str) {
    for property in ["granted", "revoked"] {
        let Some(text) = definition.get_mut(property) else { continue };
        let lines = text.split("; ").filter_map(|line| {
            let cut = line.find(" to ").or_else(|| line.find(" from "));
            let (privileges, rest) = line.split_at(cut.unwrap_or(line.len()));
            if !rest.ends_with(role) {
                return Some(line.to_owned());
            }
            let kept = privileges.split(", ").filter(|p| p.split(' ').next() != Some(privilege));
            let kept: Vec<_> = kept.collect();
            (!kept.is_empty()).then(|| format!("{}{rest}", kept.join(", ")))
        });
        let lines: Vec<_> = lines.collect();
        if lines.is_empty() {
            definition.remove(property);
        } else {
            *text = lines.join("; ");
        }
    }
}

/// Whether a name needs quotes depends on the keywords of a major: those that a name does not need for
/// its letters go.
fn without_quotes(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    let mut in_literal = false;
    while let Some(place) = rest.find(['"', '\'']) {
        let (before, from) = rest.split_at(place);
        out.push_str(before);
        let plain = |name: &str| {
            let mut letters = name.chars();
            letters.next().is_some_and(|c| c.is_ascii_lowercase() || c == '_')
                && letters.all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_')
        };
        let inner = &from[1..];
        if from.starts_with('\'') {
            in_literal = !in_literal;
            out.push('\'');
            rest = inner;
        } else if let Some(end) = inner.find('"').filter(|_| !in_literal) {
            let name = &inner[..end];
            out.push_str(if plain(name) { name } else { &from[..end + 2] });
            rest = &inner[end + 1..];
        } else {
            out.push('"');
            rest = inner;
        }
    }
    out.push_str(rest);
    out
}

/// A view of one table as 16 and newer majors print it: columns without the table's name in front.
/// `None` if it is not such a view.
fn without_prefixes(view: &str) -> Option<String> {
    let from = only_table(view)?;
    let tokens = pg_query::scan(view).ok()?.tokens;
    let text = |place: usize| {
        let token = tokens.get(place)?;
        view.get(usize::try_from(token.start).ok()?..usize::try_from(token.end).ok()?)
    };
    let is_dot = |place: usize| tokens.get(place).is_some_and(|t| t.token() == Token::Ascii46);
    let mut out = String::with_capacity(view.len());
    let mut end = 0;
    let mut place = 0;
    while let Some(token) = tokens.get(place) {
        let (start, stop) = (usize::try_from(token.start).ok()?, usize::try_from(token.end).ok()?);
        // Not `schema.table`: there the name stands behind a dot.
        let prefix = is_dot(place + 1)
            && (place == 0 || !is_dot(place - 1))
            && text(place).is_some_and(|name| name.trim_matches('"') == from);
        out.push_str(view.get(end..start)?);
        if prefix {
            place += 2;
            end = usize::try_from(tokens.get(place)?.start).ok()?;
            continue;
        }
        out.push_str(view.get(start..stop)?);
        end = stop;
        place += 1;
    }
    out.push_str(view.get(end..)?);
    Some(out)
}

/// The name under which the query's only table is known.
fn only_table(view: &str) -> Option<String> {
    let parsed = pg_query::parse(view, 0).ok()?.protobuf;
    let statement = parsed.stmts.first()?.stmt.as_ref()?.node.as_ref()?;
    let NodeEnum::SelectStmt(select) = statement else { return None };
    let [from] = &select.from_clause[..] else { return None };
    let alias =
        |alias: &Option<pg_query::protobuf::Alias>| alias.as_ref().map(|a| a.aliasname.clone());
    match from.node.as_ref()? {
        NodeEnum::RangeVar(table) => alias(&table.alias).or_else(|| Some(table.relname.clone())),
        NodeEnum::RangeSubselect(subselect) => alias(&subselect.alias),
        NodeEnum::RangeFunction(function) => alias(&function.alias),
        _ => None,
    }
}
