//! Rows as columns: what reports read, so that they need not open each event's raw text again.
//!
//! A segment is some thousand rows that lie together in `events`, written once by [`condense`] and deleted with any of its
//! rows (the trigger in `schema.rs`), so that whoever is erased is in no column either. What no segment covers is read
//! from its rows. Reports come to the same with and without segments.
//!
//! Format, integers little-endian: `1`, the number of rows (u32), the dictionary (its number of texts as u32, each with its length
//! as u16), then for each column its number of values (u32) and its values. `flags` has one value a row and says which
//! others have one, too; texts are u32 into the dictionary.

use std::collections::HashMap;

use parlour_report::seen::{Kind, Seen};
use rusqlite::Connection;

use super::StoreError;
use super::outcome;

/// Some 0.7 MB of columns.
pub const ROWS: u32 = 16_384;
const FORMAT: u8 = 1;

/// Bits of `flags`.
mod has {
    pub const ENV: u16 = 1;
    pub const MOVED_CLOCK: u16 = 1 << 1;
    pub const WRONG_BUCKET: u16 = 1 << 2;
    pub const VISITOR: u16 = 1 << 3;
    pub const USER: u16 = 1 << 4;
    pub const ORDER: u16 = 1 << 5;
    pub const MINOR: u16 = 1 << 6;
    pub const VERSION: u16 = 1 << 7;
    pub const PLAN: u16 = 1 << 8;
    /// Experiment, variant and reason, each of which may be the empty text.
    pub const EXPERIMENT: u16 = 1 << 9;
    pub const AGENT: u16 = 1 << 10;
    pub const PAGE: u16 = 1 << 11;
    pub const SOURCE: u16 = 1 << 12;
    pub const GOAL: u16 = 1 << 13;
    pub const CURRENCY: u16 = 1 << 14;
    /// One 64-bit value each.
    pub const WIDE: u16 = VISITOR | USER | ORDER | MINOR | VERSION;
    /// One text each, but for experiments, which have three.
    pub const NARROW: u16 = PLAN | EXPERIMENT | AGENT | PAGE | SOURCE | GOAL | CURRENCY;
}

#[derive(Debug, Default)]
struct Writer {
    rows: u32,
    words: HashMap<String, u32>,
    dictionary: Vec<u8>,
    flags: Vec<u8>,
    kinds: Vec<u8>,
    /// 64-bit values: occurred, received, then those that are there.
    wide: Vec<u8>,
    narrow: Vec<u8>,
}

impl Writer {
    fn add(&mut self, seen: &Seen<'_>) {
        self.rows += 1;
        let mut flags = 0;
        for (is_so, flag) in [
            (seen.has_env, has::ENV),
            (seen.has_moved_clock, has::MOVED_CLOCK),
            (seen.has_wrong_bucket, has::WRONG_BUCKET),
        ] {
            flags |= if is_so { flag } else { 0 };
        }
        self.wide.extend(seen.occurred_ms.to_le_bytes());
        self.wide.extend(seen.received_ms.to_le_bytes());
        for (value, flag) in [(seen.visitor, has::VISITOR), (seen.user, has::USER), (seen.order, has::ORDER)]
        {
            if let Some(value) = value {
                flags |= flag;
                self.wide.extend(value.to_le_bytes());
            }
        }
        for (value, flag) in [(seen.minor, has::MINOR), (seen.version, has::VERSION)] {
            if let Some(value) = value {
                flags |= flag;
                self.wide.extend(value.to_le_bytes());
            }
        }
        let met = [seen.experiment, seen.variant, seen.reason];
        if met.iter().any(Option::is_some) {
            flags |= has::EXPERIMENT;
            met.iter().for_each(|text| self.text(text.unwrap_or_default()));
        }
        for (text, flag) in [
            (seen.plan, has::PLAN),
            (seen.agent, has::AGENT),
            (seen.page, has::PAGE),
            (seen.source, has::SOURCE),
            (seen.goal, has::GOAL),
            (seen.currency, has::CURRENCY),
        ] {
            if let Some(text) = text {
                flags |= flag;
                self.text(text);
            }
        }
        self.flags.extend(flags.to_le_bytes());
        self.kinds.push(seen.kind as u8);
    }

