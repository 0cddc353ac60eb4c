//! `runcomfy models`.

use clap::ArgMatches;
use serde_json::json;

use crate::failure::Failure;
use crate::show::Format;

// The signature is that of every command.
#[allow(clippy::unnecessary_wraps)]
pub(crate) fn list(_: &ArgMatches, format: Format) -> Result<(), Failure> {
    let ids = || runcomfy_models::ALL.iter().map(|model| &*model.id);
    let models: Vec<_> = ids().map(|id| json!({ "model_id": id })).collect();
    format.print(&json!({ "models": models }), || {
        ids().collect::<Vec<_>>().join("\n")
    });
    Ok(())
}
