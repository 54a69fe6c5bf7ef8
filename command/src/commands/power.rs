use std::io::Write as _;

use anyhow::Context as _;
use parlour_stats::power::Power;
use serde_json::json;

use super::{Outcome, Task};
use crate::bar::bar;
use crate::host::Host;
use crate::simulation::picture::grouped;

/// Says how many visitors an experiment needs, and how many days.
///
/// Assumes a two-sided z-test of two proportions between each variant and the control, in arms of equal size, without
/// looking before the end. With K variants there are K - 1 comparisons, each at alpha / (K - 1) (Bonferroni), so that any
/// false alarm at all has at most the chance alpha; Holm's step-down procedure rejects whatever Bonferroni rejects, so that
/// as many visitors suffice for it. Power is that of each comparison alone.
///
/// For each arm n = (z(1 - a/2) √(2 m (1 - m)) + z(power) √(p (1 - p) + q (1 - q)))² / (q - p)², where p is the baseline,
/// q the share after the change, m their mean, a the alpha of one comparison: normal approximation, variance pooled under
/// the null hypothesis, no continuity correction. Source: Fleiss, Levin, Paik, Statistical Methods for Rates and
/// Proportions, 3rd edition (2003), chapter 4.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The share that converts today: 0.04 or 4%.
    #[arg(long, value_name = "P", value_parser = share)]
    baseline: f64,
    /// The smallest effect worth finding: 0.1 or 10%, of the baseline unless --absolute. Negative for a fall.
    #[arg(long, value_name = "D", value_parser = number, allow_hyphen_values = true)]
    mde: f64,
    /// The effect is a part of the baseline (the default): 10% of 4% is 0.4 points.
    #[arg(long, conflicts_with = "absolute")]
    relative: bool,
    /// The effect is in points: 1% makes 5% of 4%.
    #[arg(long)]
    absolute: bool,
    /// How many variants, the control included.
    #[arg(long, default_value_t = 2, value_name = "K", value_parser = clap::value_parser!(u32).range(2..=100))]
    variants: u32,
    /// Visitors a day who enter the experiment, all variants together.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    visitors_per_day: Option<u64>,
    /// Chance of a false alarm that you accept.
    #[arg(long, default_value = "0.05", value_name = "P", value_parser = share)]
    alpha: f64,
    /// Chance of finding the effect if there is one.
    #[arg(long, default_value = "0.8", value_name = "P", value_parser = share)]
    power: f64,
    /// How to print the answer.
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
}

#[derive(Debug, Clone, Copy, clap::ValueEnum)]
enum Format {
    Text,
    Json,
}

/// Effects beside the one asked for, as multiples of it.
const BESIDE: [f64; 5] = [0.5, 0.75, 1.0, 1.5, 2.0];
const BAR_COLUMNS: usize = 30;

