//! Populations, and sums of random samples from them. Where sums have a known distribution they are drawn from it.

use parlour_stats::{Arm, PairSums, Sums, proportion::Share};
use rand::RngExt as _;
use rand_distr::{Binomial, Distribution, Normal};

use super::run::Rng;

pub fn binomial(rng: &mut Rng, n: u64, p: f64) -> u64 {
    if n == 0 || p <= 0.0 {
        return 0;
    }
    if p >= 1.0 { n } else { Binomial::new(n, p).unwrap().sample(rng) }
}

pub fn share(rng: &mut Rng, n: u64, p: f64) -> Share {
    Share { successes: binomial(rng, n, p), n }
}

pub fn share_arm(of: Share) -> Arm {
    Arm::proportion(of.successes, of.n).unwrap()
}

/// Revenue: 97 of 100 buy nothing, the others log-normal with sigma 1.
#[derive(Clone, Copy)]
pub struct Revenue {
    pub buyers: f64,
    pub scale: f64,
}

impl Revenue {
    pub const PLAIN: Self = Self { buyers: 0.03, scale: 1.0 };
    const MU: f64 = 3.5;
    const SIGMA: f64 = 1.0;

    pub fn mean(self) -> f64 {
        self.buyers * self.scale * (Self::MU + Self::SIGMA * Self::SIGMA / 2.0).exp()
    }

    pub fn variance(self) -> f64 {
        let square =
            self.buyers * self.scale.powi(2) * (2.0 * Self::MU + 2.0 * Self::SIGMA * Self::SIGMA).exp();
        square - self.mean().powi(2)
    }

    pub fn add(self, rng: &mut Rng, sums: &mut Sums, n: u64) {
        let buyers = binomial(rng, n, self.buyers);
        let normal = Normal::new(Self::MU, Self::SIGMA).unwrap();
        for _ in 0..buyers {
            sums.add(self.scale * normal.sample(rng).exp());
        }
        sums.n += n - buyers;
    }

    pub fn arm(self, rng: &mut Rng, n: u64) -> Arm {
        let mut sums = Sums::default();
        self.add(rng, &mut sums, n);
        sums.arm().unwrap()
    }
}

/// Two small whole numbers a unit, drawn from a table of their joint chances.
#[derive(Clone)]
pub struct Pairs {
    /// y, x, chance, and the chance of this and all before it.
    rows: Vec<(f64, f64, f64, f64)>,
}

impl Pairs {
    fn new(chances: Vec<(f64, f64, f64)>) -> Self {
        let all: f64 = chances.iter().map(|row| row.2).sum();
        let mut sum = 0.0;
        let rows = chances.into_iter().map(|(y, x, chance)| {
            sum += chance / all;
            (y, x, chance / all, sum)
        });
        Self { rows: rows.collect() }
    }

    /// Orders `y` of sessions `x`: 1 to 8 sessions (geometric), each visitor with a chance of ordering of its own (beta with mean
    /// `chance`, its parameters adding to 10).
    pub fn orders_per_session(chance: f64) -> Self {
        let (a, b) = (10.0 * chance, 10.0 * (1.0 - chance));
        let mut rows = Vec::new();
        for x in 1..=8u32 {
            let sessions = 0.6f64.powi(x as i32 - 1);
            for y in 0..=x {
                let rising =
                    |from: f64, steps: u32| (0..steps).map(|step| from + f64::from(step)).product::<f64>();
                let ways = (0..y).map(|i| f64::from(x - i) / f64::from(i + 1)).product::<f64>();
                rows.push((
                    f64::from(y),
                    f64::from(x),
                    sessions * ways * rising(a, y) * rising(b, x - y) / rising(a + b, x),
                ));
            }
        }
        Self::new(rows)
    }

    /// Purchases after (`y`) and before (`x`) exposure: each visitor has a rate of its own (0.2, 1 or 3; 60, 30, 10 %), which after
    /// exposure is `lift` times as high.
    pub fn before_and_after(lift: f64) -> Self {
        let poisson =
            |rate: f64, count: u32| (1..=count).map(|i| rate / f64::from(i)).product::<f64>() * (-rate).exp();
        let mut rows = Vec::new();
        for y in 0..=13u32 {
            for x in 0..=12u32 {
                let chance = [(0.2, 0.6), (1.0, 0.3), (3.0, 0.1)]
                    .iter()
                    .map(|(rate, part)| part * poisson(rate * lift, y) * poisson(*rate, x))
                    .sum();
                rows.push((f64::from(y), f64::from(x), chance));
            }
        }
        Self::new(rows)
    }

    fn mean(&self, of: impl Fn(&(f64, f64, f64, f64)) -> f64) -> f64 {
        self.rows.iter().map(|row| row.2 * of(row)).sum()
    }

    pub fn mean_y(&self) -> f64 {
        self.mean(|row| row.0)
    }

    pub fn ratio(&self) -> f64 {
        self.mean_y() / self.mean(|row| row.1)
    }

    /// Many units at once: how many fall on each row.
    pub fn sums(&self, rng: &mut Rng, n: u64) -> PairSums {
        let mut sums = PairSums { n, ..PairSums::default() };
        let (mut left, mut rest) = (n, 1.0);
        for (y, x, chance, _) in &self.rows {
            let count = binomial(rng, left, (chance / rest).min(1.0));
            add(&mut sums, count, *y, *x);
            left -= count;
            rest -= chance;
            if left == 0 {
                break;
            }
        }
        sums
    }

    /// A few units, one by one.
    pub fn add(&self, rng: &mut Rng, sums: &mut PairSums, n: u64) {
        for _ in 0..n {
            let at: f64 = rng.random();
            let row = self.rows.partition_point(|row| row.3 <= at).min(self.rows.len() - 1);
            sums.add(self.rows[row].0, self.rows[row].1);
        }
    }
}

fn add(sums: &mut PairSums, count: u64, y: f64, x: f64) {
    let units = count as f64;
    sums.nonzero += if y > 0.0 { count } else { 0 };
    sums.y += units * y;
    sums.y_squares += units * y * y;
    sums.x += units * x;
    sums.x_squares += units * x * x;
    sums.cross += units * x * y;
}
