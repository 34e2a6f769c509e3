//! Comments that switch a rule off: `# rebaseline: ignore[rule]` for a statement, `# rebaseline: ignore-file[rule]` for the
//! file.
//!
//! The first stands behind the statement (behind its last line if it has several, or within its brackets) or on a line
//! of its own above it. Rules must be named: a comment that ignores everything hides what comes later. One that names
//! no rule, or that nothing is left for, is told by `unused-ignore`.

use std::ops::Range;

use ruff_python_ast::Stmt;
use ruff_python_ast::statement_visitor::{self, StatementVisitor};
use ruff_text_size::Ranged;

use super::rule::{self, Group, Rule};
use crate::format::alembic::code::bytes;
use crate::format::alembic::python::Module;
use crate::history::Severity;

pub(super) const RULE: Rule = Rule {
    code: "unused-ignore",
    group: Group::Content,
    severity: Severity::Warning,
    fixed: false,
    summary: "a comment `# rebaseline: ignore[...]` that ignores nothing",
    why: "It names no rule that there is, one that cannot be ignored, or one that finds nothing there (any more). \
          Left alone it would hide what somebody writes there next.",
    mend: "Correct the rule's name, or remove the comment.",
};

const MARK: &str = "rebaseline:";

/// One rule that a comment names.
#[derive(Debug, Clone)]
pub(super) struct Ignore {
    rule: String,
    /// The name's bytes.
    place: Range<usize>,
    /// What it is about; none is the whole file.
    covers: Option<Range<usize>>,
    used: bool,
    /// The comment cannot be read.
    malformed: bool,
}

/// What the comments of a file ignore.
#[derive(Debug, Clone, Default)]
pub(super) struct Ignores(Vec<Ignore>);

impl Ignores {
    pub(super) fn of(module: &Module<'_>) -> Self {
        let mut ignores = Self::default();
        if !module.source().contains(MARK) {
            return ignores;
        }
        let mut statements = Statements(Vec::new());
        statements.visit_body(module.body());
        for (range, text) in module.comments() {
            let Some(at) = text.find(MARK) else { continue };
            // A sentence that mentions us is no instruction.
            if !text[..at].trim_end().ends_with('#') {
                continue;
            }
            let from = range.start + at;
            ignores.comment(module.source(), from..range.end, range.start, &statements.0);
        }
        ignores
    }

    fn comment(
        &mut self,
        source: &str,
        range: Range<usize>,
        begin: usize,
        statements: &[Statement],
    ) {
        let text = &source[range.clone()];
        let words = text[MARK.len()..].trim();
        let (file, list) = match (words.strip_prefix("ignore-file["), words.strip_prefix("ignore["))
        {
            (Some(list), _) => (true, list),
            (_, Some(list)) => (false, list),
            _ => (false, ""),
        };
        let names =
            list.split_once(']').map(|(names, _)| names).filter(|names| !names.trim().is_empty());
        let Some(names) = names else {
            self.0.push(Ignore {
                rule: words.to_owned(),
                place: range,
                covers: None,
                used: false,
                malformed: true,
            });
            return;
        };
        let covers = if file { None } else { Some(covered(source, begin, statements)) };
        let mut at = range.start + text.find('[').map_or(0, |at| at + 1);
        for name in names.split(',') {
            let lead = name.len() - name.trim_start().len();
            let rule = name.trim().to_owned();
            let place = at + lead..at + lead + rule.len();
            at += name.len() + 1;
            let covers = covers.clone();
            self.0.push(Ignore { rule, place, covers, used: false, malformed: false });
        }
    }

    /// Whether there is no such comment.
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether a finding of this rule at this place is ignored.
    pub(super) fn ignore(&mut self, rule: &Rule, place: Option<&Range<usize>>) -> bool {
        let mut ignored = false;
        for ignore in self.0.iter_mut().filter(|ignore| ignore.rule == rule.code) {
            let here = match (&ignore.covers, place) {
                (None, _) => true,
                (Some(covers), Some(place)) => covers.contains(&place.start),
                (Some(_), None) => false,
            };
            if here && !rule.fixed {
                ignore.used = true;
                ignored = true;
            }
        }
        ignored
    }

    /// What ignores nothing: its place, what is so, and what to do. Rules that were not run are not told.
    pub(super) fn unused(&self) -> Vec<(Range<usize>, String, String)> {
        let unused = self.0.iter().filter(|ignore| !ignore.used);
        let told = unused.map(|ignore| {
            let name = &ignore.rule;
            let (message, help) = match rule::named(name) {
                _ if ignore.malformed => (
                    "this comment ignores nothing: it names no rule".to_owned(),
                    "write `# rebaseline: ignore[RULE]`, or `# rebaseline: ignore-file[RULE]` for the whole file"
                        .to_owned(),
                ),
                None => {
                    let near = rule::near(name);
                    let near = near.first().map(|near| format!("is it `{near}`? "));
                    (
                        format!("this comment ignores nothing: there is no rule `{name}`"),
                        format!("{}`rebaseline audit --list-rules`", near.unwrap_or_default()),
                    )
                }
                Some(rule) if rule.fixed => (
                    format!("this comment ignores nothing: `{name}` cannot be ignored"),
                    "mend what the rule finds; without it there is no sound history".to_owned(),
                ),
                Some(rule) if rule.group == Group::Database => (
                    format!("this comment ignores nothing: `{name}` is about databases"),
                    format!("switch it off in rebaseline.toml: [audit.rules] {name} = \"off\""),
                ),
                Some(_) => (
                    format!("this comment ignores nothing: `{name}` finds nothing here"),
                    "remove the comment".to_owned(),
                ),
            };
            (ignore.place.clone(), message, help)
        });
        told.collect()
    }
}

