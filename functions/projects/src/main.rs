//! The projects function on AWS.

#[tokio::main]
async fn main() -> Result<(), lambda_http::Error> {
    api::lambda::run(projects::operations()).await
}
