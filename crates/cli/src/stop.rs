//! The signals that ask a command to stop.

use std::future::poll_fn;
use std::task::Poll;

#[cfg(unix)]
use tokio::signal::unix::{Signal, SignalKind, signal};
#[cfg(windows)]
use tokio::signal::windows::{CtrlC as Signal, ctrl_c};

use crate::failure::Failure;

/// What asks for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stop {
    /// A person, who may press it again.
    CtrlC,
    /// `kill`, `timeout`, a service manager: they end the process soon if it does not end itself.
    #[cfg_attr(windows, allow(dead_code))]
    Terminate,
    /// The terminal has gone.
    #[cfg_attr(windows, allow(dead_code))]
    HangUp,
}

/// They are heard here from now on, and no longer end the process.
pub(crate) struct Stops {
    /// Without those of which the system does not tell; they still end the process.
    signals: Vec<(Stop, Signal)>,
}

impl Stop {
    /// What a shell gives for a command that the signal has ended.
    pub(crate) fn exit_code(self) -> u8 {
        match self {
            Self::CtrlC => 130,
            Self::Terminate => 143,
            Self::HangUp => 129,
        }
    }
}

impl Stops {
    #[cfg(unix)]
    pub(crate) fn listen() -> Self {
        let interrupt = (Stop::CtrlC, signal(SignalKind::interrupt()));
        let terminate = (Stop::Terminate, signal(SignalKind::terminate()));
        // `nohup` has the command go on without its terminal.
        let hang_up = (!hang_up_is_ignored()).then(|| (Stop::HangUp, signal(SignalKind::hangup())));
        let signals = [interrupt, terminate].into_iter().chain(hang_up);
        Self {
            signals: signals
                .filter_map(|(stop, signal)| Some((stop, signal.ok()?)))
                .collect(),
        }
    }

    #[cfg(windows)]
    pub(crate) fn listen() -> Self {
        let signals = ctrl_c().map(|signal| (Stop::CtrlC, signal));
        Self {
            signals: signals.into_iter().collect(),
        }
    }

    /// The next of them.
    pub(crate) async fn next(&mut self) -> Stop {
        poll_fn(|context| {
            for (stop, signal) in &mut self.signals {
                if signal.poll_recv(context) == Poll::Ready(Some(())) {
                    return Poll::Ready(*stop);
                }
            }
            Poll::Pending
        })
        .await
    }
}

/// Whether who started this command has the signal ignored. Where the system does not tell,
/// `nohup` is known by what it does with the terminal.
#[cfg(unix)]
fn hang_up_is_ignored() -> bool {
    use std::io::{IsTerminal, stderr};

    /// The place of the signal in the mask.
    const HANG_UP: u64 = 1;
    let about = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = about.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    match mask.map(|mask| u64::from_str_radix(mask.trim(), 16)) {
        Some(Ok(mask)) => mask & HANG_UP != 0,
        _ => !stderr().is_terminal(),
    }
}

/// Work that can be left at any time; `advice` is for who leaves.
pub(crate) async fn unless_stopped<T, E>(
    work: impl Future<Output = Result<T, E>>,
    advice: &str,
) -> Result<T, Failure>
where
    Failure: From<E>,
{
    let mut stops = Stops::listen();
    tokio::select! {
        biased;
        done = work => Ok(done?),
        stop = stops.next() => {
            let failure = Failure::leaving("left before there was an answer", None, None);
            Err(failure.advised(advice).stopped(stop))
        }
    }
}
