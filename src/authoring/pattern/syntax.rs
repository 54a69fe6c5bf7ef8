//! The text of a pattern → its tree, and the sets of characters in it.

use regex_syntax::ast::parse::ParserBuilder;
use regex_syntax::ast::{
    Ast, ClassBracketed, ClassPerl, ClassPerlKind, ClassSet, ClassSetItem, ErrorKind, HexLiteralKind,
    Literal, LiteralKind, SpecialLiteralKind,
};
use regex_syntax::hir::{ClassUnicode, ClassUnicodeRange};

use super::{Case, Refused};

/// Longer patterns are refused before they are read.
const MAX_PATTERN_BYTES: usize = 10_000;
/// Deep enough for people, shallow enough for any stack.
const MAX_NESTING: u32 = 50;

pub fn parse(pattern: &str) -> Result<Ast, Refused> {
    if pattern.len() > MAX_PATTERN_BYTES {
        return Err(super::too_large());
    }
    ParserBuilder::new().nest_limit(MAX_NESTING).build().parse(pattern).map_err(|error| match error.kind() {
        ErrorKind::UnsupportedLookAround => Refused::new(
            "the pattern looks around: (?= (?! (?<= (?<!",
            "Test the parts apart, with $and and $notRegex",
        ),
        ErrorKind::UnsupportedBackreference => {
            Refused::new("the pattern refers back to a group", "Write out the texts that may stand there")
        }
        kind => {
            let at = error.span().start.column;
            let cure = "Put a \\ before signs that stand for themselves: . * + ? ( ) [ ] { } | ^ $ \\";
            Refused::new(format!("the pattern cannot be read at character {at}: {kind}"), cure)
        }
    })
}

/// Something that JavaScript reads in another way, or not at all.
pub fn foreign(what: &str) -> Refused {
    Refused::new(
        format!("the pattern has {what}, which JavaScript reads in another way"),
        "Write it out in full",
    )
}

pub fn set(ranges: &[(char, char)]) -> ClassUnicode {
    ClassUnicode::new(ranges.iter().map(|(start, end)| ClassUnicodeRange::new(*start, *end)))
}

fn negated(mut class: ClassUnicode) -> ClassUnicode {
    class.negate();
    class
}

/// What `.` is.
pub fn any() -> ClassUnicode {
    negated(set(&[('\n', '\n'), ('\r', '\r'), ('\u{2028}', '\u{2029}')]))
}

pub fn literal(literal: &Literal) -> Result<char, Refused> {
    match &literal.kind {
        LiteralKind::Verbatim
        | LiteralKind::Meta
        | LiteralKind::Superfluous
        | LiteralKind::HexFixed(HexLiteralKind::X | HexLiteralKind::UnicodeShort)
        | LiteralKind::Special(
            SpecialLiteralKind::FormFeed
            | SpecialLiteralKind::Tab
            | SpecialLiteralKind::LineFeed
            | SpecialLiteralKind::CarriageReturn
            | SpecialLiteralKind::VerticalTab,
        ) => Ok(literal.c),
        _ => Err(foreign("an escape")),
    }
}

pub fn perl(perl: &ClassPerl) -> ClassUnicode {
    let class = match perl.kind {
        ClassPerlKind::Digit => set(&[('0', '9')]),
        ClassPerlKind::Word => set(&[('0', '9'), ('A', 'Z'), ('_', '_'), ('a', 'z')]),
        ClassPerlKind::Space => set(&[
            ('\t', '\r'),
            (' ', ' '),
            ('\u{a0}', '\u{a0}'),
            ('\u{1680}', '\u{1680}'),
            ('\u{2000}', '\u{200a}'),
            ('\u{2028}', '\u{2029}'),
            ('\u{202f}', '\u{202f}'),
            ('\u{205f}', '\u{205f}'),
            ('\u{3000}', '\u{3000}'),
            ('\u{feff}', '\u{feff}'),
        ]),
    };
    if perl.negated { negated(class) } else { class }
}

/// `[…]`; `pattern` is what the tree was read from.
pub fn bracketed(class: &ClassBracketed, pattern: &str, case: Case) -> Result<ClassUnicode, Refused> {
    let start = class.span.start.offset + if class.negated { 2 } else { 1 };
    if pattern.get(start..).is_some_and(|rest| rest.starts_with(']')) {
        return Err(foreign("a ] first in [ ]"));
    }
    let ClassSet::Item(item) = &class.kind else { return Err(foreign("&&, -- or ~~ in [ ]")) };
    let mut all = ClassUnicode::empty();
    let items = match item {
        ClassSetItem::Union(union) => union.items.as_slice(),
        item => std::slice::from_ref(item),
    };
    for item in items {
        match item {
            ClassSetItem::Empty(_) => {}
            ClassSetItem::Literal(one) => {
                let one = literal(one)?;
                all.union(&set(&[(one, one)]));
            }
            ClassSetItem::Range(range) => all.union(&set(&[(literal(&range.start)?, literal(&range.end)?)])),
            ClassSetItem::Perl(class) => all.union(&perl(class)),
            _ => return Err(foreign("a class within [ ]")),
        }
    }
    let all = folded(all, case)?;
    Ok(if class.negated { negated(all) } else { all })
}

/// Without the `u` flag, nothing outside ASCII is the same letter as something inside.
pub fn folded(class: ClassUnicode, case: Case) -> Result<ClassUnicode, Refused> {
    if case == Case::Kept {
        return Ok(class);
    }
    let ascii = set(&[('\0', '\x7f')]);
    let mut folded = ClassUnicode::empty();
    for part in [ascii.clone(), negated(ascii)] {
        let mut class = class.clone();
        class.intersect(&part);
        class
            .try_case_fold_simple()
            .map_err(|error| Refused::new(error.to_string(), "Leave out the case folding"))?;
        class.intersect(&part);
        folded.union(&class);
    }
    Ok(folded)
}
