//! `docket import products`: the command as people run it, on SQLite.

#![expect(clippy::unwrap_used, reason = "a test says what it expects by unwrapping")]

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use docket::catalog;
use docket::db::{Conn, DatabaseUrl, Db, DbOptions};
use docket::kernel::Clock;

const HEAD: &str = "sku,name,brand,price_minor,currency,on_hand,shelf\n";

/// A directory with a database of its own and files to import.
struct Shop {
    directory: tempfile::TempDir,
}

impl Shop {
    fn new() -> Self {
        Self { directory: tempfile::tempdir().unwrap() }
    }

    fn file(&self, name: &str, content: &[u8]) -> PathBuf {
        let path = self.directory.path().join(name);
        std::fs::write(&path, content).unwrap();
        path
    }

    fn run(&self, arguments: &[&str]) -> Output {
        Command::new(env!("CARGO_BIN_EXE_docket"))
            .args(arguments)
            .env("DOCKET_DATA_DIR", self.directory.path())
            .output()
            .unwrap()
    }

    fn import(&self, file: &Path, more: &[&str]) -> Output {
        let file = file.to_str().unwrap();
        self.run(&[&["import", "products", file], more].concat())
    }

    async fn read<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Conn) -> Result<T, docket::error::Error> + Send + 'static,
    ) -> T {
        let url = DatabaseUrl::Sqlite(self.directory.path().join("docket.db"));
        let db = Db::open(&DbOptions::new(url), Clock::System).unwrap();
        db.read(work).await.unwrap()
    }

    /// The product's name, price and version, when there is such a product.
    async fn product(&self, sku: &'static str) -> Option<(String, i64, i64)> {
        let found = self.read(move |conn| catalog::product(conn, sku, None)).await?;
        Some((found.name, found.price.unwrap().minor(), found.version))
    }
}

