//! The name that Alembic gives to a new revision file: `file_template` filled in with the id, the
//! slug of the message and the time of creation (`ScriptDirectory._rev_path`).
//!
//! Pure: the time comes from the caller. A template may contain `/` and then names a subfolder; one
//! that would leave the version location is refused.

use std::path::{Component, Path, PathBuf};

use chrono::{DateTime, Datelike, FixedOffset, Local, Timelike, Utc};
use chrono_tz::Tz;

use super::printf::{self, Argument, PrintfError};

/// Alembic's `file_template` when none is configured.
pub const DEFAULT_TEMPLATE: &str = "%(rev)s_%(slug)s";

/// A file name that cannot be made.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FileNameError {
    /// The template itself.
    #[error("`file_template = {template}` cannot be filled in")]
    Template {
        /// As configured, after interpolation.
        template: String,
        /// Why.
        #[source]
        source: PrintfError,
    },
    /// An absolute path, or one with `..`.
    #[error("`file_template = {template}` leads out of the version location, to `{path}`")]
    LeavesFolder {
        /// As configured, after interpolation.
        template: String,
        /// What it gave.
        path: String,
    },
    /// Not in the time zone database.
    #[error("`timezone = {name}` is not a known time zone")]
    UnknownTimezone {
        /// As configured.
        name: String,
    },
}

/// The path of a new revision file below its version location.
///
/// `created` is in the zone whose date and hour the name shall show: see [`creation_time`].
///
/// # Errors
/// A template that Python could not fill in, or that leads elsewhere.
pub fn render(
    template: &str,
    truncate_slug_length: usize,
    rev: &str,
    message: &str,
    created: &DateTime<FixedOffset>,
) -> Result<PathBuf, FileNameError> {
    let lookup = |name: &str| {
        let number = match name {
            "rev" => return Some(Argument::Text(rev.to_owned())),
            "slug" => return Some(Argument::Text(slug(message, truncate_slug_length))),
            "epoch" => created.timestamp(),
            "year" => created.year().into(),
            "month" => created.month().into(),
            "day" => created.day().into(),
            "hour" => created.hour().into(),
            "minute" => created.minute().into(),
            "second" => created.second().into(),
            _ => return None,
        };
        Some(Argument::Number(number))
    };
    let name = printf::format(template, lookup).map_err(|source| {
        let template = template.to_owned();
        FileNameError::Template { template, source }
    })?;
    let path = format!("{name}.py");
    let inside = |part| matches!(part, Component::Normal(_) | Component::CurDir);
    if Path::new(&path).components().all(inside) {
        Ok(PathBuf::from(path))
    } else {
        Err(FileNameError::LeavesFolder { template: template.to_owned(), path })
    }
}

/// The words of a message joined by `_`, in small letters, cut at a word.
///
/// Python's `\w` leaves out combining vowel signs (Devanagari and others), which Rust counts as
/// alphabetic: names of such messages keep them.
pub fn slug(message: &str, length: usize) -> String {
    let is_word = |character: char| character.is_alphanumeric() || character == '_';
    let words = message.split(|character| !is_word(character)).filter(|word| !word.is_empty());
    let slug = words.collect::<Vec<_>>().join("_").to_lowercase();
    match slug.char_indices().nth(length) {
        None => slug,
        Some((end, _)) => {
            let kept = &slug[..end];
            let kept = kept.rsplit_once('_').map_or(kept, |(whole_words, _)| whole_words);
            format!("{kept}_")
        }
    }
}

/// Now, in the zone of the `timezone` option, or in local time without one.
///
/// Alembic tries the name as written and then in capitals.
///
/// # Errors
/// An unknown zone.
pub fn creation_time(
    now: DateTime<Utc>,
    timezone: Option<&str>,
) -> Result<DateTime<FixedOffset>, FileNameError> {
    let Some(name) = timezone else { return Ok(now.with_timezone(&Local).fixed_offset()) };
    let zone: Option<Tz> = name.parse().or_else(|_| name.to_uppercase().parse()).ok();
    zone.map(|zone| now.with_timezone(&zone).fixed_offset())
        .ok_or_else(|| FileNameError::UnknownTimezone { name: name.to_owned() })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn time() -> DateTime<FixedOffset> {
        DateTime::parse_from_rfc3339("2024-03-05T07:08:09.5+02:00").unwrap()
    }

    fn name(template: &str) -> String {
        let path = render(template, 40, "ae1027a6acf", "Add Orders!", &time()).unwrap();
        path.to_str().unwrap().to_owned()
    }

    #[test]
    fn usual_templates() {
        assert_eq!(name(DEFAULT_TEMPLATE), "ae1027a6acf_add_orders.py");
        assert_eq!(
            name("%(year)d%(month).2d%(day).2d_%(hour).2d%(minute).2d_%(second).2d_%(rev)s"),
            "20240305_0708_09_ae1027a6acf.py"
        );
        assert_eq!(name("%(year)d/%(month)02d/%(slug).3s"), "2024/03/add.py");
        assert_eq!(name("%(epoch)d_%(rev)s"), "1709615289_ae1027a6acf.py");
    }

    #[test]
    fn a_template_stays_in_its_folder() {
        for template in ["/tmp/%(rev)s", "../%(rev)s", "a/../../%(rev)s"] {
            let error = render(template, 40, "a", "", &time()).unwrap_err();
            assert!(matches!(error, FileNameError::LeavesFolder { .. }), "{template}");
        }
    }

    #[test]
    fn a_slug_is_cut_at_a_word() {
        assert_eq!(slug("Füge  Kunden--hinzu, 2.0", 40), "füge_kunden_hinzu_2_0");
        assert_eq!(slug("abc def ghi", 9), "abc_def_");
        assert_eq!(slug("abc def ghi", 11), "abc_def_ghi");
        assert_eq!(slug("abcdefghij", 5), "abcde_");
        assert_eq!(slug("", 40), "");
    }

    #[test]
    fn zones() {
        let now = DateTime::parse_from_rfc3339("2024-07-01T12:00:00Z").unwrap().to_utc();
        let at = |zone| creation_time(now, Some(zone)).map(|time| time.to_rfc3339());
        assert_eq!(at("Europe/Berlin").unwrap(), "2024-07-01T14:00:00+02:00");
        assert_eq!(at("utc").unwrap(), "2024-07-01T12:00:00+00:00");
        insta::assert_snapshot!(at("Mars/Base").unwrap_err(), @"`timezone = Mars/Base` is not a known time zone");
    }
}
