//! The status of a batch while it changes: `runcomfy batch status --watch`.

use std::time::Duration;

use runcomfy_batch::Store;
use tokio::time::sleep;

use super::super::counts;
use super::super::screen::{Screen, View};
use super::super::store::Location;
use crate::failure::Failure;
use crate::format::Format;
use crate::stop::Stops;

/// Reason for which nothing changes while no process works on the batch.
const UNATTENDED: Option<&str> = Some("no process works on it; `runcomfy batch run` resumes it");

/// Time between two lines where there is no screen.
const LINE: Duration = Duration::from_secs(60);

/// Shows a batch until nothing is left to do by itself.
///
/// # Errors
/// If the store cannot be read, or a signal arrives.
pub(super) async fn watch(
    store: &dyn Store,
    location: &Location,
    format: Format,
) -> Result<(), Failure> {
    let mut stops = Stops::listen();
    let mut screen = Screen::start(location.title(), location.named().to_owned(), format);
    let mut printed = String::new();
    loop {
        let processes = store.processes().await?;
        let is_worked_on = processes.iter().any(|process| process.is_living);
        let view = match &mut screen {
            Some(screen) => {
                screen.pause(UNATTENDED.filter(|_| !is_worked_on));
                screen.draw(store).await?
            }
            None => View::read(store, usize::MAX).await?,
        };
        let line = counts::to_line(&view.counts);
        if screen.is_none() && line != printed {
            printed = line;
            format.print(&view.to_json(), || printed.clone());
        }
        if view.counts.is_done() {
            return Ok(());
        }
        let next = async {
            match &screen {
                Some(screen) => screen.next().await,
                None => sleep(LINE).await,
            }
        };
        tokio::select! {
            biased;
            stop = stops.next() => {
                let failure = Failure::stopped("this watch has ended", None, None);
                let advice = "The batch itself is as it was.";
                return Err(failure.with_advice(advice).with_signal(stop));
            }
            () = next => {}
        }
    }
}
