//! Operations: what can be called, by whom, and what answers. Who may call is part of a handler's type: see
//! [`caller`](crate::caller). Its method, path and description come from its `#[utoipa::path]`, so no route is written twice.
//!
//! A function serves its operations without ever describing them, so only the feature `openapi` knows how, and only
//! when it is asked to.

use std::sync::Arc;

use auth::Access;
use axum::Router;
use axum::http::Method;
use axum::middleware::from_fn_with_state;
use axum::routing::{MethodFilter, MethodRouter};
#[cfg(feature = "openapi")]
use utoipa::openapi::path::HttpMethod;
#[cfg(feature = "openapi")]
use utoipa::openapi::{
    Components, OpenApi, RefOr,
    path::{Operation as OpenApiOperation, PathItem, Paths},
    schema::Schema,
};
use utoipa_axum::PathItemExt as _;
#[doc(hidden)]
pub use utoipa_axum::paste;

use crate::authorize::authorize;
use crate::error_page::ErrorPages;
#[cfg(feature = "openapi")]
use crate::openapi::{self, bodies, parameters};
pub use crate::operation::Operation;
use crate::operation::http_method;
use crate::replay::CompleteReplay;
use crate::state::State;

/// Makes a handler's description.
#[cfg(feature = "openapi")]
#[doc(hidden)]
pub type Describe = fn() -> (Vec<(String, RefOr<Schema>)>, Paths, MethodRouter<State>);

/// Nothing, where no handler describes itself.
#[cfg(not(feature = "openapi"))]
#[doc(hidden)]
pub type Describe = ();

/// A handler with its method and path; [`routes!`](crate::routes) makes one.
#[derive(Debug)]
pub struct Routes {
    id: &'static str,
    path: String,
    methods: Vec<Method>,
    access: Access,
    router: MethodRouter<State>,
    completes: Option<CompleteReplay>,
    #[cfg(feature = "openapi")]
    describe: Describe,
}

impl Routes {
    /// The handler called `id`, whose `#[utoipa::path]` is `P`.
    #[doc(hidden)]
    pub fn of<P: utoipa::Path>(
        id: &'static str,
        access: Access,
        on: fn(MethodFilter) -> MethodRouter<State>,
        describe: Describe,
    ) -> Self {
        #[cfg(not(feature = "openapi"))]
        let () = describe;
        let methods = P::methods();
        let router = methods.iter().fold(MethodRouter::new(), |router, method| {
            router.merge(on(method.to_method_filter()))
        });
        // In this order, so that of two methods the first here is the operation's own and the other its alias.
        let methods = METHODS
            .into_iter()
            .filter(|method| methods.contains(&http_method(method)));
        Self {
            id,
            path: P::path(),
            methods: methods.collect(),
            access,
            router,
            completes: None,
            #[cfg(feature = "openapi")]
            describe,
        }
    }

    /// The same, whose answers are kept without something that is made again by `completes` when they are replayed.
    #[must_use]
    pub fn completed_by(self, completes: CompleteReplay) -> Self {
        Self {
            completes: Some(completes),
            ..self
        }
    }
}

/// A handler as [`Routes`], by its module and name.
#[macro_export]
macro_rules! routes {
    ($module:ident::$handler:ident) => {
        $crate::operations::paste! {
            $crate::operations::Routes::of::<$module::[<__path_ $handler>]>(
                stringify!($handler),
                $crate::caller::access_of(&$module::$handler),
                |filter| ::axum::routing::on(filter, $module::$handler),
                $crate::describe!($module::$handler),
            )
        }
    };
}

/// A handler's [`Describe`].
#[cfg(feature = "openapi")]
#[doc(hidden)]
#[macro_export]
macro_rules! describe {
    ($module:ident::$handler:ident) => {
        || ::utoipa_axum::routes!($module::$handler)
    };
}

/// A handler's [`Describe`].
#[cfg(not(feature = "openapi"))]
#[doc(hidden)]
#[macro_export]
macro_rules! describe {
    ($module:ident::$handler:ident) => {
        ()
    };
}

/// The methods that an operation can have.
const METHODS: [Method; 5] = [
    Method::GET,
    Method::PUT,
    Method::POST,
    Method::PATCH,
    Method::DELETE,
];

/// A set of operations.
#[derive(Default)]
pub struct Operations {
    added: Vec<Added>,
    list: Vec<Operation>,
    error_pages: Vec<ErrorPages>,
}

/// A handler's operation, and its aliases.
struct Added {
    path: String,
    operations: Vec<Operation>,
    router: MethodRouter<State>,
    #[cfg(feature = "openapi")]
    describe: Describe,
}

impl Operations {
    /// None.
    pub fn new() -> Self {
        Self::default()
    }

