//! Reports as pages for people: one HTML file each, whole without network or script. Charts are drawn by plotters as SVG whose
//! colours are the page's own; below each stands the table of its numbers. Nothing here reads a file or a clock.

mod canvas;
mod charts;
mod figure;
mod page;
mod report;
mod table;
mod training;
mod unit;
mod words;

pub use canvas::Fault;
pub use report::report;
pub use training::training;
