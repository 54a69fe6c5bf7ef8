//! `url` of an experiment: globs for path, host and query → conditions on the facts that the page tells of its address.

use super::json::{Json, Member, Value, below};
use super::plan::Builder;

impl Builder<'_, '_, '_> {
    /// Adds one condition a part; all must hold, and of the globs of one part, one.
    pub fn add_url(&mut self, url: &Json, pointer: &str) {
        for (part, fact) in [("path", "page.path"), ("host", "page.host")] {
            if let Some(globs) = url.get(part) {
                self.add_globs(fact, globs, &below(pointer, part));
            }
        }
        let query = below(pointer, "query");
        for member in url.get("query").map_or(&[][..], Json::members) {
            self.add_globs(
                &format!("page.query.{}", member.name),
                &member.json,
                &below(&query, &member.name),
            );
        }
    }

    fn add_globs(&mut self, fact: &str, globs: &Json, pointer: &str) {
        let pattern =
            globs.one_or_many().iter().filter_map(Json::text).map(glob).collect::<Vec<_>>().join("|");
        let json = |value| Json { at: globs.at, value };
        let member = |name: &str, value| Member { name: name.into(), name_at: globs.at, json: json(value) };
        let test = Value::Object(vec![member("$regex", Value::Text(format!("^({pattern})$")))]);
        let condition = json(Value::Object(vec![member(fact, test)]));
        self.conditions.add(&condition, pointer, self.diagnostics);
    }
}

/// `*` stands for anything, also nothing; all else for itself.
fn glob(text: &str) -> String {
    text.split('*').map(regex_syntax::escape).collect::<Vec<_>>().join(".*")
}
