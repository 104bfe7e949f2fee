//! Pages of lists, in the shape of the original's paginator, with a cursor where it counts.
//!
//! It is one file because a page, its cursor and its address are bound to each other: what one has, the next must continue.

use auth::shares::Turn;
use auth::{Owner, Principal};
use axum::extract::{FromRequestParts, OriginalUri};
use axum::http::request::Parts;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use store::{Chunk, Position, StoreError, Tenant};

use crate::address::base_url;
use crate::answer_size::{BoundedJson, MAX_BODY, Written};
use crate::caller::principal;
use crate::error::ApiError;
use crate::parameters;
use crate::query::Query;
use crate::state::State;
use model::fault::Faults;

/// How many rows a page has unless the caller says.
pub const DEFAULT_LIMIT: usize = 50;

/// The most rows a page has.
pub const MAX_LIMIT: usize = 1_000;

/// Up to how many matching rows totals are exact.
pub const EXACT_TOTAL: usize = 1_000;

/// The last row that is reached by page number.
pub const LAST_NUMBERED_ROW: usize = 10_000;

/// The most rows of an index that one request looks at beyond those it skips.
pub const MAX_SCANNED: usize = 5_000;

/// The most rows that are read at a time.
pub const BATCH: usize = 250;

/// About how much of the store's data a page keeps, in bytes, before it is shown: more would not fit into an answer.
const MAX_KEPT: usize = MAX_BODY;

/// About how much of the store's data is kept to be sorted, in bytes.
pub const MAX_SORTED: usize = 4 * MAX_BODY;

/// What of a page's answer is neither rows nor addresses, in bytes: more than it can come to.
const HEAD: usize = 4 * 1024;

/// What a request says about the page it wants, right or wrong. Together with whatever else it says about the list it
/// becomes a [`PageRequest`], so that all that is wrong is told at once.
#[derive(Debug)]
pub struct Paging {
    request: PageRequest,
    faults: Faults,
}

impl Paging {
    /// The page, and what else was read, if nothing is wrong with either. `own` are the list's parameters besides those of
    /// pages, `attributes` what it can be searched by; a parameter that is neither is refused.
    ///
    /// # Errors
    ///
    /// [`ApiError::Invalid`] with everything that is wrong.
    pub fn with<T>(
        mut self,
        own: &[&str],
        attributes: &[&str],
        read: Result<T, ApiError>,
    ) -> Result<(PageRequest, T), ApiError> {
        parameters::check(&mut self.faults, &self.request.query, true, own, attributes);
        match read {
            Ok(read) => {
                self.faults.check()?;
                Ok((self.request, read))
            }
            Err(ApiError::Invalid(others)) => Err(ApiError::Invalid(self.faults.and(others))),
            Err(other) => Err(other),
        }
    }
}

/// Which page of a list is wanted.
#[derive(Debug)]
pub struct PageRequest {
    limit: usize,
    page: usize,
    cursor: Option<Cursor>,
    query: Query,
    url: String,
    state: State,
    bound_to: String,
    owner: Option<Owner>,
    turn: Option<Turn>,
}

/// A position in a list, with what is known of the pages before it.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Cursor {
    /// None in a list that is read whole: there the number of rows before it says all.
    #[serde(rename = "p", default)]
    after: Option<Position>,
    #[serde(rename = "n")]
    page: usize,
    /// How many matching rows are still to be passed over, when reading ended before the page asked for by its number.
    #[serde(rename = "k", default)]
    skip: usize,
    #[serde(rename = "s")]
    rows_before: usize,
    #[serde(rename = "t")]
    total: usize,
    #[serde(rename = "x")]
    total_is_exact: bool,
}

/// One page.
#[derive(Debug)]
pub struct Page<T> {
    /// Its rows.
    pub rows: Vec<T>,
    /// Where they stand in the list; none in a list that is read whole.
    places: Option<Vec<Position>>,
    request: PageRequest,
    page: usize,
    rows_before: usize,
    total: usize,
    total_is_exact: bool,
    next_page_url: Option<String>,
}

