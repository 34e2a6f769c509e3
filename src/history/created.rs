//! When revisions were created, as far as their files tell. Pure.

use std::collections::BTreeMap;

use chrono::{DateTime, NaiveDate, NaiveDateTime};

use super::{History, Revision, RevisionId};

/// The forms of `Create Date`: Python's `str(datetime)`, with a zone where `timezone` is set.
const FORMS: [&str; 4] =
    ["%Y-%m-%d %H:%M:%S%.f", "%Y-%m-%dT%H:%M:%S%.f", "%Y-%m-%d %H:%M", "%Y-%m-%dT%H:%M"];

/// Reads a date, or a date with a time. One with a zone is brought to UTC; one without is taken as it is.
pub fn parse(text: &str) -> Option<NaiveDateTime> {
    let text = text.trim();
    let zoned = DateTime::parse_from_rfc3339(text)
        .or_else(|_| DateTime::parse_from_str(text, "%Y-%m-%d %H:%M:%S%.f%:z"));
    if let Ok(time) = zoned {
        return Some(time.naive_utc());
    }
    let time = FORMS.iter().find_map(|form| NaiveDateTime::parse_from_str(text, form).ok());
    time.or_else(|| NaiveDate::parse_from_str(text, "%Y-%m-%d").ok()?.and_hms_opt(0, 0, 0))
}

/// When a revision was created, if its file tells.
pub fn of(revision: &Revision) -> Option<NaiveDateTime> {
    revision.created.as_deref().and_then(parse)
}

/// The time of each revision. One that does not tell its own is as old as the newest of those that it
/// builds on; if none of them tells, it is left out.
pub fn times(history: &History) -> BTreeMap<RevisionId, NaiveDateTime> {
    let mut times: BTreeMap<RevisionId, NaiveDateTime> = BTreeMap::new();
    for revision in history.iter() {
        let own = of(revision);
        let time = own.or_else(|| {
            history.requires(&revision.id).filter_map(|id| times.get(id)).max().copied()
        });
        if let Some(time) = time {
            times.insert(revision.id.clone(), time);
        }
    }
    times
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_as_alembic_writes_them() {
        for (text, expected) in [
            ("2024-01-02 03:04:05.678901", "2024-01-02T03:04:05.678901"),
            ("2024-01-02 03:04:05", "2024-01-02T03:04:05"),
            ("2024-01-02 03:04:05.6+02:00", "2024-01-02T01:04:05.600"),
            ("2024-01-02T03:04:05Z", "2024-01-02T03:04:05"),
            ("2024-01-02", "2024-01-02T00:00:00"),
        ] {
            let parsed = parse(text).unwrap();
            assert_eq!(format!("{parsed:?}"), expected, "{text}");
        }
        assert_eq!(parse("yesterday"), None);
    }
}
