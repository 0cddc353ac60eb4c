// The macros are made for public types, whose methods all count as used.
#![allow(dead_code, unreachable_pub)]

use serde::Deserialize;
use serde::de::value::{Error, MapDeserializer};
use serde_json::json;

use super::*;
use crate::__private::text_of;
use crate::{Extra, Media, SchemaText, choice, record};

/// Written as generated code is: the schema, structs, and their fields by their names.
static SCHEMA: SchemaText = SchemaText::new(
    "vendor/family/task",
    r#"{
  "required": ["images", "prompt"],
  "properties": {
    "images": {"type": "array", "items": {"type": "string", "format": "image_uri"}},
    "prompt": {"type": "string", "maxLength": 10},
    "frames": {"type": "integer", "enum": [121, 241]},
    "lora": {"type": "object", "required": ["path"], "additionalProperties": true, "properties": {
      "path": {"type": "string"}, "scale": {"type": "number", "maximum": 4}
    }},
    "loras": {"type": "array", "items": {
      "type": "object", "required": ["path"], "additionalProperties": true, "properties": {
        "path": {"type": "string"}, "scale": {"type": "number", "maximum": 4}
      }
    }},
    "meta": {},
    "scale": {"type": "number", "minimum": 0, "maximum": 1},
    "seed": {"type": "integer"},
    "width×height": {"type": "string", "enum": ["1:1", "16:9"]}
  }
}"#,
);

#[derive(Clone)]
struct Input {
    images: Vec<Media>,
    prompt: String,
    frames: Option<i64>,
    lora: Option<Lora>,
    loras: Option<Vec<Lora>>,
    meta: Option<Value>,
    scale: Option<f64>,
    seed: Option<i64>,
    width_x_height: Option<Ratio>,
    extra: Extra,
}

record!(Input, SCHEMA {
    "images": images,
    "prompt": prompt,
    "frames": frames,
    "lora": lora,
    "loras": loras,
    "meta": meta,
    "scale": scale,
    "seed": seed,
    "width×height": width_x_height,
});

#[derive(Clone)]
struct Lora {
    path: String,
    scale: Option<f64>,
    extra: Extra,
}

record!(Lora, SCHEMA["loras"] {
    "path": path,
    "scale": scale,
});

#[derive(Clone, Copy)]
enum Ratio {
    V1_1,
    V16_9,
}

choice!(Ratio = V16_9 { V1_1 = "1:1", V16_9 = "16:9" });

const URL: &str = "https://example.com/a.jpg";

fn input() -> Input {
    Input {
        images: vec![URL.into()],
        prompt: "A boat".into(),
        frames: None,
        lora: None,
        loras: None,
        meta: None,
        scale: None,
        seed: None,
        width_x_height: None,
        extra: Extra::new(),
    }
}

fn full() -> Value {
    json!({
        "images": [URL],
        "prompt": "A boat",
        "frames": 241,
        "lora": {"path": "p"},
        "loras": [{"path": "q", "scale": 0.5}, {"path": "r", "weight_name": "w"}],
        "meta": {"any": [1, null]},
        "scale": 1,
        "seed": 4_294_967_295_u64,
        "width×height": "16:9"
    })
}

#[test]
fn goes_to_json_and_back() {
    let read: Input = serde_json::from_value(full()).unwrap();
    assert_eq!(serde_json::to_value(&read).unwrap(), full());
    let text = serde_json::to_string(&read).unwrap();
    assert_eq!(serde_json::from_str::<Input>(&text).unwrap(), read);
    assert_eq!(
        text,
        full().to_string(),
        "the order of the table, whole numbers without fraction"
    );
    assert!(read.validate().is_empty());

    assert_eq!(
        (read.frames, read.width_x_height),
        (Some(241), Some(Ratio::V16_9))
    );
    // The schema of a lora is open, so what it does not know is kept.
    let loras = read.loras.unwrap();
    assert_eq!(loras[0].extra, Extra::new());
    assert_eq!(loras[1].extra.get("weight_name"), Some(&json!("w")));
}

