//! The signals that stop a command. One queue of the process holds them from their arrival until a
//! step of the command takes them, so that none is lost between two steps or two runtimes.

use std::collections::VecDeque;
use std::future::poll_fn;
use std::sync::{Mutex, MutexGuard, Once, PoisonError, mpsc};
use std::task::Poll;
use std::thread;
use std::time::{Duration, Instant};

use tokio::runtime;
#[cfg(unix)]
use tokio::signal::unix::{Signal, SignalKind, signal};
#[cfg(windows)]
use tokio::signal::windows::{CtrlC as Signal, ctrl_c};
use tokio::sync::Notify;

/// Time within which a step of the command takes a signal. A command that takes none is blocked, for
/// example by a full pipe that nobody reads, and is ended.
const TAKEN_WITHIN: Duration = Duration::from_secs(3);

/// A signal that stops the command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stop {
    /// Ctrl-C, pressed by a person who may press it again.
    CtrlC,
    /// TERM, sent by `kill`, `timeout` or a service manager, which soon kill a process that keeps running.
    #[cfg_attr(windows, allow(dead_code))]
    Terminate,
    /// HUP, sent when the terminal is closed.
    #[cfg_attr(windows, allow(dead_code))]
    HangUp,
    /// QUIT, sent by a terminal for Ctrl-\.
    #[cfg_attr(windows, allow(dead_code))]
    Quit,
}

/// Takes the signals that arrive, which no longer end the process at once.
pub(crate) struct Stops {
    queue: &'static Queue,
}

/// The signals that have arrived and that no step of the command has taken.
struct Queue {
    stops: Mutex<VecDeque<(Stop, Instant)>>,
    arrived: Notify,
}

/// The signals that could be registered. The others still end the process.
struct Signals(Vec<(Stop, Signal)>);

static QUEUE: Queue = Queue::new();

/// Registers the signals once. The system gives no way back to their default.
static LISTENING: Once = Once::new();

impl Stop {
    /// Returns the exit code that a shell reports for a command ended by the signal.
    pub(crate) fn exit_code(self) -> u8 {
        match self {
            Self::CtrlC => 130,
            Self::Terminate => 143,
            Self::HangUp => 129,
            Self::Quit => 131,
        }
    }
}

impl Stops {
    /// Registers the signals, unless that was done before. Where the system gives no thread for them,
    /// they still end the process.
    pub(crate) fn listen() -> Self {
        LISTENING.call_once(|| {
            let (registered, until_registered) = mpsc::channel();
            let thread = thread::Builder::new().name("signals".to_owned());
            let collect = move || {
                let runtime = runtime::Builder::new_current_thread()
                    .enable_all()
                    .build()?;
                runtime.block_on(async {
                    let signals = Signals::register();
                    // The command no longer listens if it has ended.
                    let _ = registered.send(());
                    signals.collect(&QUEUE).await
                })
            };
            if thread.spawn::<_, std::io::Result<()>>(collect).is_ok() {
                // Fails if the thread has no runtime.
                let _ = until_registered.recv();
            }
        });
        Self { queue: &QUEUE }
    }

    /// Waits for the next signal, which may have arrived before.
    pub(crate) async fn next(&mut self) -> Stop {
        loop {
            if let Some(stop) = self.queue.take() {
                return stop;
            }
            self.queue.arrived.notified().await;
        }
    }

    /// Takes the next signal, if one has arrived.
    pub(crate) fn arrived(&mut self) -> Option<Stop> {
        self.queue.take()
    }
}

impl Queue {
    const fn new() -> Self {
        Self {
            stops: Mutex::new(VecDeque::new()),
            arrived: Notify::const_new(),
        }
    }

    fn stops(&self) -> MutexGuard<'_, VecDeque<(Stop, Instant)>> {
        self.stops.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn put(&self, stop: Stop) {
        self.stops().push_back((stop, Instant::now()));
        self.arrived.notify_one();
    }

    fn take(&self) -> Option<Stop> {
        self.stops().pop_front().map(|(stop, _)| stop)
    }

    /// Returns the oldest signal, if it was not taken in time.
    fn overdue(&self) -> Option<Stop> {
        let stops = self.stops();
        let (stop, since) = stops.front()?;
        (since.elapsed() >= TAKEN_WITHIN).then_some(*stop)
    }
}

