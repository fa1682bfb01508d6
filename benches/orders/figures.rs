//! Figures, as a table for people or as JSON.

use serde_json::json;

/// A name and what was measured.
pub type Figure = (String, f64);

/// The middle one.
pub fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}

/// Prints what belongs together: a table, or one line of JSON.
pub fn print(name: &str, what: &str, figures: &[Figure], as_json: bool) {
    if as_json {
        let figures: serde_json::Map<_, _> =
            figures.iter().map(|(name, figure)| (name.clone(), json!(figure))).collect();
        println!("{}", json!({ "scenario": name, "figures": figures }));
        return;
    }
    println!("\n== {name}: {what}");
    for (name, figure) in figures {
        println!("{name:36} {figure:>12.2}");
    }
}
