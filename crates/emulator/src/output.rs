//! The output of a job: one image, video or audio file that fits its input.

use std::fmt;

use runcomfy_schema::{Kind, Literal, MediaKind, ModelSchema, Property};
use serde_json::{Value, json};

/// Describes the file that a job makes. It is decided when the job is accepted, and made when it is
/// fetched.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(
    not(feature = "render"),
    allow(
        dead_code,
        reason = "without rendering, only the kind decides the file"
    )
)]
pub(crate) struct Output {
    pub(crate) kind: OutputKind,
    pub(crate) width: u32,
    pub(crate) height: u32,
    pub(crate) seconds: u32,
    /// Text that the file shows.
    pub(crate) caption: String,
}

/// Names the kinds of file that models make.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum OutputKind {
    Image,
    Video,
    Audio,
}

/// Default length of the longer side, in pixels.
const DEFAULT_SIDE: u32 = 1024;

/// Maximum side in pixels: more than any real model makes, and a bound for what a schema can cause.
const MAX_SIDE: u32 = 8192;

/// Default duration of video and audio, in seconds.
const DEFAULT_SECONDS: u32 = 5;

/// Maximum duration of video and audio, in seconds.
const MAX_SECONDS: u32 = 60;

impl Output {
    /// Decides the output of a valid input.
    pub(crate) fn plan(model: &ModelSchema, input: &Value) -> Self {
        let kind = OutputKind::from_model(model);
        let size = Size::from_input(model, input);
        let (width, height) = size.resolve(match kind {
            OutputKind::Video => (16, 9),
            OutputKind::Image | OutputKind::Audio => (1, 1),
        });
        let seconds = seconds(model, input);
        Self {
            kind,
            width,
            height,
            seconds,
            caption: caption(model, input),
        }
    }

    /// Returns the file's name on the server.
    pub(crate) fn name(&self) -> String {
        format!("{}.{}", self.kind, self.kind.extension())
    }

    /// Builds the `output` of a result.
    pub(crate) fn to_json(&self, origin: &str, request_id: &str) -> Value {
        let url = format!("{origin}/files/{request_id}/{}", self.name());
        match self.kind {
            OutputKind::Image => json!({ "image": url, "images": [url] }),
            OutputKind::Video => json!({ "video": url, "videos": [url] }),
            OutputKind::Audio => json!({ "audio": url }),
        }
    }
}

impl OutputKind {
    /// Infers from a model's id what it makes. The last segment that names a kind decides, and in
    /// it the last word, so `image-to-video` makes a video. Otherwise a model that requires a video
    /// makes videos, and every other one images.
    pub(crate) fn from_model(model: &ModelSchema) -> Self {
        let requires_video =
            |p: &Property| p.required && p.schema.media() == Some(MediaKind::Video);
        let properties = model.input.properties().unwrap_or_default();
        let from_id = model.id.rsplit('/').find_map(Self::from_segment);
        let from_input = properties.iter().any(requires_video).then_some(Self::Video);
        from_id.or(from_input).unwrap_or(Self::Image)
    }

    fn from_segment(segment: &str) -> Option<Self> {
        let lower = segment.to_lowercase();
        // In `image-to-video` only the part after `to` counts; `video-edit` has no such part.
        let target = lower
            .rsplit_once("-to-")
            .map_or(&*lower, |(_, target)| target);
        target
            .split(|c: char| !c.is_alphabetic())
            .rev()
            .find_map(|word| match word {
                "image" | "images" | "picture" => Some(Self::Image),
                "video" | "videos" => Some(Self::Video),
                "audio" | "speech" | "voice" | "music" | "sound" | "song" | "tts" => {
                    Some(Self::Audio)
                }
                _ => None,
            })
    }

    pub(crate) fn content_type(self) -> &'static str {
        match self {
            Self::Image => "image/png",
            Self::Video => "video/mp4",
            Self::Audio => "audio/wav",
        }
    }

    fn extension(self) -> &'static str {
        match self {
            Self::Image => "png",
            Self::Video => "mp4",
            Self::Audio => "wav",
        }
    }
}

impl fmt::Display for OutputKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Image => "image",
            Self::Video => "video",
            Self::Audio => "audio",
        })
    }
}

/// Collects what the enum values of an input say about the size of its output.
#[derive(Debug, Default, PartialEq, Eq)]
struct Size {
    /// Exact size: `2304x1728(4:3)`.
    exact: Option<(u32, u32)>,
    /// Aspect ratio: `16:9`, `portrait_4_3`.
    shape: Option<(u32, u32)>,
    /// Shorter side: `720p`.
    short: Option<u32>,
    /// Longer side: `2K`.
    long: Option<u32>,
}

