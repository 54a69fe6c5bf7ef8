//! Kinds of charts. Each holds the numbers that it draws and tells.

mod bars;
mod course;
mod density;
mod forest;
mod heat;

pub use bars::Bars;
pub use course::Course;
pub use density::{Curve, Density};
pub use forest::{Forest, Interval};
pub use heat::Heat;

use plotters::prelude::{Color, IntoFont, RGBColor, Rectangle, Text, TextStyle};
use plotters::style::text_anchor::{HPos, Pos, VPos};

use crate::canvas::{Area, Fault, INK, fault, series};
use crate::words::fitted;

/// In CSS pixels.
pub const FONT: i32 = 13;

/// plotters sets letters 1.24 times smaller than it is told.
pub fn letters(size: i32, colour: RGBColor, anchor: HPos) -> TextStyle<'static> {
    let style = ("sans-serif", f64::from(size) * 1.24).into_font().color(&colour);
    style.pos(Pos::new(anchor, VPos::Center))
}

pub fn write(area: &Area<'_>, text: &str, at: (i32, i32), style: &TextStyle<'static>) -> Result<(), Fault> {
    area.draw(&Text::new(text.to_owned(), at, style.clone())).map_err(fault)
}

const LEGEND_LINE: i32 = 20;

/// Where each name of a legend stands, left to right and then below.
fn legend_places(names: &[String], width: u32) -> Vec<(i32, i32)> {
    let width = i32::try_from(width).unwrap_or(i32::MAX);
    let (mut x, mut y) = (0, 0);
    let mut places = Vec::new();
    for name in names {
        let long = 34 + i32::try_from(name.chars().count()).unwrap_or(40).min(40) * 7;
        if x > 0 && x + long > width {
            (x, y) = (0, y + LEGEND_LINE);
        }
        places.push((x, y));
        x += long;
    }
    places
}

/// None where there is nothing to tell apart.
pub fn legend_height(names: &[String], width: u32) -> i32 {
    if names.len() < 2 {
        return 0;
    }
    legend_places(names, width).last().map_or(0, |(_, y)| y + LEGEND_LINE + 4)
}

pub fn legend(area: &Area<'_>, names: &[String]) -> Result<(), Fault> {
    let (width, _) = area.dim_in_pixel();
    if names.len() < 2 {
        return Ok(());
    }
    for (at, (name, (x, y))) in names.iter().zip(legend_places(names, width)).enumerate() {
        let mark = Rectangle::new([(x, y + 3), (x + 12, y + 15)], series(at).filled());
        area.draw(&mark).map_err(fault)?;
        write(area, &fitted(name, 280, FONT), (x + 18, y + 9), &letters(FONT, INK, HPos::Left))?;
    }
    Ok(())
}

/// Smallest and largest of what can be drawn.
pub fn bounds(values: impl IntoIterator<Item = f64>) -> (f64, f64) {
    values
        .into_iter()
        .filter(|value| value.is_finite())
        .fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), value| (low.min(value), high.max(value)))
}

/// The same with room at both ends, and wide enough to be an axis.
pub fn axis((low, high): (f64, f64)) -> std::ops::Range<f64> {
    if low > high {
        return -1.0..1.0;
    }
    let room = ((high - low) * 0.06).max(high.abs().max(low.abs()) * 1e-6).max(1e-9);
    low - room..high + room
}
