//! The part of two values that a line shows.
//!
//! Pure. Short values are shown whole; of several lines the first that differs, with its number; of a
//! long line the place where it differs.

/// As much of a value as a line has room for.
const ROOM: usize = 72;

/// How much of what is equal is shown before the difference.
const BEFORE: usize = 16;

/// What is shown of two values.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Excerpt {
    /// The number of the line, where the values have several.
    pub line: Option<usize>,
    /// The expected side.
    pub expected: String,
    /// The other side.
    pub actual: String,
}

/// What is shown of two values; a value that is not there is `none`.
pub fn excerpt(expected: Option<&str>, actual: Option<&str>) -> Excerpt {
    let several = |text: Option<&str>| text.is_some_and(|text| text.trim_end().contains('\n'));
    if !several(expected) && !several(actual) {
        let (expected, actual) = window(expected.map(str::trim), actual.map(str::trim));
        return Excerpt { line: None, expected, actual };
    }
    let lines = |text: Option<&str>| -> Vec<String> {
        text.unwrap_or_default().lines().map(str::to_owned).collect()
    };
    let (mine, others) = (lines(expected), lines(actual));
    let differs = |at: &usize| mine.get(*at) != others.get(*at);
    let Some(at) = (0..mine.len().max(others.len())).find(differs) else {
        // They differ in how their lines end.
        let shown = |text: Option<&str>| text.map(|text| format!("{:?}", tail(text)));
        let (expected, actual) = (shown(expected), shown(actual));
        let (expected, actual) = window(expected.as_deref(), actual.as_deref());
        return Excerpt { line: None, expected, actual };
    };
    let (mine, others) = (mine.get(at).map(String::as_str), others.get(at).map(String::as_str));
    // An indentation that differs must show.
    let only_space = mine.map(str::trim) == others.map(str::trim);
    let quoted = |text: Option<&str>| text.map(|text| format!("{text:?}"));
    let (expected, actual) = if only_space {
        window(quoted(mine).as_deref(), quoted(others).as_deref())
    } else {
        window(mine.map(str::trim), others.map(str::trim))
    };
    Excerpt { line: Some(at + 1), expected, actual }
}

fn tail(text: &str) -> &str {
    text.char_indices().rev().nth(ROOM / 2).map_or(text, |(at, _)| &text[at..])
}

/// Both values, cut around their first difference if one is too long.
fn window(expected: Option<&str>, actual: Option<&str>) -> (String, String) {
    let (mine, others) = (expected.unwrap_or("none"), actual.unwrap_or("none"));
    let long = |text: &str| text.chars().count() > ROOM;
    if !long(mine) && !long(others) {
        return (legible(mine.to_owned()), legible(others.to_owned()));
    }
    let equal = mine.chars().zip(others.chars()).take_while(|(a, b)| a == b).count();
    // Cutting off a short beginning would not make room.
    let skipped = if equal > BEFORE * 2 { equal - BEFORE } else { 0 };
    let cut = |text: &str| {
        let shown: String = text.chars().skip(skipped).take(ROOM).collect();
        let begin = if skipped > 0 { "..." } else { "" };
        let end = if text.chars().count() > skipped + ROOM { "..." } else { "" };
        legible(format!("{begin}{shown}{end}"))
    };
    (cut(mine), cut(others))
}

/// An arrow in a value is not the arrow between values; an empty value must be seen.
fn legible(text: String) -> String {
    if text.is_empty() || text.contains(" -> ") { format!("`{text}`") } else { text }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(expected: Option<&str>, actual: Option<&str>) -> String {
        let excerpt = excerpt(expected, actual);
        let line = excerpt.line.map(|line| format!("line {line}: ")).unwrap_or_default();
        format!("{line}{} -> {}", excerpt.expected, excerpt.actual)
    }

    #[test]
    fn the_place_of_the_difference_is_shown() {
        let long = "x + ".repeat(40);
        let shown: Vec<String> = [
            shown(Some("0"), None),
            shown(Some("a\nb\nc"), Some("a\nB\nc")),
            shown(Some("a\nb"), Some("a")),
            shown(Some("a\n b"), Some("a\n  b")),
            shown(Some("a\r\nb"), Some("a\nb")),
            shown(Some(&format!("{long}1")), Some(&format!("{long}2"))),
            shown(Some(&format!("1{long}")), Some(&format!("2{long}"))),
            shown(Some("data -> 'a'"), Some("")),
        ]
        .into();
        insta::assert_snapshot!(shown.join("\n"), @r#"
        0 -> none
        line 2: b -> B
        line 2: b -> none
        line 2: " b" -> "  b"
        "a\r\nb" -> "a\nb"
        ...x + x + x + x + 1 -> ...x + x + x + x + 2
        1x + x + x + x + x + x + x + x + x + x + x + x + x + x + x + x + x + x +... -> 2x + x + x + x + x + x + x + x + x + x + x + x + x + x + x + x + x + x +...
        `data -> 'a'` -> ``
        "#);
    }
}
