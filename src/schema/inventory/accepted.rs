//! Differences that the user accepts, named one by one.
//!
//! Pure: a name as it was printed in, whether an object is meant out. There is no wildcard.

use crate::schema::Object;

/// The name of one object, as the user wrote it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Accepted {
    /// As it was written.
    pub written: String,
    /// The object's kind, where it was printed in front of the name.
    kind: Option<String>,
    /// Without backticks, and without quotes where a name does not need them.
    name: String,
}

/// What stands before a difference in the report.
const LEADS: [&str; 3] = ["differs:", "note:", "accepted:"];

impl Accepted {
    /// Reads a name: ``table `public.orders` ``, `table public.orders`, `public.orders`, or a whole line of the report
    /// (``  differs: table `public.orders` is missing``).
    pub fn new(written: &str) -> Self {
        let written = written.trim();
        let mut line = written;
        // As the report puts them before a difference.
        while let Some(rest) = LEADS.iter().find_map(|lead| line.strip_prefix(lead)) {
            line = rest.trim_start();
        }
        let (kind, name) = match line.split_once('`') {
            // What stands behind the second backtick tells how the object differs.
            Some((kind, rest)) => {
                let name = rest.split_once('`').map_or(rest, |(name, _)| name);
                (Some(kind.trim()).filter(|kind| !kind.is_empty()), name)
            }
            None => (None, line),
        };
        Self { written: written.to_owned(), kind: kind.map(str::to_lowercase), name: plain(name) }
    }

    /// The names in a file: one a line; empty lines and those that begin with `#` are passed over.
    pub fn list(text: &str) -> Vec<Self> {
        // An editor's mark of UTF-8 is no part of the first line.
        let lines = text.trim_start_matches('\u{feff}').lines().map(str::trim);
        lines.filter(|line| !line.is_empty() && !line.starts_with('#')).map(Self::new).collect()
    }

    /// Whether this object is meant.
    pub fn means(&self, object: &Object) -> bool {
        let name = match &object.schema {
            Some(schema) => plain(&format!("{schema}.{}", object.name)),
            None => plain(&object.name),
        };
        let kind = object.kind.as_str();
        if let Some(wanted) = &self.kind {
            return wanted == kind && self.name == name;
        }
        let with_kind = self.name.strip_prefix(kind).and_then(|rest| rest.strip_prefix(' '));
        self.name == name || with_kind.is_some_and(|rest| rest.trim_start() == name)
    }
}

/// A name as people type it: the quotes are PostgreSQL's.
fn plain(name: &str) -> String {
    name.trim().replace('"', "")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn object(kind: &str, schema: Option<&str>, name: &str) -> Object {
        Object { kind: kind.to_owned(), schema: schema.map(str::to_owned), name: name.to_owned() }
    }

    #[test]
    fn forms_that_people_write() {
        let column = object("column", Some("public"), "orders.total");
        for written in [
            "column `public.orders.total`",
            "column public.orders.total",
            " public.orders.total ",
            "`public.orders.total`",
            "column `public.orders.total`: default `0` -> none",
            "Column `public.orders.total` is missing",
            "  differs: column `public.orders.total` is missing",
            "differs: column `public.orders.total`: default `0` -> none",
            "\tdiffers:column `public.orders.total` is too much",
            "  note: accepted: column `public.orders.total`: default `0` -> none",
            "differs: column public.orders.total",
            "differs: public.orders.total",
        ] {
            assert!(Accepted::new(written).means(&column), "{written}");
        }
        for written in [
            "table `public.orders.total`",
            "  differs: table `public.orders.total` is missing",
            "differs:",
            "public.orders",
            "public.orders.*",
            "*",
            "",
        ] {
            assert!(!Accepted::new(written).means(&column), "{written}");
        }
    }

    #[test]
    fn names_with_blanks_and_quotes() {
        let function = object("function", Some("public"), "f(integer, text)");
        assert!(Accepted::new("function public.f(integer, text)").means(&function));
        assert!(Accepted::new("public.f(integer, text)").means(&function));
        let view = object("materialized view", Some("\"Shop\""), "\"a b\"");
        assert!(Accepted::new("materialized view `\"Shop\".\"a b\"`").means(&view));
        assert!(Accepted::new("Shop.a b").means(&view));
        assert!(!Accepted::new("view Shop.a b").means(&view));
        let extension = object("extension", None, "hstore");
        assert!(Accepted::new("extension hstore").means(&extension));
    }

    #[test]
    fn a_file_has_one_a_line() {
        let names = Accepted::list("\u{feff}# known\n\n  public.a\ntable `public.b`\r\n");
        assert_eq!(names, [Accepted::new("public.a"), Accepted::new("table `public.b`")]);
    }
}
