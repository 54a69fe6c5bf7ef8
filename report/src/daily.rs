//! Sums of units, by the day on which they changed: added up to a day they are what was known at its end.

use std::collections::BTreeMap;

use parlour_stats::PairSums;

/// What a day added; refunds and the like take away.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
struct Moved {
    n: i64,
    nonzero: i64,
    y: f64,
    y_squares: f64,
    x: f64,
    x_squares: f64,
    cross: f64,
}

#[derive(Debug, Clone, Default, PartialEq)]
pub struct Daily(BTreeMap<u32, Moved>);

impl Daily {
    /// A unit that counts from then on, with these values.
    pub fn enter(&mut self, day: u32, now: (f64, f64)) {
        let moved = self.0.entry(day).or_default();
        moved.n += 1;
        moved.step((0.0, 0.0), now);
    }

    /// A unit's values changed.
    pub fn change(&mut self, day: u32, before: (f64, f64), now: (f64, f64)) {
        self.0.entry(day).or_default().step(before, now);
    }

    pub fn days(&self) -> impl Iterator<Item = u32> + '_ {
        self.0.keys().copied()
    }

    /// Up to the end of a day.
    #[must_use]
    pub fn until(&self, day: u32) -> PairSums {
        self.0.range(..=day).fold(Moved::default(), |sum, (_, moved)| sum.plus(moved)).sums()
    }

    #[must_use]
    pub fn all(&self) -> PairSums {
        self.until(u32::MAX)
    }

    /// At the end of each of these days, which ascend.
    #[must_use]
    pub fn courses(&self, days: &[u32]) -> Vec<PairSums> {
        let (mut sum, mut next) = (Moved::default(), self.0.iter().peekable());
        let at = |day: &u32| {
            while let Some((_, moved)) = next.next_if(|(other, _)| *other <= day) {
                sum = sum.plus(moved);
            }
            sum.sums()
        };
        days.iter().map(at).collect()
    }
}

impl Moved {
    fn step(&mut self, before: (f64, f64), now: (f64, f64)) {
        self.nonzero += i64::from(now.0 != 0.0) - i64::from(before.0 != 0.0);
        self.y += now.0 - before.0;
        self.y_squares += now.0 * now.0 - before.0 * before.0;
        self.x += now.1 - before.1;
        self.x_squares += now.1 * now.1 - before.1 * before.1;
        self.cross += now.0 * now.1 - before.0 * before.1;
    }

    fn plus(self, other: &Self) -> Self {
        Self {
            n: self.n + other.n,
            nonzero: self.nonzero + other.nonzero,
            y: self.y + other.y,
            y_squares: self.y_squares + other.y_squares,
            x: self.x + other.x,
            x_squares: self.x_squares + other.x_squares,
            cross: self.cross + other.cross,
        }
    }

    fn sums(&self) -> PairSums {
        let count = |of: i64| u64::try_from(of).unwrap_or_default();
        PairSums {
            n: count(self.n),
            nonzero: count(self.nonzero),
            y: self.y,
            y_squares: self.y_squares,
            x: self.x,
            x_squares: self.x_squares,
            cross: self.cross,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sums_of_a_day_are_those_of_units_as_they_stood_at_its_end() {
        let mut daily = Daily::default();
        daily.enter(3, (0.0, 2.0));
        daily.enter(4, (0.0, 0.0));
        daily.change(5, (0.0, 2.0), (50.0, 2.0));
        daily.change(9, (50.0, 2.0), (0.0, 2.0));
        let plain = |units: &[(f64, f64)]| {
            let mut sums = PairSums::default();
            units.iter().for_each(|(y, x)| sums.add(*y, *x));
            sums
        };
        let courses = daily.courses(&[3, 5, 9]);
        let expect =
            [plain(&[(0.0, 2.0)]), plain(&[(50.0, 2.0), (0.0, 0.0)]), plain(&[(0.0, 2.0), (0.0, 0.0)])];
        assert_eq!(courses, expect);
        assert_eq!(daily.all(), expect[2]);
    }
}
