//! What outlives a page: session, exposures, journey, rows. A fold of journal entries, so that any tab, a later page
//! or a restarted engine comes to the same state. Stored state is hostile input.

use crate::assignment::Kept;
use crate::hash::murmur3_32;
use crate::journey::{Journey, Session, Touchpoint, TouchpointKind, count, push_bounded};
use crate::plan::Experiment;
use crate::plan::bytes::{Reader, Writer};
use crate::recommend::row::Row;

const VERSION: u8 = 2;
pub const MAX_SNAPSHOT_BYTES: usize = 16 * 1_024;
/// Exposures remembered; the oldest go first.
const MAX_MET: usize = 256;
pub const MAX_ROWS: usize = 32;
const MAX_SHOWN: usize = 64;

/// A unit met an experiment's variant: it stays with it, and is not counted again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Met {
    pub experiment: u64,
    pub version: u32,
    pub unit: u32,
    /// Its id: places change from plan to plan.
    pub variant: u32,
    /// A passing unit (session, page view) is forgotten with the page.
    pub lasts: bool,
}

/// How often an experience was shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shown {
    pub experience: u64,
    pub session: u64,
    pub in_session: u32,
    pub ever: u32,
}

#[derive(Clone, Debug, Default)]
pub struct State {
    pub session: Session,
    pub journey: Journey,
    pub met: Vec<Met>,
    pub shown: Vec<Shown>,
    /// Newest first.
    pub rows: Vec<Row>,
}

/// One step of the fold.
#[derive(Clone, Debug)]
pub enum Entry<'a> {
    Touchpoint(Touchpoint),
    /// A sign of life that tells nothing but its time: what is kept where the journey may not be.
    Alive(u64),
    Met(Met),
    Shown(u64),
    Row(&'a [u8]),
}

impl<'a> Entry<'a> {
    pub fn write(&self, writer: &mut Writer) {
        match self {
            Self::Touchpoint(touchpoint) => {
                writer.u8(1);
                touchpoint.write_stored(writer);
            }
            Self::Alive(at_ms) => {
                writer.u8(2);
                writer.varint(*at_ms);
            }
            Self::Met(met) => {
                writer.u8(3);
                met.write(writer);
            }
            Self::Shown(experience) => {
                writer.u8(4);
                writer.u64(*experience);
            }
            Self::Row(bytes) => {
                writer.u8(5);
                writer.text(bytes);
            }
        }
    }

    pub fn read(reader: &mut Reader<'a>) -> Option<Self> {
        let entry = match reader.u8() {
            1 => Self::Touchpoint(Touchpoint::read_stored(reader)?),
            2 => Self::Alive(reader.varint()),
            3 => Self::Met(Met::read(reader)),
            4 => Self::Shown(reader.u64()),
            5 => Self::Row(reader.text()),
            _ => return None,
        };
        reader.is_whole().then_some(entry)
    }
}

impl Met {
    fn write(&self, writer: &mut Writer) {
        writer.u64(self.experiment);
        writer.u32(self.version);
        writer.u32(self.unit);
        writer.u32(self.variant);
    }

    fn read(reader: &mut Reader<'_>) -> Self {
        Self {
            experiment: reader.u64(),
            version: reader.u32(),
            unit: reader.u32(),
            variant: reader.u32(),
            lasts: true,
        }
    }
}

impl State {
    /// Takes one step; true when a session started.
    pub fn apply(&mut self, entry: &Entry<'_>, visitor: &[u8]) -> bool {
        match entry {
            Entry::Touchpoint(touchpoint) => {
                let starts = self.session.touch(visitor, touchpoint.at_ms);
                if touchpoint.kind == TouchpointKind::PageView {
                    count(&mut self.session.page_views);
                }
                self.journey.record(touchpoint);
                return starts;
            }
            Entry::Alive(at_ms) => return self.session.touch(visitor, *at_ms),
            Entry::Met(met) => self.meet(*met),
            Entry::Shown(experience) => self.show(*experience),
            Entry::Row(bytes) => {
                if let Some(row) = Row::decode(bytes) {
                    self.see(row);
                }
            }
        }
        false
    }

