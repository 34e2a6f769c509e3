//! From two replays to statements, and from the rows of an install to tokens.

use arcstr::Substr;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use super::choice::Choices;
use super::clock::Window;
use super::facts::{Column, Facts, ForeignKey, TableFacts};
use super::find::{Search, Side};
use super::settle::{Refusal, Settle};
use super::sources::Sources;
use super::*;
use crate::schema::compare::{self, Context};

const A: [&str; 3] = [
    "11111111-1111-4111-8111-111111111111",
    "22222222-2222-4222-8222-222222222222",
    "33333333-3333-4333-8333-333333333333",
];
const B: [&str; 3] = [
    "aaaaaaaa-aaaa-4aaa-8aaa-aaaaaaaaaaaa",
    "bbbbbbbb-bbbb-4bbb-8bbb-bbbbbbbbbbbb",
    "cccccccc-cccc-4ccc-8ccc-cccccccccccc",
];

fn window(second: u32) -> Window {
    let day = chrono::NaiveDate::from_ymd_opt(2026, 11, 20).unwrap();
    let at = |micro| day.and_hms_micro_opt(10, 0, second, micro).unwrap();
    Window { from: at(0), to: at(999_999), zones: vec![0] }
}

/// The rows of a run that began in this second: members, teams, and settings if there are any.
fn run(keys: [&str; 3], second: u32, secret: Option<&str>) -> Vec<Entry> {
    let rows = |name: &str, columns: &str, rows: &[String]| {
        let object = Object {
            kind: "TABLE DATA".to_owned(),
            schema: Some("s".to_owned()),
            name: name.to_owned(),
        };
        let statement =
            |row: &String| format!("INSERT INTO s.{name} ({columns}) VALUES ({row})").into();
        Entry { object, owner: None, statements: rows.iter().map(statement).collect() }
    };
    let at = |micro: u32| format!("'2026-11-20 10:00:{second:02}.{micro:06}+00'");
    let mut entries = vec![
        rows(
            "member",
            "team, note",
            &[
                format!("'{}', '{{\"team\": \"{}\"}}'", keys[1], keys[1]),
                format!("'{}', NULL", keys[0]),
            ],
        ),
        rows(
            "team",
            "id, name, made",
            &[
                format!("'{}', 'red', {}", keys[0], at(100_001)),
                format!("'{}', 'blue', {}", keys[1], at(200_002)),
                "'99999999-9999-4999-8999-999999999999', 'fixed', '2020-01-01 00:00:00+00'"
                    .to_owned(),
            ],
        ),
    ];
    if let Some(secret) = secret {
        entries.push(rows("settings", "name, jwt_secret", &[format!("'a', '{secret}'")]));
    }
    entries
}

fn facts() -> Facts {
    let column = |base: &str| Column {
        base: base.to_owned(),
        declared: base.to_owned(),
        ..Column::default()
    };
    let table = |columns: &[(&str, &str)], keys: &[&str]| TableFacts {
        columns: columns.iter().map(|(name, base)| ((*name).to_owned(), column(base))).collect(),
        keys: keys.iter().map(|key| vec![(*key).to_owned()]).collect(),
        foreign_keys: Vec::new(),
    };
    let name = |name: &str| ("s".to_owned(), name.to_owned());
    let mut member = table(&[("team", "uuid"), ("note", "jsonb")], &[]);
    member.foreign_keys.push(ForeignKey {
        columns: vec!["team".to_owned()],
        table: name("team"),
        referenced: vec!["id".to_owned()],
    });
    let made = "timestamp with time zone";
    let team = table(&[("id", "uuid"), ("name", "text"), ("made", made)], &["id"]);
    let settings = table(&[("name", "text"), ("jwt_secret", "text")], &["name"]);
    let tables = [(name("member"), member), (name("team"), team), (name("settings"), settings)];
    Facts { tables: BTreeMap::from(tables) }
}

fn settled(one: &[Entry], two: &[Entry], choices: &Choices) -> Result<Volatile, Vec<Refusal>> {
    let (facts, sources) = (facts(), Sources::default());
    let chosen = choices.among(one).unwrap();
    let (ours, theirs) = (window(1), window(2));
    let sides = [Side { entries: one, window: &ours }, Side { entries: two, window: &theirs }];
    let seeded: BTreeSet<_> = chosen.seed.keys().cloned().collect();
    let search = Search {
        sides,
        facts: &facts,
        sources: &sources,
        without: &chosen.drop,
        seeded: &seeded,
        once: false,
    };
    let found = search.run();
    let settle = Settle {
        entries: one,
        made: &[],
        window: &ours,
        facts: &facts,
        sources: &sources,
        chosen: &chosen,
        samples: &BTreeMap::new(),
        beforehand: &HashSet::new(),
        parts: &HashMap::new(),
        lenient: false,
    };
    settle.run(&found)
}

