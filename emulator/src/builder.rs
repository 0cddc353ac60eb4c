//! How an emulator is set up.

use std::collections::HashMap;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use runcomfy_dialect::ModelSchema;
use serde_json::Value;
use tokio::net::TcpListener;

use crate::service::Settings;
use crate::{Emulator, schemas};

/// US dollars for a job unless the builder says otherwise; some small sum that is not zero.
const PRICE: f64 = 0.04;

/// Sets up an [`Emulator`]. Without any setting it knows no model, takes any token, runs one job
/// at a time, and each job is done at once.
#[derive(Clone, Debug)]
#[must_use]
pub struct Builder {
    address: SocketAddr,
    settings: Settings,
}

impl Builder {
    pub(crate) fn new() -> Self {
        Self {
            address: (Ipv4Addr::LOCALHOST, 0).into(),
            settings: Settings {
                models: HashMap::new(),
                tokens: Vec::new(),
                slots: 1,
                queue_time: Duration::ZERO,
                run_time: Duration::ZERO,
                price: PRICE,
                fail_when: Vec::new(),
                epoch: None,
                seed: None,
            },
        }
    }

    /// Adds models. One whose id is there already takes its place.
    pub fn models(mut self, models: impl IntoIterator<Item = ModelSchema>) -> Self {
        let by_id = models
            .into_iter()
            .map(|model| (model.id.to_string(), model));
        self.settings.models.extend(by_id);
        self
    }

    /// Adds every model of `runcomfy-models`.
    pub fn built_in_models(self) -> Self {
        self.models(runcomfy_models::ALL.iter().map(|model| (*model).clone()))
    }

    /// Adds the models whose schema files lie below `folder`; the path below it is the model's id.
    ///
    /// # Errors
    /// When the folder or a file in it cannot be read, or a file is no schema; the text names the
    /// file, what is wrong and what to write instead.
    pub fn schemas(self, folder: impl AsRef<Path>) -> io::Result<Self> {
        Ok(self.models(schemas::read(folder.as_ref())?))
    }

    /// Listens on this port of `127.0.0.1`; without it, on one that is free.
    pub fn port(mut self, port: u16) -> Self {
        self.address.set_port(port);
        self
    }

    /// Listens on this address. One that other machines reach lets them in, too.
    pub fn address(mut self, address: SocketAddr) -> Self {
        self.address = address;
        self
    }

    /// Takes this token; may be called again for others. Without it, any token is taken. Each
    /// token is an account of its own, which sees its own jobs only.
    pub fn token(mut self, token: impl Into<String>) -> Self {
        self.settings.tokens.push(token.into());
        self
    }

    /// Runs so many jobs at once; with 0, all stay in the queue for ever. Default: 1.
    pub fn slots(mut self, slots: usize) -> Self {
        self.settings.slots = slots;
        self
    }

    /// Keeps each job in the queue at least so long, also when a slot is free. Default: 0.
    pub fn queue_time(mut self, time: Duration) -> Self {
        self.settings.queue_time = time;
        self
    }

    /// Lets each job run so long; with [`Duration::MAX`], for ever. Default: 0.
    pub fn run_time(mut self, time: Duration) -> Self {
        self.settings.run_time = time;
        self
    }

    /// The `cost` of each job that succeeds, in US dollars. Default: 0.04.
    pub fn price(mut self, usd: f64) -> Self {
        self.settings.price = usd;
        self
    }

    /// Lets those jobs fail for which `failure`, asked with model id and input, gives the `error`
    /// to show; may be called again. It is asked when the job is accepted, and the job takes as
    /// long as any other.
    ///
    /// ```
    /// # use runcomfy_emulator::Emulator;
    /// use serde_json::json;
    ///
    /// let builder = Emulator::builder()
    ///     .fail_when(|model, _| model.ends_with("/edit").then(|| json!("out of paint")));
    /// # let _ = builder;
    /// ```
    pub fn fail_when(
        mut self,
        failure: impl Fn(&str, &Value) -> Option<Value> + Send + Sync + 'static,
    ) -> Self {
        self.settings.fail_when.push(Arc::new(failure));
        self
    }

    /// The date of the emulator's start, for the same dates in every run. Default: now.
    pub fn epoch(mut self, date: SystemTime) -> Self {
        self.settings.epoch = Some(date);
        self
    }

    /// Gives the same request ids in every run. Default: others in each.
    pub fn seed(mut self, seed: u64) -> Self {
        self.settings.seed = Some(seed);
        self
    }

    /// Starts the server as a task of the tokio runtime that this runs in.
    ///
    /// # Errors
    /// When the address cannot be listened on: mostly since another process has the port. Choose
    /// another, or leave the choice to the system.
    pub async fn start(self) -> io::Result<Emulator> {
        let listener = TcpListener::bind(self.address).await?;
        Emulator::serve(listener, self.settings)
    }
}
