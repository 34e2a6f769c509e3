//! Python expressions, laid out as `ruff format` and black leave them.
//!
//! Both work alike: what fits stays on its line. Else the arguments of a call move to a line of their
//! own; what still does not fit goes one to a line, each with a comma. A list, tuple or dictionary knows
//! no line of its own. A comma after the last item ([`Code::opened`]) keeps brackets open for ever.

use std::borrow::Cow;

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
    /// What stands before the first item: `op.create_index(`, `[`.
    head: Cow<'static, str>,
    /// The items, each with the text before it: `unique=`, `"key": `.
    items: Vec<(Cow<'static, str>, Code)>,
    close: char,
    open: bool,
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
    pub fn call(name: &str, positional: Vec<Self>) -> Self {
        let items = positional.into_iter().map(|code| (Cow::Borrowed(""), code)).collect();
        Self::group(format!("{name}(").into(), items, ')')
    }

    /// `[...]`.
    pub fn list(items: Vec<Self>) -> Self {
        Self::group("[".into(), items.into_iter().map(|code| ("".into(), code)).collect(), ']')
    }

    /// `(..., ...)`; not for a single item.
    pub fn tuple(items: Vec<Self>) -> Self {
        Self::group("(".into(), items.into_iter().map(|code| ("".into(), code)).collect(), ')')
    }

    /// `{...: ...}`.
    pub fn dictionary(items: Vec<(String, Self)>) -> Self {
        let key = |name: &str| Cow::Owned(format!("{}: ", literal::one_line(name)));
        let items = items.into_iter().map(|(name, code)| (key(&name), code)).collect();
        Self::group("{".into(), items, '}')
    }

    fn group(head: Cow<'static, str>, items: Vec<(Cow<'static, str>, Self)>, close: char) -> Self {
        Self::Group(Group { head, items, close, open: false })
    }

    /// The same call with a keyword argument more.
    #[must_use]
    pub fn with(mut self, name: &str, value: Self) -> Self {
        if let Self::Group(group) = &mut self {
            group.items.push((Cow::Owned(format!("{name}=")), value));
        }
        self
    }

    /// The same, if there is a value.
    #[must_use]
    pub fn with_some(self, name: &str, value: Option<Self>) -> Self {
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
            if let Some(name) = group.head.strip_suffix('(').filter(|name| !name.is_empty()) {
                found(name);
            }
            for (_, item) in &group.items {
                item.calls(found);
            }
        }
    }

    /// The source text of a statement that is indented by this many spaces; the first line comes
    /// without them.
    pub fn source(&self, indent: usize) -> String {
        let mut out = String::new();
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
                out.push_str(&group.head);
                group.flat_items(out);
                out.push(group.close);
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
        out.push_str(&group.head);
        let inner = indent + 4;
        if !open && group.is_call() {
            let start = out.len();
            new_line(out, inner);
            let body = out.len();
            group.flat_items(out);
            if inner + width(&out[body..]) <= WIDTH {
                new_line(out, indent);
                return out.push(group.close);
            }
            out.truncate(start);
        }
        let comma = group.open || group.items.len() > 1;
        for (prefix, item) in &group.items {
            new_line(out, inner);
            out.push_str(prefix);
            item.write(out, inner, inner + width(prefix), usize::from(comma));
            if comma {
                out.push(',');
            }
        }
        new_line(out, indent);
        out.push(group.close);
    }
}

impl Group {
    fn is_call(&self) -> bool {
        self.head.len() > 1
    }

    fn flat_items(&self, out: &mut String) {
        for (number, (prefix, item)) in self.items.iter().enumerate() {
            if number > 0 {
                out.push_str(", ");
            }
            out.push_str(prefix);
            item.flat(out);
        }
    }
}

fn new_line(out: &mut String, indent: usize) {
    out.push('\n');
    out.extend(std::iter::repeat_n(' ', indent));
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
        let ops = Code::dictionary(vec![(long.clone(), Code::string(&long))]);
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
        let rows = Code::list(vec![Code::dictionary(vec![("id".to_owned(), Code::plain("1"))])]);
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
