//! A simulation as an SVG that stands alone: light and dark, readable aloud, no script and nothing fetched.

use std::fmt::Write as _;

use super::text::verdict;
use super::{Meeting, SUSPECT, Simulation, share};

const WIDTH: f64 = 760.0;
const MARGIN: f64 = 32.0;
/// Where bars start and end; keys are on their left, figures on their right.
const LEFT: f64 = 212.0;
const RIGHT: f64 = 580.0;
const BAR: f64 = 18.0;
const ROW: f64 = 34.0;
/// Two-sided 99.9 % of a normal distribution: what one honest run in a thousand leaves.
const WIDEST: f64 = 3.29;
const LONGEST_KEY: usize = 24;
/// In characters of a small line that starts at `LEFT`.
const LONGEST_LINE: usize = 84;

const STYLE: &str = "\
svg{color-scheme:light dark;--back:#fff;--text:#1c2127;--faint:#5b6570;--track:#eceff3;--arm:#2f6fde;--out:#a3adb8;\
--both:#7a4fd0;--mark:#1c2127;--bad:#c2330b;--good:#1a7f45;font-family:system-ui,sans-serif;font-size:14px}\
@media (prefers-color-scheme:dark){svg{--back:#15181c;--text:#e7eaee;--faint:#9ba5b0;--track:#262b31;--arm:#6ba2ff;\
--out:#6b7682;--both:#b08cff;--mark:#fff;--bad:#ff8a65;--good:#5fd08f}}\
.back{fill:var(--back)}text{fill:var(--text)}.h{font-size:20px;font-weight:650}.s{font-weight:600}.f{fill:var(--faint);\
font-size:12.5px}.n{font-variant-numeric:tabular-nums}.track{fill:var(--track)}.arm{fill:var(--arm)}.out{fill:var(--out)}\
.both{fill:var(--both)}.mark{fill:var(--mark)}.band{fill:var(--mark);opacity:.22}.bad{fill:var(--bad)}.good{fill:var(--good)}";

#[must_use]
pub fn svg(simulation: &Simulation) -> String {
    let mut canvas = Canvas { body: String::new(), y: MARGIN + 18.0 };
    let title = format!("{}: {} simulated visitors", simulation.key, grouped(simulation.visitors));
    canvas.text("h", MARGIN, &title);
    canvas.y += 24.0;
    let (class, said) = sample_ratio(simulation);
    let _ = write!(
        canvas.body,
        "<circle class=\"{class}\" cx=\"{}\" cy=\"{}\" r=\"5\"/>",
        MARGIN + 5.0,
        canvas.y - 4.5
    );
    canvas.text("f", MARGIN + 18.0, &said);
    canvas.y += 12.0;

    canvas.heading("Variants", "share of those bucketed; mark: the weight, with 99.9 % of honest samples");
    let total = simulation.total();
    for arm in &simulation.arms {
        let part = share(arm.visitors, total);
        let spread = WIDEST * (arm.weight * (1.0 - arm.weight) / (total.max(1) as f64)).sqrt();
        canvas.row(&Row {
            key: &arm.key,
            class: "arm",
            part,
            mark: Some((arm.weight, spread)),
            count: arm.visitors,
        });
    }
    if !simulation.others.is_empty() {
        canvas.heading("Not counted", "share of all visitors, by reason");
    }
    for (variant, reason, count) in &simulation.others {
        let key = if variant == "-" { (*reason).to_owned() } else { format!("{reason}: {variant}") };
        let part = share(*count, simulation.visitors);
        canvas.row(&Row { key: &key, class: "out", part, mark: None, count: *count });
    }
    if !simulation.meetings.is_empty() {
        canvas.heading("Also in", "share of all visitors; mark: what two unrelated experiments would share");
    }
    for meeting in &simulation.meetings {
        let part = share(meeting.both, simulation.visitors);
        let unrelated = simulation.expected_both(meeting) / (simulation.visitors.max(1) as f64);
        canvas.row(&Row {
            key: &meeting.key,
            class: "both",
            part,
            mark: Some((unrelated, 0.0)),
            count: meeting.both,
        });
        canvas.y -= 10.0;
        let class = if simulation.depends(meeting) { "f bad" } else { "f" };
        let said = verdict(simulation, meeting);
        canvas.text(class, if said.chars().count() > LONGEST_LINE { MARGIN } else { LEFT }, &said);
        canvas.y += 26.0;
    }

    let height = canvas.y + MARGIN - 22.0;
    let description = describe(simulation, &said);
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{WIDTH}\" height=\"{height}\" viewBox=\"0 0 {WIDTH} {height}\" role=\"img\" \
         aria-labelledby=\"title desc\"><title id=\"title\">{}</title><desc id=\"desc\">{}</desc><style>{STYLE}</style>\
         <rect class=\"back\" width=\"{WIDTH}\" height=\"{height}\"/>{}</svg>\n",
        escaped(&title),
        escaped(&description),
        canvas.body
    )
}

