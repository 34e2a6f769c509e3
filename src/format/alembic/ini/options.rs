//! What the texts of `alembic.ini` and `pyproject.toml` say, looked up as Alembic's
//! `Config.get_alembic_option` does: the section of the `.ini` file first, then `[tool.alembic]`.
//!
//! Pure.

use std::path::{Path, PathBuf};

use toml::{Table, Value};

use super::ConfigError;
use crate::format::alembic::configparser::ConfigParser;
use crate::format::alembic::printf::{self, Argument};

/// The files that are there: path and text.
pub(super) struct Files<'a> {
    pub(super) ini: Option<(&'a Path, String)>,
    pub(super) pyproject: Option<(&'a Path, String)>,
}

/// Both sources of options.
pub(super) struct Options {
    section: String,
    ini: Option<(PathBuf, ConfigParser)>,
    toml: Option<(PathBuf, Table)>,
}

impl Options {
    pub(super) fn parse(files: &Files<'_>, section: &str) -> Result<Self, ConfigError> {
        let ini = match &files.ini {
            None => None,
            Some((path, text)) => {
                let parser = ConfigParser::parse(text, &[("here", &here(path))])
                    .map_err(|source| ConfigError::Ini { path: (*path).to_owned(), source })?;
                Some(((*path).to_owned(), parser))
            }
        };
        let toml = match &files.pyproject {
            None => None,
            Some((path, text)) => {
                tool_alembic(path, text)?.map(|table| ((*path).to_owned(), table))
            }
        };
        Ok(Self { section: section.to_owned(), ini, toml })
    }

    pub(super) fn section(&self) -> &str {
        &self.section
    }

    pub(super) fn has_ini(&self) -> bool {
        self.ini.is_some()
    }

    pub(super) fn has_pyproject(&self) -> bool {
        self.toml.is_some()
    }

    /// A text option.
    pub(super) fn text(&self, name: &str) -> Result<Option<String>, ConfigError> {
        if let Some(value) = self.ini_text(name)? {
            return Ok(Some(value));
        }
        match self.toml_value(name) {
            None => Ok(None),
            Some((path, Value::String(text))) => fill(name, path, text).map(Some),
            Some((_, Value::Integer(number))) => Ok(Some(number.to_string())),
            Some((_, other)) => Err(invalid(name, other, "a string")),
        }
    }

    /// A boolean option: `true` and nothing else in the `.ini` file, a real boolean in TOML.
    pub(super) fn flag(&self, name: &str) -> Result<bool, ConfigError> {
        if let Some(value) = self.ini_text(name)? {
            return Ok(value == "true");
        }
        match self.toml_value(name) {
            None => Ok(false),
            Some((_, Value::Boolean(value))) => Ok(*value),
            Some((_, other)) => Err(invalid(name, other, "`true` or `false`")),
        }
    }

    pub(super) fn truncate_slug_length(&self) -> Result<usize, ConfigError> {
        const NAME: &str = "truncate_slug_length";
        let Some(text) = self.text(NAME)? else { return Ok(40) };
        match text.trim().parse() {
            // `truncate_slug_length or 40`
            Ok(0) => Ok(40),
            Ok(length) => Ok(length),
            Err(_) => Err(ConfigError::InvalidValue {
                option: NAME.to_owned(),
                value: text,
                expected: "a number",
            }),
        }
    }

    /// Split by `path_separator` or the older `version_path_separator`; without either, at spaces
    /// and commas.
    pub(super) fn version_locations(&self) -> Result<Option<Vec<String>>, ConfigError> {
        let separators = ["path_separator", "version_path_separator"];
        self.paths("version_locations", &separators, |text| split_legacy(text, false))
    }

    /// Split by `path_separator`; without it, at spaces, commas and colons.
    pub(super) fn prepend_sys_path(&self) -> Result<Option<Vec<String>>, ConfigError> {
        self.paths("prepend_sys_path", &["path_separator"], |text| split_legacy(text, true))
    }

    /// Why there is no script location: the section is missing, or the option in it.
    pub(super) fn no_script_location(&self, file: &Path) -> ConfigError {
        let path = file.to_owned();
        let Some((_, parser)) = &self.ini else {
            return ConfigError::NoScriptLocation { path, place: "`[tool.alembic]`".to_owned() };
        };
        if parser.has_section(&self.section) {
            let place = format!("section `[{}]`", self.section);
            return ConfigError::NoScriptLocation { path, place };
        }
        let located = |section: &&str| !matches!(parser.get(section, "script_location"), Ok(None));
        let known = parser.sections().filter(located).map(str::to_owned).collect();
        ConfigError::UnknownSection { path, section: self.section.clone(), known }
    }

    fn paths(
        &self,
        name: &str,
        separators: &[&str],
        legacy: impl Fn(&str) -> Vec<String>,
    ) -> Result<Option<Vec<String>>, ConfigError> {
        // An empty value in the `.ini` file counts as not set.
        if let Some(text) = self.ini_text(name)?.filter(|text| !text.is_empty()) {
            return Ok(Some(match self.separator(separators)? {
                None => legacy(&text),
                Some(separator) => text
                    .split(separator)
                    .filter(|part| !part.is_empty())
                    .map(|part| part.trim().to_owned())
                    .collect(),
            }));
        }
        let Some((path, value)) = self.toml_value(name) else { return Ok(None) };
        let Value::Array(items) = value else {
            return Err(invalid(name, value, "a list of strings"));
        };
        let mut paths = Vec::new();
        for item in items {
            let Value::String(text) = item else {
                return Err(invalid(name, value, "a list of strings"));
            };
            paths.push(fill(name, path, text)?);
        }
        Ok(Some(paths).filter(|paths| !paths.is_empty()))
    }

    fn separator(&self, names: &[&str]) -> Result<Option<char>, ConfigError> {
        for name in names {
            let Some(value) = self.ini_text(name)? else { continue };
            let separator = match value.as_str() {
                "space" => ' ',
                "newline" => '\n',
                "os" if cfg!(windows) => ';',
                "os" | ":" => ':',
                ";" => ';',
                _ => {
                    return Err(ConfigError::InvalidValue {
                        option: (*name).to_owned(),
                        value,
                        expected: "`space`, `newline`, `os`, `:` or `;`",
                    });
                }
            };
            return Ok(Some(separator));
        }
        Ok(None)
    }

    fn ini_text(&self, name: &str) -> Result<Option<String>, ConfigError> {
        let Some((path, parser)) = &self.ini else { return Ok(None) };
        parser.get(&self.section, name).map_err(|source| {
            let (option, path) = (name.to_owned(), path.clone());
            ConfigError::Interpolation { option, path, source }
        })
    }

    fn toml_value(&self, name: &str) -> Option<(&Path, &Value)> {
        let (path, table) = self.toml.as_ref()?;
        Some((path, table.get(name)?))
    }
}

fn here(file: &Path) -> String {
    file.parent().map(|folder| folder.to_string_lossy().into_owned()).unwrap_or_default()
}

fn tool_alembic(path: &Path, text: &str) -> Result<Option<Table>, ConfigError> {
    let mut table: Table = text.parse().map_err(|source| {
        let path = path.to_owned();
        ConfigError::Toml { path, source: Box::new(source) }
    })?;
    let alembic = match table.remove("tool") {
        Some(Value::Table(mut tool)) => tool.remove("alembic"),
        _ => None,
    };
    match alembic {
        None => Ok(None),
        Some(Value::Table(alembic)) => Ok(Some(alembic)),
        Some(other) => Err(invalid("tool.alembic", &other, "a table")),
    }
}

/// TOML values go through `value % {"here": ...}`.
fn fill(name: &str, path: &Path, text: &str) -> Result<String, ConfigError> {
    let lookup = |name: &str| (name == "here").then(|| Argument::Text(here(path)));
    printf::format(text, lookup).map_err(|source| {
        let (option, path) = (name.to_owned(), path.to_owned());
        ConfigError::Template { option, path, source }
    })
}

/// `re.split(r", *|(?: +)")`, and `|\:` with colons. Empty parts stay, as in Alembic: they mean the
/// current folder.
fn split_legacy(text: &str, colons: bool) -> Vec<String> {
    let mut parts = vec![String::new()];
    let mut rest = text.chars().peekable();
    while let Some(character) = rest.next() {
        match character {
            ',' | ' ' => {
                while rest.next_if_eq(&' ').is_some() {}
                parts.push(String::new());
            }
            ':' if colons => parts.push(String::new()),
            other => {
                if let Some(part) = parts.last_mut() {
                    part.push(other);
                }
            }
        }
    }
    parts
}

fn invalid(option: &str, value: &Value, expected: &'static str) -> ConfigError {
    ConfigError::InvalidValue { option: option.to_owned(), value: value.to_string(), expected }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts(text: &str, colons: bool) -> String {
        split_legacy(text, colons).join("|")
    }

    /// Each expectation was printed by Python.
    #[test]
    fn legacy_splitting() {
        assert_eq!(parts("a b,c,  d", false), "a|b|c|d");
        assert_eq!(parts("a , b", false), "a||b");
        assert_eq!(parts("a:b", false), "a:b");
        assert_eq!(parts("a:b. c", true), "a|b.|c");
        assert_eq!(parts(".", true), ".");
    }
}
