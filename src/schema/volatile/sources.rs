//! What the revision files say: which dates are written in them, and how they count from now.
//!
//! A value that is equal in both replays may still come from the clock, if the clock is coarse: a date,
//! a second. A date that is written in a revision is no such value.

use std::collections::BTreeSet;

use chrono::{NaiveDate, NaiveDateTime, Timelike};

use crate::schema::volatile::clock::Grain;
use crate::schema::volatile::offset::Offset;

/// The texts of the revision files, read for their dates.
#[derive(Debug, Default)]
pub struct Sources {
    /// In lower case, without spaces and quotes.
    squeezed: String,
    dates: BTreeSet<NaiveDate>,
    distances: BTreeSet<(Unit, u32)>,
    starts: Vec<Grain>,
    utc: bool,
    local: bool,
}

impl Sources {
    /// Reads texts. The lines of a docstring that tell when a revision was made say nothing.
    pub fn read<'a>(texts: impl IntoIterator<Item = &'a str>) -> Self {
        let mut sources = Self::default();
        for text in texts {
            for line in text.lines().filter(|line| !line.trim_start().starts_with("Create Date:")) {
                let kept = |c: &char| !c.is_whitespace() && !"'\"".contains(*c);
                sources.squeezed.extend(line.to_lowercase().chars().filter(kept));
                sources.squeezed.push('\n');
            }
        }
        // Read once: values are many.
        let text = &sources.squeezed;
        sources.dates = dates(text);
        sources.distances = distances(text);
        let has = |words: &[&str]| words.iter().any(|word| text.contains(word));
        sources.utc = has(&["utcnow", "timezone.utc", "datetime.utc", "attimezoneutc"]);
        sources.local = has(&[
            "now()",
            "localtime",
            "current_timestamp",
            "current_date",
            "clock_timestamp",
            "statement_timestamp",
            "transaction_timestamp",
            ".today()",
        ]);
        if has(&["date_trunc(month,", "replace(day=1"]) {
            sources.starts.push(Grain::Month);
        }
        if has(&["date_trunc(year,", "replace(month=1,day=1"]) {
            sources.starts.push(Grain::Year);
        }
        sources
    }

    /// Whether this date is written somewhere: `2024-05-01`, `20240501`, `date(2024, 5, 1)`.
    pub fn has_date(&self, date: NaiveDate) -> bool {
        self.dates.contains(&date)
    }

    /// Whether this time is written somewhere, on its date.
    pub fn has_time(&self, at: NaiveDateTime) -> bool {
        let (h, m, s) = (at.hour(), at.minute(), at.second());
        self.has_date(at.date())
            && (at.num_seconds_from_midnight() == 0
                || self.squeezed.contains(&format!("{h:02}:{m:02}"))
                || self.squeezed.contains(&format!(",{h},{m},{s}"))
                || self.squeezed.contains(&format!(",{h},{m})")))
    }

    /// Whether a revision counts this far from something: `days=30`, `30 days`, `1 month`.
    pub fn mentions(&self, offset: Offset) -> bool {
        let says = |n: u32, unit| self.distances.contains(&(unit, n));
        match offset {
            Offset::Months(n) => {
                let n = n.unsigned_abs();
                says(n, Unit::Month) || n % 12 == 0 && says(n / 12, Unit::Year)
            }
            Offset::Days(n) => {
                let n = n.unsigned_abs();
                says(n, Unit::Day) || n % 7 == 0 && says(n / 7, Unit::Week)
            }
            Offset::Seconds(_) => false,
        }
    }

    /// Whether a time without a zone counts in UTC where both would do: a revision asks for UTC, or none asks
    /// for the local time. What a helper module makes is not seen here, and that is UTC as a rule.
    pub fn prefer_utc(&self) -> bool {
        self.utc || !self.local
    }

    /// Whether a revision cuts a time at its month or year.
    pub fn mentions_start_of(&self, grain: Grain) -> bool {
        self.starts.contains(&grain)
    }
}

/// How a distance is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Unit {
    Day,
    Week,
    Month,
    Year,
}

const UNITS: [(Unit, &str); 4] =
    [(Unit::Day, "day"), (Unit::Week, "week"), (Unit::Month, "month"), (Unit::Year, "year")];

