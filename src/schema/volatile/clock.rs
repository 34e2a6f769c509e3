//! Values that come from the clock of the replay: recognised, checked in another run, and written as an
//! expression.
//!
//! A value is one when it lies, at a whole offset, in the time that its own replay took, and its twin in
//! that of the other. Times without a zone may mean UTC or the zone of the machine.

use chrono::{DateTime, Datelike, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta, Timelike};

use crate::schema::volatile::offset::Offset;
use crate::schema::volatile::sources::Sources;
use crate::schema::volatile::stamp::{self, Form};

/// When a run began and ended, in UTC, and the zones that its clocks may have shown, in seconds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Window {
    /// Its beginning.
    pub from: NaiveDateTime,
    /// Its end.
    pub to: NaiveDateTime,
    /// The first one is UTC.
    pub zones: Vec<i32>,
}

/// What kind of text a clock value is in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Kind {
    /// `timestamp with time zone`
    Timestamptz,
    /// `timestamp without time zone`
    Timestamp,
    /// `date`
    Date,
    /// `time without time zone`
    Time,
    /// `time with time zone`
    Timetz,
    /// A number since 1970, `scale` to the second.
    Epoch {
        /// 1, 1,000 or 1,000,000.
        scale: i64,
        /// Whether it has no fraction.
        whole: bool,
    },
    /// Part of a text.
    Text(Form),
}

/// What a clock value was cut down to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[expect(missing_docs, reason = "the names say it")]
pub enum Grain {
    Microseconds,
    Milliseconds,
    Second,
    Minute,
    Hour,
    Day,
    Month,
    Year,
}

/// How a value comes from the clock.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Clock {
    kind: Kind,
    offset: Offset,
    grain: Grain,
    /// Whether its zone is UTC rather than that of the session.
    utc: bool,
}

/// What is known about the column of a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Precision {
    /// The finest that its type holds.
    pub finest: Grain,
    /// The digits that the type rounds to, if it says.
    pub rounds: bool,
}

/// A value of one run: its reading on the wall, in UTC where it tells its zone.
fn reading(kind: &Kind, text: &str) -> Option<NaiveDateTime> {
    match kind {
        Kind::Epoch { scale, .. } => {
            let micros = 1_000_000 / scale;
            let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
            let fraction: String = format!("{fraction:0<6}").chars().take(6).collect();
            let whole: i64 = whole.parse().ok()?;
            let fraction: i64 = fraction.parse().ok()?;
            let total = whole.checked_mul(micros)? + fraction * micros / 1_000_000;
            DateTime::from_timestamp_micros(total).map(|at| at.naive_utc())
        }
        Kind::Time | Kind::Timetz => {
            let end = text.find(['+', '-']).unwrap_or(text.len());
            let time = NaiveTime::parse_from_str(&text[..end], "%H:%M:%S%.f").ok()?;
            let zone = stamp::zone(&text[end..]).unwrap_or(0);
            let (time, _) = time.overflowing_sub_signed(TimeDelta::seconds(i64::from(zone)));
            Some(NaiveDate::default().and_time(time))
        }
        Kind::Date => {
            Some(NaiveDate::parse_from_str(text, "%Y-%m-%d").ok()?.and_time(NaiveTime::MIN))
        }
        Kind::Timestamptz | Kind::Timestamp | Kind::Text(_) => {
            let (stamp, rest) = stamp::Stamp::read(text)?;
            let has_time = stamp.form.separator.is_some() || matches!(kind, Kind::Text(_));
            (rest.is_empty() && has_time).then(|| stamp.utc())
        }
    }
}

impl Window {
    /// The dates that its clocks have shown.
    pub fn today(&self) -> Vec<NaiveDate> {
        let ends = [self.from, self.to];
        let days = self.zones.iter().flat_map(|zone| ends.map(|end| at_zone(end, *zone).date()));
        let days: std::collections::BTreeSet<NaiveDate> = days.collect();
        days.into_iter().collect()
    }
}

impl Grain {
    /// A time cut down.
    fn cut(self, at: NaiveDateTime) -> NaiveDateTime {
        let nanos = |unit: u32| at.with_nanosecond(at.nanosecond() / unit * unit).unwrap_or(at);
        let date = at.date();
        let midnight = |date: Option<NaiveDate>| date.unwrap_or(at.date()).and_time(NaiveTime::MIN);
        match self {
            Self::Microseconds => at,
            Self::Milliseconds => nanos(1_000_000),
            Self::Second => nanos(1_000_000_000),
            Self::Minute => Self::Second.cut(at).with_second(0).unwrap_or(at),
            Self::Hour => Self::Minute.cut(at).with_minute(0).unwrap_or(at),
            Self::Day => midnight(Some(date)),
            Self::Month => midnight(date.with_day(1)),
            Self::Year => midnight(date.with_day(1).and_then(|d| d.with_month(1))),
        }
    }

