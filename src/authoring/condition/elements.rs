//! Operators that look into a list.

use super::super::diagnostic::Diagnostics;
use super::super::json::{Json, Value};
use super::operator::Letters;
use super::values::LIST;
use super::{Conditions, Here, scalar};
use crate::targeting::{Scalar, Subject, Test};

impl Conditions {
    pub(super) fn size(&mut self, json: &Json, pointer: &str, here: Here, diagnostics: &mut Diagnostics<'_>) {
        self.push(here.subject, false, Test::Type(LIST));
        if let Some(size) = self.open((here.subject, false, Test::Size), (pointer, json.at), diagnostics) {
            self.tests(json, pointer, here.it(), diagnostics);
            self.close(size);
        }
    }

    /// Operators test the element itself; names and groups are about its fields.
    pub(super) fn element(
        &mut self,
        json: &Json,
        pointer: &str,
        here: Here,
        diagnostics: &mut Diagnostics<'_>,
    ) {
        let Value::Object(members) = &json.value else {
            self.expects(
                "a condition",
                "Write it as {\"$eq\": …} or {\"name\": …}",
                json,
                pointer,
                diagnostics,
            );
            return self.constant(false);
        };
        let Some(each) = self.open((here.subject, false, Test::Each), (pointer, json.at), diagnostics) else {
            return;
        };
        self.push(Subject::It, true, Test::Equal(Scalar::Null));
        let is_group = |name: &str| matches!(name, "$and" | "$or" | "$nor" | "$savedGroup");
        if members.iter().all(|member| member.name.starts_with('$') && !is_group(&member.name)) {
            self.tests(json, pointer, here.it(), diagnostics);
        } else {
            self.group(json, pointer, here.it(), diagnostics);
        }
        self.close(each);
    }

    pub(super) fn all_in(
        &mut self,
        letters: Letters,
        json: &Json,
        pointer: &str,
        here: Here,
        diagnostics: &mut Diagnostics<'_>,
    ) {
        let Value::List(list) = &json.value else {
            self.expects("a list", "Write the values in [ ]", json, pointer, diagnostics);
            return self.constant(false);
        };
        // A fact that is no list has none of nothing either.
        self.push(here.subject, false, Test::Type(LIST));
        for (index, json) in list.iter().enumerate() {
            let pointer = format!("{pointer}/{index}");
            let Some(each) = self.open((here.subject, false, Test::Each), (&pointer, json.at), diagnostics)
            else {
                return;
            };
            match scalar(json) {
                Some(value @ Scalar::Text(_)) if letters == Letters::Folded => {
                    let test = self.in_list(vec![value], letters, here);
                    self.push(Subject::It, false, test);
                }
                _ => self.tests(json, &pointer, here.it(), diagnostics),
            }
            self.close(each);
        }
    }
}
