//! Values of features as conditions of prerequisites look at them: the members of `{value: …}`.

use super::super::json::{Json, Value};
use crate::plan::bytes::Writer;
use crate::targeting::MAX_TEXT_BYTES;

pub fn members(json: Option<&Json>) -> Box<[u8]> {
    let mut writer = Writer::default();
    writer.text(b"value");
    match json {
        Some(json) => write(&mut writer, json),
        None => writer.u8(0),
    }
    writer.bytes.into()
}

fn cut(text: &str) -> &[u8] {
    text.as_bytes().get(..MAX_TEXT_BYTES).unwrap_or(text.as_bytes())
}

fn write(writer: &mut Writer, json: &Json) {
    let mut inner = Writer::default();
    let tag = match &json.value {
        Value::Null => return writer.u8(0),
        Value::Bool(value) => return writer.u8(1 + u8::from(*value)),
        Value::Number(_) => {
            writer.u8(3);
            return writer.f64(json.number().unwrap_or(f64::MAX));
        }
        // With its lower case, which $ini asks for; host predicates do not hold.
        Value::Text(text) => {
            inner.text(cut(text));
            inner.text(cut(&text.to_lowercase()));
            inner.varint(0);
            7
        }
        Value::List(list) => {
            list.iter().for_each(|json| write(&mut inner, json));
            5
        }
        Value::Object(members) => {
            for member in members {
                inner.text(cut(&member.name));
                write(&mut inner, &member.json);
            }
            6
        }
    };
    writer.u8(tag);
    writer.text(&inner.bytes);
}
