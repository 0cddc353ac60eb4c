//! Submit and wait in one.

use std::future::IntoFuture;
use std::pin::Pin;

use serde::de::DeserializeOwned;

use crate::client::Client;
use crate::error::Error;
use crate::job::submit::Submit;
use crate::media::check::CheckMedia;
use crate::model::Model;
use crate::wait::options::WaitOptions;

#[cfg(doc)]
use crate::job::Job;

/// A job that is about to be submitted and waited for; `.await` it. This may cost money.
///
/// Dropping it once the job is submitted leaves the job alone: it keeps running and is paid, unless
/// [`WaitOptions::cancel_on_drop`] is set. Its id is logged (`tracing`, level INFO) and handed to
/// [`ClientBuilder::on_orphan`](crate::client::ClientBuilder::on_orphan). Dropping it earlier is as
/// for [`Submit`]. For a timeout use [`WaitOptions::deadline`], whose error names the job.
#[derive(Debug)]
#[must_use = "nothing is sent until it is awaited"]
pub struct Run<'a, O> {
    submit: Submit<'a, O>,
    options: WaitOptions,
}

impl Client {
    /// Submits a job and waits for its output; `.await` it. This may cost money.
    ///
    /// # Errors
    /// As [`submit`](Self::submit) and [`Job::wait`]. Once the job is submitted,
    /// [`Error::request_id`] names it: resume it with [`Client::job`].
    pub fn run<'a, M: Model>(&'a self, input: &'a M) -> Run<'a, M::Output> {
        Run {
            submit: self.submit(input),
            options: WaitOptions::default(),
        }
    }
}

impl<O> Run<'_, O> {
    /// Sets which media are checked first; see [`Submit::check_media`].
    pub fn check_media(mut self, which: CheckMedia) -> Self {
        self.submit = self.submit.check_media(which);
        self
    }

    /// Sets how to wait, once the job is submitted.
    pub fn options(mut self, options: WaitOptions) -> Self {
        self.options = options;
        self
    }

    /// Skips validation and media checks; see [`Submit::unvalidated`].
    pub fn unvalidated(mut self) -> Self {
        self.submit = self.submit.unvalidated();
        self
    }
}

impl<'a, O: DeserializeOwned + Send + 'static> IntoFuture for Run<'a, O> {
    type Output = Result<O, Error>;
    type IntoFuture = Pin<Box<dyn Future<Output = Self::Output> + Send + 'a>>;

    fn into_future(self) -> Self::IntoFuture {
        let submit = self.submit.cancel_on_drop(self.options.cancels_on_drop());
        Box::pin(async move {
            let (job, guard) = submit.guarded().await?;
            let output = job.wait().options(self.options).await;
            // An error of the wait names the job.
            guard.release();
            output
        })
    }
}
