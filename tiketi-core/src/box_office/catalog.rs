//! The catalog: seat layouts, events, ticket types and seats.

use crate::box_office::BoxOffice;
use crate::catalog::{CatalogError, EventInput, NewEvent, TicketTypeInput, general_admission};
use crate::decide::{
    AddTicketType, ArchiveRefused, BlockRefused, BlockSeats, CreateEvent, CreateLayout, CreateRefused,
    EditRefused, UnblockSeats,
};
use crate::error::{CommandError, StoreError};
use crate::event::{Event, EventDetails, EventStep};
use crate::id::{CommandKey, EventId, LayoutId, SeatId, TicketTypeId};
use crate::seat_layout::{LayoutError, LayoutOutline, SeatLayout, StoredLayout};
use crate::store::{EventQuery, EventView, Page, PageRequest, SeatMap};
use crate::ticket_type::TicketType;

/// Why something was not created.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OrganiseError {
    /// The event or ticket type is not valid.
    #[error(transparent)]
    Catalog(#[from] CatalogError),
    /// The seat layout is not valid.
    #[error(transparent)]
    Layout(#[from] LayoutError),
    /// The store refused it, or failed.
    #[error(transparent)]
    Create(#[from] CommandError<CreateRefused>),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Handle for seat layouts, events, ticket types and seats.
///
/// [`BoxOffice::catalog`] makes it; it is cheap to make and to clone. Its methods check no owner: the host must check
/// that the caller is an organiser.
///
/// ```
/// # use tiketi_core::{BoxOffice, Currency, EventDetails, EventInput, SaleWindow, general_admission};
/// # async fn open(shop: BoxOffice, details: EventDetails) -> Result<(), Box<dyn std::error::Error>> {
/// // An event without ticket types is a valid draft; more can be added later.
/// let draft = shop.catalog().create_event(EventInput::new(details, Currency::KRW)).await?;
/// let event = shop.catalog().publish_event(draft.event.id).await?;
/// assert!(event.is_public());
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone)]
pub struct Catalog {
    pub(super) office: BoxOffice,
}

impl Catalog {
    /// Saves a seat layout.
    ///
    /// Repeated under its key, it returns the layout that the first call saved.
    ///
    /// # Errors
    ///
    /// [`OrganiseError::Layout`] naming what is not valid; [`OrganiseError::Create`] with [`CommandError::KeyReused`]
    /// if the key was used for another layout.
    pub async fn create_layout(
        &self,
        layout: SeatLayout,
        key: Option<CommandKey>,
    ) -> Result<StoredLayout, OrganiseError> {
        layout.validate()?;
        let now = self.office.now();
        let stored = StoredLayout { id: LayoutId::from_uuid(self.office.new_id()), layout, created_at: now };
        let command = CreateLayout::new(now, self.office.key_or_new(key), stored.clone());
        let created = self.office.inner.layouts.create_layout(command).await?;
        if !created.replayed {
            return Ok(stored);
        }
        let first = self.office.inner.layouts.layout(LayoutId::from_uuid(created.id)).await?;
        first.ok_or(OrganiseError::Create(CommandError::Refused(CreateRefused::Removed)))
    }

    /// Returns a seat layout.
    pub async fn layout(&self, id: LayoutId) -> Result<Option<StoredLayout>, StoreError> {
        self.office.inner.layouts.layout(id).await
    }

    /// Returns the seat layouts without their seats, by venue and name.
    pub async fn layouts(&self, page: PageRequest) -> Result<Page<LayoutOutline>, StoreError> {
        self.office.inner.layouts.layouts(page).await
    }

    /// Deletes a seat layout, and returns whether it existed.
    ///
    /// Events made from it keep their seats.
    pub async fn delete_layout(&self, id: LayoutId) -> Result<bool, StoreError> {
        self.office.inner.layouts.delete_layout(id).await
    }

    /// Creates an event with its ticket types and seats, as a draft.
    ///
    /// Repeated under its key ([`EventInput::key`]), it returns the event that the first call created, as it is now.
    ///
    /// # Errors
    ///
    /// [`OrganiseError::Catalog`] naming what is not valid; [`OrganiseError::Create`] with [`CommandError::KeyReused`]
    /// if the key was used for another event.
    pub async fn create_event(&self, input: EventInput) -> Result<EventView, OrganiseError> {
        let layout = match input.layout {
            Some(id) => self.office.inner.layouts.layout(id).await?,
            None => None,
        };
        let checked = self.office.check_beacon(&input.details);
        checked.map_err(|error| OrganiseError::Catalog(CatalogError::WaitingRoom(error)))?;
        let now = self.office.now();
        let new = NewEvent::assemble(&input, layout.as_ref(), self.office.inner.ids.as_ref(), now)?;
        let view = EventView { event: new.event.clone(), ticket_types: new.ticket_types.clone() };
        let mut command = CreateEvent::new(now, self.office.key_or_new(input.key), new);
        command.opens_when_made = input.opens_when_made;
        let created = self.office.inner.catalog.create_event(command).await?;
        if !created.replayed {
            if let Some(metrics) = &self.office.inner.metrics {
                metrics.event_created();
            }
            return Ok(view);
        }
        let first = self.office.inner.catalog.event(EventId::from_uuid(created.id)).await?;
        first.ok_or(OrganiseError::Create(CommandError::Refused(CreateRefused::Removed)))
    }

    /// Edits an event's details.
    ///
    /// `read_version` is the version that the caller read; the edit is refused if another edit came first.
    ///
    /// # Errors
    ///
    /// [`CommandError::Refused`] with an [`EditRefused`].
    pub async fn edit_event(
        &self,
        id: EventId,
        details: EventDetails,
        read_version: Option<u64>,
    ) -> Result<Event, CommandError<EditRefused>> {
        self.office.edit_event(id, details, read_version).await
    }

    /// Archives an event that is over.
    ///
    /// It is read only then, no job looks at it, and no list has it but that of archived events
    /// ([`EventQuery::archived`]). Its sales, refunds and seats are read as before. Money that a provider reports later is
    /// still recorded, and refunded by the rules. Archived again, it stays as it is.
    ///
    /// ```
    /// # use tiketi_core::{BoxOffice, CommandError, EventId, decide::ArchiveRefused};
    /// # async fn put_away(shop: BoxOffice, event: EventId) {
    /// match shop.catalog().archive_event(event).await {
    ///     Ok(event) => assert!(event.is_archived()),
    ///     Err(CommandError::Refused(ArchiveRefused::NotOver)) => println!("it still sells"),
    ///     Err(error) => println!("{error}"),
    /// }
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// [`ArchiveRefused::NotOver`] unless it is cancelled, or its sale has closed and it has begun;
    /// [`ArchiveRefused::StillOpen`] while reservations, payments, refunds or a call-off are open.
    pub async fn archive_event(&self, id: EventId) -> Result<Event, CommandError<ArchiveRefused>> {
        self.office.inner.catalog.archive_event(id, self.office.now()).await
    }

    /// Takes an event out of the archive: lists have it again, and it can be changed.
    ///
    /// # Errors
    ///
    /// [`ArchiveRefused::EventNotFound`].
    pub async fn unarchive_event(&self, id: EventId) -> Result<Event, CommandError<ArchiveRefused>> {
        self.office.inner.catalog.unarchive_event(id).await
    }

    /// Publishes a draft: buyers can see it.
    ///
    /// # Errors
    ///
    /// [`EditRefused::IllegalStep`] unless the event is a draft.
    pub async fn publish_event(&self, id: EventId) -> Result<Event, CommandError<EditRefused>> {
        self.office.inner.catalog.step_event(id, EventStep::Publish).await
    }

    /// Cancels an event: no more tickets are sold.
    ///
    /// [`Jobs::call_off_once`](crate::box_office::Jobs::call_off_once) refunds those who paid, and
    /// [`Support::call_off_progress`](crate::box_office::Support::call_off_progress) shows the progress.
    ///
    /// # Errors
    ///
    /// [`EditRefused::IllegalStep`] if the event is cancelled already.
    pub async fn cancel_event(&self, id: EventId) -> Result<Event, CommandError<EditRefused>> {
        self.office.inner.catalog.step_event(id, EventStep::Cancel { at: self.office.now() }).await
    }

    /// Deletes an event that never had a reservation.
    ///
    /// # Errors
    ///
    /// [`EditRefused::HasReservations`].
    pub async fn delete_event(&self, id: EventId) -> Result<(), CommandError<EditRefused>> {
        self.office.inner.catalog.delete_event(id).await
    }

    /// Returns an event with its ticket types; drafts, too.
    pub async fn event(&self, id: EventId) -> Result<Option<EventView>, StoreError> {
        self.office.inner.catalog.event(id).await
    }

    /// Returns the events that match a query.
    pub async fn events(&self, query: EventQuery) -> Result<Page<EventView>, StoreError> {
        self.office.inner.catalog.events(query).await
    }

    /// Adds a general-admission ticket type to an event.
    ///
    /// Repeated under its key, it returns the ticket type that the first call added, as it is now.
    ///
    /// # Errors
    ///
    /// [`OrganiseError::Catalog`] naming what is not valid; [`OrganiseError::Create`] with
    /// [`CreateRefused::EventNotFound`], or with [`CommandError::KeyReused`] if the key was used for another ticket
    /// type.
    pub async fn add_ticket_type(
        &self,
        event: EventId,
        input: TicketTypeInput,
        key: Option<CommandKey>,
    ) -> Result<TicketType, OrganiseError> {
        let view = self.office.inner.catalog.event(event).await?;
        let view = view.ok_or(CommandError::Refused(CreateRefused::EventNotFound))?;
        let position = view.ticket_types.iter().map(|known| known.position + 1).max().unwrap_or(0);
        let ticket_type = general_admission(&view.event, &input, position, self.office.inner.ids.as_ref())?;
        let command = AddTicketType::new(self.office.now(), self.office.key_or_new(key), ticket_type.clone());
        let created = self.office.inner.catalog.add_ticket_type(command).await?;
        if !created.replayed {
            return Ok(ticket_type);
        }
        let first = self.office.inner.catalog.ticket_type(TicketTypeId::from_uuid(created.id)).await?;
        first.ok_or(OrganiseError::Create(CommandError::Refused(CreateRefused::Removed)))
    }

    /// Edits a ticket type's name, price or capacity.
    ///
    /// Tickets that are held or sold keep their price.
    ///
    /// # Errors
    ///
    /// [`CommandError::Refused`] with an [`EditRefused`], such as [`EditRefused::CapacityBelowTaken`].
    pub async fn edit_ticket_type(
        &self,
        id: TicketTypeId,
        edit: TicketTypeInput,
    ) -> Result<TicketType, CommandError<EditRefused>> {
        self.office.inner.catalog.edit_ticket_type(id, edit).await
    }

    /// Deletes a general-admission ticket type without held or sold units.
    ///
    /// # Errors
    ///
    /// [`CommandError::Refused`] with an [`EditRefused`], such as [`EditRefused::HasReservations`].
    pub async fn remove_ticket_type(&self, id: TicketTypeId) -> Result<(), CommandError<EditRefused>> {
        self.office.inner.catalog.remove_ticket_type(id).await
    }

    /// Returns a ticket type.
    pub async fn ticket_type(&self, id: TicketTypeId) -> Result<Option<TicketType>, StoreError> {
        self.office.inner.catalog.ticket_type(id).await
    }

    /// Takes available seats off sale, and returns the new map version.
    ///
    /// # Errors
    ///
    /// [`CommandError::Refused`] with a [`BlockRefused`], such as [`BlockRefused::SeatsTaken`].
    pub async fn block_seats(
        &self,
        event: EventId,
        seats: Vec<SeatId>,
        reason: &str,
    ) -> Result<u64, CommandError<BlockRefused>> {
        self.office.inner.catalog.block_seats(BlockSeats::new(self.office.now(), event, seats, reason)).await
    }

    /// Puts blocked seats back on sale, and returns the new map version.
    ///
    /// # Errors
    ///
    /// [`CommandError::Refused`] with a [`BlockRefused`].
    pub async fn unblock_seats(
        &self,
        event: EventId,
        seats: Vec<SeatId>,
    ) -> Result<u64, CommandError<BlockRefused>> {
        self.office.inner.catalog.unblock_seats(UnblockSeats::new(self.office.now(), event, seats)).await
    }

    /// Returns an event's map version, to check whether a copy of its seats is current.
    pub async fn seat_map_version(&self, event: EventId) -> Result<Option<u64>, StoreError> {
        self.office.inner.catalog.seat_map_version(event).await
    }

    /// Returns the seats that changed after map version `since`; all of them for 0.
    pub async fn seat_map(&self, event: EventId, since: u64) -> Result<Option<SeatMap>, StoreError> {
        self.office.inner.catalog.seat_map(event, since).await
    }
}
