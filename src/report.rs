//! The only printer. stdout is for data, stderr for everything else.
//!
//! Stages tell what they do through [`Report`]: one line per stage with counts and seconds, and a bar
//! with the running revision on a terminal. Commands hand over their result, which is printed as text
//! or as one JSON object.

use std::fmt::Display;
use std::io::{IsTerminal, Write};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use serde::Serialize;

use crate::cli::{Color, Format};
use crate::error::Error;
use crate::schema::compare::{Change, Side};

/// How many differences are told on stderr; a file holds them all.
const DIFFERENCES: usize = 40;

/// How to print.
#[derive(Debug)]
pub struct Report {
    format: Format,
    color: bool,
    color_stdout: bool,
    terminal: bool,
    started: Instant,
}

/// A result that can be printed in both forms.
pub trait Printable: Serialize {
    /// The text for people, without a final newline.
    fn text(&self) -> String;

    /// The same in colours.
    fn painted(&self) -> String {
        self.text()
    }

    /// The form of another format, if there is one.
    fn other(&self, _format: Format) -> Option<String> {
        None
    }
}

impl Report {
    /// A printer for this format and these colours.
    pub fn new(format: Format, color: Color, no_color: bool) -> Self {
        let terminal = std::io::stderr().is_terminal();
        let color_on = |terminal: bool| match color {
            Color::Always => true,
            Color::Never => false,
            Color::Auto => terminal && !no_color,
        };
        Self {
            format,
            color: color_on(terminal),
            color_stdout: color_on(std::io::stdout().is_terminal()),
            terminal,
            started: Instant::now(),
        }
    }

    /// Seconds since the start.
    pub fn elapsed(&self) -> f64 {
        self.started.elapsed().as_secs_f64()
    }

    /// One line about a finished stage.
    pub fn stage(&self, name: &str, what: impl Display, took: Duration) {
        line(&format!("{} {what}  {}", self.strong(&format!("{name:<8}")), seconds(took)));
    }

    /// A line that is neither a stage nor a result.
    pub fn note(&self, text: impl Display) {
        line(&format!("{} {text}", self.dim("note:")));
    }

    /// A bar for a stage of known length; it draws nothing where stderr is no terminal.
    pub fn bar(&self, name: &str, length: u64) -> ProgressBar {
        if !self.terminal {
            return ProgressBar::with_draw_target(Some(length), ProgressDrawTarget::hidden());
        }
        let bar = ProgressBar::new(length);
        let template = "{prefix:<8} {bar:30} {pos}/{len}  {elapsed}  {wide_msg}";
        if let Ok(style) = ProgressStyle::with_template(template) {
            bar.set_style(style);
        }
        bar.set_prefix(name.to_owned());
        bar.enable_steady_tick(Duration::from_millis(100));
        bar
    }

    /// The result of a command, on stdout.
    pub fn result(&self, result: &impl Printable) {
        let text = match self.format {
            Format::Text if self.color_stdout => result.painted(),
            Format::Text => result.text(),
            Format::Sarif | Format::Github => result.other(self.format).unwrap_or_default(),
            Format::Json | Format::Jsonl => {
                serde_json::to_string(result).unwrap_or_else(|error| error.to_string())
            }
        };
        if !text.is_empty() {
            // A reader that has gone away (`| head`) is no failure of ours.
            let _ = writeln!(std::io::stdout(), "{text}");
        }
    }

    /// One of many results, as it is ready: a line of its own where that is asked for, else nothing.
    pub fn line(&self, result: &impl Serialize) {
        if self.format == Format::Jsonl {
            let text = serde_json::to_string(result).unwrap_or_else(|error| error.to_string());
            let _ = writeln!(std::io::stdout(), "{text}");
        }
    }

    /// Whether results are told one by one.
    pub fn is_by_line(&self) -> bool {
        self.format == Format::Jsonl
    }

