//! The server settings in libpq's `options`: `-c name=value`, `-cname=value` or `--name=value`. Pure.

use crate::postgres::url::UrlError;

/// The settings, in their order. Other switches of a server are refused.
pub fn settings(options: &str) -> Result<Vec<(String, String)>, UrlError> {
    let mut settings = Vec::new();
    let mut words = words(options).into_iter();
    while let Some(word) = words.next() {
        let setting = match word.strip_prefix("-c").or_else(|| word.strip_prefix("--")) {
            Some("") => words.next(),
            Some(setting) => Some(setting.to_owned()),
            None => None,
        };
        let Some((name, value)) = setting.as_deref().and_then(|setting| setting.split_once('='))
        else {
            let wanted = "settings only: -c NAME=VALUE";
            return Err(UrlError::Value { keyword: "options", wanted });
        };
        settings.push((name.replace('-', "_"), value.to_owned()));
    }
    Ok(settings)
}

/// The words of the text: a backslash takes the meaning from a blank.
fn words(text: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut characters = text.chars();
    while let Some(character) = characters.next() {
        let word = words.last_mut();
        match character {
            '\\' => word.into_iter().for_each(|word| word.extend(characters.next())),
            blank if blank.is_whitespace() => words.push(String::new()),
            other => word.into_iter().for_each(|word| word.push(other)),
        }
    }
    words.retain(|word| !word.is_empty());
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_three_spellings() {
        let found =
            settings(r"-c search_path=a,b -cgeqo=off  --lock-timeout=5s -c x.y=a\ b\\c").unwrap();
        let shown: Vec<_> = found.iter().map(|(name, value)| format!("{name}={value}")).collect();
        assert_eq!(shown, ["search_path=a,b", "geqo=off", "lock_timeout=5s", r"x.y=a b\c"]);
        assert!(settings("-E").is_err());
        assert!(settings("-c").is_err());
        assert_eq!(settings(" ").unwrap(), []);
    }
}
