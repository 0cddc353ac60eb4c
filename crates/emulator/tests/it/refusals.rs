//! The emulator refuses what the service refuses, with the documented codes.

use crate::support::{Caller, EDIT, IMAGE, boat, builder, send, start};
use reqwest::Method;
use runcomfy_emulator::Emulator;
use runcomfy_schema::ModelSchema;
use serde_json::json;

#[tokio::test]
async fn every_call_needs_a_token() {
    let emulator = builder().start().await.unwrap();
    let id = Caller::new(&emulator).job(IMAGE, &boat()).await;
    for token in [None, Some(""), Some("  ")] {
        let caller = Caller::new(&emulator).with_token(token);
        let id = &id;
        let calls = [
            (Method::POST, format!("/v1/models/{IMAGE}")),
            (Method::GET, format!("/v1/requests/{id}/status")),
            (Method::GET, format!("/v1/requests/{id}/result")),
            (Method::POST, format!("/v1/requests/{id}/cancel")),
            (Method::GET, "/v1/models".to_owned()),
            (Method::GET, format!("/v1/models/{IMAGE}")),
            (Method::GET, "/v1/models/categories".to_owned()),
            (Method::GET, "/prod/v2/balance".to_owned()),
        ];
        for (method, path) in calls {
            let (status, body) = send(caller.request(method, &path).json(&boat())).await;
            assert_eq!(
                (status, &body["error_code"]),
                (401, &json!(400_004)),
                "{path}"
            );
            assert!(body["error_message"].as_str().unwrap().contains("Bearer"));
        }
    }
    let basic = Caller::new(&emulator).with_token(None);
    let basic = basic
        .request(Method::GET, "/v1/models")
        .header("authorization", "Basic YTpi");
    assert_eq!(send(basic).await.0, 401);
    assert_eq!(emulator.ledger().len(), 1);
}

#[tokio::test]
async fn each_accepted_token_sees_only_its_own_jobs() {
    let emulator = builder().token("ann").token("bob").start().await.unwrap();
    let caller = |token| Caller::new(&emulator).with_token(Some(token));
    let id = caller("ann").job(IMAGE, &boat()).await;
    assert_eq!(caller("ann").status(&id).await["status"], "completed");
    for call in ["status", "result"] {
        let (status, body) = caller("bob")
            .get(&format!("/v1/requests/{id}/{call}"))
            .await;
        assert_eq!((status, &body["error_code"]), (403, &json!(403_001)));
    }
    assert_eq!(caller("bob").cancel(&id).await.0, 403);
    let (status, body) = caller("eve").submit(IMAGE, &boat()).await;
    assert_eq!((status, &body["error_code"]), (401, &json!(400_004)));
}

#[tokio::test]
async fn unknown_model_is_a_malformed_identifier() {
    let (emulator, caller) = start(builder()).await;
    for id in [
        "bytedance/dreamina-4-0",
        "Bytedance/dreamina-4-0/edit",
        "bytedance/dreamina-4-0/edit/",
        "bytedance%2Fdreamina-4-0%2Fedit",
        "x",
        "a/../b",
    ] {
        let (status, body) = caller.submit(id, &boat()).await;
        assert_eq!(
            (status, &body["error_code"]),
            (400, &json!(400_001)),
            "{id}"
        );
    }
    assert!(emulator.ledger().is_empty());
}

#[tokio::test]
async fn model_ids_may_contain_spaces_dots_and_other_ids() {
    let ids = [
        "minimax/Hailuo Video 01 Live",
        "wan-ai/wan-3.0/text-to-video",
        "a/flux-3/extend-video",
        "a/flux-3/extend-video/draft",
        "a/b/c/d/Größe",
    ];
    let schema = json!({ "type": "object", "properties": { "prompt": { "type": "string" } } });
    let models = ids.map(|id| {
        ModelSchema::parse(Some(id), std::slice::from_ref(&schema))
            .0
            .unwrap()
    });
    let emulator = Emulator::builder().models(models).start().await.unwrap();
    let caller = Caller::new(&emulator);
    for id in ids {
        caller
            .job(
                &id.replace(' ', "%20")
                    .replace('ö', "%C3%B6")
                    .replace('ß', "%c3%9f"),
                &boat(),
            )
            .await;
    }
    assert!(
        emulator
            .ledger()
            .iter()
            .map(|entry| &entry.model_id)
            .eq(&ids)
    );
}

