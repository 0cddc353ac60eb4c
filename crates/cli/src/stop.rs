//! The signals that stop a command. One queue of the process holds them from their arrival until a
//! step of the command takes them, so that none is lost between two steps or two runtimes.

use std::collections::VecDeque;
use std::future::poll_fn;
use std::sync::atomic::{AtomicBool, Ordering};
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

/// Lets a signal stop long work, which calls it at each of its many steps.
#[cfg(feature = "batch")]
pub(crate) async fn take_turn(step: u64) {
    /// Number of steps between two looks for a signal.
    const STEPS: u64 = 100;
    if step.is_multiple_of(STEPS) {
        tokio::task::yield_now().await;
    }
}

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
    /// Another signal that ends a process which does not take it, by its number.
    #[cfg_attr(windows, allow(dead_code))]
    Other(u8),
}

/// The other signals that end a process, and that may be taken: timers, `ulimit -t`, batch systems and
/// watchdogs send some. KILL cannot be taken, and the signals of faults, such as SEGV, must not be. PIPE
/// is ignored. Those of real time mean nothing by themselves.
#[cfg(unix)]
const OTHERS: &[i32] = {
    use signal_hook::consts;

    &[
        consts::SIGUSR1,
        consts::SIGUSR2,
        consts::SIGALRM,
        consts::SIGVTALRM,
        consts::SIGPROF,
        consts::SIGXCPU,
        consts::SIGXFSZ,
        consts::SIGABRT,
        // Elsewhere it is ignored by default.
        #[cfg(target_os = "linux")]
        consts::SIGIO,
    ]
};

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

/// Set to `true` once the user has pressed Ctrl-C during a submit.
static IS_REQUESTED: AtomicBool = AtomicBool::new(false);

/// Remembers that the user wants to stop, while a submit is still in flight.
pub(crate) fn request() {
    IS_REQUESTED.store(true, Ordering::Relaxed);
}

/// Returns `true` if nothing that was refused is to be submitted again, since the user wants to stop.
pub(crate) fn is_requested() -> bool {
    IS_REQUESTED.load(Ordering::Relaxed)
}

impl Stop {
    /// Returns the exit code that a shell reports for a command ended by the signal.
    pub(crate) fn exit_code(self) -> u8 {
        match self {
            Self::CtrlC => 130,
            Self::Terminate => 143,
            Self::HangUp => 129,
            Self::Quit => 131,
            Self::Other(number) => 128 + number,
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
        let others = OTHERS.iter().filter(|number| !is_ignored(**number));
        let others = others.filter_map(|&number| {
            let stop = Stop::Other(u8::try_from(number).ok()?);
            Some((stop, signal(SignalKind::from_raw(number))))
        });
        let signals = [interrupt, terminate, quit].into_iter();
        let signals = signals.chain(hang_up).chain(others);
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
/// the same exit code, and ends the loop that the command runs in. Returns for other exit codes, and for
/// those of QUIT, ABRT, XCPU and XFSZ, which would leave a core dump. All output is flushed by then: to
/// flush it here could block.
#[cfg(unix)]
pub(crate) fn end_by_signal(code: u8) {
    use signal_hook::consts::{SIGABRT, SIGHUP, SIGINT, SIGTERM, SIGXCPU, SIGXFSZ};

    let dumps_core = |number: i32| matches!(number, SIGABRT | SIGXCPU | SIGXFSZ);
    let mut signals = [SIGINT, SIGTERM, SIGHUP].iter().chain(OTHERS);
    if let Some(number) = signals.find(|number| 128 + **number == i32::from(code))
        && !dumps_core(*number)
    {
        // Where it fails, the exit code tells the same.
        let _ = signal_hook::low_level::emulate_default_handler(*number);
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

    let hang_up = SignalKind::hangup().as_raw_value();
    ignored().map_or_else(|| !stderr().is_terminal(), |mask| has(mask, hang_up))
}

/// Returns `true` if the parent process has set a signal to be ignored, where the system reports that.
#[cfg(unix)]
fn is_ignored(number: i32) -> bool {
    ignored().is_some_and(|mask| has(mask, number))
}

/// Returns the mask of the signals that this process ignores, where the system reports it.
#[cfg(unix)]
fn ignored() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let mask = status
        .lines()
        .find_map(|line| line.strip_prefix("SigIgn:"))?;
    u64::from_str_radix(mask.trim(), 16).ok()
}

#[cfg(unix)]
fn has(mask: u64, number: i32) -> bool {
    mask >> (number - 1) & 1 != 0
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
