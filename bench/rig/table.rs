//! The one table that all figures are printed in.

use std::time::Duration;

const COLUMNS: [&str; 13] = [
    "what",
    "min",
    "p50",
    "p99",
    "processor",
    "per s",
    "store calls",
    "allocations",
    "resident MB",
    "peak MB",
    "size MB",
    "compared",
    "bar",
];

/// What was measured of one thing. What does not apply stays empty.
#[derive(Clone, Debug, Default)]
pub(crate) struct Row {
    pub(crate) what: String,
    pub(crate) times: Option<Times>,
    pub(crate) processor: Option<Duration>,
    pub(crate) per_second: Option<f64>,
    pub(crate) store_calls: Option<f64>,
    pub(crate) allocations: Option<f64>,
    pub(crate) resident_mb: Option<f64>,
    pub(crate) peak_mb: Option<f64>,
    pub(crate) size_mb: Option<f64>,
    pub(crate) compared: String,
    pub(crate) bar: String,
}

/// How long something took, over all runs.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Times {
    pub(crate) min: Duration,
    pub(crate) p50: Duration,
    pub(crate) p99: Duration,
}

impl Times {
    /// # Panics
    ///
    /// If nothing was measured.
    pub(crate) fn of(mut took: Vec<Duration>) -> Self {
        took.sort_unstable();
        Self {
            min: took[0],
            p50: took[took.len() / 2],
            p99: took[(took.len() * 99).div_ceil(100).min(took.len()) - 1],
        }
    }

    /// This to that, by their medians.
    pub(crate) fn ratio(&self, other: &Self) -> f64 {
        self.p50.as_secs_f64() / other.p50.as_secs_f64()
    }
}

/// The median of figures.
///
/// # Panics
///
/// If there is none.
pub(crate) fn median(mut figures: Vec<f64>) -> f64 {
    figures.sort_unstable_by(f64::total_cmp);
    figures[figures.len() / 2]
}

/// A bar, and whether `figure` keeps to it.
pub(crate) fn at_most(figure: f64, bar: f64, unit: &str) -> String {
    let verdict = if figure <= bar { "kept" } else { "MISSED" };
    format!("<= {bar}{unit}: {verdict}")
}

/// As [`at_most`], the other way round.
pub(crate) fn at_least(figure: f64, bar: f64, unit: &str) -> String {
    let verdict = if figure >= bar { "kept" } else { "MISSED" };
    format!(">= {bar}{unit}: {verdict}")
}

/// Prints parts of rows, each part under its name.
pub(crate) fn print(parts: &[(&str, Vec<Row>)]) {
    let cells = |row: &Row| -> [String; COLUMNS.len()] {
        let ms = |time: Duration| format!("{:.2} ms", time.as_secs_f64() * 1e3);
        let time = |time: fn(&Times) -> Duration| {
            row.times
                .as_ref()
                .map_or(String::new(), |times| ms(time(times)))
        };
        let number = |number: Option<f64>, decimals: usize| {
            number.map_or(String::new(), |number| format!("{number:.decimals$}"))
        };
        [
            row.what.clone(),
            time(|times| times.min),
            time(|times| times.p50),
            time(|times| times.p99),
            row.processor.map_or(String::new(), ms),
            number(row.per_second, 0),
            number(row.store_calls, 2),
            number(row.allocations, 0),
            number(row.resident_mb, 1),
            number(row.peak_mb, 1),
            number(row.size_mb, 2),
            row.compared.clone(),
            row.bar.clone(),
        ]
    };
    let lines: Vec<_> = parts
        .iter()
        .flat_map(|(_, rows)| rows.iter().map(cells))
        .collect();
    let widths: Vec<usize> = (0..COLUMNS.len())
        .map(|column| {
            let cells = lines.iter().map(|line| line[column].chars().count());
            cells.chain([COLUMNS[column].len()]).max().unwrap_or(0)
        })
        .collect();
    let print_line = |cells: &[String]| {
        let padded = cells
            .iter()
            .zip(&widths)
            .map(|(cell, &width)| format!("{cell:width$}"));
        println!("{}", padded.collect::<Vec<_>>().join("  ").trim_end());
    };
    print_line(&COLUMNS.map(str::to_owned));
    for (part, rows) in parts {
        println!("-- {part}");
        for row in rows {
            print_line(&cells(row));
        }
    }
}