impl FromRequestParts<State> for Paging {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &State) -> Result<Self, Self::Rejection> {
        let query = Query::parse(parts.uri.query().unwrap_or_default());
        let mut faults = Faults::none();
        let limit = number(&query, &mut faults, ("limit", MAX_LIMIT, DEFAULT_LIMIT));
        let page = number(&query, &mut faults, ("page", usize::MAX, 1));
        let path = match parts.extensions.get::<OriginalUri>() {
            Some(original) => original.0.path().trim_end_matches('/').to_owned(),
            None => parts.uri.path().to_owned(),
        };
        let principal = principal(parts).ok();
        let owner = principal.map(|principal| Owner::App(principal.app));
        let tenant = principal.map(Principal::tenant);
        let bound_to = binding(tenant, &path, &query);
        let cursor = match query.get("cursor") {
            None => None,
            Some(text) => {
                let cursor = open(state, &bound_to, text).await?;
                if cursor.is_none() {
                    faults.add(
                        "cursor",
                        "does not belong to this list; take it from next_page_url, or leave it out",
                    );
                }
                cursor
            }
        };
        if cursor.is_none() && page.saturating_mul(limit) > LAST_NUMBERED_ROW {
            faults.add(
                "page",
                format!("reaches beyond row {LAST_NUMBERED_ROW}; follow next_page_url instead"),
            );
        }
        let url = format!("{}{path}", base_url(state, &parts.extensions));
        let request = PageRequest {
            limit,
            page,
            cursor,
            query,
            url,
            state: state.clone(),
            bound_to,
            owner,
            turn: None,
        };
        Ok(Self { request, faults })
    }
}

/// The number of the parameter `name`, from 1 to `most`.
fn number(
    query: &Query,
    faults: &mut Faults,
    (name, most, default): (&str, usize, usize),
) -> usize {
    let sent = query.get(name).map(|text| text.trim().parse());
    match sent {
        None => default,
        Some(Ok(number)) if (1..=most).contains(&number) => number,
        Some(_) => {
            let sentence = match most {
                usize::MAX => "must be a whole number of at least 1".to_owned(),
                most => format!("must be a whole number from 1 to {most}"),
            };
            faults.add(name, sentence);
            default
        }
    }
}

impl PageRequest {
    /// The page of a list that is fetched in its own order; rows that do not match are passed over. It is one function because
    /// each number of the page follows from those before it.
    ///
    /// # Errors
    ///
    /// Only if the store fails.
    pub async fn paginate<T, F>(
        mut self,
        fetch: impl Fn(Option<Position>, usize) -> F,
        matches: impl Fn(&T) -> bool,
    ) -> Result<Page<T>, ApiError>
    where
        F: Future<Output = Result<Chunk<T>, StoreError>>,
    {
        let (page, rows_before, skip) = match &self.cursor {
            Some(cursor) => (cursor.page, cursor.rows_before, cursor.skip),
            None => (
                self.page,
                (self.page - 1) * self.limit,
                (self.page - 1) * self.limit,
            ),
        };
        // With a cursor the total is known already; without one it is counted, as far as it is exact.
        let count_to = if self.cursor.is_some() {
            0
        } else {
            EXACT_TOTAL + 1
        };
        let wanted = (skip + self.limit + 1).max(count_to);

        let (walk, after) = self.walk(fetch, matches, (skip, wanted)).await?;

        let more_follow = walk.matched > skip + walk.rows.len() || !walk.is_whole;
        let seen = (rows_before + walk.matched).saturating_sub(skip);
        let (total, total_is_exact) = match &self.cursor {
            Some(cursor) if cursor.total_is_exact => (cursor.total, true),
            Some(_) if walk.is_whole => (seen, true),
            Some(cursor) => (cursor.total.max(seen), false),
            None => (walk.matched, walk.is_whole),
        };
        // A page that ended because enough was looked at goes on behind the last row seen, and one that left out what
        // matched behind its own last row.
        let resume = if walk.matched > skip + walk.rows.len() || walk.rows.len() == self.limit {
            walk.places.last().cloned()
        } else {
            after
        };
        let next_page_url = match resume {
            Some(after) if more_follow => {
                let cursor = Cursor {
                    after: Some(after),
                    page: page + 1,
                    skip: skip.saturating_sub(walk.matched),
                    rows_before: rows_before + walk.rows.len(),
                    total,
                    total_is_exact,
                };
                Some(self.address_behind(&cursor).await?)
            }
            _ => None,
        };
        Ok(Page {
            rows: walk.rows,
            places: Some(walk.places),
            request: self,
            page,
            rows_before,
            total,
            total_is_exact,
            next_page_url,
        })
    }