fn sample_ratio(simulation: &Simulation) -> (&'static str, String) {
    match simulation.shares {
        None => ("out", "Fewer than two variants were reached: there are no shares to compare".to_owned()),
        Some(test) if test.p < SUSPECT => ("bad", format!("The shares do not fit the weights ({test})")),
        Some(test) => ("good", format!("The shares fit the weights ({test})")),
    }
}

/// All that the picture shows, in sentences.
fn describe(simulation: &Simulation, sample_ratio: &str) -> String {
    let total = simulation.total();
    let mut said = format!("{sample_ratio}.");
    for arm in &simulation.arms {
        let (part, weight) = (share(arm.visitors, total) * 100.0, arm.weight * 100.0);
        let _ =
            write!(said, " {}: {} visitors, {part:.3} % of {weight:.3} %.", arm.key, grouped(arm.visitors));
    }
    for (variant, reason, count) in &simulation.others {
        let _ = write!(said, " Not counted, {reason}");
        if variant != "-" {
            let _ = write!(said, " {variant}");
        }
        let _ = write!(said, ": {}.", grouped(*count));
    }
    for meeting in &simulation.meetings {
        let Meeting { key, both, .. } = meeting;
        let _ = write!(said, " In {key}, too: {}; {}.", grouped(*both), verdict(simulation, meeting));
    }
    said
}

struct Row<'a> {
    key: &'a str,
    class: &'a str,
    part: f64,
    /// Where the mark stands and how far its shade reaches to either side.
    mark: Option<(f64, f64)>,
    count: u64,
}

struct Canvas {
    body: String,
    /// The base line of what comes next.
    y: f64,
}

impl Canvas {
    fn text(&mut self, class: &str, x: f64, text: &str) {
        let _ = write!(
            self.body,
            "<text class=\"{class}\" x=\"{x}\" y=\"{:.1}\">{}</text>",
            self.y,
            escaped(text)
        );
    }

    fn heading(&mut self, heading: &str, about: &str) {
        self.y += 28.0;
        self.text("s", MARGIN, heading);
        self.text("f", LEFT, about);
        self.y += 30.0;
    }

    fn row(&mut self, row: &Row<'_>) {
        let top = self.y - 13.5;
        let span = RIGHT - LEFT;
        let place = |part: f64| LEFT + span * part.clamp(0.0, 1.0);
        self.text("", MARGIN, &shortened(row.key));
        let _ = write!(
            self.body,
            "<rect class=\"track\" x=\"{LEFT}\" y=\"{top:.1}\" width=\"{span}\" height=\"{BAR}\" rx=\"4\"/>\
             <rect class=\"{}\" x=\"{LEFT}\" y=\"{top:.1}\" width=\"{:.2}\" height=\"{BAR}\" rx=\"4\"><title>{}: {}</title></rect>",
            row.class,
            place(row.part) - LEFT,
            escaped(row.key),
            grouped(row.count)
        );
        if let Some((at, spread)) = row.mark {
            let (from, to) = (place(at - spread), place(at + spread));
            let _ = write!(
                self.body,
                "<rect class=\"band\" x=\"{from:.2}\" y=\"{:.1}\" width=\"{:.2}\" height=\"{}\"/>\
                 <rect class=\"mark\" x=\"{:.2}\" y=\"{:.1}\" width=\"2\" height=\"{}\"/>",
                top - 3.0,
                to - from,
                BAR + 6.0,
                place(at) - 1.0,
                top - 3.0,
                BAR + 6.0
            );
        }
        for (class, right, text) in [
            ("n", RIGHT + 72.0, format!("{:.2} %", row.part * 100.0)),
            ("f n", WIDTH - MARGIN, grouped(row.count)),
        ] {
            let _ = write!(
                self.body,
                "<text class=\"{class}\" text-anchor=\"end\" x=\"{right}\" y=\"{:.1}\">{text}</text>",
                self.y
            );
        }
        self.y += ROW;
    }
}

fn shortened(key: &str) -> String {
    if key.chars().count() <= LONGEST_KEY {
        return key.to_owned();
    }
    key.chars().take(LONGEST_KEY - 1).chain(['…']).collect()
}

/// 1234567 → 1,234,567
#[must_use]
pub fn grouped(count: u64) -> String {
    let digits = count.to_string();
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
