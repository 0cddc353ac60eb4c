//! Settings of an emulator before it starts.

use std::collections::HashMap;
use std::io::{self, Write};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use crate::access_log::AccessLog;
use crate::account::{Micros, micros};
use crate::service::Settings;
use crate::{Emulator, Fault, fault_file, schemas};
use runcomfy::Model;
use runcomfy_schema::ModelSchema;
use serde_json::Value;

/// Default price of a job: a small sum that is not zero.
const DEFAULT_PRICE: Micros = 40_000;

/// Default balance of an account, a million dollars: more than a test spends by accident.
const DEFAULT_BALANCE: Micros = 1_000_000_000_000;

/// Configures and starts an [`Emulator`].
///
/// Without any setting the emulator knows no model, accepts any token, runs one job at a time, and
/// each job succeeds at once.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> std::io::Result<()> {
/// use std::time::Duration;
///
/// use runcomfy_emulator::Emulator;
///
/// let emulator = Emulator::builder()
///     .built_in_models()
///     .run_time(Duration::from_secs(30))
///     .slots(4)
///     .start()
///     .await?;
/// assert!(emulator.base_url().starts_with("http://127.0.0.1:"));
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
#[must_use]
pub struct Builder {
    address: SocketAddr,
    settings: Settings,
    warnings: Vec<String>,
}