    /// Reads until `wanted` rows match or enough was looked at, and keeps those of the page, which begins behind `skip` of them.
    /// Also says where the last row stands that was read.
    async fn walk<T, F>(
        &mut self,
        fetch: impl Fn(Option<Position>, usize) -> F,
        matches: impl Fn(&T) -> bool,
        (skip, wanted): (usize, usize),
    ) -> Result<(Walked<T>, Option<Position>), ApiError>
    where
        F: Future<Output = Result<Chunk<T>, StoreError>>,
    {
        let mut walk = Walked {
            matched: 0,
            scanned: 0,
            bytes: 0,
            rows: Vec::new(),
            places: Vec::new(),
            is_whole: false,
        };
        let mut after = self.cursor.as_ref().and_then(|cursor| cursor.after.clone());
        while walk.matched < wanted && walk.scanned < MAX_SCANNED + skip {
            if walk.scanned > 0 {
                self.wait_for_turn().await?;
            }
            let left = MAX_SCANNED + skip - walk.scanned;
            let is_full = walk.rows.len() >= self.limit || walk.bytes >= MAX_KEPT;
            let chunk = fetch(after.clone(), walk.batch(wanted).min(left)).await?;
            for (position, row) in chunk.rows {
                walk.scanned += 1;
                if matches(&row) {
                    walk.matched += 1;
                    if walk.matched > skip && !is_full && walk.rows.len() < self.limit {
                        walk.rows.push(row);
                        walk.places.push(position.clone());
                    }
                }
                after = Some(position);
            }
            if walk.matched > skip {
                walk.bytes += chunk.bytes;
            }
            if chunk.is_last {
                walk.is_whole = true;
                break;
            }
        }
        Ok((walk, after))
    }

    /// Waits until this request may read a lot: once, before it reads more than one batch, and until its page is written.
    ///
    /// # Errors
    ///
    /// [`ApiError::TooMany`] if too much of this app's is waiting.
    pub async fn wait_for_turn(&mut self) -> Result<(), ApiError> {
        if self.turn.is_none()
            && let Some(owner) = self.owner
        {
            self.turn = Some(self.state.heavy().turn(owner).await?);
        }
        Ok(())
    }

    /// The page of a list that must be sorted first: at most [`EXACT_TOTAL`] rows may match, of [`MAX_SORTED`] bytes.
    ///
    /// # Errors
    ///
    /// [`ApiError::Invalid`] if more do.
    pub async fn paginate_sorted<T, F>(
        mut self,
        fetch: impl Fn(Option<Position>, usize) -> F,
        matches: impl Fn(&T) -> bool,
        compare: impl Fn(&T, &T) -> std::cmp::Ordering,
    ) -> Result<Page<T>, ApiError>
    where
        F: Future<Output = Result<Chunk<T>, StoreError>>,
    {
        let mut rows: Vec<T> = Vec::new();
        let mut after: Option<Position> = None;
        let (mut scanned, mut bytes) = (0, 0);
        loop {
            if scanned > 0 {
                self.wait_for_turn().await?;
            }
            let chunk = fetch(after.clone(), BATCH).await?;
            bytes += chunk.bytes;
            for (position, row) in chunk.rows {
                scanned += 1;
                if matches(&row) {
                    rows.push(row);
                }
                after = Some(position);
            }
            let is_too_much = rows.len() > EXACT_TOTAL || bytes > MAX_SORTED;
            if is_too_much || (scanned >= MAX_SCANNED && !chunk.is_last) {
                let sentence = format!(
                    "sorts at most {EXACT_TOTAL} rows of {} MB together; narrow the search, or order by created_at or \
                     event.start",
                    MAX_SORTED / 1_000_000
                );
                return Err(ApiError::Invalid(Faults::one("orderBy", sentence)));
            }
            if chunk.is_last {
                break;
            }
        }
        rows.sort_by(compare);
        Ok(self.of_all(rows))
    }

    /// The page of a list that is here whole.
    pub fn of_all<T>(self, rows: Vec<T>) -> Page<T> {
        let total = rows.len();
        let (page, rows_before) = match &self.cursor {
            Some(cursor) => (cursor.page, cursor.rows_before),
            None => (self.page, (self.page - 1) * self.limit),
        };
        let rows: Vec<T> = rows
            .into_iter()
            .skip(rows_before)
            .take(self.limit)
            .collect();
        let more_follow = rows_before + rows.len() < total;
        // Where a page before was cut short, the next does not begin where its number says: the answer names it.
        let next_page_url = more_follow.then(|| self.address_of(page + 1, None));
        Page {
            rows,
            places: None,
            request: self,
            page,
            rows_before,
            total,
            total_is_exact: true,
            next_page_url,
        }
    }

    fn previous(&self, page: usize) -> Option<String> {
        let reachable = page > 1 && (page - 1).saturating_mul(self.limit) <= LAST_NUMBERED_ROW;
        reachable.then(|| self.address_of(page - 1, None))
    }

