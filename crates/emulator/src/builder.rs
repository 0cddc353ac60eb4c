//! How an emulator is set up.

use std::collections::HashMap;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use crate::account::{Micros, micros};
use crate::service::Settings;
use crate::{Emulator, Fault, fault_file, schemas};
use runcomfy_schema::ModelSchema;
use serde_json::Value;

/// The price of a job unless the builder says otherwise; some small sum that is not zero.
const PRICE: Micros = 40_000;

/// A million dollars: more than any test spends that has not asked for its end.
const BALANCE: Micros = 1_000_000_000_000;

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
                run_time_when: Vec::new(),
                price: PRICE,
                balance: BALANCE,
                expiry: Duration::MAX,
                fail_when: Vec::new(),
                faults: Vec::new(),
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
        self.models(runcomfy_models::ALL.iter().map(|model| (***model).clone()))
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

    /// Lets each job of this model run so long, whatever [`run_time`](Self::run_time) says.
    pub fn run_time_of(self, model_id: impl Into<String>, time: Duration) -> Self {
        let own = model_id.into();
        self.run_time_when(move |id, _| (id == own).then_some(time))
    }

    /// Lets those jobs run so long for which `time`, asked with model id and input, gives a time;
    /// [`Duration::MAX`] is for ever. May be called again, also after
    /// [`run_time_of`](Self::run_time_of): the first that gives a time is right.
    ///
    /// ```
    /// # use runcomfy_emulator::Emulator;
    /// use std::time::Duration;
    ///
    /// let builder = Emulator::builder().run_time_when(|_, input| {
    ///     Some(Duration::from_secs(input["duration"].as_u64()?))
    /// });
    /// # let _ = builder;
    /// ```
    pub fn run_time_when(
        mut self,
        time: impl Fn(&str, &Value) -> Option<Duration> + Send + Sync + 'static,
    ) -> Self {
        self.settings.run_time_when.push(Arc::new(time));
        self
    }

    /// Forgets each job, with its files, so long after it ended. Default: never.
    pub fn expire_after(mut self, time: Duration) -> Self {
        self.settings.expiry = time;
        self
    }

    /// The `cost` of each job that succeeds, in US dollars, to the millionth. Default: 0.04.
    pub fn price(mut self, usd: f64) -> Self {
        self.settings.price = micros(usd);
        self
    }

    /// What each token's account starts with, in US dollars, to the millionth. Each job that
    /// succeeds is paid from it when it ends. A submit is refused with 400002 where the balance
    /// does not suffice for it and all jobs under way. Default: a million.
    pub fn balance(mut self, usd: f64) -> Self {
        self.settings.balance = micros(usd);
        self
    }

    /// Adds a fault, which counts from the start; [`Emulator::add_fault`] adds one later.
    pub fn fault(mut self, fault: Fault) -> Self {
        self.settings.faults.push(fault);
        self
    }

    /// Adds the faults of a file, as the command's `--faults` does; its form is described
    /// [here](crate#a-file-of-faults).
    ///
    /// # Errors
    /// When the file cannot be read or is no list of faults; the text names the file, the place in
    /// it, what was found and what is expected there.
    pub fn fault_file(mut self, file: impl AsRef<Path>) -> io::Result<Self> {
        self.settings
            .faults
            .extend(fault_file::read(file.as_ref())?);
        Ok(self)
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

    /// Gives the same request ids in every run; nothing else is drawn. Default: others in each.
    pub fn seed(mut self, seed: u64) -> Self {
        self.settings.seed = Some(seed);
        self
    }

    /// Starts the server as a task of the tokio runtime that this runs in.
    ///
    /// # Errors
    /// When the address cannot be listened on: mostly since another process has the port. Choose
    /// another, or leave the choice to the system.
    #[expect(
        clippy::unused_async,
        reason = "it needs a runtime, and whoever awaits has one"
    )]
    pub async fn start(self) -> io::Result<Emulator> {
        Emulator::serve(self.address, self.settings)
    }
}
