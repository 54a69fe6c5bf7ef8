//! The shop's pages: one function an address, each a template and what it needs.

use std::sync::Arc;

use axum::Router;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Path, Query, Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::{Html, IntoResponse, Response};
use axum::routing::get;
use minijinja::context;
use minijinja::value::Value;
use serde::Deserialize;
use serde_json::{Map, json};
use tower_http::compression::CompressionLayer;
use tower_http::services::{ServeDir, ServeFile};

use super::Shop;
use super::catalogue::Product;
use super::rows::POPULAR;

/// Nothing inline but the snippet, by its hash, and nothing from elsewhere: Parlour must work under it.
fn policy(snippet: &str) -> String {
    format!(
        "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'{snippet}; style-src 'self'; img-src 'self'; \
         connect-src 'self'; form-action 'self'; base-uri 'none'; object-src 'none'"
    )
}

const FILES: [&str; 7] =
    ["shop.css", "shop.js", "keep.js", "cart.js", "gift-finder.js", "icon.svg", "catalogue.json"];
const SORTS: [(&str, &str); 3] =
    [("", "Our order"), ("price", "Price, low to high"), ("-price", "Price, high to low")];
const MAX_QUERY_CHARS: usize = 80;

/// The shop, with `rest` answering what is no page or file of it.
pub fn router<S: Clone + Send + Sync + 'static>(shop: Arc<Shop>, rest: Router<S>) -> Router<S> {
    let mut pages = Router::new()
        .route("/", get(home))
        .route("/c/{category}", get(category))
        .route("/product/{id}", get(product))
        .route("/search", get(search))
        .route("/cart", get(cart))
        .route("/checkout", get(checkout))
        .route("/thanks", get(thanks))
        .route("/gift-finder", get(gift_finder))
        .route("/gift-finder/{step}", get(gift_finder))
        .route("/cards.json", get(cards))
        .route("/baskets.json", get(baskets))
        .nest_service("/pictures", ServeDir::new(shop.dir.join("pictures")));
    for file in FILES {
        pages = pages.route_service(&format!("/{file}"), ServeFile::new(shop.dir.join(file)));
    }
    let pages = pages.layer(CompressionLayer::new()).with_state(shop.clone());
    pages.merge(rest).layer(middleware::from_fn_with_state(shop, dress))
}

/// Adds the headers, and gives people a page where there is nothing.
async fn dress(State(shop): State<Arc<Shop>>, request: Request, next: Next) -> Response {
    let accept = request.headers().get(header::ACCEPT).map(HeaderValue::as_bytes).unwrap_or_default();
    let wants_page = request.method() == Method::GET && accept.starts_with(b"text/html");
    let mut answer = next.run(request).await;
    if wants_page && answer.status() == StatusCode::NOT_FOUND {
        answer = shop.missing();
    }
    let headers = answer.headers_mut();
    headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-cache"));
    // Policies are for what can be a document: browsers read none with a script, and every visitor would load it.
    if !is_code(headers) {
        if let Ok(policy) = HeaderValue::from_str(&policy(&shop.head.now().1)) {
            headers.insert(header::CONTENT_SECURITY_POLICY, policy);
        }
        headers.insert(HeaderName::from_static("referrer-policy"), HeaderValue::from_static("same-origin"));
    }
    answer
}

fn is_code(headers: &HeaderMap) -> bool {
    let kind = headers.get(header::CONTENT_TYPE).map(HeaderValue::as_bytes).unwrap_or_default();
    kind.starts_with(b"text/javascript") || kind == b"application/wasm"
}

type Page = State<Arc<Shop>>;
type Asks<T> = Result<Query<T>, QueryRejection>;

/// A query we cannot read asks for nothing.
fn answer<T: Default>(asked: Asks<T>) -> T {
    asked.map(|Query(asked)| asked).unwrap_or_default()
}

async fn home(State(shop): Page) -> Response {
    let products = shop.values(shop.catalogue.favourites());
    shop.page("home.html", context! { products, row => shop.rows.get(POPULAR) })
}

#[derive(Debug, Default, Deserialize)]
struct Sort {
    #[serde(default)]
    sort: String,
}

async fn category(State(shop): Page, Path(key): Path<String>, sort: Asks<Sort>) -> Response {
    let Some(found) = shop.catalogue.category(&key) else { return shop.missing() };
    let Sort { sort } = answer(sort);
    let mut products: Vec<_> = shop.catalogue.of_category(&key).collect();
    match sort.as_str() {
        "price" => products.sort_by_key(|product| shop.catalogue.minor(product)),
        "-price" => products.sort_by_key(|product| std::cmp::Reverse(shop.catalogue.minor(product))),
        _ => {}
    }
    let sorts: Vec<Value> = SORTS.iter().map(|(key, label)| Value::from(vec![*key, *label])).collect();
    let category = context! { key => &found.key, title => &found.title, blurb => &found.blurb };
    shop.page(
        "category.html",
        context! { products => shop.values(products), current => key, category, sort, sorts },
    )
}