    fn text(&mut self, text: &str) {
        let number = if let Some(number) = self.words.get(text) {
            *number
        } else {
            let number = u32::try_from(self.words.len()).unwrap_or(u32::MAX);
            let cut = text.get(..text.floor_char_boundary(usize::from(u16::MAX))).unwrap_or_default();
            self.dictionary.extend((cut.len() as u16).to_le_bytes());
            self.dictionary.extend(cut.as_bytes());
            self.words.insert(text.to_owned(), number);
            number
        };
        self.narrow.extend(number.to_le_bytes());
    }

    fn bytes(self) -> Vec<u8> {
        let mut bytes = vec![FORMAT];
        bytes.extend(self.rows.to_le_bytes());
        bytes.extend((self.words.len() as u32).to_le_bytes());
        for part in [self.dictionary, self.flags, self.kinds, self.wide, self.narrow] {
            bytes.extend((part.len() as u32).to_le_bytes());
            bytes.extend(part);
        }
        bytes
    }
}

/// Of a segment's bytes, one value after the other.
struct Reader<'a> {
    words: Vec<&'a str>,
    wide: &'a [u8],
    narrow: &'a [u8],
}

impl<'a> Reader<'a> {
    fn wide(&mut self) -> Option<[u8; 8]> {
        let (value, rest) = self.wide.split_first_chunk()?;
        self.wide = rest;
        Some(*value)
    }

    fn text(&mut self) -> Option<&'a str> {
        let (number, rest) = self.narrow.split_first_chunk()?;
        self.narrow = rest;
        self.words.get(u32::from_le_bytes(*number) as usize).copied()
    }

    /// Outer `None`: the segment is damaged.
    fn text_if(&mut self, is_there: bool) -> Option<Option<&'a str>> {
        if is_there { self.text().map(Some) } else { Some(None) }
    }

    fn wide_if(&mut self, is_there: bool) -> Option<Option<[u8; 8]>> {
        if is_there { self.wide().map(Some) } else { Some(None) }
    }

    fn seen(&mut self, flags: u16, kind: u8) -> Option<Seen<'a>> {
        let is = |flag: u16| flags & flag != 0;
        let mut seen = Seen {
            kind: *Kind::ALL.get(usize::from(kind))?,
            has_env: is(has::ENV),
            has_moved_clock: is(has::MOVED_CLOCK),
            has_wrong_bucket: is(has::WRONG_BUCKET),
            occurred_ms: i64::from_le_bytes(self.wide()?),
            received_ms: i64::from_le_bytes(self.wide()?),
            visitor: self.wide_if(is(has::VISITOR))?.map(u64::from_le_bytes),
            user: self.wide_if(is(has::USER))?.map(u64::from_le_bytes),
            order: self.wide_if(is(has::ORDER))?.map(u64::from_le_bytes),
            minor: self.wide_if(is(has::MINOR))?.map(i64::from_le_bytes),
            version: self.wide_if(is(has::VERSION))?.map(i64::from_le_bytes),
            ..Seen::default()
        };
        if is(has::EXPERIMENT) {
            let mut text = || self.text().map(|text| Some(text).filter(|text| !text.is_empty()));
            (seen.experiment, seen.variant, seen.reason) = (text()?, text()?, text()?);
        }
        seen.plan = self.text_if(is(has::PLAN))?;
        seen.agent = self.text_if(is(has::AGENT))?;
        seen.page = self.text_if(is(has::PAGE))?;
        seen.source = self.text_if(is(has::SOURCE))?;
        seen.goal = self.text_if(is(has::GOAL))?;
        seen.currency = self.text_if(is(has::CURRENCY))?;
        Some(seen)
    }
}

