//! Tables for people. Programs ask for `--json`.

use std::fmt;

use chrono::{DateTime, Utc};

/// Rows under headings, each column as wide as its widest cell.
pub(crate) struct Table<const COLUMNS: usize> {
    rows: Vec<[String; COLUMNS]>,
}

impl<const COLUMNS: usize> Table<COLUMNS> {
    pub(crate) fn new(headings: [&str; COLUMNS]) -> Self {
        Self {
            rows: vec![headings.map(str::to_owned)],
        }
    }

    pub(crate) fn row(&mut self, cells: [String; COLUMNS]) {
        self.rows.push(cells.map(|cell| clean(&cell)));
    }
}

impl<const COLUMNS: usize> fmt::Display for Table<COLUMNS> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let widths: [usize; COLUMNS] = std::array::from_fn(|column| {
            let cells = self.rows.iter().map(|row| row[column].chars().count());
            cells.max().unwrap_or_default()
        });
        for row in &self.rows {
            let cells = row.iter().zip(widths);
            let line: Vec<String> = cells
                .map(|(cell, width)| format!("{cell:width$}"))
                .collect();
            writeln!(f, "{}", line.join("  ").trim_end())?;
        }
        Ok(())
    }
}

/// Text without control characters: others named what is listed, and a terminal obeys what is printed.
pub(crate) fn clean(text: &str) -> String {
    text.chars()
        .map(|character| {
            if character.is_control() {
                '\u{fffd}'
            } else {
                character
            }
        })
        .collect()
}

/// An instant to the minute, in UTC; what is none, as it is.
pub(crate) fn minute(at: &str) -> String {
    match DateTime::parse_from_rfc3339(at) {
        Ok(at) => at.with_timezone(&Utc).format("%Y-%m-%d %H:%MZ").to_string(),
        Err(_) => at.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_as_wide_as_their_widest_cell() {
        let mut table = Table::new(["NAME", "N"]);
        table.row(["Réception".to_owned(), "1".to_owned()]);
        table.row(["CI".to_owned(), "12".to_owned()]);
        assert_eq!(
            table.to_string(),
            "NAME       N\nRéception  1\nCI         12\n"
        );
    }

    #[test]
    fn a_name_cannot_command_the_terminal() {
        let mut table = Table::new(["NAME"]);
        table.row(["\u{1b}[2Jgone\n".to_owned()]);
        assert_eq!(table.to_string(), "NAME\n\u{fffd}[2Jgone\u{fffd}\n");
    }

    #[test]
    fn instants_are_shown_to_the_minute_in_utc() {
        assert_eq!(minute("2026-11-21T13:00:59+01:00"), "2026-11-21 12:00Z");
        assert_eq!(minute("soon"), "soon");
    }
}
