//! Estimates with their intervals against a line of no effect.

use plotters::prelude::{ChartBuilder, Circle, Color, PathElement, Rectangle, TRANSPARENT};
use plotters::style::text_anchor::HPos;

use super::{FONT, axis, bounds, letters, write};
use crate::canvas::{Area, BAD, Fault, GOOD, INK, LINE, SERIES, SOFT, fault};
use crate::figure::Chart;
use crate::table::Table;
use crate::unit::Unit;
use crate::words::fitted;

const ROW: u32 = 48;
const AXIS: u32 = 26;

#[derive(Debug, Clone, PartialEq)]
pub struct Forest {
    /// What a row is.
    pub head: String,
    pub unit: Unit,
    /// Where nothing differs.
    pub even: f64,
    pub rows: Vec<Interval>,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Interval {
    pub name: String,
    pub estimate: f64,
    pub low: f64,
    pub high: f64,
    /// Good, bad, or nothing yet.
    pub is_good: Option<bool>,
}

impl Forest {
    fn colour(one: &Interval) -> plotters::style::RGBColor {
        match one.is_good {
            Some(true) => GOOD,
            Some(false) => BAD,
            None => *SERIES.get(3).unwrap_or(&INK),
        }
    }
}

impl Chart for Forest {
    fn height(&self, _: u32) -> u32 {
        u32::try_from(self.rows.len()).unwrap_or_default() * ROW + AXIS
    }

    fn draw(&self, area: &Area<'_>) -> Result<(), Fault> {
        let (width, _) = area.dim_in_pixel();
        let wide = i32::try_from(width).unwrap_or_default();
        let ends = self.rows.iter().flat_map(|row| [row.low, row.estimate, row.high]);
        let range = axis(bounds(ends.chain([self.even])));
        let inside = |value: f64| {
            if value.is_nan() { self.even } else { value.clamp(range.start, range.end) }
        };
        let rows = f64::from(u32::try_from(self.rows.len()).unwrap_or_default());
        let mut chart = ChartBuilder::on(area)
            .margin_left(18)
            .margin_right(18)
            .x_label_area_size(AXIS)
            .build_cartesian_2d(range.clone(), rows.max(1.0)..0.0)
            .map_err(fault)?;
        let tick = |value: &f64| self.unit.tick(*value);
        chart
            .configure_mesh()
            .disable_y_mesh()
            .disable_y_axis()
            .x_labels(if wide < 500 { 4 } else { 8 })
            .x_label_formatter(&tick)
            .x_label_style(letters(12, SOFT, HPos::Center))
            .bold_line_style(LINE.mix(0.6))
            .light_line_style(TRANSPARENT)
            .axis_style(LINE)
            .draw()
            .map_err(fault)?;
        let none = PathElement::new(vec![(self.even, 0.0), (self.even, rows)], SOFT.stroke_width(1));
        chart.draw_series([none]).map_err(fault)?;
        for (at, row) in self.rows.iter().enumerate() {
            let middle = f64::from(u32::try_from(at).unwrap_or_default()) + 0.7;
            let colour = Self::colour(row);
            let bar = Rectangle::new(
                [(inside(row.low), middle - 0.05), (inside(row.high), middle + 0.05)],
                colour.filled(),
            );
            chart.draw_series([bar]).map_err(fault)?;
            chart
                .draw_series([Circle::new((inside(row.estimate), middle), 6, colour.filled())])
                .map_err(fault)?;
            let y = i32::try_from(at).unwrap_or_default() * i32::try_from(ROW).unwrap_or_default() + 14;
            let told =
                format!("{} ({})", self.unit.signed(row.estimate), self.unit.interval(row.low, row.high));
            let told_wide = i32::try_from(told.chars().count()).unwrap_or_default() * 15 / 2;
            write(
                area,
                &fitted(&row.name, wide - told_wide - 8, FONT),
                (2, y),
                &letters(FONT, INK, HPos::Left),
            )?;
            write(area, &told, (wide - 2, y), &letters(FONT, SOFT, HPos::Right))?;
        }
        Ok(())
    }

    fn table(&self) -> Table {
        let mut table = Table::new(&[&self.head, "estimate", "from", "to"]);
        for row in &self.rows {
            let unit = &self.unit;
            table.row(vec![
                row.name.clone(),
                unit.signed(row.estimate),
                unit.text(row.low),
                unit.text(row.high),
            ]);
        }
        table
    }
}
