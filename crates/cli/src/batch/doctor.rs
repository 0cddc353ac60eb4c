//! The command `runcomfy batch doctor`.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use clap::{Arg, ArgAction, ArgMatches, Command};
#[cfg(feature = "postgres")]
use runcomfy_batch::StoreErrorKind;
use runcomfy_batch::{AttemptState, Attempts, IncarnationId, Process, Store};
use serde_json::{Value, json};

use super::named::{self, Named};
use super::store::Location;
use super::store_argument::of_store;
use crate::failure::Failure;
use crate::format::Format;
use crate::session;

/// Returns the command `batch doctor`.
pub(crate) fn command() -> Command {
    of_store(
        "doctor",
        "Check the store, and show every held job: its owner, since when, and what follows",
    )
    .arg(
        Arg::new("accept-server")
            .long("accept-server")
            .action(ArgAction::SetTrue)
            .help("Claim jobs again on a server of Postgres that was promoted or restored, after a look at the doubts"),
    )
    .arg(
        Arg::new("accept-service")
            .long("accept-service")
            .action(ArgAction::SetTrue)
            .help("Look for jobs at the service of RUNCOMFY_MODEL_API_BASE from now on, since it has moved with them"),
    )
}

/// Opens a store, which checks that it is whole. Returns also what is to be said of a server that is not the
/// one that the batch was created on.
#[cfg(feature = "postgres")]
async fn open(
    matches: &ArgMatches,
    location: &Location,
) -> Result<(Arc<dyn Store>, Option<String>), Failure> {
    let accepts = matches.get_flag("accept-server");
    if location.as_file().is_some() && !accepts {
        return Ok((location.open().await?, None));
    }
    let store = location.open_postgres().await?;
    let server = match store.check_server().await {
        Ok(()) => None,
        Err(error) if error.kind() != StoreErrorKind::ServerChanged => return Err(error.into()),
        Err(_) if accepts => {
            store.accept_server().await?;
            Some("the server is accepted as it is; jobs are claimed again".to_owned())
        }
        Err(error) => Some(format!(
            "{error}. `runcomfy batch doctor {} --accept-server` accepts it",
            location.named()
        )),
    };
    Ok((Arc::new(store), server))
}

#[cfg(not(feature = "postgres"))]
async fn open(
    _: &ArgMatches,
    location: &Location,
) -> Result<(Arc<dyn Store>, Option<String>), Failure> {
    Ok((location.open().await?, None))
}

/// Has the store take the service of the environment in place of the one before, and returns what is to be said
/// of it.
async fn accept_service(
    matches: &ArgMatches,
    store: &dyn Store,
) -> Result<Option<String>, Failure> {
    if !matches.get_flag("accept-service") {
        return Ok(None);
    }
    let address = session::base_url()?;
    store.accept_service(address.clone()).await?;
    Ok(Some(format!(
        "jobs are looked for at {address} from now on"
    )))
}

