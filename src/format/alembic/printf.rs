//! Python's `template % mapping`, as far as file templates and `pyproject.toml` values need it:
//! `%(name)s` and the integer conversions with flags, width and precision, and `%%`.
//!
//! What Python would raise is an error here too; what it would do beyond that (`%r`, `%f`, `*`) is
//! refused by name rather than guessed.

/// A value that a template can name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Argument {
    /// A `str`.
    Text(String),
    /// An `int`.
    Number(i64),
}

/// A template that cannot be filled in.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PrintfError {
    /// Python's `KeyError`.
    #[error("`%({name})` names nothing that can be filled in")]
    UnknownName {
        /// The name.
        name: String,
    },
    /// Python's `ValueError: incomplete format`.
    #[error("the template ends inside a `%` conversion")]
    Incomplete,
    /// A `%` without `(name)`: a single `%` must be doubled.
    #[error("a `%` must be followed by `%` or `(name)`, found `%{rest}`")]
    NoName {
        /// What follows it.
        rest: String,
    },
    /// Another conversion character, or one that does not fit the value.
    #[error("`%({name})` cannot be converted with `{conversion}`")]
    Conversion {
        /// The name.
        name: String,
        /// The conversion character.
        conversion: char,
    },
}

struct Spec<'a> {
    flags: &'a str,
    width: usize,
    precision: Option<usize>,
}

/// Fills in a template.
///
/// # Errors
/// What Python refuses.
pub fn format(
    template: &str,
    lookup: impl Fn(&str) -> Option<Argument>,
) -> Result<String, PrintfError> {
    let mut out = String::new();
    let mut rest = template;
    while let Some((before, after)) = rest.split_once('%') {
        out.push_str(before);
        if let Some(after) = after.strip_prefix('%') {
            out.push('%');
            rest = after;
            continue;
        }
        if after.is_empty() {
            return Err(PrintfError::Incomplete);
        }
        let no_name = || PrintfError::NoName { rest: after.to_owned() };
        let inner = after.strip_prefix('(').ok_or_else(no_name)?;
        let (name, after) = inner.split_once(')').ok_or(PrintfError::Incomplete)?;
        let (spec, after) = spec(after);
        let conversion = after.chars().next().ok_or(PrintfError::Incomplete)?;
        rest = &after[conversion.len_utf8()..];
        let argument =
            lookup(name).ok_or_else(|| PrintfError::UnknownName { name: name.to_owned() })?;
        let text = convert(&argument, conversion, &spec)
            .ok_or_else(|| PrintfError::Conversion { name: name.to_owned(), conversion })?;
        out.push_str(&text);
    }
    out.push_str(rest);
    Ok(out)
}

impl Spec<'_> {
    fn has(&self, flag: char) -> bool {
        self.flags.contains(flag)
    }
}

fn spec(text: &str) -> (Spec<'_>, &str) {
    let end = text.find(|c| !"-0+ #".contains(c)).unwrap_or(text.len());
    let (flags, rest) = text.split_at(end);
    let (width, mut rest) = digits(rest);
    let mut precision = None;
    if let Some(after) = rest.strip_prefix('.') {
        let (number, after) = digits(after);
        precision = Some(number);
        rest = after;
    }
    // C's length modifiers are read and mean nothing.
    let rest = rest.strip_prefix(['h', 'l', 'L']).unwrap_or(rest);
    (Spec { flags, width, precision }, rest)
}

fn digits(text: &str) -> (usize, &str) {
    let end = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    // A width beyond any sense is cut instead of filling the memory.
    (text[..end].parse().unwrap_or(0).min(10_000), &text[end..])
}

