//! Submitting and waiting in one.

use std::future::IntoFuture;
use std::pin::Pin;

use serde::de::DeserializeOwned;

use crate::error::Error;
use crate::job::submit::Submit;
use crate::media::check::CheckMedia;
use crate::wait::WaitOptions;

/// A job that is about to be submitted and waited for; `.await` it. This may cost money.
///
/// Dropping it once the job is submitted leaves the job alone: it runs on and is paid, unless
/// [`WaitOptions::cancel_on_drop`] is set. While it is being submitted it is as with [`Submit`].
#[derive(Debug)]
#[must_use = "nothing is sent until it is awaited"]
pub struct Run<'a, O> {
    submit: Submit<'a, O>,
    options: WaitOptions,
}

impl<'a, O> Run<'a, O> {
    pub(crate) fn new(submit: Submit<'a, O>) -> Self {
        Self {
            submit,
            options: WaitOptions::default(),
        }
    }

    /// As [`Submit::check_media`].
    pub fn check_media(mut self, which: CheckMedia) -> Self {
        self.submit = self.submit.check_media(which);
        self
    }

    /// How to wait, once the job is submitted.
    pub fn options(mut self, options: WaitOptions) -> Self {
        self.options = options;
        self
    }

    /// As [`Submit::unvalidated`].
    pub fn unvalidated(mut self) -> Self {
        self.submit = self.submit.unvalidated();
        self
    }
}

impl<'a, O: DeserializeOwned + Send + 'static> IntoFuture for Run<'a, O> {
    type Output = Result<O, Error>;
    type IntoFuture = Pin<Box<dyn Future<Output = Self::Output> + Send + 'a>>;

    fn into_future(self) -> Self::IntoFuture {
        let submit = self.submit.cancel_on_drop(self.options.cancel_on_drop);
        Box::pin(async move { submit.await?.wait().options(self.options).await })
    }
}
