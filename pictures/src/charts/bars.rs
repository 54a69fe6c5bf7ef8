//! Bars beside each other, from 0 on.

use plotters::prelude::{Color, Rectangle};
use plotters::style::text_anchor::HPos;

use super::{FONT, bounds, legend, legend_height, letters, write};
use crate::canvas::{Area, Fault, INK, LINE, fault, series};
use crate::figure::Chart;
use crate::table::Table;
use crate::unit::Unit;
use crate::words::fitted;

const NAME: i32 = 20;
const BAR: i32 = 13;
const BETWEEN_BARS: i32 = 3;
const BETWEEN_ROWS: i32 = 10;

#[derive(Debug, Clone, PartialEq)]
pub struct Bars {
    /// What a row is.
    pub head: String,
    pub unit: Unit,
    /// Names of the bars of a row.
    pub series: Vec<String>,
    /// Each with a value a series, which is never below 0; `None` is drawn as nothing.
    pub rows: Vec<(String, Vec<Option<f64>>)>,
    /// What fills the whole width; `None` is the largest value.
    pub whole: Option<f64>,
}

impl Bars {
    pub fn new(head: &str, unit: Unit, series: &[&str]) -> Self {
        let series = series.iter().map(|&name| name.to_owned()).collect();
        Self { head: head.to_owned(), unit, series, rows: Vec::new(), whole: None }
    }

    pub fn row(&mut self, name: &str, values: &[Option<f64>]) {
        self.rows.push((name.to_owned(), values.to_vec()));
    }

    fn row_height(&self) -> i32 {
        let bars = i32::try_from(self.series.len().max(1)).unwrap_or(1);
        NAME + bars * (BAR + BETWEEN_BARS) + BETWEEN_ROWS
    }

    fn longest_text(&self) -> i32 {
        let texts = self.rows.iter().flat_map(|(_, values)| values).flatten();
        let letters = texts.map(|value| self.unit.text(*value).chars().count()).max().unwrap_or_default();
        i32::try_from(letters).unwrap_or_default() * 8 + 8
    }
}

impl Chart for Bars {
    fn height(&self, width: u32) -> u32 {
        let rows = i32::try_from(self.rows.len()).unwrap_or_default();
        u32::try_from(legend_height(&self.series, width) + rows * self.row_height())
            .unwrap_or_default()
            .max(1)
    }

    fn draw(&self, area: &Area<'_>) -> Result<(), Fault> {
        let (width, _) = area.dim_in_pixel();
        let wide = i32::try_from(width).unwrap_or_default();
        legend(area, &self.series)?;
        let (_, most) = bounds(self.rows.iter().flat_map(|(_, values)| values).flatten().copied());
        let most = self.whole.unwrap_or(most);
        let room = (wide - self.longest_text()).max(40);
        let mut y = legend_height(&self.series, width);
        for (name, values) in &self.rows {
            let style = letters(FONT, INK, HPos::Left);
            write(area, &fitted(name, wide, FONT), (0, y + NAME / 2), &style)?;
            y += NAME;
            for (at, value) in values.iter().enumerate() {
                if let Some(value) = value {
                    let part = (value / most).clamp(0.0, 1.0);
                    let long = if part.is_finite() { (part * f64::from(room)).round() as i32 } else { 0 };
                    let back = Rectangle::new([(0, y), (room, y + BAR)], LINE.mix(0.35).filled());
                    let bar = Rectangle::new([(0, y), (long, y + BAR)], series(at).filled());
                    area.draw(&back).and_then(|()| area.draw(&bar)).map_err(fault)?;
                    let text = self.unit.text(*value);
                    write(area, &text, (room + 8, y + BAR / 2), &letters(FONT, INK, HPos::Left))?;
                }
                y += BAR + BETWEEN_BARS;
            }
            y += BETWEEN_ROWS;
        }
        Ok(())
    }

    fn table(&self) -> Table {
        let mut table = Table::new(&[&self.head]);
        table.heads.extend(self.series.iter().cloned());
        for (name, values) in &self.rows {
            let texts =
                values.iter().map(|value| value.map_or("–".to_owned(), |value| self.unit.text(value)));
            table.row([name.clone()].into_iter().chain(texts).collect());
        }
        table
    }
}