/// Prints the state of the store, the processes that work on it, and every job that is held or in doubt.
pub(crate) async fn doctor(matches: &ArgMatches, format: Format) -> Result<(), Failure> {
    let location = Location::from_matches(matches)?;
    let (store, server) = open(matches, &location).await?;
    let accepted = accept_service(matches, &*store).await?;
    let mut processes = store.processes().await?;
    let held = store.attempts(Attempts::Held).await?;
    let held = Named::read_all(&*store, held).await?;
    let owners = held.iter().filter_map(|named| named.attempt.owner);
    let owners: BTreeSet<IncarnationId> = owners.collect();
    processes.retain(|process| process.is_living || owners.contains(&process.id));
    let doubts = Named::doubts(&*store, usize::MAX).await?;
    let strays = store.counts().await?.strays;
    let spill = location.spill();
    let spill = spill.exists().then_some(spill);
    let by_id: BTreeMap<IncarnationId, &Process> = processes
        .iter()
        .map(|process| (process.id, process))
        .collect();
    let held = held.iter().map(|named| Held::new(named, &by_id));
    let held: Vec<Held<'_>> = held.collect();
    let json = json!({
        "store": location.to_string(),
        "is_whole": true,
        "server": server,
        "service": store.service().await?,
        "processes": processes.iter().map(process_json).collect::<Vec<_>>(),
        "held": held.iter().map(Held::to_json).collect::<Vec<_>>(),
        "doubts": doubts.iter().map(Named::doubt_json).collect::<Vec<_>>(),
        "strays": strays,
        "unstored_ids": spill.as_ref().map(|path| path.display().to_string()),
    });
    format.print(&json, || {
        let mut lines = vec![format!("{location} is whole")];
        lines.extend(server.clone());
        lines.extend(accepted.clone());
        let living = processes.iter().filter(|process| process.is_living);
        let living: Vec<String> = living
            .map(|process| format!("{} works on it since {}", process.name, process.started_at))
            .collect();
        if living.is_empty() {
            lines.push("no process works on it".to_owned());
        }
        lines.extend(living);
        lines.push(format!("{} held", held.len()));
        lines.extend(held.iter().map(|held| format!("  {}", held.to_text())));
        lines.push(format!("{} in doubt", doubts.len()));
        lines.extend(doubts.iter().map(|doubt| format!("  {}", doubt.doubt_text())));
        if !doubts.is_empty() {
            lines.push(named::decide(location.named()));
        }
        if strays > 0 {
            lines.push(format!(
                "{strays} request ids belong to no attempt: these jobs may be paid twice; ask the service about them"
            ));
        }
        lines.extend(spill.map(|path| {
            format!(
                "{} has request ids that the store has not; run the batch again, which stores them",
                path.display()
            )
        }));
        lines.join("\n")
    });
    Ok(())
}

/// A held attempt and its owner.
struct Held<'a> {
    named: &'a Named,
    owner: Option<&'a Process>,
}

impl<'a> Held<'a> {
    fn new(named: &'a Named, processes: &BTreeMap<IncarnationId, &'a Process>) -> Self {
        let owner = named.attempt.owner;
        let owner = owner.and_then(|owner| processes.get(&owner).copied());
        Self { named, owner }
    }

    fn is_owned(&self) -> bool {
        self.owner.is_some_and(|owner| owner.is_living)
    }

    /// Returns what happens next.
    fn next(&self) -> &'static str {
        match (self.named.attempt.state, self.is_owned()) {
            (AttemptState::Intent, true) => "its submit is in flight",
            (AttemptState::Intent, false) => {
                "its process has ended during the submit; the next run puts it in doubt"
            }
            (_, true) => "it is waited for",
            (_, false) => "it runs at the service; the next run waits for it",
        }
    }

    fn to_text(&self) -> String {
        let attempt = &self.named.attempt;
        let since = attempt.submitted_at.unwrap_or(attempt.claimed_at);
        let id = attempt.request_id.as_ref();
        let id = id.map(|id| format!(" as {id}")).unwrap_or_default();
        let owner = self.owner.map_or("nobody", |owner| &*owner.name);
        format!(
            "{} ({}) {}{id} since {since} by {owner}: {}",
            attempt.key,
            self.named.job(),
            attempt.state,
            self.next()
        )
    }

    fn to_json(&self) -> Value {
        let attempt = &self.named.attempt;
        json!({
            "key": attempt.key,
            "n": attempt.n,
            "id": self.named.id,
            "state": attempt.state,
            "request_id": attempt.request_id.as_ref().map(ToString::to_string),
            "since": attempt.submitted_at.unwrap_or(attempt.claimed_at),
            "owner": self.owner.map(|owner| &owner.name),
            "is_owned": self.is_owned(),
            "next": self.next(),
        })
    }
}

fn process_json(process: &Process) -> Value {
    json!({
        "name": process.name,
        "since": process.started_at,
        "is_living": process.is_living,
    })
}
