use std::collections::{BTreeMap, HashSet};
use std::fs::File;
use std::io::{Read, Write as _, stdin};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, anyhow, ensure};
use parlour::recommend::row::MAX_NEIGHBOURS;
use parlour_command::commands::{Outcome, Task};
use parlour_command::host::Host;
use parlour_command::log::{CardColumns, Catalogue, Columns, Reading};
use parlour_command::model_file;
use parlour_command::progress::Progress;
use parlour_train::log::Log;
use parlour_train::measure::Measured;
use parlour_train::{Bits, Choice, Floor, MAX_ITEMS, Options, Phase, Trained, train, train_baskets};

use crate::store::{SqliteStore, Store, StoreError};

/// Learns what to recommend from a log of sessions.
///
/// EVENTS are stores of `parlour serve`, NDJSON as `parlour export` writes it, or tables with a heading (commas, semicolons or
/// tabs); packed by gzip or not; - is standard input. Events count by type: a view 1, a cart 3, a purchase 5. How near two clicks
/// must be, what the order tells and the like is searched for on the tenth of the sessions that ended last, learnt from the
/// others; then all is learnt.
///
/// What it prints at the end is measured on that tenth: what each floor for privacy costs. --min-sessions 3 lets nothing into the
/// model that fewer than three sessions did.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[arg(required = true)]
    events: Vec<PathBuf>,
    /// Where to write the model.
    #[arg(short, long, value_name = "FILE")]
    out: PathBuf,
    /// Column that says which session a line belongs to [default: session_id and the like].
    #[arg(long, value_name = "COLUMN")]
    session: Option<String>,
    /// Column that names the item [default: item_id and the like].
    #[arg(long, value_name = "COLUMN")]
    item: Option<String>,
    /// Column that says when: ISO 8601, or seconds or milliseconds since 1970 [default: time and the like; else the order of
    /// lines].
    #[arg(long, value_name = "COLUMN")]
    time: Option<String>,
    /// Column that says view, cart or purchase [default: all are views].
    #[arg(long = "type", value_name = "COLUMN")]
    kind: Option<String>,
    /// A table with a line for each item: what is alike fills up the rows of items that hardly anybody has met, and of new ones.
    #[arg(long, value_name = "FILE")]
    catalogue: Option<PathBuf>,
    /// Column of the catalogue that names the item [default: item_id and the like].
    #[arg(long, value_name = "COLUMN", requires = "catalogue")]
    catalogue_item: Option<String>,
    /// Column of the catalogue that says of which category an item is [default: category].
    #[arg(long, value_name = "COLUMN", requires = "catalogue")]
    category: Option<String>,
    /// Of which brand [default: brand].
    #[arg(long, value_name = "COLUMN", requires = "catalogue")]
    brand: Option<String>,
    /// At what price; five bands of as many items each are made of it [default: price].
    #[arg(long, value_name = "COLUMN", requires = "catalogue")]
    price: Option<String>,
    /// With what tags, parted by | or ; or commas [default: tags].
    #[arg(long, value_name = "COLUMN", requires = "catalogue")]
    tags: Option<String>,
    /// No pair of items that fewer sessions met together gets into the model.
    #[arg(long, value_name = "K", default_value_t = 1)]
    min_sessions: u32,
    /// Neighbours an item.
    #[arg(long, value_name = "N", default_value_t = 20)]
    neighbours: usize,
    /// Bits of a weight: 4 or 8.
    #[arg(long, value_name = "BITS", default_value_t = 4)]
    bits: u8,
    /// The last model of these pages: items keep their numbers, and the training counts on.
    #[arg(long, value_name = "FILE")]
    previous: Option<PathBuf>,
    /// Every session is a basket, whose items have no order: what goes with all of them together, by EASE.
    #[arg(long)]
    basket: bool,
    /// Where to write what was measured, as a page with charts.
    #[arg(long, value_name = "FILE.html")]
    report: Option<PathBuf>,
    /// Take the weights as they are, search for none.
    #[arg(long)]
    no_search: bool,
}