impl Task for Args {
    fn run(self, host: &dyn Host) -> anyhow::Result<Outcome> {
        let changed = self.changed(1.0);
        anyhow::ensure!(
            self.mde != 0.0,
            "--mde 0: no number of visitors shows that there is no effect; give one worth finding"
        );
        let each = self.for_each_arm(1.0).with_context(|| {
            let (baseline, cure) = (self.baseline, if self.absolute { "" } else { ", or --absolute for an effect in points" });
            format!("--mde makes {changed} of --baseline {baseline}, which is no share between 0 and 1: give a smaller one{cure}")
        })?;
        let all = each.saturating_mul(u64::from(self.variants));
        let days = self.visitors_per_day.map(|a_day| all.div_ceil(a_day));
        let comparisons = self.variants - 1;
        let mut out = host.stdout();
        if let Format::Json = self.format {
            let answer = json!({
                "test": "two-sided z-test of two proportions, pooled variance, no continuity correction",
                "baseline": self.baseline, "changed": changed, "variants": self.variants,
                "alpha": self.alpha, "alphaOfEachComparison": self.alpha_each(), "correction": "bonferroni",
                "power": self.power, "visitorsPerVariant": each, "visitors": all,
                "visitorsPerDay": self.visitors_per_day, "days": days,
            });
            writeln!(out, "{answer:#}")?;
            out.flush()?;
            return Ok(Outcome::Clean);
        }
        let points = (changed - self.baseline) * 100.0;
        let part = (changed / self.baseline - 1.0) * 100.0;
        writeln!(out, "baseline       {:.3} %", self.baseline * 100.0)?;
        writeln!(
            out,
            "to find        {:.3} % ({points:+.3} points, {part:+.2} % of the baseline)",
            changed * 100.0
        )?;
        writeln!(out, "per variant    {} visitors", grouped(each))?;
        writeln!(out, "in all         {} visitors in {} variants", grouped(all), self.variants)?;
        match (days, self.visitors_per_day) {
            (Some(days), Some(a_day)) => {
                let (weeks, s) = (days.div_ceil(7), if days == 1 { "" } else { "s" });
                let whole = if weeks == 1 {
                    "1 whole week".to_owned()
                } else {
                    format!("{} whole weeks", grouped(weeks))
                };
                writeln!(
                    out,
                    "time           {} day{s} at {} visitors a day; better {whole}, as days of the week differ",
                    grouped(days),
                    grouped(a_day)
                )?;
            }
            _ => writeln!(out, "time           give --visitors-per-day")?,
        }
        write!(out, "assumed        two-sided z-test of two proportions, alpha {}", self.alpha)?;
        if comparisons > 1 {
            write!(
                out,
                " / {comparisons} = {:.5} for each comparison with the control (Bonferroni; enough for Holm)",
                self.alpha_each()
            )?;
        }
        writeln!(out, ", power {}\n", self.power)?;
        self.write_others(&mut out)?;
        out.flush()?;
        Ok(Outcome::Clean)
    }
}

impl Args {
    /// The share after `times` the effect.
    fn changed(&self, times: f64) -> f64 {
        self.baseline * (1.0 + self.relative(times))
    }

    fn relative(&self, times: f64) -> f64 {
        let scale = if self.absolute { self.baseline } else { 1.0 };
        self.mde * times / scale
    }

    fn alpha_each(&self) -> f64 {
        self.alpha / f64::from(self.variants - 1)
    }

    fn for_each_arm(&self, times: f64) -> Option<u64> {
        let Self { baseline, variants, alpha, power, .. } = *self;
        Power { baseline, mde: self.relative(times), variants, alpha, power }.visitors_per_variant()
    }

    fn write_others(&self, out: &mut impl std::io::Write) -> std::io::Result<()> {
        let rows: Vec<_> = BESIDE
            .iter()
            .filter_map(|times| Some((self.changed(*times), self.for_each_arm(*times)?)))
            .collect();
        let most = rows.iter().map(|(_, visitors)| *visitors).max().unwrap_or(1);
        writeln!(out, "{:>12} {:>16}", "to find", "per variant")?;
        for (changed, visitors) in rows {
            let bar = bar(visitors as f64 / most as f64, BAR_COLUMNS);
            writeln!(out, "{:>10.3} % {:>16}  {bar}", changed * 100.0, grouped(visitors))?;
        }
        Ok(())
    }
}

/// `0.04` or `4%`.
fn number(text: &str) -> Result<f64, String> {
    let (digits, scale) = text.strip_suffix('%').map_or((text, 1.0), |digits| (digits.trim_end(), 100.0));
    let value: f64 = digits.parse().map_err(|_| "write a number such as 0.04 or 4%".to_owned())?;
    if value.is_finite() { Ok(value / scale) } else { Err("write a number such as 0.04 or 4%".to_owned()) }
}

fn share(text: &str) -> Result<f64, String> {
    let value = number(text)?;
    if value > 0.0 && value < 1.0 {
        Ok(value)
    } else {
        Err("write a share between 0 and 1, such as 0.04 or 4%".to_owned())
    }
}
