//! The cost of a job, estimated from the catalogue's price.

use std::fmt;

use runcomfy_schema::{Json, Literal, ModelSchema};

use super::CatalogueEntry;

/// Reason for which the cost of a job is unknown before it has ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnknownCost(String);

/// Units of a price for each job or each file of its output.
const UNITS_OF_OUTPUT: [&str; 8] = [
    "output",
    "image",
    "video",
    "audio",
    "generation",
    "request",
    "run",
    "call",
];

/// Units of a price for each second of the output.
const UNITS_OF_TIME: [&str; 3] = ["second", "seconds", "sec"];

/// Units of a price for each million pixels of the output.
const UNITS_OF_SIZE: [&str; 3] = ["megapixel", "megapixels", "mp"];

/// Names of properties that set the number of outputs.
const COUNTS: [&str; 7] = [
    "num_images",
    "num_outputs",
    "num_videos",
    "number_of_images",
    "image_count",
    "batch_size",
    "n",
];

/// Names of properties that set the duration of the output in seconds.
const DURATIONS: [&str; 4] = ["duration", "duration_seconds", "seconds", "video_length"];

/// Names of properties that set the size of the output as a text such as `1024x1024`.
const SIZES: [&str; 5] = [
    "width×height",
    "width_x_height",
    "size",
    "image_size",
    "resolution",
];

impl CatalogueEntry {
    /// Estimates the cost of a job in US dollars: the base price times the number of outputs, of seconds or
    /// of megapixels that the input sets, or a default of the schema. The service charges what it reports
    /// with the result.
    ///
    /// # Errors
    /// The reason for which the price says nothing about the cost: there is none, or its unit is unknown.
    pub fn estimate_usd(
        &self,
        schema: Option<&ModelSchema>,
        input: &Json,
    ) -> Result<f64, UnknownCost> {
        cost(self.base_price_usd(), self.price_unit(), schema, input).map_err(UnknownCost)
    }
}

impl fmt::Display for UnknownCost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for UnknownCost {}

fn cost(
    price: Option<f64>,
    unit: Option<&str>,
    model: Option<&ModelSchema>,
    input: &Json,
) -> Result<f64, String> {
    let price = price.ok_or("the catalogue has no price")?;
    let unit = unit.ok_or("the price has no unit")?;
    let count = number(&COUNTS, model, input).unwrap_or(1.0);
    if UNITS_OF_OUTPUT.contains(&unit) {
        return Ok(price * count);
    }
    if UNITS_OF_TIME.contains(&unit) {
        let seconds = number(&DURATIONS, model, input)
            .ok_or_else(|| format!("the price is one per {unit}, and no duration is set"))?;
        return Ok(price * seconds * count);
    }
    if UNITS_OF_SIZE.contains(&unit) {
        let megapixels = megapixels(model, input)
            .ok_or_else(|| format!("the price is one per {unit}, and no size is set"))?;
        return Ok(price * megapixels * count);
    }
    Err(format!("the price is one per {unit}"))
}

/// Returns the number of millions of pixels that the input, or a default, sets.
fn megapixels(model: Option<&ModelSchema>, input: &Json) -> Option<f64> {
    let side = |name: &str| number(&[name], model, input);
    let pixels = match (side("width"), side("height")) {
        (Some(width), Some(height)) => Some(width * height),
        _ => text(&SIZES, model, input).and_then(|size| pixels(&size)),
    };
    pixels.map(|pixels| pixels / 1e6)
}

/// Returns the product of both sides in a size such as `1024x768` or `1024×768(4:3)`.
fn pixels(size: &str) -> Option<f64> {
    let (width, height) = size.split_once(['x', '×', '*'])?;
    let end = height.find(|c: char| !c.is_ascii_digit());
    let height = &height[..end.unwrap_or(height.len())];
    Some(width.trim().parse::<f64>().ok()? * height.parse::<f64>().ok()?)
}

/// Returns the text in the first of these properties that the input sets, or that has a default.
fn text(names: &[&str], model: Option<&ModelSchema>, input: &Json) -> Option<String> {
    let set = names.iter().find_map(|name| input.get(*name)?.as_str());
    set.map(str::to_owned).or_else(|| {
        let properties = model?.input.properties()?.iter();
        let mut given = properties.filter(|property| names.contains(&&*property.name));
        given.find_map(|property| match property.schema.default()? {
            Literal::Text(text) => Some(text.to_string()),
            _ => None,
        })
    })
}

/// Returns the number in the first of these properties that the input sets, or that has a default.
fn number(names: &[&str], model: Option<&ModelSchema>, input: &Json) -> Option<f64> {
    let set = names.iter().find_map(|name| of_json(input.get(*name)?));
    set.or_else(|| {
        let properties = model?.input.properties()?.iter();
        let mut given = properties.filter(|property| names.contains(&&*property.name));
        given.find_map(|property| match property.schema.default()? {
            Literal::Number(number) => Some(number.as_f64()),
            Literal::Text(text) => of_text(text),
            _ => None,
        })
    })
}

fn of_json(value: &Json) -> Option<f64> {
    let number = value.as_f64();
    number.or_else(|| of_text(value.as_str()?))
}

/// Parses a choice such as `5` or `5s`.
fn of_text(text: &str) -> Option<f64> {
    let text = text.trim();
    text.strip_suffix('s').unwrap_or(text).parse().ok()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn cost_is_known_only_for_units_that_are() {
        for (unit, input, expected) in [
            (Some("output"), json!({}), Ok(0.25)),
            (Some("image"), json!({"num_images": 4}), Ok(1.0)),
            (Some("second"), json!({"duration": 8}), Ok(2.0)),
            (Some("second"), json!({"duration": "8s"}), Ok(2.0)),
            (Some("second"), json!({"duration": 2, "n": 3}), Ok(1.5)),
            (Some("second"), json!({}), Err(())),
            (Some("megapixel"), json!({}), Err(())),
            (
                Some("megapixel"),
                json!({"width": 2000, "height": 1000}),
                Ok(0.5),
            ),
            (
                Some("mp"),
                json!({"size": "2000×1000(2:1)", "n": 2}),
                Ok(1.0),
            ),
            (Some("mp"), json!({"size": "large"}), Err(())),
            (Some("frame"), json!({}), Err(())),
            (None, json!({}), Err(())),
        ] {
            let estimated = cost(Some(0.25), unit, None, &input).map_err(|_| ());
            assert_eq!(estimated, expected, "{unit:?} {input}");
        }
        assert!(cost(None, Some("output"), None, &json!({})).is_err());
    }
}
