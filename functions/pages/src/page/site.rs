//! Whose page it is, and as whom it acts.

use std::net::IpAddr;

use api::acting::WidgetKeys;
use api::authorize::admit_visitor;
use api::{ApiError, State, limits};
use auth::Principal;
use chrono::TimeDelta;
use html::Brand;
use model::app::App;
use model::project::{Project, Rules};
use store::Window;

/// A project's page.
#[derive(Clone, Debug)]
pub(crate) struct Site {
    /// The app.
    pub(crate) app: App,
    /// The project.
    pub(crate) project: Project,
    /// The widget key that the page acts as.
    pub(crate) principal: Principal,
    /// Which pages may show it in a frame, as a source list of CSP.
    pub(crate) frame_ancestors: String,
}

/// Why there is no page to show, with what is known of whose it is.
#[derive(Debug)]
pub(crate) struct NoSite {
    /// Why.
    pub(crate) error: ApiError,
    /// The business, as far as it is known.
    pub(crate) brand: Brand,
    /// Whether there is such a page, and only nobody can book on it.
    pub(crate) is_closed: bool,
    /// Whom it has acted as.
    pub(crate) principal: Option<Principal>,
}

impl NoSite {
    fn unknown(error: ApiError) -> Self {
        Self {
            error,
            brand: Brand::default(),
            is_closed: false,
            principal: None,
        }
    }

    /// There is no page at this address.
    pub(crate) fn none(noun: &'static str) -> Self {
        Self::unknown(ApiError::NotFound(noun))
    }
}

impl<E: Into<ApiError>> From<E> for NoSite {
    fn from(error: E) -> Self {
        Self::unknown(error.into())
    }
}

/// How often one address may ask in a minute for pages that are not there.
const UNKNOWN_PAGES: Window = Window {
    limit: 60,
    length: TimeDelta::minutes(1),
};

impl Site {
    /// The page of the project with this slug, for a visitor at `address`, whose permits of the app's widget key it takes.
    ///
    /// # Errors
    ///
    /// [`NoSite`] says why there is nothing to show.
    pub(crate) async fn open(
        state: &State,
        slug: &str,
        address: Option<IpAddr>,
    ) -> Result<Self, NoSite> {
        let found = state
            .store()
            .find_project(&slug.to_ascii_lowercase())
            .await?;
        let Some((app, project)) = found else {
            return Err(unknown(state, address, "Project").await);
        };
        let app = state.store().get_app(app).await?;
        let app = app.ok_or(NoSite::none("Project"))?;
        let acting = Acting::of(state, &app, address).await?;
        Ok(Self {
            app,
            project,
            principal: acting.principal,
            frame_ancestors: acting.frame_ancestors,
        })
    }

    /// The business.
    pub(crate) fn brand(&self) -> Brand {
        Brand::of(&self.app)
    }

    /// What the project's bookings are held to and start from.
    pub(crate) fn rules(&self) -> Result<&Rules, ApiError> {
        let rules = self.project.rules();
        rules.map_err(|error| ApiError::from(scheduling::SchedulingError::from(error)))
    }

    /// Whether nobody can book on the page, though its settings are valid. `has_resources` says whether one of its resources
    /// is there.
    pub(crate) fn is_closed(&self, has_resources: bool) -> Result<bool, ApiError> {
        let problems = self.project.page_problems(has_resources);
        let problems = problems.map_err(scheduling::SchedulingError::from)?;
        Ok(!problems.is_empty() || self.rules()?.booking.graph.is_none())
    }
}

/// As whom an app's pages act.
pub(crate) struct Acting {
    pub(crate) principal: Principal,
    pub(crate) frame_ancestors: String,
}

impl Acting {
    /// The widget key that the pages of `app` act as for a visitor at `address`, whose permits are taken.
    ///
    /// # Errors
    ///
    /// [`NoSite`]: an app without a widget key that may be used from there has no pages.
    pub(crate) async fn of(
        state: &State,
        app: &App,
        address: Option<IpAddr>,
    ) -> Result<Self, NoSite> {
        let keys = WidgetKeys::of(state, app).await?;
        let refused = |error, is_closed, principal| NoSite {
            error,
            brand: Brand::of(app),
            is_closed,
            principal,
        };
        let Some(principal) = keys.acting_for(address) else {
            return Err(refused(ApiError::NotFound("Project"), true, None));
        };
        let admitted = admit_visitor(state, &principal, address).await;
        if let Err(error) = admitted {
            return Err(refused(error, false, Some(principal)));
        }
        let frame_ancestors = match keys.origins() {
            None => "*".to_owned(),
            Some(origins) => origins.iter().fold("'self'".to_owned(), |list, origin| {
                format!("{list} {origin}")
            }),
        };
        Ok(Self {
            principal,
            frame_ancestors,
        })
    }
}

/// That there is no such page, counted for the address, so that nobody can try addresses for long.
pub(crate) async fn unknown(state: &State, address: Option<IpAddr>, noun: &'static str) -> NoSite {
    let counted = async {
        let who = limits::disguised_address(state, address).await?;
        limits::count(state, "show_booking_page", &who, UNKNOWN_PAGES).await
    };
    match counted.await {
        Ok(_) => NoSite::none(noun),
        Err(error) => NoSite::unknown(error),
    }
}
