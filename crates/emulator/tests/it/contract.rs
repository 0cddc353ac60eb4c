//! Each response has the form that clients rely on.

use crate::support::{Caller, IMAGE, boat, builder, s, send};
use reqwest::Method;
use serde_json::{Value, json};

/// Returns the names of an object's members in alphabetical order.
fn members(json: &Value) -> Vec<&str> {
    let mut names: Vec<&str> = json
        .as_object()
        .unwrap()
        .keys()
        .map(|name| &**name)
        .collect();
    names.sort_unstable();
    names
}

/// Calls the API below a base URL with `/v1`, as in `RUNCOMFY_MODEL_API_BASE`.
struct Api {
    base: String,
    caller: Caller,
}

impl Api {
    async fn get(&self, path: &str) -> Value {
        let (status, body) = self.caller.get(&format!("{}{path}", self.base)).await;
        assert_eq!(status, 200, "{path}: {body}");
        body
    }

    async fn post(&self, path: &str, body: &Value) -> (u16, Value) {
        let url = format!("{}{path}", self.base);
        send(self.caller.request(Method::POST, &url).json(body)).await
    }
}

#[tokio::test]
async fn responses_about_a_job_have_the_documented_form() {
    let emulator = builder()
        .queue_time(s(10))
        .run_time(s(10))
        .start()
        .await
        .unwrap();
    let api = Api {
        base: format!("{}/v1", emulator.base_url()),
        caller: Caller::new(&emulator),
    };
    let (status, job) = api.post(&format!("/models/{IMAGE}"), &boat()).await;
    let urls = ["cancel_url", "request_id", "result_url", "status_url"];
    assert_eq!((status, members(&job)), (200, urls.to_vec()));
    let id = job["request_id"].as_str().unwrap();
    let allowed = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
    assert!(
        id.chars().all(allowed) && (1..=128).contains(&id.len()),
        "{id}"
    );
    for call in ["status", "result", "cancel"] {
        let url = job[format!("{call}_url")].as_str().unwrap();
        assert_eq!(url, format!("{}/requests/{id}/{call}", api.base));
    }

    let queued = api.get(&format!("/requests/{id}/status")).await;
    let form = [
        "queue_position",
        "request_id",
        "result_url",
        "status",
        "status_url",
    ];
    assert_eq!(members(&queued), form);
    assert_eq!(queued["status"], "in_queue");
    let early = api.get(&format!("/requests/{id}/result")).await;
    assert_eq!(members(&early), ["created_at", "request_id", "status"]);

    let (_, second) = api.post(&format!("/models/{IMAGE}"), &boat()).await;
    let second = second["request_id"].as_str().unwrap();
    let cancel = format!("/requests/{second}/cancel");
    let (status, cancelled) = api.post(&cancel, &json!({})).await;
    let form = ["outcome", "request_id", "status"];
    assert_eq!((status, members(&cancelled)), (202, form.to_vec()));
    assert_eq!(cancelled["outcome"], "cancelled");

    emulator.advance(s(15));
    let running = api.get(&format!("/requests/{id}/status")).await;
    assert_eq!(running["status"], "in_progress");
    let (status, late) = api
        .post(&format!("/requests/{id}/cancel"), &json!({}))
        .await;
    assert_eq!((status, &late["outcome"]), (202, &json!("not_cancellable")));
    emulator.advance(s(15));
    let ended = api.get(&format!("/requests/{id}/status")).await;
    assert_eq!(ended["status"], "completed");
    let result = api
        .get(&format!("/requests/{id}/result?include_cost=true"))
        .await;
    let form = [
        "cost",
        "created_at",
        "finished_at",
        "output",
        "request_id",
        "status",
    ];
    assert_eq!(members(&result), form);
    assert_eq!(
        (&result["status"], &result["cost"]),
        (&json!("succeeded"), &json!(0.04))
    );
}

#[tokio::test]
async fn catalogue_and_balance_have_the_known_form() {
    let emulator = builder().start().await.unwrap();
    let api = Api {
        base: format!("{}/v1", emulator.base_url()),
        caller: Caller::new(&emulator),
    };
    let list = api
        .get("/models?search=dreamina&category=image&kind=model&include_schema=true&limit=1&offset=1")
        .await;
    assert_eq!(members(&list), ["limit", "models", "offset", "total"]);
    let [entry] = &list["models"].as_array().unwrap()[..] else {
        panic!("the limit is one entry")
    };
    let form = [
        "base_price_usd",
        "categories",
        "description",
        "display_name",
        "input_schema",
        "kind",
        "model_id",
        "price_unit",
        "pricing_note",
    ];
    let shown = |entry| {
        let names = members(entry).into_iter();
        names
            .filter(|name| *name != "output_schema")
            .map(str::to_owned)
            .collect::<Vec<_>>()
    };
    assert_eq!(shown(entry), form);
    assert_eq!(entry["kind"], "model");
    let alone = api.get(&format!("/models/{IMAGE}")).await;
    assert_eq!(shown(&alone), form);

    let categories = api.get("/models/categories").await;
    assert_eq!(categories, json!({ "categories": ["image", "video"] }));
    let balance = api.caller.balance().await;
    let form = ["balance_microdollars", "balance_usd", "currency"];
    assert_eq!(members(&balance), form);
    let (status, body) = api.post("/models/categories", &boat()).await;
    assert_eq!((status, &body["error_code"]), (400, &json!(400_001)));
}
