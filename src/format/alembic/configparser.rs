//! Python's `configparser.ConfigParser`, as Alembic uses it: with its defaults, read only.
//!
//! A port of Python's `_read` and `BasicInterpolation` (3.11; the same rules up to 3.14): keys
//! without case, `=` or `:`, values continued on deeper indented lines, comments on lines of their
//! own only, `[DEFAULT]`, `%(key)s` and `%%`. Values are interpolated when asked for, so that a
//! stray `%` in a URL harms nobody who does not read it.

use std::collections::BTreeMap;

/// Python's `MAX_INTERPOLATION_DEPTH`.
const MAX_DEPTH: usize = 10;

/// What Python would raise while reading the file.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum IniSyntaxError {
    /// `MissingSectionHeaderError`.
    #[error("line {line}: an option before the first `[section]`")]
    NoSection {
        /// From 1.
        line: usize,
    },
    /// `ParsingError`: neither a section nor `key = value`.
    #[error("line {line}: neither `[section]` nor `key = value`: `{text}`")]
    NotAnOption {
        /// From 1.
        line: usize,
        /// The line.
        text: String,
    },
    /// `DuplicateSectionError`.
    #[error("line {line}: section `[{section}]` is there twice")]
    DuplicateSection {
        /// From 1.
        line: usize,
        /// Its name.
        section: String,
    },
    /// `DuplicateOptionError`.
    #[error("line {line}: option `{option}` is in section `[{section}]` twice")]
    DuplicateOption {
        /// From 1.
        line: usize,
        /// The section's name.
        section: String,
        /// The option's name.
        option: String,
    },
}

/// What Python would raise when the value is asked for.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InterpolationError {
    /// `InterpolationMissingOptionError`.
    #[error("`%({name})s` names an option that is not there")]
    MissingOption {
        /// The name.
        name: String,
    },
    /// `InterpolationSyntaxError`.
    #[error("a `%` must be followed by `%` or `(name)s`, found `{rest}`")]
    Syntax {
        /// The value from the `%` on.
        rest: String,
    },
    /// `InterpolationDepthError`.
    #[error("values refer to each other more than {MAX_DEPTH} deep")]
    TooDeep,
}

type Options = BTreeMap<String, String>;

/// A parsed `.ini` file.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ConfigParser {
    defaults: Options,
    sections: BTreeMap<String, Options>,
}

impl ConfigParser {
    /// Parses a file. `defaults` are seen from every section; the file's `[DEFAULT]` adds to them.
    ///
    /// # Errors
    /// What Python refuses.
    pub fn parse(text: &str, defaults: &[(&str, &str)]) -> Result<Self, IniSyntaxError> {
        let mut reader = Reader::default();
        // Python opens the file with universal newlines.
        let text = text.replace("\r\n", "\n").replace('\r', "\n");
        let mut lines: Vec<&str> = text.split('\n').collect();
        if lines.last() == Some(&"") {
            lines.pop();
        }
        for (line, text) in (1..).zip(lines) {
            reader.line(line, text)?;
        }
        reader.finish(defaults)
    }

    /// The names of all sections, `DEFAULT` left out as Python does.
    pub fn sections(&self) -> impl Iterator<Item = &str> {
        self.sections.keys().map(String::as_str)
    }

    /// Whether there is such a section. `DEFAULT` is none.
    pub fn has_section(&self, section: &str) -> bool {
        self.sections.contains_key(section)
    }

    /// The value of an option with `%(...)s` filled in; none if the section is not there.
    ///
    /// # Errors
    /// What Python refuses in the value.
    pub fn get(&self, section: &str, option: &str) -> Result<Option<String>, InterpolationError> {
        let Some(options) = self.sections.get(section) else { return Ok(None) };
        let lookup = |name: &str| {
            let name = name.to_lowercase();
            options.get(&name).or_else(|| self.defaults.get(&name)).map(String::as_str)
        };
        let Some(raw) = lookup(option) else { return Ok(None) };
        let mut value = String::new();
        interpolate(raw, &lookup, &mut value, 1)?;
        Ok(Some(value))
    }
}

