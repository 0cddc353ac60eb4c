//! Names of limited length.

/// Maximum length of the name of a module or variant, in bytes. A file system has a limit for a
/// module's file, and nobody reads further.
pub(super) const MAX_BYTES: usize = 100;

/// Returns a name, or where it is too long its beginning and a hash of the exact text that it is made
/// from: the name depends on nothing else, and no other text has it.
pub(super) fn limited(name: String, text: &str) -> String {
    if name.len() <= MAX_BYTES {
        return name;
    }
    let hash = format!("_h{:016x}", hash(text));
    let mut end = MAX_BYTES - hash.len();
    while !name.is_char_boundary(end) {
        end -= 1;
    }
    format!("{}{hash}", name[..end].trim_end_matches('_'))
}

/// Returns the FNV-1a hash of a text, of 128 bits, folded to 64. It is the same on every machine.
fn hash(text: &str) -> u64 {
    const BASIS: u128 = 0x6c62_272e_07bb_0142_62b8_2175_6295_c58d;
    const PRIME: u128 = 0x0000_0000_0100_0000_0000_0000_0000_013b;
    let hash = text.bytes().fold(BASIS, |hash, byte| {
        (hash ^ u128::from(byte)).wrapping_mul(PRIME)
    });
    let [high, low] = [hash >> 64, hash & u128::from(u64::MAX)];
    u64::try_from(high ^ low).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use crate::naming::{ModuleNames, ident, variants};

    use super::*;

    #[test]
    fn short_names_stay() {
        let name = "a".repeat(MAX_BYTES);
        assert_eq!(limited(name.clone(), "x"), name);
    }

    #[test]
    fn long_names_are_short_and_their_own() {
        // They differ at the end, in case, or in a character that no name has.
        let long = |letter: &str| letter.repeat(300);
        let letters = ["a", "A", "-", "日", "🎉", "é", "1"].into_iter();
        let texts = letters.flat_map(|c| ["", "x", "X", "!", "?"].map(|end| long(c) + end));
        let texts: Vec<String> = texts.collect();
        let names = variants(&texts);
        let ids: Vec<String> = texts.iter().map(|text| format!("v/{text}")).collect();
        let all = ModuleNames::new(ids.iter().map(String::as_str));
        let modules: Vec<String> = ids.iter().map(|id| all.name(id)).collect();
        for name in names.iter().chain(&modules) {
            assert!(name.len() <= MAX_BYTES + "Text_".len(), "{name}");
            assert!(
                ident(name).chars().all(|c| c.is_alphanumeric() || c == '_'),
                "{name}"
            );
        }
        assert_eq!(names.iter().collect::<HashSet<_>>().len(), texts.len());
        let folders: HashSet<String> = modules.iter().map(|name| name.to_lowercase()).collect();
        assert_eq!(folders.len(), texts.len());
    }

    #[test]
    fn long_ids_that_collide_are_spelt_within_the_limit() {
        let (one, other) = (
            format!("a/{}-b", "-x".repeat(90)),
            format!("a/{}.b", "-x".repeat(90)),
        );
        let names = ModuleNames::new([&*one, &*other]);
        let [one, other] = [names.name(&one), names.name(&other)];
        assert_ne!(one, other);
        assert!(
            one.len() <= MAX_BYTES && other.len() <= MAX_BYTES,
            "{one} {other}"
        );
    }
}
