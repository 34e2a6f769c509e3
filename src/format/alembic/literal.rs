//! Python string literals, laid out as the common formatters leave them.
//!
//! A text must come back byte for byte: Python turns `\r\n` in source text into `\n`, so whatever is
//! not plain text is escaped. Everything else is written as it is, so that SQL stays readable.

use std::fmt::Write;

use unicode_width::UnicodeWidthChar;

/// The line length that black and ruff share.
pub const WIDTH: usize = 88;

/// A character that is legal inside a literal but that a reader does not see or Python changes.
fn is_hidden(c: char) -> bool {
    (c.is_control() && c != '\n' && c != '\t') || matches!(c, '\u{2028}' | '\u{2029}' | '\u{feff}')
}

/// Whether a text is printable ASCII; most are, and that is quickly seen.
pub fn is_simple(text: &str) -> bool {
    text.bytes().all(|byte| (0x20..0x7f).contains(&byte))
}

/// Printable ASCII without a quote or a backslash: it stands between quotes as it is.
fn is_plain(text: &str) -> bool {
    text.bytes().all(|byte| matches!(byte, 0x20..0x7f) && !matches!(byte, b'"' | b'\\'))
}

fn quoted(text: &str) -> String {
    let mut literal = String::with_capacity(text.len() + 2);
    literal.push('"');
    literal.push_str(text);
    literal.push('"');
    literal
}

/// A Python literal for this text: as plain as it can be.
pub fn python(text: &str) -> String {
    if is_plain(text) {
        return quoted(text);
    }
    if text.chars().any(is_hidden) {
        return escaped(text);
    }
    if !text.contains(['"', '\\', '\n']) {
        return quoted(text);
    }
    let raw = if text.contains('\\') { "r" } else { "" };
    // Neither a quote nor a backslash may stand before the closing quotes.
    let closes = |quote: char| !text.ends_with(quote) && !text.ends_with('\\');
    if !text.contains("\"\"\"") && closes('"') {
        return format!("{raw}\"\"\"{text}\"\"\"");
    }
    if !text.contains("'''") && closes('\'') {
        // Formatters leave '...' alone only where it saves escapes.
        let quotes = if text.contains(['\n', '\'']) { "'''" } else { "'" };
        return format!("{raw}{quotes}{text}{quotes}");
    }
    escaped(text)
}

/// A Python literal for this text that takes one line of source.
pub fn one_line(text: &str) -> String {
    if text.contains('\n') { escaped(text) } else { python(text) }
}

/// A literal with escapes, in one source line, in the quotes that need fewer of them.
fn escaped(text: &str) -> String {
    let single = text.matches('"').count() > text.matches('\'').count();
    let quote = if single { '\'' } else { '"' };
    let mut literal = String::from(quote);
    for c in text.chars() {
        // Writing to a String cannot fail.
        let _ = match c {
            c if c == quote => write!(literal, "\\{c}"),
            '\\' => literal.write_str("\\\\"),
            '\n' => literal.write_str("\\n"),
            '\r' => literal.write_str("\\r"),
            '\t' => literal.write_str("\\t"),
            c if is_hidden(c) => write!(literal, "\\u{:04x}", c as u32),
            c => literal.write_char(c),
        };
    }
    literal.push(quote);
    literal
}

/// A call with this literal as its only argument, for a body that is indented by four spaces.
pub fn call(function: &str, text: &str) -> String {
    let literal = python(text);
    let line = format!("{function}({literal})");
    if literal.contains('\n') || width(&line) + 4 <= WIDTH {
        line
    } else {
        format!("{function}(\n        {literal}\n    )")
    }
}

/// The columns that a line takes, as the formatters count them.
pub fn width(line: &str) -> usize {
    if line.is_ascii() && !line.contains('\t') {
        return line.len();
    }
    let of = |c: char| if c == '\t' { 4 } else { c.width().unwrap_or_default() };
    line.chars().map(of).sum()
}

/// A tuple of strings, a single string, or `None`, as Alembic's templates write them.
pub fn names(names: &[String]) -> String {
    match names {
        [] => "None".to_owned(),
        [one] => python(one),
        several => {
            format!("({})", several.iter().map(|n| python(n)).collect::<Vec<_>>().join(", "))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn literals_are_as_plain_as_they_can_be() {
        assert_eq!(python("SELECT 'a%s :b'"), "\"SELECT 'a%s :b'\"");
        assert_eq!(python("SELECT \"a\" FROM t"), "\"\"\"SELECT \"a\" FROM t\"\"\"");
        assert_eq!(python("E'\\n'"), "r\"\"\"E'\\n'\"\"\"");
        assert_eq!(python("DROP TABLE \"a\""), "'DROP TABLE \"a\"'");
        assert_eq!(python("'a' \"\"\" b'"), r#""'a' \"\"\" b'""#);
        assert_eq!(python("a\r\nb"), "\"a\\r\\nb\"");
        assert_eq!(python("a\nb\tc"), "\"\"\"a\nb\tc\"\"\"");
        assert_eq!(python("\\"), "\"\\\\\"");
    }

    #[test]
    fn a_long_line_is_broken_as_formatters_do() {
        let long = "x".repeat(80);
        assert_eq!(call("execute", &long), format!("execute(\n        \"{long}\"\n    )"));
        assert_eq!(call("execute", "x"), "execute(\"x\")");
    }

    proptest::proptest! {
        /// Read back by the parser that reads revision files: the same text.
        #[test]
        fn every_text_comes_back(text in "(?s)[ -~\\n\\r\\t\"'\\\\äß🥗\\x00\\x0c\u{2028}]{0,40}") {
            let source = format!("x = {}\n", python(&text));
            let parsed = ruff_python_parser::parse_module(&source).unwrap();
            let ruff_python_ast::Stmt::Assign(assign) = &parsed.syntax().body[0] else { panic!() };
            let ruff_python_ast::Expr::StringLiteral(literal) = &*assign.value else { panic!() };
            proptest::prop_assert_eq!(literal.value.to_str(), text);
        }
    }
}
