//! Running a cell: many simulated experiments, on as many threads as there are, with the same result on any number of them.

use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use rand::SeedableRng;
use rand_pcg::Pcg64Mcg;

pub type Rng = Pcg64Mcg;

/// Fixed before the first run.
const SEED: u64 = 8;
/// Simulations that share one generator.
const BLOCK: u64 = 500;

#[derive(Clone, Copy, Debug)]
pub enum Band {
    /// Wrong in 5 % of experiments, give or take 0.3 points.
    Exact,
    /// Wrong in at most this share.
    AtMost(f64),
    /// Finds the effect it was designed for: 80 %, give or take 1.5 points.
    Power,
    /// Only looked at.
    Any,
}

type Trial = std::sync::Arc<dyn Fn(&mut Rng, usize) -> Vec<bool> + Send + Sync>;

/// One kind of experiment, simulated many times, and what is asked of each.
#[derive(Clone)]
pub struct Cell {
    pub name: String,
    pub size: String,
    pub claims: Vec<(&'static str, Band)>,
    /// How many looks; 1 for a fixed horizon.
    pub looks: usize,
    /// How many experiments are enough for every change.
    pub few: u64,
    /// For each claim: was this experiment wrong?
    pub trial: Trial,
}

pub struct Measured {
    pub claim: &'static str,
    pub band: Band,
    pub rate: f64,
}

impl Cell {
    pub fn new(
        name: &str,
        size: &str,
        claims: &[(&'static str, Band)],
        trial: impl Fn(&mut Rng, usize) -> Vec<bool> + Send + Sync + 'static,
    ) -> Self {
        Self {
            name: name.into(),
            size: size.into(),
            claims: claims.to_vec(),
            looks: 1,
            few: 4_000,
            trial: std::sync::Arc::new(trial),
        }
    }

    pub fn with_looks(self, looks: usize) -> Self {
        Self { looks, ..self }
    }

    pub fn with_few(self, few: u64) -> Self {
        Self { few, ..self }
    }

    /// A tenth of the looks, for every change.
    pub fn shortened(self) -> Self {
        let looks = if self.looks > 100 { self.looks / 10 } else { self.looks };
        self.with_looks(looks)
    }

    /// By FNV-1a of the name, so that cells are independent and a new one changes no other.
    fn seed(&self) -> u64 {
        self.name.bytes().chain(self.size.bytes()).fold(0xcbf2_9ce4_8422_2325 ^ SEED, |hash, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
        })
    }
}

impl Measured {
    pub fn row(&self, cell: &Cell, simulations: u64) -> String {
        let looks = if cell.looks > 1 { format!(", {} looks", cell.looks) } else { String::new() };
        let verdict = if self.holds(simulations) { "" } else { " MISSED" };
        format!(
            "| {} | {}{looks} | {} | {:.2} %{verdict} | {} |",
            cell.name,
            cell.size,
            self.claim,
            100.0 * self.rate,
            self.band.words()
        )
    }

    pub fn minimum_row(cell: &Cell, rates: &[Self]) -> String {
        let rates: Vec<String> =
            rates.iter().map(|measured| format!("{:.2} %", 100.0 * measured.rate)).collect();
        format!("| {} | {} | {} |", cell.name, cell.size, rates.join(" | "))
    }

    /// The published band at 100,000; with fewer simulations it is wider by five of their standard errors.
    pub fn holds(&self, simulations: u64) -> bool {
        let slack = |rate: f64| {
            if simulations >= 100_000 { 0.0 } else { 5.0 * (rate * (1.0 - rate) / simulations as f64).sqrt() }
        };
        match self.band {
            Band::Exact => (self.rate - 0.05).abs() <= 0.003 + slack(0.05),
            Band::AtMost(most) => self.rate <= most + slack(most),
            Band::Power => (self.rate - 0.8).abs() <= 0.015 + slack(0.8),
            Band::Any => true,
        }
    }
}

impl Band {
    fn words(self) -> String {
        match self {
            Self::Exact => "4.7 to 5.3 %".into(),
            Self::AtMost(most) => format!("at most {} %", 100.0 * most),
            Self::Power => "78.5 to 81.5 %".into(),
            Self::Any => String::new(),
        }
    }
}

pub fn measure(cell: &Cell, simulations: u64) -> Vec<Measured> {
    let (next, wrong) = (AtomicU64::new(0), Mutex::new(vec![0u64; cell.claims.len()]));
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                let mut counts = vec![0u64; cell.claims.len()];
                loop {
                    let block = next.fetch_add(1, Ordering::Relaxed);
                    if block * BLOCK >= simulations {
                        break;
                    }
                    let mut rng = Rng::seed_from_u64(
                        cell.seed().wrapping_add(block.wrapping_mul(0x9e37_79b9_7f4a_7c15)),
                    );
                    for _ in 0..BLOCK.min(simulations - block * BLOCK) {
                        let outcomes = (cell.trial)(&mut rng, cell.looks);
                        assert_eq!(outcomes.len(), counts.len(), "{}", cell.name);
                        counts.iter_mut().zip(outcomes).for_each(|(count, wrong)| *count += u64::from(wrong));
                    }
                }
                wrong.lock().unwrap().iter_mut().zip(counts).for_each(|(sum, count)| *sum += count);
            });
        }
    });
    let wrong = wrong.into_inner().unwrap();
    let measured = cell.claims.iter().zip(wrong);
    measured
        .map(|((claim, band), wrong)| Measured {
            claim,
            band: *band,
            rate: wrong as f64 / simulations as f64,
        })
        .collect()
}
