//! The running emulator, as the test that started it controls and inspects it.

use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;
use tokio::task::JoinHandle;

use crate::clock::Moment;
use crate::connection::{ConnectionHandle, OpenConnections};
use crate::gate::Gate;
use crate::listener::ConnectionListener;
use crate::routes::router;
use crate::server::Server;
use crate::service::{Service, Settings};
use crate::{Call, Connections, Entry, Fault, Received, Reply};

/// Serves the Model API on this machine until it is stopped or dropped.
///
/// Dropping the emulator closes its port and all its connections. Every method takes effect at
/// once.
pub struct Emulator {
    service: Arc<Service>,
    address: SocketAddr,
    gate: Gate,
    connections: OpenConnections,
    server: JoinHandle<io::Result<()>>,
}

impl Emulator {
    pub(crate) fn serve(address: SocketAddr, settings: Settings) -> io::Result<Self> {
        let (gate, address) = Gate::open(address).map_err(|error| {
            io::Error::new(error.kind(), format!("cannot listen on {address}: {error}"))
        })?;
        let service = Arc::new(Service::new(settings));
        let server = Server {
            service: Arc::clone(&service),
            address,
        };
        let app =
            router(Arc::new(server)).into_make_service_with_connect_info::<ConnectionHandle>();
        let connections = OpenConnections::default();
        let listener = ConnectionListener {
            gate: gate.clone(),
            address,
            connections: connections.clone(),
            service: Arc::clone(&service),
        };
        let serve = axum::serve(listener, app);
        let server = tokio::spawn(async move { serve.await });
        Ok(Self {
            service,
            address,
            gate,
            connections,
            server,
        })
    }

    /// Returns the address that the emulator listens on.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Returns the base URL for a client, such as `http://127.0.0.1:41234`, without `/v1`.
    #[must_use]
    pub fn base_url(&self) -> String {
        let mut address = self.address;
        if address.ip().is_unspecified() {
            // The unspecified address can be listened on, but not called.
            address.set_ip(IpAddr::V4(Ipv4Addr::LOCALHOST));
        }
        format!("http://{address}")
    }

    /// Advances the emulator's clock: jobs run, request ids expire, faults and outages end as if
    /// this time had passed.
    ///
    /// tokio's clock, paused or not, moves the emulator's clock too; this method does not move
    /// tokio's.
    pub fn advance(&self, time: Duration) {
        self.service.clock.advance(time);
        self.gate.open_if_due(self.service.clock.now());
    }

    /// Returns every accepted submit, the oldest first: the jobs that the service would charge for.
    #[must_use]
    pub fn ledger(&self) -> Vec<Entry> {
        self.service.state().ledger.clone()
    }

    /// Returns the received HTTP requests, the oldest first. Only the last 65,536 are kept.
    #[must_use]
    pub fn requests(&self) -> Vec<Received> {
        self.service.state().log.requests()
    }

    /// Returns how many requests of this call were received, whatever the response was.
    #[must_use]
    pub fn count(&self, call: Call) -> usize {
        self.service.state().log.count(call)
    }

    /// Returns the counts of connections since the start, across outages.
    #[must_use]
    pub fn connections(&self) -> Connections {
        self.connections.count()
    }

    /// Queues a scripted reply for the next `call` that has none. Calls beyond the queue get the
    /// service's own response.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> std::io::Result<()> {
    /// use runcomfy_emulator::{Call, Emulator, Reply};
    ///
    /// let emulator = Emulator::builder().start().await?;
    /// emulator.script(Call::Status, Reply::genuine()); // the first poll passes
    /// emulator.script(Call::Status, Reply::html(503)); // the second does not
    /// assert_eq!(emulator.unplayed(), 2);
    /// # Ok(())
    /// # }
    /// ```
    pub fn script(&self, call: Call, reply: Reply) {
        self.service.state().faults.queue(call, reply);
    }

    /// Adds a fault, whose occurrences count from now.
    ///
    /// A reply of [`script`](Self::script) goes before any fault; of several faults for one call the
    /// one added first applies.
    pub fn add_fault(&self, fault: Fault) {
        let mut state = self.service.state();
        state.faults.add(fault, self.service.clock.now());
    }

    /// Removes all faults and scripted replies, those of the builder included.
    pub fn clear_faults(&self) {
        self.service.state().faults.clear();
    }

    /// Returns the emulator to its state at the start: no job, no request, an empty ledger, the faults
    /// of the builder, and the clock at zero. An outage ends.
    ///
    /// Open connections stay open. A request that is being served may still add a job.
    pub fn reset(&self) {
        self.service.reset();
        self.set_outage(false);
    }

    /// Returns how many replies of [`script`](Self::script) have not been used.
    #[must_use]
    pub fn unplayed(&self) -> usize {
        self.service.state().faults.unplayed()
    }

    /// Expires a request id: every later call for it gets 404001, and its files are gone. The job
    /// stays in the ledger and is charged.
    pub fn expire(&self, request_id: &str) {
        self.service.expire(request_id);
    }

    /// Begins an outage of this length on the emulator's clock: new connections are refused, open
    /// ones are reset.
    ///
    /// Jobs keep running. Afterwards the emulator listens on the same port again. During an outage
    /// this method replaces its end.
    pub fn outage(&self, time: Duration) {
        let until = self.service.clock.now().saturating_add(time);
        self.gate.shut(until);
        self.connections.reset();
    }

    /// Begins an outage without an end (`true`), or ends the current one (`false`).
    pub fn set_outage(&self, on: bool) {
        if on {
            self.outage(Duration::MAX);
        } else {
            // Every outage is over by then.
            self.gate.open_if_due(Moment::MAX);
        }
    }

    /// Fails the next accepted job with this `error`; each further call fails one more job.
    pub fn fail_next(&self, error: impl Into<Value>) {
        self.service.state().failures.push_back(error.into());
    }

    /// Closes all open connections; new ones are accepted.
    pub fn disconnect(&self) {
        self.connections.close();
    }

    /// Stops the server: its port refuses connections from now on. The ledger can still be read.
    pub async fn stop(&mut self) {
        self.gate.close();
        self.server.abort();
        self.join().await;
        self.connections.close();
    }

    /// Waits until the server ends, which only [`stop`](Self::stop) causes.
    pub async fn join(&mut self) {
        if !self.server.is_finished() {
            // The server never ends by itself, so the only error is that `stop` aborted it.
            let _ = (&mut self.server).await;
        }
    }
}

impl Drop for Emulator {
    fn drop(&mut self) {
        self.gate.close();
        self.server.abort();
        self.connections.close();
    }
}

impl std::fmt::Debug for Emulator {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Emulator")
            .field("address", &self.address)
            .field("settings", &self.service.settings)
            .finish_non_exhaustive()
    }
}
