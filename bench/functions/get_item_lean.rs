//! A function that reads DynamoDB through the client that ours have, and does nothing else: what is left over it is
//! ours alone. `GETS` says how many items it reads, one after another.

use lambda_http::Error;
use store::Connection;

mod reading;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    let connection = match std::env::var("DYNAMODB_ENDPOINT") {
        Ok(endpoint) => Connection::at(endpoint),
        Err(_) => Connection::from_function().await,
    };
    reading::serve(connection.client().await).await
}
