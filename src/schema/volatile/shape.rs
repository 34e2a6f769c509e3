//! What a value is made of: text that stays, times from the clock, random uuids; or it is random.

use chrono::NaiveDate;

use crate::schema::rows;
use crate::schema::volatile::clock::{Clock, Grain, Kind, Precision, Window};
use crate::schema::volatile::facts::Column;
use crate::schema::volatile::sources::Sources;
use crate::schema::volatile::token::{Token, UuidForm, tokens};

/// A piece of a value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Part {
    /// The same in every run.
    Text(String),
    /// From the clock.
    Clock(Clock, Precision),
    /// A random uuid.
    Uuid {
        /// The one of the first replay.
        value: u128,
        /// The one of the second.
        twin: u128,
        /// How it is written.
        form: UuidForm,
    },
}

/// What a value is made of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Shape {
    /// Pieces that can be made again.
    Parts(Vec<Part>),
    /// Something random.
    Random,
}

/// What a value that is equal in both replays may be.
#[derive(Debug)]
pub enum Coarse {
    /// From a clock that is coarse.
    Clock(Vec<Part>),
    /// It holds today's date.
    Dated,
    /// Nothing of that.
    No,
}

/// Looks at values.
#[derive(Debug, Clone, Copy)]
pub struct Shapes<'a> {
    /// When the replays were.
    pub windows: [&'a Window; 2],
    /// The revision files.
    pub sources: &'a Sources,
}

impl Shapes<'_> {
    /// A value that is equal in both replays.
    pub fn coarse(&self, column: Option<&Column>, value: &str) -> Coarse {
        let Some(text) = rows::content(value) else { return Coarse::No };
        let windows = self.windows;
        if let Some(kind) = column.and_then(|column| kind(column, &text)) {
            let precision = precision(&kind, column);
            let clock = Clock::find(&kind, [&text, &text], windows, precision, self.sources);
            return clock.map_or(Coarse::No, |c| Coarse::Clock(vec![Part::Clock(c, precision)]));
        }
        let today = windows[0].today();
        if !today.iter().any(|day| text.contains(&day.to_string())) {
            return Coarse::No;
        }
        let mut dated = false;
        let parts: Vec<Part> = tokens(&text)
            .into_iter()
            .map(|token| match token {
                Token::Stamp(stamp, written) if stamp.form.separator.is_some() => {
                    let kind = Kind::Text(stamp.form.clone());
                    let precision = precision(&kind, None);
                    let texts = [written, written];
                    match Clock::find(&kind, texts, windows, precision, self.sources) {
                        Some(clock) => Part::Clock(clock, precision),
                        None => Part::Text(written.to_owned()),
                    }
                }
                Token::Stamp(_, text) | Token::Text(text) => {
                    let has = |day: &NaiveDate| {
                        text.contains(&day.to_string()) && !self.sources.has_date(*day)
                    };
                    dated |= today.iter().any(has);
                    Part::Text(text.to_owned())
                }
                Token::Uuid(value, form) => Part::Text(form.write(value)),
            })
            .collect();
        if parts.iter().any(|part| matches!(part, Part::Clock(..))) {
            Coarse::Clock(joined(parts))
        } else if dated {
            Coarse::Dated
        } else {
            Coarse::No
        }
    }

    /// What a value is, which its twin is not equal to.
    pub fn differing(&self, column: Option<&Column>, values: [&str; 2]) -> Shape {
        let [Some(a), Some(b)] = values.map(rows::content) else { return Shape::Random };
        let windows = self.windows;
        if let Some(kind) = column.and_then(|column| kind(column, &a)) {
            let precision = precision(&kind, column);
            return match Clock::find(&kind, [&a, &b], windows, precision, self.sources) {
                Some(clock) => Shape::Parts(vec![Part::Clock(clock, precision)]),
                None => Shape::Random,
            };
        }
        let (ours, theirs) = (tokens(&a), tokens(&b));
        if ours.len() != theirs.len() {
            return Shape::Random;
        }
        let parts: Option<Vec<Part>> = ours
            .into_iter()
            .zip(theirs)
            .map(|pair| match pair {
                (Token::Text(a), Token::Text(b)) if a == b => Some(Part::Text(a.to_owned())),
                (Token::Uuid(a, form), Token::Uuid(b, other)) if form == other => Some(if a == b {
                    Part::Text(form.write(a))
                } else {
                    Part::Uuid { value: a, twin: b, form }
                }),
                (Token::Stamp(a, one), Token::Stamp(b, two)) => {
                    let kind = Kind::Text(a.form.joined(&b.form)?);
                    let precision = precision(&kind, None);
                    match Clock::find(&kind, [one, two], windows, precision, self.sources) {
                        Some(clock) => Some(Part::Clock(clock, precision)),
                        None => (one == two).then(|| Part::Text(one.to_owned())),
                    }
                }
                _ => None,
            })
            .collect();
        parts.map_or(Shape::Random, |parts| Shape::Parts(joined(parts)))
    }
}

/// How a column's values tell a time by themselves, if they do.
fn kind(column: &Column, text: &str) -> Option<Kind> {
    Some(match column.base.as_str() {
        "timestamp with time zone" => Kind::Timestamptz,
        "timestamp without time zone" => Kind::Timestamp,
        "date" => Kind::Date,
        "time without time zone" => Kind::Time,
        "time with time zone" => Kind::Timetz,
        "integer" | "bigint" | "numeric" | "double precision" => {
            let whole = text.split('.').next().unwrap_or_default();
            let scale = match whole.len() {
                13 => 1000,
                16 => 1_000_000,
                _ => 1,
            };
            Kind::Epoch { scale, whole: !text.contains('.') }
        }
        _ => return None,
    })
}

/// What a column or a text can tell of a time.
fn precision(kind: &Kind, column: Option<&Column>) -> Precision {
    let finest = match kind {
        Kind::Date => Grain::Day,
        Kind::Text(form) => return Precision { finest: form.grain(), rounds: false },
        Kind::Epoch { scale: 1, whole: true } => Grain::Second,
        Kind::Epoch { scale: 1000, whole: true } => Grain::Milliseconds,
        Kind::Epoch { .. } => Grain::Microseconds,
        _ => match column.and_then(|column| column.digits) {
            Some(0) => Grain::Second,
            Some(1..=3) => Grain::Milliseconds,
            _ => Grain::Microseconds,
        },
    };
    Precision { finest, rounds: finest < Grain::Day }
}

/// Neighbouring texts become one.
fn joined(parts: Vec<Part>) -> Vec<Part> {
    let mut joined: Vec<Part> = Vec::new();
    for part in parts {
        match (joined.last_mut(), part) {
            (Some(Part::Text(before)), Part::Text(text)) => before.push_str(&text),
            (_, part) => joined.push(part),
        }
    }
    joined
}
