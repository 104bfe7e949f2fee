//! Who a request's changes are made by. It goes along with the request's task, as its meter does, so that a writer that is
//! made in it knows, and no handler can leave it out.

use model::outbox::Author;

tokio::task_local! {
    static AUTHOR: Author;
}

/// Does `work` in the name of `author`: writers that are made within its task write in it.
pub async fn in_the_name_of<F: Future>(author: Author, work: F) -> F::Output {
    AUTHOR.scope(author, work).await
}

/// In whose name a writer is made here: the program's own, if it serves no request.
pub(super) fn current() -> Author {
    AUTHOR
        .try_with(Author::clone)
        .unwrap_or_else(|_| Author::program())
}
