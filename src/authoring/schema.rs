//! The published JSON Schema (draft 2020-12), written from the same description that checks files.

use serde_json::{Map, Value, json};

use super::condition::{HOST_FACTS, MAX_LIST, OPERATORS, Operator, TYPES};
use super::config;
use super::shape::{Field, MAX_MEMBERS, MAX_TEXT, Shape};
use crate::profile::DERIVED_FACTS;
use crate::targeting::MAX_TEXT_BYTES;

#[must_use]
pub fn schema() -> Value {
    let mut definitions = Map::new();
    let root = of(&config::config(), &mut definitions);
    definitions.insert("condition".into(), condition());
    definitions.insert("operators".into(), operators());
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
        Shape::Number => json!({ "type": "number" }),
        Shape::Text => json!({ "type": "string", "maxLength": MAX_TEXT }),
        Shape::Selector => json!({ "type": "string", "minLength": 1, "maxLength": MAX_TEXT }),
        Shape::Date => json!({ "type": "string", "pattern": "^\\d{4}-\\d{2}-\\d{2}([Tt ].*)?$" }),
        Shape::Weight => json!({ "type": "number", "minimum": 0 }),
        Shape::Share => json!({ "type": "number", "minimum": 0, "maximum": 1 }),
        Shape::Whole { least, most } => json!({ "type": "integer", "minimum": least, "maximum": most }),
        Shape::Choice(words) => json!({ "enum": words }),
        Shape::List(inner) => {
            json!({ "type": "array", "items": of(inner, definitions), "maxItems": MAX_MEMBERS })
        }
        Shape::OneOrMany(inner) => {
            let one = of(inner, definitions);
            json!({ "anyOf": [one, { "type": "array", "items": one, "maxItems": MAX_MEMBERS }] })
        }
        Shape::Keyed(inner) => json!({
            "type": "object",
            "propertyNames": { "pattern": "^[a-z0-9][a-z0-9-]{0,63}$" },
            "additionalProperties": of(inner, definitions),
            "maxProperties": MAX_MEMBERS
        }),
        Shape::Named(inner) => {
            let inner = of(inner, definitions);
            json!({ "type": "object", "additionalProperties": inner, "maxProperties": MAX_MEMBERS })
        }
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

/// Right of a name: a value, or operators.
fn test() -> Value {
    json!({ "anyOf": [{ "type": ["string", "number", "boolean", "null", "array"], "maxLength": MAX_TEXT_BYTES }, { "$ref": "#/$defs/operators" }, whole_object()] })
}

/// A fact that is an object may have to equal one.
fn whole_object() -> Value {
    json!({ "type": "object", "minProperties": 1, "propertyNames": { "pattern": "^($|[^$])" } })
}

fn operators() -> Value {
    let scalar = json!({ "type": ["string", "number", "boolean", "null"], "maxLength": MAX_TEXT_BYTES });
    let mut operators = Map::new();
    for (name, operator, _) in OPERATORS {
        let operand = match operator {
            Operator::Equal => scalar.clone(),
            Operator::In(_) => json!({ "type": "array", "items": scalar, "maxItems": MAX_LIST }),
            Operator::InGroup | Operator::Version(_) => json!({ "type": "string" }),
            Operator::Order(_) => json!({ "type": ["string", "number"], "maxLength": MAX_TEXT_BYTES }),
            Operator::Exists => json!({ "type": "boolean" }),
            Operator::Type => json!({ "enum": TYPES }),
            Operator::Pattern(_) => json!({ "type": "string", "format": "regex" }),
            Operator::Size | Operator::Not => test(),
            Operator::Element => {
                json!({ "anyOf": [{ "$ref": "#/$defs/operators" }, { "$ref": "#/$defs/condition" }] })
            }
            Operator::All(_) => json!({ "type": "array", "items": test() }),
        };
        operators.insert(name.into(), operand);
    }
    json!({ "type": "object", "properties": operators, "additionalProperties": false, "minProperties": 1 })
}
