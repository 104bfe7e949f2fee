//! The function `credentials`: what resources call with.

mod api_token;
mod own_resource;
