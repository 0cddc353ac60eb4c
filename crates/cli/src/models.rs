//! The command `runcomfy models`.

use clap::{ArgMatches, Command};
use console::{Alignment, Term, measure_text_width, pad_str};
use runcomfy::ErrorKind;
use runcomfy::catalogue::{Catalogue, CatalogueEntry};
use runcomfy::schema::{Json, ModelSchema};
use serde_json::{Value, json};

use crate::failure::Failure;
use crate::format::Format;
use crate::model::hint;
use crate::session::{self, Session};
use crate::show;
use crate::{flags, price};

/// Runs `models list`, `models get` or `models categories`.
pub(crate) fn models(matches: &ArgMatches, format: Format) -> Result<(), Failure> {
    match matches.subcommand() {
        Some(("list", matches)) if matches.get_flag("built-in") => {
            built_in(matches, format);
            Ok(())
        }
        Some(("list", matches)) => session::query(matches, list(matches, format)),
        Some(("get", matches)) => session::query(matches, get(matches, format)),
        Some(("categories", matches)) => session::query(matches, categories(matches, format)),
        // clap accepts no other command.
        _ => Ok(()),
    }
}

fn count(matches: &ArgMatches, name: &str) -> usize {
    let count = matches.get_one::<u64>(name).copied().unwrap_or_default();
    usize::try_from(count).unwrap_or(usize::MAX)
}

fn built_in(matches: &ArgMatches, format: Format) {
    let search = matches.get_one::<String>("search").map_or("", |text| text);
    let search = search.to_lowercase();
    let all = runcomfy_models::ALL.iter().map(|model| model.id());
    let ids: Vec<&str> = all
        .filter(|id| id.to_lowercase().contains(&search))
        .collect();
    let (offset, limit) = (count(matches, "offset"), count(matches, "limit"));
    let shown: Vec<&str> = ids.iter().copied().skip(offset).take(limit).collect();
    let models: Vec<Value> = shown.iter().map(|id| json!({ "model_id": id })).collect();
    let json = json!({ "models": models, "total": ids.len(), "limit": limit, "offset": offset });
    format.print(&json, || shown.join("\n"));
}

async fn list(matches: &ArgMatches, format: Format) -> Result<(), Failure> {
    let session = Session::service(matches).map_err(|failure| {
        if failure.is_about_token() {
            failure.and_advice("`runcomfy models list --built-in` needs none either.")
        } else {
            failure
        }
    })?;
    let mut catalogue = session.client.catalogue();
    let given = |name| {
        let text = matches.get_one::<String>(name);
        text.filter(|text| !text.trim().is_empty()).cloned()
    };
    if let Some(text) = given("search") {
        catalogue = catalogue.search(text);
    }
    if let Some(name) = given("category") {
        catalogue = catalogue.category(name);
    }
    if let Some(name) = given("kind") {
        catalogue = catalogue.kind(name);
    }
    if matches.get_flag("include-schema") {
        catalogue = catalogue.with_schemas();
    }
    let (offset, limit) = (count(matches, "offset"), count(matches, "limit"));
    let page = catalogue.page(offset, limit).await?;
    let models: Vec<Value> = page.entries.iter().map(|e| json!(e.json())).collect();
    let json = json!({ "models": models, "total": page.total, "limit": limit, "offset": offset });
    if matches.get_flag("include-schema") {
        format.print_json(&json);
        return Ok(());
    }
    if !format.has_words() || !page.entries.is_empty() {
        format.print(&json, || table(&page.entries, terminal_columns()));
    }
    if format.has_words() && !matches.get_flag("quiet") {
        let mut text = range(page.entries.len(), page.total, offset);
        let kind = given("kind").filter(|kind| !KINDS.contains(&kind.as_str()));
        if let Some(kind) = kind.filter(|_| page.entries.is_empty()) {
            text += &format!("; `{kind}` is no kind, they are {}", KINDS.join(", "));
        }
        show::note(&text);
    }
    Ok(())
}

/// Returns the width of the terminal that shows the table.
fn terminal_columns() -> Option<usize> {
    let (_, columns) = Term::stdout().size_checked()?;
    Some(columns.into())
}

/// The kinds of models.
const KINDS: [&str; 3] = ["model", "workflow", "inference"];

/// Returns a table with a line for each model, of at most so many columns of a terminal.
fn table(entries: &[CatalogueEntry], columns: Option<usize>) -> String {
    let head = ["MODEL_ID", "NAME", "CATEGORY", "PRICE"].map(str::to_owned);
    let row = |entry: &CatalogueEntry| {
        let categories: Vec<&str> = entry.categories().collect();
        [
            entry.model_id().to_owned(),
            entry.display_name().unwrap_or("-").to_owned(),
            categories.join(","),
            price::to_text(entry).unwrap_or_else(|| "-".to_owned()),
        ]
    };
    let rows: Vec<[String; COLUMNS]> = std::iter::once(head)
        .chain(entries.iter().map(row))
        .collect();
    let widths = std::array::from_fn(|column| {
        let widths = rows.iter().map(|row| measure_text_width(&row[column]));
        widths.max().unwrap_or_default()
    });
    let widths = match columns {
        Some(columns) => fitted(widths, columns),
        None => widths,
    };
    let line = |row: &[String; COLUMNS]| {
        let cells = row.iter().zip(widths).filter(|(_, width)| *width > 0);
        let cells = cells.map(|(text, width)| pad_str(text, width, Alignment::Left, Some("…")));
        cells.collect::<Vec<_>>().join("  ").trim_end().to_owned()
    };
    rows.iter().map(line).collect::<Vec<_>>().join("\n")
}

