//! Tables with a heading: columns parted by commas, semicolons or tabs, in any order.

use std::io::BufRead;

use anyhow::{Context as _, anyhow};
use csv::{ReaderBuilder, StringRecord};
use parlour::authoring::did_you_mean;
use parlour_train::log::Kind;

use super::time::seconds;
use super::{Reading, Reason, Seen};

/// Names of columns; where none is told, the usual ones are looked for.
#[derive(Debug, Clone, Default)]
pub struct Columns {
    pub session: Option<String>,
    pub item: Option<String>,
    pub time: Option<String>,
    pub kind: Option<String>,
}

const SESSIONS: [&str; 5] = ["session_id", "sessionid", "session", "visitor_id", "user_id"];
const TIMES: [&str; 6] = ["time", "timestamp", "ts", "event_time", "datetime", "date"];

struct Places {
    session: usize,
    item: usize,
    time: Option<usize>,
    kind: Option<usize>,
}

pub(super) fn read(
    reading: &mut Reading,
    name: &str,
    input: impl BufRead,
    columns: &Columns,
) -> anyhow::Result<()> {
    let (mut reader, heading) = open(name, input)?;
    let places = places(&heading, columns).with_context(|| name.to_owned())?;
    let mut record = StringRecord::new();
    loop {
        let line = reader.position().line();
        match reader.read_record(&mut record) {
            Ok(false) => return Ok(()),
            Ok(true) => row(reading, name, line, &record, &places)?,
            Err(error) if error.is_io_error() => {
                return Err(error).with_context(|| format!("{name}: line {line} cannot be read"));
            }
            Err(_) => {
                reading.lines += 1;
                reading.trouble.note(Reason::Unreadable, name, line);
            }
        }
    }
}

/// A table, and what its first line says.
pub(super) fn open<R: BufRead>(name: &str, mut input: R) -> anyhow::Result<(csv::Reader<R>, Heading)> {
    let start = input.fill_buf().with_context(|| format!("cannot read {name}"))?;
    let line = start.split(|byte| *byte == b'\n').next().unwrap_or_default();
    let delimiter = b"\t;".iter().copied().find(|mark| line.contains(mark)).unwrap_or(b',');
    let mut reader = ReaderBuilder::new().delimiter(delimiter).flexible(true).from_reader(input);
    let headers = reader.headers().with_context(|| format!("{name}: the heading cannot be read"))?;
    let clean = |header: &str| header.trim().trim_start_matches('\u{feff}').to_owned();
    let heading = Heading(headers.iter().map(clean).collect());
    Ok((reader, heading))
}

fn row(
    reading: &mut Reading,
    name: &str,
    line: u64,
    record: &StringRecord,
    places: &Places,
) -> anyhow::Result<()> {
    reading.lines += 1;
    let (Some(session), Some(item)) = (record.get(places.session), record.get(places.item)) else {
        reading.trouble.note(Reason::Unreadable, name, line);
        return Ok(());
    };
    let at = match places.time {
        None => None,
        Some(place) => match record.get(place).and_then(seconds) {
            Some(at) => Some(at),
            None => {
                reading.trouble.note(Reason::BadTime, name, line);
                return Ok(());
            }
        },
    };
    let kind = match places.kind {
        None => Kind::View,
        Some(place) => match record.get(place).and_then(kind) {
            Some(kind) => kind,
            None => {
                reading.trouble.note(Reason::UnknownKind, name, line);
                return Ok(());
            }
        },
    };
    reading.add(name, line, Seen { session: session.trim(), item: item.trim(), at, kind })
}

/// The words of several shops and of the Segment specification.
fn kind(text: &str) -> Option<Kind> {
    match text.trim().to_ascii_lowercase().as_str() {
        "view" | "view_item" | "click" | "product viewed" | "detail" => Some(Kind::View),
        "cart" | "add_to_cart" | "addtocart" | "add" | "product added" => Some(Kind::Cart),
        "purchase" | "buy" | "transaction" | "order" | "order completed" => Some(Kind::Purchase),
        _ => None,
    }
}

fn places(heading: &Heading, columns: &Columns) -> anyhow::Result<Places> {
    Ok(Places {
        session: heading.needed(columns.session.as_deref(), &SESSIONS, "session")?,
        item: heading.needed(columns.item.as_deref(), &Heading::ITEMS, "item")?,
        time: heading.find(columns.time.as_deref(), &TIMES)?,
        // A word such as "event" may stand over anything: taken only where it is told.
        kind: heading.find(columns.kind.as_deref(), &[])?,
    })
}

/// Names of columns.
pub(super) struct Heading(Vec<String>);

impl Heading {
    pub const ITEMS: [&str; 5] = ["item_id", "itemid", "item", "product_id", "sku"];

    /// The column that is told, or else one of the usual ones, if there is any.
    pub fn find(&self, told: Option<&str>, usual: &[&str]) -> anyhow::Result<Option<usize>> {
        match told {
            Some(name) => self.named(name).map(Some),
            None => {
                Ok(usual.iter().find_map(|usual| self.0.iter().position(|header| is_usual(header, usual))))
            }
        }
    }

    pub fn needed(&self, told: Option<&str>, usual: &[&str], option: &str) -> anyhow::Result<usize> {
        self.find(told, usual)?.ok_or_else(|| {
            let (usual, all) = (usual.join(" or "), self.all());
            anyhow!("no column is called {usual}: say which it is with --{option}; the heading has {all}")
        })
    }

    fn named(&self, name: &str) -> anyhow::Result<usize> {
        self.0.iter().position(|header| header == name).ok_or_else(|| {
            let near = did_you_mean(name, self.0.iter().map(String::as_str));
            let cure = near.map_or_else(
                || format!("the heading has {}", self.all()),
                |near| format!("did you mean {near:?}?"),
            );
            anyhow!("no column is called {name:?}: {cure}")
        })
    }

    fn all(&self) -> String {
        self.0.iter().take(30).map(String::as_str).collect::<Vec<_>>().join(", ")
    }
}

fn is_usual(header: &str, usual: &str) -> bool {
    header.replace('_', "").eq_ignore_ascii_case(&usual.replace('_', ""))
}
