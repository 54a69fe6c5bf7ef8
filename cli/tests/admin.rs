//! Who may see `/_parlour`, and what it shows.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod common;

use axum::http::StatusCode;
use common::{Collector, batch, event};
use serde_json::{Value, json};

const ROUTES: [&str; 10] = [
    "/_parlour",
    "/_parlour/",
    "/_parlour/state",
    "/_parlour/state?after=0",
    "/_parlour/stream",
    "/_parlour/losses",
    "/_parlour/quarantine",
    "/_parlour/results",
    "/_parlour/results?format=json",
    "/_parlour/anything/else",
];

#[tokio::test]
async fn every_route_needs_the_token() {
    let collector = Collector::new();
    collector.post(batch(&[event("hidden-id")])).await;
    let token = collector.server.app.keys.token.clone();
    let last = if token.ends_with('x') { 'y' } else { 'x' };
    let nearly = format!("{}{last}", &token[..token.len() - 1]);
    let bearer = format!("Bearer {nearly}");
    for route in ROUTES {
        for headers in [
            &[][..],
            &[("cookie", "parlour_admin=")],
            &[("cookie", "parlour_admin=guess; other=1")],
            &[("cookie", &format!("parlour_admin={token}"))],
            &[("authorization", "Bearer ")],
            &[("authorization", &bearer)],
        ] {
            let answer = collector.get(route, headers).await;
            assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{route} {headers:?}");
            assert!(!answer.text().contains("hidden-id") && !answer.text().contains(&token), "{route}");
        }
        let join = if route.contains('?') { '&' } else { '?' };
        for wrong in ["", &nearly, "%00"] {
            let answer = collector.get(&format!("{route}{join}token={wrong}"), &[]).await;
            assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{route} {wrong:?}");
            assert_eq!(answer.header("set-cookie"), "");
        }
        for method in ["POST", "DELETE", "HEAD"] {
            let answer = collector.ask(method, route, &[], "").await;
            assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{method} {route}");
        }
    }
}

#[tokio::test]
async fn the_token_is_asked_once_and_a_cookie_stands_for_it() {
    let collector = Collector::new();
    let token = &collector.server.app.keys.token;
    let login = collector.get(&format!("/_parlour?token={token}"), &[]).await;
    assert_eq!((login.status, login.header("location")), (StatusCode::SEE_OTHER, "/_parlour"));
    assert_eq!(login.header("cache-control"), "no-store");
    let cookie = login.header("set-cookie").to_owned();
    for wanted in ["Path=/_parlour", "HttpOnly", "SameSite=Strict"] {
        assert!(cookie.split("; ").any(|part| part == wanted), "{cookie}");
    }
    assert!(!cookie.contains(token));
    let sent = format!("theme=dark; {}", cookie.split(';').next().unwrap());
    let bearer = format!("Bearer {token}");
    for header in [("cookie", sent.as_str()), ("authorization", &bearer)] {
        assert_eq!(collector.get("/_parlour", &[header]).await.status, StatusCode::OK);
        assert_eq!(collector.get("/_parlour/state", &[header]).await.status, StatusCode::OK);
    }
}

#[tokio::test]
async fn the_page_runs_only_its_own_script() {
    let collector = Collector::new();
    let bearer = format!("Bearer {}", collector.server.app.keys.token);
    let headers = [("authorization", bearer.as_str())];
    let first = collector.get("/_parlour", &headers).await;
    let second = collector.get("/_parlour", &headers).await;
    let policy = first.header("content-security-policy");
    let nonce = policy.split_once("script-src 'nonce-").unwrap().1.split_once('\'').unwrap().0;
    assert!(policy.starts_with("default-src 'none'") && !policy.contains("unsafe"), "{policy}");
    let page = first.text();
    assert_eq!(page.matches("<script").count(), 1);
    assert!(page.contains(&format!("<script type=\"module\" nonce=\"{nonce}\">")));
    assert!(!page.contains("{nonce}") && !page.contains("innerHTML") && !page.contains(" style=\""));
    assert_ne!(policy, second.header("content-security-policy"), "a nonce is used once");
    assert_eq!(first.header("x-frame-options"), "DENY");
}

