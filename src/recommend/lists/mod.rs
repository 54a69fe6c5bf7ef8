//! Lists for slots that ask for more than rows: what lies in the cart, taste, what is alike, filters, boosts, pins,
//! variety, rotation, two strategies in one list. Integers decide, so that every host answers the same list.
//!
//! `catalogue.rs` is what the cards say of items; `options.rs` what a slot asks for; `taste.rs` what a visitor is drawn
//! to; `compose.rs` makes the list of them; `interleave.rs` makes one list of two.

mod catalogue;
mod compose;
mod interleave;
mod options;
mod taste;

pub use catalogue::Catalogue;
pub use compose::{Listed, Visitor, compose};
pub use interleave::interleave;
pub use options::{Options, Source};