impl Signals {
    #[cfg(unix)]
    fn register() -> Self {
        let interrupt = (Stop::CtrlC, signal(SignalKind::interrupt()));
        let terminate = (Stop::Terminate, signal(SignalKind::terminate()));
        let quit = (Stop::Quit, signal(SignalKind::quit()));
        // Under `nohup` the command keeps running without its terminal.
        let hang_up = (!hang_up_is_ignored()).then(|| (Stop::HangUp, signal(SignalKind::hangup())));
        let signals = [interrupt, terminate, quit].into_iter().chain(hang_up);
        let registered = signals.filter_map(|(stop, signal)| Some((stop, signal.ok()?)));
        Self(registered.collect())
    }

    #[cfg(windows)]
    fn register() -> Self {
        let signals = ctrl_c().map(|signal| (Stop::CtrlC, signal));
        Self(signals.into_iter().collect())
    }

    /// Puts each signal into the queue, and ends the process if the command does not take it in time.
    async fn collect(mut self, queue: &'static Queue) -> ! {
        loop {
            queue.put(self.next().await);
            tokio::spawn(async {
                tokio::time::sleep(TAKEN_WITHIN).await;
                if let Some(stop) = queue.overdue() {
                    // Without a word: the stream for it may be what blocks the command.
                    end_by_signal(stop.exit_code());
                    std::process::exit(stop.exit_code().into());
                }
            });
        }
    }

    async fn next(&mut self) -> Stop {
        poll_fn(|context| {
            for (stop, signal) in &mut self.0 {
                if signal.poll_recv(context) == Poll::Ready(Some(())) {
                    return Poll::Ready(*stop);
                }
            }
            Poll::Pending
        })
        .await
    }
}

/// Ends the process by the signal whose exit code this is, as if nothing had taken it: a shell reports
/// the same exit code, and ends the loop that the command runs in. Returns for other exit codes. QUIT is
/// one of them, since it would leave a core dump. All output is flushed by then: to flush it here could
/// block.
#[cfg(unix)]
pub(crate) fn end_by_signal(code: u8) {
    let stops = [Stop::CtrlC, Stop::Terminate, Stop::HangUp];
    let kinds = [
        SignalKind::interrupt(),
        SignalKind::terminate(),
        SignalKind::hangup(),
    ];
    let mut pairs = stops.into_iter().zip(kinds);
    if let Some((_, kind)) = pairs.find(|(stop, _)| stop.exit_code() == code) {
        // Where it fails, the exit code tells the same.
        let _ = signal_hook::low_level::emulate_default_handler(kind.as_raw_value());
    }
}

/// Returns: this system ends no process by a signal.
#[cfg(not(unix))]
pub(crate) fn end_by_signal(_: u8) {}

/// Returns `true` if the parent process has set HUP to be ignored. Where the system does not report
/// that, a standard error that is no terminal is taken as a sign of `nohup`.
#[cfg(unix)]
fn hang_up_is_ignored() -> bool {
    use std::io::{IsTerminal, stderr};

    /// The bit of the signal in the mask.
    const HANG_UP: u64 = 1;
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    match mask.map(|mask| u64::from_str_radix(mask.trim(), 16)) {
        Some(Ok(mask)) => mask & HANG_UP != 0,
        _ => !stderr().is_terminal(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn block_on<T>(work: impl Future<Output = T>) -> T {
        let runtime = runtime::Builder::new_current_thread().build();
        runtime.unwrap().block_on(work)
    }

    #[test]
    fn signal_between_two_runtimes_is_kept() {
        static QUEUE: Queue = Queue::new();
        let mut first = Stops { queue: &QUEUE };
        block_on(async {
            tokio::select! {
                biased;
                // The work ends in the moment in which the signal arrives.
                () = async { QUEUE.put(Stop::Terminate) } => {}
                _ = first.next() => panic!("work comes first"),
            }
        });
        let mut second = Stops { queue: &QUEUE };
        assert_eq!(block_on(second.next()), Stop::Terminate);
        assert_eq!(second.arrived(), None);
    }

    #[test]
    fn signals_are_taken_in_order_and_once() {
        static QUEUE: Queue = Queue::new();
        let mut stops = Stops { queue: &QUEUE };
        QUEUE.put(Stop::CtrlC);
        QUEUE.put(Stop::CtrlC);
        QUEUE.put(Stop::HangUp);
        let taken = [
            stops.arrived(),
            stops.arrived(),
            Some(block_on(stops.next())),
        ];
        assert_eq!(taken, [Stop::CtrlC, Stop::CtrlC, Stop::HangUp].map(Some));
        assert_eq!(stops.arrived(), None);
    }
}