#[tokio::test]
async fn the_state_counts_visitors_by_variant_late_views_and_goals_reached_after_the_exposure() {
    let collector = Collector::new();
    let exposure = |id: &str, visitor: Value, variant: &str, at: &str| {
        json!({ "type": "track", "event": "Experiment Viewed", "messageId": id, "anonymousId": visitor, "timestamp": at,
                "properties": { "experiment_id": "banner", "variation_id": variant } })
    };
    let late = |id: &str, visitor: &str, variant: &str| {
        json!({ "type": "track", "event": "Experiment Late", "messageId": id, "anonymousId": visitor,
                "timestamp": "2026-11-20T08:00:00Z",
                "properties": { "experiment_id": "banner", "variation_id": variant } })
    };
    let goal = |id: &str, visitor: &str, at: &str| {
        json!({ "type": "track", "event": "Goal Reached", "messageId": id, "anonymousId": visitor, "timestamp": at,
                "properties": { "goal_id": "purchase", "value": 9.99, "currency": "EUR" } })
    };
    let hostile = json!({ "type": "track", "event": "<img src=x onerror=alert(1)>", "messageId": "h",
        "context": { "page": { "path": { "of": "another type" } } } });
    let events = [
        exposure("e1", json!("ann"), "control", "2026-11-20T10:00:00Z"),
        exposure("e2", json!("ann"), "control", "2026-11-20T12:00:00Z"),
        exposure("e3", json!("ben"), "loud", "2026-11-20T10:00:00Z"),
        exposure("e4", json!("cleo"), "loud", "2026-11-20T10:00:00Z"),
        exposure("e5", Value::Null, "loud", "2026-11-20T10:00:00Z"),
        late("l1", "ann", "control"),
        late("l2", "ben", "loud"),
        late("l3", "dan", "loud"),
        goal("g1", "ann", "2026-11-20T11:00:00Z"),
        goal("g2", "ann", "2026-11-20T11:30:00Z"),
        goal("g3", "ben", "2026-11-20T09:00:00Z"),
        goal("g4", "cleo", "2026-11-20T10:00:01Z"),
        goal("g5", "nobody", "2026-11-20T10:00:01Z"),
        hostile,
    ];
    collector.post(batch(&events)).await;
    let bearer = format!("Bearer {}", collector.server.app.keys.token);
    let state = collector.get("/_parlour/state", &[("authorization", &bearer)]).await.json();
    let arm = |variant: &str, exposures: u32, visitors: u32, late: u32, reached: u32| {
        json!({ "env": null, "experiment": "banner", "variant": variant, "exposures": exposures, "visitors": visitors,
                "late": late, "goals": [{ "goal": "purchase", "visitors": reached }] })
    };
    assert_eq!(state["counts"]["variants"], json!([arm("control", 2, 1, 1, 1), arm("loud", 3, 2, 2, 1)]));
    assert_eq!(state["counts"]["kinds"][0], json!({ "env": null, "type": "exposure", "events": 5 }));
    assert_eq!(state["events"].as_array().unwrap().len(), 14);
    assert_eq!(state["events"][0]["name"], "<img src=x onerror=alert(1)>");
    assert_eq!(state["events"][1]["revenue_minor"], 999);

    let cursor = state["events"][0]["cursor"].as_i64().unwrap();
    let mut later = event("later");
    later["context"]["page"] = json!({ "path": "/mugs" });
    collector.post(batch(&[later])).await;
    let path = format!("/_parlour/state?after={cursor}");
    let next = collector.get(&path, &[("authorization", &bearer)]).await.json();
    assert_eq!(next["events"].as_array().unwrap().len(), 1);
    assert_eq!((&next["events"][0]["id"], &next["events"][0]["page"]), (&json!("later"), &json!("/mugs")));
}

#[tokio::test]
async fn problems_on_pages_are_counted_by_experiment_with_their_rate_and_their_times() {
    let collector = Collector::new();
    let problem = |id: &str, env: Option<&str>, properties: Value| {
        json!({ "type": "track", "event": "parlour_problem", "messageId": id, "properties": properties,
                "context": { "parlour": { "env": env } } })
    };
    let missing = |detail: &str| json!({ "key": "experiment banner", "code": "missing", "detail": detail });
    let hostile = "<img src=x onerror=alert(1)>";
    let view =
        |id: &str| json!({ "type": "page", "messageId": id, "properties": {}, "context": { "parlour": {} } });
    let exposure = |id: &str| {
        json!({ "type": "track", "event": "Experiment Viewed", "messageId": id, "anonymousId": id,
                "properties": { "experiment_id": "banner", "variation_id": "loud" } })
    };
    collector.post(batch(&[problem("p1", None, missing("#a")), exposure("e1"), exposure("e2")])).await;
    std::thread::sleep(std::time::Duration::from_millis(5));
    let rest = [
        problem("p2", None, missing(hostile)),
        problem("p3", Some("staging"), missing("#a")),
        problem("p4", None, json!({ "code": "off", "detail": "refused", "share": 0.25 })),
        problem("p5", None, json!({ "key": { "of": "another type" }, "code": 7, "share": "many" })),
        view("v1"),
        view("v2"),
        exposure("e3"),
        exposure("e4"),
    ];
    collector.post(batch(&rest)).await;
    let bearer = format!("Bearer {}", collector.server.app.keys.token);
    let state = collector.get("/_parlour/state", &[("authorization", &bearer)]).await.json();
    let found = state["on_pages"].as_array().unwrap();
    let of = |key: &str, env: Value| {
        found
            .iter()
            .find(|one| one["key"] == key && one["env"] == env)
            .unwrap_or_else(|| panic!("{key} {env}"))
    };
    let banner = of("experiment banner", Value::Null);
    assert_eq!((&banner["code"], &banner["detail"]), (&json!("missing"), &json!(hostile)));
    assert_eq!((&banner["sent"], &banner["per"], &banner["of"]), (&json!(2), &json!("exposure"), &json!(4)));
    let (first_ms, last_ms) = (banner["first_ms"].as_i64().unwrap(), banner["last_ms"].as_i64().unwrap());
    assert!(first_ms < last_ms, "{banner}");
    let arrived = |id: &str| {
        state["events"].as_array().unwrap().iter().find(|event| event["id"] == id).unwrap()["received_ms"]
            .clone()
    };
    assert_eq!((json!(first_ms), json!(last_ms)), (arrived("p1"), arrived("p2")));
    let staging = of("experiment banner", json!("staging"));
    assert_eq!((&staging["sent"], &staging["of"]), (&json!(1), &json!(0)));
    let off = of("", Value::Null);
    assert_eq!((&off["estimated"], &off["per"], &off["of"]), (&json!(4.0), &json!("page view"), &json!(2)));
    assert_eq!(found.len(), 4);
    let page = collector.get("/_parlour", &[("authorization", &bearer)]).await.text();
    assert!(page.contains("showProblems(on_pages)"));
}
