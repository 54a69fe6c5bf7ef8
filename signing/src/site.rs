//! Which pages a plan is for, and whose preview tokens it takes: the plan's page part, read natively.

use parlour::plan::Plan;
use serde::Deserialize;

use crate::PublicKey;

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Site {
    #[serde(rename = "site")]
    pub hosts: Vec<String>,
    #[serde(rename = "env")]
    environments: Option<std::collections::BTreeMap<String, Vec<String>>>,
    preview_key: Option<String>,
}

impl Site {
    #[must_use]
    pub fn read(plan: &Plan) -> Self {
        serde_json::from_slice(plan.page()).unwrap_or_default()
    }

    #[must_use]
    pub fn preview_key(&self) -> Option<PublicKey> {
        self.preview_key.as_deref().and_then(|key| PublicKey::parse(key).ok())
    }

    /// Does the plan run on this host? The twin of `www/site.js`.
    #[must_use]
    pub fn has(&self, host: &str) -> bool {
        let named = self.environments.iter().flat_map(|named| named.values().flatten());
        self.hosts.iter().chain(named).any(|pattern| fits(host, pattern)) || is_local(host)
    }
}

/// `*.` at its start stands for any sub-domain.
fn fits(host: &str, pattern: &str) -> bool {
    match pattern.strip_prefix('*') {
        Some(end) if end.starts_with('.') => host.ends_with(end),
        _ => host == pattern,
    }
}

fn is_local(host: &str) -> bool {
    let is_loopback = |rest: &str| {
        let parts: Vec<&str> = rest.split('.').collect();
        parts.len() == 3
            && parts.iter().all(|part| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit()))
    };
    host == "localhost"
        || host == "[::1]"
        || host.ends_with(".localhost")
        || host.strip_prefix("127.").is_some_and(is_loopback)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plan_runs_on_its_hosts_their_sub_domains_its_environments_and_locally() {
        let site: Site = serde_json::from_str(
            r#"{"site": ["shop.example", "*.shop.example"], "env": {"staging": ["test.example"]}, "slots": []}"#,
        )
        .unwrap_or_default();
        for (host, expect) in [
            ("shop.example", true),
            ("www.shop.example", true),
            ("test.example", true),
            ("localhost", true),
            ("a.localhost", true),
            ("127.0.0.1", true),
            ("[::1]", true),
            ("127.0.0.1.example", false),
            ("xshop.example", false),
            ("shop.example.evil.example", false),
            ("", false),
        ] {
            assert_eq!(site.has(host), expect, "{host}");
        }
        assert!(site.preview_key().is_none());
    }
}
