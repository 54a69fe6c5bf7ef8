//! `urlPatterns` → conditions over the parts of the address, which the host tells as facts: `$url.host`, `$url.path`,
//! `$url.hash`, `$url.query.NAME`, `$url.href` and `$url.rest` (the address without its origin).

use super::super::json::{Json, Member, Value, below};
use super::Compiler;

/// An address as browsers take it apart, as far as patterns and tests need.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Parts {
    pub origin: String,
    pub host: String,
    pub path: String,
    pub search: String,
    pub hash: String,
    pub query: Vec<(String, String)>,
}

impl Compiler<'_, '_, '_, '_> {
    /// No pattern that includes: all addresses but those excluded. No pattern at all: none.
    pub(super) fn url(&mut self, patterns: &Json, pointer: &str) -> u32 {
        let (mut included, mut all) = (Vec::new(), Vec::new());
        let at = patterns.at;
        for (index, json) in patterns.list().iter().enumerate() {
            let pattern = json.get("pattern").and_then(Json::text).unwrap_or_default();
            let condition = match json.get("type").and_then(Json::text) {
                Some("regex") => {
                    let part = |name| object(at, name, object(at, "$regex", text(at, pattern)));
                    object(at, "$or", list(at, vec![part("$url.href"), part("$url.rest")]))
                }
                Some("simple") => match simple(at, pattern) {
                    Some(condition) => condition,
                    None => {
                        let message = format!("`{pattern}` is no address: it fits none");
                        let cure = "Write it as https://shop.example/path, with * for anything";
                        self.warn("W238", (&format!("{pointer}/{index}"), json.at), message, cure);
                        never(at)
                    }
                },
                _ => never(at),
            };
            if json.get("include").is_some_and(|include| matches!(include.value, Value::Bool(false))) {
                all.push(object(at, "$not", condition));
            } else {
                included.push(condition);
            }
        }
        if !included.is_empty() {
            all.push(object(at, "$or", list(at, included)));
        }
        let condition = if all.is_empty() { never(at) } else { object(at, "$and", list(at, all)) };
        self.conditions.add(&condition, &below(pointer, ""), self.diagnostics)
    }
}

fn text(at: usize, text: &str) -> Json {
    Json { at, value: Value::Text(text.to_owned()) }
}

fn list(at: usize, list: Vec<Json>) -> Json {
    Json { at, value: Value::List(list) }
}

fn object(at: usize, name: &str, json: Json) -> Json {
    Json { at, value: Value::Object(vec![Member { name: name.to_owned(), name_at: at, json }]) }
}

fn never(at: usize) -> Json {
    object(at, "$nor", list(at, Vec::new()))
}

/// `*` stands for anything; slashes at both ends of the path may be missing; only parameters that are named count.
fn simple(at: usize, pattern: &str) -> Option<Json> {
    let before = pattern.find([':', '/', '?']).map_or(pattern, |end| pattern.get(..end).unwrap_or_default());
    let whole = if before.contains('.') { format!("https://{pattern}") } else { pattern.to_owned() };
    let expected = parse(&whole.replace('*', "_____"), "_____")?;
    let part = |name: &str, source: String| object(at, name, object(at, "$regexi", text(at, &source)));
    let path = escaped(&expected.path);
    let path = path.strip_prefix('/').unwrap_or(&path);
    let path = path.strip_suffix('/').unwrap_or(path);
    let mut parts = vec![
        part("$url.host", whole_of(&escaped(&expected.host))),
        part("$url.path", whole_of(&format!("/?{path}/?"))),
    ];
    if !expected.hash.is_empty() {
        parts.push(part("$url.hash", whole_of(&escaped(&expected.hash))));
    }
    for (name, value) in &expected.query {
        parts.push(part(&format!("$url.query.{name}"), whole_of(&escaped(value))));
    }
    Some(object(at, "$and", list(at, parts)))
}

fn whole_of(source: &str) -> String {
    format!("^{source}$")
}

fn escaped(part: &str) -> String {
    let mut source = String::new();
    for letter in part.chars() {
        if "*.+?^${}()|[]\\".contains(letter) {
            source.push('\\');
        }
        source.push(letter);
    }
    source.replace("_____", ".*")
}

