//! Ids that were seen together are one person: the visitor before the login and the user after it, on all devices.

use std::collections::{HashMap, HashSet};

use crate::model::Identities;

/// Nobody has more ids than this; a user id that everyone shares has.
const MOST: u32 = 1_000;

/// Disjoint sets of ids, of those alone that were seen with another.
#[derive(Debug, Default)]
pub struct People {
    above: HashMap<u64, u64>,
    sizes: HashMap<u64, u32>,
    refused: HashSet<(u64, u64)>,
}

impl People {
    pub fn link(&mut self, one: u64, other: u64) {
        self.above.entry(one).or_insert(one);
        self.above.entry(other).or_insert(other);
        let (one_root, other_root) = (self.of(one), self.of(other));
        if one_root == other_root {
            return;
        }
        let size = |root: u64| self.sizes.get(&root).copied().unwrap_or(1);
        let together = size(one_root) + size(other_root);
        if together > MOST {
            self.refused.insert((one, other));
            return;
        }
        // Below the larger; below the smaller id where they are alike, so that the order of events decides nothing.
        let is_one = (size(one_root), other_root) > (size(other_root), one_root);
        let (root, below) = if is_one { (one_root, other_root) } else { (other_root, one_root) };
        self.above.insert(below, root);
        self.sizes.insert(root, together);
    }

    /// Who an id is: itself where it was seen with no other.
    #[must_use]
    pub fn of(&self, id: u64) -> u64 {
        let mut at = id;
        while let Some(above) = self.above.get(&at).filter(|above| **above != at) {
            at = *above;
        }
        at
    }

    #[must_use]
    pub fn counts(&self) -> Identities {
        let people = self.above.iter().filter(|(id, above)| id == above).count();
        Identities {
            linked: self.above.len() as u64,
            people: people as u64,
            shared: self.refused.len() as u64,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_seen_together_are_one_and_a_shared_id_joins_no_crowd() {
        let mut people = People::default();
        people.link(1, 2);
        people.link(3, 2);
        assert_eq!((people.of(1), people.of(9)), (people.of(3), 9));
        for device in 100..3_000 {
            people.link(device, 50);
        }
        let counts = people.counts();
        assert_eq!(counts.shared, 2_900 - 999);
        assert_eq!(counts.people, 2 + counts.shared);
    }
}
