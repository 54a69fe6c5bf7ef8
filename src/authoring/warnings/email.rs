//! Addresses of people do not belong in a file that every visitor can read.

use std::collections::BTreeSet;

use super::super::diagnostic::Diagnostics;
use super::super::json::{Json, Value, below};

/// Fields that are not in the plan.
const APART: [&str; 3] = ["hypothesis", "owner", "tags"];

/// Warns once of each address that is in the plan, where the file first says it.
pub fn check(file: &Json, plan: &[u8], diagnostics: &mut Diagnostics<'_>) {
    let mut left: BTreeSet<String> = addresses(plan).into_iter().collect();
    if !left.is_empty() {
        find(file, "", &mut left, diagnostics);
    }
}

fn find(json: &Json, pointer: &str, left: &mut BTreeSet<String>, diagnostics: &mut Diagnostics<'_>) {
    match &json.value {
        Value::Text(text) => found(text, (pointer, json.at), left, diagnostics),
        Value::List(list) => {
            for (index, json) in list.iter().enumerate() {
                find(json, &format!("{pointer}/{index}"), left, diagnostics);
            }
        }
        Value::Object(members) => {
            let is_apart = |name: &str| APART.contains(&name) && pointer.starts_with("/experiments/");
            for member in members.iter().filter(|member| !is_apart(&member.name)) {
                let pointer = below(pointer, &member.name);
                found(&member.name, (&pointer, member.name_at), left, diagnostics);
                find(&member.json, &pointer, left, diagnostics);
            }
        }
        _ => {}
    }
}

fn found(text: &str, at: (&str, usize), left: &mut BTreeSet<String>, diagnostics: &mut Diagnostics<'_>) {
    for address in addresses(text.as_bytes()) {
        if left.remove(&address) {
            let message =
                format!("`{address}` looks like an e-mail address, and every visitor can read the plan");
            let cure =
                "Name a group of people by a fact that your pages tell, not by their addresses".to_owned();
            diagnostics.warning("W310", at, message, cure);
        }
    }
}

/// What is written like `name@host.tld`, pictures for dense screens (`mug@2x.png`) and links to write to (`mailto:`) left
/// out.
fn addresses(bytes: &[u8]) -> Vec<String> {
    let is_name = |byte: &u8| byte.is_ascii_alphanumeric() || b"._%+-".contains(byte);
    let is_host = |byte: &u8| byte.is_ascii_alphanumeric() || b".-".contains(byte);
    let mut addresses = Vec::new();
    for at in bytes.iter().enumerate().filter(|(_, byte)| **byte == b'@').map(|(at, _)| at) {
        let (before, after) = bytes.split_at(at);
        let name = before.iter().rev().take(64).take_while(|byte| is_name(byte)).count();
        let host = after.iter().skip(1).take(255).take_while(|byte| is_host(byte)).count();
        let word = |from: usize, to: usize| {
            String::from_utf8_lossy(bytes.get(from..to).unwrap_or_default()).into_owned()
        };
        let host = word(at + 1, at + 1 + host);
        let host = host.trim_end_matches(['.', '-']);
        let is_dense = host.split_once('x').is_some_and(|(times, rest)| {
            rest.starts_with('.') && !times.is_empty() && times.bytes().all(|byte| byte.is_ascii_digit())
        });
        let top = host.rsplit_once('.').map_or("", |(_, top)| top);
        let is_top = top.len() >= 2 && top.bytes().all(|byte| byte.is_ascii_alphabetic());
        let is_link = word(at.saturating_sub(name + 7), at - name) == "mailto:";
        if name > 0 && is_top && !is_dense && !is_link {
            addresses.push(format!("{}@{host}", word(at - name, at)));
        }
    }
    addresses
}
