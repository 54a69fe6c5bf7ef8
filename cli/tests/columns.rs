//! Rows as columns: reports come to the same, and who is erased is in none.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use parlour_cli::store::{Delivery, Event, SqliteStore, Store};
use rusqlite::Connection;

const EVENTS: usize = 40_000;

fn event(at: usize) -> Event {
    let is_exposure = at.is_multiple_of(3);
    Event {
        id: format!("e{at:08}"),
        site: "shop.example".to_owned(),
        kind: if is_exposure { "exposure" } else { "purchase" }.to_owned(),
        anonymous_id: Some(format!("visitor-{}", at / 7)),
        user_id: at.is_multiple_of(11).then(|| format!("user-{}", at / 70)),
        occurred_ms: 1_772_323_200_000 + at as i64,
        received_ms: 1_772_323_200_000 + at as i64,
        experiment: is_exposure.then(|| "banner".to_owned()),
        variant: is_exposure.then(|| "shown".to_owned()),
        reason: is_exposure.then(|| "bucketed".to_owned()),
        order_id: (!is_exposure).then(|| format!("o{at}")),
        revenue_minor: (!is_exposure).then_some(at as i64),
        currency: (!is_exposure).then(|| "EUR".to_owned()),
        raw: r#"{"context":{"page":{"path":"/cart","url":"https://shop.example/cart?utm_source=mail"}}}"#
            .to_owned(),
        ..Event::default()
    }
}

fn filled(path: &std::path::Path) -> SqliteStore {
    let mut store = SqliteStore::open(path).unwrap();
    let events: Vec<Event> = (0..EVENTS).map(event).collect();
    for part in events.chunks(10_000) {
        store.append(&Delivery { events: part.to_vec(), ..Delivery::default() }).unwrap();
    }
    store
}

/// Each event as a report sees it.
fn seen(store: &SqliteStore) -> Vec<String> {
    let mut all = Vec::new();
    store.outcomes(i64::MIN, i64::MAX, &mut |seen| all.push(format!("{seen:?}"))).unwrap();
    all
}

fn condense(store: &mut SqliteStore) {
    while store.condense().unwrap() {}
}

fn segments(path: &std::path::Path) -> Vec<(i64, i64, Vec<u8>)> {
    let connection = Connection::open(path).unwrap();
    let mut select = connection.prepare("SELECT first, last, bytes FROM columns ORDER BY first").unwrap();
    let rows = select.query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?))).unwrap();
    rows.map(Result::unwrap).collect()
}

#[test]
fn columns_say_what_rows_say_also_where_some_are_erased_damaged_or_not_yet_written() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("events.db");
    let mut store = filled(&path);
    let rows = seen(&store);
    assert!(
        rows.len() == EVENTS && rows[0].contains(r#"page: Some("/cart"), source: Some("mail")"#),
        "{}",
        rows[0]
    );
    condense(&mut store);
    assert_eq!(segments(&path).len(), 2, "what does not fill a segment waits");
    assert_eq!(seen(&store), rows);

    let erased = store.forget(&["visitor-100".to_owned()], 0).unwrap().events;
    assert_eq!((erased, segments(&path).len()), (7, 1), "the segment goes with its rows");
    let left = seen(&store);
    assert_eq!(left.len(), rows.len() - 7);
    condense(&mut store);
    assert_eq!(segments(&path).len(), 2, "and is written anew");
    assert_eq!(seen(&store), left);
    let digest = parlour::hash::id64(b"visitor-100").to_le_bytes();
    let has = |bytes: &[u8], of: &[u8]| bytes.windows(8).any(|window| window == of);
    assert!(!segments(&path).iter().any(|(_, _, bytes)| has(bytes, &digest)));
    let kept = parlour::hash::id64(b"visitor-99").to_le_bytes();
    assert!(segments(&path).iter().any(|(_, _, bytes)| has(bytes, &kept)), "ids do stand there as digests");

    store.retain(1_772_323_200_000 + 3, 100).unwrap();
    let left = seen(&store);
    assert_eq!(left.len(), rows.len() - 10);
    Connection::open(&path).unwrap().execute("UPDATE columns SET bytes = substr(bytes, 1, 999)", []).unwrap();
    assert_eq!(seen(&store), left, "a damaged segment's rows are read instead");
}
