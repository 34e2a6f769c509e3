use super::*;

const FINE: Precision = Precision { finest: Grain::Microseconds, rounds: false };

fn at(text: &str) -> NaiveDateTime {
    NaiveDateTime::parse_from_str(text, "%Y-%m-%d %H:%M:%S%.f").unwrap()
}

fn windows() -> [Window; 2] {
    let window =
        |from: &str, to: &str| Window { from: at(from), to: at(to), zones: vec![0, 32_400] };
    [
        window("2026-11-20 10:00:00.2", "2026-11-20 10:00:03"),
        window("2026-11-20 10:00:00.3", "2026-11-20 10:00:03.1"),
    ]
}

/// The expression for a value and its twin.
fn found(kind: &Kind, one: &str, two: &str, precision: Precision, source: &str) -> String {
    let sources = Sources::read([source]);
    let [a, b] = windows();
    match Clock::find(kind, [one, two], [&a, &b], precision, &sources) {
        Some(clock) => {
            assert!(clock.fits(one, &a, precision) && clock.fits(two, &b, precision));
            assert!(!clock.fits("1999-01-01 00:00:00+00", &a, precision));
            clock.expression(precision, &sources, false)
        }
        None => "-".to_owned(),
    }
}

#[test]
fn times_of_the_replay() {
    let tz = |one, two| found(&Kind::Timestamptz, one, two, FINE, "");
    assert_eq!(tz("2026-11-20 10:00:01.123456+00", "2026-11-20 10:00:01.300001+00"), "now()");
    assert_eq!(tz("2026-11-20 12:00:01.123456+02", "2026-11-20 10:00:01.300001+00"), "now()");
    assert_eq!(
        tz("2026-12-20 10:00:01.100001+00", "2026-12-20 10:00:01.300001+00"),
        "now() + interval '30 days'"
    );
    assert_eq!(
        tz("2027-11-20 10:00:01.100001+00", "2027-11-20 10:00:01.300001+00"),
        "now() + interval '365 days'"
    );
    assert_eq!(
        tz("2026-11-17 10:00:01.100001+00", "2026-11-17 10:00:01.300001+00"),
        "now() - interval '3 days'"
    );
    assert_eq!(
        tz("2027-02-20 10:00:01.100001+00", "2027-02-20 10:00:01.300001+00"),
        "now() + interval '3 months'"
    );
    assert_eq!(
        tz("2026-11-20 10:15:01.100001+00", "2026-11-20 10:15:01.300001+00"),
        "now() + interval '15 minutes'"
    );
    assert_eq!(
        tz("2026-11-20 09:00:01.100001+00", "2026-11-20 09:00:01.300001+00"),
        "now() - interval '1 hour'"
    );
    assert_eq!(
        tz("2026-11-20 10:00:01+00", "2026-11-20 10:00:02+00"),
        "date_trunc('second', now())"
    );
    assert_eq!(tz("2026-11-20 00:00:00+00", "2026-11-20 00:00:00+00"), "date_trunc('day', now())");
    // Equal, to the second: a clock that is coarse.
    assert_eq!(
        tz("2026-11-20 10:00:01+00", "2026-11-20 10:00:01+00"),
        "date_trunc('second', now())"
    );
    // Random, or a literal.
    assert_eq!(tz("2026-12-24 11:00:01.100001+00", "2026-12-01 10:30:01.300001+00"), "-");
    assert_eq!(tz("2024-12-24 11:00:00+00", "2024-12-24 11:00:00+00"), "-");
    assert_eq!(tz("infinity", "infinity"), "-");
}

#[test]
fn the_revisions_tell_how_a_distance_is_meant() {
    let tz = |source| {
        found(
            &Kind::Timestamptz,
            "2027-11-20 10:00:01.100001+00",
            "2027-11-20 10:00:01.300001+00",
            FINE,
            source,
        )
    };
    assert_eq!(tz("now() + interval '1 year'"), "now() + interval '1 year'");
    assert_eq!(tz("timedelta(days=365)"), "now() + interval '365 days'");
}

#[test]
fn times_without_a_zone() {
    let naive = |one, two, source| found(&Kind::Timestamp, one, two, FINE, source);
    let (one, two) = ("2026-11-20 10:00:01.100001", "2026-11-20 10:00:01.300001");
    assert_eq!(naive(one, two, "datetime.now()"), "localtimestamp");
    // What no revision says comes from a helper module.
    assert_eq!(naive(one, two, "helpers.stamp()"), "now() AT TIME ZONE 'UTC'");
    assert_eq!(naive(one, two, "datetime.utcnow()"), "now() AT TIME ZONE 'UTC'");
    let (one, two) = ("2026-11-20 19:00:01.100001", "2026-11-20 19:00:01.300001");
    assert_eq!(naive(one, two, "datetime.utcnow()"), "localtimestamp");
    let (one, two) = ("2026-11-20 15:00:01.100001", "2026-11-20 15:00:01.300001");
    assert_eq!(naive(one, two, ""), "(now() AT TIME ZONE 'UTC') + interval '5 hours'");
}