#[tokio::test]
async fn invalid_input_is_refused_with_all_violations() {
    let (emulator, caller) = start(builder()).await;
    let input = json!({ "prompt": "x", "image_urls": ["https://example.com/a.jpg"], "scale": 7, "sclae": 1 });
    let (status, body) = caller.submit(EDIT, &input).await;
    assert_eq!((status, &body["error_code"]), (422, &json!(422_001)));
    let found: Vec<_> = body["detail"]
        .as_array()
        .unwrap()
        .iter()
        .map(|v| &v["pointer"])
        .collect();
    assert_eq!(found, ["/scale", "/sclae"]);
    assert_eq!(body["detail"][0]["actual"], 7);
    assert!(
        body["error_message"]
            .as_str()
            .unwrap()
            .contains("/scale: found 7")
    );

    for no_object in [json!([]), json!("text"), json!(null)] {
        assert_eq!(caller.submit(EDIT, &no_object).await.0, 422, "{no_object}");
    }
    for no_json in ["", "{", "{} {}", "prompt=x"] {
        let request = caller
            .request(Method::POST, &format!("/v1/models/{EDIT}"))
            .body(no_json);
        let (status, body) = send(request).await;
        assert_eq!(
            (status, &body["error_code"]),
            (400, &json!(400_000)),
            "{no_json}"
        );
    }
    assert!(emulator.ledger().is_empty());
}

#[tokio::test]
async fn unknown_requests_are_not_found() {
    let (_emulator, caller) = start(builder()).await;
    for path in [
        "/v1/requests/nope/status",
        "/v1/requests/..%2f/result",
        "/files/nope/image.png",
        "/v2",
    ] {
        let (status, body) = caller.get(path).await;
        assert_eq!(
            (status, &body["error_code"]),
            (404, &json!(404_001)),
            "{path}"
        );
    }
    assert_eq!(caller.cancel("nope").await.0, 404);
    let (status, body) = send(caller.request(Method::DELETE, "/v1/models")).await;
    assert_eq!((status, &body["error_code"]), (405, &json!(405_000)));
}

#[tokio::test]
async fn body_beyond_the_limit_is_refused() {
    let emulator = builder().start().await.unwrap();
    let huge = vec![b' '; (64 << 20) + 1];
    let caller = Caller::new(&emulator);
    let request = caller
        .request(Method::POST, &format!("/v1/models/{EDIT}"))
        .body(huge);
    assert_eq!(send(request).await.0, 413);
}

#[tokio::test]
async fn slip_in_a_schema_keeps_the_other_rules() {
    let folder = tempfile::tempdir().unwrap();
    let schema = json!({"properties": {
        "text": {"type": "string", "maxLength": 5},
        "odd": {"type": "integer", "minimum": "1", "maximum": 3},
    }});
    std::fs::create_dir(folder.path().join("acme")).unwrap();
    std::fs::write(folder.path().join("acme/paint.json"), schema.to_string()).unwrap();
    let builder = Emulator::builder().schemas(folder.path()).unwrap();
    let warnings = builder.warnings().join("\n");
    assert!(
        warnings.contains("paint.json: /properties/odd/minimum: found \"1\", expected a number"),
        "{warnings}"
    );
    let (_emulator, caller) = start(builder).await;
    for (input, status) in [
        (json!({"text": "short", "odd": 0}), 200),
        (json!({"text": "too long"}), 422),
        (json!({"odd": 4}), 422),
    ] {
        let request = caller.request(Method::POST, "/v1/models/acme/paint");
        assert_eq!(send(request.json(&input)).await.0, status, "{input}");
    }
}
