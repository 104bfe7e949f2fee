//! Answers every request with items that it reads.

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::AttributeValue;
use lambda_http::{Error, Request, Response, run, service_fn};

/// Serves until Lambda ends the instance.
pub(super) async fn serve(client: Client) -> Result<(), Error> {
    let gets = match std::env::var("GETS") {
        Ok(number) => number.parse()?,
        Err(_) => 1_u32,
    };
    run(service_fn(async |_: Request| {
        let mut attributes = 0;
        for number in 0..gets {
            let got = client
                .get_item()
                .table_name("bench-items")
                .key("id", AttributeValue::S(number.to_string()))
                .consistent_read(true)
                .send()
                .await?;
            attributes += got.item().map_or(0, |item| item.len());
        }
        let body = format!(r#"{{"data":{{"attributes":{attributes}}}}}"#);
        Ok::<_, Error>(Response::new(body))
    }))
    .await
}
