//! Cargo features by which a program compiles three models of four hundred.

use std::path::Path;

use proc_macro2::TokenStream;
use quote::quote;

use crate::Error;

/// Feature that compiles every model; on by default.
const ALL: &str = "all";

/// Between these two lines of a manifest the features belong to the generator.
const BEGIN: &str =
    "# @generated features, made from the schemas by runcomfy-codegen; do not edit.";
const END: &str = "# @end of the generated features";

/// Returns the feature for everything of a vendor, by the vendor's module.
pub(crate) fn vendor(module: &str) -> String {
    let name = module.replace('_', "-");
    // Features that every manifest has for other purposes.
    match name.as_str() {
        ALL | "default" | "clap" | "schemars" => name + "-models",
        _ => name,
    }
}

/// Returns the feature for one family of models: the vendor and the id's second segment. Where it has the
/// name of another vendor, either compiles both, which is more than was asked for and harmless.
pub(crate) fn family(vendor: &str, family: &str) -> String {
    format!("{}-{}", vendor.replace('_', "-"), family.replace('_', "-"))
        .trim_end_matches('-')
        .to_owned()
}

/// Returns the attribute that compiles an item only with all models or with one of these features.
pub(crate) fn gate(features: impl IntoIterator<Item = String>) -> TokenStream {
    let features = features.into_iter();
    quote!(#[cfg(any(feature = #ALL, #(feature = #features),*))])
}

/// Returns the name by which programs import the package of a manifest.
pub(crate) fn package(manifest: &str) -> Option<String> {
    let mut lines = manifest.lines().map(str::trim);
    lines.find(|line| *line == "[package]")?;
    let section = lines.take_while(|line| !line.starts_with('['));
    let mut members = section.filter_map(|line| line.split_once('='));
    let (_, name) = members.find(|(key, _)| key.trim() == "name")?;
    let name = name.trim().trim_matches('"').replace('-', "_");
    let is_name = name.chars().all(|c| c.is_alphanumeric() || c == '_');
    (is_name && !name.is_empty()).then_some(name)
}

/// Returns the manifest with the section between its two marks replaced.
pub(crate) fn manifest(path: &Path, old: &str, features: &[String]) -> Result<String, Error> {
    let lines: Vec<&str> = old.lines().collect();
    let begin = lines.iter().position(|line| line.trim() == BEGIN);
    let end = lines.iter().position(|line| line.trim() == END);
    let (Some(begin), Some(end)) = (begin, end) else {
        return Err(Error::unmarked(path, BEGIN, END));
    };
    let mut new: Vec<String> = lines[..=begin].iter().map(ToString::to_string).collect();
    new.push(format!("default = [\"{ALL}\"]"));
    new.push(format!("{ALL} = []"));
    new.extend(
        features
            .iter()
            .map(|feature| format!("{} = []", key(feature))),
    );
    new.extend(lines[end.max(begin + 1)..].iter().map(ToString::to_string));
    let line_end = if old.contains("\r\n") { "\r\n" } else { "\n" };
    Ok(new.join(line_end) + line_end)
}

/// Returns a TOML key, bare where it can be.
fn key(feature: &str) -> String {
    let bare = feature
        .bytes()
        .all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_');
    if bare {
        feature.to_owned()
    } else {
        format!("\"{feature}\"")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_marked_section_changes() {
        let old = format!("[features]\nmine = []\n{BEGIN}\nold = []\n{END}\n\n[lints]\n");
        let features = [
            vendor("acme"),
            family("acme", "stamp_2"),
            vendor("all"),
            vendor("日本語"),
        ];
        let new = manifest(Path::new("Cargo.toml"), &old, &features).unwrap();
        assert_eq!(
            new,
            format!(
                "[features]\nmine = []\n{BEGIN}\ndefault = [\"all\"]\nall = []\nacme = []\nacme-stamp-2 = []\nall-models = []\n\"日本語\" = []\n{END}\n\n[lints]\n"
            )
        );
        assert_eq!(
            manifest(Path::new("Cargo.toml"), &new, &features).unwrap(),
            new
        );
        let error = manifest(Path::new("Cargo.toml"), "[features]\n", &features).unwrap_err();
        assert!(error.to_string().contains(BEGIN), "{error}");
    }
}