async fn product(State(shop): Page, Path(id): Path<String>) -> Response {
    let Some(product) = shop.catalogue.product(&id) else { return shop.missing() };
    let title = shop.catalogue.category(&product.category).map(|category| category.title.as_str());
    let category = context! { key => &product.category, title };
    let row = shop.rows.get(product.number);
    shop.page(
        "product.html",
        context! { product => value(product), current => &product.category, category, row },
    )
}

#[derive(Debug, Default, Deserialize)]
struct Asked {
    #[serde(default)]
    q: String,
}

async fn search(State(shop): Page, asked: Asks<Asked>) -> Response {
    let Asked { q } = answer(asked);
    let query: String = q.trim().chars().take(MAX_QUERY_CHARS).collect();
    let products = shop.values(shop.catalogue.search(&query));
    shop.page(
        "search.html",
        context! { products, query, favourites => shop.values(shop.catalogue.favourites()) },
    )
}

async fn cart(State(shop): Page) -> Response {
    shop.page("cart.html", context! { row => shop.rows.get(POPULAR) })
}

async fn checkout(State(shop): Page) -> Response {
    shop.page("checkout.html", context! {})
}

#[derive(Debug, Default, Deserialize)]
struct Placed {
    #[serde(default)]
    order: String,
}

async fn thanks(State(shop): Page, placed: Asks<Placed>) -> Response {
    let Placed { order } = answer(placed);
    // Only what the shop's own script makes is repeated on the page.
    let is_order =
        order.len() <= 16 && order.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    let order = Some(order).filter(|order| is_order && order.starts_with("HH-"));
    let products = shop.values(shop.catalogue.favourites().take(4));
    shop.page("thanks.html", context! { products, order })
}

async fn gift_finder(State(shop): Page) -> Response {
    shop.page("gift-finder.html", context! { current => "gift-finder" })
}

async fn cards(State(shop): Page) -> Response {
    axum::Json(shop.catalogue.cards()).into_response()
}

/// As `parlour rows --out` writes it.
async fn baskets(State(shop): Page) -> Response {
    let products = shop.catalogue.products.iter();
    let rows =
        products.filter_map(|product| Some((product.id.clone(), shop.baskets.get(product.number)?.into())));
    axum::Json(json!({ "v": 1, "rows": rows.collect::<Map<_, _>>() })).into_response()
}

impl Shop {
    fn page(&self, template: &str, own: Value) -> Response {
        match self.render(template, own) {
            Ok(text) => Html(text).into_response(),
            Err(error) => {
                eprintln!("parlour: {template}: {error:#}");
                (StatusCode::INTERNAL_SERVER_ERROR, "This page could not be made.\n").into_response()
            }
        }
    }

    fn missing(&self) -> Response {
        let products = self.values(self.catalogue.favourites().take(4));
        (StatusCode::NOT_FOUND, self.page("missing.html", context! { products })).into_response()
    }

    fn render(&self, template: &str, own: Value) -> Result<String, minijinja::Error> {
        let category = |category: &super::Category| {
            // A picture stands for its category.
            let image = self
                .catalogue
                .of_category(&category.key)
                .find(|product| product.stock > 0)
                .map(Product::image);
            context! { key => &category.key, title => &category.title, image }
        };
        let categories: Vec<Value> = self.catalogue.categories.iter().map(category).collect();
        self.templates
            .get_template(template)?
            .render(context! { categories, head => self.head.now().0, ..own })
    }

    fn values<'a>(&self, products: impl IntoIterator<Item = &'a Product>) -> Vec<Value> {
        products.into_iter().map(value).collect()
    }
}

