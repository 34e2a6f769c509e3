//! A script for psql that restores what a dump holds.
//!
//! Takes the settings and the entries of a dump; gives the text, piece by piece, so that nobody needs all of it in
//! memory. No statement is changed.

use arcstr::Substr;

use crate::schema::Entry;

/// How much of rows goes to the server at once, in bytes. psql takes longer to send an INSERT than the server to run
/// it: one by one, 200,000 rows took 30 s, and 6 s in this way.
const AT_ONCE: usize = 1 << 16;

/// The script, piece by piece: these settings, then the statements of these entries, each as it stands. Rows go to the
/// server many at a time: psql sends what `\;` ends together with what follows.
pub fn script<'a>(
    settings: &'a [Substr],
    entries: impl IntoIterator<Item = &'a Entry>,
) -> impl Iterator<Item = &'a str> {
    let settings = settings.iter().flat_map(|setting| [setting.as_str(), ";\n"]);
    settings.chain(entries.into_iter().flat_map(|entry| {
        let mut waiting = 0;
        entry.statements.iter().enumerate().flat_map(move |(number, statement)| {
            waiting += statement.len();
            let goes_on =
                entry.is_rows() && number + 1 < entry.statements.len() && waiting < AT_ONCE;
            if !goes_on {
                waiting = 0;
            }
            [statement.as_str(), if goes_on { "\\;\n" } else { ";\n" }]
        })
    }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema::Object;

    #[test]
    fn rows_go_together_and_nothing_else() {
        let entry = |kind: &str, statements: &[&str]| Entry {
            object: Object { kind: kind.to_owned(), schema: None, name: "t".to_owned() },
            owner: None,
            statements: statements.iter().map(|s| Substr::from(*s)).collect(),
        };
        let long = format!("INSERT INTO t VALUES ('{}')", "x".repeat(AT_ONCE));
        let entries = [
            entry("TABLE", &["CREATE TABLE t (a text)", "ALTER TABLE t OWNER TO x"]),
            entry("TABLE DATA", &["INSERT 1", "INSERT 2", &long, "INSERT 3"]),
            entry("TABLE DATA", &["INSERT 4"]),
        ];
        let text: String = script(&["SET a = b".into()], &entries).collect();
        let expected = format!(
            "SET a = b;\nCREATE TABLE t (a text);\nALTER TABLE t OWNER TO x;\nINSERT 1\\;\nINSERT 2\\;\n\
             {long};\nINSERT 3;\nINSERT 4;\n"
        );
        assert_eq!(text, expected);
    }
}
