//! A table whose cells are the darker the more is in them.

use plotters::prelude::{Color, Rectangle};
use plotters::style::text_anchor::HPos;

use super::{bounds, letters, write};
use crate::canvas::{Area, Fault, INK, LINE, SOFT, fault, series};
use crate::figure::Chart;
use crate::table::Table;
use crate::unit::Unit;
use crate::words::fitted;

const HEAD: i32 = 24;
const ROW: i32 = 30;
/// The darkest cell's letters must still be read.
const DARKEST: f64 = 0.55;

#[derive(Debug, Clone, PartialEq)]
pub struct Heat {
    /// What a row is.
    pub head: String,
    pub unit: Unit,
    pub columns: Vec<String>,
    /// Each with a value a column, never below 0.
    pub rows: Vec<(String, Vec<Option<f64>>)>,
}

impl Chart for Heat {
    fn height(&self, _: u32) -> u32 {
        u32::try_from(self.rows.len()).unwrap_or_default() * ROW.unsigned_abs() + HEAD.unsigned_abs()
    }

    fn draw(&self, area: &Area<'_>) -> Result<(), Fault> {
        let (width, _) = area.dim_in_pixel();
        let wide = i32::try_from(width).unwrap_or_default();
        let (_, most) = bounds(self.rows.iter().flat_map(|(_, values)| values).flatten().copied());
        let names = if wide < 500 { 84 } else { 130 };
        let columns = i32::try_from(self.columns.len()).unwrap_or_default().max(1);
        let cell = ((wide - names) / columns).max(4);
        let font = if cell < 42 { 10 } else { 12 };
        let left = |column: usize| names + i32::try_from(column).unwrap_or_default() * cell;
        for (at, name) in self.columns.iter().enumerate() {
            let style = letters(font, SOFT, HPos::Center);
            write(area, &fitted(name, cell, font), (left(at) + cell / 2, HEAD / 2), &style)?;
        }
        for (row, (name, values)) in self.rows.iter().enumerate() {
            let y = HEAD + i32::try_from(row).unwrap_or_default() * ROW;
            write(area, &fitted(name, names - 6, 12), (0, y + ROW / 2), &letters(12, INK, HPos::Left))?;
            for (at, value) in values.iter().enumerate() {
                let Some(value) = *value else { continue };
                let part = (value / most).clamp(0.0, 1.0);
                let shade = if part.is_finite() { part * DARKEST } else { 0.0 };
                let corners = [(left(at), y), (left(at) + cell - 2, y + ROW - 2)];
                area.draw(&Rectangle::new(corners, LINE.mix(0.3).filled())).map_err(fault)?;
                area.draw(&Rectangle::new(corners, series(0).mix(shade).filled())).map_err(fault)?;
                let text = match self.unit {
                    Unit::Share => format!("{:.0}", value * 100.0),
                    _ => self.unit.text(value),
                };
                let style = letters(font, INK, HPos::Center);
                write(area, &fitted(&text, cell, font), (left(at) + cell / 2 - 1, y + ROW / 2), &style)?;
            }
        }
        Ok(())
    }

    fn table(&self) -> Table {
        let mut table = Table::new(&[&self.head]);
        table.heads.extend(self.columns.iter().cloned());
        for (name, values) in &self.rows {
            let texts =
                values.iter().map(|value| value.map_or("–".to_owned(), |value| self.unit.text(value)));
            table.row([name.clone()].into_iter().chain(texts).collect());
        }
        table
    }
}