    /// The coarsest grain, up to a day, that both readings are cut to.
    fn of(readings: [NaiveDateTime; 2], precision: Precision) -> Self {
        let cut = |grain: &Self| readings.iter().all(|at| grain.cut(*at) == *at);
        let all = [Self::Day, Self::Hour, Self::Minute, Self::Second, Self::Milliseconds];
        // Among whole seconds, a full minute or hour is chance.
        let chance =
            |g: &&Self| precision.finest < Self::Second || !matches!(g, Self::Minute | Self::Hour);
        all.iter().filter(chance).find(|g| cut(g)).copied().unwrap_or(Self::Microseconds)
    }

    fn name(self) -> &'static str {
        match self {
            Self::Microseconds => "microseconds",
            Self::Milliseconds => "milliseconds",
            Self::Second => "second",
            Self::Minute => "minute",
            Self::Hour => "hour",
            Self::Day => "day",
            Self::Month => "month",
            Self::Year => "year",
        }
    }
}

impl Clock {
    /// Finds out whether a value and its twin come from the clocks of their runs.
    pub fn find(
        kind: &Kind,
        values: [&str; 2],
        windows: [&Window; 2],
        precision: Precision,
        sources: &Sources,
    ) -> Option<Self> {
        let readings = [reading(kind, values[0])?, reading(kind, values[1])?];
        let equal = readings[0] == readings[1];
        if equal && kind.has_date() && sources.has_time(readings[0]) {
            return None;
        }
        let zoned = matches!(kind, Kind::Timestamp | Kind::Date | Kind::Time | Kind::Timestamptz)
            || matches!(kind, Kind::Text(form) if form.zone.is_none());
        let possible = if zoned { windows[0].zones.clone() } else { vec![0] };
        let cut = Grain::of(readings, precision);
        let cut = if *kind == Kind::Date { Grain::Day } else { cut };
        let mut grains = vec![cut];
        if cut == Grain::Day && equal {
            let starts = [Grain::Month, Grain::Year].into_iter();
            grains.extend(starts.filter(|grain| sources.mentions_start_of(*grain)));
        }
        let mut best: Option<(usize, Self)> = None;
        for (zone, grain) in possible.iter().flat_map(|z| grains.iter().map(move |g| (*z, *g))) {
            let middle = windows[0].from + (windows[0].to - windows[0].from) / 2;
            let distance = readings[0] - at_zone(middle, zone);
            let candidates = if kind.has_date() && grain <= Grain::Day {
                Offset::candidates(distance, sources)
            } else {
                vec![Offset::ZERO]
            };
            for (rank, offset) in candidates.into_iter().enumerate() {
                let clock = Self { kind: kind.clone(), offset, grain, utc: zone == 0 };
                if best.as_ref().is_some_and(|(found, _)| *found <= rank) {
                    break;
                }
                let fits = |n: usize| clock.fits_in(readings[n], windows[n], &[zone], precision);
                if fits(0) && fits(1) && clock.is_plausible(equal, sources) {
                    best = Some((rank, clock));
                    break;
                }
            }
        }
        best.map(|(_, clock)| clock)
    }

    /// A date that is equal in both runs may be any date: one that lies off today must be counted so in
    /// a revision.
    fn is_plausible(&self, equal: bool, sources: &Sources) -> bool {
        let whole_days = !matches!(self.offset, Offset::Seconds(n) if n != 0);
        match (equal, self.grain) {
            (true, Grain::Minute | Grain::Hour) => self.offset.is_zero(),
            (true, _) => self.offset.is_zero() || whole_days && sources.mentions(self.offset),
            // Days of the two runs differ only when midnight lies between them.
            (false, Grain::Day) => whole_days,
            (false, _) => true,
        }
    }

    /// Whether a value of another run is this far from that run's clock.
    pub fn fits(&self, value: &str, window: &Window, precision: Precision) -> bool {
        reading(&self.kind, value)
            .is_some_and(|at| self.fits_in(at, window, &window.zones, precision))
    }

