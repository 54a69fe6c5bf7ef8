//! What requests brought, in one transaction.

use rusqlite::{Connection, OptionalExtension, Transaction, TransactionBehavior};

use super::{
    Delivery, ForgetMe, Forgetting, Outcome, Receipt, StoreError, erase, quarantine, rows, tabs, tallies,
};

pub fn append(connection: &mut Connection, delivery: &Delivery) -> Result<Receipt, StoreError> {
    // Immediate: one that begins by reading is refused when another process has written meanwhile.
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    lock(&transaction, delivery)?;
    let mut events = Vec::with_capacity(delivery.events.len());
    {
        let forgotten = erase::Forgotten::of(&transaction)?;
        let mut insert = transaction.prepare_cached(&rows::insert_statement())?;
        for event in &delivery.events {
            events.push(if forgotten.names(event)? {
                Outcome::Forgotten
            } else if rows::insert(&mut insert, event)? {
                Outcome::Stored
            } else {
                Outcome::Duplicate
            });
        }
    }
    tabs::note(&transaction, delivery, &events)?;
    quarantine::add(&transaction, &delivery.quarantined)?;
    tallies::note(&transaction, delivery, &events)?;
    // Last: what came before a wish, and what came with it, is erased by it.
    let received_ms = delivery.events.iter().map(|event| event.received_ms).max().unwrap_or_default();
    let forgotten = delivery.forget.iter().map(|wish| forget(&transaction, wish, received_ms));
    let forgotten = forgotten.collect::<Result<_, _>>()?;
    transaction.commit()?;
    Ok(Receipt { events, forgotten })
}

fn lock(transaction: &Transaction<'_>, delivery: &Delivery) -> Result<(), StoreError> {
    let mut insert = transaction.prepare_cached(
        "INSERT INTO locks (anonymous_id, digest) SELECT ?1, ?2 \
         WHERE NOT EXISTS (SELECT 1 FROM events WHERE anonymous_id = ?1) ON CONFLICT (anonymous_id) DO NOTHING",
    )?;
    for lock in &delivery.locks {
        insert.execute((&lock.anonymous_id, &lock.digest))?;
    }
    Ok(())
}

/// Only the device's own rows: which other ids belong to the same person is said by events that nobody vouches for.
fn forget(transaction: &Transaction<'_>, wish: &ForgetMe, now_ms: i64) -> Result<Forgetting, StoreError> {
    let mut select = transaction.prepare_cached("SELECT digest FROM locks WHERE anonymous_id = ?1")?;
    let digest: Option<String> = select.query_row([&wish.anonymous_id], |row| row.get(0)).optional()?;
    if erase::Forgotten::of(transaction)?.has(&wish.anonymous_id)? {
        // Sent again because the answer was lost.
        return Ok(Forgetting::Done { rows: 0 });
    }
    match digest {
        None => Ok(Forgetting::Unlocked),
        Some(digest) if !erase::opens(&wish.secret, &digest) => Ok(Forgetting::WrongSecret),
        Some(_) => {
            let erased = erase::forget(transaction, std::slice::from_ref(&wish.anonymous_id), now_ms)?;
            Ok(Forgetting::Done { rows: erased.events })
        }
    }
}
