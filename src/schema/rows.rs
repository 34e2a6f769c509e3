//! The rows of a dump: `pg_dump`'s INSERT statements cut into columns and values.
//!
//! Pure. Every row is one statement with column names (`--column-inserts`), and its values have few
//! forms: `NULL`, `true`, plain numbers, `DEFAULT`, `'text'` with doubled quotes, `B'01'`. So a small
//! scanner is enough; a parse tree of 200,000 rows would take gigabytes. What it cannot cut is told by
//! `None` and stays one opaque text.

use std::borrow::Cow;

/// One row: the text before its values, the columns' names and the values as they stand.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Insert<'a> {
    /// `INSERT INTO s.t (a, b) VALUES (`
    pub head: &'a str,
    /// The columns, without quotes.
    pub columns: Vec<String>,
    /// The values as `pg_dump` writes them.
    pub values: Vec<&'a str>,
}

impl<'a> Insert<'a> {
    /// Cuts a statement.
    pub fn cut(statement: &'a str) -> Option<Self> {
        let (head, columns) = head(statement)?;
        let values = values(&statement[head.len()..])?;
        (values.len() == columns.len()).then_some(Self { head, columns, values })
    }

    /// Cuts a statement that begins as another row of its table does.
    pub fn cut_like(head: &str, columns: usize, statement: &'a str) -> Option<Vec<&'a str>> {
        values(statement.strip_prefix(head)?).filter(|values| values.len() == columns)
    }
}

/// What stands before a row's values, up to their bracket, and the columns. The values may be anything.
pub fn head(statement: &str) -> Option<(&str, Vec<String>)> {
    let rest = statement.strip_prefix("INSERT INTO ")?;
    let rest = after_name(rest)?.strip_prefix(" (")?;
    let (columns, rest) = names(rest)?;
    let rest = rest.strip_prefix(" OVERRIDING SYSTEM VALUE").unwrap_or(rest);
    let rest = rest.strip_prefix(" VALUES (")?;
    Some((&statement[..statement.len() - rest.len()], columns))
}

/// Puts a row together again.
pub fn statement<S: AsRef<str>>(head: &str, values: &[S]) -> String {
    let values: Vec<&str> = values.iter().map(AsRef::as_ref).collect();
    format!("{head}{})", values.join(", "))
}

/// The text that a quoted value stands for; `None` for `NULL`, numbers and other bare words.
pub fn text(value: &str) -> Option<Cow<'_, str>> {
    let inner = value.strip_prefix('\'')?.strip_suffix('\'')?;
    Some(if inner.contains('\'') {
        Cow::Owned(inner.replace("''", "'"))
    } else {
        Cow::Borrowed(inner)
    })
}

/// What a value says, quoted or not; `None` for `NULL`.
pub fn content(value: &str) -> Option<Cow<'_, str>> {
    (value != "NULL").then(|| text(value).unwrap_or(Cow::Borrowed(value)))
}

/// What follows a name that may be qualified and quoted.
fn after_name(text: &str) -> Option<&str> {
    let mut rest = identifier(text)?.1;
    while let Some(more) = rest.strip_prefix('.') {
        rest = identifier(more)?.1;
    }
    Some(rest)
}

/// One identifier, and what follows it.
pub fn identifier(text: &str) -> Option<(String, &str)> {
    let Some(quoted) = text.strip_prefix('"') else {
        let end = text.find(|c: char| " .,()\"".contains(c)).unwrap_or(text.len());
        return (end > 0).then(|| (text[..end].to_owned(), &text[end..]));
    };
    let end = closing(quoted, '"')?;
    Some((quoted[..end].replace("\"\"", "\""), &quoted[end + 1..]))
}

/// `a, "b c")` as names, and what follows the bracket.
fn names(text: &str) -> Option<(Vec<String>, &str)> {
    let mut names = Vec::new();
    let mut rest = text;
    loop {
        let (name, after) = identifier(rest)?;
        names.push(name);
        match after.strip_prefix(", ") {
            Some(more) => rest = more,
            None => return Some((names, after.strip_prefix(')')?)),
        }
    }
}

/// `1, 'a', NULL)` as values.
fn values(text: &str) -> Option<Vec<&str>> {
    let mut values = Vec::new();
    let mut rest = text;
    loop {
        let end = match rest.find(['\'', ',', ')'])? {
            // `'text'`, or `B'01'`.
            quote if rest[quote..].starts_with('\'') => {
                (quote == 0 || &rest[..quote] == "B").then_some(())?;
                quote + 1 + closing(&rest[quote + 1..], '\'')? + 1
            }
            0 => return None,
            end => end,
        };
        values.push(&rest[..end]);
        match rest[end..].strip_prefix(", ") {
            Some(more) => rest = more,
            None => return (&rest[end..] == ")").then_some(values),
        }
    }
}

