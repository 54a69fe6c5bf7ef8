//! The snippet in the head: does it hide what this plan changes, and fetch what this page uses?

use parlour_command::plan_file::Opened;
use parlour_command::snippet::{Options, Snippet};
use url::Url;

use super::files::File;
use super::{Findings, Install, Page};

const REMAKE: &str = "print it anew with `parlour snippet`, and with each new plan";

pub fn check(
    install: &Install<'_>,
    page: &Page,
    files: &[File],
    plan: Option<&Opened>,
    findings: &mut Findings,
) {
    let is_snippet = |text: &str| text.contains("parlour") && text.contains("adoptedStyleSheets");
    let found = page.scripts.iter().find(|script| script.get("src").is_none() && is_snippet(&script.text));
    let (Some(script), Some(opened)) = (found, plan) else { return };
    let Ok(made) = Snippet::of(&opened.plan, &Options::default()) else { return };
    let place = page.url.as_str();
    let wanted = made.selectors.join(",");
    let Some((hidden, fetched)) = said(&script.text) else {
        return findings.warn("snippet", place, "what the snippet hides and fetches cannot be read", REMAKE);
    };
    if hidden == wanted {
        findings.ok("snippet", place, format!("hides what the plan changes: {hidden}"));
    } else {
        let what = format!("the snippet hides {hidden:?}, and the plan changes {wanted:?}");
        findings.warn("snippet", place, what, REMAKE);
    }
    let is_used = |url: &Url| install.plan.as_ref() == Some(url) || files.iter().any(|file| file.url == *url);
    for address in &fetched {
        if !page.url.join(address).is_ok_and(|url| is_used(&url)) {
            let what = format!("the snippet fetches {address:?}, which nothing on this page uses");
            findings.warn("snippet", place, what, REMAKE);
        }
    }
}

/// Selectors and addresses behind the code, as `parlour snippet` writes them; a digest may follow.
fn said(script: &str) -> Option<(String, Vec<String>)> {
    let (_, said) = script.trim_end().strip_suffix(')')?.rsplit_once("(window,document,")?;
    let said: Vec<serde_json::Value> = serde_json::from_str(&format!("[{said}]")).ok()?;
    let [hidden, fetched] = <[_; 2]>::try_from(said.into_iter().take(2).collect::<Vec<_>>()).ok()?;
    Some((serde_json::from_value(hidden).ok()?, serde_json::from_value(fetched).ok()?))
}

#[cfg(test)]
mod tests {
    use super::said;

    #[test]
    fn what_a_snippet_hides_and_fetches_is_read_with_a_digest_and_without() {
        for digest in ["", ",\"sha384-x\""] {
            let script =
                format!("!function(w,d,c,u,i){{}}(window,document,\"#a,.b\",[\"/w\",\"/p\"]{digest})\n");
            assert_eq!(said(&script), Some(("#a,.b".into(), vec!["/w".into(), "/p".into()])));
        }
        assert_eq!(said("!function(){}(window,document,\"#a\")"), None);
    }
}
