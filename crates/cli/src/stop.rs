//! The signals that stop a command.

use std::future::poll_fn;
use std::task::Poll;

#[cfg(unix)]
use tokio::signal::unix::{Signal, SignalKind, signal};
#[cfg(windows)]
use tokio::signal::windows::{CtrlC as Signal, ctrl_c};

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

/// Listens for the signals, which no longer end the process.
pub(crate) struct Stops {
    /// The signals that could be registered. The others still end the process.
    signals: Vec<(Stop, Signal)>,
}

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
    /// Registers the signals.
    #[cfg(unix)]
    pub(crate) fn listen() -> Self {
        let interrupt = (Stop::CtrlC, signal(SignalKind::interrupt()));
        let terminate = (Stop::Terminate, signal(SignalKind::terminate()));
        let quit = (Stop::Quit, signal(SignalKind::quit()));
        // Under `nohup` the command keeps running without its terminal.
        let hang_up = (!hang_up_is_ignored()).then(|| (Stop::HangUp, signal(SignalKind::hangup())));
        let signals = [interrupt, terminate, quit].into_iter().chain(hang_up);
        Self {
            signals: signals
                .filter_map(|(stop, signal)| Some((stop, signal.ok()?)))
                .collect(),
        }
    }

    /// Registers the signals.
    #[cfg(windows)]
    pub(crate) fn listen() -> Self {
        let signals = ctrl_c().map(|signal| (Stop::CtrlC, signal));
        Self {
            signals: signals.into_iter().collect(),
        }
    }

    /// Waits for the next signal.
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