/// A segment that is whole: each row can be read.
struct Segment<'a> {
    flags: &'a [[u8; 2]],
    kinds: &'a [u8],
    reader: Reader<'a>,
}

/// `None` for what is no segment.
fn open(bytes: &[u8]) -> Option<Segment<'_>> {
    let mut rest = bytes;
    let mut take = |length: usize| {
        let (taken, left) = rest.split_at_checked(length)?;
        rest = left;
        Some(taken)
    };
    let number = |bytes: &[u8]| Some(u32::from_le_bytes(*bytes.first_chunk()?) as usize);
    if take(1)? != [FORMAT] {
        return None;
    }
    let rows = number(take(4)?)?;
    let count = number(take(4)?)?;
    let mut part = || {
        let length = number(take(4)?)?;
        take(length)
    };
    let (mut dictionary, flags, kinds, wide, narrow) = (part()?, part()?, part()?, part()?, part()?);
    let mut words = Vec::with_capacity(count.min(dictionary.len()));
    for _ in 0..count {
        let (length, left) = dictionary.split_first_chunk()?;
        let (word, left) = left.split_at_checked(usize::from(u16::from_le_bytes(*length)))?;
        words.push(std::str::from_utf8(word).ok()?);
        dictionary = left;
    }
    let (flags, _) = flags.as_chunks();
    let (numbers, _) = narrow.as_chunks();
    let (mut wides, mut narrows) = (2 * rows, 0);
    for row in flags {
        let row = u16::from_le_bytes(*row);
        wides += (row & has::WIDE).count_ones() as usize;
        narrows += (row & has::NARROW).count_ones() as usize + if row & has::EXPERIMENT == 0 { 0 } else { 2 };
    }
    let is_whole = rest.is_empty()
        && (flags.len(), kinds.len()) == (rows, rows)
        && (wide.len(), narrow.len()) == (8 * wides, 4 * narrows)
        && kinds.iter().all(|kind| usize::from(*kind) < Kind::ALL.len())
        && numbers.iter().all(|number| (u32::from_le_bytes(*number) as usize) < words.len());
    is_whole.then_some(Segment { flags, kinds, reader: Reader { words, wide, narrow } })
}

impl Segment<'_> {
    fn each(mut self, mut each: impl FnMut(&Seen<'_>)) {
        for (flags, kind) in self.flags.iter().zip(self.kinds) {
            if let Some(seen) = self.reader.seen(u16::from_le_bytes(*flags), *kind) {
                each(&seen);
            }
        }
    }
}

/// Calls `each` for each event, from columns where there are any. Within one read of the file.
pub fn scan(connection: &Connection, each: &mut dyn FnMut(&Seen<'_>)) -> Result<(), StoreError> {
    let mut select = connection.prepare_cached("SELECT first, last, bytes FROM columns ORDER BY first")?;
    let mut segments = select.query([])?;
    let mut from = i64::MIN;
    while let Some(segment) = segments.next()? {
        let (first, last): (i64, i64) = (segment.get(0)?, segment.get(1)?);
        outcome::rows(connection, from, first.saturating_sub(1), &mut *each)?;
        let bytes = segment.get_ref(2)?.as_blob().unwrap_or_default();
        match open(bytes) {
            Some(segment) => segment.each(&mut *each),
            // Its rows are still there.
            None => outcome::rows(connection, first, last, &mut *each)?,
        }
        from = last.saturating_add(1);
    }
    outcome::rows(connection, from, i64::MAX, each)
}

/// Writes the next segment, and answers whether there may be more to write. Rows at the end that do not fill one wait for
/// others.
pub fn condense(connection: &mut Connection) -> Result<bool, StoreError> {
    let Some((from, to)) = gap(connection)? else { return Ok(false) };
    let erasures = last_erasure(connection)?;
    let (mut writer, mut last) = (Writer::default(), None);
    outcome::some(connection, from, to, ROWS, &mut |row, seen| {
        last = Some(row);
        writer.add(seen);
    })?;
    let Some(last) = last else { return Ok(false) };
    let (rows, is_tail) = (writer.rows, to == i64::MAX);
    if is_tail && rows < ROWS {
        return Ok(false);
    }
    let end = if rows < ROWS { to } else { last };
    let transaction = connection.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)?;
    // Rows that were erased since they were read must not come back in a column.
    let still: i64 = transaction.query_row(
        "SELECT count(*) FROM events WHERE rowid BETWEEN ?1 AND ?2",
        (from, end),
        |row| row.get(0),
    )?;
    if still == i64::from(rows) && last_erasure(&transaction)? == erasures {
        transaction.execute(
            "INSERT INTO columns (first, last, bytes) VALUES (?1, ?2, ?3)",
            (from, end, writer.bytes()),
        )?;
        transaction.commit()?;
    }
    Ok(true)
}

