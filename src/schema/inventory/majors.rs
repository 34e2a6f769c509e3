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
        } else if let Some(end) = end_of_name(inner).filter(|_| !in_literal) {
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

/// Where a quoted name ends, after its first quote. Two quotes stand for one in it.
fn end_of_name(text: &str) -> Option<usize> {
    let mut from = 0;
    loop {
        let end = from + text.get(from..)?.find('"')?;
        if !text[end + 1..].starts_with('"') {
            return Some(end);
        }
        from = end + 2;
    }
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema::inventory::difference::differences;
    use crate::schema::inventory::tests::inventory;

    fn same(older: &Inventory, newer: &Inventory) -> bool {
        differences(older, newer).is_empty()
    }

    #[test]
    fn a_view_of_one_table_has_no_prefixes_from_16_on() {
        for (older, newer) in [
            (
                " SELECT t.id,\n    t.\"A b\"\n   FROM s.t;",
                " SELECT id,\n    \"A b\"\n   FROM s.t;",
            ),
            (" SELECT o.id FROM s.t o WHERE o.a > 1", " SELECT id FROM s.t o WHERE a > 1"),
            (
                " SELECT t.id FROM s.t WHERE EXISTS ( SELECT FROM s.u WHERE u.id = t.id)",
                " SELECT id FROM s.t WHERE EXISTS ( SELECT FROM s.u WHERE u.id = t.id)",
            ),
            (" SELECT f.f FROM s.f() f(f)", " SELECT f FROM s.f() f(f)"),
            (
                " SELECT 't.id'::text AS \"t.x\", t.id FROM t",
                " SELECT 't.id'::text AS \"t.x\", id FROM t",
            ),
            (" SELECT t.id FROM t.t", " SELECT id FROM t.t"),
        ] {
            let of = |major, text| inventory(major, &[("view", "s.v", &[("definition", text)])]);
            assert!(same(&of(15, older), &of(16, newer)), "{older}");
            assert!(!same(&of(16, older), &of(16, newer)));
        }
    }

    #[test]
    fn a_view_of_two_tables_keeps_them() {
        let join = |column| format!(" SELECT {column}.id FROM s.t, s.u");
        let (of_t, of_u) = (join("t"), join("u"));
        let of = |major, text| inventory(major, &[("view", "s.v", &[("definition", text)])]);
        assert!(same(&of(15, &of_t), &of(16, &of_t)));
        assert!(!same(&of(15, &of_t), &of(16, &of_u)));
        // What cannot be parsed is compared as it is.
        assert!(same(&of(15, "SELECT FROM FROM"), &of(16, "SELECT FROM FROM")));
        assert!(!same(&of(15, "SELECT FROM FROM"), &of(16, "SELECT FROM FROM t")));
    }

    #[test]
    fn only_needless_quotes_go() {
        for (text, expected) in [
            ("\"absent\"", "absent"),
            ("a.\"b\".\"C\".\"d e\".\"f\"\"g\"", "a.b.\"C\".\"d e\".\"f\"\"g\""),
            ("'\"x\"' || \"x\"", "'\"x\"' || x"),
            ("'it''s \"x\"', \"x\"", "'it''s \"x\"', x"),
            ("\"1a\" \"\" \"", "\"1a\" \"\" \""),
        ] {
            assert_eq!(without_quotes(text), expected);
        }
    }

    #[test]
    fn privileges_that_one_major_alone_has() {
        let of = |major, granted, revoked| {
            let table = [("granted", granted), ("revoked", revoked)];
            let public = [("revoked", revoked)];
            inventory(major, &[("table", "s.t", &table[..]), ("schema", "public", &public[..])])
        };
        let newer = of(
            17,
            "MAINTAIN, SELECT to a; MAINTAIN with grant option to b by a",
            "USAGE from PUBLIC",
        );
        assert!(same(&of(15, "SELECT to a", "USAGE from PUBLIC"), &newer));
        assert!(!same(&of(15, "SELECT to b", "USAGE from PUBLIC"), &newer));
        let public = |major, revoked: &[_]| inventory(major, &[("schema", "public", revoked)]);
        assert!(same(&public(14, &[("revoked", "CREATE from PUBLIC")]), &public(15, &[])));
        assert!(!same(&public(14, &[("revoked", "CREATE from app")]), &public(15, &[])));
    }

    #[test]
    fn a_name_of_a_not_null_is_nothing_but_not_valid_is() {
        let of = |definition| {
            let constraint = [("definition", definition)];
            inventory(18, &[("not-null constraint", "s.t.k", &constraint)])
        };
        let older = inventory(15, &[]);
        assert!(same(&older, &of("NOT NULL a")));
        assert!(!same(&older, &of("NOT NULL a NOT VALID")));
        assert!(!same(&older, &of("NOT NULL a NO INHERIT")));
    }
}
