//! Damage by accident: a flipped bit, a cut, something added. Never does other content come out.

use proptest::prelude::*;

use crate::round_trip::trees;
use crate::support::{archived, contents, manifest, read, small_tree};

/// Every bit of a small archive. The few flips that are let through (in fields that nobody reads)
/// change no content.
#[test]
fn every_flipped_bit() {
    let tree = small_tree();
    let bytes = archived(&tree);
    let mut let_through = 0;
    for at in 0..bytes.len() {
        for bit in 0..8 {
            let mut damaged = bytes.clone();
            damaged[at] ^= 1 << bit;
            if let Ok(archive) = read(&damaged) {
                assert_eq!(archive.manifest(), &manifest(&tree), "byte {at}, bit {bit}");
                assert_eq!(contents(&archive), tree, "byte {at}, bit {bit}");
                assert_ne!(archive.sha256(), read(&bytes).unwrap().sha256());
                let_through += 1;
            }
        }
    }
    let all = bytes.len() * 8;
    assert!(let_through * 10 < all, "{let_through} of {all} let through");
}

#[test]
fn every_cut() {
    let bytes = archived(&small_tree());
    for len in 0..bytes.len() {
        assert!(read(&bytes[..len]).is_err(), "{len} bytes");
        assert!(read(&bytes[bytes.len() - len..]).is_err(), "last {len} bytes");
    }
}

#[test]
fn something_added() {
    let bytes = archived(&small_tree());
    for added in [&b"\0"[..], b"x", b"PK\x05\x06", &bytes] {
        assert!(read(&[added, &bytes].concat()).is_err());
        assert!(read(&[&bytes, added].concat()).is_err());
    }
    assert!(read(b"").is_err());
    assert!(read(b"PK\x05\x06").is_err());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn changed_bytes_never_give_other_content(
        tree in trees(),
        at in any::<prop::sample::Index>(),
        with in proptest::collection::vec(any::<u8>(), 1..4),
    ) {
        let mut bytes = archived(&tree);
        let at = at.index(bytes.len());
        let end = bytes.len().min(at + with.len());
        bytes.splice(at..end, with[..end - at].iter().copied());
        if let Ok(archive) = read(&bytes) {
            prop_assert_eq!(archive.manifest(), &manifest(&tree));
            prop_assert_eq!(contents(&archive), tree);
        }
    }

    #[test]
    fn noise_is_refused_without_a_panic(noise in proptest::collection::vec(any::<u8>(), 0..2000)) {
        prop_assert!(read(&noise).is_err());
        let ended = [&noise[..], b"PK\x05\x06\0\0\0\0\x01\0\x01\0\0\0\0\0\0\0\0\0\0\0"].concat();
        prop_assert!(read(&ended).is_err());
    }
}