    fn meet(&mut self, met: Met) {
        if !self.met.contains(&met) {
            push_bounded(&mut self.met, met, MAX_MET);
        }
    }

    /// First exposure decides, among the variants that the plan still has.
    #[must_use]
    pub fn kept(&self, experiment: &Experiment, unit: u32) -> Kept {
        let mut kept = Kept::Nothing;
        for met in self.met.iter().filter(|met| met.experiment == experiment.id && met.unit == unit) {
            if met.version == experiment.version
                && let Some(place) = experiment.variants.iter().position(|id| *id == met.variant)
            {
                return Kept::Variant(place as u8);
            }
            if met.version < experiment.version {
                kept = Kept::Older;
            }
        }
        kept
    }

    fn show(&mut self, experience: u64) {
        let session = self.session.id;
        if let Some(shown) = self.shown.iter_mut().find(|shown| shown.experience == experience) {
            shown.in_session = if shown.session == session { shown.in_session.saturating_add(1) } else { 1 };
            shown.session = session;
            shown.ever = shown.ever.saturating_add(1);
            return;
        }
        push_bounded(&mut self.shown, Shown { experience, session, in_session: 1, ever: 1 }, MAX_SHOWN);
    }

    /// A newer row of the same item takes the older one's place, at the front; another model's rows are dropped.
    fn see(&mut self, row: Row) {
        self.rows.retain(|known| known.own != row.own && known.model == row.model);
        self.rows.push(row);
        self.rows.rotate_right(1);
        self.rows.truncate(MAX_ROWS);
    }

    /// `with_profile` says whether journey, rows and showings may be kept.
    #[must_use]
    pub fn encode(&self, with_profile: bool) -> Vec<u8> {
        let mut body = Writer::default();
        self.session.write(&mut body);
        let lasting: Vec<&Met> = self.met.iter().filter(|met| met.lasts).collect();
        body.varint(lasting.len() as u64);
        for met in lasting {
            met.write(&mut body);
        }
        body.u8(u8::from(with_profile));
        if with_profile {
            self.journey.write(&mut body);
            body.varint(self.shown.len() as u64);
            for shown in &self.shown {
                body.u64(shown.experience);
                body.u64(shown.session);
                body.u32(shown.in_session);
                body.u32(shown.ever);
            }
            body.varint(self.rows.len() as u64);
            for row in &self.rows {
                body.text(&row.encode());
            }
        }
        let mut snapshot = Writer::default();
        snapshot.u8(VERSION);
        snapshot.u32(murmur3_32(&body.bytes, u32::from(VERSION)));
        snapshot.bytes.append(&mut body.bytes);
        snapshot.bytes
    }

    /// `None` for anything that is not a whole snapshot of this version: start afresh.
    #[must_use]
    pub fn decode(bytes: &[u8]) -> Option<Self> {
        if bytes.len() > MAX_SNAPSHOT_BYTES {
            return None;
        }
        let mut reader = Reader::new(bytes);
        let version = reader.u8();
        let check = reader.u32();
        if version != VERSION || murmur3_32(reader.clone().take_rest(), u32::from(VERSION)) != check {
            return None;
        }
        let mut state = Self { session: Session::read(&mut reader), ..Self::default() };
        state.met = reader.many_within(MAX_MET, Met::read);
        if reader.flag() {
            state.journey = Journey::read(&mut reader);
            state.shown = reader.many_within(MAX_SHOWN, |reader| Shown {
                experience: reader.u64(),
                session: reader.u64(),
                in_session: reader.u32(),
                ever: reader.u32(),
            });
            state.rows = reader.many_within(MAX_ROWS, |reader| {
                let row = Row::decode(reader.text());
                reader.known(row, Row::default())
            });
        }
        reader.has_ended().then_some(state)
    }
}
