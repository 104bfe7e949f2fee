//! Key material: nobody can guess it, nobody gets another's, and a slip of the hand is known before anything is
//! looked up.

use std::collections::HashSet;

use api::ambient::SystemRandom;
use auth::PlainKey;
use auth::plain_key::{BASE62, KEY_PREFIXES, NAMED_PREFIX, hash_secret};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use local::demo::TEST_SLUG;
use model::key::{HashedKey, KeyKind, Mode};
use tests::{Client, TestServer};

const HEX: &[u8] = b"0123456789abcdef";

/// Every family of key in both modes. A named key does not say its mode.
const FAMILIES: [(KeyKind, Mode); 6] = [
    (KeyKind::Api, Mode::Live),
    (KeyKind::Api, Mode::Test),
    (KeyKind::Widget, Mode::Live),
    (KeyKind::Widget, Mode::Test),
    (KeyKind::Named, Mode::Live),
    (KeyKind::Named, Mode::Test),
];

/// So many new keys, all families in turn.
fn new_keys(count: usize) -> impl Iterator<Item = PlainKey> {
    let families = FAMILIES.into_iter().cycle().take(count);
    families.map(|(kind, mode)| PlainKey::generate(kind, mode, &SystemRandom))
}

/// What stands behind the prefix, the checksum left out; and whether it is hexadecimal.
fn random_part(key: &str) -> (&str, bool) {
    if let Some(rest) = key.strip_prefix(NAMED_PREFIX) {
        return (&rest[..56], true);
    }
    let rest = KEY_PREFIXES
        .iter()
        .find_map(|(prefix, ..)| key.strip_prefix(prefix));
    (&rest.expect("a prefix")[..26], false)
}

/// How far counts are from even: chi-square, in standard deviations from what it is on average.
fn unevenness(counts: &[u64]) -> f64 {
    let categories = counts.len() as f64;
    let expected = counts.iter().sum::<u64>() as f64 / categories;
    let squares = counts
        .iter()
        .map(|count| (*count as f64 - expected).powi(2));
    let freedom = categories - 1.0;
    (squares.sum::<f64>() / expected - freedom) / (2.0 * freedom).sqrt()
}

/// Chi-square has a longer tail than the normal distribution. At 15 degrees of freedom, the fewest here, it lies
/// beyond this with a probability of 5e-12; with all the counts below, a false alarm comes once in 1e9 runs at most.
const EVEN: f64 = 13.0;

/// The place of each character in an alphabet; past its end for those that are not in it.
fn index_of(alphabet: &[u8]) -> [usize; 256] {
    let mut index = [usize::MAX; 256];
    for (place, byte) in alphabet.iter().enumerate() {
        index[usize::from(*byte)] = place;
    }
    index
}

/// Counts of characters by place: one row for each place, one column for each character.
struct Counts {
    index: [usize; 256],
    places: Vec<Vec<u64>>,
}

impl Counts {
    fn of(alphabet: &[u8], places: usize) -> Self {
        Self {
            index: index_of(alphabet),
            places: vec![vec![0; alphabet.len()]; places],
        }
    }

    fn add(&mut self, text: &str) {
        for (byte, counts) in text.bytes().zip(&mut self.places) {
            counts[self.index[usize::from(byte)]] += 1;
        }
    }

    /// Even at each place, and over all places together.
    #[track_caller]
    fn are_even(&self) {
        let mut all = vec![0; self.places[0].len()];
        for (place, counts) in self.places.iter().enumerate() {
            let unevenness = unevenness(counts);
            assert!(unevenness < EVEN, "{unevenness} at place {place}");
            for (sum, count) in all.iter_mut().zip(counts) {
                *sum += count;
            }
        }
        let unevenness = unevenness(&all);
        assert!(unevenness < EVEN, "{unevenness} overall");
    }
}

#[test]
fn a_million_keys_are_all_different_and_their_characters_evenly_spread() {
    const MANY: usize = 1_000_000;
    let mut base62 = Counts::of(BASE62, 26);
    let mut hex = Counts::of(HEX, 56);
    let mut random_parts: HashSet<[u8; 26]> = HashSet::with_capacity(MANY);
    for key in new_keys(MANY) {
        let (random, is_hex) = random_part(key.expose());
        if is_hex {
            hex.add(random);
        } else {
            base62.add(random);
        }
        // Without the prefix: the same random part behind two prefixes would be a repeat too.
        let start = random.as_bytes()[..26].try_into().expect("26 bytes");
        assert!(random_parts.insert(start), "a key came twice");
    }
    base62.are_even();
    hex.are_even();
}

#[test]
fn neighbouring_characters_say_nothing_of_each_other() {
    let mut pairs = vec![0; 62 * 62];
    let index = index_of(BASE62);
    for key in new_keys(200_000) {
        let (random, is_hex) = random_part(key.expose());
        if is_hex {
            continue;
        }
        // Pairs that do not overlap, so that each is counted independently.
        for pair in random.as_bytes().chunks(2) {
            let [first, second] = [pair[0], pair[1]].map(|byte| index[usize::from(byte)]);
            pairs[first * 62 + second] += 1;
        }
    }
    let unevenness = unevenness(&pairs);
    assert!(unevenness < EVEN, "{unevenness}");
}

