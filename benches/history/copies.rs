//! An order written again as another one: the same rows, with identifiers, times, keys and a number
//! of its own.
//!
//! Identifiers of 128 bits begin with the milliseconds since 1970 (UUIDv7, trace ids): the copy's
//! are moved in time as its columns are, and differ in their last bits. So copies sort by time as
//! their originals do, and whatever names an identifier, a column or a JSON text, names the copy's.

use std::collections::HashSet;

use crate::rows::{OrderRows, Row, Value, Written};

/// How a copy differs from its original.
#[derive(Clone, Copy)]
pub struct Change {
    /// Milliseconds that all its times are moved by.
    pub millis: i64,
    /// No two copies of an order have the same.
    pub copy: u32,
    /// The order's number.
    pub number: i64,
    /// What its movements of stock are in.
    pub stretch: i64,
}

/// A value of a row, as far as it is known before the copy is.
enum Part {
    Same(Value),
    /// Given by the database: the journal's next number.
    Next,
    Number,
    Stretch,
    Micros(i64),
    Text(Vec<Piece>),
}

enum Piece {
    Same(String),
    /// An identifier, with the places of its dashes or without them.
    Id(u128, bool),
    Number,
    Copy,
}

/// An order to be copied: for each table its rows.
pub struct Original {
    /// When it was placed, in milliseconds since 1970.
    pub placed: i64,
    rows: Vec<Vec<Vec<Part>>>,
}

impl Original {
    /// Prepares an order; identifiers in `kept` are of what it shares with others.
    pub fn of(order: &OrderRows, written: &Written, kept: &HashSet<u128>) -> Self {
        let integer =
            |name: &str| match order[written.place("orders")][0][written.column("orders", name)] {
                Value::Number(integer) => integer,
                ref other => panic!("{name}: {other:?}"),
            };
        let reader = Reader { number: integer("number"), kept };
        let row = |row: &Row, names: &[String]| {
            row.iter().zip(names).map(|(value, name)| reader.part(value, name)).collect()
        };
        let rows = order.iter().zip(&written.tables);
        let rows =
            rows.map(|(rows, (_, names))| rows.iter().map(|each| row(each, names)).collect());
        Self { placed: integer("created_at") / 1_000, rows: rows.collect() }
    }

    /// The rows of a copy for the table at this place.
    pub fn copied(&self, table: usize, change: Change) -> impl Iterator<Item = Vec<Value>> {
        let row = move |row: &Vec<Part>| row.iter().map(|part| part.copied(change)).collect();
        self.rows[table].iter().map(row)
    }
}

struct Reader<'a> {
    number: i64,
    kept: &'a HashSet<u128>,
}

impl Reader<'_> {
    fn part(&self, value: &Value, column: &str) -> Part {
        match (value, column) {
            (_, "seq") => Part::Next,
            (Value::Number(_), "number") => Part::Number,
            (_, "stretch") => Part::Stretch,
            // What waits for its money goes on waiting.
            (_, "deadline_at") => Part::Same(value.clone()),
            (Value::Number(at), name) if name.ends_with("_at") || name == "locked_until" => {
                Part::Micros(*at)
            }
            (Value::Text(text), "key") => {
                Part::Text(vec![Piece::Same(format!("{text}-")), Piece::Copy])
            }
            (Value::Text(text), _) => match self.pieces(text) {
                pieces if pieces.iter().all(|piece| matches!(piece, Piece::Same(_))) => {
                    Part::Same(value.clone())
                }
                pieces => Part::Text(pieces),
            },
            _ => Part::Same(value.clone()),
        }
    }

    /// Splits a text at the identifiers and at the order's number in it.
    fn pieces(&self, text: &str) -> Vec<Piece> {
        let number = format!("\"number\":\"{}\"", self.number);
        let mut pieces = Vec::new();
        for (place, part) in text.split(&number).enumerate() {
            if place > 0 {
                let same = |text: &str| Piece::Same(text.to_owned());
                pieces.extend([same("\"number\":\""), Piece::Number, same("\"")]);
            }
            self.split_at_ids(part, &mut pieces);
        }
        pieces
    }

    fn split_at_ids(&self, mut text: &str, pieces: &mut Vec<Piece>) {
        let mut same = String::new();
        while !text.is_empty() {
            let of_id = |c: char| c.is_ascii_digit() || ('a'..='f').contains(&c) || c == '-';
            let until = |wanted: bool| text.find(|c| of_id(c) != wanted).unwrap_or(text.len());
            let (run, rest) = text.split_at(until(of_id(text.chars().next().unwrap())));
            text = rest;
            match id(run) {
                Some((id, dashes)) if !self.kept.contains(&id) => {
                    pieces.push(Piece::Same(std::mem::take(&mut same)));
                    pieces.push(Piece::Id(id, dashes));
                }
                _ => same.push_str(run),
            }
        }
        pieces.push(Piece::Same(same));
    }
}

/// The identifier that this text is, and whether it has dashes.
pub fn id(text: &str) -> Option<(u128, bool)> {
    let dashes = match text.len() {
        32 if !text.contains('-') => false,
        36 if DASHES.iter().all(|place| text.as_bytes()[*place] == b'-') => true,
        _ => return None,
    };
    u128::from_str_radix(&text.replace('-', ""), 16).ok().map(|id| (id, dashes))
}

const DASHES: [usize; 4] = [8, 13, 18, 23];
/// Where the milliseconds are in an identifier.
const MILLIS: u32 = 80;

impl Part {
    fn copied(&self, change: Change) -> Value {
        match self {
            Self::Same(value) => value.clone(),
            Self::Next => Value::Null,
            Self::Number => Value::Number(change.number),
            Self::Stretch => Value::Number(change.stretch),
            Self::Micros(at) => Value::Number(at + change.millis * 1_000),
            Self::Text(pieces) => {
                let mut text = String::new();
                pieces.iter().for_each(|piece| piece.write(change, &mut text));
                Value::Text(text.into())
            }
        }
    }
}

impl Piece {
    fn write(&self, change: Change, text: &mut String) {
        match self {
            Self::Same(same) => text.push_str(same),
            Self::Number => text.push_str(&change.number.to_string()),
            Self::Copy => text.push_str(&change.copy.to_string()),
            Self::Id(id, dashes) => {
                let moved = id.wrapping_add_signed(i128::from(change.millis) << MILLIS);
                write_id(moved ^ u128::from(change.copy), *dashes, text);
            }
        }
    }
}

fn write_id(id: u128, dashes: bool, text: &mut String) {
    let mut digits = [0; 32];
    hex::encode_to_slice(id.to_be_bytes(), &mut digits).unwrap();
    let digits = std::str::from_utf8(&digits).unwrap();
    if !dashes {
        return text.push_str(digits);
    }
    let ends = [(0, 8), (8, 12), (12, 16), (16, 20), (20, 32)];
    for (from, to) in ends {
        if from > 0 {
            text.push('-');
        }
        text.push_str(&digits[from..to]);
    }
}
