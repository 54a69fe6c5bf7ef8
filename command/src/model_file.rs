//! A model as commands handle it, and its items' ids as lines of text hold them.

use std::borrow::Cow;
use std::path::Path;

use parlour::recommend::model::Model;

use crate::host::Host;

/// # Errors
/// Says which file, and what is wrong with it.
pub fn open(host: &dyn Host, path: &Path) -> anyhow::Result<Model> {
    Model::decode(&host.bytes_of(path)?).map_err(|fault| anyhow::anyhow!("{}: {fault}", path.display()))
}

/// What parts ids in a line, within an id: written as a backslash and a letter.
const ESCAPES: [(char, char); 5] = [('\\', '\\'), (' ', 's'), ('\t', 't'), ('\n', 'n'), ('\r', 'r')];

#[must_use]
pub fn escape(id: &str) -> Cow<'_, str> {
    if !id.contains(|letter| ESCAPES.iter().any(|(escaped, _)| *escaped == letter)) {
        return Cow::Borrowed(id);
    }
    let mut out = String::with_capacity(id.len() + 2);
    for letter in id.chars() {
        match ESCAPES.iter().find(|(escaped, _)| *escaped == letter) {
            Some((_, code)) => out.extend(['\\', *code]),
            None => out.push(letter),
        }
    }
    Cow::Owned(out)
}

/// The other way round; what follows a backslash and is no such letter stays as it is.
#[must_use]
pub fn unescape(text: &str) -> Cow<'_, str> {
    if !text.contains('\\') {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len());
    let mut letters = text.chars().peekable();
    while let Some(letter) = letters.next() {
        let meant = letters.peek().and_then(|next| ESCAPES.iter().find(|(_, code)| code == next));
        match meant {
            Some((escaped, _)) if letter == '\\' => {
                out.push(*escaped);
                letters.next();
            }
            _ => out.push(letter),
        }
    }
    Cow::Owned(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_id_is_read_back_as_it_was_and_parts_no_line() {
        for id in ["", "a", "a b", "a\tb\nc\rd", "\\", "\\s", "ü\\ 😀", "C:\\temp new"] {
            let written = escape(id);
            assert!(!written.contains([' ', '\t', '\n', '\r']), "{written:?}");
            assert_eq!(unescape(&written), id);
        }
        assert_eq!(unescape("a\\x\\"), "a\\x\\");
    }
}
