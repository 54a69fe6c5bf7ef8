use std::io::{self, Write};
use std::path::{Path, PathBuf};

use parlour::authoring::CompileOptions;
use parlour::plan::MAGIC;

use super::{Outcome, Task};
use crate::bar::bar;
use crate::crowd::{Asked, fact_sets};
use crate::difference::{Compared, Difference, Kind, Place, compare};
use crate::host::Host;
use crate::plan_file::{self, Opened};
use crate::progress::Progress;
use crate::simulation::{picture::grouped, share};

/// Says what changes for whom when one plan takes another's place.
///
/// For each experiment: what is written otherwise, and how many of the simulated visitors get another variant, from which
/// to which and why. Each side is a plan or a parlour.json, which is compiled by itself: for what `build --previous` would
/// make of it, build first. Visitors are new ones who allow measuring; without --facts nothing is known of them, so that
/// audiences that ask for facts let nobody in.
///
/// Exits with 1 when any simulated visitor gets another variant, or sees something else in the same one.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The plan (or parlour.json) that pages have now.
    old: PathBuf,
    /// The one that is to take its place.
    new: PathBuf,
    /// How many visitors.
    #[arg(short = 'n', long, default_value_t = 100_000, value_name = "N")]
    visitors: u64,
    /// Other seed, other visitors.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Facts of all visitors as a JSON object, or a file with a JSON object on each line, one of which each visitor draws.
    #[arg(long, value_name = "JSON|FILE")]
    facts: Option<String>,
    /// The time to decide at (RFC 3339) instead of now.
    #[arg(long, value_name = "TIME")]
    at: Option<jiff::Timestamp>,
    /// How to print the answer.
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
}

#[derive(Debug, Clone, Copy, clap::ValueEnum)]
enum Format {
    Text,
    Json,
}

const BAR_COLUMNS: usize = 20;

impl Task for Args {
    fn run(self, host: &dyn Host) -> anyhow::Result<Outcome> {
        let (old, new) = (open(&self.old, host)?, open(&self.new, host)?);
        let sets = fact_sets(self.facts.as_deref(), host)?;
        let asked = Asked { visitors: self.visitors, seed: self.seed, now_ms: host.instant(self.at) };
        let mut progress = Progress::new(host, "simulating visitors", self.visitors);
        let difference = compare(&old, &new, &sets, asked, &mut |done| progress.at(done));
        progress.end();
        let mut out = host.stdout();
        match self.format {
            Format::Json => writeln!(out, "{}", serde_json::to_string_pretty(&difference)?)?,
            Format::Text => write_text(&difference, &mut out)?,
        }
        out.flush()?;
        Ok(if difference.affected == 0 { Outcome::Clean } else { Outcome::FoundProblems })
    }
}

/// A plan, or what a parlour.json without mistakes is compiled to.
fn open(path: &Path, host: &dyn Host) -> anyhow::Result<Opened> {
    let bytes = host.bytes_of(path)?;
    if bytes.starts_with(&MAGIC) {
        return plan_file::open(path, bytes);
    }
    let shown = path.display();
    let Ok(text) = String::from_utf8(bytes) else {
        anyhow::bail!("{shown} is neither a plan nor a parlour.json");
    };
    let compilation = plan_file::compile(path, &text, &CompileOptions::default())?;
    match compilation.opened {
        Some(opened) if !compilation.has_errors => Ok(opened),
        _ => {
            for line in &compilation.lines {
                host.tell(line);
            }
            anyhow::bail!("{shown} has mistakes: mend them first, `parlour check {shown}` lists them")
        }
    }
}

fn write_text(difference: &Difference, out: &mut impl Write) -> io::Result<()> {
    let visitors = difference.visitors;
    for compared in &difference.experiments {
        write_experiment(compared, visitors, out)?;
    }
    for what in &difference.elsewhere {
        writeln!(out, "beside the experiments: other {what}")?;
    }
    let percent = |count: u64| share(count, visitors) * 100.0;
    let Difference { affected, torn, .. } = *difference;
    writeln!(
        out,
        "{} of {} simulated visitors ({:.3} %) get another variant or see something else",
        grouped(affected),
        grouped(visitors),
        percent(affected)
    )?;
    writeln!(out, "{} ({:.3} %) leave a variant that they are counted in", grouped(torn), percent(torn))
}

fn write_experiment(compared: &Compared, visitors: u64, out: &mut impl Write) -> io::Result<()> {
    let Compared { key, kind, written, flows, moved, sees_other, is_untold } = compared;
    let what = match kind {
        Kind::New => "new",
        Kind::Gone => "gone",
        Kind::Changed => "changed",
        Kind::Same => "as before",
    };
    writeln!(out, "{key}: {what}, {} move ({:.3} %)", grouped(*moved), share(*moved, visitors) * 100.0)?;
    for line in written {
        writeln!(out, "  {line}")?;
    }
    for flow in flows {
        let part = share(flow.visitors, visitors);
        let (from, to) = (shown(&flow.from), shown(&flow.to));
        let bar = bar(part, BAR_COLUMNS);
        writeln!(out, "  {:>12} {:>8.3}%  {from} → {to}  {bar}", grouped(flow.visitors), part * 100.0)?;
    }
    if *sees_other > 0 {
        let part = share(*sees_other, visitors) * 100.0;
        writeln!(
            out,
            "  {:>12} {part:>8.3}%  keep their variant, which shows something else",
            grouped(*sees_other)
        )?;
    }
    if *is_untold {
        writeln!(out, "  its audience let nobody in: say what is known of visitors by --facts")?;
    }
    writeln!(out)
}

fn shown(place: &Place) -> String {
    format!("{} ({})", place.variant.as_deref().unwrap_or("-"), place.reason)
}