impl Size {
    /// Reads the value or default of every enum property, then the segments of the id
    /// (`…/text-to-video/480p`). The first value of a kind counts.
    fn from_input(model: &ModelSchema, input: &Value) -> Self {
        let mut size = Self::default();
        for property in model.input.properties().unwrap_or_default() {
            if property.schema.choices().is_none() {
                continue;
            }
            match input.get(&*property.name) {
                Some(Value::String(text)) => size.read(text),
                Some(_) => {}
                None => {
                    if let Some(Literal::Text(text)) = property.schema.default() {
                        size.read(text);
                    }
                }
            }
        }
        for segment in model.id.rsplit('/') {
            size.read_resolution(segment);
        }
        size
    }

    fn read(&mut self, text: &str) {
        if let Some(exact) = pair(text, &['x', 'X', '×', '*'], 16) {
            self.exact.get_or_insert(exact);
        } else if let Some((a, b)) = pair(text, &[':', '_'], 1) {
            let portrait = text.starts_with("portrait") && a > b;
            self.shape
                .get_or_insert(if portrait { (b, a) } else { (a, b) });
        } else {
            self.read_resolution(text);
        }
    }

    fn read_resolution(&mut self, text: &str) {
        let lower = text.to_lowercase();
        if let Some(short) = lower.strip_suffix('p').and_then(number) {
            self.short.get_or_insert(short);
        } else if let Some(long) = lower.strip_suffix('k').and_then(number) {
            self.long.get_or_insert(long.saturating_mul(DEFAULT_SIDE));
        }
    }

    /// Returns width and height, shrunk in proportion to at most [`MAX_SIDE`].
    fn resolve(&self, default_shape: (u32, u32)) -> (u32, u32) {
        let (width, height) = self.exact.unwrap_or_else(|| {
            let (a, b) = self.shape.unwrap_or(default_shape);
            let (longer, shorter) = (a.max(b), a.min(b));
            let (long, short) = match self.short {
                Some(short) => (scale(short, longer, shorter), short),
                None => {
                    let long = self.long.unwrap_or(DEFAULT_SIDE);
                    (long, scale(long, shorter, longer))
                }
            };
            if a >= b { (long, short) } else { (short, long) }
        });
        let longer = width.max(height);
        if longer <= MAX_SIDE {
            return (width, height);
        }
        (
            scale(width, MAX_SIDE, longer),
            scale(height, MAX_SIDE, longer),
        )
    }
}

/// Computes `side × by / of`, rounded down to an even number as video codecs need, at least 1.
fn scale(side: u32, by: u32, of: u32) -> u32 {
    let exact = u64::from(side) * u64::from(by) / u64::from(of.max(1));
    let even = exact / 2 * 2;
    u32::try_from(even).unwrap_or(MAX_SIDE).max(1)
}

/// Finds the first two numbers of at least `min` with only one of `separators` between them.
fn pair(text: &str, separators: &[char], min: u32) -> Option<(u32, u32)> {
    text.match_indices(separators).find_map(|(at, separator)| {
        let (before, after) = (&text[..at], &text[at + separator.len()..]);
        let start = before.trim_end_matches(|c: char| c.is_ascii_digit()).len();
        let end = after.len() - after.trim_start_matches(|c: char| c.is_ascii_digit()).len();
        let (a, b) = (number(&before[start..])?, number(&after[..end])?);
        (a >= min && b >= min).then_some((a, b))
    })
}

fn number(text: &str) -> Option<u32> {
    text.parse().ok().filter(|number| *number > 0)
}

/// Reads the first property with `duration` in its name, or its default, as a number or a string.
fn seconds(model: &ModelSchema, input: &Value) -> u32 {
    let named = |p: &&Property| p.name.contains("duration");
    let property = model
        .input
        .properties()
        .unwrap_or_default()
        .iter()
        .find(named);
    let value = property.and_then(|property| {
        let own = input.get(&*property.name).cloned();
        own.or_else(|| property.schema.default().map(Literal::to_value))
    });
    let seconds = match value {
        // Files have whole seconds; negative and huge values saturate.
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
        Some(Value::Number(number)) => number.as_f64().map(|seconds| seconds as u32),
        Some(Value::String(text)) => number(&text),
        _ => None,
    };
    seconds.unwrap_or(DEFAULT_SECONDS).clamp(1, MAX_SECONDS)
}

