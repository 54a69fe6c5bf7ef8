//! What a server does beside its requests: what is too old goes, day by day; rows become columns for reports; what is wrong
//! is told to `--alert`.

use std::sync::mpsc;
use std::thread::JoinHandle;
use std::time::Duration;

use tokio::sync::watch;

use super::alert::Alerts;
use super::{Options, Reader, Server, now_ms};

const EVERY: Duration = Duration::from_secs(60);
const DAY_MS: i64 = 86_400_000;
/// Rows of one transaction: who sends waits no longer than that takes.
const ROWS_AT_ONCE: u32 = 2_000;

/// The thread, until [`Upkeep::end`].
#[derive(Debug)]
pub struct Upkeep {
    end: Option<mpsc::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Upkeep {
    /// # Errors
    /// When the system gives no thread.
    pub fn new(options: &Options, server: &Server, stopped: watch::Receiver<bool>) -> std::io::Result<Self> {
        let (end, ended) = mpsc::channel();
        let (retain_days, reader) = (options.retain_days, server.app.reader.clone());
        let mut alerts = options.alert.as_ref().map(|url| Alerts::new(url, server.app.live.clone()));
        let thread = std::thread::Builder::new().name("upkeep".into()).spawn(move || {
            loop {
                if let Some(days) = retain_days {
                    retain(&reader, days, &stopped);
                }
                condense(&reader, &stopped);
                if let Some(alerts) = &mut alerts {
                    alerts.look(&reader, now_ms());
                }
                if ended.recv_timeout(EVERY) != Err(mpsc::RecvTimeoutError::Timeout) {
                    return;
                }
            }
        })?;
        Ok(Self { end: Some(end), thread: Some(thread) })
    }

    /// Returns once the thread has finished what it was at.
    pub fn end(&mut self) {
        self.end = None;
        if let Some(thread) = self.thread.take() {
            // A panicked thread has nothing to finish.
            let _ = thread.join();
        }
    }
}

/// What reports read, so that they need not read all of it anew.
fn condense(reader: &Reader, stopped: &watch::Receiver<bool>) {
    loop {
        match reader.with(|store| store.condense()) {
            Ok(true) if !*stopped.borrow() => std::thread::sleep(Duration::from_millis(20)),
            Ok(_) => return,
            Err(error) => {
                eprintln!("parlour: columns for reports could not be written: {error}");
                return;
            }
        }
    }
}

fn retain(reader: &Reader, days: u32, stopped: &watch::Receiver<bool>) {
    let since_ms = now_ms() - i64::from(days) * DAY_MS;
    loop {
        match reader.with(|store| store.retain(since_ms, ROWS_AT_ONCE)) {
            Ok(rows) if rows < u64::from(ROWS_AT_ONCE) || *stopped.borrow() => return,
            Ok(_) => std::thread::sleep(Duration::from_millis(20)),
            Err(error) => {
                eprintln!("parlour: what is older than {days} days could not be erased: {error}");
                return;
            }
        }
    }
}