fn interpolate<'a>(
    mut rest: &'a str,
    lookup: &impl Fn(&str) -> Option<&'a str>,
    value: &mut String,
    depth: usize,
) -> Result<(), InterpolationError> {
    if depth > MAX_DEPTH {
        return Err(InterpolationError::TooDeep);
    }
    while let Some(at) = rest.find('%') {
        value.push_str(&rest[..at]);
        let from = &rest[at..];
        let syntax = || InterpolationError::Syntax { rest: from.to_owned() };
        if let Some(after) = from.strip_prefix("%%") {
            value.push('%');
            rest = after;
            continue;
        }
        let inner = from.strip_prefix("%(").ok_or_else(syntax)?;
        let (name, after) = inner.split_once(')').ok_or_else(syntax)?;
        rest = after.strip_prefix('s').filter(|_| !name.is_empty()).ok_or_else(syntax)?;
        let found = lookup(name)
            .ok_or_else(|| InterpolationError::MissingOption { name: name.to_lowercase() })?;
        interpolate(found, lookup, value, depth + 1)?;
    }
    value.push_str(rest);
    Ok(())
}

/// A section as it is read: options in order, each with its lines.
type Section = (String, Vec<(String, Vec<String>)>);

/// The state of Python's `_read` between two lines.
#[derive(Default)]
struct Reader {
    sections: Vec<Section>,
    /// Which of `sections` we are in, and whether an option there is open for continuation.
    section: Option<usize>,
    open: bool,
    indent: usize,
    not_an_option: Option<IniSyntaxError>,
}

impl Reader {
    fn line(&mut self, line: usize, text: &str) -> Result<(), IniSyntaxError> {
        let value = text.trim();
        if value.starts_with(['#', ';']) {
            return Ok(());
        }
        if value.is_empty() {
            // An empty line belongs to the value above, should that go on below.
            self.continuation(String::new());
            return Ok(());
        }
        let indent = text.chars().take_while(|character| character.is_whitespace()).count();
        if indent > self.indent && self.continuation(value.to_owned()) {
            return Ok(());
        }
        self.indent = indent;
        if let Some(name) = header(value) {
            return self.header(line, name);
        }
        let Some(section) = self.section else { return Err(IniSyntaxError::NoSection { line }) };
        self.option(line, section, value)
    }

    fn continuation(&mut self, text: String) -> bool {
        let option =
            self.section.filter(|_| self.open).and_then(|at| self.sections[at].1.last_mut());
        let found = option.is_some();
        if let Some((_, lines)) = option {
            lines.push(text);
        }
        found
    }

    fn header(&mut self, line: usize, name: &str) -> Result<(), IniSyntaxError> {
        self.open = false;
        self.section = self.sections.iter().position(|(known, _)| known == name);
        if self.section.is_none() {
            self.section = Some(self.sections.len());
            self.sections.push((name.to_owned(), Vec::new()));
        } else if name != "DEFAULT" {
            return Err(IniSyntaxError::DuplicateSection { line, section: name.to_owned() });
        }
        Ok(())
    }

    fn option(&mut self, line: usize, at: usize, text: &str) -> Result<(), IniSyntaxError> {
        let Some((name, value)) = text.split_once(['=', ':']).filter(|(name, _)| !name.is_empty())
        else {
            // Python reads on and raises at the end, unless something worse comes.
            let error = IniSyntaxError::NotAnOption { line, text: text.to_owned() };
            self.not_an_option.get_or_insert(error);
            return Ok(());
        };
        let (section, options) = &mut self.sections[at];
        let option = name.trim_end().to_lowercase();
        if options.iter().any(|(known, _)| *known == option) {
            let section = section.clone();
            return Err(IniSyntaxError::DuplicateOption { line, section, option });
        }
        options.push((option, vec![value.trim().to_owned()]));
        self.open = true;
        Ok(())
    }