    /// An error: what happened, why, what to do, and the state that things are in. For scripts it is on
    /// stdout as well, in the place of the result.
    pub fn error(&self, error: &Error) {
        if matches!(self.format, Format::Json | Format::Jsonl) {
            let mut object = serde_json::json!({
                "outcome": "failed",
                "exit_code": error.kind().exit_code(),
                "error": error.to_string(),
                "causes": error.causes(),
                "hints": error.hints(),
                "state": error.state(),
            });
            if !error.differences().is_empty() {
                object["differences"] = serde_json::json!(error.differences());
            }
            if let Some(failure) = error.failure().filter(|failure| !failure.is_null()) {
                object["failure"] = failure;
            }
            let _ = writeln!(std::io::stdout(), "{}", redact(&object.to_string()));
        }
        self.trouble(error);
    }

    /// An error whose result is on stdout already: for people only.
    pub fn trouble(&self, error: &Error) {
        let mut text = format!("{} {error}\n", self.paint("31;1", "error:"));
        for cause in error.causes() {
            text += &format!("  caused by: {}\n", indented(&cause));
        }
        text += &self.differences(error.differences());
        for hint in error.hints() {
            text += &format!("  {} {}\n", self.paint("36", "hint:"), indented(&hint));
        }
        text += &format!("  {} {}", self.dim("state:"), error.state());
        line(&text);
    }

    /// The differences, one a line; values in the colours of a diff.
    fn differences(&self, differences: &[Change]) -> String {
        let mut text = String::new();
        for change in differences.iter().take(DIFFERENCES) {
            let pieces = change.pieces().into_iter().map(|piece| match piece.side {
                Some(Side::Expected) => self.paint("31", &piece.text),
                Some(Side::Actual) => self.paint("32", &piece.text),
                None => piece.text,
            });
            let line: String = pieces.collect();
            text += &format!("      {}\n", indented(&line));
        }
        if differences.len() > DIFFERENCES {
            text += &format!("      and {} more\n", differences.len() - DIFFERENCES);
        }
        text
    }

    /// Whether there is somebody to ask.
    pub fn asks(&self) -> bool {
        self.terminal && std::io::stdin().is_terminal()
    }

    /// Asks for a yes on a terminal. Elsewhere, and with `--yes`, nobody is asked.
    pub fn confirm(&self, question: &str, yes: bool) -> bool {
        if yes || !self.asks() {
            return true;
        }
        let mut stderr = std::io::stderr();
        let _ = write!(stderr, "{question} [y/N] ");
        let _ = stderr.flush();
        let mut answer = String::new();
        let read = std::io::stdin().read_line(&mut answer);
        read.is_ok() && matches!(answer.trim().to_lowercase().as_str(), "y" | "yes")
    }

    /// Asks for one of several choices on a terminal: the number of the chosen one, from 0. `None` where nobody
    /// can be asked, or nothing was chosen.
    pub fn choose(&self, question: &str, choices: &[String]) -> Option<usize> {
        if !self.asks() {
            return None;
        }
        line(question);
        for (number, choice) in choices.iter().enumerate() {
            line(&format!("  {}. {choice}", number + 1));
        }
        let mut stderr = std::io::stderr();
        // A few slips are forgiven; an end of the input is none.
        for _ in 0..5 {
            let _ = write!(stderr, "[1-{}] ", choices.len());
            let _ = stderr.flush();
            let mut answer = String::new();
            if std::io::stdin().read_line(&mut answer).ok()? == 0 {
                return None;
            }
            match answer.trim().parse::<usize>() {
                Ok(number) if (1..=choices.len()).contains(&number) => return Some(number - 1),
                _ => {}
            }
        }
        None
    }

    /// Text on stderr that somebody reads before he answers.
    pub fn say(&self, text: impl Display) {
        line(&text.to_string());
    }

    fn paint(&self, code: &str, text: &str) -> String {
        if self.color { format!("\x1b[{code}m{text}\x1b[0m") } else { text.to_owned() }
    }