#[test]
fn references_follow_their_keys() {
    let (one, two) = (run(A, 1, None), run(B, 2, None));
    let volatile = settled(&one, &two, &Choices::default()).unwrap();
    let text: Vec<&str> =
        volatile.rendered.values().flatten().map(|(_, written)| written.as_str()).collect();
    let text = text
        .join("\n")
        .replace("overlay(overlay(md5(current_setting('rebaseline.salt') || ", "SALT<");
    insta::assert_snapshot!(text.replace(") PLACING '4' FROM 13) PLACING '8' FROM 17)", ">"), @r#"
    INSERT INTO s.member (team, note) VALUES (SALT<'2'>::uuid, ('{"team": "' || SALT<'2'>::uuid::text || '"}')::jsonb)
    INSERT INTO s.member (team, note) VALUES (SALT<'1'>::uuid, NULL)
    INSERT INTO s.team (id, name, made) VALUES (SALT<'1'>::uuid, 'red', now())
    INSERT INTO s.team (id, name, made) VALUES (SALT<'2'>::uuid, 'blue', now())
    INSERT INTO s.team (id, name, made) VALUES ('99999999-9999-4999-8999-999999999999', 'fixed', '2020-01-01 00:00:00+00')
    "#);
}

/// Whether the proof takes an install of these uuids, made in this second, for the same as the history.
fn is_same(keys: [&str; 3], second: u32, change: impl Fn(&mut Substr)) -> bool {
    let (one, two) = (run(A, 1, None), run(B, 2, None));
    let volatile = settled(&one, &two, &Choices::default()).unwrap();
    let mut history = one;
    let strangers = volatile.mask_replay(&mut history);
    let mut install = run(keys, second, None);
    install.iter_mut().flat_map(|entry| entry.statements.to_mut()).for_each(change);
    volatile.mask_run(&mut install, &window(30), &strangers);
    compare::differences(Context::Baseline, &history, &install).is_empty()
}

#[test]
fn the_proof_checks_what_can_be_checked() {
    let nothing = |_: &mut Substr| {};
    let (x, y, z) = (
        "44444444-4444-4444-8444-444444444444",
        "55555555-5555-4555-8555-555555555555",
        "66666666-6666-4666-8666-666666666666",
    );
    assert!(is_same([x, y, z], 30, nothing));
    assert!(!is_same([x, y, z], 31, nothing), "another time");
    assert!(!is_same([x, x, z], 30, nothing), "one key for both");
    assert!(!is_same([x, A[1], z], 30, nothing), "the key of the replay");
    assert!(!is_same([x, A[0], z], 30, nothing), "a key of the replay");
    let replaced = |old: &'static str, new: &'static str| {
        move |text: &mut Substr| *text = text.replace(old, new).into()
    };
    let reference = "member (team, note) VALUES ('44444444-4444-4444-8444-444444444444'";
    assert!(is_same([x, y, z], 30, replaced(reference, reference)));
    assert!(!is_same([x, y, z], 30, replaced(reference, "member (team, note) VALUES (NULL")));
    let other = "member (team, note) VALUES ('55555555-5555-4555-8555-555555555555'";
    assert!(!is_same([x, y, z], 30, replaced(reference, other)));
    let stranger = "member (team, note) VALUES ('66666666-6666-4666-8666-666666666666'";
    assert!(!is_same([x, y, z], 30, replaced(reference, stranger)));
    let inside = "{\"team\": \"55555555-5555-4555-8555-555555555555\"}";
    let wrong = "{\"team\": \"44444444-4444-4444-8444-444444444444\"}";
    assert!(!is_same([x, y, z], 30, replaced(inside, wrong)));
    assert!(!is_same([x, y, z], 30, replaced("'fixed'", "'other'")));
}

#[test]
fn what_is_kept_keeps_what_refers_to_it() {
    let (one, two) = (run(A, 1, None), run(B, 2, None));
    let choices = Choices { freeze: vec!["s.team.id".to_owned()], ..Choices::default() };
    let volatile = settled(&one, &two, &choices).unwrap();
    assert!(!volatile.salted);
    let written: Vec<&Substr> =
        volatile.rendered.values().flatten().map(|(_, written)| written).collect();
    assert!(
        written[0].contains(&format!("'{}', ('{{\"team\": \"{}\"}}')", A[1], A[1]))
            || written[0].contains(A[1])
    );
    assert!(written.iter().all(|row| !row.contains("salt")));
}

#[test]
fn secrets_are_refused_until_somebody_decides() {
    let (one, two) = (run(A, 1, Some("x7Tq")), run(B, 2, Some("kk2P")));
    let refused = settled(&one, &two, &Choices::default()).unwrap_err();
    assert_eq!(refused.len(), 1);
    assert_eq!(refused[0].column.as_deref(), Some("jwt_secret"));
    let seed = vec![("settings.jwt_secret".to_owned(), "f()".to_owned())];
    let volatile = settled(&one, &two, &Choices { seed, ..Choices::default() }).unwrap();
    let written: Vec<&Substr> =
        volatile.rendered.values().flatten().map(|(_, written)| written).collect();
    assert!(written.iter().any(|row| row.ends_with("VALUES ('a', f())")), "{written:?}");
    let drop = vec!["team".to_owned()];
    let refused = settled(&one, &two, &Choices { drop, ..Choices::default() }).unwrap_err();
    let why: Vec<&str> = refused.iter().map(|refusal| refusal.why.as_str()).collect();
    assert!(
        why.contains(&"its rows refer to rows of s.team, which --drop-seed leaves out"),
        "{why:?}"
    );
}
