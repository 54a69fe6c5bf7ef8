//! The page's HTML, as far as it concerns scripts and policies.

use std::collections::BTreeMap;

use html5gum::emitters::default::DefaultEmitter;
use html5gum::{Token, Tokenizer};
use url::Url;

use super::{Fetcher, Findings};

pub struct Page {
    pub url: Url,
    /// Of every `<script>`, in their order.
    pub scripts: Vec<Script>,
    /// Of each policy, header or `<meta>`.
    pub policies: Vec<String>,
}

#[derive(Debug, Default)]
pub struct Script {
    pub attributes: BTreeMap<String, String>,
    /// What stands in it.
    pub text: String,
}

impl Script {
    pub fn get(&self, name: &str) -> Option<&str> {
        self.attributes.get(name).map(String::as_str)
    }

    pub fn is_module(&self) -> bool {
        self.get("type").is_some_and(|kind| kind.eq_ignore_ascii_case("module"))
    }
}

impl Page {
    /// Says what is wrong with the page itself, and answers it where it can be read at all.
    pub fn fetch(asked: &Url, fetcher: &Fetcher, findings: &mut Findings) -> Option<Self> {
        let place = asked.as_str();
        let answer = match fetcher.get(asked, &asked.origin().ascii_serialization()) {
            Ok(answer) => answer,
            Err(why) => {
                findings.fail(
                    "page",
                    place,
                    why,
                    "open the address in a browser, and correct it or the server",
                );
                return None;
            }
        };
        let (status, mime) = (answer.status, answer.mime());
        if !(200..300).contains(&status) {
            findings.fail("page", place, format!("answers {status}"), "name a page that answers 200");
            return None;
        }
        if mime != "text/html" && mime != "application/xhtml+xml" {
            findings.fail(
                "page",
                place,
                format!("is {mime:?}, not HTML"),
                "name a page, or serve it as text/html",
            );
            return None;
        }
        let (scripts, metas) = read(&answer.text());
        let mut policies: Vec<String> = answer
            .headers("content-security-policy")
            .iter()
            .flat_map(|header| header.split(','))
            .map(str::to_owned)
            .collect();
        policies.extend(metas);
        policies.retain(|policy| !policy.trim().is_empty());
        findings.ok(
            "page",
            answer.url.as_str(),
            format!("{} bytes of HTML, {} scripts", answer.body.len(), scripts.len()),
        );
        let page = Self { url: answer.url, scripts, policies };
        if page.url.scheme() == "http" && !is_local(&page.url) {
            findings.warn(
                "page",
                page.url.as_str(),
                "is served by plain http, where browsers give no cryptography: signed plans and previews are refused",
                "serve it by https",
            );
        }
        Some(page)
    }

    pub fn host(&self) -> String {
        self.url.host_str().unwrap_or_default().to_owned()
    }

    pub fn origin(&self) -> String {
        self.url.origin().ascii_serialization()
    }

    pub fn is_elsewhere(&self, url: &Url) -> bool {
        url.origin() != self.url.origin()
    }
}

fn is_local(url: &Url) -> bool {
    url.host_str().is_some_and(|host| {
        host == "localhost" || host.ends_with(".localhost") || host.starts_with("127.") || host == "[::1]"
    })
}

/// Scripts, and policies in `<meta>`.
fn read(html: &str) -> (Vec<Script>, Vec<String>) {
    let mut emitter: DefaultEmitter<()> = DefaultEmitter::default();
    // The content of scripts, styles and the like is text.
    emitter.naively_switch_states(true);
    let (mut scripts, mut metas) = (Vec::new(), Vec::new());
    let mut open: Option<Script> = None;
    for Ok(token) in Tokenizer::new_with_emitter(html, emitter) {
        match token {
            Token::StartTag(tag) => {
                let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
                let attributes: BTreeMap<String, String> =
                    tag.attributes.iter().map(|(name, value)| (text(name), text(&value.value))).collect();
                match tag.name.as_slice() {
                    b"script" => open = Some(Script { attributes, text: String::new() }),
                    b"meta"
                        if attributes
                            .get("http-equiv")
                            .is_some_and(|name| name.eq_ignore_ascii_case("content-security-policy")) =>
                    {
                        metas.extend(attributes.get("content").cloned());
                    }
                    _ => {}
                }
            }
            Token::String(text) => {
                if let Some(script) = &mut open {
                    script.text.push_str(&String::from_utf8_lossy(&text));
                }
            }
            Token::EndTag(tag) if tag.name.as_slice() == b"script" => scripts.extend(open.take()),
            _ => {}
        }
    }
    scripts.extend(open);
    (scripts, metas)
}
