//! Operations: what can be called, by whom, and what answers. A handler gets in only together with its
//! [`Access`]; its method, path and description come from its `#[utoipa::path]`, so no route is written twice.

use std::sync::Arc;

use auth::Access;
use axum::Router;
use axum::http::Method;
use axum::middleware::from_fn_with_state;
use axum::routing::MethodRouter;
use utoipa::openapi::path::{HttpMethod, Operation as OpenApiOperation, Paths};
use utoipa::openapi::schema::Schema;
use utoipa::openapi::{Components, OpenApi, RefOr};

use crate::authorize::authorize;
use crate::openapi;
use crate::state::State;

/// What [`routes!`](crate::routes) makes of a handler.
pub type Routes = (Vec<(String, RefOr<Schema>)>, Paths, MethodRouter<State>);

/// One thing that can be called.
#[derive(Clone, Debug)]
pub struct Operation {
    /// Its name: the same in code, events, documents and logs.
    pub id: String,
    /// Its HTTP method.
    pub method: Method,
    /// Its path, with parameters in braces.
    pub path: String,
    /// Who may call it.
    pub access: Access,
    /// Whether it may change anything: not, for reads and for searches by POST.
    pub writes: bool,
    /// Whether it is about one thing that has an `ETag`.
    pub is_versioned: bool,
}

impl Operation {
    /// Whether `Idempotency-Key` counts.
    pub fn takes_idempotency_key(&self) -> bool {
        self.takes_idempotency_key_by(&self.method)
    }

    /// As [`Operation::takes_idempotency_key`], when it is called by `method`, its own or an alias.
    pub(crate) fn takes_idempotency_key_by(&self, method: &Method) -> bool {
        *method == Method::POST && self.writes && !self.access.anonymous
    }

    /// Whether `If-Match` counts: it changes one thing that is there.
    pub fn takes_if_match(&self) -> bool {
        let is_there = self.path.contains('{') || self.method == Method::PUT;
        self.is_versioned && self.writes && is_there
    }

    /// Whether its answers carry an `ETag`.
    pub fn shows_etag(&self) -> bool {
        self.is_versioned && self.method != Method::DELETE
    }
}

/// A set of operations.
#[derive(Default)]
pub struct Operations {
    routes: Vec<(String, Arc<Operation>, MethodRouter<State>)>,
    list: Vec<Operation>,
    openapi: OpenApi,
}

impl Operations {
    /// None.
    pub fn new() -> Self {
        Self::default()
    }

    /// These, and one more.
    #[must_use]
    pub fn add(self, routes: Routes, access: Access) -> Self {
        self.add_one(routes, access, true, false)
    }

    /// These, and one more that changes nothing though it is called by POST.
    #[must_use]
    pub fn add_reading(self, routes: Routes, access: Access) -> Self {
        self.add_one(routes, access, false, false)
    }

    /// These, and one more that is about one thing with an `ETag`.
    #[must_use]
    pub fn add_versioned(self, routes: Routes, access: Access) -> Self {
        self.add_one(routes, access, true, true)
    }

    /// # Panics
    ///
    /// If the handler's description has no operation or no id: a mistake in the program, found by every test.
    #[expect(
        clippy::expect_used,
        reason = "a handler without description is found when the first test starts"
    )]
    fn add_one(
        mut self,
        (schemas, paths, router): Routes,
        access: Access,
        writes: bool,
        is_versioned: bool,
    ) -> Self {
        let (path, item) = paths
            .paths
            .into_iter()
            .next()
            .expect("a handler has a path");
        // A parameter that takes the rest of the path has a mark that only the router knows.
        let documented = path.replace("{*", "{");
        let mut described = described_operations(item);
        let mut operations = Vec::new();
        for (index, (method, operation)) in described.iter_mut().enumerate() {
            let id = operation.operation_id.clone().expect("a handler has an id");
            // A second method is an alias, and no two operations may share an id.
            let id = if index == 0 {
                id
            } else {
                format!("{id}_by_{}", method.as_str().to_lowercase())
            };
            operation.operation_id = Some(id.clone());
            openapi::describe_access(operation, access);
            openapi::describe_envelope(operation, &path);
            let added = Operation {
                id,
                method: method.clone(),
                path: documented.clone(),
                access,
                writes: writes && *method != Method::GET,
                is_versioned,
            };
            openapi::describe_headers(operation, &added);
            openapi::describe_errors(operation);
            operations.push(added);
        }
        let first = Arc::new(operations.first().expect("a handler has a method").clone());
        self.routes.push((path, first, router));
        self.list.extend(operations);
        let item = openapi::path_item(described);
        let mut one = OpenApi::default();
        one.paths = Paths::builder().path(documented, item).build();
        one.components = Some(Components::builder().schemas_from_iter(schemas).build());
        self.openapi.merge(one);
        self
    }

    /// These and those.
    #[must_use]
    pub fn merge(mut self, others: Self) -> Self {
        self.routes.extend(others.routes);
        self.list.extend(others.list);
        self.openapi.merge(others.openapi);
        self
    }

    /// What can be called.
    pub fn list(&self) -> &[Operation] {
        &self.list
    }

    /// Their description.
    pub fn openapi(&self) -> OpenApi {
        openapi::complete(self.openapi.clone())
    }

    /// A router that serves them behind a gateway that answers preflights, each behind its access.
    pub fn into_router(self, state: &State) -> Router {
        self.guarded(state, false)
    }

    /// A router that serves them with nothing before it: it answers preflights itself.
    pub fn into_router_with_cors(self, state: &State) -> Router {
        self.guarded(state, true)
    }

    fn guarded(self, state: &State, with_cors: bool) -> Router {
        let mut router: Router<State> = Router::new();
        for (path, operation, methods) in self.routes {
            let guarded = methods.layer(from_fn_with_state((state.clone(), operation), authorize));
            router = router.route(&path, guarded);
        }
        crate::edge::around(router, state, with_cors)
    }
}

fn described_operations(item: utoipa::openapi::PathItem) -> Vec<(Method, OpenApiOperation)> {
    // In this order, so that of two methods the first here is the operation's own and the other its alias.
    [
        (Method::GET, item.get),
        (Method::PUT, item.put),
        (Method::POST, item.post),
        (Method::PATCH, item.patch),
        (Method::DELETE, item.delete),
    ]
    .into_iter()
    .filter_map(|(method, operation)| operation.map(|operation| (method, operation)))
    .collect()
}

/// utoipa's name for a method that operations here may have.
pub(crate) fn http_method(method: &Method) -> HttpMethod {
    match *method {
        Method::PUT => HttpMethod::Put,
        Method::POST => HttpMethod::Post,
        Method::PATCH => HttpMethod::Patch,
        Method::DELETE => HttpMethod::Delete,
        _ => HttpMethod::Get,
    }
}
