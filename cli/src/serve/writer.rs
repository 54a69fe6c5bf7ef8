//! One thread writes: requests that arrive while it waits for the disk share the next transaction.

use std::thread::JoinHandle;

use tokio::sync::{mpsc, oneshot};

use crate::store::{Event, Outcome, Store};

/// Requests that may wait for the disk. At the largest body that is 256 MB, and far more than a disk keeps waiting.
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

type Answer = Result<Vec<Outcome>, Refusal>;

enum Message {
    Append(Job),
    Stop,
}

struct Job {
    events: Vec<Event>,
    answer: oneshot::Sender<Answer>,
}

#[derive(Debug, Clone)]
pub struct Writer {
    queue: mpsc::Sender<Message>,
}

impl Writer {
    /// Starts the thread. It ends after [`Writer::stop`] once everything queued before is on the disk.
    ///
    /// # Errors
    /// When the system gives no thread.
    pub fn start(store: Box<dyn Store>) -> std::io::Result<(Self, JoinHandle<()>)> {
        let (queue, jobs) = mpsc::channel(QUEUE);
        let thread =
            std::thread::Builder::new().name("store-writer".into()).spawn(move || write(store, jobs))?;
        Ok((Self { queue }, thread))
    }

    /// Returns once the events are durable, or with the reason why none of them is.
    ///
    /// # Errors
    /// The queue is full, the server is stopping, or the store failed.
    pub async fn append(&self, events: Vec<Event>) -> Answer {
        let (answer, answered) = oneshot::channel();
        self.queue.try_send(Message::Append(Job { events, answer })).map_err(|refused| match refused {
            mpsc::error::TrySendError::Full(_) => Refusal::Full,
            mpsc::error::TrySendError::Closed(_) => Refusal::Stopping,
        })?;
        answered.await.unwrap_or(Err(Refusal::Stopping))
    }

    /// Takes no more; what is queued is still written.
    pub async fn stop(&self) {
        // An error says that the thread has stopped already.
        let _ = self.queue.send(Message::Stop).await;
    }
}

fn write(mut store: Box<dyn Store>, mut queue: mpsc::Receiver<Message>) {
    while let Some(first) = queue.blocking_recv() {
        let mut jobs = Vec::new();
        let mut events = Vec::new();
        let mut next = Some(first);
        while let Some(message) = next {
            match message {
                Message::Append(mut job) => {
                    let from = events.len();
                    events.append(&mut job.events);
                    jobs.push((from..events.len(), job.answer));
                }
                Message::Stop => queue.close(),
            }
            next = if events.len() < GROUP_EVENTS { queue.try_recv().ok() } else { None };
        }
        let committed = store.append(&events).map_err(|error| Refusal::Failed(error.to_string()));
        for (range, answer) in jobs {
            let own = match &committed {
                Ok(outcomes) => outcomes.get(range).map(<[Outcome]>::to_vec).ok_or_else(|| {
                    Refusal::Failed("the store answered for fewer events than it was given".into())
                }),
                Err(refusal) => Err(refusal.clone()),
            };
            // A client that hung up will send again, and its events are duplicates then.
            let _ = answer.send(own);
        }
    }
}
