//! The text that an expression has: literals, put together as the file does it.
//!
//! What is not known (a value that is formatted in, a name from elsewhere) leaves a [`GAP`], so that the rest can still
//! be read. Each piece remembers where it stands in the file.

use std::cell::Cell;
use std::ops::Range;

use ruff_python_ast::{
    Expr, ExprFString, ExprStringLiteral, FStringPart, InterpolatedStringElement, Operator,
    StringLiteral,
};
use ruff_text_size::Ranged;

use super::bytes;
use super::names::Names;

/// Stands where the text is not known; part of a name for PostgreSQL's scanner, and of no name in practice.
pub(super) const GAP: char = '¤';

/// How far expressions are followed, how many texts one may have, and how many steps all of it may take: a text that
/// is put together from itself has no end.
const DEPTH: u32 = 8;
const MANY: usize = 200;
const STEPS: u32 = 5_000;

/// A text and where its pieces stand.
#[derive(Debug, Clone, Default)]
pub(super) struct Text {
    pub(super) value: String,
    pieces: Vec<Piece>,
}

#[derive(Debug, Clone)]
struct Piece {
    /// Where it begins in the text.
    at: usize,
    /// Where its content stands in the file.
    source: Range<usize>,
    /// Byte for byte the same in both: no escapes.
    exact: bool,
}

impl Text {
    /// What makes two texts the same.
    pub(super) fn key(&self) -> (usize, String) {
        (self.pieces.first().map_or(0, |piece| piece.source.start), self.value.clone())
    }

    /// Where a part of the text stands in the file; `otherwise` if none of it stands anywhere.
    pub(super) fn source(&self, part: &Range<usize>, otherwise: Range<usize>) -> Range<usize> {
        let at = self.pieces.partition_point(|piece| piece.at <= part.start);
        let Some(piece) = at.checked_sub(1).and_then(|at| self.pieces.get(at)) else {
            return otherwise;
        };
        if !piece.exact {
            return piece.source.clone();
        }
        let start = (piece.source.start + (part.start - piece.at)).min(piece.source.end);
        start..(start + part.len()).min(piece.source.end)
    }

    fn push(&mut self, value: &str, source: Range<usize>) {
        let exact = value.len() == source.len();
        self.pieces.push(Piece { at: self.value.len(), source, exact });
        self.value.push_str(value);
    }

    fn join(mut self, other: &Self) -> Self {
        let shift = self.value.len();
        self.pieces.extend(
            other.pieces.iter().cloned().map(|piece| Piece { at: piece.at + shift, ..piece }),
        );
        self.value.push_str(&other.value);
        self
    }

    /// Fields of `str.format` become gaps of the same length.
    fn formatted(mut self) -> Self {
        let mut value = String::with_capacity(self.value.len());
        let mut rest = self.value.as_str();
        while let Some(begin) = rest.find('{') {
            let end = rest[begin..].find('}').map(|end| begin + end + 1);
            value.push_str(&rest[..begin]);
            match end {
                // Escaped braces are braces, and keep their length here.
                _ if rest[begin..].starts_with("{{") => {
                    value.push_str("{ ");
                    rest = &rest[begin + 2..];
                }
                Some(end) if !rest[begin..end].contains('\n') => {
                    gap(&mut value, end - begin);
                    rest = &rest[end..];
                }
                _ => {
                    value.push('{');
                    rest = &rest[begin + 1..];
                }
            }
        }
        value.push_str(rest);
        self.value = value;
        self
    }
}

/// A gap of so many bytes, at least 2.
fn gap(text: &mut String, length: usize) {
    (0..length / GAP.len_utf8()).for_each(|_| text.push(GAP));
    if length % GAP.len_utf8() == 1 {
        text.push('z');
    }
}

impl Names<'_> {
    /// The texts that an expression may have; none if nothing of it is known.
    pub(super) fn texts(&self, expression: &Expr) -> Vec<Text> {
        let mut texts = Reader { names: self, steps: Cell::new(STEPS) }.text(expression, DEPTH);
        texts.truncate(MANY);
        texts
    }
}

/// Follows one expression.
struct Reader<'n, 'a> {
    names: &'n Names<'a>,
    steps: Cell<u32>,
}

impl Reader<'_, '_> {
    /// One step deeper, if there may be one.
    fn step(&self, depth: u32) -> Option<u32> {
        self.steps.set(self.steps.get().checked_sub(1)?);
        depth.checked_sub(1)
    }

