//! Regular expressions → the tables of `targeting::Pattern`.
//!
//! What is read is the part of JavaScript's language (no `u` flag) that means the same everywhere and needs no going back:
//! no look-around, no back-references. `\d`, `\w` and `\b` are ASCII, `.` stops at line ends, and a character is a code
//! point. Matching starts anywhere. Everything else is refused with what to write instead, never reinterpreted.

mod nfa;
mod syntax;
mod table;

use crate::targeting::Pattern;

/// Why a pattern is refused, and what may be written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refused {
    pub message: String,
    pub cure: String,
}

impl Refused {
    fn new(message: impl Into<String>, cure: impl Into<String>) -> Self {
        Self { message: message.into(), cure: cure.into() }
    }
}

fn too_large() -> Refused {
    Refused::new(
        "the pattern needs too many states",
        "Shorten its counted repetitions such as {1,200}, or split it over several conditions",
    )
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Case {
    Kept,
    /// The `i` flag.
    Ignored,
}

pub fn compile(pattern: &str, case: Case) -> Result<Pattern, Refused> {
    table::table(&nfa::Nfa::new(&syntax::parse(pattern)?, pattern, case)?)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn is_in(pattern: &str, case: Case, text: &str) -> bool {
        compile(pattern, case)
            .unwrap_or_else(|refused| unreachable!("{pattern}: {refused:?}"))
            .is_in(text.as_bytes())
    }

    /// Pattern, texts it is in, texts it is not in.
    const ROWS: [(&str, &[&str], &[&str]); 28] = [
        ("", &["", "x"], &[]),
        ("b", &["b", "abc"], &["", "B"]),
        ("^b", &["b", "bc"], &["ab", "\nb"]),
        ("b$", &["b", "ab"], &["bc", "b\n"]),
        ("^$", &[""], &["a"]),
        ("a|^b", &["xa", "b"], &["xb"]),
        ("(Mobile|Tablet)", &["a Mobile b"], &["mobile"]),
        ("-12-25$", &["1980-12-25"], &["1980-12-250"]),
        ("^/products/[a-z0-9-]+/?$", &["/products/mug-01", "/products/x/"], &["/products/", "/products/x/y"]),
        ("a{2}", &["baab"], &["aba"]),
        ("^a{2,3}$", &["aa", "aaa"], &["a", "aaaa"]),
        ("^a{2,}$", &["aa", "aaaaa"], &["a"]),
        ("^a*?$", &["", "aa"], &["ab"]),
        ("^(?:ab)+$", &["abab"], &["aba", ""]),
        ("^(?<name>x)?y$", &["y", "xy"], &["xxy"]),
        ("^.$", &["a", "é", "😀"], &["", "\n", "\r", "\u{2028}", "\u{2029}", "ab"]),
        (r"^\d\w\s$", &["1a ", "2_\u{a0}", "3Z\u{feff}"], &["٣a ", "1é ", "1aa"]),
        (r"^\D\W\S$", &["aéa", "٣-1"], &["1-a", "aaa", "a- "]),
        (r"\bcat\b", &["cat", "a cat.", "é cat", "écat"], &["cats", "acat", "_cat"]),
        (r"\Bcat", &["acat"], &["cat", "a cat"]),
        (r"\B", &["", "ab", "é"], &["a", "a\u{a0}b"]),
        ("[^a-c]", &["d", "é"], &["", "abc"]),
        (r"^[\w.-]+@[\w-]+\.\w{2,}$", &["a.b@c-d.example"], &["a@b", "@b.cc"]),
        ("^[é-ü]$", &["é", "ú"], &["e", "ý"]),
        (r"\/x\.y", &["/x.y"], &["/xzy"]),
        (r"^\x41\u00e9\t$", &["Aé\t"], &["aé\t"]),
        ("(a+)+b", &["aab"], &["aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaac"]),
        ("^(|a)*$", &["", "aaa"], &["b"]),
    ];

    #[test]
    fn patterns_are_found_as_regexp_test_finds_them() {
        for (pattern, found, missed) in ROWS {
            for text in found {
                assert!(is_in(pattern, Case::Kept, text), "/{pattern}/ is in {text:?}");
            }
            for text in missed {
                assert!(!is_in(pattern, Case::Kept, text), "/{pattern}/ is not in {text:?}");
            }
        }
    }

    #[test]
    fn the_i_flag_folds_as_javascript_does() {
        for (pattern, text, expect) in [
            ("mobile", "MOBILE", true),
            ("^É$", "é", true),
            ("^[a-c]$", "B", true),
            ("^[^a-c]$", "B", false),
            ("^σ$", "ς", true),
            // Without the `u` flag nothing outside ASCII folds into it.
            ("^k$", "\u{212a}", false),
            ("^ſ$", "s", false),
        ] {
            assert_eq!(is_in(pattern, Case::Ignored, text), expect, "/{pattern}/i {text:?}");
        }
    }

    #[test]
    fn what_means_something_else_in_javascript_is_refused() {
        for pattern in [
            "(?=a)",
            "(?!a)",
            "(?<=a)",
            "(?<!a)",
            r"(a)\1",
            r"\k<n>",
            "(?i)a",
            "(?i:a)",
            "(?x) a",
            "(?P<n>a)",
            r"\pL",
            r"\p{Greek}",
            r"\A",
            r"\z",
            r"\a",
            r"\x{41}",
            r"\u{41}",
            r"\U0001F600",
            "[[:alpha:]]",
            "[a[b]]",
            "[a&&b]",
            "[a--b]",
            "[a~~b]",
            "[]a]",
            "[^]a]",
            "a**",
            "a+*",
            "a{2}{3}",
            "^*",
            r"\b+",
            "a{,3}",
            r"\<a",
            r"\b{start}",
            "(",
            "[",
            "/???***[)",
        ] {
            assert!(compile(pattern, Case::Kept).is_err(), "{pattern}");
        }
    }

    #[test]
    fn patterns_that_would_need_too_much_are_refused_soon() {
        for pattern in [
            "a.{30}b",
            "(((a{100}){100}){100}){100}",
            "((((){1000}){1000}){1000}){1000}",
            "[a-z]{5000}",
            &format!("{}a{}", "(".repeat(5_000), ")".repeat(5_000)),
            &"a|b".repeat(50_000),
        ] {
            assert!(
                compile(pattern, Case::Kept).is_err(),
                "{}",
                pattern.chars().take(40).collect::<String>()
            );
        }
    }

    #[test]
    fn no_pattern_looks_at_a_byte_twice() {
        let text = "a".repeat(2_000);
        for pattern in ["(a+)+b", "(a|aa)+$", "(a|a?)+b", "^(a*)*$", "(.*)*x", "((a+)+)+b", r"(\w+\s?)*$"] {
            let (_, steps) =
                compile(pattern, Case::Kept).map(|pattern| pattern.run(text.as_bytes())).unwrap_or_default();
            assert!((1..=text.len()).contains(&steps), "{pattern}: {steps} steps");
        }
    }

    /// A pattern, and how the regex crate writes what we mean by it.
    fn pair() -> impl Strategy<Value = (String, String)> {
        let same = |text: &'static str| Just((text.to_owned(), text.to_owned()));
        let leaf = prop_oneof![
            6 => prop::sample::select(vec!["a", "b", "é", "1", "_", "-", "😀", r"\.", "[ab]", "[^a]", "[a-é]", r"[^\n]", ""])
                .prop_flat_map(same),
            1 => Just((".".to_owned(), r"[^\n\r\u{2028}\u{2029}]".to_owned())),
            1 => Just((r"\w".to_owned(), "[0-9A-Za-z_]".to_owned())),
            1 => Just((r"\W".to_owned(), "[^0-9A-Za-z_]".to_owned())),
            1 => Just((r"[\d-]".to_owned(), "[0-9-]".to_owned())),
            1 => Just((r"\b".to_owned(), r"(?-u:\b)".to_owned())),
            1 => Just((r"\B".to_owned(), r"(?-u:\B)".to_owned())),
            1 => same("^"),
            1 => same("$"),
        ];
        leaf.prop_recursive(4, 24, 4, |inner| {
            let repeated = (inner.clone(), prop::sample::select(vec!["*", "+", "?", "{2}", "{1,3}", "{2,}", "*?"]));
            prop_oneof![
                3 => prop::collection::vec(inner.clone(), 0..4).prop_map(|parts| parts.into_iter().unzip()),
                2 => prop::collection::vec(inner, 1..3).prop_map(|parts| {
                    let (ours, theirs): (Vec<_>, Vec<_>) = parts.into_iter().unzip();
                    (format!("({})", ours.join("|")), format!("({})", theirs.join("|")))
                }),
                2 => repeated.prop_map(|((ours, theirs), count)| (format!("(?:{ours}){count}"), format!("(?:{theirs}){count}"))),
            ]
        })
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(1_000))]

        #[test]
        fn the_table_agrees_with_the_regex_crate(
            (ours, theirs) in pair(),
            is_folded: bool,
            texts in prop::collection::vec("[abABéÉ1_ \\n.😀-]{0,8}", 1..8),
        ) {
            let case = if is_folded { Case::Ignored } else { Case::Kept };
            if let Ok(pattern) = compile(&ours, case) {
                let regex = regex::bytes::RegexBuilder::new(&theirs).case_insensitive(is_folded).build();
                let regex = regex.unwrap_or_else(|error| unreachable!("{theirs}: {error}"));
                // Theirs finds \B between the bytes of a character; JavaScript, against which the node tests hold us, does not.
                for text in texts.iter().filter(|text| text.is_ascii() || !ours.contains(r"\B")) {
                    let (found, steps) = pattern.run(text.as_bytes());
                    prop_assert!(steps <= text.len());
                    prop_assert_eq!(found, regex.is_match(text.as_bytes()), "/{}/ in {:?}", ours, text);
                }
            }
        }

        #[test]
        fn no_text_as_a_pattern_makes_us_panic(pattern in r"[a(){}\[\]|?*+^$\\.,<=!:bdwsux0-9é-]{0,24}", text in ".{0,20}") {
            if let Ok(pattern) = compile(&pattern, Case::Ignored) {
                let (_, steps) = pattern.run(text.as_bytes());
                prop_assert!(steps <= text.len());
            }
        }
    }
}