impl Task for Args {
    fn run(self, host: &dyn Host) -> anyhow::Result<Outcome> {
        ensure!(
            (1..=MAX_NEIGHBOURS).contains(&self.neighbours),
            "--neighbours is {}: from 1 to {MAX_NEIGHBOURS}",
            self.neighbours
        );
        ensure!(self.min_sessions > 0, "--min-sessions is 0: from 1");
        let bits = match self.bits {
            4 => Bits::Four,
            8 => Bits::Eight,
            other => anyhow::bail!("--bits is {other}: 4 or 8"),
        };
        let previous = self.previous.as_deref().map(|path| model_file::open(host, path)).transpose()?;
        let known = previous.as_ref().map(|model| model.keys.as_slice()).unwrap_or_default();
        let catalogue = self.catalogue(host)?;
        let (log, lines) = self.read(host, known, &catalogue)?;
        let options = Options {
            start: Choice {
                min_sessions: self.min_sessions,
                neighbours: self.neighbours,
                bits,
                ..Choice::default()
            },
            search: !self.no_search,
            threads: std::thread::available_parallelism().map_or(1, usize::from),
            model: previous.as_ref().map(|model| model.model),
            cards: log.items().iter().map(|key| catalogue.cards.get(key).cloned()).collect(),
            epoch: previous.as_ref().map_or(1, |model| model.epoch.saturating_add(1)),
            ..Options::default()
        };
        let mut progress: BTreeMap<&str, Progress<'_>> = BTreeMap::new();
        let learn = if self.basket { train_baskets } else { train };
        let trained = learn(&log, &options, &mut |phase, done, all| {
            let what = words(phase);
            if !progress.contains_key(what) {
                std::mem::take(&mut progress).into_values().for_each(Progress::end);
            }
            progress
                .entry(what)
                .or_insert_with(|| Progress::new(host, what, 0))
                .step(done as u64, all as u64);
        });
        progress.into_values().for_each(Progress::end);
        let bytes = trained.model.encode();
        host.replace(&self.out, &bytes)?;
        let learnt = learnt(&log, lines, &trained, bytes.len());
        if let Some(path) = &self.report {
            let page = parlour_pictures::training(&trained, &learnt)
                .map_err(|error| anyhow!("cannot draw {}: {error}", path.display()))?;
            host.replace(path, page.as_bytes())?;
        }
        let costs = costs(trained.model.of_baskets, &trained.choice, &trained.floors);
        let mut out = host.stdout();
        out.write_all(format!("{learnt}{costs}").as_bytes())?;
        out.flush()?;
        Ok(Outcome::Clean)
    }
}

impl Args {
    fn catalogue(&self, host: &dyn Host) -> anyhow::Result<Catalogue> {
        let Some(path) = &self.catalogue else { return Ok(Catalogue::default()) };
        let name = path.display().to_string();
        let file = File::open(path).with_context(|| format!("cannot read {name}"))?;
        let columns = CardColumns {
            item: self.catalogue_item.clone(),
            category: self.category.clone(),
            brand: self.brand.clone(),
            price: self.price.clone(),
            tags: self.tags.clone(),
        };
        let catalogue = Catalogue::read(&name, file, &columns)?;
        let (bad, first) = catalogue.bad_prices;
        if bad > 0 {
            host.tell(&format!(
                "{name}: {bad} prices are no numbers of 0 and more, and do not count; the first is on line {first}: write 12.50"
            ));
        }
        if catalogue.nameless > 0 {
            host.tell(&format!(
                "{name}: {} lines name no item, or one of more than 256 bytes",
                catalogue.nameless
            ));
        }
        Ok(catalogue)
    }

    fn read(&self, host: &dyn Host, known: &[String], catalogue: &Catalogue) -> anyhow::Result<(Log, u64)> {
        let columns = Columns {
            session: self.session.clone(),
            item: self.item.clone(),
            time: self.time.clone(),
            kind: self.kind.clone(),
        };
        let mut reading = Reading::default();
        for path in &self.events {
            let name = path.display().to_string();
            let mut progress = Progress::new(host, "reading", 0);
            if path == Path::new("-") {
                reading.read("standard input", stdin().lock(), &columns, &mut |_| ())?;
            } else if is_store(path)? {
                store(&mut reading, path, &name, &mut progress)?;
            } else {
                let file = File::open(path).with_context(|| format!("cannot read {name}"))?;
                let size = file.metadata().map_or(0, |about| about.len());
                reading.read(&name, file, &columns, &mut |read| progress.step(read, size))?;
            }
            progress.end();
        }
        reading.trouble.lines().for_each(|line| host.tell(&line));
        ensure!(
            !reading.gathering.is_empty(),
            "there is nothing to learn from: {} lines were read, and none tells of a session and an item",
            reading.lines
        );
        let mut gathering = reading.gathering;
        catalogue.cards.keys().for_each(|item| gathering.know(item));
        let log = gathering.end(known);
        if !catalogue.cards.is_empty() {
            let met: HashSet<u32> = log.clicks().iter().map(|click| click.item).collect();
            let described = met.iter().filter_map(|item| log.items().get(*item as usize));
            let described = described.filter(|key| catalogue.cards.contains_key(*key)).count();
            ensure!(
                described > 0,
                "the catalogue has none of the {} items of the log: do both name them alike? --item and --catalogue-item say where",
                met.len()
            );
            host.tell(&format!("the catalogue has {described} of the {} items of the log", met.len()));
        }
        Ok((log, reading.lines))
    }
}