    fn text(&self, expression: &Expr, depth: u32) -> Vec<Text> {
        let Some(depth) = self.step(depth) else { return Vec::new() };
        match expression {
            Expr::StringLiteral(literal) => vec![plain(literal)],
            Expr::FString(literal) => vec![interpolated(literal)],
            Expr::Name(name) => {
                let name = name.id.as_str();
                let values =
                    self.names.values(name).iter().flat_map(|value| self.text(value, depth));
                let elements =
                    self.names.elements(name).iter().flat_map(|over| self.each(over, depth));
                values.chain(elements).take(MANY).collect()
            }
            Expr::If(choice) => [&choice.body, &choice.orelse]
                .into_iter()
                .flat_map(|e| self.text(e, depth))
                .collect(),
            Expr::BinOp(operation) if operation.op == Operator::Add => {
                let first = |side: &Expr| self.text(side, depth).into_iter().next();
                match (first(&operation.left), first(&operation.right)) {
                    (None, None) => Vec::new(),
                    (left, right) => {
                        let unknown = || Text { value: GAP.to_string(), pieces: Vec::new() };
                        let right = right.unwrap_or_else(unknown);
                        vec![left.unwrap_or_else(unknown).join(&right)]
                    }
                }
            }
            Expr::BinOp(operation) if operation.op == Operator::Mod => {
                let mut texts = self.text(&operation.left, depth);
                for text in &mut texts {
                    text.value = text.value.replace("%s", &GAP.to_string());
                }
                texts
            }
            Expr::Call(call) => match &*call.func {
                // `"...".format(...)`, `"...".strip()`, `text("...").bindparams(...)`
                Expr::Attribute(method) => {
                    let texts = self.text(&method.value, depth);
                    if !texts.is_empty() {
                        let format = &method.attr == "format";
                        return texts
                            .into_iter()
                            .map(|text| if format { text.formatted() } else { text })
                            .collect();
                    }
                    self.wrapped(call.arguments.args.first(), &method.attr, depth)
                }
                Expr::Name(name) => self.wrapped(call.arguments.args.first(), &name.id, depth),
                _ => Vec::new(),
            },
            _ => Vec::new(),
        }
    }

    /// `text("...")`, `dedent("...")`: calls that give the text that they are given.
    fn wrapped(&self, argument: Option<&Expr>, function: &str, depth: u32) -> Vec<Text> {
        let same =
            ["text", "dedent", "cleandoc", "DDL", "str", "literal_column", "Composed", "SQL"];
        match argument {
            Some(argument) if same.contains(&function) => self.text(argument, depth),
            _ => Vec::new(),
        }
    }

    /// The texts of what a loop runs over.
    fn each(&self, over: &Expr, depth: u32) -> Vec<Text> {
        let Some(depth) = self.step(depth) else { return Vec::new() };
        match over {
            Expr::List(list) => list.elts.iter().flat_map(|e| self.text(e, depth)).collect(),
            Expr::Tuple(tuple) => tuple.elts.iter().flat_map(|e| self.text(e, depth)).collect(),
            Expr::Set(set) => set.elts.iter().flat_map(|e| self.text(e, depth)).collect(),
            Expr::Name(name) => {
                let values = self.names.values(name.id.as_str()).iter();
                values.flat_map(|value| self.each(value, depth)).take(MANY).collect()
            }
            // `"...; ...".split(";")`
            Expr::Call(call) => match &*call.func {
                Expr::Attribute(method) => self.text(&method.value, depth),
                _ => Vec::new(),
            },
            _ => Vec::new(),
        }
    }
}

fn plain(literal: &ExprStringLiteral) -> Text {
    let mut text = Text::default();
    for part in &literal.value {
        piece(&mut text, part);
    }
    text
}

fn piece(text: &mut Text, part: &StringLiteral) {
    text.push(&part.value, bytes(part.content_range()));
}

fn interpolated(literal: &ExprFString) -> Text {
    let mut text = Text::default();
    for part in &literal.value {
        let FStringPart::FString(part) = part else {
            if let FStringPart::Literal(part) = part {
                piece(&mut text, part);
            }
            continue;
        };
        for element in &part.elements {
            match element {
                InterpolatedStringElement::Literal(element) => {
                    text.push(&element.value, bytes(element.range()));
                }
                InterpolatedStringElement::Interpolation(element) => {
                    text.push(&GAP.to_string(), bytes(element.range()));
                }
            }
        }
    }
    text
}
