//! Sessions: a run of touchpoints with no pause of half an hour.

use super::count;
use crate::hash::id64;
use crate::plan::bytes::{Reader, Writer};

/// 30 minutes, the pause that web analytics has agreed on.
pub const SESSION_IDLE_MS: u64 = 30 * 60 * 1_000;

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Session {
    pub id: u64,
    /// 1 for the first; 0 before any touchpoint.
    pub number: u64,
    pub started_ms: u64,
    pub last_ms: u64,
    pub page_views: u64,
    pub touchpoints: u64,
}

impl Session {
    /// Goes on, or starts anew after the pause; true when a new one started. A clock set back changes nothing.
    pub fn touch(&mut self, visitor: &[u8], at_ms: u64) -> bool {
        let starts = self.number == 0 || at_ms > self.last_ms.saturating_add(SESSION_IDLE_MS);
        if starts {
            count(&mut self.number);
            let mut seed = visitor.to_vec();
            seed.extend_from_slice(&at_ms.to_le_bytes());
            *self = Self { id: id64(&seed), number: self.number, started_ms: at_ms, ..Self::default() };
        }
        self.last_ms = self.last_ms.max(at_ms);
        count(&mut self.touchpoints);
        starts
    }

    /// The text that is hashed and sent: 16 hexadecimal digits.
    #[must_use]
    pub fn name(&self) -> [u8; 16] {
        let mut name = [b'0'; 16];
        for (place, digit) in name.iter_mut().enumerate() {
            let nibble = (self.id >> (60 - 4 * place)) as u8 & 15;
            *digit = if nibble < 10 { b'0' + nibble } else { b'a' - 10 + nibble };
        }
        name
    }

    pub(crate) fn write(&self, writer: &mut Writer) {
        writer.u64(self.id);
        for number in [self.number, self.started_ms, self.last_ms, self.page_views, self.touchpoints] {
            writer.varint(number);
        }
    }

    pub(crate) fn read(reader: &mut Reader<'_>) -> Self {
        Self {
            id: reader.u64(),
            number: reader.varint(),
            started_ms: reader.varint(),
            last_ms: reader.varint(),
            page_views: reader.varint(),
            touchpoints: reader.varint(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pause_of_more_than_thirty_minutes_starts_a_session() {
        let mut session = Session::default();
        assert!(session.touch(b"v", 1_000));
        assert!(!session.touch(b"v", 1_000 + SESSION_IDLE_MS));
        assert!(session.touch(b"v", 1_001 + 2 * SESSION_IDLE_MS));
        assert_eq!(session.number, 2);
    }

    #[test]
    fn a_clock_set_back_neither_ends_nor_shortens_a_session() {
        let mut session = Session::default();
        session.touch(b"v", 10 * SESSION_IDLE_MS);
        assert!(!session.touch(b"v", 5));
        assert_eq!(session.last_ms, 10 * SESSION_IDLE_MS);
    }

    #[test]
    fn the_name_is_the_id_in_hexadecimal() {
        let session = Session { id: 0x0123_4567_89ab_cdef, ..Session::default() };
        assert_eq!(&session.name(), b"0123456789abcdef");
    }
}
