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
    use dreamina_4_0::edit::{Input, Required, WidthXHeight};
    let input = Input::new(Required {
        image_urls: ["https://a.example/1.jpg"],
        prompt: "A boat",
    })
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
fn integers_of_an_enum_are_integers() {
    use dreamina_3_0::pro::image_to_video::{Input, Required};
    assert_eq!(Input::FRAMES.members, [121, 241]);
    assert_eq!(Input::FRAMES.default, Some(121));
    let input = || {
        Input::new(Required {
            prompt: "x",
            image_urls: ["https://a.example/1.jpg"],
        })
    };
    let fitting = input().frames(241_u8).seed(4_294_967_295_u32);
    assert!(fitting.validate().is_empty());
    assert_eq!(serde_json::to_value(&fitting).unwrap()["frames"], 241);
    // Whole floats such as `1.0` are integers too.
    let read: Input = serde_json::from_str(r#"{"image_urls": ["https://a.example/1.jpg"], "prompt": "x", "frames": 241.0, "seed": 4294967295.0}"#).unwrap();
    assert_eq!(read, fitting);
    let violations = input().frames(122).validate().to_string();
    assert_eq!(violations, "/frames: found 122, expected one of 121, 241");
}

#[test]
fn enum_is_at_home_in_a_map_and_a_config() {
    use dreamina_4_0::text_to_image::WidthXHeight;
    use std::collections::{BTreeMap, HashMap};
    let counts = HashMap::from([(WidthXHeight::V2048x2048_1_1, 1)]);
    assert_eq!(counts[&WidthXHeight::default()], 1);
    let json = r#"{"1024x1024(1:1)":2,"2048x2048(1:1)":1}"#;
    let sorted: BTreeMap<WidthXHeight, i32> = serde_json::from_str(json).unwrap();
    assert_eq!(serde_json::to_string(&sorted).unwrap(), json);
    let first = *sorted.keys().next().unwrap();
    assert_eq!(WidthXHeight::try_from("1024x1024(1:1)"), Ok(first));
    assert_eq!(<&'static str>::from(first), first.as_str());
}

#[test]
fn an_option_is_handed_on_through_the_field() {
    use dreamina_4_0::text_to_image::Input;
    for scale in [None, Some(0.5)] {
        let mut input = Input::new("A boat");
        input.scale = scale;
        let json = serde_json::to_value(&input).unwrap();
        assert_eq!(json.get("scale").and_then(serde_json::Value::as_f64), scale);
    }
}

#[test]
fn ranges_and_defaults_are_known_without_an_instance() {
    use dreamina_4_0::text_to_image::Input;
    const MAXIMUM: Option<f64> = Input::SCALE.maximum;
    assert_eq!(MAXIMUM, Some(1.0));
    assert_eq!(
        (Input::SCALE.minimum, Input::SCALE.default),
        (Some(0.0), Some(0.5))
    );
    let properties = <Input as runcomfy::Model>::model()
        .input
        .properties()
        .unwrap();
    let scale = properties.iter().find(|p| &*p.name == "scale").unwrap();
    assert_eq!(scale.schema.bounds().to_string(), "0..=1");
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
