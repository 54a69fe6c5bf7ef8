use std::io::Write as _;
use std::path::PathBuf;

use anyhow::ensure;
use clap::ValueEnum;
use serde_json::json;

use super::{Outcome, Task};
use crate::host::Host;
use crate::progress::Progress;
use crate::rules::{Baskets, Columns, MOST_SETS, Options, Rule, mine};

const WARNING: &str = "Do not rank by lift: it is largest where items are rare, and what is rare may be chance. Look at the \
                       count first; leverage says in how many more baskets of all than by chance.";

/// Finds what is bought together: association rules with one consequent.
///
/// BASKETS has a line for each basket, its items parted by tabs or commas; or, with --basket and --item, a table with a
/// heading and a line for each item. It may be packed by gzip. An item counts once in a basket; baskets without items are
/// left out.
///
/// For X → y over all baskets: support is the share that holds both, confidence the share of those with X that hold y, lift
/// how many times as many as if X and y had nothing to do with each other, leverage the share of baskets beyond those.
/// Rules come by leverage, the largest first. Source: Agrawal, Imieliński, Swami (SIGMOD 1993); Piatetsky-Shapiro (1991).
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The baskets.
    baskets: PathBuf,
    /// The least share of baskets that holds both sides: 0.01 or 1%.
    #[arg(long, value_name = "P", value_parser = share, default_value = "0.01")]
    min_support: f64,
    /// The least share of baskets with the one side that holds the other: 0.5 or 50%.
    #[arg(long, value_name = "P", value_parser = share, default_value = "0.5")]
    min_confidence: f64,
    /// How many items a rule may have, both sides together.
    #[arg(long, value_name = "N", default_value_t = 10)]
    max_items: usize,
    /// Column of the table that says which basket a line belongs to.
    #[arg(long, value_name = "COLUMN", requires = "item")]
    basket: Option<String>,
    /// Column of the table that names the item.
    #[arg(long, value_name = "COLUMN", requires = "basket")]
    item: Option<String>,
    /// How to print the rules.
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

#[derive(Debug, Clone, Copy, Default, ValueEnum)]
enum Format {
    #[default]
    Text,
    Json,
    Csv,
}

fn share(text: &str) -> Result<f64, String> {
    let (number, unit) = text.strip_suffix('%').map_or((text, 1.0), |number| (number, 100.0));
    match number.trim().parse::<f64>() {
        Ok(share) if share > 0.0 && share <= unit => Ok(share / unit),
        _ => Err("a share above 0 and up to 1, such as 0.01 or 1%".into()),
    }
}

impl Task for Args {
    fn run(self, host: &dyn Host) -> anyhow::Result<Outcome> {
        ensure!((2..=30).contains(&self.max_items), "--max-items is {}: from 2 to 30", self.max_items);
        let columns =
            self.basket.as_deref().zip(self.item.as_deref()).map(|(basket, item)| Columns { basket, item });
        let path = self.baskets.display();
        let baskets = Baskets::read(&host.bytes_of(&self.baskets)?, columns)
            .map_err(|error| anyhow::anyhow!("{path}: {error:#}"))?;
        ensure!(
            !baskets.is_empty(),
            "{path} holds no baskets: give a line for each, its items parted by tabs or commas"
        );
        let options = Options {
            min_support: self.min_support,
            min_confidence: self.min_confidence,
            max_items: self.max_items,
        };
        let mut progress = Progress::new(host, "mining", 0);
        let found = mine(&baskets, &options, &mut |done, total| progress.step(done as u64, total as u64));
        progress.end();
        let Some(rules) = found else {
            anyhow::bail!(
                "{path}: more than {MOST_SETS} sets of items reach a support of {}: ask for more with --min-support, or for \
                 shorter rules with --max-items",
                self.min_support
            )
        };
        let mut out = host.stdout();
        let written = match self.format {
            Format::Text => text(&baskets, &rules),
            Format::Json => json_text(&baskets, &rules)?,
            Format::Csv => csv_text(&baskets, &rules)?,
        };
        out.write_all(written.as_bytes())?;
        out.flush()?;
        if !rules.is_empty() {
            host.tell(WARNING);
        }
        Ok(Outcome::Clean)
    }
}

fn name(baskets: &Baskets, item: u32) -> &str {
    baskets.names().get(item as usize).map_or("", String::as_str)
}

fn names<'a>(baskets: &'a Baskets, items: &[u32]) -> Vec<&'a str> {
    items.iter().map(|item| name(baskets, *item)).collect()
}

fn text(baskets: &Baskets, rules: &[Rule]) -> String {
    let mut text =
        format!("{} rules from {} baskets of {} items\n", rules.len(), baskets.len(), baskets.names().len());
    if !rules.is_empty() {
        text += "    count  support  confidence     lift  leverage  rule\n";
    }
    for rule in rules {
        let sides =
            format!("{} → {}", names(baskets, &rule.antecedent).join(", "), name(baskets, rule.consequent));
        text += &format!(
            "{:>9}{:>9.5}{:>12.4}{:>9.3}{:>10.5}  {}\n",
            rule.count,
            rule.support,
            rule.confidence,
            rule.lift,
            rule.leverage,
            // What an item is called moves no cursor.
            sides.replace(char::is_control, " ")
        );
    }
    text
}

fn json_text(baskets: &Baskets, rules: &[Rule]) -> anyhow::Result<String> {
    let list: Vec<_> = rules
        .iter()
        .map(|rule| {
            json!({
                "antecedent": names(baskets, &rule.antecedent), "consequent": name(baskets, rule.consequent),
                "count": rule.count, "antecedentCount": rule.antecedent_count, "consequentCount": rule.consequent_count,
                "support": rule.support, "confidence": rule.confidence, "lift": rule.lift, "leverage": rule.leverage,
            })
        })
        .collect();
    let all = json!({ "baskets": baskets.len(), "items": baskets.names().len(), "warning": WARNING, "rules": list });
    Ok(format!("{}\n", serde_json::to_string_pretty(&all)?))
}

/// Several items of the antecedent are parted by ` + `.
fn csv_text(baskets: &Baskets, rules: &[Rule]) -> anyhow::Result<String> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.write_record([
        "antecedent",
        "consequent",
        "count",
        "antecedent_count",
        "consequent_count",
        "support",
        "confidence",
        "lift",
        "leverage",
    ])?;
    for rule in rules {
        let numbers =
            [rule.count, rule.antecedent_count, rule.consequent_count].map(|count| count.to_string());
        let measures =
            [rule.support, rule.confidence, rule.lift, rule.leverage].map(|measure| measure.to_string());
        let sides = [names(baskets, &rule.antecedent).join(" + "), name(baskets, rule.consequent).to_owned()];
        writer.write_record(sides.map(inert).iter().chain(&numbers).chain(&measures))?;
    }
    Ok(String::from_utf8(writer.into_inner().map_err(|error| anyhow::anyhow!("{error}"))?)?)
}

/// Programs for tables take what starts so for a formula.
fn inert(text: String) -> String {
    if text.starts_with(['=', '+', '-', '@', '\t', '\r']) { format!("'{text}") } else { text }
}
