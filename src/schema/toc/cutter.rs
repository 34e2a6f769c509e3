//! Cuts a dump that comes piece by piece.
//!
//! Takes the text of `pg_dump` in parts that may end anywhere; gives its entries. Of a large dump only what is kept
//! is in memory, and the piece that PostgreSQL's parser has before it.

use arcstr::{ArcStr, Substr};

use crate::schema::statements::Coming;
use crate::schema::toc::{Dump, TocError, head, header, tail};
use crate::schema::{Entry, Object, Statements, Twins};

/// Settings that `pg_dump` writes in between and that mean nothing by themselves.
const PLAIN_SETTINGS: [&str; 2] =
    ["SET default_tablespace = ''", "SET default_table_access_method = heap"];

/// About how much text the parser gets at once: it needs more than ten times as much memory.
const PIECE: usize = 1 << 18;

/// At least as long as what a piece ends by: `;`, a line's end, and the first words of a row.
const END: usize = 16;

/// A dump that is being cut.
#[derive(Debug)]
pub struct Cutter<'a> {
    dump: Dump,
    special_settings: bool,
    /// Another dump, if there is one, whose texts are used again where they are equal.
    like: Option<Twins<'a>>,
    /// The statements of the last entry.
    coming: Coming<'a>,
    /// What is not cut yet.
    rest: String,
    /// How long a piece of it must be.
    length: usize,
    /// Up to here no end of a piece was found in it.
    searched: usize,
    /// Whether what stands before the first statement is gone.
    begun: bool,
}

impl<'a> Cutter<'a> {
    /// Begins. What is equal in these entries becomes one text with it; what is not, a copy of its own. Without them,
    /// statements are parts of the text as it comes.
    pub fn new(like: Option<&'a [Entry]>) -> Self {
        Self {
            dump: Dump::default(),
            special_settings: false,
            like: like.map(Twins::of),
            coming: Coming::default(),
            rest: String::new(),
            length: PIECE,
            searched: 0,
            begun: false,
        }
    }

    /// Takes the next part of the text, wherever it ends, and cuts what is long enough.
    ///
    /// A piece ends where a statement seems to end. If that is inside of a literal or a body, the piece ends in an
    /// open quote or block, which the parser refuses: then it is made longer.
    pub fn push(&mut self, text: &str) -> Result<(), TocError> {
        let mut text = text;
        // What is left is moved whenever a piece is gone: never much at once.
        while !text.is_empty() {
            let (part, more) = text.split_at(text.floor_char_boundary(PIECE));
            self.push_part(part)?;
            text = more;
        }
        Ok(())
    }

