//! Comparison of two outputs. Callers read outputs and do not send them, so it only matters what is
//! removed.

use runcomfy_codegen::plan;
use runcomfy_schema::{Kind, ModelSchema, Path, Schema};

use super::class::Class;
use super::comparison::breaking_if;
use super::difference::{Difference, Part};
use super::keyword::{FREE, type_name};

/// Compares two output schemas. Most files have none, or the one of every page, so an added or removed
/// output schema is no change of the model.
pub(super) fn outputs(old: Option<&Schema>, new: Option<&Schema>) -> Vec<Difference> {
    let mut found = Vec::new();
    match (old, new) {
        (None, None) => {}
        (Some(old), Some(new)) => compare(old, new, Path::ROOT, &mut found),
        (old, new) => {
            let message = if new.is_some() {
                "the schema has an output now"
            } else {
                "the schema has no output any more"
            };
            let sides = (old, new);
            push(
                &mut found,
                Class::Compatible,
                Path::ROOT,
                "output",
                sides,
                message,
            );
        }
    }
    found
}

/// Returns the changes of the type that an output has in Rust: a model has one of its own where its schema
/// names more than the usual members.
pub(super) fn retyped(old: &ModelSchema, new: &ModelSchema) -> Vec<Difference> {
    let (was, is) = (plan::output_methods(old), plan::output_methods(new));
    let change = |pointer: String, old: &str, new: &str, message: String| Difference {
        class: Class::Breaking,
        part: Part::Output,
        pointer,
        subject: "rust type".to_owned(),
        old: Some(old.into()),
        new: Some(new.into()),
        message,
    };
    if was.is_empty() != is.is_empty() {
        let name = |is_usual: bool| {
            if is_usual {
                "`runcomfy::Output`"
            } else {
                "a type of the model's own"
            }
        };
        let (old, new) = (name(was.is_empty()), name(is.is_empty()));
        let message = format!("the type of the output in Rust was {old}, is {new}");
        return vec![change(String::new(), old, new, message)];
    }
    let properties = new.output.as_deref().and_then(Schema::properties);
    let is_there = |name: &str| {
        let mut properties = properties.unwrap_or_default().iter();
        properties.any(|property| *property.name == *name)
    };
    let lost = was.iter().filter(|member| !is.contains(member));
    lost.filter(|(name, _)| is_there(name))
        .map(|(name, method)| {
            let pointer = Path::ROOT.member(name).to_string();
            let message = format!("the output no longer has the method `{method}` in Rust");
            change(pointer, method, "", message)
        })
        .collect()
}

fn compare(old: &Schema, new: &Schema, at: Path<'_>, found: &mut Vec<Difference>) {
    if old == new {
        return;
    }
    let before = found.len();
    let (was, is) = (type_name(old), type_name(new));
    if was != is {
        let wider = old.kind == Kind::Any || (old.kind, new.kind) == (Kind::Number, Kind::Integer);
        let message = format!("the type was {was}, is {is}");
        push(
            found,
            breaking_if(!wider),
            at,
            "type",
            (Some(old), Some(new)),
            &message,
        );
    }
    if old.description() != new.description() || old.title() != new.title() {
        let message = "the title or the description changed";
        push(
            found,
            Class::TextOnly,
            at,
            "description",
            (Some(old), Some(new)),
            message,
        );
    }
    properties(old, new, at, found);
    let items = |schema: &Schema| schema.items().unwrap_or(&FREE).clone();
    compare(&items(old), &items(new), at.member("*"), found);
    if before == found.len() || bare(old) != bare(new) {
        let message = "other keywords of the value changed";
        push(
            found,
            Class::Compatible,
            at,
            "output",
            (Some(old), Some(new)),
            message,
        );
    }
}

fn properties(old: &Schema, new: &Schema, at: Path<'_>, found: &mut Vec<Difference>) {
    let (was, is) = (
        old.properties().unwrap_or_default(),
        new.properties().unwrap_or_default(),
    );
    for property in was {
        let at = at.member(&property.name);
        match is.iter().find(|p| p.name == property.name) {
            None => {
                let sides = (Some(&property.schema), None);
                let message = "the output no longer has this property";
                push(found, Class::Breaking, at, "property", sides, message);
            }
            Some(other) => {
                if property.required != other.required {
                    let message = if other.required {
                        "the property is always there now"
                    } else {
                        "the property may be missing now"
                    };
                    let sides = (Some(&property.schema), Some(&other.schema));
                    push(found, Class::Compatible, at, "required", sides, message);
                }
                compare(&property.schema, &other.schema, at, found);
            }
        }
    }
    for property in is.iter().filter(|p| !was.iter().any(|o| o.name == p.name)) {
        let at = at.member(&property.name);
        let message = format!("the property was added: {}", property.schema.describe());
        let sides = (None, Some(&property.schema));
        push(found, Class::Compatible, at, "property", sides, &message);
    }
}

/// Returns the keywords that are not compared one by one.
fn bare(schema: &Schema) -> Vec<&runcomfy_schema::Keyword> {
    use runcomfy_schema::Keyword::{Description, Items, Properties, Title};
    let own = schema.keywords.iter();
    own.filter(|k| !matches!(k, Title(_) | Description(_) | Items(_) | Properties(_)))
        .collect()
}

fn push(
    found: &mut Vec<Difference>,
    class: Class,
    at: Path<'_>,
    subject: &str,
    (old, new): (Option<&Schema>, Option<&Schema>),
    message: &str,
) {
    found.push(Difference {
        class,
        part: Part::Output,
        pointer: at.to_string(),
        subject: subject.to_owned(),
        old: old.map(Schema::to_json_schema),
        new: new.map(Schema::to_json_schema),
        message: message.to_owned(),
    });
}
