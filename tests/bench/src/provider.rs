//! The payment providers of a benchmark.

use std::error::Error;
use std::sync::Arc;

use clap::ValueEnum;
use tiketi_core::memory::TestGateway;
use tiketi_core::{Payment, PaymentGateway};
use tiketi_toss::{TossGateway, TossSettings};
use tiketi_toss_stub::{StubSettings, TossStub};

/// A kind of provider.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum ProviderKind {
    /// In the shop's own memory: the figures are those of the shop alone.
    Test,
    /// `TossPayments`, simulated by the stub over a loopback socket in the same process.
    Toss,
}

impl ProviderKind {
    /// Returns the name in the printed figures.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Test => "test",
            Self::Toss => "toss",
        }
    }
}

/// A provider that exists for one turn.
pub(crate) enum Provider {
    Test(Arc<TestGateway>),
    Toss { gateway: Arc<TossGateway>, stub: TossStub },
}

impl Provider {
    /// Creates a provider without any payment.
    pub(crate) async fn open(kind: ProviderKind) -> Result<Self, Box<dyn Error>> {
        match kind {
            ProviderKind::Test => Ok(Self::Test(Arc::default())),
            ProviderKind::Toss => {
                // This process chooses its TLS provider only here, and the gateway needs one.
                let _chosen_before = rustls::crypto::aws_lc_rs::default_provider().install_default();
                let settings = StubSettings::default();
                let secret = settings.secret_key.clone();
                let stub = TossStub::start(settings).await?;
                let settings = TossSettings::new(secret.into(), "test_ck_bench").base_url(stub.url());
                Ok(Self::Toss { gateway: Arc::new(TossGateway::new(settings)?), stub })
            }
        }
    }

    /// Returns a gateway to the provider.
    pub(crate) fn gateway(&self) -> Arc<dyn PaymentGateway> {
        match self {
            Self::Test(gateway) => Arc::clone(gateway) as _,
            Self::Toss { gateway, .. } => Arc::clone(gateway) as _,
        }
    }

    /// Does the buyer's part of a payment at the provider, and returns the payment key.
    pub(crate) fn authenticate(&self, payment: &Payment) -> Result<Option<String>, Box<dyn Error>> {
        match self {
            Self::Test(_) => Ok(None),
            Self::Toss { stub, .. } => {
                Ok(Some(stub.authenticate(&payment.id.to_string(), payment.amount.minor())?))
            }
        }
    }
}
