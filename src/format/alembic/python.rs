//! Reads one revision file without running it: `revision`, `down_revision`, `branch_labels`,
//! `depends_on`, the message and the creation date.
//!
//! Takes the source text, gives a [`RevisionSource`] with the place of every identifier (for later
//! edits that touch nothing else), or a [`BrokenSource`] with every [`SourceProblem`]. What only
//! running the file could tell is reported as dynamic, never guessed. Pure.

mod bindings;
mod lines;
mod problem;
#[cfg(test)]
mod tests;

use std::ops::Range;

use ruff_python_ast::{Expr, ExprStringLiteral, ModModule, PySourceType, Stmt};
use ruff_python_parser::Parsed;
use ruff_text_size::{Ranged, TextRange};

use self::bindings::{Bindings, Value, What};
pub use self::lines::{Lines, line_at};
pub use self::problem::{BrokenSource, ProblemKind, SourceProblem};
use crate::history::RevisionId;

/// A value of the file and where it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Literal<T> {
    /// The value.
    pub value: T,
    /// Bytes of the literal with its quotes. If the value came through a name, the bytes of that
    /// name: several values can then share one place.
    pub range: Range<usize>,
    /// Line of its beginning, from 1.
    pub line: u32,
}

/// What a revision file declares.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RevisionSource {
    /// `revision`.
    pub id: RevisionId,
    /// The place of the id; none if Alembic takes it from the file's name, as before version 0.2.
    pub id_place: Option<Literal<()>>,
    /// `down_revision`; none for a base.
    pub parents: Vec<Literal<RevisionId>>,
    /// The whole value of `down_revision`, in which [`RevisionSource::parents`] lie.
    pub down_revision: Literal<()>,
    /// `branch_labels`.
    pub labels: Vec<Literal<String>>,
    /// `depends_on`.
    pub depends_on: Vec<Literal<String>>,
    /// The whole value of `depends_on`, if it is assigned.
    pub depends_on_place: Option<Literal<()>>,
    /// The bytes of the docstring with its quotes.
    pub docstring: Option<Range<usize>>,
    /// The docstring's first paragraph, which Alembic shows as the message.
    pub message: String,
    /// `Create Date:` of the docstring, as written.
    pub created: Option<String>,
    /// The bytes of that line, if it is written without escapes.
    pub created_place: Option<Range<usize>>,
    /// The file that holds the SQL of a large baseline of ours.
    pub sql_file: Option<SqlFile>,
}

/// `sql_file` and `sql_sha256` of a baseline.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SqlFile {
    /// The file's name; it lies beside the revision.
    pub name: String,
    /// Its SHA-256 in hexadecimal.
    pub sha256: String,
    /// The bytes of its name.
    pub range: Range<usize>,
}

/// Reads a revision file.
///
/// # Errors
/// Everything that is wrong in the file.
pub fn read_revision(source: &str) -> Result<RevisionSource, BrokenSource> {
    read_revision_named(source, "")
}

/// The same when the file's name is known: without `revision`, Alembic takes the id from a name such
/// as `1975ea83b712.py` (`_legacy_rev`).
///
/// # Errors
/// Everything that is wrong in the file.
pub fn read_revision_named(source: &str, file_name: &str) -> Result<RevisionSource, BrokenSource> {
    Module::parse(source).read(file_name)
}

/// A parsed file.
#[derive(Debug)]
pub struct Module<'a> {
    source: &'a str,
    parsed: Parsed<ModModule>,
}

impl<'a> Module<'a> {
    /// Parses a file; what is no Python leaves gaps.
    pub fn parse(source: &'a str) -> Self {
        let parsed = ruff_python_parser::parse_unchecked_source(source, PySourceType::Python);
        Self { source, parsed }
    }

    /// Its text.
    pub fn source(&self) -> &'a str {
        self.source
    }

    /// Its statements.
    pub fn body(&self) -> &[Stmt] {
        &self.parsed.syntax().body
    }

    /// Its comments with the `#`, in their order. Where each stands, in bytes.
    pub fn comments(&self) -> impl Iterator<Item = (Range<usize>, &'a str)> {
        let comments = self.parsed.tokens().iter().filter(|token| token.kind().is_comment());
        comments.filter_map(|token| {
            let range = Range::<usize>::from(token.range());
            Some((range.clone(), self.source.get(range)?))
        })
    }

    /// What it declares.
    ///
    /// # Errors
    /// Everything that is wrong in the file.
    pub fn read(&self, file_name: &str) -> Result<RevisionSource, BrokenSource> {
        read(self.source, &self.parsed, file_name)
    }
}

