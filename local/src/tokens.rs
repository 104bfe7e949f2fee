//! What transactions were answered, by their `ClientRequestToken`, for callers whom an answer may not have reached: whoever
//! asks again gets the same answer, and nothing is done twice.

use std::collections::{HashMap, VecDeque};
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use dynoxide::DynoxideError;
use dynoxide::actions::transact_write_items::{
    TransactWriteItemsRequest, TransactWriteItemsResponse,
};

/// How long a token stands for its transaction. Source: DynamoDB's API reference, `TransactWriteItems`.
const LIFE: Duration = Duration::from_secs(10 * 60);

/// The tokens of those that were done.
#[derive(Default)]
pub(crate) struct Tokens(Mutex<Done>);

#[derive(Default)]
struct Done {
    answers: HashMap<String, Answer>,
    oldest_first: VecDeque<(Instant, String)>,
}

struct Answer {
    request: u64,
    response: TransactWriteItemsResponse,
}

impl Tokens {
    /// Does a transaction, if none with this token was done within ten minutes before `now`.
    ///
    /// # Errors
    ///
    /// That of `work`, which is then not kept, or if the token was another transaction's.
    pub(crate) fn once(
        &self,
        token: String,
        now: Instant,
        request: TransactWriteItemsRequest,
        work: impl FnOnce(
            TransactWriteItemsRequest,
        ) -> Result<TransactWriteItemsResponse, DynoxideError>,
    ) -> Result<TransactWriteItemsResponse, DynoxideError> {
        let hash = hash(&request)?;
        // It stays locked meanwhile, or else somebody who asks again could come before the first is done.
        let mut done = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        done.forget(now);
        match done.answers.get(&token) {
            Some(answer) if answer.request == hash => Ok(answer.response.clone()),
            Some(_) => Err(DynoxideError::IdempotentParameterMismatchException(
                "the ClientRequestToken is that of another transaction".to_owned(),
            )),
            None => {
                let response = work(request)?;
                done.oldest_first.push_back((now, token.clone()));
                let answer = Answer {
                    request: hash,
                    response: response.clone(),
                };
                done.answers.insert(token, answer);
                Ok(response)
            }
        }
    }
}

impl Done {
    fn forget(&mut self, now: Instant) {
        while let Some((_, token)) = self
            .oldest_first
            .pop_front_if(|(at, _)| now.saturating_duration_since(*at) >= LIFE)
        {
            self.answers.remove(&token);
        }
    }
}

fn hash(request: &TransactWriteItemsRequest) -> Result<u64, DynoxideError> {
    let mut items = serde_json::to_value(&request.transact_items)
        .map_err(|error| DynoxideError::InternalServerError(error.to_string()))?;
    items.sort_all_objects();
    let mut hasher = DefaultHasher::new();
    items.to_string().hash(&mut hasher);
    Ok(hasher.finish())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(condition: &str) -> TransactWriteItemsRequest {
        let check = serde_json::json!({
            "TableName": "t", "Key": { "pk": { "S": "1" } }, "ConditionExpression": condition,
        });
        let request = serde_json::json!({ "TransactItems": [{ "ConditionCheck": check }] });
        serde_json::from_value(request).expect("a request")
    }

    #[test]
    fn a_token_stands_for_one_transaction_for_ten_minutes() {
        let tokens = Tokens::default();
        let begun = Instant::now();
        let mut times = 0;
        let mut once = |minutes: u64, condition: &str| {
            let now = begun + Duration::from_secs(minutes * 60);
            let answer = tokens.once("a".to_owned(), now, request(condition), |_| {
                times += 1;
                Ok(TransactWriteItemsResponse::default())
            });
            (times, answer.is_ok())
        };
        assert_eq!(once(0, "attribute_exists(pk)"), (1, true));
        assert_eq!(once(9, "attribute_exists(pk)"), (1, true));
        assert_eq!(once(9, "attribute_not_exists(pk)"), (1, false));
        assert_eq!(once(10, "attribute_not_exists(pk)"), (2, true));
    }

    #[test]
    fn a_transaction_that_failed_is_tried_again() {
        let tokens = Tokens::default();
        let now = Instant::now();
        let failed = tokens.once("a".to_owned(), now, request("attribute_exists(pk)"), |_| {
            Err(DynoxideError::InternalServerError("no".to_owned()))
        });
        failed.expect_err("it failed");
        let done = tokens.once("a".to_owned(), now, request("attribute_exists(pk)"), |_| {
            Ok(TransactWriteItemsResponse::default())
        });
        done.expect("it is done");
    }
}