fn said(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

fn complained(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

fn packed(text: &str) -> Vec<u8> {
    use std::io::Write;
    let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    packer.write_all(text.as_bytes()).unwrap();
    packer.finish().unwrap()
}

/// 1,200 products: more than one transaction.
fn many() -> String {
    let row = |n: u32| format!("sku-{n:04},Product {n},Brand,{n},USD,{},x\n", n % 3);
    std::iter::once(HEAD.to_owned()).chain((0..1_200).map(row)).collect()
}

#[test]
fn a_second_import_of_the_same_file_changes_nothing() {
    let shop = Shop::new();
    let file = shop.file("products.csv.gz", &packed(&many()));

    let first = shop.import(&file, &[]);
    let told = said(&first);
    assert!(first.status.success(), "{}", complained(&first));
    assert!(
        told.starts_with(
            "1200 products: 1200 created, 0 changed, 0 unchanged, 800 with opening stock, 0 bad"
        ),
        "{told}"
    );
    let second = shop.import(&file, &[]);
    let told = said(&second);
    assert!(
        told.starts_with(
            "1200 products: 0 created, 0 changed, 1200 unchanged, 0 with opening stock, 0 bad"
        ),
        "{told}"
    );
}

#[tokio::test]
async fn a_changed_row_changes_its_product_only_and_never_its_stock() {
    let shop = Shop::new();
    let before = format!("{HEAD}a,Tea,Leaf,100,USD,5,x\nb,Milk,,200,USD,5,x\n");
    shop.import(&shop.file("before.csv", before.as_bytes()), &[]);
    let after =
        format!("{HEAD}a,Tea,Leaf,110,USD,9,x\nb,Milk,,200,USD,9,x\na,Tea,Leaf,90,EUR,,x\n");
    let output = shop.import(&shop.file("after.csv", after.as_bytes()), &[]);
    let told = said(&output);
    assert!(
        told.starts_with("2 products: 0 created, 1 changed, 1 unchanged, 0 with opening stock"),
        "{told}{}",
        complained(&output)
    );
    let tea = shop.read(|conn| catalog::product(conn, "a", None)).await.unwrap();
    let prices: Vec<_> =
        tea.prices.iter().map(|price| (price.currency.to_string(), price.amount.minor())).collect();
    assert_eq!(prices, [("EUR".into(), 90), ("USD".into(), 110)]);
    assert_eq!(tea.version, 2);
    assert_eq!(shop.product("b").await, Some(("Milk".into(), 200, 1)));
}

#[tokio::test]
async fn bad_rows_are_told_by_line_and_the_others_are_imported() {
    let shop = Shop::new();
    let text = format!(
        "{HEAD}a,Tea,Leaf,1.00,USD,5,x\nb,Milk,,200,USD,-5,x\nc d,Rice,,1,USD,1,x\ne,Salt,,1,USD\n\
         f,Oil,,300,USD,2,x\n"
    );
    let output = shop.import(&shop.file("products.csv", text.as_bytes()), &[]);
    assert!(output.status.success());
    let complaints = complained(&output);
    for told in [
        "line 2: `price_minor`: must be a whole number, is `1.00`",
        "line 3: `on_hand`: must be 0 to",
        "line 4: `sku`: must be 1 to 64",
        "line 5: has 5 fields, the first line 7",
    ] {
        assert!(complaints.contains(told), "{complaints}");
    }
    assert!(said(&output).starts_with("1 products: 1 created"), "{}", said(&output));
    assert!(said(&output).contains("4 bad rows"));
    assert_eq!(shop.product("f").await, Some(("Oil".into(), 300, 1)));
    assert_eq!(shop.product("b").await, None);
}

#[tokio::test]
async fn strict_stops_at_the_first_bad_row() {
    let shop = Shop::new();
    let text = format!("{HEAD}a,Tea,Leaf,100,USD,5,x\nb,Milk,,x,USD,5,x\nc,Rice,,1,USD,1,x\n");
    let output = shop.import(&shop.file("products.csv", text.as_bytes()), &["--strict"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(complained(&output).contains("line 3: `price_minor`"));
    assert!(said(&output).starts_with("1 products: 1 created"));
    assert!(shop.product("a").await.is_some());
    assert!(shop.product("c").await.is_none());
}

#[test]
fn a_file_without_the_needed_columns_is_refused_before_anything_is_opened() {
    let shop = Shop::new();
    let output = shop.import(&shop.file("products.csv", b"sku,title,price_minor\na,b,1\n"), &[]);
    assert_eq!(output.status.code(), Some(1));
    assert!(complained(&output).contains("missing: name, currency"), "{}", complained(&output));
    assert!(!shop.directory.path().join("docket.db").exists());
}

#[test]
fn a_torn_file_is_imported_up_to_where_it_ends_and_fails() {
    let shop = Shop::new();
    let mut bytes = packed(&many());
    bytes.truncate(bytes.len() / 2);
    let output = shop.import(&shop.file("products.csv.gz", &bytes), &[]);
    assert_eq!(output.status.code(), Some(1));
    assert!(complained(&output).contains("the file cannot be read"), "{}", complained(&output));
}

#[tokio::test]
async fn a_backup_of_a_shop_restores_to_the_same_shop() {
    let shop = Shop::new();
    shop.import(&shop.file("products.csv", many().as_bytes()), &[]);
    let backup = shop.directory.path().join("copy.db");
    let backup = backup.to_str().unwrap();
    let made = shop.run(&["backup", backup]);
    assert!(made.status.success(), "{}", complained(&made));
    assert_eq!(shop.run(&["backup", backup]).status.code(), Some(1), "an old backup is kept");

    let changed = many().replace("Product 7,", "Another 7,");
    shop.import(&shop.file("changed.csv", changed.as_bytes()), &[]);
    assert_eq!(shop.product("sku-0007").await.unwrap().0, "Another 7");
    let refused = shop.run(&["restore", backup]);
    assert_eq!(refused.status.code(), Some(1));
    assert!(complained(&refused).contains("--force"), "{}", complained(&refused));
    let restored = shop.run(&["restore", backup, "--force"]);
    assert!(restored.status.success(), "{}", complained(&restored));
    assert_eq!(shop.product("sku-0007").await.unwrap().0, "Product 7");
}

#[test]
fn a_damaged_backup_or_one_under_a_running_server_is_not_restored() {
    let shop = Shop::new();
    shop.import(&shop.file("products.csv", many().as_bytes()), &[]);
    let damaged = shop.file("damaged.db", &vec![b'x'; 8_192]);
    let refused = shop.run(&["restore", damaged.to_str().unwrap(), "--force"]);
    assert_eq!(refused.status.code(), Some(1));
    assert!(
        complained(&refused).contains("not a sound docket database"),
        "{}",
        complained(&refused)
    );

    let backup = shop.directory.path().join("copy.db");
    assert!(shop.run(&["backup", backup.to_str().unwrap()]).status.success());
    let url = DatabaseUrl::Sqlite(shop.directory.path().join("docket.db"));
    let server = Db::open(&DbOptions::new(url), Clock::System).unwrap();
    let refused = shop.run(&["restore", backup.to_str().unwrap(), "--force"]);
    assert!(complained(&refused).contains("in use"), "{}", complained(&refused));
    drop(server);
}

#[test]
fn a_key_alone_goes_to_standard_output() {
    let shop = Shop::new();
    let made = shop.run(&["keys", "create", "till", "--scope", "orders:read,orders:write"]);
    let key = said(&made);
    assert!(key.starts_with("dk_") && key.trim_end().len() == 35, "{key}");
    let listed = said(&shop.run(&["keys", "list"]));
    let row = listed.lines().nth(1).unwrap();
    assert!(row.contains("till") && row.ends_with("orders:read orders:write"), "{listed}");
    let id = row.split(' ').next().unwrap();
    assert!(shop.run(&["keys", "revoke", id]).status.success());
    assert_eq!(shop.run(&["keys", "revoke", id]).status.code(), Some(1));
    assert_eq!(shop.run(&["keys", "create", "till", "--scope", "all"]).status.code(), Some(2));
}
