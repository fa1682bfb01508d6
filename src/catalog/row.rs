//! Products from a table of comma-separated values, under the same rules as those of a `PUT`.

use std::io::Read;

use csv::{ErrorKind, ReaderBuilder, StringRecord, Trim};

use super::cell;
use super::model::{ProductDetails, ProductInput};
use crate::http::Text;
use crate::kernel::Amount;

/// The greatest opening stock of a product, in units.
pub const MAX_ON_HAND: i64 = 1_000_000_000_000;

/// One row: a product, and how much of it there is.
#[derive(Debug, Clone)]
pub struct ProductRow {
    /// The product.
    pub product: ProductInput,
    /// Units in stock at the opening; none when the row does not say.
    pub on_hand: Option<i64>,
}

/// Why there is no product.
#[derive(Debug, thiserror::Error)]
pub enum RowError {
    /// The first line does not name all that is needed.
    #[error(
        "the first line must name the columns; missing: {0} (in any order: sku, name, price_minor, \
         currency, and where wanted department, category, brand, package_size, on_hand)"
    )]
    MissingColumns(String),
    /// One row breaks a rule; the ones after it can still be read.
    #[error("line {line}: {reason}")]
    Bad {
        /// The line of the file, from 1 up.
        line: u64,
        /// What is wrong with it.
        reason: String,
    },
    /// The file cannot be read on.
    #[error("the file cannot be read: {0}")]
    Unreadable(csv::Error),
}

/// Which column has what.
#[derive(Debug)]
struct Columns {
    count: usize,
    sku: usize,
    name: usize,
    price_minor: usize,
    currency: usize,
    department: Option<usize>,
    category: Option<usize>,
    brand: Option<usize>,
    package_size: Option<usize>,
    on_hand: Option<usize>,
}

impl Columns {
    fn named_by(header: &StringRecord) -> Result<Self, RowError> {
        let place = |name: &str| header.iter().position(|column| column == name);
        let mut missing = Vec::new();
        let mut needed = |name: &'static str| {
            place(name).unwrap_or_else(|| {
                missing.push(name);
                0
            })
        };
        let columns = Self {
            count: header.len(),
            sku: needed("sku"),
            name: needed("name"),
            price_minor: needed("price_minor"),
            currency: needed("currency"),
            department: place("department"),
            category: place("category"),
            brand: place("brand"),
            package_size: place("package_size"),
            on_hand: place("on_hand"),
        };
        if missing.is_empty() {
            return Ok(columns);
        }
        Err(RowError::MissingColumns(missing.join(", ")))
    }

    fn row(&self, record: &StringRecord) -> Result<ProductRow, String> {
        if record.len() != self.count {
            return Err(format!("has {} fields, the first line {}", record.len(), self.count));
        }
        let details = ProductDetails {
            name: text("name", &record[self.name])?,
            price: price(&record[self.price_minor])?,
            currency: named("currency", record[self.currency].parse())?,
            department: optional("department", record, self.department)?,
            category: optional("category", record, self.category)?,
            brand: optional("brand", record, self.brand)?,
            package_size: optional("package_size", record, self.package_size)?,
        };
        let sku = named("sku", cell::read(&record[self.sku]).parse())?;
        let on_hand = self.on_hand.map(|column| &record[column]).filter(|units| !units.is_empty());
        let on_hand = on_hand.map(units).transpose()?;
        Ok(ProductRow { product: ProductInput { sku, details }, on_hand })
    }
}

fn named<T, E: std::fmt::Display>(column: &str, parsed: Result<T, E>) -> Result<T, String> {
    parsed.map_err(|reason| format!("`{column}`: {reason}"))
}

fn text<const MAX: usize>(column: &str, field: &str) -> Result<Text<1, MAX>, String> {
    named(column, Text::check(cell::read(field).to_owned()))
}

fn optional<const MAX: usize>(
    column: &str,
    record: &StringRecord,
    place: Option<usize>,
) -> Result<Option<Text<1, MAX>>, String> {
    let field = place.map_or("", |place| &record[place]);
    if field.is_empty() { Ok(None) } else { text(column, field).map(Some) }
}

fn price(field: &str) -> Result<Amount, String> {
    let minor: i64 = whole_number("price_minor", field)?;
    named("price_minor", Amount::new(minor))
}

fn units(field: &str) -> Result<i64, String> {
    let units = whole_number("on_hand", field)?;
    if (0..=MAX_ON_HAND).contains(&units) {
        return Ok(units);
    }
    Err(format!("`on_hand`: must be 0 to {MAX_ON_HAND}"))
}

fn whole_number(column: &str, field: &str) -> Result<i64, String> {
    field.parse().map_err(|_| format!("`{column}`: must be a whole number, is `{field}`"))
}

/// Reads products row by row, however long the file is.
pub struct ProductRows<R> {
    columns: Columns,
    reader: csv::Reader<R>,
    record: StringRecord,
}

