//! The examples of the models' documentation pages are valid and round-trip through the types.

use runcomfy::Model;
use runcomfy::schema::Json;
use runcomfy_models::bytedance::{dreamina_3_0, dreamina_4_0};

fn round_trips<M: Model + serde::de::DeserializeOwned + PartialEq + std::fmt::Debug>(text: &str) {
    let json: Json = serde_json::from_str(text).unwrap();
    let violations = runcomfy_models::find(M::ID).unwrap().validate(&json);
    assert!(violations.is_empty(), "{}: {violations}", M::ID);
    let typed: M = serde_json::from_str(text).unwrap();
    assert_eq!(serde_json::to_value(&typed).unwrap(), json);
    let again: M = serde_json::from_value(json).unwrap();
    assert_eq!(again, typed);
}

#[test]
fn documented_inputs_are_valid_and_round_trip() {
    round_trips::<dreamina_4_0::edit::Input>(include_str!("documented_inputs/edit.json"));
    round_trips::<dreamina_4_0::text_to_image::Input>(include_str!(
        "documented_inputs/text-to-image.json"
    ));
    round_trips::<dreamina_3_0::pro::image_to_video::Input>(include_str!(
        "documented_inputs/image-to-video.json"
    ));
}

#[test]
fn full_input_round_trips_with_exact_json_names() {
    use dreamina_4_0::edit::{Input, WidthXHeight};
    let input = Input::new(["https://a.example/1.jpg"], "A boat")
        .scale(0.7)
        .force_single(true)
        .width_x_height(WidthXHeight::V2560x1440_16_9);
    let json = serde_json::to_string(&input).unwrap();
    assert_eq!(
        json,
        r#"{"image_urls":["https://a.example/1.jpg"],"prompt":"A boat","force_single":true,"scale":0.7,"width×height":"2560x1440(16:9)"}"#
    );
    assert_eq!(serde_json::from_str::<Input>(&json).unwrap(), input);
    assert!(input.validate().is_empty());
}

#[test]
fn deserializing_names_the_nearest_property() {
    use dreamina_4_0::text_to_image::Input;
    let error =
        serde_json::from_str::<Input>(r#"{"promt": "A boat", "width×height": "1x1"}"#).unwrap_err();
    let text = error.to_string();
    for part in [
        "/prompt: found nothing, expected a string of at most 800 characters",
        "/width×height: found \"1x1\", expected one of \"1024x1024(1:1)\"",
        "did you mean `prompt`?",
    ] {
        assert!(text.contains(part), "{part}: {text}");
    }
}

#[test]
fn extra_overrides_the_typed_field_unchecked() {
    use dreamina_4_0::text_to_image::Input;
    let input = Input::new("A boat")
        .scale(0.5)
        .with_extra("scale", 7)
        .with_extra("seed", 1);
    assert!(input.validate().is_empty());
    let json = serde_json::to_value(&input).unwrap();
    assert_eq!(
        json,
        serde_json::json!({"prompt": "A boat", "scale": 7, "seed": 1})
    );
}

#[test]
fn non_finite_number_is_a_violation_and_no_panic() {
    use dreamina_4_0::text_to_image::Input;
    for number in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
        let input = Input::new("A boat").scale(number);
        let violations = input.validate();
        assert_eq!(violations.len(), 1, "{violations}");
        assert_eq!(violations.iter().next().unwrap().pointer, "/scale");
        assert!(serde_json::to_string(&input).is_err());
    }
}

#[test]
fn enums_know_their_values() {
    use dreamina_3_0::pro::image_to_video::{Frames, Input};
    assert_eq!(
        Frames::ALL.iter().map(|f| f.as_i64()).collect::<Vec<_>>(),
        [121, 241]
    );
    assert_eq!("241".parse::<Frames>().unwrap(), Frames::V241);
    assert_eq!(Frames::V121.to_string(), "121");
    assert!(
        "122"
            .parse::<Frames>()
            .unwrap_err()
            .to_string()
            .contains("121, 241")
    );
    let input = Input::new(["https://a.example/1.jpg"], "x")
        .frames(Frames::V241)
        .seed(4_294_967_295);
    assert_eq!(serde_json::to_value(&input).unwrap()["frames"], 241);
    // Whole floats such as `1.0` are integers too.
    let read: Input = serde_json::from_str(r#"{"image_urls": ["https://a.example/1.jpg"], "prompt": "x", "frames": 241.0, "seed": 4294967295.0}"#).unwrap();
    assert_eq!(read, input);
}

#[test]
fn registry_finds_every_model_and_no_other() {
    let ids: Vec<&str> = runcomfy_models::ALL
        .iter()
        .map(|model| model.id())
        .collect();
    assert_eq!(
        ids,
        [
            "bytedance/dreamina-3-0/pro/image-to-video",
            "bytedance/dreamina-4-0/edit",
            "bytedance/dreamina-4-0/text-to-image",
        ]
    );
    for model in runcomfy_models::ALL {
        assert!(std::ptr::eq(
            &raw const ***model,
            runcomfy_models::find(model.id()).unwrap()
        ));
    }
    assert!(runcomfy_models::find("bytedance/dreamina-4-0").is_none());
}

#[test]
fn generated_schemas_equal_the_schema_files() {
    for model in runcomfy_models::ALL {
        let path = format!("{}/schemas/{}.json", env!("CARGO_MANIFEST_DIR"), model.id);
        let file: Json = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
        let (parsed, _) = runcomfy::schema::ModelSchema::parse(Some(&model.id), &[file]);
        assert_eq!(parsed.unwrap().input, model.input);
    }
}
