//! What a rule gives each touch of a path, as parts of 1.

use crate::path::Touch;

/// To the first and to the last touch each, where there are three and more.
const END_SHARE: f64 = 0.4;

/// Of two touches each gets a half, of one it gets all.
pub fn position(count: usize) -> impl Iterator<Item = f64> {
    let (end, between) = match count {
        0..=2 => (1.0 / count.max(1) as f64, 0.0),
        _ => (END_SHARE, (1.0 - 2.0 * END_SHARE) / (count - 2) as f64),
    };
    (0..count).map(move |at| if at == 0 || at + 1 == count { end } else { between })
}

/// Ages are counted from the newest touch: a common factor falls out, and however old a path is, its weights are not all 0.
pub fn time_decay(touches: &[Touch], half_life: f64) -> impl Iterator<Item = f64> {
    let newest = touches.iter().map(|touch| touch.age).fold(f64::INFINITY, f64::min);
    let weight = move |touch: &Touch| (-(touch.age - newest) / half_life).exp2();
    let total: f64 = touches.iter().map(weight).sum();
    touches.iter().map(move |touch| weight(touch) / total)
}