/// Returns the prompt, else the first free text of the input, else the model's id.
fn caption(model: &ModelSchema, input: &Value) -> String {
    let free = |property: &&Property| {
        let schema = &property.schema;
        schema.kind == Kind::String && schema.choices().is_none() && schema.media().is_none()
    };
    let properties = model
        .input
        .properties()
        .unwrap_or_default()
        .iter()
        .filter(free);
    let text = |name: &str| {
        input
            .get(name)
            .and_then(Value::as_str)
            .filter(|text| !text.is_empty())
    };
    let named = text("prompt").or_else(|| {
        properties
            .filter_map(|p| text(&p.name))
            .find(|text| !text.starts_with("http"))
    });
    named.unwrap_or(&model.id).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn model(id: &str, properties: &Value) -> ModelSchema {
        let schema = json!({ "type": "object", "properties": properties });
        ModelSchema::parse(Some(id), &[schema]).0.unwrap()
    }

    #[test]
    fn id_decides_the_kind_of_output() {
        let of = |id| OutputKind::from_model(&model(id, &json!({}))).to_string();
        assert_eq!(of("bytedance/dreamina-4-0/edit"), "image");
        assert_eq!(of("bytedance/dreamina-3-0/pro/image-to-video"), "video");
        assert_eq!(of("google/gemini-omni-flash/video-edit"), "video");
        assert_eq!(
            of("blackforestlabs/flux-3/first-last-frame-to-video/draft"),
            "video"
        );
        assert_eq!(of("lightricks/ltx-2.5/audio-to-video/fast"), "video");
        assert_eq!(of("bytedance/seed-audio-1.0/text-to-audio"), "audio");
        assert_eq!(of("minimax/Hailuo Video 01 Live"), "video");
        assert_eq!(of("kling/kling-video-o3/4K/text-to-image"), "image");
        assert_eq!(of("blackforestlabs/flux-3/image"), "image");
        assert_eq!(of("pixverse/pixverse-v6/extend"), "image");
        let schema = json!({
            "type": "object", "required": ["clip"],
            "properties": { "clip": { "type": "string", "format": "video_uri" } },
        });
        let extend = ModelSchema::parse(Some("pixverse/pixverse-v6/extend"), &[schema]);
        assert_eq!(
            OutputKind::from_model(&extend.0.unwrap()),
            OutputKind::Video
        );
    }

    #[test]
    fn enum_value_decides_the_size() {
        let properties = json!({
            "width×height": {
                "type": "string",
                "enum": ["2048x2048(1:1)", "2304x1728(4:3)"],
                "default": "2048x2048(1:1)",
            },
        });
        let model = model("a/b/text-to-image", &properties);
        let size = |input| {
            let output = Output::plan(&model, &input);
            (output.width, output.height)
        };
        assert_eq!(size(json!({})), (2048, 2048));
        assert_eq!(
            size(json!({ "width×height": "2304x1728(4:3)" })),
            (2304, 1728)
        );
    }

    #[test]
    fn shapes_and_resolutions_are_read_in_all_spellings() {
        let size = |words: &[&str]| {
            let mut size = Size::default();
            for word in words {
                size.read(word);
            }
            size.resolve((1, 1))
        };
        assert_eq!(size(&[]), (1024, 1024));
        assert_eq!(size(&["16:9"]), (1024, 576));
        assert_eq!(size(&["9:16"]), (576, 1024));
        assert_eq!(size(&["16:9", "720p"]), (1280, 720));
        assert_eq!(size(&["1080P", "1:1"]), (1080, 1080));
        assert_eq!(size(&["2k", "3:2"]), (2048, 1364));
        assert_eq!(size(&["portrait_4_3"]), (768, 1024));
        assert_eq!(
            size(&["auto", "square_hd", "png", "customize"]),
            (1024, 1024)
        );
        assert_eq!(size(&["99999x99999"]), (8192, 8192));
        assert_eq!(size(&["1x"]), (1024, 1024));
        assert_eq!(size(&["1:4000000000"]), (1, 1024));
    }

    #[test]
    fn videos_have_the_shape_and_duration_of_the_input() {
        let properties = json!({
            "aspect_ratio": { "type": "string", "enum": ["16:9", "9:16"], "default": "16:9" },
            "duration": { "type": "string", "enum": ["auto", "8", "90"], "default": "auto" },
        });
        let model = model("a/b/text-to-video/4K", &properties);
        let plan = |input| Output::plan(&model, &input);
        assert_eq!(
            (plan(json!({})).width, plan(json!({})).height),
            (4096, 2304)
        );
        assert_eq!(plan(json!({ "aspect_ratio": "9:16" })).height, 4096);
        assert_eq!(plan(json!({})).seconds, 5);
        assert_eq!(plan(json!({ "duration": "8" })).seconds, 8);
        assert_eq!(plan(json!({ "duration": "90" })).seconds, 60);
    }

    #[test]
    fn caption_is_the_prompt_or_the_first_free_text() {
        let properties = json!({
            "negative": { "type": "string" },
            "prompt": { "type": "string" },
            "style": { "type": "string", "enum": ["plain"] },
        });
        let model = model("a/b", &properties);
        let caption = |input| Output::plan(&model, &input).caption;
        assert_eq!(
            caption(json!({ "negative": "fog", "prompt": "a boat" })),
            "a boat"
        );
        assert_eq!(
            caption(json!({ "negative": "fog", "style": "plain" })),
            "fog"
        );
        assert_eq!(caption(json!({ "style": "plain" })), "a/b");
    }
}