    fn fits_in(
        &self,
        reading: NaiveDateTime,
        window: &Window,
        zones: &[i32],
        precision: Precision,
    ) -> bool {
        if self.grain.cut(reading) != reading {
            return false;
        }
        let grain = self.grain.max(precision.finest);
        zones.iter().any(|zone| {
            let (from, to) = (at_zone(window.from, *zone), at_zone(window.to, *zone));
            let (Some(from), Some(to)) = (self.offset.from(from), self.offset.from(to)) else {
                return false;
            };
            // A type with few digits rounds up.
            let rounded = match (precision.rounds, grain) {
                (true, Grain::Second) => TimeDelta::seconds(1),
                (true, Grain::Milliseconds) => TimeDelta::milliseconds(100),
                _ => TimeDelta::zero(),
            };
            let (from, to) = (grain.cut(from), to + rounded);
            if self.kind.has_date() {
                return from <= reading && reading <= to;
            }
            let (from, time, to) = (from.time(), reading.time(), to.time());
            if from <= to { from <= time && time <= to } else { from <= time || time <= to }
        })
    }

    /// Whether it is part of a text.
    pub fn is_text(&self) -> bool {
        matches!(self.kind, Kind::Text(_))
    }

    /// Whether it is cut down to a day, or more.
    pub fn is_day(&self) -> bool {
        self.grain >= Grain::Day
    }

    /// As an expression. `each` makes every statement's value another one, for unique columns.
    pub fn expression(&self, precision: Precision, sources: &Sources, each: bool) -> String {
        let now = if each { "clock_timestamp()" } else { "now()" };
        let utc = self.utc && (sources.prefer_utc() || self.offset_of_hours());
        let local = if utc || each && !matches!(self.kind, Kind::Timestamptz) {
            format!("({now} AT TIME ZONE 'UTC')")
        } else {
            "localtimestamp".to_owned()
        };
        let cut = |text: String| {
            if self.grain > precision.finest {
                format!("date_trunc('{}', {text})", self.grain.name())
            } else {
                text
            }
        };
        let offset = self.offset;
        match &self.kind {
            Kind::Timestamptz => format!("{}{offset}", cut(now.to_owned())),
            Kind::Timestamp => bare(&format!("{}{offset}", cut(local))),
            Kind::Date => match (self.grain, offset) {
                (Grain::Day, _) if offset.is_zero() => "CURRENT_DATE".to_owned(),
                (Grain::Day, Offset::Days(n)) => {
                    format!("CURRENT_DATE {} {}", offset.sign(), n.unsigned_abs())
                }
                (Grain::Day, _) => format!("(CURRENT_DATE{offset})::date"),
                (grain, _) => {
                    format!("(date_trunc('{}', CURRENT_DATE){offset})::date", grain.name())
                }
            },
            Kind::Time => "localtime".to_owned(),
            Kind::Timetz => "CURRENT_TIME".to_owned(),
            Kind::Epoch { scale, whole } => {
                let at = if offset.is_zero() { now.to_owned() } else { format!("{now}{offset}") };
                let seconds = format!("extract(epoch FROM {at})");
                let scaled = if *scale == 1 { seconds } else { format!("{seconds} * {scale}") };
                if *whole { format!("floor({scaled})") } else { scaled }
            }
            Kind::Text(form) => {
                let at = match form.zone {
                    None if !utc => "localtimestamp".to_owned(),
                    None | Some(0) => format!("{now} AT TIME ZONE 'UTC'"),
                    Some(zone) => format!("{now} AT TIME ZONE interval '{zone} seconds'"),
                };
                let at = if self.grain > form.grain() {
                    format!("date_trunc('{}', {at})", self.grain.name())
                } else if !offset.is_zero() && at != "localtimestamp" {
                    format!("({at})")
                } else {
                    at
                };
                format!("to_char({at}{offset}, '{}')", form.pattern())
            }
        }
    }

    /// Such an offset may be a zone that nobody told us of: then only UTC can be counted from.
    fn offset_of_hours(&self) -> bool {
        matches!(self.offset, Offset::Seconds(n) if n != 0)
    }
}

impl Kind {
    fn has_date(&self) -> bool {
        !matches!(self, Self::Time | Self::Timetz)
    }
}

fn at_zone(at: NaiveDateTime, zone: i32) -> NaiveDateTime {
    at + TimeDelta::seconds(i64::from(zone))
}

/// Without the brackets around the whole.
fn bare(text: &str) -> String {
    let whole = "AT TIME ZONE 'UTC')";
    match text.strip_prefix('(').and_then(|text| text.strip_suffix(')')) {
        Some(inner) if text.ends_with(whole) => inner.to_owned(),
        _ => text.to_owned(),
    }
}

#[cfg(test)]
mod tests;