    fn strong(&self, text: &str) -> String {
        self.paint("1", text)
    }

    fn dim(&self, text: &str) -> String {
        self.paint("2", text)
    }
}

fn line(text: &str) {
    // Nobody is left to be told that stderr is closed.
    let _ = writeln!(std::io::stderr(), "{}", redact(text));
}

/// stderr for logs, without passwords.
#[derive(Debug)]
pub struct Log;

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        let text = String::from_utf8_lossy(bytes);
        std::io::stderr().write_all(redact(&text).as_bytes())?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        std::io::stderr().flush()
    }
}

/// Masks the password of every URL in a text, and what follows `password=`. Our own messages hold none;
/// what a project's code prints when it fails may.
pub fn redact(text: &str) -> String {
    let mut redacted = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find("://").map(|at| at + 3) {
        let (before, after) = rest.split_at(at);
        redacted.push_str(before);
        let token = after.find(|c: char| c.is_whitespace() || "\"'`<>".contains(c));
        let (token, others) = after.split_at(token.unwrap_or(after.len()));
        let authority = token.split(['/', '?', '#']).next().unwrap_or_default();
        // A password that was not escaped may hold a slash.
        let scheme =
            before.trim_end_matches("://").rsplit(|c: char| !c.is_alphanumeric() && c != '+');
        let is_ours = scheme.take(1).any(|scheme| scheme.starts_with("postgres"));
        let end = authority.rfind('@').or_else(|| is_ours.then(|| token.rfind('@')).flatten());
        match (token.find(':'), end) {
            (Some(colon), Some(end)) if colon < end => {
                redacted.push_str(&token[..=colon]);
                redacted.push_str("***");
                redacted.push_str(&token[end..]);
            }
            _ => redacted.push_str(token),
        }
        rest = others;
    }
    redacted.push_str(rest);
    mask_after(&redacted, "password=")
}

fn mask_after(text: &str, word: &str) -> String {
    let mut masked = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find(word).map(|at| at + word.len()) {
        masked.push_str(&rest[..at]);
        let value = &rest[at..];
        let quoted =
            value.starts_with('\'').then(|| value[1..].find('\'').map(|end| end + 2)).flatten();
        let ends = |c: char| c.is_whitespace() || "&\"'`,;)".contains(c);
        let end = quoted.or_else(|| value.find(ends)).unwrap_or(value.len());
        masked.push_str("***");
        rest = &value[end..];
    }
    masked.push_str(rest);
    masked
}

/// The lines after the first stand below its text.
fn indented(text: &str) -> String {
    text.trim_end().replace('\n', "\n      ")
}

/// A duration as people read it.
pub fn seconds(duration: Duration) -> String {
    format!("{:.2} s", duration.as_secs_f64())
}

/// A count with its noun.
pub fn count(number: u64, one: &str, several: &str) -> String {
    format!("{number} {}", if number == 1 { one } else { several })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passwords_of_urls_are_masked_wherever_they_stand() {
        for (text, wanted) in [
            (
                "to 'postgresql+psycopg://u:p%40w@h/db' now",
                "to 'postgresql+psycopg://u:***@h/db' now",
            ),
            ("postgres://u:a/b@c@h:1/db", "postgres://u:***@h:1/db"),
            ("redis://:pw@h and postgres://u:x@h", "redis://:***@h and postgres://u:***@h"),
            ("https://h:80/a?b=c@d", "https://h:80/a?b=c@d"),
            ("https://sqlalche.me/e/20/f405)", "https://sqlalche.me/e/20/f405)"),
            ("host=h password=x y password='a b' z", "host=h password=*** y password=*** z"),
            ("postgresql://h/db?password=x&a=b", "postgresql://h/db?password=***&a=b"),
        ] {
            assert_eq!(redact(text), wanted);
        }
    }
}