    fn push_part(&mut self, part: &str) -> Result<(), TocError> {
        self.rest.push_str(part);
        while self.rest.len() > self.length {
            self.begin(false);
            if !self.begun {
                break;
            }
            let Some(to) = boundary(&self.rest, self.length.max(self.searched)) else {
                // The last words may be the beginning of what ends one.
                self.searched = self.rest.len().saturating_sub(END);
                break;
            };
            let piece = ArcStr::from(&self.rest[..to]);
            self.searched = 0;
            match self.cut(&piece) {
                Ok(()) => {
                    self.rest.drain(..to);
                    self.length = PIECE;
                }
                Err(TocError::Parse(_)) => self.length = 2 * to,
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// Cuts what is left.
    pub fn finish(mut self) -> Result<Dump, TocError> {
        self.begin(true);
        let end = self.rest.len() - tail(&self.rest);
        let piece = ArcStr::from(&self.rest[..end]);
        self.cut(&piece)?;
        self.end_entry();
        let Self { mut dump, special_settings, .. } = self;
        dump.entries.retain(|entry| {
            !entry.statements.is_empty() && (special_settings || entry.object.kind != "SETTING")
        });
        Ok(dump)
    }

    /// Leaves out what stands before the first statement, as far as whole lines of it are there.
    fn begin(&mut self, all_is_there: bool) {
        if self.begun {
            return;
        }
        let lines = self.rest.rfind('\n').map_or(0, |end| end + 1);
        let lines = if all_is_there { self.rest.len() } else { lines };
        let head = head(&self.rest[..lines]);
        self.rest.drain(..head);
        self.begun = head < lines;
    }

    fn cut(&mut self, piece: &ArcStr) -> Result<(), TocError> {
        for (comments, statement) in statements(piece)? {
            self.take(comments, piece.substr_from(statement))?;
        }
        Ok(())
    }

    /// Gives the last entry what came for it.
    fn end_entry(&mut self) {
        if let Some(entry) = self.dump.entries.last_mut() {
            entry.statements = std::mem::take(&mut self.coming).end();
        }
    }

    fn take(&mut self, comments: &str, statement: Substr) -> Result<(), TocError> {
        if let Some((object, owner)) = comments.lines().rev().find_map(header) {
            self.end_entry();
            let twin = self.like.as_mut().and_then(|like| like.take(&object));
            self.coming = Coming::like(twin.map(|twin| &twin.statements));
            self.dump.entries.push(Entry { object, owner, statements: Statements::default() });
        }
        let Dump { settings, entries } = &mut self.dump;
        // Part of a privilege that another role than the owner gave.
        if statement.starts_with("SET ") && !statement.starts_with("SET SESSION AUTHORIZATION ") {
            let is_plain = PLAIN_SETTINGS.contains(&statement.as_str());
            // Above all objects stand the settings of the whole dump, and perhaps one of the first object.
            let of_an_object = statement.starts_with("SET default_tab") && !is_plain;
            if (entries.is_empty() && !of_an_object) || (is_plain && !settings.contains(&statement))
            {
                settings.push(Substr::from(statement.as_str()));
            }
            if !entries.is_empty() || of_an_object {
                self.special_settings |= !is_plain;
                // It stands after its predecessor's entry, and before the next one's comment.
                let (kind, name) = ("SETTING".to_owned(), statement.to_string());
                let object = Object { kind, schema: None, name };
                let alone = Substr::from(statement.as_str());
                let statements = Statements::default();
                self.end_entry();
                self.dump.entries.push(Entry { object, owner: None, statements });
                self.coming.push(alone, true);
            }
            return Ok(());
        }
        match entries.last() {
            Some(_) => {
                self.coming.push(statement, self.like.is_some());
                Ok(())
            }
            None if statement.starts_with("SELECT pg_catalog.set_config('search_path'") => {
                settings.push(Substr::from(statement.as_str()));
                Ok(())
            }
            None => Err(TocError::NoObject { statement: statement.to_string() }),
        }
    }
}

/// The first place from `at` on where a statement seems to end: before an empty line or a further row.
fn boundary(text: &str, at: usize) -> Option<usize> {
    let mut from = at.min(text.len());
    while !text.is_char_boundary(from) {
        from += 1;
    }
    let mut ends = text[from..].match_indices(";\n").map(|(place, end)| from + place + end.len());
    let seems_to_end = |end: &usize| {
        let line = text[..*end - 1].rfind('\n').map_or(0, |start| start + 1);
        let rest = &text[*end..];
        !text[line..].starts_with("--")
            && (rest.starts_with('\n') || rest.starts_with("INSERT INTO "))
    };
    ends.find(seems_to_end)
}

/// The statements of a text, each with what stands between it and its predecessor: comments.
pub fn statements(text: &str) -> Result<Vec<(&str, &str)>, TocError> {
    let mut end = 0;
    let mut statements = Vec::new();
    for slice in pg_query::split_with_parser(text).map_err(TocError::Parse)? {
        // The slices are parts of the text: their place tells what stands before them.
        let start = slice.as_ptr() as usize - text.as_ptr() as usize;
        let between = text.get(end..start).unwrap_or_default();
        let (comments, statement) = after_comments(slice);
        let comments = if comments.is_empty() { between } else { comments };
        statements.push((comments, statement.trim_end()));
        end = start + slice.len();
    }
    Ok(statements)
}

/// Separates the comment lines above a statement from the statement.
fn after_comments(slice: &str) -> (&str, &str) {
    let mut rest = slice;
    loop {
        let trimmed = rest.trim_start();
        if !trimmed.starts_with("--") {
            return (&slice[..slice.len() - trimmed.len()], trimmed);
        }
        rest = trimmed.find('\n').map_or("", |end| &trimmed[end..]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema::toc::tests::DUMP;

    const BODY: &str = "CREATE FUNCTION f() RETURNS int LANGUAGE sql BEGIN ATOMIC\n SELECT 1;\n\n SELECT 2;\n\nEND;\n\n";
    const ROWS: &str =
        "INSERT INTO t VALUES ('a;\n\n');\nINSERT INTO t VALUES ('b;\nINSERT INTO t');\n\n\n";

    fn text() -> String {
        let text = format!("{DUMP}{BODY}{ROWS}{DUMP}");
        text.replace("\\restrict abc\n", "").replace("\\unrestrict abc\n", "")
    }

    #[test]
    fn pieces_give_the_same_as_the_whole() {
        let text = text();
        // The end of the statement before belongs to no comment.
        let plain = |found: Vec<(&str, &str)>| -> Vec<(String, String)> {
            let trimmed = |comments: &str| comments.trim_start_matches([';', '\n']).to_owned();
            found.into_iter().map(|(c, statement)| (trimmed(c), statement.to_owned())).collect()
        };
        let whole = plain(statements(&text).unwrap());
        for at in 0..text.len() {
            let to = boundary(&text, at).unwrap_or(text.len());
            let (Ok(mut one), Ok(other)) = (statements(&text[..to]), statements(&text[to..]))
            else {
                continue;
            };
            one.extend(other);
            assert_eq!(plain(one), whole, "cut at {to}");
        }
    }

    /// Cuts with pieces of this length, of a text that comes in parts of this length.
    fn cut(text: &str, piece: usize, part: usize) -> Dump {
        let mut cutter = Cutter { length: piece, ..Cutter::new(None) };
        let mut rest = text;
        while !rest.is_empty() {
            let mut end = part.min(rest.len());
            while !rest.is_char_boundary(end) {
                end += 1;
            }
            // The shortest piece again, whatever was needed for the one before.
            cutter.length = cutter.length.min(piece);
            cutter.push(&rest[..end]).unwrap();
            rest = &rest[end..];
        }
        cutter.finish().unwrap()
    }

    #[test]
    fn it_does_not_matter_how_a_dump_comes() {
        let dump = format!("{DUMP}{ROWS}").replace("\\unrestrict abc\n", "");
        for text in [DUMP, &dump, &text()] {
            let whole = Dump::cut(&text.into()).unwrap();
            for (piece, part) in [(40, 7), (200, 64), (1, 1), (300, 5000), (5000, 3)] {
                let cut = cut(text, piece, part);
                assert_eq!(cut.entries, whole.entries, "{piece} {part}");
                assert_eq!(cut.settings, whole.settings, "{piece} {part}");
            }
        }
    }

    #[test]
    fn what_is_equal_in_another_dump_is_its_text() {
        let first = Dump::cut(&DUMP.into()).unwrap();
        let other = DUMP.replace("VALUES (2)", "VALUES (3)");
        let mut cutter = Cutter::new(Some(&first.entries));
        cutter.push(&other).unwrap();
        let second = cutter.finish().unwrap();
        let rows = |dump: &Dump| dump.entries.last().unwrap().statements.clone();
        let ([a, b], [c, d]) = (&rows(&first)[..], &rows(&second)[..]) else { panic!() };
        assert!(a == c && ArcStr::ptr_eq(a.parent(), c.parent()));
        // The text that it was read from is not kept for it.
        assert!(b != d && d.parent().len() == d.len());
        // What is equal as a whole is one list, too.
        let lists = first.entries.iter().zip(&second.entries);
        let shared: Vec<bool> =
            lists.map(|(one, other)| one.statements.is_shared(&other.statements)).collect();
        let rows = shared.len() - 1;
        assert!(!shared[rows] && shared[..rows].iter().all(|shared| *shared));
        assert_eq!(first.entries.len(), second.entries.len());
        assert_eq!(Dump::cut(&other.into()).unwrap().entries, second.entries);
    }

    #[test]
    fn settings_are_told_once() {
        let settings = Dump::cut(&DUMP.into()).unwrap().settings;
        assert_eq!(
            settings.iter().map(Substr::as_str).collect::<Vec<_>>(),
            [
                "SET statement_timeout = 0",
                "SELECT pg_catalog.set_config('search_path', '', false)",
                "SET row_security = off",
                "SET default_tablespace = ''",
                "SET default_table_access_method = heap",
            ]
        );
    }
}
