//! Commands from several callers at the same moment.

use std::fmt::Debug;
use std::sync::Arc;

use futures::future::join_all;
use tiketi_core::CommandError;
use tiketi_core::decide::{Applied, Envelope, SalesCommand};
use tokio::sync::Barrier;

use crate::shop::{Outcome, TestShop};

/// Sends each command from its own task, concurrently and under a new key, and returns the answers in order.
pub(crate) async fn at_once<C: SalesCommand>(shop: &TestShop, commands: Vec<C>) -> Vec<Outcome<C>> {
    let envelopes = commands.into_iter().map(|command| shop.envelope(command));
    envelopes_at_once(shop, envelopes.collect()).await
}

/// Sends one command from `callers` concurrent tasks, under one key.
pub(crate) async fn repeated_at_once<C: SalesCommand>(
    shop: &TestShop,
    command: C,
    callers: usize,
) -> Vec<Outcome<C>> {
    envelopes_at_once(shop, vec![shop.envelope(command); callers]).await
}

async fn envelopes_at_once<C: SalesCommand>(shop: &TestShop, commands: Vec<Envelope<C>>) -> Vec<Outcome<C>> {
    let gate = Arc::new(Barrier::new(commands.len()));
    let tasks = commands.into_iter().map(|command| {
        let (shop, gate) = (shop.clone(), gate.clone());
        tokio::spawn(async move {
            gate.wait().await;
            shop.execute(command).await
        })
    });
    let answers = join_all(tasks.collect::<Vec<_>>()).await;
    answers.into_iter().map(|answer| answer.expect("a caller does not panic")).collect()
}

/// Sends two commands of different kinds concurrently, each from its own task.
pub(crate) async fn both_at_once<A, B>(shop: &TestShop, one: A, other: B) -> (Outcome<A>, Outcome<B>)
where
    A: SalesCommand,
    B: SalesCommand,
{
    let (first, second) = (shop.clone(), shop.clone());
    let (one, other) = tokio::join!(
        tokio::spawn(async move { first.send(one).await }),
        tokio::spawn(async move { second.send(other).await }),
    );
    (one.expect("a caller does not panic"), other.expect("a caller does not panic"))
}

/// Splits answers into the number of applied commands and the refusals.
pub(crate) fn told<R: Debug>(answers: Vec<Result<Applied, CommandError<R>>>) -> (usize, Vec<R>) {
    let (mut won, mut refused) = (0, Vec::new());
    for answer in answers {
        match answer {
            Ok(applied) => {
                assert!(!applied.replayed);
                won += 1;
            }
            Err(CommandError::Refused(why)) => refused.push(why),
            Err(other) => panic!("a race is no failure: {other:?}"),
        }
    }
    (won, refused)
}

/// Returns how many commands under one key took effect; the others must be replays.
pub(crate) fn applied<R: Debug>(answers: Vec<Result<Applied, CommandError<R>>>) -> usize {
    let answers = answers.into_iter().map(|answer| answer.expect("a repetition is no refusal"));
    answers.filter(|answer| !answer.replayed).count()
}