/// `None` for what is no web address. `host` is taken where the address names none.
pub fn parse(address: &str, host: &str) -> Option<Parts> {
    let address = address.trim();
    let lower = address.to_ascii_lowercase();
    let (scheme, rest) = match ["https:", "http:"].iter().find(|scheme| lower.starts_with(**scheme)) {
        Some(scheme) => (*scheme, address.get(scheme.len()..)?),
        None if lower.split(['/', '?', '#']).next()?.contains(':') => return None,
        None => ("https:", address),
    };
    let (rest, hash) = cut_at(rest, '#');
    let (rest, search) = cut_at(rest, '?');
    let (host, path) = match rest.strip_prefix("//") {
        Some(rest) => match rest.find('/') {
            Some(end) => rest.split_at_checked(end)?,
            None => (rest, ""),
        },
        None => (host, rest),
    };
    let host = host.rsplit('@').next().unwrap_or_default().to_ascii_lowercase();
    let port = if scheme == "https:" { ":443" } else { ":80" };
    let host = host.strip_suffix(port).unwrap_or(&host);
    if host.is_empty() {
        return None;
    }
    Some(Parts {
        origin: format!("{scheme}//{host}"),
        host: host.to_owned(),
        path: path_of(path),
        query: pairs(search.strip_prefix('?').unwrap_or(search)),
        search: if search.len() > 1 { quoted(search, " \"<>'") } else { String::new() },
        hash: if hash.len() > 1 { quoted(hash, " \"<>`") } else { String::new() },
    })
}

impl Parts {
    /// The address without its origin.
    pub fn rest(&self) -> String {
        format!("{}{}{}", self.path, self.search, self.hash)
    }
}

fn cut_at(text: &str, mark: char) -> (&str, &str) {
    text.find(mark).and_then(|at| text.split_at_checked(at)).unwrap_or((text, ""))
}

fn path_of(path: &str) -> String {
    let mut parts: Vec<&str> = Vec::new();
    let given: Vec<&str> = path.trim_start_matches('/').split('/').collect();
    for (index, part) in given.iter().enumerate() {
        let is_last = index + 1 == given.len();
        match *part {
            "." | ".." => {
                if *part == ".." {
                    parts.pop();
                }
                if is_last {
                    parts.push("");
                }
            }
            part => parts.push(part),
        }
    }
    quoted(&format!("/{}", parts.join("/")), " \"<>`{}^")
}

fn quoted(text: &str, marks: &str) -> String {
    let mut quoted = String::new();
    for letter in text.chars() {
        if letter.is_ascii() && !letter.is_ascii_control() && !marks.contains(letter) {
            quoted.push(letter);
        } else {
            let mut bytes = [0; 4];
            for byte in letter.encode_utf8(&mut bytes).bytes() {
                quoted.push_str(&format!("%{byte:02X}"));
            }
        }
    }
    quoted
}

/// The pairs of `application/x-www-form-urlencoded`.
pub fn pairs(query: &str) -> Vec<(String, String)> {
    let part = |text: &str| {
        let mut bytes = Vec::new();
        let mut rest = text.as_bytes().iter();
        while let Some(&byte) = rest.next() {
            let ahead = rest.as_slice().get(..2).and_then(|pair| std::str::from_utf8(pair).ok());
            match (byte, ahead.and_then(|pair| u8::from_str_radix(pair, 16).ok())) {
                (b'+', _) => bytes.push(b' '),
                (b'%', Some(one)) => {
                    bytes.push(one);
                    rest.nth(1);
                }
                _ => bytes.push(byte),
            }
        }
        String::from_utf8_lossy(&bytes).into_owned()
    };
    let pairs = query.split('&').filter(|pair| !pair.is_empty());
    pairs
        .map(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            (part(name), part(value))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_taken_apart_as_browsers_do() {
        for (address, host, path, hash) in [
            ("http://www.example.com/home", "www.example.com", "/home", ""),
            ("HTTPS://Shop.Example:443", "shop.example", "/", ""),
            ("http://a.example:8080/a/../b/./c/?x#y", "a.example:8080", "/b/c/", "#y"),
            ("/é x", "_", "/%C3%A9%20x", ""),
            ("?a=1", "_", "/", ""),
            ("a/b", "_", "/a/b", ""),
        ] {
            let parts = parse(address, "_").unwrap_or_default();
            assert_eq!((&*parts.host, &*parts.path, &*parts.hash), (host, path, hash), "{address}");
        }
        assert_eq!(parse("mailto:a@b.example", "_"), None);
        assert_eq!(
            pairs("a=1+2&b=%C3%A9&c&a=3%"),
            [("a", "1 2"), ("b", "é"), ("c", ""), ("a", "3%")].map(|(a, b)| (a.to_owned(), b.to_owned()))
        );
    }
}
