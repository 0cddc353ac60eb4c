//! `runcomfy models`

use clap::ArgMatches;
use runcomfy::{Catalogue, CatalogueEntry};
use serde_json::{Value, json};

use crate::failure::Failure;
use crate::price;
use crate::session::{self, Session};
use crate::show::Format;

pub(crate) fn models(matches: &ArgMatches, format: Format) -> Result<(), Failure> {
    match matches.subcommand() {
        Some(("list", matches)) if matches.get_flag("built-in") => {
            built_in(matches, format);
            Ok(())
        }
        Some(("list", matches)) => session::block_on(list(matches, format)),
        Some(("get", matches)) => session::block_on(get(matches, format)),
        Some(("categories", _)) => session::block_on(categories(format)),
        // clap has made sure that there is one of these.
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
    let all = runcomfy_models::ALL.iter().map(|model| &*model.id);
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
    let session = Session::service().map_err(|failure| {
        failure.advised("Those that are built in need no token: runcomfy models list --built-in")
    })?;
    let mut catalogue = session.client.catalogue();
    let given = |name| matches.get_one::<String>(name).cloned();
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
    format.print(&json, || table(&page.entries, page.total, offset));
    Ok(())
}

/// A line for each model: its id, its categories, its price.
fn table(entries: &[CatalogueEntry], total: Option<usize>, offset: usize) -> String {
    let row = |entry: &CatalogueEntry| {
        let categories: Vec<&str> = entry.categories().collect();
        [
            entry.model_id().to_owned(),
            categories.join(", "),
            price::of(entry).unwrap_or_default(),
        ]
    };
    let rows: Vec<[String; 3]> = entries.iter().map(row).collect();
    let width = |column: usize| {
        let widths = rows.iter().map(|row| row[column].chars().count());
        widths.max().unwrap_or_default()
    };
    let (first, second) = (width(0), width(1));
    let line = |[id, categories, price]: &[String; 3]| {
        let line = format!("{id:first$}  {categories:second$}  {price}");
        line.trim_end().to_owned()
    };
    let mut lines: Vec<String> = rows.iter().map(line).collect();
    lines.push(match (entries.len(), total) {
        (0, _) => "no model fits".to_owned(),
        (count, Some(total)) if count < total => {
            format!(
                "{} to {} of {total}; --offset shows more",
                offset + 1,
                offset + count
            )
        }
        (count, _) => format!("{count} in all"),
    });
    lines.join("\n")
}

async fn get(matches: &ArgMatches, format: Format) -> Result<(), Failure> {
    let id = matches.get_one::<String>("model_id").map_or("", |id| id);
    let session = Session::service()?;
    let entry = session.client.catalogue().get(id).await?;
    format.print(&json!(entry.json()), || described(&entry));
    Ok(())
}

/// What it is and costs; then its schemas, as they are.
fn described(entry: &CatalogueEntry) -> String {
    let mut lines = vec![entry.model_id().to_owned()];
    lines.extend(entry.display_name().map(|name| format!("  {name}")));
    lines.extend(
        entry
            .description()
            .filter(|text| !text.is_empty())
            .map(|text| format!("  {text}")),
    );
    let categories: Vec<&str> = entry.categories().collect();
    lines.push(format!("  categories: {}", categories.join(", ")));
    lines.extend(price::of(entry).map(|price| format!("  price: {price}")));
    for key in ["input_schema", "output_schema"] {
        if let Some(schema) = entry.json().get(key) {
            lines.push(format!("{key}: {schema:#}"));
        }
    }
    lines.push(format!(
        "What it takes, as flags: runcomfy run {} --help",
        entry.model_id()
    ));
    lines.join("\n")
}

async fn categories(format: Format) -> Result<(), Failure> {
    let session = Session::service()?;
    let categories = Catalogue::categories(session.client.catalogue()).await?;
    format.print(&json!({ "categories": categories }), || {
        categories.join("\n")
    });
    Ok(())
}
