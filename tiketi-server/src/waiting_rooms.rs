//! Waiting rooms: where their places are, and the key of admission passes.

use std::sync::Arc;

use secrecy::{ExposeSecret, SecretString};
use tiketi_core::memory::MemoryWaitingRooms;
use tiketi_core::store::{RoomJournal, WaitingRoomStore};
use tiketi_core::{AdmissionKey, BoxOfficeBuilder};
use tiketi_http::TokenSecret;

use crate::failure::Failure;
use crate::options::Waiting;
use crate::store::StoreKind;

/// The settings of waiting rooms.
#[derive(Debug)]
pub(crate) struct WaitingSettings {
    /// The key that signs admission passes, if a secret was given.
    admission_key: Option<AdmissionKey>,
    places: Places,
}

/// Where the places are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Places {
    /// In the process; they end with it.
    Process,
    /// In the process; the store saves them.
    Store,
}

impl WaitingSettings {
    /// Checks the options.
    pub(crate) fn of(options: &Waiting, store: &StoreKind) -> Result<Self, Failure> {
        let admission_key = options.admission_secret.as_ref().map(admission_key).transpose()?;
        // Two servers that load and save the same places would give the same numbers.
        let is_alone = options.single_server || !store.is_shared();
        let places = if store.is_durable() && is_alone { Places::Store } else { Places::Process };
        Ok(Self { admission_key, places })
    }

    /// Returns whether a second server on the store would have other waiting rooms.
    pub(crate) fn divide_servers(&self, store: &StoreKind) -> bool {
        store.is_shared() && self.places == Places::Process
    }

    /// Describes where waiting rooms are.
    pub(crate) fn describe(&self) -> &'static str {
        match self.places {
            Places::Process => "in the process; places are lost when the server stops",
            Places::Store => "in the process; the store saves every place",
        }
    }
}

/// The waiting rooms of a server.
#[derive(Debug, Clone)]
pub(crate) struct WaitingRooms {
    store: Arc<dyn WaitingRoomStore>,
    admission_key: AdmissionKey,
}

impl WaitingRooms {
    /// Opens waiting rooms; places that a journal has saved are there again.
    ///
    /// Passes are signed with the secret of tokens unless another was given.
    pub(crate) async fn open(
        settings: &WaitingSettings,
        journal: Option<Arc<dyn RoomJournal>>,
        secret: &TokenSecret,
    ) -> Result<Self, Failure> {
        let admission_key = match &settings.admission_key {
            Some(key) => key.clone(),
            None => secret
                .admission_key()
                .map_err(|error| Failure::during("cannot sign admission passes", &error))?,
        };
        let store = match journal.filter(|_| settings.places == Places::Store) {
            Some(journal) => MemoryWaitingRooms::restore(journal)
                .await
                .map_err(|error| Failure::during("cannot load the waiting rooms", &error))?,
            None => MemoryWaitingRooms::default(),
        };
        Ok(Self { store: Arc::new(store), admission_key })
    }

    /// Adds the waiting rooms to a shop.
    pub(crate) fn add_to(&self, builder: BoxOfficeBuilder) -> BoxOfficeBuilder {
        builder.waiting_rooms(Arc::clone(&self.store)).admission_key(self.admission_key.clone())
    }
}

/// Refuses a secret that could be guessed.
fn admission_key(secret: &SecretString) -> Result<AdmissionKey, Failure> {
    let key = AdmissionKey::new(secret.expose_secret().as_bytes());
    key.map_err(|error| Failure::new(format!("--admission-secret: {error}")))
}
