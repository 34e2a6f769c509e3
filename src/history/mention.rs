//! Which revisions name an object: a search for its name in their texts. Pure.
//!
//! It finds words, not meanings: a revision that makes up the name at run time is not found, and one that
//! has the same word in another sense is.

use std::cmp::Reverse;

use super::RevisionId;

/// A revision that names an object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mention {
    /// The revision.
    pub revision: RevisionId,
    /// The line in its file, from 1.
    pub line: usize,
    /// That line, without spaces around it.
    pub text: String,
}

/// The texts that hold all of these names, each as a word of its own, at the line of the last name: the
/// names are given from the part to the whole (a column, then its table).
pub fn mentions<'a>(
    texts: impl IntoIterator<Item = (&'a RevisionId, &'a str)>,
    names: &[String],
) -> Vec<Mention> {
    let Some(whole) = names.last() else { return Vec::new() };
    let found = texts.into_iter().filter_map(|(revision, text)| {
        names.iter().all(|name| text.lines().any(|line| holds(line, name))).then_some(())?;
        // What stands in a docstring or a comment is there for readers: a line of code tells more. So does what the
        // upgrade does, more than what a downgrade takes back.
        let place = |word: &str| text.lines().position(|line| line.starts_with(word));
        let body =
            place("down_revision").unwrap_or(0)..place("def downgrade").unwrap_or(usize::MAX);
        let lines = text.lines().enumerate().filter(|(_, line)| holds(line, whole));
        let is_code = |line: &str| {
            let line = line.trim_start();
            line.contains(['"', '\''])
                && !["\"\"\"", "'''", "#"].iter().any(|c| line.starts_with(c))
        };
        let worth = |(number, line): &(usize, &str)| {
            let is_comment = line.trim_start().starts_with('#');
            Reverse((body.contains(number) && !is_comment, is_code(line)))
        };
        // Of several that are worth the same, the first one.
        let (number, line) = lines.min_by_key(worth)?;
        let text = line.trim().to_owned();
        Some(Mention { revision: revision.clone(), line: number + 1, text })
    });
    found.collect()
}

/// Whether a line holds this name, not only as part of a longer one.
fn holds(line: &str, name: &str) -> bool {
    let is_part = |c: char| c.is_alphanumeric() || c == '_';
    !name.is_empty()
        && line.match_indices(name).any(|(at, _)| {
            !line[..at].ends_with(is_part) && !line[at + name.len()..].starts_with(is_part)
        })
}

/// The names in a message of PostgreSQL, from the part to the whole, without their schemas:
/// `column "a" of relation "s.t" does not exist` gives `a`, `t`.
pub fn names(message: &str) -> Vec<String> {
    let quoted = message.split('"').skip(1).step_by(2);
    let mut names: Vec<String> = quoted.map(last_part).collect();
    if names.is_empty()
        && let Some((before, _)) = message.split_once('(')
        && let Some(function) = before.split_whitespace().last()
    {
        names.push(last_part(function));
    }
    if names.is_empty() {
        // `column t.a does not exist` has no quotes.
        let mut words = message.split_whitespace();
        if words.any(|word| word == "column")
            && let Some(column) = words.next()
        {
            names.extend(column.rsplit('.').take(2).map(str::to_owned));
        }
    }
    names
}

fn last_part(name: &str) -> String {
    name.rsplit('.').next().unwrap_or(name).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::history::drawing::id;

    #[test]
    fn names_are_read_from_the_part_to_the_whole() {
        for (message, wanted) in [
            ("relation \"public.dish\" does not exist", vec!["dish"]),
            ("column \"a\" of relation \"dish\" does not exist", vec!["a", "dish"]),
            ("function app.price(integer) does not exist", vec!["price"]),
            ("column dish.a does not exist", vec!["a", "dish"]),
            ("division by zero", vec![]),
        ] {
            assert_eq!(names(message), wanted, "{message}");
        }
    }

    #[test]
    fn only_whole_words_count_and_a_line_of_code_is_told() {
        let (a, b, c) = (id("a"), id("b"), id("c"));
        let texts = [
            (&a, "\"\"\"make dish\n\n\"\"\"\nop.create_table('dish')\n"),
            (&b, "op.create_table('dishes')"),
            (&c, "x = 1\nop.add_column('dish', price)"),
        ];
        let found = mentions(texts, &["dish".to_owned()]);
        let told: Vec<_> = found.iter().map(|m| (m.revision.as_str(), m.line)).collect();
        assert_eq!(told, [("a", 4), ("c", 2)]);
        let both = mentions(texts, &["price".to_owned(), "dish".to_owned()]);
        assert_eq!(both.len(), 1);
        assert_eq!(mentions(texts, &[]), Vec::new());
        let text = "\"\"\"dish\"\"\"\ndown_revision = 'x'\n# dish\ndef upgrade():\n    execute(\"\"\"\n    \
                    CREATE TABLE dish (a int)\n\"\"\")\ndef downgrade():\n    execute('DROP TABLE dish')\n";
        assert_eq!(mentions([(&a, text)], &["dish".to_owned()])[0].line, 6);
    }
}
