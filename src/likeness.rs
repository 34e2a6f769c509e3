//! Names that are written much like another one: what was meant, perhaps.

/// How many are told.
const MANY: usize = 3;

/// How like two names must be, of 1.
const LIKE: f64 = 0.75;

/// Those that are written much like `name`, at most three, the nearest first.
pub fn nearest<T: Clone + AsRef<str>>(name: &str, names: impl IntoIterator<Item = T>) -> Vec<T> {
    let likeness = |other: &T| strsim::jaro_winkler(name, other.as_ref());
    let mut found: Vec<(f64, T)> = names
        .into_iter()
        .map(|other| (likeness(&other), other))
        .filter(|(likeness, _)| *likeness > LIKE)
        .collect();
    found.sort_by(|(a, _), (b, _)| b.total_cmp(a));
    found.into_iter().map(|(_, name)| name).take(MANY).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_first_and_nothing_else() {
        let names = ["public.rooms", "public.room_keys", "audit.log", "public.room"];
        assert_eq!(nearest("public.rom", names)[..2], ["public.room", "public.rooms"]);
        assert_eq!(nearest("zzz", names), Vec::<&str>::new());
    }
}
