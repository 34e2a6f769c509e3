//! Uuids and times inside a text: a value may be one, or hold several (a JSON document, an array).

use crate::schema::volatile::stamp::Stamp;

/// How a uuid is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UuidForm {
    /// With dashes.
    pub dashes: bool,
    /// In capital letters.
    pub upper: bool,
}

impl UuidForm {
    /// The text of a uuid in this form.
    pub fn write(self, value: u128) -> String {
        let digits = format!("{value:032x}");
        let text = if self.dashes {
            [&digits[..8], &digits[8..12], &digits[12..16], &digits[16..20], &digits[20..]]
                .join("-")
        } else {
            digits
        };
        if self.upper { text.to_uppercase() } else { text }
    }
}

/// A piece of a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Token<'a> {
    /// Anything.
    Text(&'a str),
    /// A uuid.
    Uuid(u128, UuidForm),
    /// A time, and its text.
    Stamp(Stamp, &'a str),
}

/// Cuts a text at its uuids and times; together the pieces are the text.
pub fn tokens(text: &str) -> Vec<Token<'_>> {
    let mut tokens = Vec::new();
    let (mut start, mut at) = (0, 0);
    let bytes = text.as_bytes();
    while at < bytes.len() {
        let begins =
            bytes[at].is_ascii_hexdigit() && (at == 0 || !bytes[at - 1].is_ascii_alphanumeric());
        let found = if begins { text.get(at..).and_then(token) } else { None };
        let Some((token, length)) = found else {
            at += 1;
            continue;
        };
        if start < at {
            tokens.push(Token::Text(&text[start..at]));
        }
        tokens.push(token);
        at += length;
        start = at;
    }
    if start < text.len() {
        tokens.push(Token::Text(&text[start..]));
    }
    tokens
}

fn token(text: &str) -> Option<(Token<'_>, usize)> {
    let ends = |length: usize| !text.as_bytes().get(length).is_some_and(u8::is_ascii_alphanumeric);
    if let Some((value, form)) = text.get(..36).filter(|_| ends(36)).and_then(uuid) {
        return Some((Token::Uuid(value, form), 36));
    }
    if let Some((value, form)) = text.get(..32).filter(|_| ends(32)).and_then(uuid) {
        return Some((Token::Uuid(value, form), 32));
    }
    let (stamp, rest) = Stamp::read(text)?;
    let length = text.len() - rest.len();
    ends(length).then(|| (Token::Stamp(stamp, &text[..length]), length))
}

/// Reads a uuid. Without dashes only a random one (version 4) is told from other hexadecimal text.
pub fn uuid(text: &str) -> Option<(u128, UuidForm)> {
    let dashes = match text.len() {
        36 => true,
        32 => false,
        _ => return None,
    };
    if dashes && [8, 13, 18, 23].iter().any(|at| text.as_bytes()[*at] != b'-') {
        return None;
    }
    let digits: String = text.chars().filter(|c| *c != '-').collect();
    let is_hex = digits.len() == 32 && digits.bytes().all(|b| b.is_ascii_hexdigit());
    let random = digits.as_bytes().get(12) == Some(&b'4')
        && matches!(digits.as_bytes().get(16), Some(b'8' | b'9' | b'a' | b'b' | b'A' | b'B'));
    let upper = digits.bytes().any(|b| b.is_ascii_uppercase());
    let mixed = upper && digits.bytes().any(|b| b.is_ascii_lowercase());
    if !is_hex || mixed || !(dashes || random) {
        return None;
    }
    Some((u128::from_str_radix(&digits, 16).ok()?, UuidForm { dashes, upper }))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_a_document_holds() {
        let text = r#"{"id": "7d444840-9dc0-41d1-b245-5ffdce74fad2", "at": "2026-11-20T10:15:30.5+00:00", "n": 12}"#;
        let found = tokens(text);
        assert_eq!(found.len(), 5);
        assert!(matches!(&found[1], Token::Uuid(..)));
        let Token::Stamp(stamp, written) = &found[3] else { panic!("{found:?}") };
        assert_eq!(*written, "2026-11-20T10:15:30.5+00:00");
        assert_eq!(stamp.form.pattern(), "YYYY-MM-DD\"T\"HH24:MI:SS.MS\"+00:00\"");
    }

    #[test]
    fn what_only_looks_like_one() {
        for text in [
            "x7d444840-9dc0-41d1-b245-5ffdce74fad2",
            "7d4448409dc061d1b2455ffdce74fad2",
            "2026-13-20",
            "12026-11-20",
            "2026-11-201",
        ] {
            assert!(tokens(text).iter().all(|token| matches!(token, Token::Text(_))), "{text}");
        }
    }

    proptest! {
        #[test]
        fn the_pieces_are_the_text(text in "([a-f0-9]{0,9}|-|2026-11-20|[ T:+.Zäß\"]|7d4448409dc041d1b2455ffdce74fad2){0,12}") {
            let length = |token: &Token<'_>| match token {
                Token::Text(text) | Token::Stamp(_, text) => text.len(),
                Token::Uuid(_, form) => if form.dashes { 36 } else { 32 },
            };
            prop_assert_eq!(tokens(&text).iter().map(length).sum::<usize>(), text.len());
        }
    }
}
