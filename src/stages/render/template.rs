//! The template engine: a baseline's text from its context, and errors with the line that they are about.

use std::collections::HashMap;

use tera::{Context, Tera, Value};

use crate::format::alembic::literal;
use crate::stages::render::{EMBEDDED, RenderError, TEMPLATE};

/// Renders the user's template, or our own.
pub(super) fn render(
    template: Option<(&str, &str)>,
    context: &Context,
) -> Result<String, RenderError> {
    let (engine, name) = engine(template)?;
    let text = template.map_or(EMBEDDED, |(_, text)| text);
    engine.render(name, context).map_err(|error| failed(name, text, &error))
}

/// The engine with the template in it, and the template's name.
pub(super) fn engine<'a>(
    template: Option<(&'a str, &'a str)>,
) -> Result<(Tera, &'a str), RenderError> {
    let (name, text) = template.unwrap_or((TEMPLATE, EMBEDDED));
    let mut tera = Tera::default();
    tera.autoescape_on(Vec::new());
    tera.register_filter("python", |value: &Value, _: &HashMap<String, Value>| {
        let text = value.as_str().ok_or("the filter `python` takes a string")?;
        Ok(Value::String(literal::python(text)))
    });
    tera.register_filter("docstring", |value: &Value, _: &HashMap<String, Value>| {
        let text = value.as_str().ok_or("the filter `docstring` takes a string")?;
        let text = text.replace('\\', "\\\\").replace("\"\"\"", "\\\"\\\"\\\"");
        Ok(Value::String(if text.ends_with('"') { format!("{text} ") } else { text }))
    });
    tera.add_raw_template(name, text).map_err(|error| failed(name, text, &error))?;
    Ok((tera, name))
}

/// The reason is in the sources of the engine's error. So is the line of a text that cannot be parsed; for
/// one that cannot be rendered the engine names words only, and the lines with them are looked up.
pub(super) fn failed(name: &str, text: &str, error: &tera::Error) -> RenderError {
    let mut why = Vec::new();
    let mut next: Option<&dyn std::error::Error> = Some(error);
    while let Some(error) = next {
        why.push(error.to_string());
        next = error.source();
    }
    let mut why = why.join(": ");
    if !why.contains(" --> ") {
        let lines: Vec<String> = lines_of(name, text, &why).map(|line| line.to_string()).collect();
        if !lines.is_empty() {
            why.push_str(&format!(" (line {})", lines.join(" or ")));
        }
    }
    RenderError::Template { name: name.to_owned(), why }
}

/// The lines of a template whose code has a word that an error quotes.
fn lines_of(name: &str, text: &str, why: &str) -> impl Iterator<Item = usize> {
    let words = why.replace(name, "");
    let words: Vec<String> =
        words.split(['`', '\'']).skip(1).step_by(2).map(str::to_owned).collect();
    let has = move |line: &str| {
        let code: String = line.split(['{', '}']).skip(1).collect();
        words.iter().any(|word| !word.is_empty() && code.contains(word.as_str()))
    };
    text.lines().enumerate().filter(move |(_, line)| has(line)).map(|(number, _)| number + 1)
}
