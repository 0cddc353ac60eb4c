#![doc = include_str!("../README.md")]
#![cfg_attr(docsrs, feature(doc_cfg))]

mod canonical;
mod claim;
mod clock;
mod counts;
mod disk;
mod durable_lines;
mod ending;
mod engine;
mod event;
mod faults;
mod incarnation;
mod job_file;
mod job_id;
mod job_key;
mod limits;
mod memory;
mod metrics;
mod money;
mod new_job;
#[cfg(feature = "postgres")]
mod postgres;
mod report;
mod resolution;
mod row;
#[cfg(feature = "sqlite")]
mod sqlite;
mod state;
mod store;
mod text;
mod timestamp;

pub use claim::{Adopted, Beat, Claimed, Claims, NextClaim};
pub use clock::Clock;
pub use counts::{Counts, Funds, Spending};
pub use disk::Disk;
pub use ending::{Cancelled, End, Ending, NotSent, Received, Retry};
pub use engine::{
    Batch, EndedBy, JobRef, Prepared, Progress, Running, Stop, StopHandle, Summary, Unprepared,
    WakeHandle,
};
pub use event::Event;
pub use faults::{Fault, Faults};
pub use incarnation::{Incarnation, IncarnationId, Process};
pub use job_file::{
    DuplicateId, Edited, JobFormat, JobIds, JobLine, JobLines, LineFault, Plan, Planned,
};
pub use job_id::{InvalidJobId, JobId};
pub use job_key::{InvalidJobKey, JobKey};
pub use limits::{Limits, Rate};
pub use memory::MemoryStore;
pub use metrics::Metrics;
pub use money::{InvalidMoney, Money};
pub use new_job::{Conflict, Imported, NewJob};
#[cfg(feature = "postgres")]
pub use postgres::{PostgresOptions, PostgresStore, PostgresUrl};
pub use report::{Report, ReportError, ReportFormat};
pub use resolution::Resolution;
pub use row::{Attempt, Attempts, Row};
#[cfg(feature = "sqlite")]
pub use sqlite::{SqliteOptions, SqliteStore};
pub use state::{AttemptState, State, UnknownState};
pub use store::error::{StoreError, StoreErrorKind};
pub use store::{Commit, Store};
pub use timestamp::Timestamp;
