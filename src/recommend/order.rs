//! One sort for all that must be in order here: of numbers that hold what to sort by in their high bits.

/// Ascending. The library's sort is 2 KB in the page's wasm; a heap sort (J. W. J. Williams, CACM 7 (1964) 347-348) is 150 bytes.
#[cfg(target_arch = "wasm32")]
#[inline(never)]
pub fn sort(keys: &mut [u64]) {
    let mut start = keys.len() / 2;
    let mut end = keys.len();
    while end > 1 {
        if start > 0 {
            start -= 1;
        } else {
            end -= 1;
            swap(keys, 0, end);
        }
        sift(keys.get_mut(..end).unwrap_or_default(), start);
    }
}

#[cfg(target_arch = "wasm32")]
fn sift(heap: &mut [u64], mut parent: usize) {
    loop {
        let (left, right) = (parent * 2 + 1, parent * 2 + 2);
        let child = if heap.get(right) > heap.get(left) { right } else { left };
        if heap.get(child) <= heap.get(parent) {
            return;
        }
        swap(heap, parent, child);
        parent = child;
    }
}

/// Without the panic of the library's, which brings number formatting along.
#[cfg(target_arch = "wasm32")]
fn swap(keys: &mut [u64], a: usize, b: usize) {
    let (from, to) = (keys.get(a).copied().unwrap_or(0), keys.get(b).copied().unwrap_or(0));
    for (place, key) in [(a, to), (b, from)] {
        if let Some(there) = keys.get_mut(place) {
            *there = key;
        }
    }
}

#[cfg(not(target_arch = "wasm32"))]
pub fn sort(keys: &mut [u64]) {
    keys.sort_unstable();
}
