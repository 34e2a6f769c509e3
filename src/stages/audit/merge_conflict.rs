//! `merge-conflict`: git is in the middle of a merge, and its markers stand in the file.
//!
//! Where they break the file, one finding says so in the place of the syntax errors that they make. Markers in the
//! docstring break nothing, but the file is not what anybody meant.

use std::ops::Range;
use std::path::Path;

use super::rule::{Group, Rule};
use crate::history::{Finding, Severity};

pub(super) const RULE: Rule = Rule {
    code: "merge-conflict",
    group: Group::Structure,
    severity: Severity::Error,
    fixed: true,
    summary: "the marks of an unresolved merge",
    why: "Both sides stand in the file. If that breaks it, Alembic cannot load it; if the marks are in the \
          docstring only, it can, and the finding is a warning.",
    mend: "Resolve the conflict and remove the lines `<<<<<<<`, `=======` and `>>>>>>>`. If both sides added a \
           revision with the same parent, keep both files and run `alembic merge heads`.",
};

/// A conflict in a file that could be read all the same, or not.
pub(super) fn finding(file: &Path, text: &str, broken: bool) -> Option<Finding> {
    let place = marker(text)?;
    let help = "resolve the conflict and remove the lines `<<<<<<<`, `=======` and `>>>>>>>`; `git status` \
                names the other files of this merge";
    let mut finding = RULE
        .finding()
        .at(file, Some(place))
        .says("the file has an unresolved merge conflict", help);
    if !broken {
        finding.severity = Severity::Warning;
    }
    Some(finding)
}

/// The first line of a conflict, if its other marks follow in their order. In bytes.
fn marker(text: &str) -> Option<Range<usize>> {
    // Most files have none, and this is quick.
    let begin = if text.starts_with("<<<<<<< ") { 0 } else { text.find("\n<<<<<<< ")? + 1 };
    let rest = &text[begin..];
    let middle = rest.find("\n=======")?;
    rest[middle..].find("\n>>>>>>> ")?;
    let end = rest.find('\n').unwrap_or(rest.len());
    Some(begin..begin + rest[..end].trim_end().len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_in_their_order() {
        let text = "a = 1\n<<<<<<< HEAD\nb = 1\n=======\nb = 2\n>>>>>>> topic\n";
        assert_eq!(&text[marker(text).unwrap()], "<<<<<<< HEAD");
        assert!(marker(&text.replace('\n', "\r\n")).is_some());
        for other in [
            "a = 1\n",
            "x = '<<<<<<< HEAD'\n",
            "\n<<<<<<< HEAD\n=======\n",
            "\n=======\n<<<<<<< a\n",
        ] {
            assert_eq!(marker(other), None, "{other}");
        }
    }
}
