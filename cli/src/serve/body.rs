//! The bytes of a request: read with a limit on size and time, unpacked with a limit on how much comes out of how little.

use std::io::Read;
use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::http::{HeaderMap, StatusCode, header};
use http_body_util::BodyExt;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::refused::Refused;

pub const MAX_BODY_BYTES: usize = 1 << 20;
/// A body too long is read this far and thrown away, so that the sender gets our answer rather than a broken pipe.
const MAX_DISCARDED_BYTES: usize = 16 << 20;
/// A megabyte in that time is slower than any phone that is connected at all.
const BODY_TIMEOUT: Duration = Duration::from_secs(20);
/// JSON of events packs to a tenth; only what was made to burst packs so much better.
const MAX_RATIO: usize = 200;
/// Below this size a ratio says nothing.
const MIN_RATIO_BYTES: usize = 64 << 10;
/// All bodies that are read or waiting at one time, whatever the number of connections.
const MAX_HELD_BYTES: usize = 96 << 20;

/// What all bodies together may hold in memory, and how long each may take to come.
#[derive(Debug, Clone)]
pub struct Memory {
    shares: Arc<Semaphore>,
    timeout: Duration,
}

impl Default for Memory {
    fn default() -> Self {
        Self { shares: Arc::new(Semaphore::new(MAX_HELD_BYTES)), timeout: BODY_TIMEOUT }
    }
}

/// A body, and its share of the memory until it is dropped.
#[derive(Debug)]
pub struct Held {
    pub bytes: Bytes,
    shares: Vec<OwnedSemaphorePermit>,
}

impl Memory {
    fn take(&self, bytes: usize) -> Result<OwnedSemaphorePermit, Refused> {
        let permits = u32::try_from(bytes).unwrap_or(u32::MAX);
        Arc::clone(&self.shares).try_acquire_many_owned(permits).map_err(|_| {
            Refused::busy("too many bodies are being read", "keep the events and send them again later")
        })
    }

    pub async fn receive(&self, headers: &HeaderMap, body: Body) -> Result<Held, Refused> {
        let late = |_| {
            let error = format!("the body took longer than {} s", self.timeout.as_secs());
            Refused::new(StatusCode::REQUEST_TIMEOUT, error, "send less at a time")
        };
        let held = tokio::time::timeout(self.timeout, self.read(body)).await.map_err(late)??;
        self.inflate(headers, held)
    }

    async fn read(&self, mut body: Body) -> Result<Held, Refused> {
        let (mut bytes, mut seen, mut shares) = (Vec::new(), 0usize, Vec::new());
        while let Some(frame) = body.frame().await {
            let frame = frame
                .map_err(|error| Refused::bad(format!("the body broke off: {error}"), "send it again"))?;
            let Some(data) = frame.data_ref() else { continue };
            seen += data.len();
            if seen <= MAX_BODY_BYTES {
                shares.push(self.take(data.len())?);
                bytes.extend_from_slice(data);
            } else if seen > MAX_DISCARDED_BYTES {
                break;
            }
        }
        if seen > MAX_BODY_BYTES { Err(too_large()) } else { Ok(Held { bytes: bytes.into(), shares }) }
    }

    /// Takes gzip by its header or by its first bytes: naming the encoding would cost a page a preflight.
    fn inflate(&self, headers: &HeaderMap, mut held: Held) -> Result<Held, Refused> {
        let named = headers.get(header::CONTENT_ENCODING).map(|value| value.as_bytes().to_ascii_lowercase());
        let looks_packed = held.bytes.starts_with(&[0x1f, 0x8b]);
        match named.as_deref() {
            Some(b"gzip") => {}
            Some(b"identity") | None if !looks_packed => return Ok(held),
            Some(b"identity") | None => {}
            Some(other) => {
                let what = format!("the content encoding is {:?}", String::from_utf8_lossy(other));
                return Err(Refused::new(
                    StatusCode::UNSUPPORTED_MEDIA_TYPE,
                    what,
                    "send it plain or as gzip",
                ));
            }
        }
        let plain = gunzip(&held.bytes)?;
        held.shares.push(self.take(plain.len())?);
        held.bytes = plain.into();
        Ok(held)
    }
}

fn gunzip(packed: &[u8]) -> Result<Vec<u8>, Refused> {
    let mut plain = Vec::new();
    let most = MAX_BODY_BYTES.min((packed.len() * MAX_RATIO).max(MIN_RATIO_BYTES));
    let mut reader = flate2::read::MultiGzDecoder::new(packed).take(most as u64 + 1);
    reader.read_to_end(&mut plain).map_err(|error| {
        Refused::bad(format!("the body is not gzip: {error}"), "send it plain or compress it whole")
    })?;
    match plain.len() {
        len if len > MAX_BODY_BYTES => Err(too_large()),
        len if len > most => Err(Refused::new(
            StatusCode::PAYLOAD_TOO_LARGE,
            format!("the body unpacks to more than {MAX_RATIO} times its size"),
            "send it plain",
        )),
        _ => Ok(plain),
    }
}

fn too_large() -> Refused {
    Refused::new(StatusCode::PAYLOAD_TOO_LARGE, "the body is longer than 1 MB", "send fewer events at a time")
}

#[cfg(test)]
mod tests {
    use futures_util::stream;

    use super::*;

    fn status(received: Result<Held, Refused>) -> u16 {
        received.map_or_else(|refused| refused.status.as_u16(), |_| 200)
    }

    #[tokio::test]
    async fn a_body_that_never_ends_is_given_up() {
        let memory = Memory { timeout: Duration::from_millis(20), ..Memory::default() };
        let chunks = stream::unfold(0u32, |sent| async move {
            tokio::time::sleep(Duration::from_millis(1)).await;
            Some((Ok::<_, std::io::Error>(Bytes::from_static(b" ")), sent + 1))
        });
        let received = memory.receive(&HeaderMap::new(), Body::from_stream(chunks)).await;
        assert_eq!(status(received), 408);
        assert_eq!(memory.shares.available_permits(), MAX_HELD_BYTES, "and its memory is given back");
    }

    #[tokio::test]
    async fn bodies_share_a_memory_that_is_bounded_and_given_back() {
        let memory = Memory::default();
        let headers = HeaderMap::new();
        let receive = || memory.receive(&headers, Body::from(vec![b' '; MAX_BODY_BYTES]));
        let mut held = Vec::new();
        for _ in 0..MAX_HELD_BYTES / MAX_BODY_BYTES {
            held.extend(receive().await.ok());
        }
        assert_eq!(held.len(), MAX_HELD_BYTES / MAX_BODY_BYTES);
        assert_eq!(status(receive().await), 503);
        held.pop();
        assert_eq!(status(receive().await), 200);
    }
}