/// The bytes of a statement; of one with a body those of its head, up to the body.
#[derive(Debug)]
struct Statement {
    range: Range<usize>,
    head: bool,
}

/// The statement that a comment is about.
fn covered(source: &str, comment: usize, statements: &[Statement]) -> Range<usize> {
    let line = source[..comment].rfind('\n').map_or(0, |at| at + 1);
    let alone = source[line..comment].trim().is_empty();
    // A comment alone between a head and its body is about what comes next.
    let inside = |one: &&Statement| {
        one.range.start < comment && comment < one.range.end && !(alone && one.head)
    };
    let behind = |one: &&Statement| {
        one.range.end <= comment && !source[one.range.end..comment].contains('\n')
    };
    let start = |one: &&Statement| one.range.start;
    let found = statements.iter().filter(inside).max_by_key(start).or_else(|| {
        if alone {
            statements.iter().filter(|one| one.range.start > comment).min_by_key(start)
        } else {
            statements.iter().filter(behind).max_by_key(start)
        }
    });
    found.map_or(comment..comment, |one| one.range.clone())
}

struct Statements(Vec<Statement>);

impl<'a> StatementVisitor<'a> for Statements {
    fn visit_stmt(&mut self, statement: &'a Stmt) {
        let body = match statement {
            Stmt::FunctionDef(def) => def.body.first(),
            Stmt::ClassDef(def) => def.body.first(),
            Stmt::If(statement) => statement.body.first(),
            Stmt::For(statement) => statement.body.first(),
            Stmt::While(statement) => statement.body.first(),
            Stmt::With(statement) => statement.body.first(),
            Stmt::Try(statement) => statement.body.first(),
            _ => None,
        };
        let range = bytes(statement.range());
        let end = body.map_or(range.end, |first| bytes(first.range()).start);
        self.0.push(Statement { range: range.start..end, head: body.is_some() });
        statement_visitor::walk_stmt(self, statement);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What the comments of a file cover, as text.
    fn covers(source: &str) -> Vec<String> {
        let ignores = Ignores::of(&Module::parse(source));
        let text = |ignore: &Ignore| match &ignore.covers {
            Some(range) => format!("{}: {}", ignore.rule, source[range.clone()].trim()),
            None => format!("{}: all", ignore.rule),
        };
        ignores.0.iter().map(text).collect()
    }

    #[test]
    fn what_a_comment_covers() {
        assert_eq!(
            covers("a = 1  # rebaseline: ignore[x, y-z]\nb = 2\n"),
            ["x: a = 1", "y-z: a = 1"]
        );
        assert_eq!(covers("a = 1\n# rebaseline: ignore[x]\nb = 2\n"), ["x: b = 2"]);
        assert_eq!(
            covers("a = f('''\nb''')  # noqa # rebaseline: ignore[x]\n"),
            ["x: a = f('''\nb''')"]
        );
        assert_eq!(
            covers("f(\n  1,  # rebaseline: ignore[x]\n  2)\n"),
            ["x: f(\n  1,  # rebaseline: ignore[x]\n  2)"]
        );
        assert_eq!(
            covers("def f():  # rebaseline: ignore[x]\n    g()\n"),
            ["x: def f():  # rebaseline: ignore[x]"]
        );
        assert_eq!(covers("def f():\n    # rebaseline: ignore[x]\n    g()\n"), ["x: g()"]);
        assert_eq!(covers("# rebaseline: ignore-file[x]\na = 1\n"), ["x: all"]);
        assert_eq!(
            covers("a = '# rebaseline: ignore[x]'\n# see rebaseline: it squashes\n"),
            [""; 0]
        );
    }

    #[test]
    fn what_ignores_nothing() {
        let source = "a = 1  # rebaseline: ignore[data-chang]\nb = 1  # rebaseline: ignore\n\
                      c = 1  # rebaseline: ignore[cycle]\nd = 1  # rebaseline: ignore[data-change]\n";
        let mut ignores = Ignores::of(&Module::parse(source));
        let rule = rule::named("data-change").unwrap();
        assert!(!ignores.ignore(rule, Some(&(0..1))));
        let told: Vec<String> =
            ignores.unused().into_iter().map(|(_, message, _)| message).collect();
        insta::assert_snapshot!(told.join("\n"), @r"
        this comment ignores nothing: there is no rule `data-chang`
        this comment ignores nothing: it names no rule
        this comment ignores nothing: `cycle` cannot be ignored
        this comment ignores nothing: `data-change` finds nothing here
        ");
        let at = source.find("d = 1").unwrap();
        assert!(ignores.ignore(rule, Some(&(at..at + 1))));
        assert_eq!(ignores.unused().len(), 3);
    }
}
