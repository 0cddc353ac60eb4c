//! A valid value costs no memory, however it is kept. The only test here, since the allocations of
//! the whole process are counted.

use std::alloc::System;
use std::hint::black_box;

use runcomfy_schema::{Extra, Media, SchemaText, View, record};
use serde_json::json;
use stats_alloc::{INSTRUMENTED_SYSTEM, Region, StatsAlloc};

#[global_allocator]
static COUNTED: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

#[allow(dead_code)]
struct Input {
    images: Vec<Media>,
    prompt: String,
    scale: Option<f64>,
    seed: Option<i64>,
    extra: Extra,
}

static SCHEMA: SchemaText = SchemaText::new(
    "vendor/family/task",
    r#"{
  "required": ["images", "prompt"],
  "properties": {
    "images": {"type": "array", "maxItems": 3, "items": {"type": "string", "format": "image_uri"}},
    "prompt": {"type": "string", "minLength": 1, "maxLength": 80},
    "scale": {"type": "number", "minimum": 0, "maximum": 1},
    "seed": {"type": "integer", "multipleOf": 2},
    "size": {"type": "string", "enum": ["1K", "2K"]}
  }
}"#,
);

record!(Input, SCHEMA {
    "images": images,
    "prompt": prompt,
    "scale": scale,
    "seed": seed,
});

/// The least of several counts: the schema is read once, and the test's own harness may allocate
/// at the same time.
fn allocations(call: impl Fn() -> bool) -> usize {
    let count = || {
        let region = Region::new(COUNTED);
        assert!(black_box(call()), "the value is valid");
        region.change().allocations
    };
    (0..100).map(|_| count()).min().unwrap_or_default()
}

#[test]
fn a_valid_value_is_checked_without_allocating() {
    let typed = Input {
        images: vec!["https://example.com/a.png".into(), Media::file("b.png")],
        prompt: "A lighthouse at dusk".into(),
        scale: Some(0.7),
        seed: Some(4),
        extra: Extra::new(),
    };
    let free = json!({
        "size": "2K",
        "images": ["https://example.com/a.png", "data:image/png;base64,AAAA"],
        "prompt": "灯台",
        "scale": 1,
        "seed": 4.0,
    });
    let valid = |view: View<'_>| SCHEMA.input.validate(view).is_empty();
    assert_eq!(allocations(|| valid(View::Record(&typed))), 0);
    assert_eq!(allocations(|| valid((&free).into())), 0);
    // That allocations are seen at all.
    let written = || free.to_string().len() > 2;
    assert!(allocations(written) > 0);
}
