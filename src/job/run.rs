//! Submit and wait in one.

use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll};

use serde::de::DeserializeOwned;

use crate::client::Client;
use crate::error::Error;
use crate::job::as_input::AsInput;
use crate::job::submit_plan::SubmitPlan;
use crate::lazy_call::LazyCall;
use crate::media::check::CheckMedia;
use crate::model::Model;
use crate::wait::options::WaitOptions;

#[cfg(doc)]
use crate::job::Job;
#[cfg(doc)]
use crate::job::submit::Submit;

/// A job that is about to be submitted and waited for; `.await` it. This may cost money.
///
/// Dropping it once the job is submitted leaves the job alone: it keeps running and is paid, unless
/// [`WaitOptions::cancel_on_drop`] is set. Its id is logged (`tracing`, level INFO) and handed to
/// [`ClientBuilder::on_orphan`](crate::client::ClientBuilder::on_orphan). Dropping it earlier is as
/// for [`Submit`]. For a timeout use [`WaitOptions::deadline`], whose error names the job.
#[must_use = "nothing is sent until it is awaited"]
pub struct Run<'a, O> {
    call: LazyCall<'a, RunPlan<'a>, Result<O, Error>>,
}

struct RunPlan<'a> {
    submit: SubmitPlan<'a>,
    options: WaitOptions,
}

impl Client {
    /// Submits a job and waits for its output; `.await` it. This may cost money.
    ///
    /// An input by value makes a run that can move to a task of its own: `tokio::spawn(client.run(input))`.
    ///
    /// # Errors
    /// As [`submit`](Self::submit) and [`Job::wait`]. Once the job is submitted,
    /// [`Error::request_id`] names it: resume it with [`Client::job`].
    pub fn run<'a, M: Model + 'a>(&self, input: impl AsInput<'a, M>) -> Run<'a, M::Output> {
        Run {
            call: LazyCall::new(RunPlan {
                submit: SubmitPlan::typed(self, input),
                options: WaitOptions::default(),
            }),
        }
    }
}

impl<'a, O> Run<'a, O> {
    /// Changes a setting; without effect once the submit runs.
    fn with(mut self, change: impl FnOnce(&mut RunPlan<'a>)) -> Self {
        self.call.change(change);
        self
    }

    /// Sets which media are checked first; see [`Submit::check_media`].
    pub fn check_media(self, which: CheckMedia) -> Self {
        self.with(|plan| plan.submit.check_media = which)
    }

    /// Sets how to wait, once the job is submitted.
    pub fn options(self, options: WaitOptions) -> Self {
        self.with(|plan| plan.options = options)
    }

    /// Skips validation and media checks; see [`Submit::unvalidated`].
    pub fn unvalidated(self) -> Self {
        self.with(|plan| plan.submit.validate = false)
    }
}

impl RunPlan<'_> {
    async fn run<O: DeserializeOwned + Send + 'static>(mut self) -> Result<O, Error> {
        self.submit.cancel_on_drop = self.options.cancels_on_drop();
        let (job, guard) = self.submit.submit::<O>().await?;
        let output = job.wait().options(self.options).await;
        // An error of the wait names the job.
        guard.release();
        output
    }
}

/// Nothing in it is pinned.
impl<O> Unpin for Run<'_, O> {}

impl<O: DeserializeOwned + Send + 'static> Future for Run<'_, O> {
    type Output = Result<O, Error>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        self.get_mut().call.poll(cx, RunPlan::run)
    }
}

impl<O> fmt::Debug for Run<'_, O> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut debug = f.debug_struct("Run");
        if let LazyCall::New(plan) = &self.call {
            debug
                .field("model_id", &plan.submit.model_id())
                .field("options", &plan.options);
        }
        debug.finish_non_exhaustive()
    }
}
