//! The command `runcomfy batch status`.

mod watch;

use clap::ArgMatches;

use super::counts;
use super::screen::View;
use super::store::Location;
use crate::failure::Failure;
use crate::format::Format;

/// Prints jobs by state, the money, the oldest held job and the doubts; with `--watch` until nothing is
/// left to do.
///
/// # Errors
/// If the store cannot be read, or a signal ends the watch.
pub(crate) async fn status(matches: &ArgMatches, format: Format) -> Result<(), Failure> {
    let location = Location::from_matches(matches)?;
    let store = location.open().await?;
    if matches.get_flag("watch") {
        return watch::watch(&*store, &location, format).await;
    }
    let view = View::read(&*store, usize::MAX).await?;
    format.print(&view.to_json(), || {
        let names = view.words(location.named());
        let counts = counts::to_text(&view.counts);
        if names.is_empty() {
            counts
        } else {
            format!("{counts}\n\n{}", names.join("\n"))
        }
    });
    Ok(())
}