    /// These, and one more.
    #[must_use]
    #[expect(
        clippy::should_implement_trait,
        reason = "`.add(routes!(…))` reads as a list, and nobody adds operations with `+`"
    )]
    pub fn add(self, routes: Routes) -> Self {
        self.add_one(routes, true, false)
    }

    /// These, and one more that changes nothing though it is called by POST.
    #[must_use]
    pub fn add_reading(self, routes: Routes) -> Self {
        self.add_one(routes, false, false)
    }

    /// These, and one more that is about one thing with an `ETag`.
    #[must_use]
    pub fn add_versioned(self, routes: Routes) -> Self {
        self.add_one(routes, true, true)
    }

    fn add_one(mut self, routes: Routes, writes: bool, is_versioned: bool) -> Self {
        let mut operations = Vec::with_capacity(routes.methods.len());
        for method in routes.methods {
            // A second method is an alias, and no two operations may share an id.
            let id = if operations.is_empty() {
                routes.id.to_owned()
            } else {
                format!("{}_by_{}", routes.id, method.as_str().to_lowercase())
            };
            operations.push(Operation {
                id,
                // A parameter that takes the rest of the path has a mark that only the router knows.
                path: routes.path.replace("{*", "{"),
                access: routes.access,
                writes: writes && method != Method::GET,
                is_versioned,
                completes: routes.completes,
                method,
            });
        }
        self.list.extend(operations.iter().cloned());
        self.added.push(Added {
            path: routes.path,
            operations,
            router: routes.router,
            #[cfg(feature = "openapi")]
            describe: routes.describe,
        });
        self
    }

    /// These and those.
    #[must_use]
    pub fn merge(mut self, others: Self) -> Self {
        self.added.extend(others.added);
        self.list.extend(others.list);
        self.error_pages.extend(others.error_pages);
        self
    }

    /// These, whose errors browsers are shown by `pages` on the paths that it covers.
    #[must_use]
    pub fn showing_errors_by(mut self, pages: ErrorPages) -> Self {
        self.error_pages.push(pages);
        self
    }

    /// What can be called.
    pub fn list(&self) -> &[Operation] {
        &self.list
    }

    /// Their description.
    #[cfg(feature = "openapi")]
    pub fn openapi(&self) -> OpenApi {
        let mut openapi = OpenApi::default();
        for added in &self.added {
            openapi.merge(added.described());
        }
        openapi::complete(openapi)
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
        let knows_callers = self.list.iter().any(|one| !one.access.is_anonymous());
        for added in self.added {
            // An alias is answered and logged as what it is an alias of.
            let Some(operation) = added.operations.into_iter().next().map(Arc::new) else {
                continue;
            };
            let guard = from_fn_with_state((state.clone(), operation), authorize);
            router = router.route(&added.path, added.router.layer(guard));
        }
        crate::edge::around(router, state, (with_cors, knows_callers), self.error_pages)
    }
}

#[cfg(feature = "openapi")]
impl Added {
    /// # Panics
    ///
    /// If the handler describes itself as something else than what it is added as: a mistake in the program, found by
    /// every test of the OpenAPI document.
    #[expect(
        clippy::expect_used,
        reason = "a handler without description is found when the document is first made"
    )]
    fn described(&self) -> OpenApi {
        let (schemas, paths, _) = (self.describe)();
        let (_, mut item) = paths
            .paths
            .into_iter()
            .next()
            .expect("a handler has a path");
        let mut described = Vec::new();
        for added in &self.operations {
            let mut operation = take_operation(&mut item, &added.method)
                .expect("a handler has an operation for each of its methods");
            let own = &self.operations[0];
            assert_eq!(
                operation.operation_id.as_ref(),
                Some(&own.id),
                "a handler is named after its operation"
            );
            operation.operation_id = Some(added.id.clone());
            openapi::describe_access(&mut operation, added.access);
            openapi::describe_envelope(&mut operation, added);
            openapi::describe_headers(&mut operation, added);
            parameters::describe(&mut operation);
            bodies::describe(&mut operation, &schemas);
            openapi::describe_errors(&mut operation);
            described.push((added.method.clone(), operation));
        }
        let path = self.operations[0].path.clone();
        let mut one = OpenApi::default();
        one.paths = Paths::builder()
            .path(path, openapi::path_item(described))
            .build();
        one.components = Some(Components::builder().schemas_from_iter(schemas).build());
        one
    }
}

#[cfg(feature = "openapi")]
fn take_operation(item: &mut PathItem, method: &Method) -> Option<OpenApiOperation> {
    match http_method(method) {
        HttpMethod::Put => item.put.take(),
        HttpMethod::Post => item.post.take(),
        HttpMethod::Patch => item.patch.take(),
        HttpMethod::Delete => item.delete.take(),
        _ => item.get.take(),
    }
}
