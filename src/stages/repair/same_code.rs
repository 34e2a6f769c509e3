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

/// Names by which a program looks at files, or learns where it lies itself.
const FILES: [&str; 20] = [
    "Path",
    "__loader__",
    "__spec__",
    "getcwd",
    "get_data",
    "glob",
    "importlib",
    "inspect",
    "iterdir",
    "listdir",
    "open",
    "pathlib",
    "pkgutil",
    "read_bytes",
    "read_csv",
    "read_text",
    "rglob",
    "runpy",
    "scandir",
    "walk",
];

/// Whether a program may look at files. Wider than the audit's rule, which tells what an upgrade does: here a file
/// is removed, with its downgrade and all that is only meant to run some day.
pub(super) fn uses_files(text: &str) -> bool {
    // In a text as well: it may be run.
    let told = text.contains("__file__");
    let Some(code) = code(text) else { return true };
    let relative = code.windows(2).any(|pair| {
        pair[0].1 == "from" && matches!(pair[1].0, TokenKind::Dot | TokenKind::Ellipsis)
    });
    told || relative || code.iter().any(|(_, word)| FILES.contains(&word.as_str()))
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

    #[test]
    fn what_lies_beside_it_may_count() {
        for text in [
            "sql = Path(x).read_text()",
            "def downgrade():\n    op.execute(open('a.sql').read())",
            "import inspect",
            "from . import statements",
            "from .... import statements",
            "exec('print(__file__)')",
            "x = f'{__file__}'",
            "x = (",
        ] {
            assert!(uses_files(text), "{text}");
        }
        for text in ["from alembic import op\nop.execute('open')", "# open(x)\nopened = 1"] {
            assert!(!uses_files(text), "{text}");
        }
    }
}
