//! The only place that quotes: SQL identifiers and literals, and `pg_dump` patterns.
//!
//! Source of the rules: PostgreSQL documentation, "Lexical Structure" (4.1.1, 4.1.2) and psql's
//! "Patterns", which `pg_dump` shares.

/// An identifier, always quoted.
pub fn quote(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// A name that may have a schema, each part quoted.
pub fn qualify(schema: Option<&str>, name: &str) -> String {
    match schema {
        Some(schema) => format!("{}.{}", quote(schema), quote(name)),
        None => quote(name),
    }
}

/// A string literal that means the same whatever `standard_conforming_strings` says.
pub fn literal(text: &str) -> String {
    let quoted = format!("'{}'", text.replace('\'', "''"));
    if text.contains('\\') { format!("E{}", quoted.replace('\\', "\\\\")) } else { quoted }
}

/// A `pg_dump` pattern that matches exactly this table: inside double quotes nothing is special.
pub fn pattern(schema: &str, table: &str) -> String {
    format!("{}.{}", quote(schema), quote(table))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes() {
        assert_eq!(quote("a"), "\"a\"");
        assert_eq!(quote("Menü \"1\""), "\"Menü \"\"1\"\"\"");
        assert_eq!(qualify(Some("s"), "t"), "\"s\".\"t\"");
        assert_eq!(literal("it's"), "'it''s'");
        assert_eq!(literal("a\\b'"), "E'a\\\\b'''");
    }
}
