//! Distributions that the tests are measured by.

pub mod binomial;
pub mod legendre;
pub mod normal;
pub mod student;
