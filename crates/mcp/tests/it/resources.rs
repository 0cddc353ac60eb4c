//! Schemas, jobs and saved files are resources, and nothing else of this machine is.

use serde_json::json;

use crate::world::{MODEL, World, boat, emulator};

#[tokio::test(flavor = "multi_thread")]
async fn schemas_jobs_and_files_are_read_and_no_other_file() {
    let world = World::new(emulator()).await;
    let (server, agent) = world.agent(1.0).await;
    let read = async |uri: &str| agent.request("resources/read", json!({ "uri": uri })).await;
    agent.call("submit", boat("boat-1")).await;
    agent.end("boat-1").await;
    let list = agent.request("resources/list", json!({})).await;
    let files = list["result"]["resources"].as_array().unwrap();
    assert_eq!(files.len(), 1, "{list}");
    let file = files[0]["uri"].as_str().unwrap();
    let picture = read(file).await["result"]["contents"][0].clone();
    assert_eq!(picture["mimeType"], "image/png");
    assert!(
        picture["blob"].as_str().unwrap().starts_with("iVBOR"),
        "not a PNG"
    );
    let templates = agent.request("resources/templates/list", json!({})).await;
    assert_eq!(
        templates["result"]["resourceTemplates"]
            .as_array()
            .unwrap()
            .len(),
        3
    );
    for (uri, expected) in [
        (format!("runcomfy://models/{MODEL}/schema"), "\"prompt\""),
        (
            format!("runcomfy://models/{MODEL}/properties/width%C3%97height"),
            "enum",
        ),
        ("runcomfy://jobs/boat-1".to_owned(), "\"saved\""),
    ] {
        let response = read(&uri).await;
        let text = response["result"]["contents"][0]["text"].as_str();
        assert!(
            text.is_some_and(|text| text.contains(expected)),
            "{uri}: {response}"
        );
    }
    // A file beside those of the job, with a name like theirs.
    let other = world.folder.path().join("out/000001-secret.png");
    std::fs::write(&other, "secret").unwrap();
    for uri in [
        format!("file://{}", other.display()),
        "file:///etc/passwd".to_owned(),
        "runcomfy://jobs/boat-2".to_owned(),
        "runcomfy://models/a/b/schema".to_owned(),
        "runcomfy://models/a".to_owned(),
        "https://example.com/".to_owned(),
    ] {
        let response = read(&uri).await;
        assert!(
            response["error"]["message"].is_string(),
            "{uri}: {response}"
        );
    }
    server.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn ids_of_models_and_members_of_enums_are_completed() {
    let world = World::new(emulator()).await;
    let (server, agent) = world.agent(1.0).await;
    let complete = async |uri: &str, name: &str, value: &str, given: serde_json::Value| {
        let params = json!({
            "ref": { "type": "ref/resource", "uri": uri },
            "argument": { "name": name, "value": value },
            "context": { "arguments": given },
        });
        let response = agent.request("completion/complete", params).await;
        response["result"]["completion"]["values"].clone()
    };
    let schema = "runcomfy://models/{+model}/schema";
    let property = "runcomfy://models/{+model}/properties/{property}{?value}";
    assert_eq!(
        complete(schema, "model", "text-to", json!({})).await,
        json!([MODEL])
    );
    let of_model = json!({ "model": MODEL });
    assert_eq!(
        complete(property, "property", "pro", of_model).await,
        json!(["prompt"])
    );
    let of_property = json!({ "model": MODEL, "property": "width×height" });
    let sizes = complete(property, "value", "1024", of_property).await;
    assert!(sizes[0].as_str().unwrap().starts_with("1024"), "{sizes}");
    assert_eq!(complete("other://{x}", "x", "", json!({})).await, json!([]));
    server.close().await;
}
