//! The console function on AWS.

#[tokio::main]
async fn main() -> Result<(), lambda_http::Error> {
    api::lambda::run(console::operations()).await
}