#[test]
fn what_is_left_out_is_not_sent() {
    let text = serde_json::to_string(&input()).unwrap();
    assert_eq!(
        text,
        format!("{{\"images\":[\"{URL}\"],\"prompt\":\"A boat\"}}")
    );
}

#[test]
fn whole_numbers_are_read_however_they_are_written() {
    let text = format!(r#"{{"images": ["{URL}"], "prompt": "", "seed": 7.0, "frames": 121.0}}"#);
    let read: Input = serde_json::from_str(&text).unwrap();
    assert_eq!((read.seed, read.frames), (Some(7), Some(121)));
}

#[test]
fn reading_is_strict_and_names_everything_at_once() {
    let wrong = json!({
        "images": [5], "promt": "x", "frames": 5, "loras": [{}], "seed": null, "scale": 9
    });
    let error = serde_json::from_value::<Input>(wrong).unwrap_err();
    assert_eq!(
        error.to_string(),
        "/images/0: found 5, expected an image URL\n\
         /prompt: found nothing, expected a string of at most 10 characters\n\
         /frames: found 5, expected one of 121, 241\n\
         /loras/0/path: found nothing, expected a string\n\
         /seed: found null (leave the property out instead), expected an integer\n\
         /promt: found a property that the schema does not know, expected one of images, prompt, \
         frames, lora, loras, meta, scale, seed, width×height; did you mean `prompt`?"
    );
}

#[test]
fn what_is_no_object_or_does_not_fit_is_an_error() {
    let read = |text: &str| serde_json::from_str::<Input>(text).unwrap_err().to_string();
    assert!(read("[]").contains("expected an object"), "{}", read("[]"));
    assert!(read(r#"{"a/b": 1, "a/b": 2}"#).starts_with("/a~1b: found twice, expected once"));
    // A legal integer, but not one of the field's.
    let large = format!(
        r#"{{"images": ["{URL}"], "prompt": "", "seed": {}}}"#,
        u64::MAX
    );
    assert_eq!(
        read(&large).split(" at line").next(),
        Some("/seed: found 18446744073709551615, which the field's type cannot hold")
    );
}

#[test]
fn reads_from_formats_other_than_json() {
    let members = [("path", "p"), ("name", "n")].into_iter();
    let lora = Lora::deserialize(MapDeserializer::<_, Error>::new(members)).unwrap();
    assert_eq!((&*lora.path, lora.extra.len()), ("p", 1));

    let members = [("path", 1.5), ("scale", 0.5)].into_iter();
    let error = Lora::deserialize(MapDeserializer::<_, Error>::new(members)).unwrap_err();
    assert_eq!(error.to_string(), "/path: found 1.5, expected a string");
}

#[test]
fn a_number_that_json_cannot_say_is_not_written() {
    let mut input = input();
    input.scale = Some(f64::NAN);
    let error = serde_json::to_string(&input).unwrap_err().to_string();
    assert!(error.contains("NaN cannot be written as JSON"), "{error}");
    assert_eq!(
        input.validate().to_string(),
        "/scale: found NaN, expected a number in 0..=1"
    );
}

#[test]
fn typed_values_are_checked_by_the_same_engine() {
    let mut input = input();
    input.images.push("a.jpg".into());
    input.prompt = "A long prompt".into();
    input.scale = Some(7.0);
    input.loras = Some(vec![Lora {
        path: String::new(),
        scale: Some(5.0),
        extra: Extra::new(),
    }]);
    let typed = input.validate();
    assert_eq!(
        typed.to_string(),
        "/images/1: found \"a.jpg\", expected a public https:// URL or a data: URI; a local file is passed as `Media::file`\n\
         /prompt: found 13 characters, expected a string of at most 10 characters\n\
         /loras/0/scale: found 5, expected a number at most 4\n\
         /scale: found 7, expected a number in 0..=1"
    );
    assert_eq!(
        SCHEMA.validate(&serde_json::to_value(&input).unwrap()),
        typed
    );
}

#[test]
fn extra_is_sent_and_wins_over_the_field_of_its_name() {
    let input = input()
        .with_extra("prompt", json!(["new form"]))
        .with_extra("brand_new", 1);
    assert!(input.validate().is_empty());
    let sent = serde_json::to_string(&input).unwrap();
    assert_eq!(
        sent,
        format!("{{\"images\":[\"{URL}\"],\"prompt\":[\"new form\"],\"brand_new\":1}}")
    );
    assert_eq!(View::Record(&input).to_value().to_string(), sent);
}

#[test]
fn prints_the_names_of_the_wire() {
    let mut input = input().with_extra("new", true);
    input.width_x_height = Some(Ratio::V16_9);
    input.scale = Some(f64::INFINITY);
    assert_eq!(
        format!("{input:?}"),
        format!(
            "Input {{ images: [\"{URL}\"], prompt: \"A boat\", scale: \"inf\", \
             width×height: \"16:9\", new: true }}"
        )
    );
}

#[test]
fn equality_is_that_of_the_values() {
    let full: Input = serde_json::from_value(full()).unwrap();
    assert_eq!(full.clone(), full);
    let mut other = full.clone();
    other.loras.as_mut().unwrap()[0].scale = Some(0.6);
    assert_ne!(other, full);
    let mut other = full.clone();
    other.seed = None;
    assert_ne!(other, full);
    assert_ne!(full.clone().with_extra("x", 1), full);
    let mut nan = full;
    nan.scale = Some(f64::NAN);
    assert_ne!(nan.clone(), nan);
}

#[test]
fn members_of_enums_go_to_the_wire_and_back() {
    for (choice, text) in [(Ratio::V1_1, "1:1"), (Ratio::V16_9, "16:9")] {
        assert_eq!((text_of(choice), choice.to_string().as_str()), (text, text));
        assert_eq!(text.parse(), Ok(choice));
        assert_eq!(choice.view().map(View::to_value), Some(json!(text)));
        assert_eq!(Ratio::read(json!(text)), Ok(choice));
    }
    assert_eq!(format!("{:?}", Ratio::V16_9), "Ratio(\"16:9\")");
    assert_eq!(format!("[{:>6}]", Ratio::V1_1), "[   1:1]");
}

#[test]
fn what_is_no_member_says_so() {
    let text = |text: &str| text.parse::<Ratio>().unwrap_err().to_string();
    assert_eq!(
        text("16:"),
        "found \"16:\", expected one of \"1:1\", \"16:9\"; did you mean `16:9`?"
    );
    assert_eq!(
        text("x\n"),
        "found \"x\\n\", expected one of \"1:1\", \"16:9\""
    );
    assert!(text(&"é".repeat(10_000)).len() < 600);
    for value in [json!(5), json!("121"), json!([1, 2])] {
        assert_eq!(Ratio::read(value.clone()), Err(value));
    }
    let read = |json: &str| serde_json::from_str::<Ratio>(json).unwrap_err().to_string();
    assert!(
        read("\"16:\"").starts_with(&text("16:")),
        "{}",
        read("\"16:\"")
    );
    assert!(
        read("16").starts_with("invalid type: integer `16`, expected one of \"1:1\", \"16:9\"")
    );
}

#[cfg(feature = "schemars")]
#[test]
fn schemars_gives_the_table() {
    use schemars::JsonSchema as _;
    let mut generator = schemars::SchemaGenerator::default();
    let input = Input::json_schema(&mut generator).to_value();
    assert_eq!(input, SCHEMA.input.to_json_schema());
    assert_eq!(
        Ratio::json_schema(&mut generator).to_value(),
        json!({"type": "string", "enum": ["1:1", "16:9"]})
    );
    assert_eq!(
        (Input::schema_name(), Ratio::schema_name()),
        ("Input".into(), "Ratio".into())
    );
    assert_ne!(Input::schema_id(), Lora::schema_id());
}

#[test]
fn enums_fit_into_maps_configs_and_texts() {
    use std::collections::{BTreeMap, HashMap};
    let sorted = BTreeMap::from([(Ratio::V16_9, 1), (Ratio::V1_1, 0)]);
    assert_eq!(sorted.keys().copied().collect::<Vec<_>>(), Ratio::ALL);
    let hashed = HashMap::from([(Ratio::V16_9, "wide"), (Ratio::V1_1, "square")]);
    assert_eq!(hashed[&Ratio::V16_9], "wide");
    let json = serde_json::to_string(&sorted).unwrap();
    assert_eq!(json, r#"{"1:1":0,"16:9":1}"#);
    let read: BTreeMap<Ratio, i32> = serde_json::from_str(&json).unwrap();
    assert_eq!(read, sorted);
    assert_eq!(Ratio::default(), Ratio::V16_9);
    assert_eq!(Ratio::try_from("1:1"), Ok(Ratio::V1_1));
    assert_eq!(
        Ratio::try_from("2:1").unwrap_err(),
        "2:1".parse::<Ratio>().unwrap_err()
    );
    let text: &'static str = Ratio::V1_1.into();
    assert_eq!(text, "1:1");
}

#[cfg(feature = "clap")]
#[test]
fn enums_are_values_of_flags() {
    use clap::ValueEnum;
    assert_eq!(Ratio::value_variants(), Ratio::ALL);
    let names: Vec<_> = Ratio::ALL
        .iter()
        .filter_map(ValueEnum::to_possible_value)
        .collect();
    assert_eq!(names[1].get_name(), "16:9");
    assert_eq!(
        <Ratio as ValueEnum>::from_str("1:1", false),
        Ok(Ratio::V1_1)
    );
}

#[test]
fn checked_input_has_all_violations_at_once() {
    let checked = |text: &str| serde_json::from_str::<crate::Checked<Input>>(text).unwrap();
    let good = checked(&full().to_string()).into_result().unwrap();
    assert_eq!(serde_json::to_value(&good).unwrap(), full());

    let bad =
        r#"{"images": ["a.jpg"], "prompt": 5, "scale": 7, "width×height": "1;1", "promt": ""}"#;
    let violations = checked(bad).into_result().unwrap_err();
    let value: Value = serde_json::from_str(bad).unwrap();
    assert_eq!(violations, SCHEMA.validate(&value));
    let json = serde_json::to_value(&violations).unwrap();
    let pointers: Vec<&str> = json
        .as_array()
        .unwrap()
        .iter()
        .map(|violation| violation["pointer"].as_str().unwrap())
        .collect();
    assert_eq!(
        pointers,
        ["/images/0", "/prompt", "/scale", "/width×height", "/promt"]
    );

    for other in [
        "[1]",
        "\"x\"",
        "true",
        "-1",
        "1.5",
        "18446744073709551615",
        "null",
    ] {
        let violations = checked(other).into_result().unwrap_err();
        assert_eq!(violations.len(), 1, "{other}: {violations}");
    }
    // The schema allows what the field cannot hold.
    let large = r#"{"images": [], "prompt": "", "seed": 18446744073709551615}"#;
    let violations = checked(large).into_result().unwrap_err();
    assert!(violations.refuse());
    assert!(
        violations
            .to_string()
            .starts_with("/seed: found 18446744073709551615")
    );
    // A warning is no violation that refuses.
    let plain = r#"{"images": ["http://a.b/c.png"], "prompt": ""}"#;
    assert!(checked(plain).into_result().is_ok());
    let twice = serde_json::from_str::<crate::Checked<Input>>(r#"{"prompt": "", "prompt": ""}"#);
    assert!(
        twice
            .unwrap_err()
            .to_string()
            .contains("/prompt: found twice")
    );
}
