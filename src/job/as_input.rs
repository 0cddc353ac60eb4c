//! Inputs of submits, owned or borrowed.

use std::borrow::Borrow;
use std::marker::PhantomData;
use std::sync::Arc;

use crate::model::Model;
use runcomfy_schema::{Json, View};

/// A typed input as [`Client::submit`](crate::Client::submit) and [`Client::run`](crate::Client::run)
/// take it: by value, by reference, or shared in an [`Arc`].
///
/// A submit of an input by value borrows nothing, so that it can move to a task of its own:
///
/// ```
/// # use runcomfy_models::bytedance::dreamina_4_0::text_to_image::Input;
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let script = runcomfy::testing::Script::new();
/// # let client = script.client_builder().build()?;
/// let boats = ["A red boat", "A blue boat"].map(Input::new);
/// let tasks = boats.map(|input| tokio::spawn(client.run(input).into_future()));
/// for task in tasks {
///     println!("{:?}", task.await??.urls());
/// }
/// # Ok(()) }
/// ```
pub trait AsInput<'a, M: Model>: Borrow<M> + Send + Sync + 'a {}

impl<'a, M: Model + 'a> AsInput<'a, M> for M {}
impl<'a, M: Model> AsInput<'a, M> for &'a M {}
impl<'a, M: Model + 'a> AsInput<'a, M> for Arc<M> {}

/// The input of one submit, of which nothing is known but what it looks like.
pub(crate) struct Input<'a>(Box<dyn AsView + Send + Sync + 'a>);

trait AsView {
    fn view(&self) -> View<'_>;
}

struct Typed<I, M>(I, PhantomData<fn() -> M>);

impl<I: Borrow<M>, M: Model> AsView for Typed<I, M> {
    fn view(&self) -> View<'_> {
        View::Record(self.0.borrow())
    }
}

struct Free<I>(I);

impl<I: Borrow<Json>> AsView for Free<I> {
    fn view(&self) -> View<'_> {
        self.0.borrow().into()
    }
}

impl<'a> Input<'a> {
    pub(crate) fn typed<M: Model + 'a>(input: impl AsInput<'a, M>) -> Self {
        Self(Box::new(Typed(input, PhantomData)))
    }

    pub(crate) fn free(input: impl Borrow<Json> + Send + Sync + 'a) -> Self {
        Self(Box::new(Free(input)))
    }

    pub(crate) fn view(&self) -> View<'_> {
        self.0.view()
    }
}