fn last_erasure(connection: &Connection) -> Result<i64, StoreError> {
    let sql = "SELECT coalesce(max(serial), 0) FROM erasures";
    Ok(connection.prepare_cached(sql)?.query_row([], |row| row.get(0))?)
}

/// The first rows that no segment covers.
fn gap(connection: &Connection) -> Result<Option<(i64, i64)>, StoreError> {
    let mut select = connection.prepare_cached("SELECT first, last FROM columns ORDER BY first")?;
    let mut any =
        connection.prepare_cached("SELECT EXISTS (SELECT 1 FROM events WHERE rowid BETWEEN ?1 AND ?2)")?;
    let mut segments = select.query([])?;
    let mut from = i64::MIN;
    while let Some(segment) = segments.next()? {
        let (first, last): (i64, i64) = (segment.get(0)?, segment.get(1)?);
        if from < first && any.query_row((from, first - 1), |row| row.get(0))? {
            return Ok(Some((from, first - 1)));
        }
        from = last.saturating_add(1);
    }
    Ok(any.query_row((from, i64::MAX), |row| row.get::<_, bool>(0))?.then_some((from, i64::MAX)))
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::indexing_slicing)]
mod tests {
    use super::*;

    fn all() -> Vec<Seen<'static>> {
        vec![
            Seen::default(),
            Seen {
                kind: Kind::Refund,
                has_env: true,
                visitor: Some(u64::MAX),
                user: Some(0),
                occurred_ms: -1,
                received_ms: i64::MAX,
                has_moved_clock: true,
                plan: Some("p"),
                experiment: Some("e"),
                variant: Some("v"),
                reason: Some("sticky"),
                version: Some(-3),
                has_wrong_bucket: true,
                agent: Some("bot"),
                page: Some("/ä"),
                source: Some(""),
                goal: Some("g"),
                order: Some(7),
                minor: Some(i64::MIN),
                currency: Some("EUR"),
            },
            Seen { variant: Some("v"), goal: Some("p"), ..Seen::default() },
        ]
    }

    fn written() -> Vec<u8> {
        let mut writer = Writer::default();
        all().iter().for_each(|seen| writer.add(seen));
        writer.bytes()
    }

    #[test]
    fn what_is_written_is_read() {
        let mut left = all().into_iter();
        let bytes = written();
        open(&bytes).unwrap().each(|seen| assert_eq!(Some(*seen), left.next()));
        assert_eq!(left.next(), None);
    }

    #[test]
    fn what_is_no_segment_is_refused() {
        let whole = written();
        for length in 0..whole.len() {
            assert!(open(&whole[..length]).is_none(), "{length} of {} bytes", whole.len());
        }
        for at in 0..whole.len() {
            let mut bytes = whole.clone();
            bytes[at] ^= 0xff;
            // Any answer but a panic, and as many rows as it says.
            if let Some(segment) = open(&bytes) {
                let (rows, mut read) = (segment.flags.len(), 0);
                segment.each(|_| read += 1);
                assert_eq!(read, rows, "byte {at}");
            }
        }
    }
}
