//! The engine: what drives a store and a client until all jobs have ended.

mod batch;
pub(crate) mod blocking;
mod breaker;
mod driver;
mod files;
mod lease;
mod log_target;
mod places;
mod prepared;
mod progress;
mod recorder;
mod running;
mod settings;
mod space;
mod spill;
mod stop;
mod summary;
mod verdict;
mod wake;
mod worker;

pub use batch::Batch;
pub use prepared::{Prepared, Unprepared};
pub use progress::{JobRef, Progress};
pub use running::Running;
pub use stop::{Stop, StopHandle};
pub use summary::{EndedBy, Summary};
pub use wake::WakeHandle;
