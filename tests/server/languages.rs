//! Pages in the language that a visitor's browser asks for.

use std::collections::BTreeMap;

use docket::identity::Role;
use reqwest::Method;
use toml::{Table, Value};

use crate::support::{Answer, TestApp, Visitor, both};

const GERMAN: [(&str, &str); 1] = [("accept-language", "de-DE,de;q=0.9,en;q=0.5")];

/// The texts of a language by their keys.
fn texts(language: &str) -> BTreeMap<String, String> {
    fn flatten(prefix: &str, table: &Table, into: &mut BTreeMap<String, String>) {
        for (name, value) in table {
            let key = format!("{prefix}.{name}");
            match value {
                Value::Table(inner) => flatten(&key, inner, into),
                text => drop(into.insert(key, text.as_str().unwrap().to_owned())),
            }
        }
    }
    let file = format!("{}/templates/texts/{language}.toml", env!("CARGO_MANIFEST_DIR"));
    let mut read = BTreeMap::new();
    flatten("", &std::fs::read_to_string(file).unwrap().parse().unwrap(), &mut read);
    read
}

/// English sentences on a page that have a German text.
fn left_in_english(page: &str) -> Vec<String> {
    let german = texts("de");
    let english = texts("en").into_iter();
    let sentences = english.filter(|(key, text)| {
        text.contains(' ') && !text.contains('{') && german.get(key).is_some_and(|de| de != text)
    });
    sentences.filter(|(_, text)| page.contains(&format!(">{text}<"))).map(|(key, _)| key).collect()
}

async fn in_german(visitor: &Visitor, path: &str) -> Answer {
    let answer = visitor.send(Method::GET, path, &GERMAN, None).await;
    assert!(answer.body.contains("<html lang=\"de\">"), "{path}: {answer:?}");
    let left = left_in_english(&answer.body);
    assert!(left.is_empty(), "{path} is English in {left:?}: {}", answer.body);
    answer
}

both! {
    async fn a_visitor_shops_in_german(app: &TestApp) {
        app.product("tea", 123_456, 2).await;
        app.product("mug", 900, 0).await;
        let shop = app.visitor();
        let page = in_german(&shop, "/").await.body;
        assert!(page.contains("In den Warenkorb") && page.contains("1.234,56\u{a0}$"), "{page}");
        in_german(&shop, "/?q=nothing").await;
        in_german(&shop, "/products/mug").await;
        in_german(&shop, "/cart").await;
        shop.puts_in_cart("tea", 3).await;
        let short = in_german(&shop, "/cart").await.body;
        assert!(short.contains("Nur 2 verfügbar: Verringern Sie die Menge"), "{short}");
        shop.submit("/cart/lines/tea", &[("quantity", "1")]).await;
        in_german(&shop, "/checkout").await;
        let order = shop.checks_out("manual").await;
        in_german(&shop, &order).await;
        let missing = in_german(&shop, "/products/nothing").await;
        assert_eq!(missing.status, 404);
        assert!(!missing.body.contains("There is no"), "{missing:?}");
    }

    async fn the_desk_is_german_as_well(app: &TestApp) {
        app.product("tea", 250, 5).await;
        let shop = app.visitor();
        shop.puts_in_cart("tea", 1).await;
        shop.checks_out("tok_visa").await;
        let owner = app.at_desk(Role::Owner).await;
        let order = app.owner().get("/v1/orders").await.expect(200)["data"][0]["id"].clone();
        let order = order.as_str().unwrap();
        for path in [
            "orders", "products", "product", "product/tea", "products/import", "stock?at_most=9",
            "stock/tea", "payments", "audit", "keys", "staff", "telemetry", "telemetry/latency",
            "telemetry/logs", "telemetry/modules", "telemetry/health",
        ] {
            in_german(&owner, &format!("/admin/{path}")).await;
        }
        in_german(&owner, &format!("/admin/orders/{order}")).await;
        in_german(&owner, &format!("/admin/telemetry/{order}")).await;
        in_german(&app.visitor(), "/admin/sign-in").await;
    }

    async fn who_reads_none_of_the_languages_reads_english(app: &TestApp) {
        let headers = [("accept-language", "fr-FR,fr;q=0.9")];
        let page = app.visitor().send(Method::GET, "/", &headers, None).await.body;
        assert!(page.contains("<html lang=\"en\">") && page.contains("All products"), "{page}");
        assert!(left_in_english(&page).contains(&".catalogue.title".to_owned()), "{page}");
    }
}
