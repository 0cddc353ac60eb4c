//! The command `runcomfy balance`.

use clap::ArgMatches;
use runcomfy::ErrorKind;
use serde_json::Value;

use crate::failure::Failure;
use crate::format::Format;
use crate::session::Session;

/// Prints the balance of the account.
pub(crate) async fn balance(matches: &ArgMatches, format: Format) -> Result<(), Failure> {
    let balance = Session::service(matches)?.client.balance().await;
    let balance = balance.map_err(|error| match error.kind() {
        ErrorKind::NotFound => Failure::from(error)
            .with_advice("Check the address; RUNCOMFY_SERVERLESS_API_BASE sets it."),
        _ => error.into(),
    })?;
    let json = Value::Object(balance.json().clone());
    let currency = json["currency"].as_str().unwrap_or("USD");
    format.print(&json, || {
        format!("balance: ${:.2} {currency}", balance.usd())
    });
    Ok(())
}