/// Every character that may stand in a key of this family, behind its prefix and in it.
fn alphabet(key: &str) -> Vec<u8> {
    let mut alphabet = BASE62.to_vec();
    alphabet.extend(b"_.-");
    if key.starts_with(NAMED_PREFIX) {
        alphabet.extend(b" /+=");
    }
    alphabet
}

/// What somebody hears who types this.
fn is_malformed(bytes: &[u8]) -> bool {
    let text = std::str::from_utf8(bytes).expect("ASCII");
    PlainKey::parse_key(text).is_err()
}

#[test]
fn every_single_character_typo_is_caught() {
    for key in new_keys(2_400) {
        let mut typed = key.expose().as_bytes().to_vec();
        let alphabet = alphabet(key.expose());
        for at in 0..typed.len() {
            let right = typed[at];
            for wrong in alphabet.iter().filter(|wrong| **wrong != right) {
                typed[at] = *wrong;
                assert!(is_malformed(&typed), "place {at} of {}", key.start());
            }
            typed[at] = right;
        }
        assert!(!is_malformed(&typed));
    }
}

/// Where checksum and body meet, a swap slips through once in some four billion keys.
#[test]
fn every_swap_of_neighbours_is_caught() {
    for key in new_keys(3_000) {
        let mut typed = key.expose().as_bytes().to_vec();
        for at in 1..typed.len() {
            if typed[at - 1] != typed[at] {
                typed.swap(at - 1, at);
                assert!(is_malformed(&typed), "place {at} of {}", key.start());
                typed.swap(at - 1, at);
            }
        }
        assert!(!is_malformed(&typed));
    }
}

#[test]
fn a_key_with_a_character_too_many_or_too_few_is_caught() {
    for key in new_keys(1_200) {
        let key = key.expose();
        for at in 0..key.len() {
            let (before, after) = key.split_at(at);
            let missing = format!("{before}{}", &after[1..]);
            let doubled = format!("{before}{}{after}", &after[..1]);
            for typed in [missing, doubled] {
                assert!(is_malformed(typed.as_bytes()), "place {at}");
            }
        }
    }
}

#[test]
fn a_token_is_caught_mistyped_as_a_key_is() {
    let random: &dyn model::Random = &SystemRandom;
    for _ in 0..1_200 {
        let token = PlainKey::token_from(random.bytes());
        let mut typed = token.expose().as_bytes().to_vec();
        let is_malformed = |typed: &[u8]| {
            let text = std::str::from_utf8(typed).expect("ASCII");
            PlainKey::parse_token(text).is_err()
        };
        for at in 0..typed.len() {
            let right = typed[at];
            for wrong in BASE62.iter().filter(|wrong| **wrong != right) {
                typed[at] = *wrong;
                assert!(is_malformed(&typed), "place {at}");
            }
            typed[at] = right;
            if at > 0 && typed[at - 1] != right {
                typed.swap(at - 1, at);
                assert!(is_malformed(&typed), "place {at}");
                typed.swap(at - 1, at);
            }
        }
        assert!(!is_malformed(&typed));
    }
}

/// What stands in the key is not what is kept: the hash of the whole key, by which it is found.
#[test]
fn a_key_is_found_by_the_hash_of_all_of_it() {
    let mut hashes: HashSet<HashedKey> = HashSet::new();
    for key in new_keys(600) {
        assert_eq!(key.hashed(), hash_secret(key.expose()));
        assert!(hashes.insert(key.hashed()));
        let read = PlainKey::parse_key(key.expose()).expect("our own key");
        assert_eq!(read.hashed(), key.hashed());
    }
}

/// Text that is nearly a key, in every way that text can be.
fn malformed(number: usize, key: &str) -> String {
    let middle = key.len() - 10;
    match number % 10 {
        0 => key[..key.len() - 1].to_owned(),
        1 => format!("{key}0"),
        2 => format!("{}_{}", &key[..middle], &key[middle + 1..]),
        3 => key.to_uppercase(),
        4 => key.replacen("key_", "", 1).replacen("tt1.", "tt2.", 1),
        5 => format!("{}{}", &key[..middle], "0".repeat(10)),
        6 => key[8..].to_owned(),
        7 => format!("{key}{key}"),
        8 => format!("é{key}"),
        _ => format!("{}{number}", &key[..middle]),
    }
}

/// A caller that presents text in one of the ways there are.
fn presenting(nobody: &Client, number: usize, text: &str) -> Client {
    let encoded = |text: String| format!("Basic {}", STANDARD.encode(text));
    let value = match number % 3 {
        0 => encoded(format!(":{text}")),
        1 => encoded(format!("doc.brown@timekit.io:{text}")),
        _ => format!("Bearer {text}"),
    };
    let caller = nobody.header("authorization", &value);
    caller.header("timekit-app", TEST_SLUG)
}

#[tokio::test]
async fn ten_thousand_malformed_keys_cost_no_store_call() {
    let server = TestServer::start().await;
    let nobody = server.calling_from("203.0.113.7", &server.anonymous());
    let before = server.store_calls();
    for (number, key) in new_keys(10_000).enumerate() {
        let text = malformed(number, key.expose());
        let reply = presenting(&nobody, number, &text).get("/v2/me").await;
        assert_eq!(reply.status, 401, "{number}: {}", reply.body);
    }
    assert_eq!(server.store_calls() - before, 0);
}
