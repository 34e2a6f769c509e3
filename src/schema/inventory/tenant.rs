//! The inventory of one schema, under another name.
//!
//! Pure. A project that keeps each tenant in a schema of its own has one history for all of them. The archive tells
//! what it builds in its own schema; what it would build in a tenant's is the same with the schema's name
//! exchanged: wherever an object of the history stands behind it, and never inside a string, but
//! for a name that PostgreSQL itself prints as one (`nextval('s.q'::regclass)`). A name behind the schema
//! that no object of the history has is another's, an extension's for example, and stays as it is.

use std::collections::BTreeSet;

use pg_query::protobuf::Token;

use crate::postgres::identifier;
use crate::schema::inventory::{Inventory, Item};

/// A schema of the history, and the one that takes its place.
#[derive(Debug, Clone, Copy)]
pub struct Exchange<'a> {
    /// The history's own.
    pub own: &'a str,
    /// The tenant's.
    pub tenant: &'a str,
    /// The tenant's, as SQL writes it.
    pub quoted: &'a str,
}

/// Properties that hold the words of people, not SQL.
const WORDS: [&str; 4] = ["comment", "security label", "options", "labels"];

impl Exchange<'_> {
    /// What the history builds in the tenant's schema; `names` are those of [`names`].
    pub fn expected(&self, inventory: &Inventory, names: &BTreeSet<String>) -> Inventory {
        let items = inventory.items().iter().filter(|item| is_in(item, self.own));
        let items = items.map(|item| {
            let mut item = item.clone();
            item.object.schema = Some(self.quoted.to_owned());
            // Only the types of arguments have a schema in a name.
            if let Some(place) = item.object.name.find('(') {
                let arguments = self.text(&item.object.name[place..], names);
                item.object.name.replace_range(place.., &arguments);
            }
            for (property, value) in &mut item.definition {
                if !WORDS.contains(&property.as_str()) {
                    *value = self.text(value, names);
                }
            }
            item
        });
        Inventory::new(inventory.major(), items.collect())
    }

    /// The objects of the tenant's schema.
    pub fn actual(&self, inventory: &Inventory) -> Inventory {
        let items = inventory.items().iter().filter(|item| is_in(item, self.tenant));
        Inventory::new(inventory.major(), items.cloned().collect())
    }

    /// The text with the schema exchanged. One that has no tokens stays as it is.
    fn text(&self, text: &str, names: &BTreeSet<String>) -> String {
        if !text.contains(self.own) {
            return text.to_owned();
        }
        self.exchanged(text, names).unwrap_or_else(|| text.to_owned())
    }

    fn exchanged(&self, text: &str, names: &BTreeSet<String>) -> Option<String> {
        let tokens = pg_query::scan(text).ok()?.tokens;
        let place = |number: i32| usize::try_from(number).ok();
        let is_dot = |at: usize| tokens.get(at).is_some_and(|t| t.token() == Token::Ascii46);
        let word = |at: usize| {
            let token = tokens.get(at)?;
            text.get(place(token.start)?..place(token.end)?)
        };
        let mut out = String::with_capacity(text.len());
        let mut end = 0;
        for (at, token) in tokens.iter().enumerate() {
            let (start, stop) = (place(token.start)?, place(token.end)?);
            out.push_str(text.get(end..start)?);
            let this = text.get(start..stop)?;
            let behind_a_dot = at > 0 && is_dot(at - 1);
            if raw(this) == self.own
                && token.token() != Token::Sconst
                && !behind_a_dot
                && is_dot(at + 1)
                && word(at + 2).is_some_and(|name| names.contains(&raw(name)))
            {
                out.push_str(self.quoted);
            } else if token.token() == Token::Sconst
                && tokens.get(at + 1).is_some_and(|t| t.token() == Token::Typecast)
                && word(at + 2).is_some_and(is_name_type)
                && let Some(name) = this.strip_prefix('\'').and_then(|t| t.strip_suffix('\''))
            {
                // A constant of such a type prints as the object's name.
                let name = self.text(&name.replace("''", "'"), names);
                out.push_str(&identifier::literal(&name));
            } else {
                out.push_str(this);
            }
            end = stop;
        }
        out.push_str(text.get(end..)?);
        Some(out)
    }
}