fn read(
    source: &str,
    parsed: &Parsed<ModModule>,
    file_name: &str,
) -> Result<RevisionSource, BrokenSource> {
    let body = &parsed.syntax().body;
    let mut reading = Reading { lines: Lines::new(source), problems: Vec::new() };
    let bindings = Bindings::of(body);

    // The parser lets a null byte pass inside strings and comments; Python refuses the whole file.
    let null = source.bytes().position(|byte| byte == 0).and_then(|at| u32::try_from(at).ok());
    if let Some(at) = null {
        let message = "source code cannot contain null bytes".to_owned();
        reading.problem(TextRange::empty(at.into()), ProblemKind::Syntax { message });
    } else if let Some(error) = parsed.errors().first() {
        // Only the first: those after it are mostly its echo. The id may still be readable.
        let message = lower_case(&error.error.to_string());
        reading.problem(error.location, ProblemKind::Syntax { message });
    }
    if !reading.problems.is_empty() {
        let id = bindings.get("revision").and_then(Value::text).map(str::to_owned);
        return Err(BrokenSource { problems: reading.problems, id });
    }
    if body.is_empty() {
        reading.problem(TextRange::default(), ProblemKind::Empty);
        return Err(BrokenSource { problems: reading.problems, id: None });
    }

    let id = reading.id(&bindings, file_name);
    let down_revision = bindings.get_required("down_revision");
    if down_revision.is_none() {
        reading.problem(TextRange::default(), ProblemKind::NoDownRevision);
    }
    let parents = reading.texts("down_revision", down_revision);
    let parents = reading.ids("down_revision", parents);
    let labels = reading.texts("branch_labels", bindings.get("branch_labels"));
    let mut depends_on = reading.texts("depends_on", bindings.get("depends_on"));
    if matches!(depends_on.as_slice(), [only] if only.value.is_empty()) {
        // Alembic tests the scalar for truth: a single empty text is no dependency.
        depends_on.clear();
    }
    let place = |value: &Value| reading.lines.literal((), value.range);
    let id_place = bindings.get("revision").map(place);
    let depends_on_place = bindings.get("depends_on").map(place);
    let (message, created) = describe(body.first());
    let text = |name: &str| Some(bindings.get(name)?.text()?.to_owned());
    let sql_file = bindings.get("sql_file").and_then(|value| {
        let range = value.range.into();
        Some(SqlFile { name: text("sql_file")?, sha256: text("sql_sha256")?, range })
    });
    let docstring = docstring(body.first()).map(|literal| Range::<usize>::from(literal.range));
    let created_place = docstring.clone().and_then(|range| {
        let text = source.get(range.clone())?;
        let begin = text.find("Create Date:")?;
        let line = text[begin..].lines().next()?.trim_end().trim_end_matches(['"', '\'']);
        Some(range.start + begin..range.start + begin + line.len())
    });

    match (id, down_revision.map(place)) {
        (Some(id), Some(down_revision)) if reading.problems.is_empty() => Ok(RevisionSource {
            id,
            id_place,
            parents,
            down_revision,
            labels,
            depends_on,
            depends_on_place,
            docstring,
            message,
            created,
            created_place,
            sql_file,
        }),
        (id, _) => {
            Err(BrokenSource { problems: reading.problems, id: id.map(|id| id.to_string()) })
        }
    }
}

/// The lines of a source, and the problems found so far.
struct Reading<'a> {
    lines: Lines<'a>,
    problems: Vec<SourceProblem>,
}

