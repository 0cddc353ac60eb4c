//! Structs: fields, `new`, setters, and the list of JSON names.

use super::plan::{Field, Record};
use super::{field_doc, literal, numbers, required, ty};
use crate::{doc, name, print};

/// Returns the struct and its methods.
pub(crate) fn items(record: &Record<'_>, support: &str) -> String {
    let name = name::ident(&record.name);
    let mut methods = format!("impl {name} {{\n");
    let numbers = record.fields.iter();
    methods.extend(numbers.filter_map(|field| numbers::constant(field, support)));
    methods += &new(record, support);
    methods.extend(record.optional().map(|field| setter(field, support)));
    methods += "}\n";
    let mut parts = vec![structure(record, &name, support), methods];
    if record.required().next().is_none() {
        parts.push(default(&name));
    }
    parts.extend(required::item(record));
    print::paragraphs(parts)
}

/// Returns the call of the macro that implements everything else: JSON names and fields in the
/// order of the schema.
pub(crate) fn engine(record: &Record<'_>, support: &str) -> String {
    let schema = match record.names.as_slice() {
        [] => "SCHEMA".to_owned(),
        names => {
            let names: Vec<String> = names.iter().map(|name| literal::text(name)).collect();
            format!("SCHEMA[{}]", names.join(", "))
        }
    };
    let mut fields = String::new();
    for field in &record.fields {
        let json = literal::text(&field.property.name);
        fields += &format!("    {json}: {},\n", field.ident);
    }
    let open = if fields.is_empty() { "{" } else { "{\n" };
    let name = name::ident(&record.name);
    format!("{support}::__private::record!({name}, {schema} {open}{fields}}});\n")
}

fn structure(record: &Record<'_>, name: &str, support: &str) -> String {
    let mut code = doc::outer(0, std::slice::from_ref(&record.title));
    code += &format!("#[derive(Clone)]\n#[non_exhaustive]\npub struct {name} {{\n");
    for field in &record.fields {
        code += &doc::outer(4, &field_doc::lines(field));
        code += &format!(
            "    pub {}: {},\n",
            field.ident,
            ty::of_field(field, support)
        );
    }
    code + "    /// Members beyond the schema, sent as they are; see [`with_extra`](Self::with_extra).\n"
        + &format!("    pub extra: {support}::schema::Extra,\n}}\n")
}

fn new(record: &Record<'_>, support: &str) -> String {
    let doc = if record.required().next().is_some() {
        "Creates the value from the required properties; the others are left to the service."
    } else {
        "Creates the value with every property left to the service."
    };
    let named = required::argument(record, support);
    let is_named = named.is_some();
    let argument = |field: &Field<'_>| {
        let ty = ty::argument(&field.kind, support);
        format!("{}: {ty}", field.ident)
    };
    let arguments = match named {
        Some(argument) => vec![argument],
        None => record.required().map(argument).collect(),
    };
    let head = print::list(4, "pub fn new(", &arguments, ") -> Self {\n");
    let mut code = doc::outer(4, &[doc.to_owned()]);
    code += &format!("    #[inline]\n    #[must_use]\n    {head}        Self {{\n");
    for field in &record.fields {
        let name = &field.ident;
        let value = match (field.property.required, is_named) {
            (false, _) => "None".to_owned(),
            (true, true) => ty::converted(field, &format!("required.{name}"), support),
            (true, false) => ty::converted(field, name, support),
        };
        // `name: name` would be one word too many.
        code += &if value == *name {
            format!("            {name},\n")
        } else {
            format!("            {name}: {value},\n")
        };
    }
    code + &format!("            extra: {support}::schema::Extra::new(),\n        }}\n    }}\n")
}

fn setter(field: &Field<'_>, support: &str) -> String {
    let name = &field.ident;
    let docs = doc::outer(4, &field_doc::setter_lines(field));
    let argument = format!("{name}: {}", ty::argument(&field.kind, support));
    let (open, arguments) = (format!("pub fn {name}("), ["mut self".to_owned(), argument]);
    let head = print::list(4, &open, &arguments, ") -> Self {");
    let value = ty::converted(field, name, support);
    let deprecated = if field.has_deprecated_setter {
        "    #[deprecated = \"the service may remove the property\"]\n"
    } else {
        ""
    };
    format!(
        "{docs}{deprecated}    #[inline]
    #[must_use]
    {head}
        self.{name} = Some({value});
        self
    }}
"
    )
}

fn default(name: &str) -> String {
    format!(
        "impl Default for {name} {{
    #[inline]
    fn default() -> Self {{
        Self::new()
    }}
}}
"
    )
}
