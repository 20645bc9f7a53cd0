//! What was measured, as a table or as JSON.

use serde::Serialize;

use crate::cells::{COLUMNS, Cell, Design};
use crate::laboratory::Extent;
use crate::measure::{Count, Tally};
use crate::peers;

/// The 0.975 quantile of a normal variable: intervals are of 95 %.
const NORMAL_975: f64 = 1.96;

/// How the scorecard is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Format {
    /// Columns of text.
    Text,
    /// Tables of Markdown.
    Markdown,
    /// All counts.
    Json,
}

/// Everything that was measured.
#[derive(Debug, Serialize)]
pub(crate) struct Scorecard {
    /// Seed.
    pub(crate) seed: u64,
    /// Comparisons of unchanged runs in a cell.
    pub(crate) comparisons: usize,
    /// Comparisons with each regression in a cell.
    pub(crate) injected: usize,
    /// Titles of the regressions.
    pub(crate) regressions: Vec<&'static str>,
    /// By cell.
    pub(crate) cells: Vec<Measured>,
}

/// One cell.
#[derive(Debug, Serialize)]
pub(crate) struct Measured {
    /// Its name.
    pub(crate) name: &'static str,
    /// Its environment, and how many candidate runs there are.
    pub(crate) title: String,
    /// Baseline runs.
    pub(crate) runs: usize,
    /// What was counted of perf-gate.
    pub(crate) tally: Tally,
    /// What was counted of others.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) peers: Vec<peers::Tally>,
}

impl Scorecard {
    /// A scorecard without cells.
    pub(crate) fn new(extent: Extent) -> Self {
        let regressions = COLUMNS.iter().map(|column| column.title).collect();
        let Extent { seed, comparisons, injected, .. } = extent;
        Self { seed, comparisons, injected, regressions, cells: Vec::new() }
    }

    /// The scorecard in a format.
    pub(crate) fn written(&self, format: Format) -> String {
        let tables = || std::iter::once(self.own()).chain(self.of_peers());
        match format {
            Format::Json => serde_json::to_string_pretty(self).expect("counts and texts are JSON") + "\n",
            Format::Text => tables().map(|table| table.text()).collect::<Vec<_>>().join("\n"),
            Format::Markdown => tables().map(|table| table.markdown()).collect::<Vec<_>>().join("\n"),
        }
    }

    fn own(&self) -> Table {
        let head =
            ["environment", "n", "any false failure, % [95 %]", "warned", "inconclusive", "asks for a second run"];
        let row = |cell: &Measured| {
            let tally = &cell.tally;
            let mut row = vec![cell.title.clone(), cell.runs.to_string(), with_interval(tally.failed)];
            row.extend([tally.warned, tally.inconclusive, tally.asked].map(percent));
            row.extend(tally.found.iter().copied().map(percent));
            row
        };
        Table {
            title: format!(
                "perf-gate, seed {}: {} unchanged comparisons a cell, {} with each regression",
                self.seed, self.comparisons, self.injected
            ),
            head: head.iter().chain(&self.regressions).map(|&title| title.to_owned()).collect(),
            rows: self.cells.iter().map(row).collect(),
        }
    }

    fn of_peers(&self) -> impl Iterator<Item = Table> {
        let head = ["procedure", "any false alarm, % [95 %]"];
        let row = |tally: &peers::Tally| {
            let mut row = vec![tally.title.to_owned(), with_interval(tally.alarmed)];
            row.extend(tally.found.iter().map(|found| found.map_or_else(|| "–".to_owned(), percent)));
            row
        };
        let cells = self.cells.iter().filter(|cell| !cell.peers.is_empty());
        cells.map(move |cell| Table {
            title: format!("Others on the same runs: {}, n = {}", cell.title, cell.runs),
            head: head.iter().chain(&self.regressions).map(|&title| title.to_owned()).collect(),
            rows: cell.peers.iter().map(row).collect(),
        })
    }
}

/// What a cell is, in words.
pub(crate) fn title(cell: &Cell) -> String {
    let design = match cell.design {
        Design::One => "",
        Design::Two => ", two candidate runs",
        Design::Confirmed => ", a second run where one is asked for",
        Design::Pairs => ", pairs on one runner",
    };
    format!("{}{design}", cell.environment.title)
}

/// A table of text.
struct Table {
    title: String,
    head: Vec<String>,
    rows: Vec<Vec<String>>,
}

impl Table {
    fn markdown(&self) -> String {
        let line = |cells: &[String]| format!("| {} |\n", cells.join(" | "));
        let rule = format!("|{}\n", "---|".repeat(self.head.len()));
        let rows: String = self.rows.iter().map(|row| line(row)).collect();
        format!("{}\n\n{}{rule}{rows}", self.title, line(&self.head))
    }

    /// Numbered columns, since titles are longer than figures.
    fn text(&self) -> String {
        let numbered = |(at, title): (usize, &String)| format!("  {at:>2}  {title}\n");
        let legend: String = self.head.iter().enumerate().skip(1).map(numbered).collect();
        let head: Vec<String> =
            (0..self.head.len()).map(|at| if at == 0 { String::new() } else { at.to_string() }).collect();
        let all = || std::iter::once(&head).chain(&self.rows);
        let width = |column: usize| all().map(|row| row[column].chars().count()).max().unwrap_or(0);
        let line = |row: &Vec<String>| {
            let cells = row.iter().enumerate().map(|(at, cell)| match (at, width(at)) {
                (0, width) => format!("{cell:<width$}"),
                (_, width) => format!("{cell:>width$}"),
            });
            cells.collect::<Vec<_>>().join("  ") + "\n"
        };
        format!("{}\n{legend}\n{}", self.title, all().map(line).collect::<String>())
    }
}

fn percent(count: Count) -> String {
    if count.of == 0 { "–".to_owned() } else { format!("{:.0}", 100.0 * share(count)) }
}

fn with_interval(count: Count) -> String {
    let (low, high) = wilson(count);
    format!("{:.1} [{:.1}–{:.1}]", 100.0 * share(count), 100.0 * low, 100.0 * high)
}

fn share(count: Count) -> f64 {
    count.hits as f64 / count.of.max(1) as f64
}

/// The 95 % interval of a share by Wilson, "Probable Inference, the Law of Succession, and Statistical Inference" (1927).
fn wilson(count: Count) -> (f64, f64) {
    let (n, p, z) = (count.of.max(1) as f64, share(count), NORMAL_975);
    let centre = p + z * z / (2.0 * n);
    let reach = z * (p * (1.0 - p) / n + z * z / (4.0 * n * n)).sqrt();
    let scale = 1.0 + z * z / n;
    (((centre - reach) / scale).max(0.0), ((centre + reach) / scale).min(1.0))
}
