//! What SQLAlchemy can be told word by word, and come out with the same.
//!
//! Three things get in the way. `text()` takes `:name` for a parameter. The compiler doubles `%` or not,
//! by driver and mode; and offline Alembic makes four spaces of a tab, and SQLAlchemy, which has asked
//! no server, doubles backslashes in literals. What these would change is not said this way at all.

use std::borrow::Cow;

use crate::format::alembic::literal;
use crate::stages::render::ops::layout::Code;

/// Key words that PostgreSQL wants in quotes and SQLAlchemy (1.4 to 2.1) does not put there.
const NOT_QUOTED: [&str; 5] =
    ["collation", "concurrently", "lateral", "system_user", "tablesample"];

/// The most bytes of a name.
pub const LONGEST_NAME: usize = 63;

/// The name of a column, a table, a schema...
pub fn name(text: &str) -> Option<Code> {
    let quoted = !NOT_QUOTED.contains(&text) && !text.bytes().any(|b| matches!(b, b'%' | b'\n'));
    (quoted && is_steady(text)).then(|| Code::string(text))
}

/// Names as a list.
pub fn names(texts: &[Cow<'_, str>]) -> Option<Code> {
    texts.iter().map(|text| name(text)).collect::<Option<Vec<_>>>().map(Code::list)
}

/// A name that no naming convention may change.
pub fn exact(text: &str) -> Option<Code> {
    Some(Code::call("op.f", [name(text)?]))
}

/// A value that SQLAlchemy writes as a literal: a comment, a label, a seed.
pub fn value(text: &str) -> Option<Code> {
    (is_steady(text) && !text.contains('%') && !text.contains('\\')).then(|| Code::string(text))
}

/// SQL, for what makes a `text()` of a string by itself.
pub fn sql(text: &str) -> Option<Code> {
    if !is_steady(text) || text.contains('%') {
        return None;
    }
    if !text.contains(':') {
        return Some(Code::string(text));
    }
    escaped(text).map(|text| Code::string(&text))
}

/// SQL as `sa.text(...)`.
pub fn text(text: &str) -> Option<Code> {
    Some(Code::call("sa.text", [sql(text)?]))
}

fn is_steady(text: &str) -> bool {
    literal::is_simple(text) || !text.contains(|c: char| c.is_control() && c != '\n')
}

/// Puts a backslash before every colon that `text()` would take for the beginning of a parameter:
/// `(?<![:\w\\]):(\w+)(?!:)`. It takes away those of `\\(:[\w$]*)(?![:\w$])`, so a colon after the name,
/// or a backslash that is there already, cannot be written.
fn escaped(text: &str) -> Option<String> {
    if text.contains("\\:") {
        return None;
    }
    let is_word = |c: char| c.is_alphanumeric() || c == '_';
    let mut escaped = String::with_capacity(text.len() + 8);
    let mut before = None;
    for (at, c) in text.char_indices() {
        let after = &text[at + c.len_utf8()..];
        let binds = c == ':'
            && after.starts_with(is_word)
            && !before.is_some_and(|b: char| b == ':' || (b.is_ascii() && is_word(b)));
        if binds {
            // Python and Rust do not agree on every letter.
            if before.is_some_and(|b: char| !b.is_ascii())
                || after.trim_start_matches(|c| is_word(c) || c == '$').starts_with(':')
            {
                return None;
            }
            escaped.push('\\');
        }
        escaped.push(c);
        before = Some(c);
    }
    Some(escaped)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_colon_that_would_bind_is_escaped() {
        let same = |text: &str| escaped(text).as_deref() == Some(text);
        assert!(same("'a'::text") && same("12:30") && same("a : b") && same("x[1:2]"));
        assert_eq!(escaped("'{\"a\":1}' :b").as_deref(), Some("'{\"a\"\\:1}' \\:b"));
        assert_eq!(escaped("[:2]").as_deref(), Some("[\\:2]"));
        for text in ["' :ab:c'", "a\\:b", "é:b"] {
            assert_eq!(escaped(text), None, "{text}");
        }
    }

    #[test]
    fn what_would_change_is_not_said() {
        assert!(name("order").is_some() && name("Ünter \"x\"").is_some());
        assert!(name("lateral").is_none() && name("a%").is_none() && name("a\tb").is_none());
        assert!(value("it's 100").is_some());
        assert!(value("100 %").is_none() && value("a\\b").is_none() && value("a\tb").is_none());
        assert!(sql("x ~~ 'a%'").is_none() && sql("E'\\n'").is_some());
    }
}
