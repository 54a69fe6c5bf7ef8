//! Requests that end: in time, after a few redirects, and with no more of a body than it may have.

use std::io::Read;
use std::time::{Duration, Instant};

use ureq::http::{HeaderMap, Request};
use ureq::{Agent, ResponseExt};
use url::Url;

const MAX_REDIRECTS: u32 = 5;
const AGENT: &str = concat!("parlour-doctor/", env!("CARGO_PKG_VERSION"));

/// How long and how much.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    pub request: Duration,
    pub all: Duration,
    /// Of a body as sent, and again unpacked.
    pub bytes: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self { request: Duration::from_secs(10), all: Duration::from_secs(60), bytes: 8 << 20 }
    }
}

#[derive(Debug)]
pub struct Fetcher {
    agent: Agent,
    limits: Limits,
    end: Instant,
}

/// What was answered, unpacked.
#[derive(Debug)]
pub struct Answer {
    /// After redirects.
    pub url: Url,
    pub status: u16,
    pub body: Vec<u8>,
    /// Bytes on the wire.
    pub sent: usize,
    headers: HeaderMap,
}

impl Answer {
    /// All values of a header, as if they were one.
    pub fn header(&self, name: &str) -> String {
        let values = self.headers.get_all(name).iter();
        values.map(|value| String::from_utf8_lossy(value.as_bytes())).collect::<Vec<_>>().join(", ")
    }

    /// Each value of a header that may stand more than once.
    pub fn headers(&self, name: &str) -> Vec<String> {
        let values = self.headers.get_all(name).iter();
        values.map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned()).collect()
    }

    /// The MIME type without its parameters.
    pub fn mime(&self) -> String {
        self.header("content-type").split(';').next().unwrap_or_default().trim().to_ascii_lowercase()
    }

    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }
}

impl Fetcher {
    #[must_use]
    pub fn new(limits: Limits) -> Self {
        let config = Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(MAX_REDIRECTS)
            .user_agent(AGENT)
            // As browsers say it; what comes is unpacked below, so that we see what was sent.
            .accept_encoding("br, gzip")
            .build();
        Self { agent: config.new_agent(), limits, end: Instant::now() + limits.all }
    }

    /// As a page of `origin` would ask for it.
    ///
    /// # Errors
    /// A sentence that says what came instead.
    pub fn get(&self, url: &Url, origin: &str) -> Result<Answer, String> {
        let request = Request::get(url.as_str()).header("origin", origin).body(());
        let request = self.limited(request.map_err(|error| error.to_string())?)?;
        self.answer(self.agent.run(request))
    }

    /// Sends events, without a preflight, as pages do.
    ///
    /// # Errors
    /// As [`Self::get`].
    pub fn post(&self, url: &Url, origin: &str, body: String) -> Result<Answer, String> {
        let request = Request::post(url.as_str())
            .header("origin", origin)
            .header("content-type", "text/plain;charset=UTF-8")
            .body(body);
        let request = self.limited(request.map_err(|error| error.to_string())?)?;
        self.answer(self.agent.run(request))
    }

    fn limited<T: ureq::AsSendBody>(&self, request: Request<T>) -> Result<Request<T>, String> {
        let left = self.end.saturating_duration_since(Instant::now()).min(self.limits.request);
        if left.is_zero() {
            return Err("was not asked for: the time for all requests is used up".into());
        }
        Ok(self.agent.configure_request(request).timeout_global(Some(left)).build())
    }

    fn answer(
        &self,
        answered: Result<ureq::http::Response<ureq::Body>, ureq::Error>,
    ) -> Result<Answer, String> {
        let answered = answered.map_err(|error| explain(&error))?;
        let url = Url::parse(&answered.get_uri().to_string()).map_err(|error| error.to_string())?;
        let (parts, body) = answered.into_parts();
        let sent = self.read(body.into_reader())?;
        let coding = parts.headers.get("content-encoding").map(|value| value.as_bytes().to_ascii_lowercase());
        let body = match coding.as_deref() {
            Some(b"br") => self.read(brotli::Decompressor::new(sent.as_slice(), 4096))?,
            Some(b"gzip") => self.read(flate2::read::MultiGzDecoder::new(sent.as_slice()))?,
            None | Some(b"" | b"identity") => sent.clone(),
            Some(other) => {
                return Err(format!(
                    "is packed as {:?}, for which nobody asked",
                    String::from_utf8_lossy(other)
                ));
            }
        };
        Ok(Answer { url, status: parts.status.as_u16(), body, sent: sent.len(), headers: parts.headers })
    }

    fn read(&self, from: impl Read) -> Result<Vec<u8>, String> {
        let mut bytes = Vec::new();
        let most = self.limits.bytes;
        from.take(most + 1).read_to_end(&mut bytes).map_err(|error| format!("broke off: {error}"))?;
        if bytes.len() as u64 > most { Err(format!("is larger than {most} bytes")) } else { Ok(bytes) }
    }
}

fn explain(error: &ureq::Error) -> String {
    match error {
        ureq::Error::Timeout(_) => "did not answer in time".into(),
        ureq::Error::TooManyRedirects => format!("redirects more than {MAX_REDIRECTS} times"),
        ureq::Error::HostNotFound => "is on a host that has no address".into(),
        other => format!("is not reached: {other}"),
    }
}
