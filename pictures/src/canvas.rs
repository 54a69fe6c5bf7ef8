//! What charts are drawn on: an SVG as wide as its place, in colours that the page names.
//!
//! plotters knows colours only as numbers, so each name has one that nothing else bears, and the finished text is given the
//! name instead.

use plotters::coord::Shift;
use plotters::prelude::{DrawingArea, IntoDrawingArea, RGBColor, SVGBackend};

pub type Area<'a> = DrawingArea<SVGBackend<'a>, Shift>;
/// What plotters could not draw.
pub type Fault = Box<dyn std::error::Error + Send + Sync>;

/// In CSS pixels: on a desk and on paper, and on a phone.
pub const WIDTHS: [(u32, &str); 2] = [(760, "wide"), (330, "narrow")];

pub const INK: RGBColor = RGBColor(1, 0, 1);
pub const SOFT: RGBColor = RGBColor(1, 0, 2);
pub const LINE: RGBColor = RGBColor(1, 0, 3);
pub const GOOD: RGBColor = RGBColor(1, 0, 4);
pub const BAD: RGBColor = RGBColor(1, 0, 5);
pub const SERIES: [RGBColor; 6] = [
    RGBColor(2, 0, 1),
    RGBColor(2, 0, 2),
    RGBColor(2, 0, 3),
    RGBColor(2, 0, 4),
    RGBColor(2, 0, 5),
    RGBColor(2, 0, 6),
];

const NAMES: [(&str, &str); 11] = [
    ("\"#010001\"", "\"var(--ink)\""),
    ("\"#010002\"", "\"var(--soft)\""),
    ("\"#010003\"", "\"var(--line)\""),
    ("\"#010004\"", "\"var(--good)\""),
    ("\"#010005\"", "\"var(--bad)\""),
    ("\"#020001\"", "\"var(--series-1)\""),
    ("\"#020002\"", "\"var(--series-2)\""),
    ("\"#020003\"", "\"var(--series-3)\""),
    ("\"#020004\"", "\"var(--series-4)\""),
    ("\"#020005\"", "\"var(--series-5)\""),
    ("\"#020006\"", "\"var(--series-6)\""),
];

/// The colour of the series at `index`; they come again after six.
pub fn series(index: usize) -> RGBColor {
    SERIES.get(index % SERIES.len()).copied().unwrap_or(INK)
}

/// One `<svg>` of the class named.
pub fn draw(
    (width, height): (u32, u32),
    class: &str,
    picture: impl FnOnce(&Area<'_>) -> Result<(), Fault>,
) -> Result<String, Fault> {
    let mut text = String::new();
    {
        let area = SVGBackend::with_string(&mut text, (width, height)).into_drawing_area();
        picture(&area)?;
        area.present().map_err(fault)?;
    }
    // plotters' own first tag has a size in pixels and a namespace, which HTML has no need of.
    let inside = text.split_once('>').map_or("", |(_, rest)| rest);
    // Names hold no quotation mark in an SVG of plotters': none can be taken for a colour.
    let named = NAMES.iter().fold(inside.to_owned(), |text, (colour, name)| text.replace(colour, name));
    Ok(format!("<svg class=\"{class}\" viewBox=\"0 0 {width} {height}\" focusable=\"false\">{named}"))
}

/// plotters' errors borrow what they are of.
pub fn fault(error: impl std::fmt::Display) -> Fault {
    error.to_string().into()
}
