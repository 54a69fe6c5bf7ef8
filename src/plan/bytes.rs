//! Reading and writing the little-endian, varint-based byte layout that plan, snapshot and rows share.

/// A cursor over untrusted bytes. What is not there, or is not valid, reads as zero, and is remembered: whoever reads
/// asks `is_whole` or `has_ended` before using what was read. One question instead of one for each number: a third of
/// the code of all that decodes.
#[derive(Clone, Debug)]
pub struct Reader<'a> {
    rest: &'a [u8],
    failed: bool,
}

impl<'a> Reader<'a> {
    #[must_use]
    pub fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes, failed: false }
    }

    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.rest.is_empty()
    }

    /// All that was read was there and valid.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        !self.failed
    }

    /// The same, and nothing is left.
    #[must_use]
    pub fn has_ended(&self) -> bool {
        self.is_whole() && self.is_empty()
    }

    /// Nothing more is read, so that no loop over a count goes on.
    #[inline(never)]
    pub fn fail(&mut self) {
        self.failed = true;
        self.rest = &[];
    }

    pub fn require(&mut self, holds: bool) {
        if !holds {
            self.fail();
        }
    }

    /// What a code stands for; `otherwise` only fills the place of what is refused.
    pub fn known<T>(&mut self, found: Option<T>, otherwise: T) -> T {
        self.require(found.is_some());
        found.unwrap_or(otherwise)
    }

    #[inline(never)]
    pub fn take(&mut self, len: usize) -> &'a [u8] {
        let Some((taken, rest)) = self.rest.split_at_checked(len) else {
            self.fail();
            return &[];
        };
        self.rest = rest;
        taken
    }

    pub fn take_rest(&mut self) -> &'a [u8] {
        std::mem::take(&mut self.rest)
    }

    #[inline(never)]
    fn little_endian(&mut self, len: usize) -> u64 {
        self.take(len).iter().rev().fold(0, |value, byte| (value << 8) | u64::from(*byte))
    }

    #[inline(never)]
    pub fn u8(&mut self) -> u8 {
        self.little_endian(1) as u8
    }

    pub fn u16(&mut self) -> u16 {
        self.little_endian(2) as u16
    }

    pub fn u32(&mut self) -> u32 {
        self.little_endian(4) as u32
    }

    pub fn u64(&mut self) -> u64 {
        self.little_endian(8)
    }

    pub fn f64(&mut self) -> f64 {
        f64::from_bits(self.u64())
    }

    /// LEB128, at most ten bytes.
    #[inline(never)]
    pub fn varint(&mut self) -> u64 {
        let mut value = 0u64;
        for shift in (0..64).step_by(7) {
            let byte = self.u8();
            value |= u64::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return value;
            }
        }
        self.fail();
        0
    }

    /// A varint no greater than `most`.
    #[inline(never)]
    pub fn varint_within(&mut self, most: u64) -> u64 {
        let value = self.varint();
        self.require(value <= most);
        if value <= most { value } else { 0 }
    }

    /// A varint of 16 bits.
    #[inline(never)]
    pub fn small(&mut self) -> u16 {
        self.varint_within(u64::from(u16::MAX)) as u16
    }

    /// A varint of 32 bits.
    #[inline(never)]
    pub fn index(&mut self) -> u32 {
        self.varint_within(u64::from(u32::MAX)) as u32
    }

    /// A length or count that must be plausible: at least one byte must remain for each thing counted.
    pub fn count(&mut self) -> usize {
        self.count_within(usize::MAX)
    }

    /// The same, and no greater than `most`.
    #[inline(never)]
    pub fn count_within(&mut self, most: usize) -> usize {
        let count = self.varint_within(most as u64) as usize;
        self.require(count <= self.rest.len());
        count.min(self.rest.len())
    }

    #[inline(never)]
    pub fn text(&mut self) -> &'a [u8] {
        let len = self.count();
        self.take(len)
    }

    pub fn flag(&mut self) -> bool {
        self.u8() != 0
    }

    /// A count, then so many.
    pub fn many<T>(&mut self, one: impl FnMut(&mut Self) -> T) -> Vec<T> {
        self.many_within(usize::MAX, one)
    }

    pub fn many_within<T>(&mut self, most: usize, mut one: impl FnMut(&mut Self) -> T) -> Vec<T> {
        // Grows as rows are read: a count alone must not make us reserve two hundred times the file.
        let mut list = Vec::new();
        for _ in 0..self.count_within(most) {
            list.push(one(self));
            if self.failed {
                break;
            }
        }
        list
    }

    /// A flag, then perhaps one.
    pub fn optional<T>(&mut self, one: impl FnOnce(&mut Self) -> T) -> Option<T> {
        self.flag().then(|| one(self))
    }
}

/// The writing side.
#[derive(Clone, Debug, Default)]
pub struct Writer {
    pub bytes: Vec<u8>,
}

impl Writer {
    pub fn u8(&mut self, value: u8) {
        self.bytes.push(value);
    }

    pub fn u16(&mut self, value: u16) {
        self.bytes.extend_from_slice(&value.to_le_bytes());
    }

    pub fn u32(&mut self, value: u32) {
        self.bytes.extend_from_slice(&value.to_le_bytes());
    }

    pub fn u64(&mut self, value: u64) {
        self.bytes.extend_from_slice(&value.to_le_bytes());
    }

    pub fn f64(&mut self, value: f64) {
        self.bytes.extend_from_slice(&value.to_le_bytes());
    }

    pub fn varint(&mut self, mut value: u64) {
        while value >= 0x80 {
            self.bytes.push(value as u8 | 0x80);
            value >>= 7;
        }
        self.bytes.push(value as u8);
    }

    pub fn text(&mut self, text: &[u8]) {
        self.varint(text.len() as u64);
        self.bytes.extend_from_slice(text);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_back() {
        for value in [0, 1, 127, 128, 300, u64::from(u32::MAX), u64::MAX] {
            let mut writer = Writer::default();
            writer.varint(value);
            writer.text("é".as_bytes());
            let mut reader = Reader::new(&writer.bytes);
            assert_eq!(reader.varint(), value);
            assert_eq!(reader.text(), "é".as_bytes());
            assert!(reader.has_ended());
        }
    }

    #[test]
    fn what_is_cut_short_reads_as_zero_and_is_remembered() {
        let mut reader = Reader::new(&[1, 2, 3]);
        assert_eq!((reader.u16(), reader.is_whole()), (0x0201, true));
        assert_eq!((reader.u16(), reader.is_whole()), (0, false));
        assert_eq!(
            (reader.u8(), reader.is_empty(), reader.has_ended()),
            (0, true, false),
            "nor is the rest read"
        );
    }

    #[test]
    fn what_is_not_valid_is_refused_and_stands_for_nothing() {
        type Read = fn(&mut Reader<'_>) -> usize;
        let refused: [(&[u8], Read, &str); 5] = [
            (&[0xff; 11], |reader| reader.varint() as usize, "an endless varint"),
            (&[200, 1, 0], |reader| reader.count(), "a count beyond the bytes"),
            (&[2, 0, 0], |reader| reader.many_within(1, Reader::u8).len(), "more than there may be"),
            (&[3], |reader| reader.varint_within(2) as usize, "too great a number"),
            (
                &[7],
                |reader| {
                    let code = reader.u8();
                    reader.known((code < 7).then_some(9), 0)
                },
                "an unknown code",
            ),
        ];
        for (bytes, read, because) in refused {
            let mut reader = Reader::new(bytes);
            assert_eq!((read(&mut reader), reader.is_whole()), (0, false), "{because}");
        }
    }
}
