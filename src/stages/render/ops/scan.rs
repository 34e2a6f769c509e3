//! A reading head over one statement of `pg_dump`.
//!
//! The operations keep PostgreSQL's own text of every type and expression, so what is needed of a
//! statement is where its parts begin and end. `pg_query` tells where a part begins, not where it ends,
//! and costs ten times what the whole render does. So this reads `pg_dump`'s own narrow language: key
//! words in capitals, each clause in a fixed place. Whatever looks otherwise is not understood, and stays
//! the statement that it is; nothing rests on this but the looks of the file, which the proof runs.

mod token;

use std::borrow::Cow;

use crate::stages::render::ops::Key;
pub use token::Kind;
use token::{Token, tokens};

/// A name as it is written, and as it is meant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Name<'a> {
    /// As it is written, quoted where needed.
    pub raw: &'a str,
    /// As it is meant.
    pub text: Cow<'a, str>,
}

/// A name in a schema.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Qualified<'a> {
    /// As it is written, quoted where needed.
    pub raw: &'a str,
    /// The schema.
    pub schema: Cow<'a, str>,
    /// The name.
    pub name: Cow<'a, str>,
}

impl<'a> Qualified<'a> {
    /// Schema and name.
    pub fn key(&self) -> Key<'a> {
        (self.schema.clone(), self.name.clone())
    }
}

/// The reading head. What it does not find, it leaves where it is.
#[derive(Debug, Clone)]
pub struct Cursor<'a> {
    text: &'a str,
    tokens: Vec<Token>,
    at: usize,
}

impl<'a> Cursor<'a> {
    /// Cuts a statement into tokens; `None` if it holds what `pg_dump` does not write there.
    pub fn new(text: &'a str) -> Option<Self> {
        Some(Self { text, tokens: tokens(text)?, at: 0 })
    }

    /// The same for what stands behind these words: most statements begin with others, and are not cut at all.
    pub fn after(words: &str, text: &'a str) -> Option<Self> {
        Self::new(text.strip_prefix(words)?.strip_prefix([' ', '\n'])?)
    }

    /// Whether all is read.
    pub fn at_end(&self) -> bool {
        self.at >= self.tokens.len()
    }

    fn token(&self, ahead: usize) -> Option<Token> {
        self.tokens.get(self.at + ahead).copied()
    }

    fn source(&self, token: Token) -> &'a str {
        &self.text[token.start..token.end]
    }

    /// The next token, if it is of this kind, as it is written.
    pub fn next(&mut self, kind: Kind) -> Option<&'a str> {
        let token = self.token(0).filter(|token| token.kind == kind)?;
        self.at += 1;
        Some(self.source(token))
    }

    /// How many tokens these words or signs, separated by spaces, are, if they come next.
    fn seen(&self, words: &str) -> Option<usize> {
        let mut rest = words;
        for (number, token) in self.tokens.get(self.at..)?.iter().enumerate() {
            if matches!(token.kind, Kind::Quoted | Kind::Text) {
                return None;
            }
            rest = rest.strip_prefix(self.source(*token))?;
            if rest.is_empty() {
                return Some(number + 1);
            }
            rest = rest.strip_prefix(' ')?;
        }
        None
    }

    /// Whether these words or signs come next.
    pub fn sees(&self, words: &str) -> bool {
        self.seen(words).is_some()
    }

    /// Reads over these words or signs, if they come next.
    pub fn eat(&mut self, words: &str) -> bool {
        let seen = self.seen(words);
        self.at += seen.unwrap_or_default();
        seen.is_some()
    }

    /// The same, as a condition that ends the reading.
    pub fn need(&mut self, words: &str) -> Option<()> {
        self.eat(words).then_some(())
    }

    /// A name.
    pub fn name(&mut self) -> Option<Name<'a>> {
        let token = self.token(0)?;
        let raw = self.source(token);
        let text = match token.kind {
            // Without quotes a name is in small letters; what is not, is a key word.
            Kind::Word if !raw.contains(|c: char| c.is_ascii_uppercase()) => Cow::Borrowed(raw),
            Kind::Quoted if raw[1..raw.len() - 1].contains('"') => {
                Cow::Owned(raw[1..raw.len() - 1].replace("\"\"", "\""))
            }
            Kind::Quoted => Cow::Borrowed(&raw[1..raw.len() - 1]),
            _ => return None,
        };
        self.at += 1;
        Some(Name { raw, text })
    }

    /// A name with its schema.
    pub fn qualified(&mut self) -> Option<Qualified<'a>> {
        let start = self.at;
        let read = |cursor: &mut Self| {
            let schema = cursor.name()?;
            cursor.need(".")?;
            Some((schema.text, cursor.name()?.text))
        };
        let Some((schema, name)) = read(self) else {
            self.at = start;
            return None;
        };
        let raw = &self.text[self.tokens[start].start..self.tokens[self.at - 1].end];
        Some(Qualified { raw, schema, name })
    }

    /// The value of a literal.
    pub fn literal(&mut self) -> Option<Cow<'a, str>> {
        let raw = self.next(Kind::Text)?;
        let inner = &raw[1..raw.len() - 1];
        Some(if inner.contains('\'') {
            Cow::Owned(inner.replace("''", "'"))
        } else {
            Cow::Borrowed(inner)
        })
    }

    /// A number with its sign.
    pub fn number(&mut self) -> Option<&'a str> {
        let start = self.token(0)?.start;
        let signed = usize::from(self.sees("-"));
        let token = self.token(signed).filter(|token| token.kind == Kind::Number)?;
        // `- 5` would be an expression.
        if token.start != start + signed {
            return None;
        }
        self.at += 1 + signed;
        Some(&self.text[start..token.end])
    }

    /// The text up to a comma, to the closing bracket of what surrounds it, or to where `stop` says so.
    pub fn until(&mut self, stop: impl Fn(&Self) -> bool) -> Option<&'a str> {
        let start = self.token(0)?.start;
        let mut end = start;
        let mut depth = 0_usize;
        while let Some(token) = self.token(0) {
            let symbol = if token.kind == Kind::Symbol { self.source(token) } else { "" };
            if depth == 0 && (matches!(symbol, "," | ")" | "]") || stop(self)) {
                break;
            }
            match symbol {
                "(" | "[" => depth += 1,
                ")" | "]" => depth -= 1,
                _ => {}
            }
            end = token.end;
            self.at += 1;
        }
        (depth == 0 && end > start).then(|| &self.text[start..end])
    }

    /// What stands between brackets.
    pub fn bracketed(&mut self) -> Option<&'a str> {
        let mut depth = 0_usize;
        let start = self.at;
        self.need("(")?;
        depth += 1;
        while let Some(token) = self.token(0) {
            self.at += 1;
            if token.kind == Kind::Symbol {
                match self.source(token) {
                    "(" => depth += 1,
                    ")" => depth -= 1,
                    _ => {}
                }
            }
            if depth == 0 {
                return Some(self.text[self.tokens[start].end..token.start].trim());
            }
        }
        None
    }

    /// Names between brackets.
    pub fn names(&mut self) -> Option<Vec<Cow<'a, str>>> {
        self.need("(")?;
        let mut names = vec![self.name()?.text];
        while self.eat(",") {
            names.push(self.name()?.text);
        }
        self.need(")")?;
        Some(names)
    }

    /// Storage parameters between brackets: plain names and plain values only.
    pub fn parameters(&mut self) -> Option<Vec<(String, String)>> {
        self.need("(")?;
        let mut found = Vec::new();
        loop {
            let mut name = self.name()?.text.into_owned();
            while self.eat(".") {
                name = format!("{name}.{}", self.name()?.text);
            }
            self.need("=")?;
            let value = match self.literal() {
                Some(value) => value,
                None => self.name()?.text,
            };
            let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '.');
            if value.is_empty() || !value.chars().all(plain) || !name.chars().all(plain) {
                return None;
            }
            found.push((name, value.into_owned()));
            if !self.eat(",") {
                self.need(")")?;
                return Some(found);
            }
        }
    }

    /// All names with a schema in the rest, each with whether it is called: as a function, or, without
    /// its name, as an operator.
    pub fn mentions(&mut self) -> Vec<(Key<'a>, bool)> {
        let mut found = Vec::new();
        while !self.at_end() {
            if self.eat("OPERATOR (") {
                found.push((Default::default(), true));
            }
            match self.qualified() {
                Some(name) => found.push((name.key(), self.sees("("))),
                None => self.at += 1,
            }
        }
        found
    }
}

