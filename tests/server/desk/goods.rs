//! Products, files of products and stock at the desk.

use std::io::Write;

use docket::identity::Role;
use docket::inventory;
use serde_json::json;

use crate::support::{TestApp, Visitor, Wire, between, both};

fn product<'f>(
    sku: &'f str,
    name: &'f str,
    price: &'f str,
    version: &'f str,
) -> Vec<(&'f str, &'f str)> {
    vec![
        ("sku", sku),
        ("name", name),
        ("price", price),
        ("department", "Tea"),
        ("version", version),
    ]
}

/// Waits until an import is over; its page.
async fn imported(clerk: &Visitor, path: &str) -> String {
    for _ in 0..400 {
        let page = clerk.page(path).await;
        if !page.contains("data-follow") {
            return page;
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    panic!("the import at {path} goes on and on")
}

both! {
    async fn a_clerk_makes_a_product_and_changes_it(app: &TestApp) {
        let clerk = app.at_desk(Role::Clerk).await;
        let made = clerk.acts("/admin/product", "/admin/product", &product("tea", "Black tea", "2,50", "")).await;
        assert_eq!((made.status, made.header("location")), (303, "/admin/product/tea?saved=1"), "{made:?}");
        let again = clerk.acts("/admin/product", "/admin/product", &product("tea", "Other", "1", "")).await;
        assert_eq!(again.status, 422);
        assert!(again.body.contains("id=\"sku-wrong\""));
        let page = clerk.page("/admin/product/tea?saved=1").await;
        assert!(page.contains("value=\"2.50\"") && page.contains("Saved."), "{page}");
        let version = between(&page, "name=\"version\" value=\"", "\"").to_owned();
        let green = product("tea", "Green tea", "3", &version);
        let changed = clerk.acts("/admin/product/tea", "/admin/product", &green).await;
        assert_eq!(changed.status, 303, "{changed:?}");
        let red = product("tea", "Red tea", "4", &version);
        let stale = clerk.acts("/admin/product/tea", "/admin/product", &red).await;
        assert_eq!(stale.status, 422);
        assert!(stale.body.contains("role=\"alert\""), "{stale:?}");
        let product = app.owner().get("/v1/products/tea").await.expect(200);
        assert_eq!((&product["name"], &product["price"]), (&json!("Green tea"), &json!(300)));
        let entries = app.journal("product.changed").await;
        assert!(entries[0]["actor"].as_str().unwrap().starts_with("staff:"), "{entries:?}");
    }

    async fn what_is_wrong_with_a_product_is_said_beside_its_field(app: &TestApp) {
        let clerk = app.at_desk(Role::Clerk).await;
        let refused = clerk.acts("/admin/product", "/admin/product", &product("a b", "", "1.234", "")).await;
        assert_eq!(refused.status, 422);
        for field in ["sku", "name", "price"] {
            assert!(refused.body.contains(&format!("id=\"{field}-wrong\"")), "{field}: {refused:?}");
        }
    }

    async fn a_file_is_imported_and_its_bad_rows_are_reported(app: &TestApp) {
        let clerk = app.at_desk(Role::Clerk).await;
        let csrf = clerk.csrf("/admin/products/import").await;
        let mut file = "sku,name,price_minor,currency,on_hand,department\n".to_owned();
        for number in 0..1_200 {
            file.push_str(&format!("p{number},Product {number},{},USD,5,All\n", 100 + number));
        }
        file.push_str("bad one,Nothing,1,USD,1,All\nshort,row\n");
        let taken = clerk.sends_file(&csrf, file.as_bytes()).await;
        assert_eq!(taken.status, 303, "{taken:?}");
        let page = imported(&clerk, taken.header("location")).await;
        assert!(page.contains("<dd>1,200</dd>") && page.contains(">1202</td>"), "{page}");
        assert!(page.contains("must be 1 to 64"), "{page}");
        assert_eq!(app.stock("p7").await, (5, 0));
        let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        packed.write_all(file.replace("Product 7,", "Prize 7,").as_bytes()).unwrap();
        let again = clerk.sends_file(&csrf, &packed.finish().unwrap()).await;
        let page = imported(&clerk, again.header("location")).await;
        assert!(page.contains("1,199"), "{page}");
        assert_eq!(app.owner().get("/v1/products/p7").await.expect(200)["name"], "Prize 7");
        let nothing = clerk.sends_file(&csrf, b"name,price\nTea,1\n").await;
        let page = imported(&clerk, nothing.header("location")).await;
        assert!(page.contains("missing: sku, price_minor, currency"), "{page}");
        assert_eq!(clerk.sends_file("another session", file.as_bytes()).await.status, 403);
        app.eventually("/v1/audit?subject=server&limit=200", |page| {
            let entries = page["data"].as_array().unwrap().iter();
            entries.filter(|entry| entry["type"] == "products.import_ended").count() == 3
        })
        .await;
    }

    async fn a_packed_file_with_too_much_in_it_is_refused(app: &TestApp) {
        let clerk = app.at_desk(Role::Clerk).await;
        let csrf = clerk.csrf("/admin/products/import").await;
        let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        packed.write_all(b"sku,name,price_minor,currency\ntea,Tea,1,USD\n").unwrap();
        let empty_lines = vec![b'\n'; 1 << 20];
        for _ in 0..64 {
            packed.write_all(&empty_lines).unwrap();
        }
        let refused = clerk.sends_file(&csrf, &packed.finish().unwrap()).await;
        assert_eq!(refused.status, 413, "{refused:?}");
        assert!(refused.body.contains("at most 64 MiB"), "{refused:?}");
        assert!(!clerk.page("/admin/products/import").await.contains("shelf.csv"));
        assert_eq!(app.owner().get("/v1/products/tea").await.status, 404);
    }

    async fn an_import_that_its_server_left_says_to_send_the_file_again(app: &TestApp) {
        let clerk = app.at_desk(Role::Clerk).await;
        let begun = app.at_command_line(|tx| inventory::begin_import(tx, "shelf.csv")).await;
        let path = format!("/admin/products/imports/{begun}");
        app.pass(std::time::Duration::from_secs(110));
        assert_eq!(app.at_command_line(inventory::end_interrupted_imports).await, 0);
        assert!(clerk.page(&path).await.contains("data-follow"));
        app.pass(std::time::Duration::from_secs(20));
        app.at_command_line(inventory::end_interrupted_imports).await;
        let page = clerk.page(&path).await;
        assert!(page.contains("send the file again") && !page.contains("data-follow"), "{page}");
        assert_eq!(app.journal("products.import_ended").await.len(), 1);
    }

    async fn what_is_exported_can_be_imported(app: &TestApp) {
        let body = json!({ "name": "Tea, \"black\"", "price": 250, "currency": "USD", "brand": "Hill, side" });
        app.owner().put("/v1/products/tea", &body).await.expect(201);
        let black = json!({ "name": "Tea, \"black\"", "price": 230, "currency": "EUR", "brand": "Hill, side" });
        app.owner().put("/v1/products/tea", &black).await.expect(200);
        app.product("mug", 900, 7).await;
        let mut formula = json!({ "name": "=HYPERLINK(\"//elsewhere\")", "price": 1, "currency": "USD" });
        (formula["brand"], formula["department"]) = ("'@home".into(), "'t Veld".into());
        app.owner().put("/v1/products/-1", &formula).await.expect(201);
        let auditor = app.at_desk(Role::Auditor).await;
        let file = auditor.get("/admin/products/export.csv").await;
        assert_eq!((file.status, file.body.lines().count()), (200, 5), "{file:?}");
        for cell in ["'-1,\"'=HYPERLINK(", ",''@home,", ",'t Veld,"] {
            assert!(file.body.contains(cell), "{cell} in {file:?}");
        }
        assert!(file.header("content-disposition").contains("products.csv"));
        let clerk = app.at_desk(Role::Clerk).await;
        let csrf = clerk.csrf("/admin/products/import").await;
        let taken = clerk.sends_file(&csrf, file.body.as_bytes()).await;
        let page = imported(&clerk, taken.header("location")).await;
        for told in ["<dt>Changed</dt><dd>0</dd>", "<dt>Rows that were left out</dt><dd>0</dd>"] {
            assert!(page.contains(told), "{page}");
        }
    }

    async fn stock_is_adjusted_once_however_often_the_button_is_pressed(app: &TestApp) {
        app.product("tea", 250, 5).await;
        let clerk = app.at_desk(Role::Clerk).await;
        let page = clerk.page("/admin/stock/tea").await;
        let csrf = between(&page, "name=\"csrf\" value=\"", "\"");
        let once = between(&page, "name=\"once\" value=\"", "\"");
        let form = [("csrf", csrf), ("once", once), ("delta", "+7"), ("reason", "delivery 4711")];
        for _ in 0..2 {
            let done = clerk.submit("/admin/stock/tea", &form).await;
            assert_eq!((done.status, done.header("location")), (303, "/admin/stock/tea"), "{done:?}");
        }
        assert_eq!(app.stock("tea").await, (12, 0));
        let page = clerk.page("/admin/stock/tea").await;
        assert!(page.contains("delivery 4711") && page.contains("+7"), "{page}");
        let wrong = [("-13", "loss", 409), ("0", "nothing", 422), ("few", "loss", 422), ("1", "", 422)];
        for (delta, reason, status) in wrong {
            let key = fresh();
            let form = &[("once", key.as_str()), ("delta", delta), ("reason", reason)];
            let refused = clerk.acts("/admin/stock/tea", "/admin/stock/tea", form).await;
            assert_eq!(refused.status, status, "{delta}: {refused:?}");
            assert!(refused.body.contains("-wrong\""));
        }
        assert!(clerk.page("/admin/stock?at_most=12").await.contains("Product tea"));
        assert!(!clerk.page("/admin/stock?at_most=11").await.contains("Product tea"));
        assert_eq!(clerk.get("/admin/stock?sku=tea").await.header("location"), "/admin/stock/tea");
        assert_eq!(clerk.get("/admin/stock/nothing").await.status, 404);
    }

    async fn a_product_without_a_price_of_the_shop_is_not_looked_for_there(app: &TestApp) {
        let body = json!({ "name": "Jam", "price": 399, "currency": "EUR" });
        app.owner().put("/v1/products/jam", &body).await.expect(201);
        app.product("tea", 250, 5).await;
        let clerk = app.at_desk(Role::Clerk).await;
        let page = clerk.page("/admin/product/jam").await;
        assert!(page.contains("It has no price in USD") && !page.contains("href=\"/products/jam\""));
        assert!(clerk.page("/admin/product/tea").await.contains("href=\"/products/tea\""));
        assert!(clerk.page("/admin/products/import").await.contains("has a price in USD"));
    }

    async fn auditors_look_and_change_nothing(app: &TestApp) {
        app.product("tea", 250, 5).await;
        let auditor = app.at_desk(Role::Auditor).await;
        for path in ["products", "product/tea", "stock", "stock/tea", "payments", "audit"] {
            let path = &format!("/admin/{path}");
            let page = auditor.page(path).await;
            let adjusting = "action=\"/admin/stock/tea\" method=\"post\"";
            assert!(!page.contains("formmethod") && !page.contains(adjusting), "{path}");
        }
        assert_eq!(auditor.get("/admin/product").await.status, 403);
        assert_eq!(auditor.get("/admin/products/import").await.status, 403);
        let csrf = auditor.csrf("/admin/products").await;
        for path in ["/admin/product", "/admin/stock/tea"] {
            assert_eq!(auditor.submit(path, &[("csrf", &csrf), ("once", &fresh())]).await.status, 403, "{path}");
        }
        assert_eq!(auditor.sends_file(&csrf, b"").await.status, 403);
    }
}

fn fresh() -> String {
    docket::kernel::RequestId::generate().to_string()
}

both! {
    with [("DOCKET_SERVER__REQUEST_TIMEOUT_S", "1")];

    async fn a_file_may_come_slowly(app: &TestApp) {
        let clerk = app.at_desk(Role::Clerk).await;
        let csrf = clerk.csrf("/admin/products/import").await;
        let cookie = clerk.cookie("__Host-desk");
        let body = format!(
            "--part\r\ncontent-disposition: form-data; name=\"csrf\"\r\n\r\n{csrf}\r\n--part\r\n\
             content-disposition: form-data; name=\"file\"; filename=\"shelf.csv\"\r\n\r\n\
             sku,name,price_minor,currency\ntea,Tea,1,USD\n\r\n--part--\r\n"
        );
        let head = format!(
            "POST /admin/products/import HTTP/1.1\r\nhost: shop\r\nsec-fetch-site: same-origin\r\n\
             cookie: __Host-desk={cookie}\r\ncontent-type: multipart/form-data; boundary=part\r\n\
             content-length: {}\r\n\r\n",
            body.len()
        );
        let (address, (first, rest)) = (app.address(), body.split_at(body.len() / 2));
        let (first, rest) = (format!("{head}{first}"), rest.to_owned());
        let sending = move || {
            let mut wire = Wire::open(address);
            wire.send(first.as_bytes());
            std::thread::sleep(std::time::Duration::from_millis(1_500));
            wire.send(rest.as_bytes());
            wire.answer().unwrap()
        };
        let taken = tokio::task::spawn_blocking(sending).await.unwrap();
        assert_eq!(taken.status, 303, "{taken:?}");
        imported(&clerk, taken.header("location")).await;
        assert_eq!(app.owner().get("/v1/products/tea").await.status, 200);
    }
}
