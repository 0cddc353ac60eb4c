//! The struct that names the required properties of a call of `new`.

use super::plan::Record;
use super::{field_doc, ty};
use crate::{doc, name, print};

/// Returns the name of the struct, or `None` if at most one property is required: its value needs no
/// name.
///
/// No type of a property has such a name, see [`name::type_name`].
pub(super) fn name(record: &Record<'_>) -> Option<String> {
    record.required().nth(1)?;
    Some(match record.name.as_str() {
        "Input" => "Required".to_owned(),
        // Another spelt-out name may end in any way, but begins like this one.
        spelt if spelt.starts_with("Type_") => format!("Required_{spelt}"),
        name => format!("{}Required", name.trim_end_matches('_')),
    })
}

/// Returns the struct. Each field has a type of its own, so that `new` takes whatever converts.
pub(super) fn item(record: &Record<'_>) -> Option<String> {
    let required = name::ident(&name(record)?);
    let title = format!("Required properties, for [`{0}::new`].", record.name);
    let types = parameters(record.required().count());
    let head = print::list(0, &format!("pub struct {required}<"), &types, "> {\n");
    let mut code = doc::outer(0, &[title]) + &head;
    for (field, ty) in record.required().zip(&types) {
        code += &doc::outer(4, &field_doc::summary(field));
        code += &format!("    pub {}: {ty},\n", field.ident);
    }
    Some(code + "}\n")
}

/// Returns the argument of `new`, which is indented twice where it has a line of its own.
pub(super) fn argument(record: &Record<'_>, support: &str) -> Option<String> {
    let required = name::ident(&name(record)?);
    let types = record.required();
    let types: Vec<String> = types.map(|f| ty::argument(&f.kind, support)).collect();
    let open = format!("required: {required}<");
    Some(print::list(8, &open, &types, ">"))
}

/// Returns `A`, `B`, …, `Z`, `A1`, …: the struct names no other types that these could hide.
fn parameters(count: usize) -> Vec<String> {
    let letters = || ('A'..='Z').map(|letter| letter.to_string());
    let numbered = (1..).flat_map(|round: usize| letters().map(move |l| format!("{l}{round}")));
    letters().chain(numbered).take(count).collect()
}
