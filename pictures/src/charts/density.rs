//! Where an effect lies, as a posterior says it: normal curves, each as high as its own peak.

use plotters::prelude::{ChartBuilder, Color, PathElement, Polygon, TRANSPARENT};
use plotters::style::text_anchor::HPos;

use super::{axis, bounds, legend, legend_height, letters};
use crate::canvas::{Area, Fault, LINE, SOFT, fault, series};
use crate::figure::Chart;
use crate::table::Table;
use crate::unit::Unit;

/// On either side of the mean, in deviations, and at so many places.
const REACH: f64 = 3.5;
const PLACES: u32 = 70;

#[derive(Debug, Clone, PartialEq)]
pub struct Density {
    pub unit: Unit,
    pub curves: Vec<Curve>,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Curve {
    pub name: String,
    pub mean: f64,
    /// More than 0.
    pub deviation: f64,
    pub low: f64,
    pub high: f64,
    pub chance: f64,
}

impl Curve {
    fn points(&self) -> Vec<(f64, f64)> {
        (0..=PLACES)
            .map(|place| {
                let away = (f64::from(place) / f64::from(PLACES) * 2.0 - 1.0) * REACH;
                (self.mean + away * self.deviation, (-away * away / 2.0).exp())
            })
            .collect()
    }
}

impl Density {
    fn names(&self) -> Vec<String> {
        self.curves.iter().map(|curve| curve.name.clone()).collect()
    }
}

impl Chart for Density {
    fn height(&self, width: u32) -> u32 {
        u32::try_from(legend_height(&self.names(), width)).unwrap_or_default() + 170
    }

    fn draw(&self, area: &Area<'_>) -> Result<(), Fault> {
        let (width, _) = area.dim_in_pixel();
        legend(area, &self.names())?;
        let ends = self.curves.iter().flat_map(|curve| {
            [curve.mean - REACH * curve.deviation, curve.mean + REACH * curve.deviation, 0.0]
        });
        let mut chart = ChartBuilder::on(area)
            .margin_top(legend_height(&self.names(), width) + 6)
            .margin_left(18)
            .margin_right(18)
            .x_label_area_size(26)
            .build_cartesian_2d(axis(bounds(ends)), 0.0..1.05)
            .map_err(fault)?;
        let tick = |value: &f64| self.unit.tick(*value);
        chart
            .configure_mesh()
            .disable_y_mesh()
            .disable_y_axis()
            .x_labels(if width < 500 { 4 } else { 8 })
            .x_label_formatter(&tick)
            .x_label_style(letters(12, SOFT, HPos::Center))
            .bold_line_style(LINE.mix(0.6))
            .light_line_style(TRANSPARENT)
            .axis_style(LINE)
            .draw()
            .map_err(fault)?;
        for (at, curve) in self.curves.iter().enumerate() {
            let points = curve.points();
            let area = Polygon::new(points.clone(), series(at).mix(0.25));
            chart.draw_series([area]).map_err(fault)?;
            chart.draw_series([PathElement::new(points, series(at).stroke_width(2))]).map_err(fault)?;
        }
        let none = PathElement::new(vec![(0.0, 0.0), (0.0, 1.05)], SOFT.stroke_width(1));
        chart.draw_series([none]).map_err(fault)?;
        Ok(())
    }

    fn table(&self) -> Table {
        let mut table = Table::new(&["variant", "mean", "deviation", "from", "to", "to beat the control"]);
        for curve in &self.curves {
            table.row(vec![
                curve.name.clone(),
                self.unit.signed(curve.mean),
                self.unit.text(curve.deviation),
                self.unit.text(curve.low),
                self.unit.text(curve.high),
                Unit::Share.text(curve.chance),
            ]);
        }
        table
    }
}
