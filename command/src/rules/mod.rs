//! Association rules: what is bought together with what, and how much more often than by chance.
//!
//! With n baskets, for a rule X → y: support P(X ∪ y), confidence P(y | X), lift P(X ∪ y) / (P(X) P(y)), leverage
//! P(X ∪ y) − P(X) P(y). Sources: Agrawal, Imieliński, Swami, "Mining association rules between sets of items in large
//! databases" (SIGMOD 1993); leverage: Piatetsky-Shapiro, "Discovery, analysis, and presentation of strong rules" (1991).

mod baskets;
mod frequent;

pub use baskets::{Baskets, Columns};
pub use frequent::MOST_SETS;

use frequent::{Frequent, frequent_sets};

/// Thresholds are parts of one. A rule that meets one exactly is in.
#[derive(Debug, Clone, Copy)]
pub struct Options {
    pub min_support: f64,
    pub min_confidence: f64,
    /// Of both sides together, 2 at least.
    pub max_items: usize,
}

/// One consequent each. Items are numbers of [`Baskets::names`].
#[derive(Debug, Clone, PartialEq)]
pub struct Rule {
    pub antecedent: Vec<u32>,
    pub consequent: u32,
    /// Baskets that hold both sides.
    pub count: u32,
    pub antecedent_count: u32,
    pub consequent_count: u32,
    pub support: f64,
    pub confidence: f64,
    pub lift: f64,
    pub leverage: f64,
}

/// Shares are computed, so that 59.01 baskets of .006 are not taken for 60 by the last digit of a float.
const ROUNDING: f64 = 1e-12;

/// By leverage, the largest first. `None` where there are more than [`MOST_SETS`] frequent sets. `at` is told how many of
/// how many frequent items are done.
#[must_use]
pub fn mine(baskets: &Baskets, options: &Options, at: &mut dyn FnMut(usize, usize)) -> Option<Vec<Rule>> {
    let total = baskets.len() as f64;
    let least = (1..).find(|count| f64::from(*count) / total + ROUNDING >= options.min_support)?;
    let sets = frequent_sets(baskets, least, options.max_items, at)?;
    let mut rules = Vec::new();
    for (items, count) in sets.iter().filter(|(items, _)| items.len() > 1) {
        for (place, consequent) in items.iter().enumerate() {
            let mut antecedent = items.to_vec();
            antecedent.remove(place);
            rules.extend(
                rule(&sets, antecedent, *consequent, *count, total)
                    .filter(|rule| rule.confidence + ROUNDING >= options.min_confidence),
            );
        }
    }
    rules.sort_by(|a, b| {
        b.leverage
            .total_cmp(&a.leverage)
            .then_with(|| b.count.cmp(&a.count))
            .then_with(|| a.antecedent.cmp(&b.antecedent))
            .then_with(|| a.consequent.cmp(&b.consequent))
    });
    Some(rules)
}

/// Every part of a frequent set is frequent, and so was counted.
fn rule(sets: &Frequent, antecedent: Vec<u32>, consequent: u32, count: u32, total: f64) -> Option<Rule> {
    let antecedent_count = *sets.get(antecedent.as_slice())?;
    let consequent_count = *sets.get([consequent].as_slice())?;
    let support = f64::from(count) / total;
    let (x, y) = (f64::from(antecedent_count) / total, f64::from(consequent_count) / total);
    Some(Rule {
        antecedent,
        consequent,
        count,
        antecedent_count,
        consequent_count,
        support,
        confidence: support / x,
        lift: support / (x * y),
        leverage: support - x * y,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mined(lines: &str, min_support: f64, min_confidence: f64, max_items: usize) -> Vec<String> {
        let baskets = Baskets::read(lines.as_bytes(), None).unwrap_or_default();
        let options = Options { min_support, min_confidence, max_items };
        let name = |item: u32| baskets.names().get(item as usize).cloned().unwrap_or_default();
        let mut told: Vec<String> = mine(&baskets, &options, &mut |_, _| ())
            .unwrap_or_default()
            .iter()
            .map(|rule| {
                let mut left: Vec<_> = rule.antecedent.iter().map(|item| name(*item)).collect();
                left.sort();
                format!("{} > {} {}", left.join("+"), name(rule.consequent), rule.count)
            })
            .collect();
        told.sort();
        told
    }

    #[test]
    fn a_rule_that_meets_a_threshold_exactly_is_in() {
        let four = "a,b\na,b\na\nc\n";
        assert_eq!(mined(four, 0.5, 0.6, 2), ["a > b 2", "b > a 2"]);
        assert_eq!(mined(four, 0.51, 0.6, 2), [""; 0]);
        assert_eq!(mined(four, 0.5, 2.0 / 3.0, 2), ["a > b 2", "b > a 2"]);
        assert_eq!(mined(four, 0.5, 0.7, 2), ["b > a 2"]);
    }

    #[test]
    fn both_sides_together_have_at_most_so_many_items() {
        let three = "a,b,c\na,b,c\n";
        assert_eq!(mined(three, 1.0, 1.0, 2).len(), 6);
        assert_eq!(mined(three, 1.0, 1.0, 3).len(), 9);
    }

    #[test]
    fn the_same_item_twice_in_a_basket_counts_once() {
        assert_eq!(mined("a,a,b\na,b,b\n", 1.0, 1.0, 3), ["a > b 2", "b > a 2"]);
    }

    #[test]
    fn measures_are_those_of_the_definitions() {
        let baskets = Baskets::read("a,b\na,b\na\nb\nc\n".as_bytes(), None).unwrap_or_default();
        let options = Options { min_support: 0.1, min_confidence: 0.1, max_items: 2 };
        let rules = mine(&baskets, &options, &mut |_, _| ()).unwrap_or_default();
        let first = rules.first().map(|rule| (rule.support, rule.confidence, rule.lift, rule.leverage));
        let Some((support, confidence, lift, leverage)) = first else { panic!("{rules:?}") };
        for (found, expect) in
            [(support, 0.4), (confidence, 2.0 / 3.0), (lift, 0.4 / 0.36), (leverage, 0.4 - 0.36)]
        {
            assert!((found - expect).abs() < 1e-12, "{found} {expect}");
        }
    }
}
