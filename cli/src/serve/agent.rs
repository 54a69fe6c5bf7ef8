//! What kind of program sends, from its User-Agent, which itself is not kept.

/// Words of crawlers and of browsers driven by programs, in lower case.
const BOTS: [&str; 9] =
    ["bot", "crawl", "spider", "slurp", "headless", "lighthouse", "preview", "monitor", "phantomjs"];

#[must_use]
pub fn class(user_agent: &str) -> &'static str {
    let text = user_agent.to_ascii_lowercase();
    let has = |word: &str| text.contains(word);
    match () {
        () if BOTS.iter().any(|word| has(word)) => "bot",
        () if !has("mozilla/") => "server",
        () if has("ipad") || has("tablet") || (has("android") && !has("mobile")) => "tablet",
        () if has("mobi") || has("iphone") || has("android") => "mobile",
        () => "desktop",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_user_agent_becomes_a_class() {
        for (text, expect) in [
            (
                "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0.0.0 Safari/537.36",
                "desktop",
            ),
            (
                "Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X) AppleWebKit/605.1.15 Mobile/15E148 Safari/604.1",
                "mobile",
            ),
            (
                "Mozilla/5.0 (Linux; Android 16; K) AppleWebKit/537.36 Chrome/156.0.0.0 Mobile Safari/537.36",
                "mobile",
            ),
            (
                "Mozilla/5.0 (Linux; Android 16; K) AppleWebKit/537.36 Chrome/156.0.0.0 Safari/537.36",
                "tablet",
            ),
            ("Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)", "bot"),
            (
                "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 HeadlessChrome/156.0.0.0 Safari/537.36",
                "bot",
            ),
            ("analytics-node/2.0", "server"),
            ("", "server"),
        ] {
            assert_eq!(class(text), expect, "{text}");
        }
    }
}
