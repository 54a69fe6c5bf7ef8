//! Parlour core.
