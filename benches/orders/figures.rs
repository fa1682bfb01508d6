//! Figures, as a table for people or as a line of JSON.

use serde_json::{Map, json};

/// The middle one.
pub fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}

/// Prints what a scenario came to.
pub fn print(scenario: &str, what: &str, figures: &[(&str, f64)], as_json: bool) {
    if as_json {
        let figures: Map<_, _> =
            figures.iter().map(|(name, figure)| ((*name).to_owned(), json!(figure))).collect();
        println!("{}", json!({ "scenario": scenario, "figures": figures }));
        return;
    }
    println!("\n== {scenario}: {what}");
    for (name, figure) in figures {
        println!("{name:28} {figure:>12.2}");
    }
}
