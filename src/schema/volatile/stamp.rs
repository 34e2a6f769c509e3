//! Times as texts: `2026-11-20`, `2026-11-20 10:15:30.5+00`, `2026-11-20T10:15:30.123456Z`.

use chrono::{NaiveDate, NaiveDateTime, NaiveTime, TimeDelta};

use crate::schema::volatile::clock::Grain;

/// How a time is written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Form {
    /// Between date and time; none where there is no time.
    pub separator: Option<char>,
    /// Whether the seconds are told.
    pub seconds: bool,
    /// The digits after the seconds.
    pub digits: usize,
    /// The zone as written, and in seconds.
    pub suffix: String,
    /// The zone in seconds.
    pub zone: Option<i32>,
}

/// A time in a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stamp {
    /// As it is written.
    pub at: NaiveDateTime,
    /// How it is written.
    pub form: Form,
}

impl Stamp {
    /// Reads a time at the beginning of a text, and gives what follows it.
    pub fn read(text: &str) -> Option<(Self, &str)> {
        let date = NaiveDate::parse_from_str(text.get(..10)?, "%Y-%m-%d").ok()?;
        // chrono takes less digits, too.
        (text.as_bytes()[4] == b'-' && text.as_bytes()[7] == b'-').then_some(())?;
        let mut form =
            Form { separator: None, seconds: false, digits: 0, suffix: String::new(), zone: None };
        let day = Self { at: date.and_time(NaiveTime::MIN), form: form.clone() };
        let after_date = &text[10..];
        let Some((time, rest)) = after_date.strip_prefix(['T', ' ']).and_then(clock_time) else {
            return Some((day, after_date));
        };
        form.separator = after_date.chars().next();
        form.seconds = time.1;
        form.digits = time.2;
        let length = zone_length(rest);
        rest[..length].clone_into(&mut form.suffix);
        form.zone = zone(&form.suffix);
        Some((Self { at: date.and_time(time.0), form }, &rest[length..]))
    }

    /// In UTC, if its zone is told.
    pub fn utc(&self) -> NaiveDateTime {
        self.at - TimeDelta::seconds(i64::from(self.form.zone.unwrap_or(0)))
    }
}

impl Form {
    /// The finest that it tells.
    pub fn grain(&self) -> Grain {
        match (self.separator, self.seconds, self.digits) {
            (None, ..) => Grain::Day,
            (_, false, _) => Grain::Minute,
            (_, _, 0) => Grain::Second,
            (_, _, 1..=3) => Grain::Milliseconds,
            _ => Grain::Microseconds,
        }
    }

    /// For `to_char`.
    pub fn pattern(&self) -> String {
        let mut pattern = "YYYY-MM-DD".to_owned();
        let Some(separator) = self.separator else { return pattern };
        pattern.push_str(if separator == 'T' { "\"T\"HH24:MI" } else { " HH24:MI" });
        if self.seconds {
            pattern.push_str(":SS");
        }
        match self.digits {
            0 => {}
            1..=3 => pattern.push_str(".MS"),
            _ => pattern.push_str(".US"),
        }
        if !self.suffix.is_empty() {
            pattern.push_str(&format!("\"{}\"", self.suffix));
        }
        pattern
    }

    /// The same form, whatever the digits: `PostgreSQL` leaves out zeros at the end.
    pub fn joined(&self, other: &Self) -> Option<Self> {
        let digits = self.digits.max(other.digits);
        let same = |form: &Self| Self { digits, ..form.clone() };
        (same(self) == same(other)).then(|| same(self))
    }
}

/// `10:15`, `10:15:30`, `10:15:30.123`: the time, whether there are seconds, and how many digits follow.
fn clock_time(text: &str) -> Option<((NaiveTime, bool, usize), &str)> {
    let two = |from: usize| text.get(from..from + 2)?.parse::<u32>().ok();
    let colon = |at: usize| text.as_bytes().get(at) == Some(&b':');
    let (hour, minute) = (two(0)?, colon(2).then(|| two(3))??);
    let Some(second) = colon(5).then(|| two(6)).flatten() else {
        return Some(((NaiveTime::from_hms_opt(hour, minute, 0)?, false, 0), &text[5..]));
    };
    let rest = &text[8..];
    let fraction = rest.strip_prefix('.').unwrap_or_default();
    let digits = fraction.find(|c: char| !c.is_ascii_digit()).unwrap_or(fraction.len());
    if digits == 0 || digits > 9 {
        return Some(((NaiveTime::from_hms_opt(hour, minute, second)?, true, 0), rest));
    }
    let nanos: u32 = format!("{:0<9}", &fraction[..digits]).parse().ok()?;
    let time = NaiveTime::from_hms_nano_opt(hour, minute, second, nanos)?;
    Some(((time, true, digits), &fraction[digits..]))
}

/// How much of a text is a zone: `Z`, `+00`, `-03:30`, `+0100`.
fn zone_length(text: &str) -> usize {
    if text.starts_with('Z') {
        return 1;
    }
    if !text.starts_with(['+', '-']) {
        return 0;
    }
    let digits = |from: usize, n: usize| {
        text.get(from..from + n).is_some_and(|t| t.bytes().all(|b| b.is_ascii_digit()))
    };
    match (digits(1, 2), text.as_bytes().get(3) == Some(&b':') && digits(4, 2), digits(3, 2)) {
        (true, true, _) => 6,
        (true, false, true) => 5,
        (true, false, false) => 3,
        (false, ..) => 0,
    }
}

/// A zone in seconds east of UTC.
pub fn zone(text: &str) -> Option<i32> {
    if text == "Z" {
        return Some(0);
    }
    let digits: String = text.chars().filter(char::is_ascii_digit).collect();
    let hours: i32 = digits.get(..2)?.parse().ok()?;
    let minutes: i32 = digits.get(2..4).unwrap_or("0").parse().ok()?;
    let seconds = hours * 3600 + minutes * 60;
    Some(if text.starts_with('-') { -seconds } else { seconds })
}
