//! A visitor of the shop's pages: a browser without JavaScript, as far as the server can tell.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use reqwest::{Method, redirect};

use super::client::Answer;

/// A browser with cookies of its own; a clone is another tab of it.
#[derive(Clone)]
pub struct Visitor {
    http: reqwest::Client,
    base: String,
    cookies: Arc<Mutex<BTreeMap<String, String>>>,
}

impl Visitor {
    pub fn new(base: String) -> Self {
        let http = reqwest::Client::builder().redirect(redirect::Policy::none()).build().unwrap();
        Self { http, base, cookies: Arc::default() }
    }

    /// Sends what a browser sends, with these headers besides.
    pub async fn send(
        &self,
        method: Method,
        path: &str,
        headers: &[(&str, &str)],
        form: Option<&[(&str, &str)]>,
    ) -> Answer {
        let Some(form) = form else { return self.send_body(method, path, headers, None).await };
        let mut headers = headers.to_vec();
        headers.push(("content-type", "application/x-www-form-urlencoded"));
        let body = serde_urlencoded::to_string(form).unwrap().into_bytes();
        self.send_body(method, path, &headers, Some(body)).await
    }

    async fn send_body(
        &self,
        method: Method,
        path: &str,
        headers: &[(&str, &str)],
        body: Option<Vec<u8>>,
    ) -> Answer {
        let mut request = self.http.request(method, format!("{}{path}", self.base));
        let cookies = self.cookies.lock().unwrap().clone();
        if !cookies.is_empty() {
            let pairs: Vec<_> =
                cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
            request = request.header("cookie", pairs.join("; "));
        }
        request = request.header("accept", "text/html");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        if let Some(body) = body {
            request = request.body(body);
        }
        let response = request.send().await.unwrap();
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        for set in headers.get_all("set-cookie") {
            let (name, rest) = set.to_str().unwrap().split_once('=').unwrap();
            let value = rest.split(';').next().unwrap();
            self.cookies.lock().unwrap().insert(name.to_owned(), value.to_owned());
        }
        // A stream of events has no end that could be waited for.
        let endless = headers.get("content-type").is_some_and(|kind| kind == "text/event-stream");
        let body = if endless { String::new() } else { response.text().await.unwrap() };
        Answer { status, headers, body }
    }

    /// What comes at this address, as it comes.
    pub async fn stream(&self, path: &str) -> reqwest::Response {
        let cookies = self.cookies.lock().unwrap().clone();
        let pairs: Vec<_> = cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let request = self.http.get(format!("{}{path}", self.base));
        let response = request.header("cookie", pairs.join("; ")).send().await.unwrap();
        assert_eq!(response.status(), 200);
        response
    }

    /// What the browser keeps under this name.
    #[track_caller]
    pub fn cookie(&self, name: &str) -> String {
        self.cookies.lock().unwrap()[name].clone()
    }

    pub fn set_cookie(&self, name: &str, value: &str) {
        self.cookies.lock().unwrap().insert(name.to_owned(), value.to_owned());
    }

    pub async fn get(&self, path: &str) -> Answer {
        self.send(Method::GET, path, &[], None).await
    }

    /// Sends a form from a page of the shop.
    pub async fn submit(&self, path: &str, form: &[(&str, &str)]) -> Answer {
        self.send(Method::POST, path, &[("sec-fetch-site", "same-origin")], Some(form)).await
    }

    /// Sends a form with a file of products.
    pub async fn sends_file(&self, csrf: &str, file: &[u8]) -> Answer {
        let mut body = Vec::new();
        let csrf =
            format!("--part\r\ncontent-disposition: form-data; name=\"csrf\"\r\n\r\n{csrf}\r\n");
        body.extend(csrf.as_bytes());
        body.extend(
            b"--part\r\ncontent-disposition: form-data; name=\"file\"; filename=\"shelf.csv\"\r\n",
        );
        body.extend(b"content-type: text/csv\r\n\r\n");
        body.extend(file);
        body.extend(b"\r\n--part--\r\n");
        let headers = [
            ("sec-fetch-site", "same-origin"),
            ("content-type", "multipart/form-data; boundary=part"),
        ];
        self.send_body(Method::POST, "/admin/products/import", &headers, Some(body)).await
    }

    /// The page at this address, which must be there.
    pub async fn page(&self, path: &str) -> String {
        let answer = self.get(path).await;
        assert_eq!(answer.status, 200, "{answer:?}");
        answer.body
    }

    /// Puts units of a product into the cart.
    pub async fn puts_in_cart(&self, sku: &str, quantity: i64) {
        let quantity = quantity.to_string();
        let added = self.submit("/cart/lines", &[("sku", sku), ("quantity", &quantity)]).await;
        assert_eq!((added.status, added.header("location")), (303, "/cart"), "{added:?}");
    }

    /// The checkout's form as the page gives it, filled in.
    pub async fn form_of_checkout(&self, payment: &str) -> Vec<(String, String)> {
        let page = self.page("/checkout").await;
        let total = between(&page, "name=\"expected_total\" value=\"", "\"").to_owned();
        let said = [
            ("email", "buyer@example.com".to_owned()),
            ("name", "A Buyer".to_owned()),
            ("payment", payment.to_owned()),
            ("expected_total", total),
        ];
        said.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
    }

    /// Sends the checkout's form.
    pub async fn orders(&self, form: &[(String, String)]) -> Answer {
        let form: Vec<(&str, &str)> =
            form.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        self.submit("/checkout", &form).await
    }

    /// Orders what is in the cart; the address of the order's page.
    pub async fn checks_out(&self, payment: &str) -> String {
        let form = self.form_of_checkout(payment).await;
        let done = self.orders(&form).await;
        assert_eq!(done.status, 303, "{done:?}");
        done.header("location").to_owned()
    }
}

/// What stands between two texts.
#[track_caller]
pub fn between<'t>(text: &'t str, before: &str, after: &str) -> &'t str {
    let rest = text.split_once(before).unwrap_or_else(|| panic!("no {before} in {text}")).1;
    rest.split_once(after).unwrap().0
}