    fn finish(self, defaults: &[(&str, &str)]) -> Result<ConfigParser, IniSyntaxError> {
        if let Some(error) = self.not_an_option {
            return Err(error);
        }
        let mut parser = ConfigParser::default();
        for (name, value) in defaults {
            parser.defaults.insert(name.to_lowercase(), (*value).to_owned());
        }
        for (name, options) in self.sections {
            let into = if name == "DEFAULT" {
                &mut parser.defaults
            } else {
                parser.sections.entry(name).or_default()
            };
            for (option, lines) in options {
                into.insert(option, lines.join("\n").trim_end().to_owned());
            }
        }
        Ok(parser)
    }
}

/// `\[(?P<header>.+)\]` from the start of the line: the last bracket closes.
fn header(value: &str) -> Option<&str> {
    let inner = value.strip_prefix('[')?;
    inner.rfind(']').filter(|end| *end > 0).map(|end| &inner[..end])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn get(text: &str, option: &str) -> Result<Option<String>, InterpolationError> {
        ConfigParser::parse(text, &[("here", "/srv/app")]).unwrap().get("alembic", option)
    }

    fn value(text: &str, option: &str) -> String {
        get(text, option).unwrap().unwrap()
    }

    #[test]
    fn keys_have_no_case_and_either_sign() {
        let text = "[alembic]\nScript_Location = a\nother: b = c\n";
        assert_eq!(value(text, "script_location"), "a");
        assert_eq!(value(text, "OTHER"), "b = c");
        assert_eq!(get(text, "missing"), Ok(None));
    }

    #[test]
    fn only_whole_lines_are_comments() {
        let text = "[alembic]\n# x = 1\n  ; y = 2\nurl = a # b ; c\n";
        assert_eq!(value(text, "url"), "a # b ; c");
    }

    #[test]
    fn deeper_lines_continue_a_value() {
        let text = "[alembic]\npaths =\n    a\n    # no\n\n    b\nnext = 1\n";
        assert_eq!(value(text, "paths"), "\na\n\nb");
        assert_eq!(value(text, "next"), "1");
    }

    #[test]
    fn an_indented_section_keeps_its_own_level() {
        let text = "  [alembic]\n  a = 1\n  b = 2\n    3\n";
        assert_eq!(value(text, "a"), "1");
        assert_eq!(value(text, "b"), "2\n3");
    }

    #[test]
    fn defaults_and_interpolation() {
        let text = "[DEFAULT]\nroot = %(here)s/db\n[alembic]\na = %(ROOT)s/%%(rev)s\nb = %(no)s\n\
                    c = 50%\nd = %(d)s\n[other]\nx=1";
        assert_eq!(value(text, "a"), "/srv/app/db/%(rev)s");
        let missing = InterpolationError::MissingOption { name: "no".to_owned() };
        assert_eq!(get(text, "b"), Err(missing));
        assert_eq!(get(text, "c"), Err(InterpolationError::Syntax { rest: "%".to_owned() }));
        assert_eq!(get(text, "d"), Err(InterpolationError::TooDeep));
    }

    #[test]
    fn what_python_refuses() {
        let error = |text| ConfigParser::parse(text, &[]).unwrap_err().to_string();
        insta::assert_snapshot!(error("a = 1\n"), @"line 1: an option before the first `[section]`");
        insta::assert_snapshot!(error("[a]\nnonsense\n"), @"line 2: neither `[section]` nor `key = value`: `nonsense`");
        insta::assert_snapshot!(error("[a]\n= 1\n"), @"line 2: neither `[section]` nor `key = value`: `= 1`");
        insta::assert_snapshot!(error("[a]\n[b]\n[a]\n"), @"line 3: section `[a]` is there twice");
        insta::assert_snapshot!(error("[a]\nx = 1\nX : 2\n"), @"line 3: option `x` is in section `[a]` twice");
    }
}
