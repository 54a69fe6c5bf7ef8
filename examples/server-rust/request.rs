//! The head of a request, and the facts in it: those that a page says of itself (`pageFacts` in www/capture.js).

use serde_json::{Map, Value};

/// Parameters of the address that are told.
const QUERY_NAMES: usize = 20;

#[derive(Debug, Default)]
pub struct Request {
    pub path: String,
    query: String,
    pub host: String,
    pub cookie: String,
    user_agent: String,
    referrer: String,
    languages: String,
}

impl Request {
    pub fn parse(head: &str) -> Option<Self> {
        let mut lines = head.lines();
        let target = lines.next()?.split(' ').nth(1)?;
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        let mut request = Self { path: path.into(), query: query.into(), ..Self::default() };
        for (name, value) in lines.filter_map(|line| line.split_once(':')) {
            let value = value.trim().to_owned();
            match name.to_ascii_lowercase().as_str() {
                "host" => request.host = value,
                "cookie" => request.cookie = value,
                "user-agent" => request.user_agent = value,
                "referer" => request.referrer = value,
                "accept-language" => request.languages = value,
                _ => {}
            }
        }
        request.path.starts_with('/').then_some(request)
    }

    pub fn cookie(&self, name: &str) -> Option<&str> {
        self.cookie.split("; ").find_map(|pair| pair.strip_prefix(name)?.strip_prefix('='))
    }

    /// The host without its port.
    pub fn hostname(&self) -> &str {
        self.host.split(':').next().unwrap_or_default()
    }

    pub fn facts(&self) -> Map<String, Value> {
        let mut facts = Map::new();
        let mut tell = |name: String, value: String, most: usize| {
            facts.entry(name).or_insert_with(|| value.chars().take(most).collect::<String>().into());
        };
        let query = if self.query.is_empty() { String::new() } else { format!("?{}", self.query) };
        tell("page.path".into(), self.path.clone(), usize::MAX);
        tell("page.host".into(), self.hostname().into(), usize::MAX);
        tell("page.url".into(), format!("http://{}{}{query}", self.host, self.path), 2_000);
        tell("device.type".into(), self.device().into(), usize::MAX);
        let language = self.languages.split([',', ';']).next().unwrap_or_default();
        if !language.is_empty() {
            tell("device.language".into(), language.into(), usize::MAX);
        }
        if let Some(from) = self.referrer.split_once("://").and_then(|(_, rest)| rest.split('/').next()) {
            tell("page.referrer".into(), from.into(), usize::MAX);
        }
        // The first of a name counts.
        for pair in self.query.split('&').filter(|pair| !pair.is_empty()).take(QUERY_NAMES) {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            let name: String = decoded(name).chars().take(64).collect();
            tell(format!("page.query.{name}"), decoded(value), 500);
        }
        facts
    }

    fn device(&self) -> &'static str {
        let has = |word| self.user_agent.contains(word);
        let is_android_tablet =
            self.user_agent.split("Android").skip(1).last().is_some_and(|rest| !rest.contains("Mobile"));
        if has("iPad") || has("Tablet") || is_android_tablet {
            "tablet"
        } else if has("Mobi") {
            "mobile"
        } else {
            "desktop"
        }
    }
}

/// Of application/x-www-form-urlencoded.
fn decoded(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while let Some(byte) = bytes.get(at) {
        let digits =
            text.get(at + 1..at + 3).filter(|pair| pair.bytes().all(|digit| digit.is_ascii_hexdigit()));
        match (byte, digits.and_then(|pair| u8::from_str_radix(pair, 16).ok())) {
            (b'%', Some(value)) => {
                out.push(value);
                at += 2;
            }
            (b'+', _) => out.push(b' '),
            _ => out.push(*byte),
        }
        at += 1;
    }
    String::from_utf8_lossy(&out).into_owned()
}
