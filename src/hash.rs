//! The two hashes everything stable rests on. Neither may ever change: assignments and stored ids depend on them.

/// MurmurHash3 x86 32-bit (Austin Appleby, public domain reference), over bytes.
#[must_use]
pub fn murmur3_32(bytes: &[u8], seed: u32) -> u32 {
    const C1: u32 = 0xcc9e_2d51;
    const C2: u32 = 0x1b87_3593;
    let mix = |word: u32| word.wrapping_mul(C1).rotate_left(15).wrapping_mul(C2);

    let mut hash = seed;
    let (blocks, tail) = bytes.as_chunks::<4>();
    for block in blocks {
        hash = (hash ^ mix(u32::from_le_bytes(*block)))
            .rotate_left(13)
            .wrapping_mul(5)
            .wrapping_add(0xe654_6b64);
    }
    if !tail.is_empty() {
        let word = tail.iter().rev().fold(0u32, |word, byte| (word << 8) | u32::from(*byte));
        hash ^= mix(word);
    }
    // The reference takes the length modulo 2^32.
    hash ^= bytes.len() as u32;
    hash = (hash ^ (hash >> 16)).wrapping_mul(0x85eb_ca6b);
    hash = (hash ^ (hash >> 13)).wrapping_mul(0xc2b2_ae35);
    hash ^ (hash >> 16)
}

/// The stable 64-bit id of a text: two murmur3 of different seed. What is stored or sent is named by it, never by index.
#[must_use]
pub fn id64(bytes: &[u8]) -> u64 {
    (u64::from(murmur3_32(bytes, 0x5061_726c)) << 32) | u64::from(murmur3_32(bytes, 0x6f75_7221))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn murmur3_agrees_with_the_published_reference_values() {
        for (text, seed, expect) in [
            ("", 0, 0),
            ("", 1, 0x514e_28b7),
            ("", 0xffff_ffff, 0x81f1_6f39),
            ("aaaa", 0x9747_b28c, 0x5a97_808a),
            ("abc", 0x9747_b28c, 0xc84a_62dd),
            ("ab", 0x9747_b28c, 0x7487_5592),
            ("a", 0x9747_b28c, 0x7fa0_9ea6),
            ("Hello, world!", 0x9747_b28c, 0x2488_4cba),
            ("ππππππππ", 0x9747_b28c, 0xd580_63c1),
        ] {
            assert_eq!(murmur3_32(text.as_bytes(), seed), expect, "{text:?} with seed {seed:#x}");
        }
    }
}
