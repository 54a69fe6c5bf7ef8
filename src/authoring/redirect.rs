//! Redirects: where a variant may send its visitors, which of them are no test, and that nobody goes in circles.
//! The page checks each address again by the same rules (`www/redirect.js`; `tests/vectors/redirects.json`).

use super::json::{Json, Member, below};
use super::plan::Builder;

/// What of the address is kept where the file does not say: where the visitor came from, and the place on the page.
pub const KEPT: [&str; 7] = ["utm_*", "*clid", "msclkid", "gbraid", "wbraid", "li_fat_id", "#*"];

/// One variant's redirect.
struct Redirect<'a> {
    experiment: &'a Member,
    to: &'a str,
    pointer: String,
    at: usize,
}

impl<'a> Builder<'a, '_, '_> {
    /// To be asked before the experiments are built: what is refused here is left out there.
    pub fn redirects(&mut self) {
        self.check_origins();
        let mut redirects: Vec<Redirect<'_>> = Vec::new();
        for member in self.members("experiments") {
            if member.json.get("status").and_then(Json::text) == Some("archived") {
                continue;
            }
            for redirect in self.redirects_of(member) {
                if self.is_sound(&redirect, &redirects) {
                    redirects.push(redirect);
                }
            }
        }
    }

    fn check_origins(&mut self) {
        let origins = self.config.get("redirects").and_then(|json| json.get("origins"));
        for (index, origin) in origins.map_or(&[][..], Json::list).iter().enumerate() {
            let Some(text) = origin.text() else { continue };
            if split(text).is_none_or(|(own, rest)| own != text || !rest.is_empty())
                || text.bytes().any(|byte| byte.is_ascii_uppercase())
            {
                let cure = "Write scheme and host, and the port if it is not the usual one, such as `https://checkout.shop.example`";
                let pointer = format!("/redirects/origins/{index}");
                self.diagnostics.error(
                    "E226",
                    (&pointer, origin.at),
                    format!("`{text}` is no origin"),
                    cure.into(),
                );
            }
        }
    }

    /// At most one a variant, with nothing beside it in the whole experiment: what is on the page that is left shows
    /// nothing, and every arm must be counted by the same test.
    fn redirects_of(&mut self, member: &'a Member) -> Vec<Redirect<'a>> {
        let mut redirects = Vec::new();
        let mut others = Vec::new();
        for variant in member.json.get("variants").map_or(&[][..], Json::members) {
            let mut is_first = true;
            for (index, change) in variant.json.get("changes").map_or(&[][..], Json::list).iter().enumerate()
            {
                let place = below(&below(&below("/experiments", &member.name), "variants"), &variant.name);
                let pointer = format!("{place}/changes/{index}");
                let Some(to) = change.get("redirect") else {
                    others.push((pointer, change.at));
                    continue;
                };
                if change.members().len() > 1 || !is_first {
                    let message = "a redirect leaves the page: nothing can go with it".to_owned();
                    let cure = "Make it the only change of its variant, without `select`".to_owned();
                    self.diagnostics.error("E227", (&pointer, change.at), message, cure);
                }
                is_first = false;
                let (pointer, at) = (below(&pointer, "redirect"), to.at);
                redirects.extend(to.text().map(|to| Redirect { experiment: member, to, pointer, at }));
            }
        }
        if let (Some((pointer, at)), false) = (others.first(), redirects.is_empty()) {
            let message = "another variant of this experiment redirects".to_owned();
            let cure = "Make a page of its own for this variant and redirect to it, or put the change into an experiment of its own".to_owned();
            self.diagnostics.error("E227", (pointer, *at), message, cure);
        }
        redirects
    }

    /// Nobody could say what it is worth, and every page view would set it off anew.
    pub fn refuse_redirects(&mut self, experience: &Json, pointer: &str) {
        for (index, change) in experience.get("changes").map_or(&[][..], Json::list).iter().enumerate() {
            if let Some(redirect) = change.get("redirect") {
                let pointer = format!("{pointer}/changes/{index}/redirect");
                let cure = "Make it an experiment, or redirect on the server".to_owned();
                let message = "only a variant of an experiment may redirect".to_owned();
                self.diagnostics.error("E227", (&pointer, redirect.at), message, cure);
            }
        }
    }

    fn is_sound(&mut self, redirect: &Redirect<'a>, before: &[Redirect<'a>]) -> bool {
        let Redirect { experiment, to, pointer, at } = redirect;
        if !self.is_allowed(to) {
            let cure = "Write a path of this site such as `/b`, or a whole address whose origin stands in `redirects.origins`";
            let message = format!("`{to}` is no address to redirect to");
            self.diagnostics.error("E226", (pointer, *at), message, cure.into());
            return false;
        }
        if let Some(applies) = experiment.json.get("applies").filter(|json| json.text() == Some("entry")) {
            let pointer = below(&below("/experiments", &experiment.name), "applies");
            let message = "a redirect asks at every page whether it is the one to leave".to_owned();
            let cure = "Remove `applies`, or write `always`".to_owned();
            self.diagnostics.error("E228", (&pointer, applies.at), message, cure);
            return false;
        }
        let has_pages = experiment.json.get("url").is_some_and(|url| url.get("path").is_some());
        if !has_pages && !self.asks_of_page(&experiment.json) {
            let message = "the experiment runs on every page, and would take visitors away from all of them";
            let cure = "Name the page it starts from: \"url\": {\"path\": \"/a\"}";
            self.diagnostics.error("E228", (pointer, *at), message.into(), cure.into());
            return false;
        }
        if self.leads_to(redirect, redirect)
            || before.iter().any(|other| self.closes(redirect, other, before))
        {
            let message = format!("`{to}` leads back to where it is left from");
            let cure = "Narrow `url` so that no experiment redirects from a page that another redirects to";
            self.diagnostics.error("E228", (pointer, *at), message, cure.into());
            return false;
        }
        let next =
            before.iter().find(|other| self.leads_to(redirect, other) || self.leads_to(other, redirect));
        if let Some(other) = next {
            let message = format!(
                "`{}` redirects from the page that this one redirects to, or the other way",
                other.experiment.name
            );
            let cure = "A visit that was redirected stays where it is and is not counted there: put the two experiments into one";
            self.diagnostics.warning("W229", (pointer, *at), message, cure.into());
        }
        true
    }