/// Columns of the table of models: id, name, categories and price.
const COLUMNS: usize = 4;

/// Returns the widths of columns that fit a line: the name becomes shorter, then the categories, and
/// then they are left out. An id is never cut, since it is copied.
fn fitted(widths: [usize; COLUMNS], line: usize) -> [usize; COLUMNS] {
    /// Narrower columns say nothing.
    const MIN: usize = 8;
    const PRICE: usize = 3;
    let over = |widths: &[usize; COLUMNS]| {
        let shown = widths.iter().filter(|width| **width > 0).count();
        let gaps = 2 * shown.saturating_sub(1);
        (widths.iter().sum::<usize>() + gaps).saturating_sub(line)
    };
    // Without the columns between the id and the first one.
    let from = |first: usize| {
        let mut fitted = widths;
        fitted[1..first].fill(0);
        for column in first..PRICE {
            let spare = fitted[column].saturating_sub(MIN);
            fitted[column] -= over(&fitted).min(spare);
        }
        fitted
    };
    let mut all = (1..PRICE).map(from);
    all.find(|widths| over(widths) == 0)
        .unwrap_or_else(|| from(PRICE))
}

/// Returns the range of models that a page shows.
fn range(count: usize, total: Option<usize>, offset: usize) -> String {
    match (count, total) {
        (0, Some(total @ 1..)) => format!("{total} models in total, none after the first {offset}"),
        (0, _) => "no model matches".to_owned(),
        (count, Some(total)) if count < total => {
            let last = offset + count;
            let more = if last < total {
                " (--offset shows more)"
            } else {
                ""
            };
            format!("Showing {}-{last} of {total}{more}", offset + 1)
        }
        (count, _) => format!("Showing 1-{count} of {count}"),
    }
}

async fn get(matches: &ArgMatches, format: Format) -> Result<(), Failure> {
    let id = matches.get_one::<String>("model_id").map_or("", |id| id);
    if matches.get_flag("built-in") {
        if runcomfy_models::find(id).is_none() {
            let failure = Failure::no_such_model(id, &hint(id));
            return Err(failure.with_message(format!("`{id}` is not built in; {}", hint(id))));
        }
        return show_built_in(id, format).await;
    }
    let entry = match Session::service(matches) {
        Err(_) if runcomfy_models::find(id).is_some() => {
            show_built_in(id, format).await?;
            show::note(
                "the built-in schema; the catalogue was not queried, since the token or the address is missing",
            );
            return Ok(());
        }
        session => session?.client.catalogue().get(id).await,
    };
    let entry = entry.map_err(|error| match error.kind() {
        ErrorKind::NotFound | ErrorKind::UnknownModel => Failure::no_such_model(id, &hint(id)),
        _ => error.into(),
    })?;
    format.print_result(&json!(entry.json()), || described(&entry));
    Ok(())
}

/// Prints a built-in model, for which the service need not be asked: its schema, without a price.
async fn show_built_in(id: &str, format: Format) -> Result<(), Failure> {
    let session = Session::built_in().await?;
    let entry = session.client.catalogue().get(id).await?;
    let mut json = json!({ "model_id": id });
    json["input_schema"] = json!(entry.json().get("input_schema"));
    let schema = runcomfy_models::find(id);
    format.print_result(&json, || {
        let page = schema.map(properties).unwrap_or_default();
        format!("{id}\n\n{page}")
    });
    Ok(())
}

/// Returns the properties of a model as flags.
fn properties(schema: &ModelSchema) -> String {
    let page = Command::new("input")
        .args(flags::args(schema))
        .disable_help_flag(true)
        .help_template("{all-args}")
        .render_long_help()
        .to_string();
    let lines: Vec<&str> = page.lines().map(str::trim_end).collect();
    lines.join("\n")
}

/// Returns the page of a model: names, categories, price and properties.
fn described(entry: &CatalogueEntry) -> String {
    let id = entry.model_id();
    let mut lines = vec![id.to_owned()];
    let names = [entry.display_name(), entry.description()];
    let names = names.into_iter().flatten();
    lines.extend(
        names
            .filter(|name| !name.is_empty() && *name != id)
            .map(str::to_owned),
    );
    let categories: Vec<&str> = entry.categories().collect();
    lines.push(format!("categories: {}", categories.join(", ")));
    lines.extend(price::to_text(entry).map(|price| format!("base price: {price}")));
    lines.push(String::new());
    let json = Json::Object(entry.json().clone());
    match ModelSchema::parse_lenient(Some(id), std::slice::from_ref(&json)).0 {
        Some(schema) => lines.push(properties(&schema)),
        // It is not the schema of an input.
        None => lines.push(format!("{:#}", json["input_schema"])),
    }
    lines.join("\n")
}

async fn categories(matches: &ArgMatches, format: Format) -> Result<(), Failure> {
    let session = Session::service(matches)?;
    let categories = Catalogue::categories(session.client.catalogue()).await?;
    format.print(&json!({ "categories": categories }), || {
        categories.join("\n")
    });
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_fit_the_terminal_and_ids_are_whole() {
        for (widths, line, expected) in [
            ([41, 20, 14, 12], 120, [41, 20, 14, 12]),
            ([41, 20, 14, 12], 86, [41, 13, 14, 12]),
            ([41, 20, 14, 12], 80, [41, 8, 13, 12]),
            ([41, 20, 14, 12], 70, [41, 0, 13, 12]),
            ([41, 20, 14, 12], 60, [41, 0, 0, 12]),
            ([41, 20, 14, 12], 40, [41, 0, 0, 12]),
        ] {
            assert_eq!(fitted(widths, line), expected, "{line}");
        }
    }
}
