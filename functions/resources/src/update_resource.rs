use api::caller::App;
use api::{
    ApiError, Body, Data, Faults, IfMatch, Include, OutputZone, Path, PublicTexts, State, Tagged,
};
use axum::extract::State as Extract;
use model::Dated as _;
use model::resource::Resource;
use model::text::email_key;
use store::ResourceSecret;

use crate::access::WriteOwn;
use crate::fields::resource::{ResourceFields, ResourceRequest};
use crate::views::resource::{ResourcePresenter, ResourceView};

/// Changes a resource. What is not sent stays; the e-mail address cannot be changed.
#[utoipa::path(
    put,
    path = "/v2/resources/{id}",
    tag = "resources",
    params(("id" = String, Path, description = "The resource's id.")),
    request_body = ResourceRequest,
    responses(
        (status = 200, description = "The resource.", body = ResourceView),
        (status = 404, description = "There is none, or it is not yours."),
        (status = 422, description = "Something is wrong with the request: `errors`, by field."),
    )
)]
pub(crate) async fn update_resource(
    App(principal): App<WriteOwn>,
    Extract(state): Extract<State>,
    Path(id): Path<String>,
    IfMatch(expected): IfMatch,
    include: Include,
    zone: OutputZone,
    Body(request): Body<ResourceRequest>,
) -> Result<Tagged<Data<ResourceView>>, ApiError> {
    let id = id.parse().map_err(|_| ApiError::NotFound("Resource"))?;
    let tenant = principal.tenant();
    let current = state
        .store()
        .get_resource(tenant, id)
        .await?
        .ok_or(ApiError::NotFound("Resource"))?;
    let mut faults = Faults::none();
    let fields = ResourceFields::read(request, &mut faults);
    let public = PublicTexts::of(&state, principal.app).await?;
    fields.check_public(&public, &mut faults);
    if changes_email(&fields, &current) {
        let sentence = "cannot be changed; make a new resource for another address";
        faults.add("email", sentence);
    }
    faults.check()?;
    fields.refuse_wider_password(&principal)?;
    let password_hash = fields.password_hash(&state, &principal).await?;

    let now = state.now();
    let change = |resource: Resource, secret: ResourceSecret| {
        let secret = ResourceSecret {
            password_hash: password_hash.clone().or(secret.password_hash),
        };
        (
            resource.changed(now, |resource| fields.apply(resource)),
            secret,
        )
    };
    let resource = state
        .writer()
        .change_resource(tenant, id, &expected, change)
        .await?;
    let mut presenter = ResourcePresenter::of(&principal, &state, &include, zone, &[id]).await?;
    let answer = Data {
        data: presenter.show(resource.record),
    };
    Ok(Tagged::new(answer, &resource.version))
}

/// Whether another e-mail address was sent. Clients send back the whole resource: an address that is the same is no change.
fn changes_email(fields: &ResourceFields, current: &Resource) -> bool {
    let own = current.email.as_deref().map(email_key);
    let sent = fields.email.as_deref().map(email_key);
    sent.is_some() && sent != own
}
