//! The catalogue lists the emulator's models with the schemas that it validates with.

use crate::support::{EDIT, IMAGE, VIDEO, builder, start};
use runcomfy_schema::ModelSchema;
use serde_json::json;

#[tokio::test]
async fn models_are_listed_searched_and_paged() {
    let (_emulator, caller) = start(builder()).await;
    let list = async |query: &str| {
        let (status, body) = caller.get(&format!("/v1/models{query}")).await;
        assert_eq!(status, 200);
        let entries = body["models"].as_array().unwrap();
        let ids: Vec<_> = entries
            .iter()
            .map(|e| e["model_id"].as_str().unwrap().to_owned())
            .collect();
        (ids, body["total"].as_u64().unwrap())
    };
    assert_eq!(
        list("").await,
        (vec![VIDEO.into(), EDIT.into(), IMAGE.into()], 3)
    );
    assert_eq!(list("?limit=1&offset=1").await, (vec![EDIT.into()], 3));
    assert_eq!(list("?search=TEXT-to").await, (vec![IMAGE.into()], 1));
    assert_eq!(list("?category=video").await, (vec![VIDEO.into()], 1));
    assert_eq!(list("?kind=workflow").await, (vec![], 0));
}

#[tokio::test]
async fn entry_parses_to_the_same_model() {
    let (_emulator, caller) = start(builder()).await;
    let file = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../schemas/bytedance/dreamina-4-0/edit.json"
    );
    let file = serde_json::from_slice(&std::fs::read(file).unwrap()).unwrap();
    let read = |entry| ModelSchema::parse(None, &[entry]).0.unwrap();

    let (_, entry) = caller.get(&format!("/v1/models/{EDIT}")).await;
    assert_eq!(read(entry), read(file));
    let (_, list) = caller.get("/v1/models?include_schema=true").await;
    assert!(list["models"][0]["input_schema"].is_object());
    let (_, list) = caller.get("/v1/models").await;
    assert_eq!(list["models"][0].get("input_schema"), None);
    let (status, body) = caller.get("/v1/models/a/b").await;
    assert_eq!((status, &body["error_code"]), (400, &json!(400_001)));
}