    fn address_of(&self, page: usize, cursor: Option<&str>) -> String {
        let page = page.to_string();
        let mut added = vec![("page", page.as_str())];
        added.extend(cursor.map(|cursor| ("cursor", cursor)));
        format!(
            "{}?{}",
            self.url,
            self.query.with(&["page", "cursor"], &added)
        )
    }

    async fn address_behind(&self, cursor: &Cursor) -> Result<String, ApiError> {
        Ok(self.address_of(cursor.page, Some(&self.seal(cursor).await?)))
    }

    async fn seal(&self, cursor: &Cursor) -> Result<String, ApiError> {
        let payload =
            serde_json::to_vec(cursor).map_err(|error| ApiError::Internal(error.into()))?;
        let code = code(&self.state, &self.bound_to, &payload).await?;
        Ok(format!(
            "{}.{}",
            URL_SAFE_NO_PAD.encode(payload),
            URL_SAFE_NO_PAD.encode(code)
        ))
    }
}

struct Walked<T> {
    matched: usize,
    scanned: usize,
    /// How much of the store's data the chunks have that rows were kept of.
    bytes: usize,
    rows: Vec<T>,
    places: Vec<Position>,
    is_whole: bool,
}

impl<T> Walked<T> {
    /// How many rows to read next for `wanted` matching ones in all: as many as it takes if they match as often as those
    /// before.
    fn batch(&self, wanted: usize) -> usize {
        let missing = wanted - self.matched;
        let likely = (missing * self.scanned).div_ceil(self.matched.max(1));
        likely.max(missing).min(BATCH)
    }
}

/// What a cursor is good for: this caller's list, by this filter and in this order. Cursors outlive deployments, and the
/// version before and this one run side by side in each, so this text must never change: it is written out here, and rests
/// on no type's `Debug`.
fn binding(tenant: Option<Tenant>, path: &str, query: &Query) -> String {
    let tenant = tenant.map_or_else(
        || "None".to_owned(),
        |Tenant { app, only_resource }| {
            let only = only_resource.map_or_else(
                || "None".to_owned(),
                |resource| format!("Some(ResourceId({resource}))"),
            );
            format!("Some(Tenant {{ app: AppId({app}), only_resource: {only} }})")
        },
    );
    let filter: Vec<String> = ["search", "orderBy", "sortedBy", "start", "end"]
        .into_iter()
        .flat_map(|name| query.all(name))
        .map(|parameter| format!("({:?}, {:?})", parameter.name, parameter.with_plus))
        .collect();
    format!("{tenant} {path} [{}]", filter.join(", "))
}

/// The code that binds a cursor to its tenant, list, filter and order.
async fn code(state: &State, bound_to: &str, payload: &[u8]) -> Result<[u8; 16], ApiError> {
    let message = [bound_to.as_bytes(), &[0], payload].concat();
    let mac = state.master_secret().await?.mac("cursor", &message)?;
    let mut code = [0; 16];
    code.copy_from_slice(&mac[..16]);
    Ok(code)
}

async fn open(state: &State, bound_to: &str, text: &str) -> Result<Option<Cursor>, ApiError> {
    let decoded = text.split_once('.').and_then(|(payload, code)| {
        Some((
            URL_SAFE_NO_PAD.decode(payload).ok()?,
            URL_SAFE_NO_PAD.decode(code).ok()?,
        ))
    });
    let Some((payload, sent)) = decoded else {
        return Ok(None);
    };
    // A cursor is a position and no secret: this tells mistakes, so an ordinary comparison will do.
    if sent != code(state, bound_to, &payload).await? {
        return Ok(None);
    }
    Ok(serde_json::from_slice(&payload).ok())
}

impl<T> Page<T> {
    /// The same page with its rows as they are shown.
    pub fn map<U>(self, mut show: impl FnMut(T) -> U) -> Page<U> {
        match self.try_map(|row| Ok::<_, std::convert::Infallible>(show(row))) {
            Ok(page) => page,
            Err(never) => match never {},
        }
    }

    /// The same page with its rows as they are shown, if all of them can be.
    ///
    /// # Errors
    ///
    /// The first of `show`'s.
    pub fn try_map<U, E>(self, show: impl FnMut(T) -> Result<U, E>) -> Result<Page<U>, E> {
        Ok(Page {
            rows: self.rows.into_iter().map(show).collect::<Result<_, _>>()?,
            places: self.places,
            request: self.request,
            page: self.page,
            rows_before: self.rows_before,
            total: self.total,
            total_is_exact: self.total_is_exact,
            next_page_url: self.next_page_url,
        })
    }
}

