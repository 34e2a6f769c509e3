//! Cuts a statement into tokens, by the rules of PostgreSQL's own scanner as far as `pg_dump` needs them.

/// What a token is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A key word, or a name without quotes.
    Word,
    /// A name in quotes.
    Quoted,
    /// A literal, `'...'`.
    Text,
    /// A number without its sign.
    Number,
    /// A bracket, a comma, a point, a colon.
    Symbol,
    /// An operator.
    Operator,
}

/// A token and its place.
#[derive(Debug, Clone, Copy)]
pub struct Token {
    /// What it is.
    pub kind: Kind,
    /// Where it begins.
    pub start: usize,
    /// Where it ends.
    pub end: usize,
}

/// All tokens; `None` where something stands that `pg_dump` does not write: a comment, a dollar quote.
pub fn tokens(text: &str) -> Option<Vec<Token>> {
    let bytes = text.as_bytes();
    let mut tokens = Vec::with_capacity(text.len() / 5);
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        let start = at;
        let run = |from: usize, part: fn(&u8) -> bool| {
            bytes[from..].iter().position(|byte| !part(byte)).map_or(bytes.len(), |n| from + n)
        };
        let kind = match byte {
            b' ' | b'\n' | b'\t' | b'\r' => {
                at += 1;
                continue;
            }
            b'U' if bytes.get(at + 1) == Some(&b'&') => {
                return None;
            }
            b'E' if bytes.get(at + 1) == Some(&b'\'') => {
                at = after_escaped(bytes, at + 2)?;
                Kind::Operator
            }
            b'a'..=b'z' | b'A'..=b'Z' | b'_' | 0x80.. => {
                at = run(at, |b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'$' | 0x80..));
                Kind::Word
            }
            b'0'..=b'9' => {
                at = run(at, |b| b.is_ascii_digit() || *b == b'.');
                if matches!(bytes.get(at), Some(b'e' | b'E')) {
                    let signed = usize::from(matches!(bytes.get(at + 1), Some(b'+' | b'-')));
                    at = run(at + 1 + signed, u8::is_ascii_digit);
                }
                Kind::Number
            }
            b'\'' | b'"' => {
                at = after_quoted(bytes, at, byte)?;
                if byte == b'"' { Kind::Quoted } else { Kind::Text }
            }
            b'(' | b')' | b'[' | b']' | b',' | b'.' | b':' | b';' => {
                at += 1;
                Kind::Symbol
            }
            b'-' if bytes.get(at + 1) == Some(&b'-') => return None,
            b'/' if bytes.get(at + 1) == Some(&b'*') => return None,
            byte if b"+-*/<>=~!@#%^&|`?".contains(&byte) => {
                at = run(at, |b| b"+-*/<>=~!@#%^&|`?".contains(b));
                Kind::Operator
            }
            _ => return None,
        };
        tokens.push(Token { kind, start, end: at });
    }
    Some(tokens)
}

fn after_quoted(bytes: &[u8], start: usize, quote: u8) -> Option<usize> {
    let mut at = start + 1;
    loop {
        at += bytes.get(at..)?.iter().position(|byte| *byte == quote)? + 1;
        if bytes.get(at) != Some(&quote) {
            return Some(at);
        }
        at += 1;
    }
}

/// `E'...'`: a backslash takes the next character with it.
fn after_escaped(bytes: &[u8], start: usize) -> Option<usize> {
    let mut at = start;
    loop {
        match bytes.get(at)? {
            b'\\' => at += 2,
            b'\'' if bytes.get(at + 1) == Some(&b'\'') => at += 2,
            b'\'' => return Some(at + 1),
            _ => at += 1,
        }
    }
}