/// Takes away the brackets around the whole of an expression.
pub fn without_brackets(expression: &str) -> &str {
    let mut expression = expression;
    while let Some(mut cursor) = Cursor::new(expression) {
        match cursor.bracketed() {
            Some(inner) if cursor.at_end() && !inner.is_empty() => expression = inner,
            _ => break,
        }
    }
    expression
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_literals_lose_their_quotes() {
        let mut cursor = Cursor::new("public.\"a \"\"b\"\"\" 'it''s' -5 ADD").unwrap();
        let name = cursor.qualified().unwrap();
        assert_eq!((name.raw, &*name.name), ("public.\"a \"\"b\"\"\"", "a \"b\""));
        assert_eq!(cursor.literal().unwrap(), "it's");
        assert_eq!(cursor.number(), Some("-5"));
        assert_eq!(cursor.name(), None);
        assert!(cursor.eat("ADD") && cursor.at_end());
    }

    #[test]
    fn a_part_ends_where_its_brackets_say() {
        let text = "ARRAY['a,)', f(1, 2)] NOT NULL, b";
        let mut cursor = Cursor::new(text).unwrap();
        let part = cursor.until(|c| c.sees("NOT NULL"));
        assert_eq!(part, Some("ARRAY['a,)', f(1, 2)]"));
        let mut cursor = Cursor::new("((a) || E'\\')') rest").unwrap();
        assert_eq!(cursor.bracketed(), Some("(a) || E'\\')'"));
        assert_eq!(without_brackets("((a > (1)))"), "a > (1)");
        assert_eq!(without_brackets("(a) > (1)"), "(a) > (1)");
    }

    #[test]
    fn what_pg_dump_does_not_write_is_not_read() {
        for text in ["a -- b", "a /* b */", "$$a$$", "U&'a'", "'a", "\"a"] {
            assert!(Cursor::new(text).is_none(), "{text}");
        }
        assert_eq!(Cursor::new("a)").unwrap().bracketed(), None);
        assert_eq!(Cursor::new("(a").unwrap().bracketed(), None);
    }

    proptest::proptest! {
        #[test]
        fn nothing_makes_it_fall(text in "[ a-cE'\"\\\\$()\\[\\],.:;+\\-/*0-9éU&\\n]{0,30}") {
            if let Some(mut cursor) = Cursor::new(&text) {
                let _ = (cursor.clone().bracketed(), cursor.clone().until(|_| false));
                let _ = (cursor.clone().number(), cursor.clone().literal(), without_brackets(&text));
                cursor.mentions();
            }
        }
    }
}