fn value(product: &Product) -> Value {
    context! {
        id => &product.id,
        title => &product.title,
        category => &product.category,
        brand => &product.brand,
        price => &product.price,
        stock => product.stock,
        image => product.image(),
        description => &product.description,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing)]

    use axum::body::Body;
    use base64::Engine;
    use base64::prelude::BASE64_STANDARD;
    use http_body_util::BodyExt;
    use sha2::{Digest, Sha256};
    use tower::ServiceExt;

    use super::*;
    use crate::demo::test_shop::{dir, learnt};

    struct Answer {
        status: StatusCode,
        policy: String,
        text: String,
    }

    async fn get_page(shop: &Arc<Shop>, path: &str) -> Answer {
        let request =
            Request::builder().uri(path).header(header::ACCEPT, "text/html,*/*").body(Body::empty()).unwrap();
        let nothing = Router::new().fallback(|| async { StatusCode::NOT_FOUND });
        let answer = router(shop.clone(), nothing).oneshot(request).await.unwrap();
        let status = answer.status();
        let policy = answer.headers().get(header::CONTENT_SECURITY_POLICY);
        let policy = policy.map_or(String::new(), |policy| policy.to_str().unwrap().to_owned());
        let body = answer.into_body().collect().await.unwrap().to_bytes();
        Answer { status, policy, text: String::from_utf8_lossy(&body).into_owned() }
    }

    #[test]
    fn what_can_be_a_document_has_a_policy_and_what_every_visitor_loads_does_not_carry_it() {
        for (kind, expect) in [
            ("text/html; charset=utf-8", false),
            ("image/svg+xml", false),
            ("text/javascript; charset=utf-8", true),
            ("application/wasm", true),
        ] {
            let headers = HeaderMap::from_iter([(header::CONTENT_TYPE, HeaderValue::from_static(kind))]);
            assert_eq!(is_code(&headers), expect, "{kind}");
        }
        assert!(!is_code(&HeaderMap::new()));
    }

    /// Inline is the snippet alone.
    fn is_under_policy(text: &str) -> bool {
        let inline =
            |rest: &&str| !rest.trim_start().starts_with("src=") && !rest.starts_with(">!function(w,d,");
        text.split("<script").skip(1).find(inline).is_none()
            && !text.contains("<style")
            && !text.contains(" style=")
            && !text.contains("javascript:")
    }

    #[tokio::test]
    async fn every_page_is_rendered_with_parlour_and_without_anything_inline() {
        let shop = Arc::new(learnt());
        let fixed = [
            "/",
            "/search",
            "/search?q=mug",
            "/cart",
            "/checkout",
            "/thanks?order=HH-1",
            "/gift-finder/mood",
        ];
        let mut paths: Vec<String> = fixed.iter().map(ToString::to_string).collect();
        paths.extend(
            shop.catalogue.categories.iter().map(|category| format!("/c/{}?sort=price", category.key)),
        );
        paths.extend(shop.catalogue.products.iter().map(Product::url));
        for path in paths {
            let Answer { status, policy, text } = get_page(&shop, &path).await;
            assert_eq!(status, StatusCode::OK, "{path}");
            assert!(text.contains("data-plan=\"/plan.bin\"") && text.ends_with("</html>"), "{path}");
            assert!(is_under_policy(&text) && policy.contains("'wasm-unsafe-eval'"), "{path}");
            let code = text.split_once("<script>").unwrap().1.split_once("</script>").unwrap().0;
            let hash = BASE64_STANDARD.encode(Sha256::digest(code));
            assert!(policy.contains(&format!("'sha256-{hash}'")), "{path}: {policy}");
            assert!(!policy.contains("unsafe-inline"));
        }
    }

    #[tokio::test]
    async fn product_pages_carry_their_own_row_and_home_and_cart_the_popular_one() {
        let shop = Arc::new(learnt());
        for product in &shop.catalogue.products {
            let row = shop.rows.get(product.number).unwrap();
            let text = get_page(&shop, &product.url()).await.text;
            assert!(text.contains(&format!("data-parlour-row=\"{row}\"")), "{}", product.id);
            assert!(text.contains(&product.title) || product.title.contains('&'), "{}", product.id);
        }
        let popular = format!("data-parlour-row=\"{}\"", shop.rows.get(POPULAR).unwrap());
        for path in ["/", "/cart"] {
            assert!(get_page(&shop, path).await.text.contains(&popular), "{path}");
        }
        let unlearnt = Arc::new(Shop::open(&dir()).unwrap());
        assert!(!get_page(&unlearnt, "/").await.text.contains("data-parlour-row"));
    }

    #[tokio::test]
    async fn what_is_asked_for_never_becomes_markup() {
        let shop = Arc::new(learnt());
        for path in [
            "/search?q=%3Cscript%3Ealert(1)%3C/script%3E%22",
            "/thanks?order=%3Cscript%3E",
            "/c/%3Cscript%3E",
        ] {
            let text = get_page(&shop, path).await.text;
            assert_eq!(text.matches("<script>").count(), 1, "{path}: the snippet alone");
        }
        let long = get_page(&shop, &format!("/search?q={}", "x".repeat(5_000))).await.text;
        assert!(long.contains(&"x".repeat(80)) && !long.contains(&"x".repeat(81)));
    }

    #[tokio::test]
    async fn an_address_of_nothing_is_a_page_with_the_status_that_says_so() {
        let shop = Arc::new(learnt());
        for path in ["/nowhere", "/product/mug-99", "/c/cars", "/pictures/mug-99.svg", "/templates/home.html"]
        {
            let answer = get_page(&shop, path).await;
            assert_eq!(answer.status, StatusCode::NOT_FOUND, "{path}");
            assert!(answer.text.contains("That shelf is empty"), "{path}");
        }
    }

    #[tokio::test]
    async fn the_files_that_pages_name_are_served() {
        let shop = Arc::new(learnt());
        for path in FILES {
            assert_eq!(get_page(&shop, &format!("/{path}")).await.status, StatusCode::OK, "{path}");
        }
        for path in ["/pictures/mug-01.svg", "/pictures/hall.svg", "/cards.json"] {
            assert_eq!(get_page(&shop, path).await.status, StatusCode::OK, "{path}");
        }
    }
}