impl Emulator {
    /// Returns a builder; [`Builder::start`] starts the emulator.
    pub fn builder() -> Builder {
        Builder::new()
    }
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
                price: DEFAULT_PRICE,
                balance: DEFAULT_BALANCE,
                expire_after: Duration::MAX,
                fail_when: Vec::new(),
                faults: Vec::new(),
                epoch: None,
                seed: None,
                origins: Vec::new(),
                access_log: None,
            },
            warnings: Vec::new(),
        }
    }

    /// Adds models; a model replaces an earlier one of the same id. Default: no model.
    pub fn models(mut self, models: impl IntoIterator<Item = ModelSchema>) -> Self {
        let by_id = models
            .into_iter()
            .map(|model| (model.id.to_string(), model));
        self.settings.models.extend(by_id);
        self
    }

    /// Adds the model of a generated input type.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> std::io::Result<()> {
    /// use runcomfy_emulator::Emulator;
    /// use runcomfy_models::bytedance::dreamina_4_0::edit::Input;
    ///
    /// let emulator = Emulator::builder().model::<Input>().start().await?;
    /// # let _ = emulator;
    /// # Ok(())
    /// # }
    /// ```
    pub fn model<M: Model>(self) -> Self {
        self.models([M::model().clone()])
    }

    /// Adds every model of the crate `runcomfy-models`.
    pub fn built_in_models(self) -> Self {
        self.models(runcomfy_models::ALL.iter().map(|model| (***model).clone()))
    }

    /// Adds the models of every schema file (`.json`) below `folder`. The path of a file below the
    /// folder, without `.json`, is the model's id.
    ///
    /// A keyword that cannot be read is left out, and the rest of the schema is checked; see
    /// [`warnings`](Self::warnings).
    ///
    /// # Errors
    /// - The folder or a file cannot be read: the kind is the system's, and the message names the
    ///   path.
    /// - [`InvalidData`](io::ErrorKind::InvalidData): a file is not a schema. The message names the
    ///   file, what is wrong and what to write instead.
    pub fn schemas(mut self, folder: impl AsRef<Path>) -> io::Result<Self> {
        let (models, warnings) = schemas::read(folder.as_ref())?;
        self.warnings.extend(warnings);
        Ok(self.models(models))
    }

    /// Returns a line for each part of the [`schemas`](Self::schemas) that is not checked (file,
    /// position, reason and fix), and one if other machines can call the emulator.
    #[must_use]
    pub fn warnings(&self) -> Vec<String> {
        let ip = self.address.ip();
        let exposed = (!ip.is_loopback()).then(|| {
            format!(
                "listening on {ip}, so other machines can call the emulator and its control \
                 endpoint; 127.0.0.1 is for this machine alone"
            )
        });
        self.warnings.iter().cloned().chain(exposed).collect()
    }

    /// Sets the port to listen on. Default: 0, a free port that the system chooses.
    pub fn port(mut self, port: u16) -> Self {
        self.address.set_port(port);
        self
    }

    /// Sets the IP address to listen on. Other machines can call an address that is not loopback.
    /// Default: `127.0.0.1`.
    pub fn host(mut self, ip: IpAddr) -> Self {
        self.address.set_ip(ip);
        self
    }

    /// Sets the address to listen on, port included. Other machines can call an address that is not
    /// loopback. Default: `127.0.0.1:0`.
    pub fn address(mut self, address: SocketAddr) -> Self {
        self.address = address;
        self
    }

    /// Accepts this token, and no other than those that this method was called with. Default: any
    /// token is accepted.
    ///
    /// Each token is an account of its own, which sees only its own jobs.
    pub fn token(mut self, token: impl Into<String>) -> Self {
        self.settings.tokens.push(token.into());
        self
    }

    /// Sets the number of jobs that run at once; with 0, all stay in the queue. Default: 1.
    pub fn slots(mut self, slots: usize) -> Self {
        self.settings.slots = slots;
        self
    }

    /// Sets the minimum time that a job waits in the queue, also when a slot is free. Default: 0.
    pub fn queue_time(mut self, time: Duration) -> Self {
        self.settings.queue_time = time;
        self
    }

    /// Sets the time that each job runs; with [`Duration::MAX`] it never ends. Default: 0.
    pub fn run_time(mut self, time: Duration) -> Self {
        self.settings.run_time = time;
        self
    }

    /// Sets the time that each job of this model runs, in place of [`run_time`](Self::run_time).
    pub fn run_time_of(self, model_id: impl Into<String>, time: Duration) -> Self {
        let own = model_id.into();
        self.run_time_when(move |id, _| (id == own).then_some(time))
    }

    /// Sets the time that a job runs from its model id and input. Where `time` returns `None`, the
    /// next function that was added decides, and at last [`run_time`](Self::run_time).
    ///
    /// Functions are called in the order in which they were added, those of
    /// [`run_time_of`](Self::run_time_of) included. A job of [`Duration::MAX`] never ends.
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

    /// Expires a job's request id, with its files, this time after the job ended. Default: never.
    pub fn expire_after(mut self, time: Duration) -> Self {
        self.settings.expire_after = time;
        self
    }

    /// Sets the price of each job that succeeds, in US dollars, rounded to the millionth.
    /// Default: 0.04.
    pub fn price(mut self, usd: f64) -> Self {
        self.settings.price = micros(usd);
        self
    }

    /// Sets the balance that each token's account starts with, in US dollars, rounded to the
    /// millionth. Default: 1,000,000.
    ///
    /// A job that succeeds is charged when it ends. A submit is refused with `error_code` 400002
    /// where the balance does not suffice for it and all unfinished jobs.
    pub fn balance(mut self, usd: f64) -> Self {
        self.settings.balance = micros(usd);
        self
    }

    /// Adds a fault, whose occurrences count from the emulator's start. Default: no fault.
    ///
    /// [`Emulator::add_fault`] adds one to a running emulator.
    pub fn fault(mut self, fault: Fault) -> Self {
        self.settings.faults.push(fault);
        self
    }

    /// Adds the faults of a file, as the option `--faults` of the command does. The form of the file
    /// is described in [the help of the command](crate::CommandLine#help).
    ///
    /// # Errors
    /// - The file cannot be read: the kind is the system's, and the message names the file.
    /// - [`InvalidData`](io::ErrorKind::InvalidData): the file is not a list of faults. The message
    ///   names the file, the path in it, what was found and what is expected there.
    pub fn fault_file(mut self, file: impl AsRef<Path>) -> io::Result<Self> {
        self.settings
            .faults
            .extend(fault_file::read(file.as_ref())?);
        Ok(self)
    }

    /// Fails a job if `failure`, called with its model id and input, returns an `error` to show.
    /// Default: no job fails.
    ///
    /// The function is called when the job is accepted; the job then runs as long as any other. Of
    /// several functions the first that returns an error decides.
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

    /// Sets the date of the emulator's start, for the same dates in every run. Default: now.
    pub fn epoch(mut self, date: SystemTime) -> Self {
        self.settings.epoch = Some(date);
        self
    }

    /// Seeds the request ids, for the same ids in every run; nothing else is random. Default: a
    /// random seed.
    pub fn seed(mut self, seed: u64) -> Self {
        self.settings.seed = Some(seed);
        self
    }

    /// Allows the pages of this origin, such as `http://localhost:5173`, to call the emulator from a
    /// browser (CORS); `*` allows all. Default: no origin.
    ///
    /// The control endpoint is for allowed origins too, so name an origin rather than `*` where
    /// pages of strangers are open in the same browser.
    pub fn allow_origin(mut self, origin: impl Into<String>) -> Self {
        self.settings.origins.push(origin.into());
        self
    }

    /// Writes a line for each request to `log`: date, method, path, status, time, call. Queries are not
    /// written. Default: no log.
    pub fn access_log(mut self, log: impl Write + Send + 'static) -> Self {
        self.settings.access_log = Some(AccessLog::new(log));
        self
    }

    /// Starts the server as a task of the current tokio runtime.
    ///
    /// # Errors
    /// The emulator cannot listen on the address. With
    /// [`AddrInUse`](io::ErrorKind::AddrInUse) another process has the port: choose another one, or
    /// port 0 for a free one.
    #[expect(
        clippy::unused_async,
        reason = "it needs a runtime, and a caller that awaits has one"
    )]
    pub async fn start(self) -> io::Result<Emulator> {
        Emulator::serve(self.address, self.settings)
    }
}