impl<T: Serialize> Page<T> {
    /// The page as it is answered: as many of its rows as fit into an answer, with the address of those that follow.
    ///
    /// # Errors
    ///
    /// [`ApiError::AnswerTooLarge`] only if its first row alone does not fit.
    pub async fn answer(mut self) -> Result<Written, ApiError> {
        let addresses = 4 * self.request.address_of(self.page, None).len();
        let room = MAX_BODY.saturating_sub(HEAD + addresses);
        let mut data = BoundedJson::with_room_for(room);
        let mut shown = 0;
        for row in &self.rows {
            match data.write(if shown > 0 { "," } else { "" }, row) {
                Ok(()) => shown += 1,
                Err(ApiError::AnswerTooLarge) if shown > 0 => break,
                Err(error) => return Err(error),
            }
        }
        let is_cut = shown < self.rows.len();
        let is_behind_a_cut = self.places.is_none() && self.request.cursor.is_some();
        if is_cut || (is_behind_a_cut && self.next_page_url.is_some()) {
            let place = |places: &Vec<Position>| places.get(shown.checked_sub(1)?).cloned();
            let cursor = Cursor {
                after: self.places.as_ref().and_then(place),
                page: self.page + 1,
                skip: 0,
                rows_before: self.rows_before + shown,
                total: self.total,
                total_is_exact: self.total_is_exact,
            };
            self.next_page_url = Some(self.request.address_behind(&cursor).await?);
        }
        let head = serde_json::to_string(&self.head(shown));
        let head = head.map_err(|error| ApiError::Internal(error.into()))?;
        let mut text = head.trim_end_matches('}').to_owned().into_bytes();
        text.extend_from_slice(b",\"data\":[");
        text.extend_from_slice(&data.into_text());
        text.extend_from_slice(b"]}");
        Ok(Written::from_text(text))
    }

    fn head(&self, shown: usize) -> PageHead<'_> {
        let row = |number: usize| (shown > 0).then_some(number);
        PageHead {
            total: self.total,
            total_is_exact: self.total_is_exact,
            per_page: self.request.limit,
            current_page: self.page,
            last_page: self.last_page(),
            next_page_url: self.next_page_url.as_deref(),
            prev_page_url: self.request.previous(self.page),
            from: row(self.rows_before + 1),
            to: row(self.rows_before + shown),
        }
    }

    fn last_page(&self) -> usize {
        let pages = self.total.div_ceil(self.request.limit).max(1);
        match (&self.next_page_url, self.total_is_exact) {
            // A loop up to the last page works, however many rows there turn out to be, and however few pages hold.
            (Some(_), true) => pages.max(self.page + 1),
            (Some(_), false) => self.page + 1,
            (None, true) => pages,
            (None, false) => self.page,
        }
    }
}

/// What stands beside a page's rows: the original's paginator.
#[derive(Serialize)]
struct PageHead<'a> {
    total: usize,
    total_is_exact: bool,
    per_page: usize,
    current_page: usize,
    last_page: usize,
    next_page_url: Option<&'a str>,
    prev_page_url: Option<String>,
    from: Option<usize>,
    to: Option<usize>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use model::ids::{AppId, ResourceId};

    #[test]
    fn what_a_cursor_is_bound_to_is_written_as_the_versions_before_wrote_it() {
        let id = |text: &str| text.parse().expect("a UUID");
        let app: AppId = AppId::new(id("0194d8a1-7e0f-4a52-9c67-2f8f36b7f0aa"));
        let resource = ResourceId::new(id("7c0b1a4e-3d52-4c1b-8a55-5d3a1f0e9b21"));
        let query = Query::parse("limit=2&search=customer.name:a%22+b&sortedBy=desc&page=2");
        let own = Tenant {
            app,
            only_resource: Some(resource),
        };
        assert_eq!(
            binding(Some(own), "/v2/bookings", &query),
            "Some(Tenant { app: AppId(0194d8a1-7e0f-4a52-9c67-2f8f36b7f0aa), only_resource: \
             Some(ResourceId(7c0b1a4e-3d52-4c1b-8a55-5d3a1f0e9b21)) }) /v2/bookings \
             [(\"search\", \"customer.name:a\\\"+b\"), (\"sortedBy\", \"desc\")]"
        );
        assert_eq!(
            binding(Some(Tenant::app(app)), "/v2/bookings", &Query::default()),
            "Some(Tenant { app: AppId(0194d8a1-7e0f-4a52-9c67-2f8f36b7f0aa), only_resource: None }) /v2/bookings []"
        );
        assert_eq!(
            binding(None, "/v2/apps", &Query::default()),
            "None /v2/apps []"
        );
    }
}
