//! The published JSON Schema (draft 2020-12), written from the same description that checks files.

use serde_json::{Map, Value, json};

use super::condition::HOST_FACTS;
use super::config;
use super::shape::{Field, Shape};
use crate::profile::DERIVED_FACTS;
use crate::targeting::Op;

#[must_use]
pub fn schema() -> Value {
    let mut definitions = Map::new();
    let root = of(&config::config(), &mut definitions);
    definitions.insert("condition".into(), condition());
    let mut schema = Map::new();
    schema.insert("$schema".into(), "https://json-schema.org/draft/2020-12/schema".into());
    schema.insert("title".into(), "parlour.json".into());
    if let Value::Object(root) = root {
        schema.extend(root);
    }
    schema.insert("$defs".into(), Value::Object(definitions));
    Value::Object(schema)
}

fn of(shape: &Shape, definitions: &mut Map<String, Value>) -> Value {
    match shape {
        Shape::Any => json!({}),
        Shape::Bool => json!({ "type": "boolean" }),
        Shape::Text => json!({ "type": "string" }),
        Shape::Selector => json!({ "type": "string", "minLength": 1 }),
        Shape::Date => json!({ "type": "string", "pattern": "^\\d{4}-\\d{2}-\\d{2}([Tt ].*)?$" }),
        Shape::Weight => json!({ "type": "number", "minimum": 0 }),
        Shape::Share => json!({ "type": "number", "minimum": 0, "maximum": 1 }),
        Shape::Whole { least, most } => json!({ "type": "integer", "minimum": least, "maximum": most }),
        Shape::Choice(words) => json!({ "enum": words }),
        Shape::List(inner) => json!({ "type": "array", "items": of(inner, definitions) }),
        Shape::OneOrMany(inner) => {
            let one = of(inner, definitions);
            json!({ "anyOf": [one, { "type": "array", "items": one }] })
        }
        Shape::Keyed(inner) => json!({
            "type": "object",
            "propertyNames": { "pattern": "^[a-z0-9][a-z0-9-]{0,63}$" },
            "additionalProperties": of(inner, definitions)
        }),
        Shape::Named(inner) => json!({ "type": "object", "additionalProperties": of(inner, definitions) }),
        Shape::Audience => json!({ "anyOf": [{ "type": "string" }, { "$ref": "#/$defs/condition" }] }),
        Shape::Condition => json!({ "$ref": "#/$defs/condition" }),
        Shape::Object("config", fields) => object(&fields(), definitions),
        Shape::Object(name, fields) => {
            if !definitions.contains_key(*name) {
                definitions.insert((*name).into(), Value::Null);
                let definition = object(&fields(), definitions);
                definitions.insert((*name).into(), definition);
            }
            json!({ "$ref": format!("#/$defs/{name}") })
        }
    }
}

fn object(fields: &[Field], definitions: &mut Map<String, Value>) -> Value {
    let mut properties = Map::new();
    for field in fields {
        let mut property = of(&field.shape, definitions);
        if let Value::Object(property) = &mut property {
            property.insert("description".into(), field.about.into());
        }
        properties.insert(field.name.into(), property);
    }
    let required: Vec<&str> =
        fields.iter().filter(|field| field.is_required).map(|field| field.name).collect();
    json!({ "type": "object", "properties": properties, "required": required, "additionalProperties": false })
}

/// Known facts are listed so that the editor completes them; any other dotted name is a fact of the site's own.
fn condition() -> Value {
    let mut properties = Map::new();
    for group in ["$and", "$or", "$nor"] {
        properties.insert(group.into(), json!({ "type": "array", "items": { "$ref": "#/$defs/condition" } }));
    }
    properties.insert("$not".into(), json!({ "$ref": "#/$defs/condition" }));
    let derived = DERIVED_FACTS.iter().map(|(_, name, about)| (*name, *about));
    for (name, about) in HOST_FACTS.into_iter().chain(derived) {
        let mut test = test();
        if let Value::Object(test) = &mut test {
            test.insert("description".into(), about.into());
        }
        properties.insert(name.into(), test);
    }
    json!({ "type": "object", "properties": properties, "additionalProperties": test() })
}

fn test() -> Value {
    let scalar = json!({ "type": ["string", "number", "boolean", "null"] });
    let mut operators = Map::new();
    for (op, name) in Op::NAMES {
        operators.insert(
            name.into(),
            match op {
                Op::In | Op::Nin => json!({ "type": "array", "items": scalar }),
                Op::Exists => json!({ "type": "boolean" }),
                _ => scalar.clone(),
            },
        );
    }
    let operators = json!({ "type": "object", "properties": operators, "additionalProperties": false, "minProperties": 1 });
    json!({ "anyOf": [scalar, operators] })
}
