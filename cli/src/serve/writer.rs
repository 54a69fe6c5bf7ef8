//! One thread writes: requests that arrive while it waits for the disk share the next transaction.

use std::ops::Range;
use std::thread::JoinHandle;

use tokio::sync::{mpsc, oneshot, watch};

use super::bucketing::Judge;
use crate::store::{Delivery, Receipt, Store, StoreError};

/// Requests that may wait for the disk; what they hold in memory is bounded by `body::Memory`.
const QUEUE: usize = 256;
/// Events in one transaction, after which the requests already in it are answered.
const GROUP_EVENTS: usize = 4_000;

/// Why a batch was not kept. None of it was.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refusal {
    Full,
    Stopping,
    Failed(String),
}

type Answer = Result<Receipt, Refusal>;

enum Message {
    Append(Job),
    Stop,
}

struct Job {
    delivery: Delivery,
    answer: oneshot::Sender<Answer>,
}

#[derive(Debug, Clone)]
pub struct Writer {
    queue: mpsc::Sender<Message>,
    committed: watch::Receiver<u64>,
}

impl Writer {
    /// Starts the thread. It ends after [`Writer::stop`] once everything queued before is on the disk.
    ///
    /// # Errors
    /// When the system gives no thread.
    pub fn start(store: Box<dyn Store>) -> std::io::Result<(Self, JoinHandle<()>)> {
        let (queue, jobs) = mpsc::channel(QUEUE);
        let (commits, committed) = watch::channel(0);
        let thread = std::thread::Builder::new()
            .name("store-writer".into())
            .spawn(move || write(store, jobs, &commits))?;
        Ok((Self { queue, committed }, thread))
    }

    /// Returns once all of it is durable, or with the reason why nothing is.
    ///
    /// # Errors
    /// The queue is full, the server is stopping, or the store failed.
    pub async fn append(&self, delivery: Delivery) -> Answer {
        let (answer, answered) = oneshot::channel();
        self.queue.try_send(Message::Append(Job { delivery, answer })).map_err(|refused| match refused {
            mpsc::error::TrySendError::Full(_) => Refusal::Full,
            mpsc::error::TrySendError::Closed(_) => Refusal::Stopping,
        })?;
        answered.await.unwrap_or(Err(Refusal::Stopping))
    }

    /// Changes with every commit; closed once the writer has stopped.
    #[must_use]
    pub fn committed(&self) -> watch::Receiver<u64> {
        self.committed.clone()
    }

    /// Takes no more; what is queued is still written.
    pub async fn stop(&self) {
        // An error says that the thread has stopped already.
        let _ = self.queue.send(Message::Stop).await;
    }
}

struct Waiting {
    events: Range<usize>,
    wishes: Range<usize>,
    answer: oneshot::Sender<Answer>,
}

fn write(mut store: Box<dyn Store>, mut queue: mpsc::Receiver<Message>, commits: &watch::Sender<u64>) {
    let mut judge = Judge::default();
    while let Some(first) = queue.blocking_recv() {
        let mut waiting = Vec::new();
        let mut group = Delivery::default();
        let mut next = Some(first);
        while let Some(message) = next {
            match message {
                Message::Append(Job { delivery, answer }) => waiting.push(add(&mut group, delivery, answer)),
                Message::Stop => queue.close(),
            }
            next = if group.events.len() < GROUP_EVENTS { queue.try_recv().ok() } else { None };
        }
        let committed = commit(store.as_mut(), &mut judge, &mut group);
        let committed = committed.map_err(|error| Refusal::Failed(error.to_string()));
        for Waiting { events, wishes, answer } in waiting {
            let own = committed.as_ref().map_err(Clone::clone).and_then(|receipt| {
                let events = receipt.events.get(events).map(<[_]>::to_vec);
                let forgotten = receipt.forgotten.get(wishes).map(<[_]>::to_vec);
                let own = events.zip(forgotten).map(|(events, forgotten)| Receipt { events, forgotten });
                own.ok_or_else(|| {
                    Refusal::Failed("the store answered for fewer events than it was given".into())
                })
            });
            // A client that hung up will send again, and its events are duplicates then.
            let _ = answer.send(own);
        }
        if committed.is_ok() && !group.events.is_empty() {
            commits.send_modify(|commits| *commits += 1);
        }
    }
}

fn add(group: &mut Delivery, mut delivery: Delivery, answer: oneshot::Sender<Answer>) -> Waiting {
    let (events, wishes) = (group.events.len(), group.forget.len());
    group.events.append(&mut delivery.events);
    group.forget.append(&mut delivery.forget);
    group.tabs.append(&mut delivery.tabs);
    group.quarantined.append(&mut delivery.quarantined);
    group.locks.append(&mut delivery.locks);
    Waiting { events: events..group.events.len(), wishes: wishes..group.forget.len(), answer }
}

fn commit(store: &mut dyn Store, judge: &mut Judge, group: &mut Delivery) -> Result<Receipt, StoreError> {
    judge.mark(&mut group.events, store)?;
    store.append(group)
}
