//! A running emulator, seen from the test that started it.

use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;
use tokio::task::JoinHandle;

use crate::clock::Moment;
use crate::gate::Gate;
use crate::server::{Server, router};
use crate::service::{Service, Settings};
use crate::wire::{Line, Lines, Switchboard};
use crate::{Builder, Call, Connections, Entry, Fault, Received, Reply};

/// The Model API on one's own machine. Ends, with all its connections, when it is dropped.
pub struct Emulator {
    service: Arc<Service>,
    address: SocketAddr,
    gate: Gate,
    lines: Lines,
    server: JoinHandle<io::Result<()>>,
}

impl Emulator {
    /// Sets up an emulator; [`Builder::start`] starts it.
    pub fn builder() -> Builder {
        Builder::new()
    }

    pub(crate) fn serve(address: SocketAddr, settings: Settings) -> io::Result<Self> {
        let (gate, address) = Gate::open(address)?;
        let service = Arc::new(Service::new(settings));
        let server = Server {
            service: Arc::clone(&service),
            files: crate::file::Shelf::default(),
            address,
        };
        let app = router(Arc::new(server)).into_make_service_with_connect_info::<Line>();
        let lines = Lines::default();
        let switchboard = Switchboard {
            gate: gate.clone(),
            address,
            lines: lines.clone(),
            service: Arc::clone(&service),
        };
        let serve = axum::serve(switchboard, app);
        let server = tokio::spawn(async move { serve.await });
        Ok(Self {
            service,
            address,
            gate,
            lines,
            server,
        })
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The base URL to give to a client, such as `http://127.0.0.1:41234`, without `/v1`.
    #[must_use]
    pub fn base_url(&self) -> String {
        let mut address = self.address;
        if address.ip().is_unspecified() {
            // "All addresses" can be listened on, but not called.
            address.set_ip(IpAddr::V4(Ipv4Addr::LOCALHOST));
        }
        format!("http://{address}")
    }

    /// Lets time pass at once: jobs move on, ids expire, faults and outages end as if one had
    /// waited. tokio's clock, paused or not, moves them too; this moves only them.
    pub fn advance(&self, time: Duration) {
        self.service.clock.advance(time);
        self.gate.settle(self.service.clock.now());
    }

    /// Every submit that was accepted, the oldest first.
    #[must_use]
    pub fn ledger(&self) -> Vec<Entry> {
        self.service.state().ledger.clone()
    }

    /// The HTTP requests that came in, the oldest first; of very many only the last 65,536.
    #[must_use]
    pub fn requests(&self) -> Vec<Received> {
        self.service.state().log.kept()
    }

    /// How often a call came in, whatever was answered.
    #[must_use]
    pub fn count(&self, call: Call) -> usize {
        self.service.state().log.count(call)
    }

    /// How many connections were made, and how many at once. The counts go on after an outage.
    #[must_use]
    pub fn connections(&self) -> Connections {
        self.lines.count()
    }

    /// Dictates the reply to the next `call`; called again, to the one after it, and so on. When
    /// no reply is left, calls are answered truly again.
    pub fn script(&self, call: Call, reply: Reply) {
        self.service.state().faults.queue(call, reply);
    }

    /// Dictates the reply to certain calls from now on, where [`script`](Self::script) has none
    /// for them; of several faults for one call the one added first is right.
    pub fn add_fault(&self, fault: Fault) {
        let mut state = self.service.state();
        state.faults.add(fault, self.service.clock.now());
    }

    /// How many replies of [`script`](Self::script) have not been asked for.
    #[must_use]
    pub fn unplayed(&self) -> usize {
        self.service.state().faults.unplayed()
    }

    /// Lets a request id expire: every call about it finds nothing, and its files are gone. The
    /// job stays in the ledger, and what it costs is paid.
    pub fn expire(&self, request_id: &str) {
        self.service.expire(request_id);
    }

    /// Goes out of order for so long on the emulator's own clock: connections are refused, those
    /// that stand are reset. Jobs go on, and afterwards it listens on the same port again. An
    /// outage that has begun already ends at the time that was said last.
    pub fn outage(&self, time: Duration) {
        let until = self.service.clock.now().saturating_add(time);
        self.gate.shut(until);
        self.lines.reset();
    }

    /// Begins an outage without an end, or ends the one there is.
    pub fn set_outage(&self, on: bool) {
        if on {
            self.outage(Duration::MAX);
        } else {
            // Every outage, whatever its end, is over by then.
            self.gate.settle(Moment::MAX);
        }
    }

    /// Lets the next job that is accepted fail with this `error`; called again, the one after it.
    pub fn fail_next(&self, error: impl Into<Value>) {
        self.service.state().failures.push_back(error.into());
    }

    /// Closes all connections; new ones are accepted.
    pub fn disconnect(&self) {
        self.lines.close();
    }

    /// Ends the server: its port refuses connections from now on. The ledger can still be read.
    pub async fn stop(&mut self) {
        self.gate.close();
        self.server.abort();
        self.join().await;
        self.lines.close();
    }

    /// Waits until the server ends, which it does by [`stop`](Self::stop) only.
    pub async fn join(&mut self) {
        if !self.server.is_finished() {
            // How it ended is no news: it was aborted, since it never ends by itself.
            let _ = (&mut self.server).await;
        }
    }
}

impl Drop for Emulator {
    fn drop(&mut self) {
        self.gate.close();
        self.server.abort();
        self.lines.close();
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