    /// Does a way from the new redirect over those before come back to it?
    fn closes(&self, new: &Redirect<'_>, first: &Redirect<'_>, all: &[Redirect<'_>]) -> bool {
        if !self.leads_to(new, first) {
            return false;
        }
        let mut reached: Vec<&Redirect<'_>> = vec![first];
        let mut looked = 0;
        while let Some(from) = reached.get(looked).copied() {
            if self.leads_to(from, new) {
                return true;
            }
            for to in all {
                if self.leads_to(from, to) && !reached.iter().any(|known| std::ptr::eq(*known, to)) {
                    reached.push(to);
                }
            }
            looked += 1;
        }
        false
    }

    /// May a visitor whom `one` sent on be in the experiment of `other` there? What only an audience tells is trusted.
    fn leads_to(&self, one: &Redirect<'_>, other: &Redirect<'_>) -> bool {
        let (origin, rest) = split(one.to).unwrap_or(("", one.to));
        let target = &other.experiment.json;
        let Some(url) = target.get("url") else { return false };
        if self.asks_of_page(target) {
            return false;
        }
        let rest = rest.split('#').next().unwrap_or_default();
        let (path, query) = rest.split_once('?').unwrap_or((rest, ""));
        let path = if path.is_empty() { "/" } else { path };
        let fits_any = |globs: Option<&Json>, text: &str| {
            globs.is_none_or(|globs| {
                globs.one_or_many().iter().filter_map(Json::text).any(|glob| fits(glob, text))
            })
        };
        let host = origin.split_once("://").map(|(_, host)| host.split(':').next().unwrap_or_default());
        let hosts_fit = match host {
            Some(host) => fits_any(url.get("host"), host),
            None => {
                let own = one.experiment.json.get("url").and_then(|url| url.get("host"));
                own.is_none_or(|own| {
                    own.one_or_many()
                        .iter()
                        .filter_map(Json::text)
                        .any(|host| fits_any(url.get("host"), host))
                })
            }
        };
        let query_fits = url.get("query").map_or(&[][..], Json::members).iter().all(|member| {
            query
                .split('&')
                .filter_map(|pair| pair.split_once('='))
                .any(|(name, value)| name == member.name && fits_any(Some(&member.json), value))
        });
        hosts_fit && fits_any(url.get("path"), path) && query_fits
    }

    /// Does its audience ask which page this is?
    fn asks_of_page(&self, experiment: &Json) -> bool {
        let Some(audience) = experiment.get("audience") else { return false };
        let named = audience.text().and_then(|name| {
            let known = self.members("audiences").iter();
            known.map(|member| (&member.name, &member.json)).find(|(known, _)| *known == name)
        });
        let condition = named.map_or(audience, |(_, condition)| condition);
        condition.plain().to_string().contains("\"page.")
    }

    fn is_allowed(&self, to: &str) -> bool {
        let Some((origin, rest)) = split(to) else { return false };
        let listed = self.config.get("redirects").and_then(|json| json.get("origins"));
        let mut origins = listed.map_or(&[][..], Json::list).iter().filter_map(Json::text);
        let origin = origin.to_ascii_lowercase();
        let is_own = || {
            let hosts = self.config.get("site").map_or(&[][..], Json::one_or_many);
            hosts.iter().filter_map(Json::text).any(|host| origin == format!("https://{host}"))
        };
        let steps = rest.split(['?', '#']).next().unwrap_or_default().split('/');
        let has_dots = steps
            .map(|step| step.to_ascii_lowercase().replace("%2e", "."))
            .any(|step| matches!(step.as_str(), "." | ".."));
        (origin.is_empty() || origins.any(|known| known == origin) || is_own()) && !has_dots
    }
}

/// Does a variant of this experiment redirect?
pub fn is_redirect(experiment: &Json) -> bool {
    let variants = experiment.get("variants").map_or(&[][..], Json::members).iter();
    let mut changes = variants.flat_map(|variant| variant.json.get("changes").map_or(&[][..], Json::list));
    changes.any(|change| change.get("redirect").is_some())
}

/// Origin as written (or nothing) and the rest; `None` where it is neither a path of one slash nor a whole address of
/// plain ASCII host. So `//host`, `/\host`, `https:host`, `javascript:`, user names and hosts in other letters never are.
fn split(to: &str) -> Option<(&str, &str)> {
    let after_scheme = ["https://", "http://"].iter().find_map(|scheme| {
        let head = to.get(..scheme.len())?;
        head.eq_ignore_ascii_case(scheme).then_some(scheme.len())
    });
    let end = match after_scheme {
        None => 0,
        Some(start) => {
            let host = to.get(start..)?;
            let length = host.find(['/', '?', '#']).unwrap_or(host.len());
            let (name, port) = host.get(..length)?.split_once(':').unwrap_or((host.get(..length)?, "1"));
            let is_name = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-');
            let is_port =
                !port.is_empty() && port.len() <= 5 && port.bytes().all(|byte| byte.is_ascii_digit());
            let is_word = |byte: Option<u8>| byte.is_some_and(|byte| byte.is_ascii_alphanumeric());
            if !is_port
                || !name.bytes().all(is_name)
                || !is_word(name.bytes().next())
                || !is_word(name.bytes().last())
            {
                return None;
            }
            start + length
        }
    };
    let (origin, rest) = to.split_at_checked(end)?;
    let mut chars = rest.chars();
    let is_path = match chars.next() {
        Some('/') => !matches!(chars.next(), Some('/' | '\\')),
        Some('?' | '#') | None => !origin.is_empty(),
        Some(_) => false,
    };
    let is_clean = !rest
        .chars()
        .any(|letter| letter <= ' ' || letter == '\\' || ('\u{7f}'..='\u{9f}').contains(&letter));
    (is_path && is_clean && to.len() <= 2_000).then_some((origin, rest))
}

/// `*` stands for anything, also nothing.
fn fits(glob: &str, text: &str) -> bool {
    let Some((start, rest)) = glob.split_once('*') else { return glob == text };
    let Some(mut left) = text.strip_prefix(start) else { return false };
    let (middle, end) = rest.rsplit_once('*').map_or((None, rest), |(middle, end)| (Some(middle), end));
    for part in middle.iter().flat_map(|middle| middle.split('*')) {
        let Some(at) = left.find(part) else { return false };
        left = left.get(at + part.len()..).unwrap_or_default();
    }
    left.ends_with(end)
}
