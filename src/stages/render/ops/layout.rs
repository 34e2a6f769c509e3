//! Python expressions, laid out as `ruff format` and black leave them.
//!
//! Both work alike: what fits stays on its line. Else the arguments of a call move to a line of their
//! own; what still does not fit goes one to a line, each with a comma. A list, tuple or dictionary knows
//! no line of its own. A comma after the last item ([`Code::opened`]) keeps brackets open for ever.

use std::borrow::Cow;

use arcstr::ArcStr;

use crate::format::alembic::literal::{self, WIDTH, width};

/// A Python expression.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Code {
    /// What cannot be broken: a name, a number, a string.
    Atom(Cow<'static, str>),
    /// Items between brackets.
    Group(Group),
}

/// A call, a list, a tuple or a dictionary.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Group {
    brackets: Brackets,
    /// What is called, before the brackets; empty if nothing is.
    called: Cow<'static, str>,
    /// The items, each with what stands before it.
    items: Vec<(Lead, Code)>,
    open: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Brackets {
    Round,
    Square,
    Curly,
}

/// What stands before an item.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Lead {
    Nothing,
    /// `unique=`, here without the sign.
    Keyword(&'static str),
    /// `"key": `, here without the sign.
    Key(ArcStr),
}

impl Code {
    /// A string in one line of source.
    pub fn string(text: &str) -> Self {
        Self::Atom(Cow::Owned(literal::one_line(text)))
    }

    /// A name or a number.
    pub fn plain(text: impl Into<Cow<'static, str>>) -> Self {
        Self::Atom(text.into())
    }

    /// `True` or `False`.
    pub fn boolean(value: bool) -> Self {
        Self::plain(if value { "True" } else { "False" })
    }

    /// `name(...)`.
    pub fn call(
        name: impl Into<Cow<'static, str>>,
        positional: impl IntoIterator<Item = Self>,
    ) -> Self {
        Self::group(Brackets::Round, name.into(), without_leads(positional))
    }

    /// `[...]`.
    pub fn list(items: impl IntoIterator<Item = Self>) -> Self {
        Self::group(Brackets::Square, "".into(), without_leads(items))
    }

    /// `(..., ...)`; not for a single item.
    pub fn tuple(items: impl IntoIterator<Item = Self>) -> Self {
        Self::group(Brackets::Round, "".into(), without_leads(items))
    }

    /// `{...: ...}`; the keys are what [`Self::key`] makes.
    pub fn dictionary(items: Vec<(ArcStr, Self)>) -> Self {
        let items = items.into_iter().map(|(key, code)| (Lead::Key(key), code)).collect();
        Self::group(Brackets::Curly, "".into(), items)
    }

    /// The key of a dictionary.
    pub fn key(name: &str) -> ArcStr {
        literal::one_line(name).into()
    }

    fn group(brackets: Brackets, called: Cow<'static, str>, items: Vec<(Lead, Self)>) -> Self {
        Self::Group(Group { brackets, called, items, open: false })
    }

    /// The same call with an argument more.
    #[must_use]
    pub fn and(mut self, value: Self) -> Self {
        if let Self::Group(group) = &mut self {
            group.items.push((Lead::Nothing, value));
        }
        self
    }

    /// The same call with a keyword argument more.
    #[must_use]
    pub fn with(mut self, name: &'static str, value: Self) -> Self {
        if let Self::Group(group) = &mut self {
            group.items.push((Lead::Keyword(name), value));
        }
        self
    }

    /// The same, if there is a value.
    #[must_use]
    pub fn with_some(self, name: &'static str, value: Option<Self>) -> Self {
        match value {
            Some(value) => self.with(name, value),
            None => self,
        }
    }

    /// The same with every item on a line of its own, whatever fits.
    #[must_use]
    pub fn opened(mut self) -> Self {
        if let Self::Group(group) = &mut self {
            group.open = !group.items.is_empty();
        }
        self
    }

    /// The names of all calls.
    pub fn calls<'a>(&'a self, found: &mut impl FnMut(&'a str)) {
        if let Self::Group(group) = self {
            if group.is_call() {
                found(&group.called);
            }
            for (_, item) in &group.items {
                item.calls(found);
            }
        }
    }

    /// The source text of a statement that is indented by this many spaces; the first line comes
    /// without them.
    pub fn source(&self, indent: usize) -> String {
        let mut out = String::with_capacity(4 * WIDTH);
        self.write(&mut out, indent, indent, 0);
        out
    }

    fn is_open(&self) -> bool {
        match self {
            Self::Atom(_) => false,
            Self::Group(group) => group.open || group.items.iter().any(|(_, item)| item.is_open()),
        }
    }

