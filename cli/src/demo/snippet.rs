//! What the shop's pages carry in their head, made of the plan of the moment as `parlour snippet` makes it.

use parlour::plan::Plan;
use parlour_command::snippet::{Options, Snippet};

const TAG: &str =
    "<script src=\"/parlour.iife.js\" data-plan=\"/plan.bin\" data-endpoint=\"/v1/batch\" async></script>\n";

type Source = dyn Fn() -> Option<Vec<u8>> + Send + Sync;

/// Without a plan it is the script's tag alone.
#[derive(Default)]
pub struct Head(Option<Box<Source>>);

impl std::fmt::Debug for Head {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Head")
    }
}

impl Head {
    pub fn of(plan: impl Fn() -> Option<Vec<u8>> + Send + Sync + 'static) -> Self {
        Self(Some(Box::new(plan)))
    }

    /// The markup, and what the policy names its inline script by, if there is one.
    pub fn now(&self) -> (String, String) {
        let options = Options { endpoint: Some("/v1/batch".into()), ..Options::default() };
        let plan = self.0.as_ref().and_then(|plan| Plan::decode(&plan()?).ok());
        match plan.and_then(|plan| Snippet::of(&plan, &options).ok()) {
            Some(Snippet { html, hash, .. }) => (html, format!(" '{hash}'")),
            None => (TAG.to_owned(), String::new()),
        }
    }
}
