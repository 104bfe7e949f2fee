//! Which claims go and which come, and whether there is room for them.

use std::collections::BTreeMap;

use model::ids::ResourceId;
use model::occupancy::{Claim, Occupancy, Tolerance};
use uuid::Uuid;

use crate::unit::decision::{Decision, DecisionError, Requirement};
use crate::unit::sheets::Sheets;
use crate::unit::step::Move;

/// The claims of one resource that go and come. What is wanted must be free, and is not taken yet.
#[derive(Default)]
pub(super) struct Moves {
    go: Vec<Claim>,
    come: Vec<(Claim, Tolerance)>,
    wanted: Vec<(Claim, Tolerance)>,
}

impl Moves {
    fn add(&mut self, step: Move) {
        match step {
            Move::Go(claim) => self.go.push(claim),
            Move::Come(claim, tolerance) => self.come.push((claim, tolerance)),
            Move::Want(claim, tolerance) => self.wanted.push((claim, tolerance)),
        }
    }

    /// What is to be placed, with what it may be placed over: of two that cannot both be, the later one is at fault.
    fn placed(&self) -> impl Iterator<Item = &(Claim, Tolerance)> {
        self.wanted.iter().chain(&self.come)
    }
}

impl Decision<'_> {
    /// By resource, which claims go and which come.
    pub(super) fn moves(&self) -> BTreeMap<ResourceId, Moves> {
        // What is required of a resource is judged even if none of its time is taken.
        let required = self.requirements.iter();
        let mut moves: BTreeMap<ResourceId, Moves> = required
            .map(|required| (required.resource, Moves::default()))
            .collect();
        for kind in self.kinds() {
            for (resource, step) in self.order.iter().flat_map(|id| kind.moves_of(*id)) {
                moves.entry(resource).or_default().add(step);
            }
        }
        moves
    }

    /// The sheets of a resource with these moves carried out. It is one function because the order counts: what goes gives its time
    /// back before anything is placed.
    pub(super) async fn place(
        &self,
        resource: ResourceId,
        moves: &Moves,
    ) -> Result<Sheets, DecisionError> {
        let touched = moves
            .go
            .iter()
            .chain(moves.placed().map(|(claim, _)| claim));
        let required = self.requirements.iter();
        let required: Vec<&Requirement> = required.filter(|it| it.resource == resource).collect();
        let days = touched
            .flat_map(|claim| claim.widened().days())
            .chain(required.iter().flat_map(|required| required.within.days()));
        let app = self.tenant.app;
        let mut sheets = self.writer.sheets(app, resource, days, self.now).await?;
        let occupancy = &mut sheets.occupancy;
        let mut given_up = moves.go.clone();
        given_up.retain(|claim| occupancy.has(claim));
        for claim in &moves.go {
            occupancy.release(claim);
        }
        let is_placed = |id: Uuid| moves.placed().any(|(claim, _)| claim.id == id);
        for required in required.iter().filter(|it| !is_placed(it.claim)) {
            self.check(required, occupancy)?;
        }
        if moves.placed().next().is_none() {
            return Ok(sheets);
        }
        let capacity = match self.capacities.get(&resource) {
            Some(capacity) => *capacity,
            None => self.writer.capacity(self.tenant, resource).await?,
        };
        let cannot = |claim: &Claim| {
            let part = self.part_of(claim.id);
            move |error| DecisionError::CannotPlace {
                part,
                resource,
                error,
            }
        };
        let check_required = |claim: &Claim, occupancy: &Occupancy| {
            let mut own = required.iter().filter(|it| it.claim == claim.id);
            own.try_for_each(|required| self.check(required, occupancy))
        };
        for (wanted, tolerance) in &moves.wanted {
            check_required(wanted, occupancy)?;
            let free = occupancy.check_free(wanted, capacity, *tolerance);
            free.map_err(cannot(wanted))?;
        }
        for (claim, tolerance) in &moves.come {
            check_required(claim, occupancy)?;
            // Who pays, extends or books what is held has the time already, whoever may overlap it meanwhile.
            let own = given_up.iter().position(|gone| gone.is_as_wide_as(claim));
            if let Some(own) = own {
                given_up.swap_remove(own);
            } else {
                let free = occupancy.check_free(claim, capacity, *tolerance);
                free.map_err(cannot(claim))?;
            }
            occupancy.place(*claim).map_err(cannot(claim))?;
        }
        Ok(sheets)
    }

    fn check(&self, required: &Requirement, occupancy: &Occupancy) -> Result<(), DecisionError> {
        (required.check)(&occupancy.claims()).map_err(|refusal| DecisionError::NotOffered {
            part: self.part_of(required.claim),
            resource: required.resource,
            refusal,
        })
    }
}