/// Where a quoted text ends: at a quote that is not doubled.
fn closing(text: &str, quote: char) -> Option<usize> {
    let mut from = 0;
    loop {
        let at = from + text[from..].find(quote)?;
        if !text[at + 1..].starts_with(quote) {
            return Some(at);
        }
        from = at + 2;
    }
}

#[cfg(test)]
mod tests {
    use pg_query::NodeEnum;
    use pg_query::protobuf::a_const::Val;
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_row_is_cut_and_put_together() {
        let text = r#"INSERT INTO "S x"."t.u" (id, "a ""b", c) OVERRIDING SYSTEM VALUE VALUES (-1.5e+10, 'it''s, ("x")', NULL)"#;
        let row = Insert::cut(text).unwrap();
        assert_eq!(row.columns, ["id", "a \"b", "c"]);
        assert_eq!(row.values, ["-1.5e+10", r#"'it''s, ("x")'"#, "NULL"]);
        assert_eq!(statement(row.head, &row.values), text);
        assert_eq!(Insert::cut_like(row.head, 3, text).unwrap(), row.values);
        assert_eq!(super::text(row.values[1]).unwrap(), "it's, (\"x\")");
    }

    #[test]
    fn what_is_no_such_row_is_left_alone() {
        for text in [
            "INSERT INTO t DEFAULT VALUES",
            "INSERT INTO t (a) VALUES (1), (2)",
            "INSERT INTO t (a) VALUES (f(1))",
            "INSERT INTO t (a) VALUES ('x)",
            "INSERT INTO t (a) VALUES (E'x')",
            "INSERT INTO t (a, b) VALUES (1)",
            "SELECT 1",
        ] {
            assert_eq!(Insert::cut(text), None, "{text}");
        }
    }

    /// What the server's own parser takes the values for.
    fn parsed(statement: &str) -> Vec<Option<String>> {
        let tree = pg_query::parse(statement, 0).unwrap().protobuf;
        let node = tree.stmts[0].stmt.clone().unwrap().node.unwrap();
        let NodeEnum::InsertStmt(insert) = node else { panic!("no insert") };
        let select = insert.select_stmt.unwrap().node.unwrap();
        let NodeEnum::SelectStmt(select) = select else { panic!("no values") };
        let NodeEnum::List(list) = select.values_lists[0].node.clone().unwrap() else {
            panic!("no list")
        };
        list.items
            .into_iter()
            .map(|item| match item.node.unwrap() {
                NodeEnum::AConst(constant) => match constant.val {
                    Some(Val::Sval(text)) => Some(text.sval),
                    Some(Val::Ival(number)) => Some(number.ival.to_string()),
                    Some(Val::Bsval(bits)) => Some(bits.bsval),
                    _ => None,
                },
                _ => None,
            })
            .collect()
    }

    proptest! {
        #[test]
        fn the_parser_sees_the_same_values(
            drawn in prop::collection::vec(prop_oneof![
                "[ -~\n\täß€']{0,24}".prop_map(|text| {
                    (format!("'{}'", text.replace('\'', "''")), Some(text))
                }),
                (0..i32::MAX).prop_map(|n| (n.to_string(), Some(n.to_string()))),
                Just(("NULL".to_owned(), None)),
                "[01]{1,9}".prop_map(|bits| (format!("B'{bits}'"), Some(format!("b{bits}")))),
            ], 1..7),
            name in "[a-z \".,()]{1,9}",
        ) {
            let columns: Vec<String> = (0..drawn.len())
                .map(|n| format!("\"{}{n}\"", name.replace('"', "\"\"")))
                .collect();
            let values: Vec<&str> = drawn.iter().map(|(raw, _)| raw.as_str()).collect();
            let text = format!("INSERT INTO s.t ({}) VALUES ({})", columns.join(", "), values.join(", "));
            let row = Insert::cut(&text).unwrap();
            prop_assert_eq!(&row.values, &values);
            prop_assert_eq!(&row.columns[0], &format!("{name}0"));
            for ((wanted, (_, meant)), raw) in parsed(&text).iter().zip(&drawn).zip(&row.values) {
                prop_assert_eq!(wanted, meant);
                if let Some(text) = super::text(raw) {
                    prop_assert_eq!(Some(text.into_owned()), wanted.clone());
                }
            }
        }
    }
}
