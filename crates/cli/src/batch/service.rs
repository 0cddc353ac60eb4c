//! The service of a batch: jobs that were submitted are known there alone.

use runcomfy_batch::{Store, StoreError, StoreErrorKind};

use super::store::Location;
use super::work_options::WorkOptions;
use crate::failure::Failure;
use crate::session;

/// Refuses a batch whose jobs run at another service than that of this command.
///
/// # Errors
/// If there are such jobs, or the store cannot be read.
pub(super) async fn refuse_other(options: &WorkOptions, store: &dyn Store) -> Result<(), Failure> {
    if options.emulate {
        return Ok(());
    }
    match session::base_url() {
        Ok(address) => check(store, &options.location, &address).await,
        // Whoever connects says what is wrong with it.
        Err(_) => Ok(()),
    }
}

/// Checks that the jobs of a batch run at this address of a service.
///
/// # Errors
/// If some run at another one, or the store cannot be read.
pub(crate) async fn check(
    store: &dyn Store,
    location: &Location,
    address: &str,
) -> Result<(), Failure> {
    let checked = store.check_service(address.to_owned()).await;
    checked.map_err(|error| failure(error, location))
}

fn failure(error: StoreError, location: &Location) -> Failure {
    let is_other = error.kind() == StoreErrorKind::OtherService;
    let failure = Failure::from(error);
    if !is_other {
        return failure;
    }
    failure.with_advice(format!(
        "Set RUNCOMFY_MODEL_API_BASE to the address from before, or remove it where that is the default, and run the command again. Jobs of another service belong in another store: --store FILE. If the service has moved with its jobs, `runcomfy batch doctor {} --accept-service` says so.",
        location.named()
    ))
}