/// Types whose values are objects.
fn is_name_type(name: &str) -> bool {
    let what = name.strip_prefix("reg");
    what.is_some_and(|what| {
        [
            "class",
            "proc",
            "procedure",
            "type",
            "oper",
            "operator",
            "config",
            "dictionary",
            "collation",
        ]
        .contains(&what)
    })
}

fn is_in(item: &Item, schema: &str) -> bool {
    item.object.schema.as_deref().is_some_and(|name| raw(name) == schema)
}

/// The names that objects have in this schema, without quotes.
pub fn names(inventory: &Inventory, schema: &str) -> BTreeSet<String> {
    let items = inventory.items().iter().filter(|item| is_in(item, schema));
    let mut names = BTreeSet::new();
    for item in items {
        let name = &item.object.name;
        let mut quoted = false;
        let end = name.find(|c: char| {
            quoted ^= c == '"';
            !quoted && matches!(c, '.' | '(' | ' ')
        });
        names.insert(raw(&name[..end.unwrap_or(name.len())]));
        // A multirange has its name in a property of its range.
        if let Some(multirange) = item.definition.get("multirange") {
            names.insert(raw(multirange.rsplit('.').next().unwrap_or(multirange)));
        }
    }
    names
}

/// An identifier without its quotes.
fn raw(name: &str) -> String {
    match name.strip_prefix('"').and_then(|name| name.strip_suffix('"')) {
        Some(inner) => inner.replace("\"\"", "\""),
        None => name.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema::inventory::tests::inventory;

    fn exchanged(text: &str) -> String {
        let exchange = Exchange { own: "public", tenant: "Shop 1", quoted: "\"Shop 1\"" };
        let names = ["t", "q", "Odd one", "kind", "f", "+"].map(str::to_owned).into();
        exchange.text(text, &names)
    }

    #[test]
    fn names_of_the_history_only_and_never_in_strings() {
        for (text, expected) in [
            ("CREATE INDEX i ON public.t (a)", "CREATE INDEX i ON \"Shop 1\".t (a)"),
            ("\"public\".\"t\"", "\"Shop 1\".\"t\""),
            ("public.\"Odd one\"", "\"Shop 1\".\"Odd one\""),
            // An extension's function, another schema, a table that has the schema's name.
            ("public.uuid_generate_v4()", "public.uuid_generate_v4()"),
            ("shared.t", "shared.t"),
            ("x.public.t", "x.public.t"),
            ("'public.t'::text", "'public.t'::text"),
            ("$$select public.t$$ || public.f()", "$$select public.t$$ || \"Shop 1\".f()"),
            ("nextval('public.q'::regclass)", "nextval('\"Shop 1\".q'::regclass)"),
            ("nextval('public.other'::regclass)", "nextval('public.other'::regclass)"),
            ("'a'::public.kind[]", "'a'::\"Shop 1\".kind[]"),
            ("a OPERATOR(public.+) b", "a OPERATOR(\"Shop 1\".+) b"),
            ("publication.t", "publication.t"),
        ] {
            assert_eq!(exchanged(text), expected);
        }
    }

    #[test]
    fn only_what_is_in_the_schema_counts() {
        let archived = inventory(
            15,
            &[
                ("table", "public.t", &[("comment", "see public.t")]),
                ("function", "public.f(public.kind)", &[("definition", "f(public.kind)")]),
                ("enum", "public.kind", &[("labels", "'public.t'")]),
                ("column", "shared.u.a", &[("type", "public.kind")]),
                ("schema", "public", &[]),
            ],
        );
        let exchange = Exchange { own: "public", tenant: "one", quoted: "one" };
        let expected = exchange.expected(&archived, &names(&archived, "public"));
        let wanted = inventory(
            15,
            &[
                ("table", "one.t", &[("comment", "see public.t")]),
                ("function", "one.f(one.kind)", &[("definition", "f(one.kind)")]),
                ("enum", "one.kind", &[("labels", "'public.t'")]),
            ],
        );
        assert_eq!(expected, wanted);
        assert_eq!(exchange.actual(&wanted), wanted);
        assert_eq!(exchange.actual(&archived).items().len(), 0);
    }
}
