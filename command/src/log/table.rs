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
const ITEMS: [&str; 5] = ["item_id", "itemid", "item", "product_id", "sku"];
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
    mut input: impl BufRead,
    columns: &Columns,
) -> anyhow::Result<()> {
    let start = input.fill_buf().with_context(|| format!("cannot read {name}"))?;
    let heading = start.split(|byte| *byte == b'\n').next().unwrap_or_default();
    let delimiter = b"\t;".iter().copied().find(|mark| heading.contains(mark)).unwrap_or(b',');
    let mut reader = ReaderBuilder::new().delimiter(delimiter).flexible(true).from_reader(input);
    let headers = reader.headers().with_context(|| format!("{name}: the heading cannot be read"))?.clone();
    let places = places(&headers, columns).with_context(|| name.to_owned())?;
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

fn places(headers: &StringRecord, columns: &Columns) -> anyhow::Result<Places> {
    let find = |told: &Option<String>, usual: &[&str]| match told {
        Some(name) => named(headers, name).map(Some),
        None => Ok(usual.iter().find_map(|usual| headers.iter().position(|header| is_usual(header, usual)))),
    };
    let needed = |told, usual: &[&str], option| {
        find(told, usual)?.ok_or_else(|| {
            let all = all(headers);
            anyhow!(
                "no column is called {}: say which it is with --{option}; the heading has {all}",
                usual.join(" or ")
            )
        })
    };
    Ok(Places {
        session: needed(&columns.session, &SESSIONS, "session")?,
        item: needed(&columns.item, &ITEMS, "item")?,
        time: find(&columns.time, &TIMES)?,
        // A word such as "event" may stand over anything: taken only where it is told.
        kind: find(&columns.kind, &[])?,
    })
}

fn is_usual(header: &str, usual: &str) -> bool {
    let header = header.trim().trim_start_matches('\u{feff}');
    header.eq_ignore_ascii_case(usual)
        || header.replace('_', "").eq_ignore_ascii_case(&usual.replace('_', ""))
}

fn named(headers: &StringRecord, name: &str) -> anyhow::Result<usize> {
    let clean = |header: &str| header.trim().trim_start_matches('\u{feff}').to_owned();
    headers.iter().position(|header| clean(header) == name).ok_or_else(|| {
        let known: Vec<String> = headers.iter().map(clean).collect();
        let near = did_you_mean(name, known.iter().map(String::as_str));
        let cure = near.map_or_else(
            || format!("the heading has {}", all(headers)),
            |near| format!("did you mean {near:?}?"),
        );
        anyhow!("no column is called {name:?}: {cure}")
    })
}

fn all(headers: &StringRecord) -> String {
    headers.iter().take(30).collect::<Vec<_>>().join(", ")
}