fn is_store(path: &Path) -> anyhow::Result<bool> {
    let mut start = Vec::new();
    let file = File::open(path).with_context(|| format!("cannot read {}", path.display()))?;
    file.take(16).read_to_end(&mut start).with_context(|| format!("cannot read {}", path.display()))?;
    Ok(start == b"SQLite format 3\0")
}

fn store(reading: &mut Reading, path: &Path, name: &str, progress: &mut Progress<'_>) -> anyhow::Result<()> {
    let store = SqliteStore::open_to_read(path).with_context(|| format!("cannot open {name}"))?;
    let mut number = 0;
    let mut fault = None;
    store
        .export(&[], &mut |event| {
            number += 1;
            progress.at(number);
            reading.event(name, number, event.raw.as_bytes()).map_err(|error| {
                fault = Some(error);
                std::io::Error::other("too many")
            })
        })
        .map_err(|error| match (fault.take(), error) {
            (Some(fault), StoreError::Output(_)) => fault,
            (_, error) => error.into(),
        })
}

fn words(phase: Phase) -> &'static str {
    match phase {
        Phase::Searching => "searching",
        Phase::Calibrating => "calibrating",
        Phase::Measuring => "measuring",
        Phase::Counting => "counting",
    }
}

/// What was learnt, from what.
fn learnt(log: &Log, lines: u64, trained: &Trained, bytes: usize) -> String {
    let Trained { model, choice, ease, .. } = trained;
    let items = model.keys.len().max(1);
    let with_row = model.rows.iter().skip(1).filter(|row| !row.is_empty()).count();
    let mut text = format!(
        "{lines} lines, {} contacts of {} {} with {} items\n\
         model {:08x}, training {}: {bytes} bytes, {:.1} an item; {with_row} items have neighbours\n",
        log.clicks().len(),
        log.len(),
        if model.of_baskets { "baskets" } else { "sessions" },
        log.items().len(),
        model.model,
        model.epoch,
        bytes as f64 / items as f64,
    );
    let life = |days: f64| if days > 0.0 { format!("{days:.1} days") } else { "none".into() };
    if let Some(ease) = ease {
        text += &format!("ridge {}; half-life {}", ease.lambda, life(ease.half_life_days));
        if items > MAX_ITEMS {
            text += &format!("; the {MAX_ITEMS} items bought most take part");
        }
    } else {
        let weighting = &choice.weighting;
        text += &format!(
            "a pair n clicks apart counts n^-{}, backwards {} times; popularity^-{}; half-life {}; neighbours' neighbours {} times",
            weighting.distance,
            weighting.backwards,
            weighting.popularity,
            life(weighting.half_life_days),
            choice.followed,
        );
    }
    text + "\n"
}

/// What each floor for privacy costs.
fn costs(of_baskets: bool, choice: &Choice, floors: &[Floor]) -> String {
    let Some(first) = floors.first().filter(|floor| floor.next.guesses > 0) else {
        return "too few sessions to measure anything on\n".into();
    };
    let (what, heads) = if of_baskets {
        (
            format!("baskets that came last, learnt from the others ({} guesses)", first.next.guesses),
            "HR@20   MRR@20",
        )
    } else {
        (
            format!(
                "sessions that ended last, learnt from the others ({} guesses, {} of them discoveries)",
                first.next.guesses, first.discovery.guesses
            ),
            "next HR@20   MRR@20   discovery HR@20   MRR@20",
        )
    };
    let mut text = format!("\nOn the {what}:\n--min-sessions   {heads}   bytes\n");
    for floor in floors {
        let rates = |measured: &Measured| {
            let ([.., hits], [.., ranks]) = (measured.hit_rate, measured.reciprocal_rank);
            (hits, ranks)
        };
        let ((next, next_rank), (new, new_rank)) = (rates(&floor.next), rates(&floor.discovery));
        let figures = if of_baskets {
            format!("{next:>5.3}   {next_rank:>6.3}")
        } else {
            format!("{next:>10.3}   {next_rank:>6.3}   {new:>15.3}   {new_rank:>6.3}")
        };
        let is_this = if floor.min_sessions == choice.min_sessions { "   <- this model" } else { "" };
        text += &format!("{:>14}   {figures}   {}{is_this}\n", floor.min_sessions, floor.bytes);
    }
    text
}