impl<R: Read> ProductRows<R> {
    /// Reads the first line.
    ///
    /// # Errors
    /// [`RowError::MissingColumns`], [`RowError::Unreadable`].
    pub fn new(source: R) -> Result<Self, RowError> {
        let mut reader = ReaderBuilder::new().flexible(true).trim(Trim::All).from_reader(source);
        let columns = Columns::named_by(reader.headers().map_err(RowError::Unreadable)?)?;
        Ok(Self { columns, reader, record: StringRecord::new() })
    }

    fn bad(&self, line: Option<u64>, reason: String) -> RowError {
        RowError::Bad { line: line.unwrap_or_else(|| self.reader.position().line()), reason }
    }
}

impl<R: Read> Iterator for ProductRows<R> {
    type Item = Result<ProductRow, RowError>;

    fn next(&mut self) -> Option<Self::Item> {
        match self.reader.read_record(&mut self.record) {
            Ok(false) => None,
            Ok(true) => {
                let line = self.record.position().map(csv::Position::line);
                let row = self.columns.row(&self.record);
                Some(row.map_err(|reason| self.bad(line, reason)))
            }
            Err(failure) => Some(Err(match failure.kind() {
                ErrorKind::Utf8 { pos, .. } => {
                    self.bad(pos.as_ref().map(csv::Position::line), "is not UTF-8 text".into())
                }
                _ => RowError::Unreadable(failure),
            })),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &[u8]) -> Vec<Result<ProductRow, String>> {
        let rows = ProductRows::new(text).unwrap();
        rows.map(|row| row.map_err(|error| error.to_string())).collect()
    }

    #[test]
    fn columns_come_in_any_order_and_strange_ones_are_passed_over() {
        let text = "\u{feff}on_hand,colour, price_minor ,sku,currency,name\n\
                    7,red,349,tea-1,USD,\"Tea, black\"\n,,0,tea-2,EUR,Tea\n";
        let rows = read(text.as_bytes());
        let first = rows[0].as_ref().unwrap();
        assert_eq!(first.product.sku.as_str(), "tea-1");
        assert_eq!(first.product.details.name.as_str(), "Tea, black");
        assert_eq!(first.product.details.price.minor(), 349);
        assert_eq!((first.on_hand, &first.product.details.brand), (Some(7), &None));
        assert_eq!(rows[1].as_ref().unwrap().on_hand, None);
    }

    #[test]
    fn missing_columns_are_named() {
        let refused = ProductRows::new(&b"sku,title,price_minor\n"[..]).err().unwrap();
        let RowError::MissingColumns(columns) = refused else { panic!("{refused}") };
        assert_eq!(columns, "name, currency");
        assert!(matches!(ProductRows::new(&b""[..]), Err(RowError::MissingColumns(_))));
    }

    #[test]
    fn each_bad_row_is_told_by_its_line_and_the_next_is_read() {
        let head = "sku,name,price_minor,currency,on_hand\n";
        for (row, told) in [
            ("a b,Tea,1,USD,1", "line 2: `sku`: must be 1 to 64"),
            ("a,,1,USD,1", "line 2: `name`: must have 1 to 200 characters, has 0"),
            ("a,Te\ta,1,USD,1", "line 2: `name`: must not contain control characters"),
            ("a,Tea,1.50,USD,1", "line 2: `price_minor`: must be a whole number, is `1.50`"),
            ("a,Tea,-1,USD,1", "line 2: `price_minor`: an amount is between 0 and"),
            ("a,Tea,9007199254740992,USD,1", "line 2: `price_minor`: an amount is between"),
            ("a,Tea,1,usd,1", "line 2: `currency`: a currency is a three-letter code"),
            ("a,Tea,1,USD,-1", "line 2: `on_hand`: must be 0 to"),
            ("a,Tea,1,USD,x", "line 2: `on_hand`: must be a whole number, is `x`"),
            ("a,Tea,1,USD", "line 2: has 4 fields, the first line 5"),
        ] {
            let rows = read(format!("{head}{row}\nb,Tea,1,USD,1\n").as_bytes());
            let reason = rows[0].as_ref().unwrap_err();
            assert!(reason.starts_with(told), "{row}: {reason}");
            assert_eq!(rows[1].as_ref().unwrap().product.sku.as_str(), "b", "{row}");
        }
    }

    #[test]
    fn text_that_is_not_utf_8_spoils_its_row_only() {
        let rows = read(b"sku,name,price_minor,currency\na,T\xff,1,USD\nb,Tea,1,USD\n");
        assert_eq!(rows[0].as_ref().unwrap_err(), "line 2: is not UTF-8 text");
        assert!(rows[1].is_ok());
    }

    #[test]
    fn the_greatest_price_is_still_one() {
        let rows = read(b"sku,name,price_minor,currency\na,Tea,9007199254740991,USD\n");
        assert_eq!(
            rows[0].as_ref().unwrap().product.details.price.minor(),
            crate::kernel::MAX_AMOUNT
        );
    }
}
