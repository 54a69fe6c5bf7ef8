//! An estimate with its interval, day by day.

use jiff::civil::Date;
use plotters::prelude::{ChartBuilder, Circle, Color, PathElement, Polygon, TRANSPARENT};
use plotters::style::text_anchor::HPos;

use parlour_report::model::Day;

use super::{axis, bounds, letters};
use crate::canvas::{Area, Fault, LINE, SOFT, fault, series};
use crate::figure::Chart;
use crate::table::Table;
use crate::unit::Unit;

#[derive(Debug, Clone, PartialEq)]
pub struct Course {
    pub unit: Unit,
    pub days: Vec<Day>,
}

impl Course {
    /// From the first day on.
    fn at(&self) -> Vec<i32> {
        let dates: Vec<Option<Date>> = self.days.iter().map(|day| day.date.parse().ok()).collect();
        let first = dates.first().copied().flatten();
        let since = |date: Date| Some((date - first?).get_days());
        (0i32..).zip(dates).map(|(index, date)| date.and_then(since).unwrap_or(index)).collect()
    }

    fn date(&self, day: i32) -> String {
        let first: Option<Date> = self.days.first().and_then(|day| day.date.parse().ok());
        let date = first.and_then(|first| first.checked_add(jiff::Span::new().days(day)).ok());
        date.map_or_else(|| day.to_string(), |date| date.strftime("%-d %b").to_string())
    }

    /// What is to be seen: intervals of the first days may reach far beyond what the later ones say.
    fn range(&self) -> std::ops::Range<f64> {
        let later = self.days.len() / 4;
        let days = self.days.iter().skip(later);
        axis(bounds(days.flat_map(|day| [day.low, day.high, day.estimate]).chain([0.0])))
    }

    pub fn is_cut(&self) -> bool {
        let range = self.range();
        self.days.iter().any(|day| day.low < range.start || day.high > range.end)
    }
}

impl Chart for Course {
    fn height(&self, width: u32) -> u32 {
        if width < 500 { 230 } else { 280 }
    }

    fn draw(&self, area: &Area<'_>) -> Result<(), Fault> {
        let (width, _) = area.dim_in_pixel();
        let at = self.at();
        let range = self.range();
        let inside = |value: f64| if value.is_nan() { 0.0 } else { value.clamp(range.start, range.end) };
        let last = at.last().copied().unwrap_or_default().max(1);
        let mut chart = ChartBuilder::on(area)
            .margin_top(8)
            .margin_right(26)
            .x_label_area_size(28)
            .y_label_area_size(58)
            .build_cartesian_2d(0..last, range.clone())
            .map_err(fault)?;
        let (day, tick) = (|day: &i32| self.date(*day), |value: &f64| self.unit.tick(*value));
        chart
            .configure_mesh()
            .disable_x_mesh()
            .x_labels(if width < 500 { 4 } else { 9 })
            .y_labels(6)
            .x_label_formatter(&day)
            .y_label_formatter(&tick)
            .x_label_style(letters(12, SOFT, HPos::Center))
            .y_label_style(letters(12, SOFT, HPos::Right))
            .bold_line_style(LINE.mix(0.6))
            .light_line_style(TRANSPARENT)
            .axis_style(LINE)
            .draw()
            .map_err(fault)?;
        let days = || at.iter().copied().zip(&self.days);
        let ceiling = days().map(|(x, day)| (x, inside(day.high)));
        let floor = days().rev().map(|(x, day)| (x, inside(day.low)));
        let band = Polygon::new(ceiling.chain(floor).collect::<Vec<_>>(), series(0).mix(0.22));
        let zero = PathElement::new(vec![(0, 0.0), (last, 0.0)], SOFT.stroke_width(1));
        let line: Vec<_> = days().map(|(x, day)| (x, inside(day.estimate))).collect();
        let dots: Vec<_> = line.iter().map(|point| Circle::new(*point, 3, series(0).filled())).collect();
        chart.draw_series([band]).map_err(fault)?;
        chart.draw_series([zero, PathElement::new(line, series(0).stroke_width(2))]).map_err(fault)?;
        chart.draw_series(dots).map_err(fault)?;
        Ok(())
    }

    fn table(&self) -> Table {
        let mut table = Table::new(&["day", "visitors", "estimate", "from", "to"]);
        for day in &self.days {
            let unit = &self.unit;
            table.row(vec![
                day.date.clone(),
                Unit::Count.text(day.units as f64),
                unit.signed(day.estimate),
                unit.text(day.low),
                unit.text(day.high),
            ]);
        }
        table
    }
}
