//! The tree of a pattern → states over bytes (Thompson's construction), written from the end to the start.

use regex_syntax::ast::{
    Assertion, AssertionKind, Ast, GroupKind, Repetition, RepetitionKind, RepetitionRange,
};
use regex_syntax::hir::ClassUnicode;
use regex_syntax::utf8::Utf8Sequences;

use super::{Case, Refused, syntax};

/// Bounds what counted repetitions may become, and the work of making the table.
const MAX_STATES: usize = 8_000;
/// Bounds repetitions of nothing, which make no states.
const MAX_STEPS: usize = 100_000;

#[derive(Clone, Debug)]
pub enum State {
    /// A byte from the first to the second leads on.
    Byte(u8, u8, u32),
    Split(Vec<u32>),
    Look(Look, u32),
    Accept,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Look {
    Start,
    End,
    WordBoundary,
    NotWordBoundary,
}

#[derive(Debug)]
pub struct Nfa {
    pub states: Vec<State>,
    pub start: u32,
}

struct Builder<'a> {
    pattern: &'a str,
    case: Case,
    states: Vec<State>,
    steps: usize,
}

impl Nfa {
    pub fn new(ast: &Ast, pattern: &str, case: Case) -> Result<Self, Refused> {
        let mut builder = Builder { pattern, case, states: vec![State::Accept], steps: 0 };
        let start = builder.add(ast, 0)?;
        Ok(Self { states: builder.states, start })
    }
}

impl Builder<'_> {
    fn push(&mut self, state: State) -> Result<u32, Refused> {
        if self.states.len() >= MAX_STATES {
            return Err(super::too_large());
        }
        self.states.push(state);
        Ok(self.states.len() as u32 - 1)
    }

    /// The state that goes through `ast` and on to `next`.
    fn add(&mut self, ast: &Ast, next: u32) -> Result<u32, Refused> {
        self.steps += 1;
        if self.steps > MAX_STEPS {
            return Err(super::too_large());
        }
        match ast {
            Ast::Empty(_) => Ok(next),
            Ast::Flags(_) => Err(syntax::foreign("flags")),
            Ast::Literal(literal) => {
                let one = syntax::literal(literal)?;
                let class = syntax::folded(syntax::set(&[(one, one)]), self.case)?;
                self.class(&class, next)
            }
            Ast::Dot(_) => self.class(&syntax::any(), next),
            Ast::Assertion(assertion) => {
                let look = look(assertion)?;
                self.push(State::Look(look, next))
            }
            Ast::ClassUnicode(_) => Err(syntax::foreign("\\p")),
            Ast::ClassPerl(perl) => self.class(&syntax::perl(perl), next),
            Ast::ClassBracketed(class) => {
                let class = syntax::bracketed(class, self.pattern, self.case)?;
                self.class(&class, next)
            }
            Ast::Repetition(repetition) => self.repeat(repetition, next),
            Ast::Group(group) => match &group.kind {
                GroupKind::CaptureName { starts_with_p: true, .. } => Err(syntax::foreign("(?P<…>")),
                GroupKind::NonCapturing(flags) if !flags.items.is_empty() => Err(syntax::foreign("flags")),
                _ => self.add(&group.ast, next),
            },
            Ast::Alternation(alternation) => {
                let ways: Result<Vec<u32>, Refused> =
                    alternation.asts.iter().map(|ast| self.add(ast, next)).collect();
                self.push(State::Split(ways?))
            }
            Ast::Concat(concat) => concat.asts.iter().rev().try_fold(next, |next, ast| self.add(ast, next)),
        }
    }

    fn repeat(&mut self, repetition: &Repetition, next: u32) -> Result<u32, Refused> {
        if matches!(&*repetition.ast, Ast::Repetition(_) | Ast::Assertion(_)) {
            return Err(syntax::foreign("a repetition of a repetition or of a place"));
        }
        let written = self.pattern.get(repetition.op.span.start.offset..).unwrap_or_default();
        if written.starts_with("{,") {
            return Err(syntax::foreign("{, without a number before the comma"));
        }
        let (least, most) = match &repetition.op.kind {
            RepetitionKind::ZeroOrOne => (0, Some(1)),
            RepetitionKind::ZeroOrMore => (0, None),
            RepetitionKind::OneOrMore => (1, None),
            RepetitionKind::Range(RepetitionRange::Exactly(count)) => (*count, Some(*count)),
            RepetitionKind::Range(RepetitionRange::AtLeast(least)) => (*least, None),
            RepetitionKind::Range(RepetitionRange::Bounded(least, most)) => (*least, Some(*most)),
        };
        let mut at = next;
        match most {
            None => {
                let around = self.push(State::Split(Vec::new()))?;
                let inside = self.add(&repetition.ast, around)?;
                if let Some(split) = self.states.get_mut(around as usize) {
                    *split = State::Split(vec![inside, next]);
                }
                at = around;
            }
            Some(most) => {
                for _ in least..most {
                    let inside = self.add(&repetition.ast, at)?;
                    at = self.push(State::Split(vec![inside, next]))?;
                }
            }
        }
        for _ in 0..least {
            at = self.add(&repetition.ast, at)?;
        }
        Ok(at)
    }

    fn class(&mut self, class: &ClassUnicode, next: u32) -> Result<u32, Refused> {
        let mut ways = Vec::new();
        for range in class.iter() {
            for sequence in Utf8Sequences::new(range.start(), range.end()) {
                let way = sequence
                    .as_slice()
                    .iter()
                    .rev()
                    .try_fold(next, |next, bytes| self.push(State::Byte(bytes.start, bytes.end, next)))?;
                ways.push(way);
            }
        }
        match ways.as_slice() {
            [way] => Ok(*way),
            _ => self.push(State::Split(ways)),
        }
    }
}

fn look(assertion: &Assertion) -> Result<Look, Refused> {
    match assertion.kind {
        AssertionKind::StartLine => Ok(Look::Start),
        AssertionKind::EndLine => Ok(Look::End),
        AssertionKind::WordBoundary => Ok(Look::WordBoundary),
        AssertionKind::NotWordBoundary => Ok(Look::NotWordBoundary),
        _ => Err(syntax::foreign("a place other than ^ $ \\b \\B")),
    }
}
