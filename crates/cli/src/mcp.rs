//! The command `runcomfy mcp`: tools for agents.

pub(crate) mod command;
mod data_folder;
mod local_media;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;

use clap::ArgMatches;
use runcomfy_batch::{Money, Store};
use runcomfy_mcp::{ServeError, ServeErrorKind, Server};

use crate::batch::service;
use crate::batch::store::Location;
use crate::failure::Failure;
use crate::format::Format;
use crate::model;
use crate::progress::Notes;
use crate::session::{self, Session};
use crate::show;
use crate::stop::Stops;
use command::Budget;

/// Advice where there is no token: a program for agents has started the command, mostly without the variables of a
/// terminal.
const NO_TOKEN: &str = "Run `runcomfy login` in a terminal, or set RUNCOMFY_TOKEN in the `env` of this server in the configuration of the program that starts it, as docs/agents.md shows. `runcomfy mcp --emulate` needs no token and costs nothing.";

/// Serves the tools until the client closes the connection, or a signal stops it.
///
/// # Errors
/// If there is no token, the store cannot be written, or the client does not speak the protocol.
pub(crate) async fn mcp(matches: &ArgMatches, _: Format) -> Result<(), Failure> {
    let emulate = matches.get_flag("emulate");
    let location = location(matches, emulate)?;
    if location.as_file().is_none() {
        return Err(Failure::usage(
            "the store of agents is a file, since one process submits their jobs",
        ));
    }
    let session = if emulate {
        Session::emulated(None, Notes::new(true), session::SUBMIT).await?
    } else {
        let session = Session::connect(Notes::new(true), session::SUBMIT);
        session.map_err(|failure| {
            if failure.is_about_token() {
                failure.with_advice(NO_TOKEN)
            } else {
                failure
            }
        })?
    };
    let store = location.create(emulate)?;
    if !emulate {
        service::check(&*store, &location, session.client.base_url()).await?;
    }
    set_budget(&*store, matches).await?;
    let server = server(matches, &location, store, &session);
    let outcome = match matches.get_one::<SocketAddr>("http") {
        Some(address) => until_stopped(serve_http(&server, *address)).await,
        None => Box::pin(until_stopped(serve_stdio(&server))).await,
    };
    server.close().await;
    outcome
}

/// Serves until the end of the connection or a signal.
async fn until_stopped(serving: impl Future<Output = Result<(), Failure>>) -> Result<(), Failure> {
    let mut stops = Stops::listen();
    tokio::select! {
        biased;
        stop = stops.next() => {
            let failure = Failure::stopped("no more jobs are submitted", None, None);
            Err(failure.with_advice(RESUMES).with_signal(stop))
        }
        outcome = serving => outcome,
    }
}

async fn serve_stdio(server: &Server) -> Result<(), Failure> {
    server.serve_stdio().await.map_err(|error| failure(&error))
}

/// Variable with the token of clients over HTTP.
const TOKEN: &str = "RUNCOMFY_MCP_TOKEN";

async fn serve_http(server: &Server, address: SocketAddr) -> Result<(), Failure> {
    let token = std::env::var(TOKEN).unwrap_or_default();
    if token.is_empty() {
        return Err(Failure::configuration(format!("{TOKEN} is not set")).with_advice(SECRET));
    }
    let listening = server.listen(address, &token).await;
    let listening = listening.map_err(|error| failure(&error))?;
    show::note(&format!("listening on {}", listening.url()));
    listening.serve().await.map_err(|error| failure(&error))
}

/// Advice on the token of clients over HTTP.
const SECRET: &str = "Set it to a secret of at least 16 characters, and give it to the clients: whoever has it can spend money.";

fn failure(error: &ServeError) -> Failure {
    let message = error.to_string();
    match error.kind() {
        ServeErrorKind::Protocol => Failure::input(message).with_advice(
            "Jobs are not affected. Programs for agents start this command; docs/agents.md has their configuration.",
        ),
        ServeErrorKind::UnknownModel => Failure::no_such_model("", "")
            .with_message(message)
            .with_advice(model::PATTERNS),
        ServeErrorKind::Address => Failure::configuration(message)
            .with_advice("Choose another address with --http; port 0 is a free one."),
        ServeErrorKind::Token => {
            Failure::configuration(format!("{TOKEN}: {message}")).with_advice(SECRET)
        }
        _ => Failure::internal(message),
    }
}

const RESUMES: &str =
    "Jobs that run keep running at the service; the next start waits for them and saves them.";

fn server(
    matches: &ArgMatches,
    location: &Location,
    store: Arc<dyn Store>,
    session: &Session,
) -> Server {
    let text = |name| matches.get_one::<String>(name);
    let folder = text("out").map_or_else(|| location.folder(), PathBuf::from);
    let models = runcomfy_models::ALL.iter().map(|model| (***model).clone());
    let mut builder = Server::builder(session.client.clone(), store, folder)
        .models(models)
        .spill(location.spill())
        .ask(!matches.get_flag("yes"))
        .store_arguments(absolute(location).named())
        .attach(local_media::attach);
    for pattern in matches.get_many::<String>("model").into_iter().flatten() {
        builder = builder.typed(pattern);
    }
    if matches.get_flag("emulate") {
        builder = builder.emulated();
    }
    if let Some(price) = matches.get_one::<Money>("price-per-job") {
        builder = builder.price_per_job(*price);
    }
    if let Some(jobs) = matches.get_one::<u64>("concurrency") {
        builder = builder.concurrency(usize::try_from(*jobs).unwrap_or(usize::MAX));
    }
    builder.build()
}

/// Returns the location by its whole path: who reads it is in another folder.
fn absolute(location: &Location) -> Location {
    let path = location.as_file().map(std::path::absolute);
    match path {
        Some(Ok(path)) => Location::of_path(path),
        _ => location.clone(),
    }
}

/// Returns the store of `--store`, or the default one, whose folder is created.
fn location(matches: &ArgMatches, emulate: bool) -> Result<Location, Failure> {
    if matches.contains_id("store") {
        return Location::from_matches(matches);
    }
    let folder = data_folder::find().ok_or_else(|| {
        Failure::configuration("the folder for a user's data is unknown, since HOME is not set")
            .with_advice("Name the store with --store FILE.")
    })?;
    std::fs::create_dir_all(&folder).map_err(|error| {
        Failure::unwritable(format!("could not create `{}`: {error}", folder.display()))
            .with_advice("Name the store with --store FILE.")
    })?;
    let name = if emulate {
        "agents.emulated.batch.db"
    } else {
        "agents.batch.db"
    };
    Ok(Location::of_path(folder.join(name)))
}

/// Gives the store the budget of the command line; without one it keeps its own.
async fn set_budget(store: &dyn Store, matches: &ArgMatches) -> Result<(), Failure> {
    let mut limits = store.limits().await?;
    if let Some(Budget(budget)) = matches.get_one::<Budget>("budget").copied() {
        limits.budget = budget;
        store.set_limits(limits).await?;
    }
    // An emulator charges nothing.
    let is_free = matches.get_flag("emulate");
    if limits.budget.is_none() && !is_free && !matches.get_flag("quiet") {
        show::note(
            "no budget is set: agents may spend what is agreed to for each job; --budget USD limits the sum",
        );
    }
    Ok(())
}
