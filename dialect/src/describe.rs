//! What a schema allows, in words.

use crate::{Keyword, Kind, Literal, MediaKind, Schema};

impl Schema {
    /// One phrase: `a number in 0..1`, `one of "16:9", "1:1"`, `an array of 1..10 image URLs`.
    #[must_use]
    pub fn describe(&self) -> String {
        if let Some(choices) = self.choices() {
            return one_of(choices);
        }
        let what = match self.kind {
            Kind::String => match self.media() {
                Some(kind) => format!("{} URL", with_article(kind)),
                None => "a string".into(),
            },
            Kind::Integer => "an integer".into(),
            Kind::Number => "a number".into(),
            Kind::Boolean => "true or false".into(),
            Kind::Array => self.describe_array(),
            Kind::Object => "an object".into(),
            Kind::Any => "a value".into(),
        };
        let bounds = self.bounds();
        let range = match (bounds.lower, bounds.upper) {
            (None, None) => String::new(),
            (Some((_, true)), Some((_, true))) => format!(" in {bounds}"),
            _ => format!(" {bounds}"),
        };
        format!(
            "{what}{range}{}{}",
            self.describe_step(),
            self.describe_length()
        )
    }

    fn describe_array(&self) -> String {
        let count = self.between(
            |k| {
                if let Keyword::MinItems(n) = k {
                    Some(*n)
                } else {
                    None
                }
            },
            |k| {
                if let Keyword::MaxItems(n) = k {
                    Some(*n)
                } else {
                    None
                }
            },
        );
        let elements = match (self.media(), self.items()) {
            (Some(kind), _) => format!("{} URLs", kind.as_str()),
            (None, Some(items)) => match items.kind {
                Kind::Any => "values".into(),
                kind => format!("{}s", kind.as_str()),
            },
            (None, None) => "values".into(),
        };
        let count = count.map(|count| format!("{count} ")).unwrap_or_default();
        format!("an array of {count}{elements}")
    }

    fn describe_step(&self) -> String {
        let step = self.keywords.iter().find_map(|keyword| match keyword {
            Keyword::MultipleOf(step) => Some(*step),
            _ => None,
        });
        step.map(|step| format!(", a multiple of {step}"))
            .unwrap_or_default()
    }

    fn describe_length(&self) -> String {
        let length = self.between(
            |k| {
                if let Keyword::MinLength(n) = k {
                    Some(*n)
                } else {
                    None
                }
            },
            |k| {
                if let Keyword::MaxLength(n) = k {
                    Some(*n)
                } else {
                    None
                }
            },
        );
        length
            .map(|length| format!(" of {length} characters"))
            .unwrap_or_default()
    }

    fn between(
        &self,
        least: impl Fn(&Keyword) -> Option<u64>,
        most: impl Fn(&Keyword) -> Option<u64>,
    ) -> Option<String> {
        let (least, most) = (
            self.keywords.iter().find_map(least),
            self.keywords.iter().find_map(most),
        );
        match (least, most) {
            (None, None) => None,
            (Some(least), Some(most)) if least == most => Some(format!("exactly {most}")),
            (Some(least), None) => Some(format!("at least {least}")),
            (None | Some(0), Some(most)) => Some(format!("at most {most}")),
            (Some(least), Some(most)) => Some(format!("{least}..{most}")),
        }
    }
}

fn with_article(kind: MediaKind) -> String {
    let article = if kind == MediaKind::Video { "a" } else { "an" };
    format!("{article} {}", kind.as_str())
}

fn one_of(choices: &[Literal]) -> String {
    let list: Vec<String> = choices.iter().map(Literal::to_string).collect();
    match &*list {
        [only] => only.clone(),
        list => format!("one of {}", list.join(", ")),
    }
}
