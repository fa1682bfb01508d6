//! Lines and aligned columns on standard output.

use std::io::{self, Write};

/// Prints one line.
pub(super) fn line(text: &str) -> io::Result<()> {
    writeln!(io::stdout().lock(), "{text}")
}

/// Prints rows with their columns under each other.
pub(super) fn print<const N: usize>(rows: &[[String; N]]) -> io::Result<()> {
    line(&align(rows))
}

fn align<const N: usize>(rows: &[[String; N]]) -> String {
    let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max();
    let widths: [usize; N] = std::array::from_fn(|column| width(column).unwrap_or_default());
    let aligned = rows.iter().map(|row| {
        let cells = row.iter().zip(widths).map(|(cell, width)| format!("{cell:width$}"));
        cells.collect::<Vec<_>>().join("  ").trim_end().to_owned()
    });
    aligned.collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    #[test]
    fn columns_stand_under_each_other() {
        let rows = [["ID".to_owned(), "NAME".into()], ["long-id".into(), "n".into()]];
        assert_eq!(super::align(&rows), "ID       NAME\nlong-id  n");
    }
}
