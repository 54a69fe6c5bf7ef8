//! (I − Q) x = b for a chain that is left in the end, without one subtraction.
//!
//! Gaussian elimination that keeps what goes to other states and out of the chain, and makes each diagonal the sum of these:
//! Grassmann, Taksar, Heyman, Operations Research 33 (1985). So every part of the answer is exact to a few roundings, however
//! rarely the chain is left (Alfa, Xue, Ye, Mathematics of Computation 71 (2002), algorithm 1).

/// Counts, not chances: each row is multiplied by how many left its state, and so is what is asked.
#[derive(Debug)]
pub struct Eliminated {
    /// Right of the diagonal what a row still goes to; left of it by how much earlier rows were added.
    rows: Vec<Vec<f64>>,
    diagonal: Vec<f64>,
}

impl Eliminated {
    /// From, to: how many went, which may be cut off where nobody goes; and how many went out of each.
    #[must_use]
    pub fn new(moves: &[Vec<f64>], mut out: Vec<f64>) -> Self {
        let count = out.len();
        let mut rows: Vec<Vec<f64>> = moves.to_vec();
        rows.resize_with(count, Vec::new);
        rows.iter_mut().for_each(|row| row.resize(count, 0.0));
        let mut diagonal = Vec::with_capacity(count);
        for at in 0..count {
            let (done, below) = rows.split_at_mut(at + 1);
            let (outs, outs_below) = out.split_at_mut(at + 1);
            let (Some(row), Some(leaves)) = (done.last(), outs.last()) else { break };
            let onward = row.get(at + 1..).unwrap_or_default();
            let sum = leaves + onward.iter().sum::<f64>();
            // A state that nobody leaves is one that nobody came to.
            let pivot = if sum > 0.0 { sum } else { 1.0 };
            diagonal.push(pivot);
            for ((row_below, out_below), itself) in below.iter_mut().zip(outs_below).zip(0..) {
                let Some((factor, rest)) = row_below.get_mut(at..).and_then(<[f64]>::split_first_mut) else {
                    break;
                };
                *factor /= pivot;
                if *factor == 0.0 {
                    continue;
                }
                *out_below += *factor * leaves;
                for ((cell, goes), to) in rest.iter_mut().zip(onward).zip(0..) {
                    if to != itself {
                        *cell += *factor * goes;
                    }
                }
            }
        }
        Self { rows, diagonal }
    }

    /// `asked` is not below 0, and neither is the answer.
    #[must_use]
    pub fn solve(&self, asked: &[f64]) -> Vec<f64> {
        let mut answer = Vec::with_capacity(asked.len());
        for (row, asked) in self.rows.iter().zip(asked) {
            let before: f64 = row.iter().zip(&answer).map(|(factor, answer)| factor * answer).sum();
            answer.push(asked + before);
        }
        let count = answer.len();
        for (at, (row, pivot)) in self.rows.iter().zip(&self.diagonal).enumerate().rev() {
            let (head, tail) = answer.split_at_mut(count.min(at + 1));
            let after: f64 = row
                .get(at + 1..)
                .unwrap_or_default()
                .iter()
                .zip(tail.iter())
                .map(|(goes, onward)| goes * onward)
                .sum();
            if let Some(last) = head.last_mut() {
                *last = (*last + after) / pivot;
            }
        }
        answer
    }
}