#[test]
fn a_type_that_rounds() {
    let whole = Precision { finest: Grain::Second, rounds: true };
    let tz = |one, two| found(&Kind::Timestamptz, one, two, whole, "");
    assert_eq!(tz("2026-11-20 10:00:00+00", "2026-11-20 10:00:04+00"), "now()");
    assert_eq!(tz("2026-11-20 10:00:05+00", "2026-11-20 10:00:05+00"), "-");
}

#[test]
fn dates() {
    let date = |one, two, source| found(&Kind::Date, one, two, FINE, source);
    let today = "2026-11-20";
    assert_eq!(date(today, today, "date.today()"), "CURRENT_DATE");
    assert_eq!(date(today, today, "x = '2026-11-20'"), "-");
    assert_eq!(date("2026-12-20", "2026-12-20", ""), "-");
    assert_eq!(date("2026-12-20", "2026-12-20", "timedelta(days=30)"), "CURRENT_DATE + 30");
    assert_eq!(
        date("2026-12-20", "2026-12-20", "now() + interval '1 month'"),
        "(CURRENT_DATE + interval '1 month')::date"
    );
    assert_eq!(
        date("2026-11-01", "2026-11-01", "date_trunc('month', now())"),
        "(date_trunc('month', CURRENT_DATE))::date"
    );
    assert_eq!(date("2026-11-01", "2026-11-01", ""), "-");
}

#[test]
fn times_of_day_and_numbers() {
    assert_eq!(found(&Kind::Time, "10:00:01.100001", "10:00:02.1", FINE, ""), "localtime");
    assert_eq!(found(&Kind::Time, "11:00:01.100001", "10:00:02.1", FINE, ""), "-");
    let seconds = at("2026-11-20 10:00:01").and_utc().timestamp();
    let number = |kind: &Kind, n: i64, more: i64| {
        let precision = Precision { finest: Grain::Second, rounds: true };
        found(kind, &n.to_string(), &(n + more).to_string(), precision, "")
    };
    let whole = |scale| Kind::Epoch { scale, whole: true };
    assert_eq!(number(&whole(1), seconds, 1), "floor(extract(epoch FROM now()))");
    assert_eq!(number(&whole(1), seconds, 0), "floor(extract(epoch FROM now()))");
    assert_eq!(
        number(&whole(1), seconds + 86_400, 1),
        "floor(extract(epoch FROM now() + interval '1 day'))"
    );
    assert_eq!(number(&whole(1000), seconds * 1000, 1), "floor(extract(epoch FROM now()) * 1000)");
    assert_eq!(number(&whole(1), seconds + 86_400, 0), "-");
    assert_eq!(number(&whole(1), 42, 0), "-");
}

#[test]
fn times_in_texts() {
    let form = |text: &str| stamp::Stamp::read(text).unwrap().0.form;
    let text = |one: &str, two: &str, source| {
        let form = form(one).joined(&form(two)).unwrap();
        let precision = Precision { finest: form.grain(), rounds: false };
        found(&Kind::Text(form), one, two, precision, source)
    };
    assert_eq!(
        text("2026-11-20T10:00:01.123456+00:00", "2026-11-20T10:00:01.5+00:00", ""),
        "to_char(now() AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"+00:00\"')"
    );
    assert_eq!(
        text("2026-12-20T10:00:01.123Z", "2026-12-20T10:00:01.124Z", ""),
        "to_char((now() AT TIME ZONE 'UTC') + interval '30 days', 'YYYY-MM-DD\"T\"HH24:MI:SS.MS\"Z\"')"
    );
    assert_eq!(
        text("2026-11-20 10:00:01", "2026-11-20 10:00:02", "localtimestamp"),
        "to_char(localtimestamp, 'YYYY-MM-DD HH24:MI:SS')"
    );
    assert_eq!(
        text("2026-11-20T19:00:01.1+09:00", "2026-11-20T19:00:01.2+09:00", ""),
        "to_char(now() AT TIME ZONE interval '32400 seconds', 'YYYY-MM-DD\"T\"HH24:MI:SS.MS\"+09:00\"')"
    );
}
