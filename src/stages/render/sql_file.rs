//! The SQL of a large baseline as a file of its own, beside the revision.
//!
//! Takes the blocks of a dump; gives the file's text and how many statements each block has in it. Pure.
//!
//! A Python file of many megabytes takes ten times its size to load, and no reviewer opens it. So the
//! statements stand in a plain `.sql` file, each with `;` and a line behind it that stands in no statement:
//! whoever reads them, one at a time, needs no parser. psql takes the file as it is. Rows of a table are
//! put together, many in one INSERT, as `pg_dump --rows-per-insert` does: a round trip for each
//! would take most of an upgrade's time.

use arcstr::Substr;
use std::borrow::Cow;

use crate::schema::rows;
use crate::stages::dump::Block;

/// How many rows one INSERT has at the most.
const ROWS: usize = 500;

/// How long an INSERT may become before it takes no further row, in bytes.
const LENGTH: usize = 1 << 16;

/// The file's text, ready to be written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Script {
    /// The text.
    pub text: String,
    /// The line that stands behind each statement, without its end.
    pub separator: String,
    /// How many statements each block has.
    pub statements: Vec<usize>,
}

impl Script {
    /// Writes these blocks; `about` is the first line, a comment.
    pub fn new<'a>(about: &str, blocks: impl IntoIterator<Item = &'a Block>) -> Self {
        let blocks: Vec<&Block> = blocks.into_iter().collect();
        let separator = separator(&blocks);
        let mut text = format!("-- {}\n", one_line(about));
        let mut counts = Vec::with_capacity(blocks.len());
        for block in blocks {
            text.push_str(&format!("\n-- {}\n", one_line(&block.title)));
            let statements = joined(&block.statements);
            for statement in &statements {
                text.push_str(statement);
                text.push_str(";\n");
                text.push_str(&separator);
                text.push('\n');
            }
            counts.push(statements.len());
        }
        Self { text, separator, statements: counts }
    }
}

/// `--;`, or with more of `;` if a statement has such a line.
fn separator(blocks: &[&Block]) -> String {
    let mut separator = "--;".to_owned();
    let lines = || blocks.iter().flat_map(|b| &b.statements).flat_map(|s| s.split('\n'));
    while lines().any(|line| line == separator) {
        separator.push(';');
    }
    separator
}

/// A comment is one line, whatever an object is called.
pub fn one_line(title: &str) -> String {
    title.replace(['\n', '\r'], " ")
}

/// The statements, with neighbouring rows of one table put into one INSERT.
fn joined(statements: &[Substr]) -> Vec<Cow<'_, str>> {
    let mut out: Vec<Cow<'_, str>> = Vec::new();
    // Where the values begin in the INSERT that is still open, and how many rows it has.
    let mut open: Option<(&str, usize)> = None;
    for statement in statements {
        let more = open.and_then(|(head, rows)| Some((statement.strip_prefix(head)?, head, rows)));
        match (more, out.last_mut()) {
            (Some((values, head, rows)), Some(last)) if rows < ROWS && last.len() < LENGTH => {
                let last = last.to_mut();
                last.push_str(",\n(");
                last.push_str(values);
                open = Some((head, rows + 1));
            }
            _ => {
                out.push(Cow::Borrowed(statement));
                open = rows::head(statement).map(|(head, _)| (head, 1));
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn block(title: &str, statements: &[&str]) -> Block {
        let statements = statements.iter().map(|s| Substr::from(*s)).collect();
        Block { title: title.to_owned(), object: None, statements }
    }

    /// As the baseline reads it.
    fn read_back(script: &Script) -> Vec<String> {
        let end = format!(";\n{}\n", script.separator);
        let mut statements: Vec<&str> = script.text.split(&end).collect();
        assert_eq!(statements.pop(), Some(""));
        let without_comments = |s: &str| -> String {
            let comment = |line: &&str| line.is_empty() || line.starts_with("-- ");
            s.split('\n').skip_while(comment).collect::<Vec<_>>().join("\n")
        };
        statements.into_iter().map(without_comments).collect()
    }

    #[test]
    fn the_file_is_plain_sql() {
        let blocks = [
            block("table `s.t`", &["CREATE TABLE s.t (\n    a integer\n)"]),
            block(
                "rows of `s.t`",
                &["INSERT INTO s.t (a) VALUES (1)", "INSERT INTO s.t (a) VALUES (now(), 'x')"],
            ),
        ];
        let script = Script::new("Belongs to x.py", &blocks);
        assert_eq!(script.statements, [1, 1]);
        insta::assert_snapshot!(script.text, @r"
        -- Belongs to x.py

        -- table `s.t`
        CREATE TABLE s.t (
            a integer
        );
        --;

        -- rows of `s.t`
        INSERT INTO s.t (a) VALUES (1),
        (now(), 'x');
        --;
        ");
    }

    #[test]
    fn no_statement_holds_the_line_between_them() {
        let body = "CREATE FUNCTION f() AS $$\n--;\n$$";
        let blocks = [block("f\n--;\ng", &[body, "SELECT '\n--;;\n'"])];
        let script = Script::new("x", &blocks);
        assert_eq!(script.separator, "--;;;");
        assert_eq!(read_back(&script), [body, "SELECT '\n--;;\n'"]);
    }

    #[test]
    fn only_rows_of_one_table_and_not_too_many_are_put_together() {
        let row = |table: &str, n: usize| -> Substr {
            format!("INSERT INTO {table} (a) VALUES ({n})").into()
        };
        let rows: Vec<Substr> = (0..=2 * ROWS).map(|n| row("t", n)).collect();
        assert_eq!(joined(&rows).len(), 3);
        let long = Substr::from(format!("INSERT INTO t (a) VALUES ('{}')", "x".repeat(LENGTH)));
        assert_eq!(joined(&[long.clone(), long]).len(), 2);
        let others = [row("t", 1), row("u", 1), "SELECT 1".into(), row("u", 2), row("u", 3)];
        let found = joined(&others);
        assert_eq!(found.len(), 4);
        assert_eq!(found[3], "INSERT INTO u (a) VALUES (2),\n(3)");
    }
}
