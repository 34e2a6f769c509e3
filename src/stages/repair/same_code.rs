//! Whether two files are the same program: equal but for blank space, comments and the docstring.

use ruff_python_ast::PySourceType;
use ruff_python_ast::token::TokenKind;
use ruff_python_parser::parse_unchecked_source;
use ruff_text_size::Ranged;

/// What a file consists of, without what Python does not run. None if it cannot be read.
pub(super) fn code(text: &str) -> Option<Vec<(TokenKind, String)>> {
    let parsed = parse_unchecked_source(text, PySourceType::Python);
    if !parsed.errors().is_empty() {
        return None;
    }
    let runs = |kind| !matches!(kind, TokenKind::Comment | TokenKind::NonLogicalNewline);
    let tokens: Vec<_> = parsed.tokens().iter().filter(|token| runs(token.kind())).collect();
    // The docstring tells people what the file is for.
    let kinds: Vec<TokenKind> = tokens.iter().take(2).map(|token| token.kind()).collect();
    let docstring = kinds == [TokenKind::String, TokenKind::Newline];
    let mut code = Vec::new();
    for token in tokens.into_iter().skip(if docstring { 2 } else { 0 }) {
        let range = token.range();
        let content = match token.kind() {
            // How far a block is indented says nothing.
            TokenKind::Indent | TokenKind::Dedent | TokenKind::Newline => "",
            _ => text.get(range.start().into()..range.end().into())?,
        };
        code.push((token.kind(), content.to_owned()));
    }
    Some(code)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_runs_counts() {
        let one =
            "\"\"\"add\n\nCreate Date: x\n\"\"\"\nimport a  # why\n\n\ndef f():\n    return 1\n";
        let other = "'''other'''\r\nimport a\r\ndef f():\r\n\treturn 1 # one\r\n";
        assert_eq!(code(one), code(other));
        assert!(code(one).is_some());
        for different in [
            "import b\ndef f():\n  return 1",
            "import a\ndef f():\n  return '1'",
            "import a\ndef f(): return 1\nx = 1",
        ] {
            assert_ne!(code(one), code(different), "{different}");
        }
        // White space inside of a text is part of it.
        assert_ne!(code("x = 'a  b'"), code("x = 'a b'"));
        assert_eq!(code("x = ("), None);
    }
}