/// All numbers that stand before or after a unit in a squeezed text.
fn distances(text: &str) -> BTreeSet<(Unit, u32)> {
    let mut found = BTreeSet::new();
    for (at, run) in digit_runs(text) {
        let Ok(number) = run.parse() else { continue };
        let (before, after) = (&text[..at], &text[at + run.len()..]);
        for (unit, name) in UNITS {
            let named = before.strip_suffix("s=").is_some_and(|before| before.ends_with(name));
            if named || after.starts_with(name) {
                found.insert((unit, number));
            }
        }
        let dated = ["current_date+", "current_date-", "::date+", "::date-"];
        if dated.into_iter().any(|sum| before.ends_with(sum)) {
            found.insert((Unit::Day, number));
        }
    }
    found.retain(|(_, number)| *number > 0);
    found
}

/// All dates that are written in a squeezed text.
fn dates(text: &str) -> BTreeSet<NaiveDate> {
    let mut found = BTreeSet::new();
    let runs: Vec<(usize, &str)> = digit_runs(text);
    let number = |run: &str| run.parse::<u32>().unwrap_or(0);
    let year = |run: &str| (run.len() == 4).then(|| run.parse::<i32>().unwrap_or(0));
    for (index, (at, run)) in runs.iter().enumerate() {
        if run.len() == 8 || run.len() == 14 {
            let date = NaiveDate::parse_from_str(&run[..8], "%Y%m%d");
            found.extend(date.ok());
        }
        let [(second_at, second), (third_at, third)] =
            runs[index + 1..].iter().take(2).collect::<Vec<_>>()[..]
        else {
            continue;
        };
        let between = |from: usize, to: usize| text.get(from..to).unwrap_or_default();
        let (one, two) =
            (between(at + run.len(), *second_at), between(second_at + second.len(), *third_at));
        if one != two || !["-", ",", "/", ".", "_"].contains(&one) {
            continue;
        }
        let first =
            year(run).and_then(|y| NaiveDate::from_ymd_opt(y, number(second), number(third)));
        let last =
            year(third).and_then(|y| NaiveDate::from_ymd_opt(y, number(second), number(run)));
        found.extend(first.into_iter().chain(last));
    }
    found
}

fn digit_runs(text: &str) -> Vec<(usize, &str)> {
    let mut runs = Vec::new();
    let mut rest = text;
    while let Some(start) = rest.find(|c: char| c.is_ascii_digit()) {
        let run = &rest[start..];
        let length = run.find(|c: char| !c.is_ascii_digit()).unwrap_or(run.len());
        runs.push((text.len() - run.len(), &run[..length]));
        rest = &run[length..];
    }
    runs
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_found_however_they_are_written() {
        let sources = Sources::read([
            "Create Date: 2026-11-20 10:00\nx = '2024-05-01'; d = date(2024, 6,  2)",
            "v = '20240703T1'; w = datetime(2024, 8, 4, 12, 30)",
        ]);
        let day = |m, d| NaiveDate::from_ymd_opt(2024, m, d).unwrap();
        for (m, d) in [(5, 1), (6, 2), (7, 3), (8, 4)] {
            assert!(sources.has_date(day(m, d)), "{m} {d}");
        }
        assert!(!sources.has_date(NaiveDate::from_ymd_opt(2026, 11, 20).unwrap()));
        assert!(sources.has_time(day(8, 4).and_hms_opt(12, 30, 0).unwrap()));
        assert!(!sources.has_time(day(8, 4).and_hms_opt(12, 31, 0).unwrap()));
    }

    #[test]
    fn what_is_counted_from_now() {
        let sources =
            Sources::read(["timedelta(days=30); now() + interval '1 month'; CURRENT_DATE + 45"]);
        assert!(sources.mentions(Offset::Days(30)) && sources.mentions(Offset::Days(-45)));
        assert!(sources.mentions(Offset::Months(1)));
        assert!(!sources.mentions(Offset::Days(3)) && !sources.mentions(Offset::Days(5)));
        assert!(!sources.mentions(Offset::Months(12)) && !sources.mentions(Offset::Days(300)));
    }
}
