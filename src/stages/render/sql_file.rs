//! The SQL of a large baseline as a file of its own, beside the revision.
//!
//! Takes the blocks of a dump; gives the file's text, piece by piece. Pure.
//!
//! A Python file of many megabytes takes ten times its size to load, and no reviewer opens it. So the
//! statements stand in a plain `.sql` file, each with `;` and a line behind it that stands in no statement:
//! whoever reads them, one at a time, needs no parser. psql takes the file as it is. Rows of a table are
//! put together, many in one INSERT, as `pg_dump --rows-per-insert` does: a round trip for each
//! would take most of an upgrade's time.

use std::path::PathBuf;

use arcstr::Substr;
use sha2::{Digest, Sha256};

use crate::schema::{self, Statements, rows};
use crate::stages::dump::Block;

/// How many rows one INSERT has at the most.
const ROWS: usize = 500;

/// How long an INSERT may become before it takes no further row, in bytes.
const LENGTH: usize = 1 << 16;

/// The file. Its text is not held: it comes from the statements whenever it is asked for.
#[derive(Debug, Clone)]
pub struct SqlFile {
    /// Its place, relative to the project's root.
    pub path: PathBuf,
    /// The line that stands behind each statement, without its end.
    pub separator: String,
    /// How long its text is, in bytes.
    pub bytes: usize,
    /// SHA-256 of its text in hexadecimal.
    pub sha256: String,
    /// The first line.
    about: String,
    /// What stands above each block, and its statements.
    blocks: Vec<(String, Statements)>,
}

/// How many statements a block has in such a file.
pub fn count(block: &Block) -> usize {
    groups(&block.statements).count()
}

impl SqlFile {
    /// A file with these blocks; `about` is its first line, a comment.
    pub fn new<'a>(
        path: PathBuf,
        about: &str,
        blocks: impl IntoIterator<Item = &'a Block>,
    ) -> Self {
        let blocks: Vec<_> = blocks
            .into_iter()
            .map(|b| (format!("\n-- {}\n", one_line(&b.title)), b.statements.clone()))
            .collect();
        let separator = separator(&blocks);
        let about = format!("-- {}\n", one_line(about));
        let mut file = Self { path, separator, bytes: 0, sha256: String::new(), about, blocks };
        let mut hash = Sha256::new();
        let mut bytes = 0;
        for piece in file.pieces() {
            bytes += piece.len();
            hash.update(piece.as_bytes());
        }
        file.bytes = bytes;
        file.sha256 = schema::hex(&hash.finalize());
        file
    }

    /// Its text, piece by piece.
    pub fn pieces(&self) -> impl Iterator<Item = &str> {
        let blocks = self.blocks.iter().flat_map(|(heading, statements)| {
            let statements = groups(statements).flat_map(|(head, group)| {
                let rows = group.iter().enumerate().flat_map(move |(number, row)| match number {
                    0 => ["", row.as_str()],
                    _ => [",\n(", &row[head..]],
                });
                rows.chain([";\n", self.separator.as_str(), "\n"])
            });
            [heading.as_str()].into_iter().chain(statements)
        });
        [self.about.as_str()].into_iter().chain(blocks)
    }

    /// Its whole text.
    pub fn text(&self) -> String {
        let mut text = String::with_capacity(self.bytes);
        text.extend(self.pieces());
        text
    }
}

/// `--;`, or with more of `;` if a statement has such a line.
fn separator(blocks: &[(String, Statements)]) -> String {
    let mut separator = "--;".to_owned();
    let lines = || blocks.iter().flat_map(|(_, all)| all).flat_map(|s| s.split('\n'));
    while lines().any(|line| line == separator) {
        separator.push(';');
    }
    separator
}

/// A comment is one line, whatever an object is called.
pub fn one_line(title: &str) -> String {
    title.replace(['\n', '\r'], " ")
}

/// The statements in groups that become one each: neighbouring rows of one table, and how long the text before their
/// values is; every other statement by itself.
fn groups(statements: &[Substr]) -> impl Iterator<Item = (usize, &[Substr])> {
    let mut rest = statements;
    std::iter::from_fn(move || {
        let first = rest.first()?;
        let head = rows::head(first).map(|(head, _)| head);
        let before = head.map_or(0, str::len);
        let mut length = first.len();
        let fits = |statement: &&Substr| {
            let fits = length < LENGTH && head.is_some_and(|head| statement.starts_with(head));
            if fits {
                length += statement.len() - before;
            }
            fits
        };
        let more = rest[1..].iter().take(ROWS - 1).take_while(fits).count();
        let (group, others) = rest.split_at(1 + more);
        rest = others;
        Some((before, group))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn block(title: &str, statements: &[&str]) -> Block {
        let statements = statements.iter().map(|s| Substr::from(*s)).collect();
        Block { title: title.to_owned(), object: None, statements }
    }

    /// As the baseline reads it.
    fn read_back(file: &SqlFile) -> Vec<String> {
        let end = format!(";\n{}\n", file.separator);
        let text = file.text();
        let sha256 = schema::hex(&Sha256::digest(&text));
        assert_eq!((file.bytes, &file.sha256), (text.len(), &sha256));
        let mut statements: Vec<&str> = text.split(&end).collect();
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
        let file = SqlFile::new("x.sql".into(), "Belongs to x.py", &blocks);
        assert_eq!(blocks.each_ref().map(count), [1, 1]);
        insta::assert_snapshot!(file.text(), @r"
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
        let file = SqlFile::new("x.sql".into(), "x", &blocks);
        assert_eq!(file.separator, "--;;;");
        assert_eq!(read_back(&file), [body, "SELECT '\n--;;\n'"]);
    }

    #[test]
    fn only_rows_of_one_table_and_not_too_many_are_put_together() {
        let row = |table: &str, n: usize| -> Substr {
            format!("INSERT INTO {table} (a) VALUES ({n})").into()
        };
        let rows: Vec<Substr> = (0..=2 * ROWS).map(|n| row("t", n)).collect();
        assert_eq!(groups(&rows).count(), 3);
        let long = Substr::from(format!("INSERT INTO t (a) VALUES ('{}')", "x".repeat(LENGTH)));
        assert_eq!(groups(&[long.clone(), long]).count(), 2);
        // What counts is what is written: the columns stand there once.
        let columns = vec!["a_column_with_a_long_name"; 100].join(", ");
        let rows = (0..200).map(|n| format!("INSERT INTO t ({columns}) VALUES ({n})").into());
        assert_eq!(groups(&rows.collect::<Vec<Substr>>()).count(), 1);
        let others = [row("t", 1), row("u", 1), "SELECT 1".into(), row("u", 2), row("u", 3)];
        let found: Vec<_> = groups(&others).map(|(_, group)| group.len()).collect();
        assert_eq!(found, [1, 1, 1, 2]);
        let block =
            Block { title: "rows".to_owned(), object: None, statements: others.to_vec().into() };
        let read = read_back(&SqlFile::new("x.sql".into(), "x", &[block]));
        assert_eq!(read[3], "INSERT INTO u (a) VALUES (2),\n(3)");
    }
}
