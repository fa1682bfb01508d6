//! The API's own description, and the page to browse it with.

use std::collections::BTreeSet;

use reqwest::Method;
use serde_json::Value;

use crate::support::{TestApp, both};

/// Every operation: method, address with parameters filled in, description.
async fn operations(app: &TestApp) -> Vec<(Method, String, Value)> {
    let api = app.client_with(None).get("/openapi.json").await.expect(200);
    let mut operations = Vec::new();
    for (path, item) in api["paths"].as_object().unwrap() {
        let path =
            path.replace("{id}", "01938f2e-7a51-7c3e-b3a5-0d6f3a2b9c11").replace("{sku}", "tea");
        for (method, operation) in item.as_object().unwrap() {
            operations.push((
                method.to_uppercase().parse().unwrap(),
                path.clone(),
                operation.clone(),
            ));
        }
    }
    operations
}

/// Every `$ref` anywhere in `value`.
fn references(value: &Value, found: &mut BTreeSet<String>) {
    match value {
        Value::Object(members) => {
            found.extend(members.get("$ref").and_then(Value::as_str).map(str::to_owned));
            members.values().for_each(|member| references(member, found));
        }
        Value::Array(items) => items.iter().for_each(|item| references(item, found)),
        _ => {}
    }
}

/// What a page takes from elsewhere by `src` and `href`.
fn assets(page: &str) -> Vec<String> {
    let after = |mark: &str| -> Vec<String> {
        page.split(mark)
            .skip(1)
            .filter_map(|rest| rest.split('"').next())
            .map(str::to_owned)
            .collect()
    };
    [after("src=\""), after("href=\"")].concat()
}

both! {
    async fn the_description_is_openapi_and_whole(app: &TestApp) {
        let api = app.client_with(None).get("/openapi.json").await.expect(200);
        assert!(api["openapi"].as_str().unwrap().starts_with("3.1"), "{}", api["openapi"]);
        assert_eq!(api["info"]["title"], "docket");
        assert_eq!(api["info"]["version"], env!("CARGO_PKG_VERSION"));
        let mut found = BTreeSet::new();
        references(&api, &mut found);
        assert!(found.len() > 10, "{found:?}");
        for reference in found {
            let pointer = reference.strip_prefix('#').unwrap_or_else(|| panic!("{reference}"));
            assert!(api.pointer(pointer).is_some(), "{reference} leads nowhere");
        }
        let mut names = BTreeSet::new();
        for (method, path, operation) in operations(app).await {
            let name = operation["operationId"].as_str().unwrap_or_else(|| panic!("{method} {path}"));
            assert!(names.insert(name.to_owned()), "two operations are called {name}");
            let summary = operation["summary"].as_str().unwrap_or_default();
            assert!(!summary.is_empty(), "{method} {path} does not say what it does");
        }
    }

    async fn every_described_route_is_there(app: &TestApp) {
        for (method, path, _) in operations(app).await {
            let answer = app.client_with(None).send(method.clone(), &path, &[], None).await;
            // Nobody is told of an address that is not there before one that is asks for the key.
            assert_eq!(answer.status, 401, "{method} {path}: {answer:?}");
        }
    }

    async fn every_operation_describes_what_it_takes_and_answers(app: &TestApp) {
        for (method, path, operation) in operations(app).await {
            let what = format!("{method} {path}");
            let answers = operation["responses"].as_object().unwrap();
            let mut expected = vec!["401", "403"];
            let empty = Vec::new();
            let parameters = operation["parameters"].as_array().unwrap_or(&empty);
            let takes = |name: &str| parameters.iter().any(|parameter| parameter["name"] == name);
            if path.contains("01938f2e") || (path.contains("/tea") && method == Method::GET) {
                expected.push("404");
            }
            if method != Method::GET {
                expected.extend(["400", "413", "415", "422"]);
                let body = &operation["requestBody"]["content"]["application/json"]["schema"];
                assert!(body.is_object(), "{what} does not describe its body");
            }
            if method == Method::POST {
                expected.push("409");
                assert!(takes("Idempotency-Key"), "{what}");
            }
            if takes("If-Match") {
                expected.push("412");
            }
            if takes("limit") {
                expected.push("422");
            }
            if takes("cursor") {
                expected.push("400");
            }
            for status in expected {
                let answer = &answers.get(status).unwrap_or_else(|| panic!("{what} lacks {status}"));
                let schema = &answer["content"].as_object().unwrap().values().next().unwrap()["schema"];
                assert_eq!(schema["$ref"], "#/components/schemas/Problem", "{what} {status}");
            }
            for (status, answer) in answers {
                assert_ne!(answer["description"].as_str().unwrap_or_default(), "", "{what} {status}");
                let kinds: Vec<_> = answer["content"].as_object().unwrap().keys().collect();
                let kind = if status.starts_with('2') { "json" } else { "problem+json" };
                assert_eq!(kinds, [&format!("application/{kind}")], "{what} {status}");
            }
            assert!(answers.keys().any(|status| status.starts_with('2')), "{what}");
        }
    }

    async fn the_page_to_browse_it_takes_nothing_from_elsewhere(app: &TestApp) {
        let reader = app.client_with(None);
        let page = reader.get("/docs/").await;
        assert_eq!(page.status, 200, "{page:?}");
        assert!(page.header("content-type").starts_with("text/html"));
        assert_eq!(reader.get("/docs").await.body, page.body, "the address without a slash leads there");
        assert!(!page.body.contains("http://") && !page.body.contains("https://"), "{}", page.body);
        let assets = assets(&page.body);
        assert!(assets.len() >= 3, "{assets:?}");
        for asset in assets {
            let path = format!("/docs/{}", asset.trim_start_matches("./"));
            let answer = reader.get(&path).await;
            assert_eq!(answer.status, 200, "{asset}");
            assert!(!answer.body.is_empty());
        }
        let start = reader.get("/docs/swagger-initializer.js").await;
        assert!(start.body.contains("/openapi.json"), "{}", start.body);
        assert!(!start.body.contains("://"), "{}", start.body);
    }
}
