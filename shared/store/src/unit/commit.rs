//! Carrying a decision out: one transaction over everything it rests on.

use std::collections::HashMap;

use model::ids::ResourceId;
use model::outbox::ChangeEvent;

use crate::dynamo::transaction::{MAX_ACTIONS, MAX_BYTES};
use crate::dynamo::{Attempt, Condition, Place, StoreError, Table, Transaction, text};
use crate::outbox::{self, MAX_TOLD};
use crate::places;
use crate::unit::decision::{Decision, DecisionError};
use crate::unit::drafts::Guard;
use crate::unit::sheets::Sheets;
use crate::unit::touched::{Sizes, Touched};

impl<'a> Decision<'a> {
    /// Carries it out, all of it or nothing, and answers `decided`; the race is lost if what it rests on has changed.
    ///
    /// # Errors
    ///
    /// As [`DecisionError`] says; nothing is changed then.
    pub async fn commit<T>(mut self, decided: T) -> Result<Attempt<T>, DecisionError> {
        match self.carry_out().await {
            Ok(attempt) => Ok(attempt.map(|()| decided)),
            // Records are read before sheets, so a refusal may rest on what was no longer there together.
            Err(error) if error.is_about_what_is_taken() && self.is_outdated().await? => {
                Ok(Attempt::LostRace)
            }
            Err(error) => Err(error),
        }
    }

    /// Whether a record is no longer as it was read.
    async fn is_outdated(&self) -> Result<bool, StoreError> {
        let app = self.tenant.app;
        let kinds = self.kinds().into_iter();
        let seen: Vec<(Place, Condition)> = kinds.flat_map(|kind| kind.seen(app)).collect();
        let places: Vec<Place> = seen.iter().map(|(place, _)| place.clone()).collect();
        let mut found = HashMap::new();
        for item in self.writer.get_many(&places).await? {
            let version = text(&item, "version");
            found.insert(Place::of(Table::Data, &item)?, version);
        }
        Ok(seen.into_iter().any(|(place, seen)| {
            let version = found.remove(&place);
            version.is_none_or(|version| Condition::as_seen(version) != seen)
        }))
    }

    async fn carry_out(&mut self) -> Result<Attempt<()>, DecisionError> {
        self.move_seats().await?;
        self.tell();
        let moves = self.moves();
        let resources = moves.keys().map(|resource| resource.uuid());
        let _turns = self.writer.turns.inner(resources).await?;
        let mut sheets = Vec::with_capacity(moves.len());
        for (resource, moves) in &moves {
            sheets.push((*resource, self.place(*resource, moves).await?));
        }
        let transaction = self.transaction(sheets)?;
        if transaction.is_empty() {
            return Ok(Attempt::Decided(()));
        }
        Ok(transaction.decide(()).await?)
    }

    /// Derives from each change what it tells.
    fn tell(&mut self) {
        self.bookings.tell(&mut self.told);
        self.reservations.tell(&mut self.told);
        self.events.tell(&mut self.told);
    }

    /// What is told, in the order in which it was changed; of a group whose seats were moved after what moved them.
    fn in_order(&self) -> Vec<ChangeEvent> {
        let others = self.told.keys().filter(|id| !self.order.contains(id));
        let all = self.order.iter().chain(others);
        all.filter_map(|id| self.told.get(id))
            .flatten()
            .cloned()
            .collect()
    }

    fn transaction(
        &self,
        sheets: Vec<(ResourceId, Sheets)>,
    ) -> Result<Transaction<'a, Guard>, DecisionError> {
        let app = self.tenant.app;
        let mut transaction = Transaction::new(self.writer);
        let mut sizes = Sizes::new();
        for kind in self.kinds() {
            kind.write_in(&mut transaction, app, &mut sizes)?;
        }
        for (id, version) in &self.resources {
            let unchanged = Condition::version(version);
            transaction.check(Guard::Resource, &places::resource(app, *id), &unchanged)?;
        }
        for (resource, sheets) in sheets {
            for (day, draft) in sheets.into_drafts() {
                let others = transaction.bytes();
                let place = places::sheet(app, resource, day);
                draft.write_in(&mut transaction, Guard::Sheet, &place, self.writer)?;
                sizes.insert(Touched::Sheet(resource, day), transaction.bytes() - others);
            }
        }
        let told = self.in_order();
        let tells_too_much = outbox::size_of(&told) > MAX_TOLD;
        outbox::tell_in(&mut transaction, Guard::Outbox, app, told)?;
        if transaction.len() > MAX_ACTIONS || transaction.bytes() > MAX_BYTES || tells_too_much {
            return Err(self.too_large(&sizes));
        }
        Ok(transaction)
    }
}
