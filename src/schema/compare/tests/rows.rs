//! Rows.

use super::{entry, lines};

#[test]
fn rows() {
    let insert = |values: &str| {
        format!("INSERT INTO s.dish (id, title, price, api_token) VALUES ({values})")
    };
    let expected = [
        insert("1, 'soup', 4.5, 'x'"),
        insert("2, 'stew', 9.5, 'x'"),
        insert("3, 'cake', -3.5, 'x'"),
    ];
    let actual = [
        insert("1, 'Soup', 4.6, 'x'"),
        insert("3, 'cake', -3.5, 'y'"),
        insert("4, 'pie', NULL, 'x'"),
    ];
    let key = entry(
        "CONSTRAINT",
        "dish dish_pkey",
        &["ALTER TABLE ONLY s.dish\n    ADD CONSTRAINT dish_pkey PRIMARY KEY (id)"],
    );
    let key2 = key.clone();
    let of = |rows: &[String]| {
        let rows: Vec<&str> = rows.iter().map(String::as_str).collect();
        entry("TABLE DATA", "dish", &rows)
    };
    let with_key = lines(&[of(&expected), key.clone()], &[of(&actual), key.clone()]);
    let without = lines(&[of(&expected)], &[of(&actual)]);
    let many: Vec<String> = (1..=30).map(|n| insert(&format!("{n}, 'a', 1, 'x'"))).collect();
    let others: Vec<String> = (1..=30).map(|n| insert(&format!("{n}, 'a', 2, 'x'"))).collect();
    let limited = lines(&[of(&many), key.clone()], &[of(&others), key]);
    let limited: Vec<&str> = limited.lines().skip(18).collect();
    let other_order = ["INSERT INTO s.dish (title, id) VALUES ('soup', 1)"];
    let reordered = lines(
        &[
            entry("TABLE DATA", "dish", &["INSERT INTO s.dish (id, title) VALUES (1, 'soup')"]),
            key2.clone(),
        ],
        &[entry("TABLE DATA", "dish", &other_order), key2],
    );
    insta::assert_snapshot!(reordered + &with_key + "\n" + &without + "\n" + &limited.join("\n"), @"
    rows of s.dish: 1 row has its columns in another order
    rows of s.dish: row id=1: title 'soup' -> 'Soup'
    rows of s.dish: row id=1: price 4.5 -> 4.6
    rows of s.dish: row id=2 is missing
    rows of s.dish: row id=3: api_token: differs; it is not shown
    rows of s.dish: row id=4 is too much

    rows of s.dish: row (1, 'soup', 4.5, ***) is missing
    rows of s.dish: row (2, 'stew', 9.5, ***) is missing
    rows of s.dish: row (3, 'cake', -3.5, ***) is missing
    rows of s.dish: row (1, 'Soup', 4.6, ***) is too much
    rows of s.dish: row (3, 'cake', -3.5, ***) is too much
    rows of s.dish: row (4, 'pie', NULL, ***) is too much

    rows of s.dish: row id=26: price 1 -> 2
    rows of s.dish: row id=27: price 1 -> 2
    rows of s.dish: 10 more rows differ
    ");
}

#[test]
fn values_are_told_as_they_stand() {
    let insert =
        |values: &str| format!("INSERT INTO s.t (id, a, b, c, d) VALUES (1, {values}, DEFAULT)");
    let one = insert("-0, 'it''s, (a)', B'101'");
    let other = insert("0, 'it''s, (b)', NULL");
    let more = insert("0,  'it''s, (b)', NULL");
    let key = entry(
        "CONSTRAINT",
        "t t_pkey",
        &["ALTER TABLE ONLY s.t\n    ADD CONSTRAINT t_pkey PRIMARY KEY (id)"],
    );
    let of = |row: &str| [entry("TABLE DATA", "t", &[row]), key.clone()];
    let shown = lines(&of(&one), &of(&other)) + &lines(&of(&other), &of(&more));
    insta::assert_snapshot!(shown, @"
    rows of s.t: row id=1: a -0 -> 0
    rows of s.t: row id=1: b 'it''s, (a)' -> 'it''s, (b)'
    rows of s.t: row id=1: c B'101' -> NULL
    rows of s.t: 1 row is printed differently
    ");
}