fn convert(argument: &Argument, conversion: char, spec: &Spec<'_>) -> Option<String> {
    match (argument, conversion) {
        (Argument::Text(text), 's') => Some(pad(&cut(text, spec), "", ' ', spec)),
        (Argument::Number(number), 's') => {
            Some(pad(&cut(&number.to_string(), spec), "", ' ', spec))
        }
        (Argument::Number(number), 'd' | 'i' | 'u' | 'x' | 'X' | 'o') => {
            let magnitude = number.unsigned_abs();
            let (prefix, digits) = match conversion {
                'x' => ("0x", format!("{magnitude:x}")),
                'X' => ("0X", format!("{magnitude:X}")),
                'o' => ("0o", format!("{magnitude:o}")),
                _ => ("", magnitude.to_string()),
            };
            let sign = match (*number < 0, spec.has('+'), spec.has(' ')) {
                (true, _, _) => "-",
                (_, true, _) => "+",
                (_, _, true) => " ",
                _ => "",
            };
            let prefix = format!("{sign}{}", if spec.has('#') { prefix } else { "" });
            let digits = format!("{digits:0>width$}", width = spec.precision.unwrap_or(0));
            Some(pad(&digits, &prefix, if spec.has('0') { '0' } else { ' ' }, spec))
        }
        _ => None,
    }
}

fn cut(text: &str, spec: &Spec<'_>) -> String {
    text.chars().take(spec.precision.unwrap_or(usize::MAX)).collect()
}

fn pad(body: &str, prefix: &str, fill: char, spec: &Spec<'_>) -> String {
    let missing = spec.width.saturating_sub(body.chars().count() + prefix.chars().count());
    let padding = |fill: char| fill.to_string().repeat(missing);
    match (spec.has('-'), fill) {
        (true, _) => format!("{prefix}{body}{}", padding(' ')),
        (false, '0') => format!("{prefix}{}{body}", padding('0')),
        (false, _) => format!("{}{prefix}{body}", padding(' ')),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fill(template: &str) -> Result<String, PrintfError> {
        format(template, |name| match name {
            "text" => Some(Argument::Text("añb".to_owned())),
            "five" => Some(Argument::Number(5)),
            "minus" => Some(Argument::Number(-42)),
            _ => None,
        })
    }

    /// Each expectation was printed by Python.
    #[test]
    fn as_python_prints_it() {
        for (template, expected) in [
            ("%(five)d", "5"),
            ("%(five).2d", "05"),
            ("%(five)02d", "05"),
            ("%(five)5d|", "    5|"),
            ("%(five)-5d|", "5    |"),
            ("%(five)-05d|", "5    |"),
            ("%(five)05.2d|", "00005|"),
            ("%(five)+d", "+5"),
            ("%(five) d", " 5"),
            ("%(five)ld", "5"),
            ("%(minus).3d", "-042"),
            ("%(minus)06d", "-00042"),
            ("%(minus)#x", "-0x2a"),
            ("%(minus)X", "-2A"),
            ("%(five)s", "5"),
            ("%(text)s", "añb"),
            ("%(text).2s", "añ"),
            ("%(text)5s|", "  añb|"),
            ("%(text)05s|", "  añb|"),
            ("%(text)-5s|", "añb  |"),
            ("100%% %(five)i%%", "100% 5%"),
        ] {
            assert_eq!(fill(template).as_deref(), Ok(expected), "{template}");
        }
    }

    #[test]
    fn what_python_raises_is_an_error() {
        let error = |template| fill(template).unwrap_err().to_string();
        insta::assert_snapshot!(error("%(no)s"), @"`%(no)` names nothing that can be filled in");
        insta::assert_snapshot!(error("50%"), @"the template ends inside a `%` conversion");
        insta::assert_snapshot!(error("%(text"), @"the template ends inside a `%` conversion");
        insta::assert_snapshot!(error("%s"), @"a `%` must be followed by `%` or `(name)`, found `%s`");
        insta::assert_snapshot!(error("%(text)d"), @"`%(text)` cannot be converted with `d`");
        insta::assert_snapshot!(error("%(text)r"), @"`%(text)` cannot be converted with `r`");
    }
}
