//! Figures, as a table for people or as a line of JSON.

use serde_json::{Map, json};

/// The middle one.
pub fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}

/// Prints what belongs together, each figure with its name.
pub fn print(name: &str, what: &str, figures: &[(impl AsRef<str>, f64)], as_json: bool) {
    if as_json {
        let figures: Map<_, _> = figures
            .iter()
            .map(|(name, figure)| (name.as_ref().to_owned(), json!(figure)))
            .collect();
        println!("{}", json!({ "scenario": name, "what": what, "figures": figures }));
        return;
    }
    println!("\n== {name}: {what}");
    for (name, figure) in figures {
        println!("{:36} {figure:>12.2}", name.as_ref());
    }
}
