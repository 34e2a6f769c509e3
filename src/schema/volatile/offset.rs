//! How far a value lies from the clock: whole months, days or seconds, the roundest that explains it.

use std::fmt;

use chrono::{Days, Months, NaiveDateTime, TimeDelta};

use crate::schema::volatile::sources::Sources;

/// A whole distance from now. Zero is now itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Offset {
    /// Calendar months.
    Months(i32),
    /// Days.
    Days(i32),
    /// Seconds, less than a day.
    Seconds(i32),
}

impl Offset {
    /// Now.
    pub const ZERO: Self = Self::Seconds(0);

    /// Whether it is now itself.
    pub fn is_zero(self) -> bool {
        matches!(self, Self::Months(0) | Self::Days(0) | Self::Seconds(0))
    }

    /// This far from a time, as `PostgreSQL` counts.
    pub fn from(self, at: NaiveDateTime) -> Option<NaiveDateTime> {
        match self {
            Self::Months(n) if n < 0 => at.checked_sub_months(Months::new(n.unsigned_abs())),
            Self::Months(n) => at.checked_add_months(Months::new(n.unsigned_abs())),
            Self::Days(n) if n < 0 => at.checked_sub_days(Days::new(u64::from(n.unsigned_abs()))),
            Self::Days(n) => at.checked_add_days(Days::new(u64::from(n.unsigned_abs()))),
            Self::Seconds(n) => at.checked_add_signed(TimeDelta::seconds(i64::from(n))),
        }
    }

    /// The number and the unit of the interval, without the sign.
    pub fn words(self) -> String {
        let several = |n: u32, unit: &str| format!("{n} {unit}{}", if n == 1 { "" } else { "s" });
        match self {
            Self::Months(n) if n % 12 == 0 => several(n.unsigned_abs() / 12, "year"),
            Self::Months(n) => several(n.unsigned_abs(), "month"),
            Self::Days(n) => several(n.unsigned_abs(), "day"),
            Self::Seconds(n) if n % 3600 == 0 => several(n.unsigned_abs() / 3600, "hour"),
            Self::Seconds(n) if n % 60 == 0 => several(n.unsigned_abs() / 60, "minute"),
            Self::Seconds(n) => several(n.unsigned_abs(), "second"),
        }
    }

    fn is_negative(self) -> bool {
        match self {
            Self::Months(n) | Self::Days(n) | Self::Seconds(n) => n < 0,
        }
    }

    /// `+` or `-`.
    pub fn sign(self) -> char {
        if self.is_negative() { '-' } else { '+' }
    }

    /// The distances that could explain a value near `distance` from now, the roundest first: zero,
    /// months or days, hours, minutes, seconds.
    pub fn candidates(distance: TimeDelta, sources: &Sources) -> Vec<Self> {
        let seconds = distance.num_seconds();
        let near = |unit: i64| {
            let nearest = (seconds + seconds.signum() * unit / 2) / unit;
            [0, 1, -1].map(|more| i32::try_from(nearest + more).unwrap_or(0))
        };
        let months = near(2_629_746).map(Self::Months);
        let days = near(86_400).map(Self::Days);
        let mut found = vec![Self::ZERO];
        // 30 days and one month, 365 days and one year can be the same date: the revisions tell which
        // is meant, else the days, which people and Python's timedelta count by.
        let said = |offset: &&Self| sources.mentions(**offset);
        found.extend(months.iter().chain(&days).filter(said));
        let usual =
            |o: &&Self| matches!(o, Self::Days(n) if n % 7 == 0 || n % 30 == 0 || n % 365 == 0);
        found.extend(days.iter().filter(usual));
        found.extend(months.iter().chain(&days));
        if seconds.abs() < 86_400 + 60 {
            for unit in [3600, 1800, 900, 300, 60, 30, 15, 10, 5, 1] {
                let unit_seconds = |n: i32| i32::try_from(unit).unwrap_or(1).saturating_mul(n);
                found.extend(near(unit).map(|n| Self::Seconds(unit_seconds(n))));
            }
        }
        found.retain(|offset| !offset.is_zero() || *offset == Self::ZERO);
        found
    }
}

impl fmt::Display for Offset {
    /// ` + interval '30 days'`; nothing for zero.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_zero() {
            return Ok(());
        }
        write!(f, " {} interval '{}'", self.sign(), self.words())
    }
}
