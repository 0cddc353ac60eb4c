//! The cost of a computation.

use std::fmt;
use std::time::Duration;

use nix::sys::resource::{Usage, UsageWho, getrusage};
use nix::sys::time::TimeValLike;
use nix::time::{ClockId, clock_gettime};

use crate::Outcome;

/// Bytes of a mebibyte, the unit of memory.
pub const MEBIBYTE: f64 = 1024.0 * 1024.0;

/// Time and memory.
#[derive(Clone, Copy, Debug)]
pub struct Cost {
    /// From start to end. Other work on the machine adds to it.
    pub wall: Duration,
    /// User and system time on all threads. Other work on the machine adds little to it.
    pub cpu: Duration,
    /// Peak memory of the largest process, in bytes.
    pub peak: u64,
}

impl Cost {
    /// Returns the cost of all processes that this one has started and waited for, which took `wall`.
    ///
    /// # Errors
    /// Fails if the system does not report it.
    pub fn of_children(wall: Duration) -> Outcome<Self> {
        let usage = getrusage(UsageWho::RUSAGE_CHILDREN)?;
        Ok(Self {
            wall,
            cpu: cpu(&usage),
            peak: u64::try_from(usage.max_rss())? * MAX_RSS_UNIT,
        })
    }

    /// Returns the CPU time of this process until now.
    ///
    /// # Errors
    /// Fails if the system does not report it.
    pub fn own_cpu() -> Outcome<Duration> {
        Ok(cpu(&getrusage(UsageWho::RUSAGE_SELF)?))
    }

    /// Returns the CPU time of the calling thread until now.
    ///
    /// # Errors
    /// Fails if the system does not report it.
    pub fn own_thread() -> Outcome<Duration> {
        Ok(clock_gettime(ClockId::CLOCK_THREAD_CPUTIME_ID)?.into())
    }
}

impl fmt::Display for Cost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (wall, cpu) = (self.wall.as_millis(), self.cpu.as_millis());
        let peak = self.peak as f64 / MEBIBYTE;
        write!(f, "{wall} ms, {cpu} ms of CPU, {peak:.0} MiB")
    }
}

/// Linux gives the peak in kibibytes, macOS in bytes.
const MAX_RSS_UNIT: u64 = if cfg!(target_os = "macos") { 1 } else { 1024 };

fn cpu(usage: &Usage) -> Duration {
    let time = usage.user_time() + usage.system_time();
    Duration::from_micros(time.num_microseconds().unsigned_abs())
}
