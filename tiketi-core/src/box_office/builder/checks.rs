//! Checks the gateways and subscribers of a shop.

use std::sync::Arc;

use crate::box_office::builder::BuildError;
use crate::box_office::relay::Subscriber;
use crate::box_office::reports::{COUNTED_FACTS, FIGURES_SUBSCRIBER, FigureKeeper};
use crate::fact::FactKinds;
use crate::gateway::PaymentGateway;
use crate::notifier::{Notifier, SubscriberName};
use crate::store::Subscription;

pub(super) fn check_gateways(gateways: &[Arc<dyn PaymentGateway>]) -> Result<(), BuildError> {
    let mut names = Vec::new();
    let mut methods = Vec::new();
    for gateway in gateways {
        let name = gateway.name().to_owned();
        if names.contains(&name) {
            return Err(BuildError::DuplicateGateway { name });
        }
        names.push(name);
        for method in gateway.methods() {
            if methods.contains(&method.id) {
                return Err(BuildError::DuplicateMethod { method: method.id });
            }
            methods.push(method.id);
        }
    }
    Ok(())
}

/// A subscriber with its name, before the name is checked.
type NamedSubscriber = (String, FactKinds, Arc<dyn Notifier>);

/// Adds the subscriber that counts.
pub(super) fn with_figures(
    mut named: Vec<NamedSubscriber>,
    figures: Option<&FigureKeeper>,
) -> Vec<NamedSubscriber> {
    if let Some(keeper) = figures {
        let kinds = COUNTED_FACTS.into_iter().collect();
        named.push((FIGURES_SUBSCRIBER.to_owned(), kinds, Arc::new(keeper.clone())));
    }
    named
}

pub(super) fn subscribers(named: Vec<NamedSubscriber>) -> Result<Vec<Subscriber>, BuildError> {
    let mut subscribers: Vec<Subscriber> = Vec::new();
    for (name, kinds, notifier) in named {
        let checked = SubscriberName::new(&*name);
        let subscriber = checked.map_err(|source| BuildError::SubscriberName { name, source })?;
        if subscribers.iter().any(|known| *known.name() == subscriber) {
            return Err(BuildError::DuplicateSubscriber { name: subscriber });
        }
        subscribers.push(Subscriber::new(Subscription { subscriber, kinds }, notifier));
    }
    Ok(subscribers)
}