    fn flat(&self, out: &mut String) {
        match self {
            Self::Atom(text) => out.push_str(text),
            Self::Group(group) => {
                group.begin(out);
                group.flat_items(out);
                group.end(out);
            }
        }
    }

    /// `before` is the width of what stands on the line already, `after` of what must follow.
    fn write(&self, out: &mut String, indent: usize, before: usize, after: usize) {
        let group = match self {
            Self::Atom(text) => return out.push_str(text),
            Self::Group(group) => group,
        };
        let open = self.is_open();
        if !open {
            let start = out.len();
            self.flat(out);
            if group.items.is_empty() || before + width(&out[start..]) + after <= WIDTH {
                return;
            }
            out.truncate(start);
        }
        group.begin(out);
        let inner = indent + 4;
        if !open && group.is_call() {
            let start = out.len();
            new_line(out, inner);
            let body = out.len();
            group.flat_items(out);
            if inner + width(&out[body..]) <= WIDTH {
                new_line(out, indent);
                return group.end(out);
            }
            out.truncate(start);
        }
        let comma = group.open || group.items.len() > 1;
        for (lead, item) in &group.items {
            new_line(out, inner);
            let start = out.len();
            lead.write(out);
            let before = inner + width(&out[start..]);
            item.write(out, inner, before, usize::from(comma));
            if comma {
                out.push(',');
            }
        }
        new_line(out, indent);
        group.end(out);
    }
}

impl Group {
    fn is_call(&self) -> bool {
        !self.called.is_empty()
    }

    fn begin(&self, out: &mut String) {
        out.push_str(&self.called);
        out.push(match self.brackets {
            Brackets::Round => '(',
            Brackets::Square => '[',
            Brackets::Curly => '{',
        });
    }

    fn end(&self, out: &mut String) {
        out.push(match self.brackets {
            Brackets::Round => ')',
            Brackets::Square => ']',
            Brackets::Curly => '}',
        });
    }

    fn flat_items(&self, out: &mut String) {
        for (number, (lead, item)) in self.items.iter().enumerate() {
            if number > 0 {
                out.push_str(", ");
            }
            lead.write(out);
            item.flat(out);
        }
    }
}

impl Lead {
    fn write(&self, out: &mut String) {
        match self {
            Self::Nothing => {}
            Self::Keyword(name) => {
                out.push_str(name);
                out.push('=');
            }
            Self::Key(key) => {
                out.push_str(key);
                out.push_str(": ");
            }
        }
    }
}

fn without_leads(items: impl IntoIterator<Item = Code>) -> Vec<(Lead, Code)> {
    items.into_iter().map(|code| (Lead::Nothing, code)).collect()
}

fn new_line(out: &mut String, indent: usize) {
    out.push('\n');
    for _ in 0..indent {
        out.push(' ');
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn strings(texts: &[&str]) -> Vec<Code> {
        texts.iter().map(|text| Code::string(text)).collect()
    }

    #[test]
    fn what_fits_stays_on_a_line() {
        let call = Code::call("op.f", strings(&["a", "b"])).with("unique", Code::boolean(true));
        assert_eq!(call.source(4), r#"op.f("a", "b", unique=True)"#);
        assert_eq!(Code::call("f", vec![]).opened().source(4), "f()");
    }

    #[test]
    fn arguments_first_get_a_line_together_and_then_one_each() {
        let long = "x".repeat(60);
        let call = Code::call("op.create_index", strings(&[&long, "y"]));
        let call = call.with("schema", Code::string("z"));
        insta::assert_snapshot!(call.source(4), @r#"
        op.create_index(
                "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx", "y", schema="z"
            )
        "#);
        let list = Code::list(strings(&[&long, &long]));
        let ops = Code::dictionary(vec![(Code::key(&long), Code::string(&long))]);
        let call = Code::call("f", vec![list]).with("ops", ops);
        insta::assert_snapshot!(call.source(0), @r#"
        f(
            [
                "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx",
                "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx",
            ],
            ops={
                "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx": "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
            },
        )
        "#);
    }

    #[test]
    fn open_brackets_open_what_holds_them() {
        let rows = Code::list(vec![Code::dictionary(vec![(Code::key("id"), Code::plain("1"))])]);
        let call = Code::call("op.bulk_insert", vec![Code::plain("t"), rows.opened()]);
        insta::assert_snapshot!(call.source(0), @r#"
        op.bulk_insert(
            t,
            [
                {"id": 1},
            ],
        )
        "#);
    }

    #[test]
    fn a_single_argument_has_no_comma() {
        let long = "x".repeat(90);
        let call = Code::call("a", vec![Code::call("b", strings(&[&long]))]);
        insta::assert_snapshot!(call.source(0), @r#"
        a(
            b(
                "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
            )
        )
        "#);
    }
}