impl Reading<'_> {
    fn problem(&mut self, range: TextRange, kind: ProblemKind) {
        let (line, column) = self.lines.position(range.start().into());
        self.problems.push(SourceProblem { line, column, range: range.into(), kind });
    }

    fn id(&mut self, bindings: &Bindings, file_name: &str) -> Option<RevisionId> {
        let Some(value) = bindings.get_required("revision") else {
            let legacy = legacy_id(file_name).and_then(|id| RevisionId::new(id).ok());
            if legacy.is_none() {
                self.problem(TextRange::default(), ProblemKind::NoRevisionId);
            }
            return legacy;
        };
        if !matches!(value.what, What::Text(_) | What::Dynamic(_)) {
            self.wrong_type("revision", value, "one string");
            return None;
        }
        let texts = self.texts("revision", Some(value));
        self.ids("revision", texts).pop().map(|literal| literal.value)
    }

    /// A string, or a tuple, list or set of strings, as `util.to_tuple` takes them.
    fn texts(&mut self, name: &'static str, value: Option<&Value>) -> Vec<Literal<String>> {
        let Some(value) = value else { return Vec::new() };
        let single = std::slice::from_ref(value);
        let parts = match &value.what {
            What::None => return Vec::new(),
            What::Many(parts) => parts.as_slice(),
            _ => single,
        };
        // `tuple_rev_as_scalar` makes a plain `None` of `(None,)`: a base.
        if matches!(parts, [Value { what: What::None, .. }]) {
            return Vec::new();
        }
        let mut texts = Vec::new();
        for part in parts {
            match &part.what {
                What::Text(text) => {
                    texts.push(self.lines.literal(text.clone(), part.range));
                }
                What::Dynamic(why) => {
                    let kind = ProblemKind::Dynamic { name, why };
                    self.problem(part.range, kind);
                }
                _ => self.wrong_type(name, part, "a string, or a tuple of strings"),
            }
        }
        texts
    }

    fn ids(&mut self, name: &'static str, texts: Vec<Literal<String>>) -> Vec<Literal<RevisionId>> {
        let mut ids = Vec::new();
        for Literal { value, range, line } in texts {
            match RevisionId::new(value) {
                Ok(value) => ids.push(Literal { value, range, line }),
                Err(illegal) => {
                    let (line, column) = self.lines.position(range.start);
                    let kind = ProblemKind::Illegal { name, illegal };
                    self.problems.push(SourceProblem { line, column, range, kind });
                }
            }
        }
        ids
    }

    fn wrong_type(&mut self, name: &'static str, value: &Value, expected: &'static str) {
        let found = value.what.type_name();
        self.problem(value.range, ProblemKind::WrongType { name, found, expected });
    }
}

/// `([a-f0-9]+)\.py` at the beginning of the name.
fn legacy_id(file_name: &str) -> Option<&str> {
    let end = file_name.find(|c: char| !matches!(c, 'a'..='f' | '0'..='9'))?;
    (end > 0 && file_name[end..].starts_with(".py")).then(|| &file_name[..end])
}

/// Message and creation date of the docstring.
///
/// Alembic's `doc` is the first paragraph; if a revision was made without a message, that is the
/// `Revision ID:` block of the template, which is no message.
fn describe(first: Option<&Stmt>) -> (String, Option<String>) {
    let Some(docstring) = docstring(first) else { return (String::new(), None) };
    // The interpreter reads source with universal newlines.
    let text = docstring.value.to_str().replace("\r\n", "\n").replace('\r', "\n");
    let text = text.trim();
    let paragraph = text.split("\n\n").next().unwrap_or_default();
    let message = match paragraph.find("Revision ID:") {
        Some(0) => "",
        Some(at) => paragraph[..at].strip_suffix('\n').unwrap_or(paragraph),
        None => paragraph,
    };
    let created = text.lines().find_map(|line| line.trim().strip_prefix("Create Date:"));
    let created = created.map(str::trim).filter(|date| !date.is_empty());
    (message.trim().to_owned(), created.map(str::to_owned))
}

fn docstring(first: Option<&Stmt>) -> Option<&ExprStringLiteral> {
    let Some(Stmt::Expr(statement)) = first else { return None };
    if let Expr::StringLiteral(docstring) = &*statement.value { Some(docstring) } else { None }
}

/// The parser's messages begin with a capital.
fn lower_case(message: &str) -> String {
    let mut characters = message.chars();
    match characters.next() {
        Some(first) => first.to_lowercase().chain(characters).collect(),
        None => String::new(),
    }
}
