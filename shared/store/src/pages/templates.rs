//! Templates of mail, as far as an app has changed them.

use model::template::Template;

use crate::dynamo::item::{Item, Key, record, text};
use crate::dynamo::transaction::{Condition, Outcome, Transaction};
use crate::{Store, StoreError, Table, Tenant};

fn partition(tenant: Tenant) -> String {
    format!("app#{}#templates", tenant.app)
}

fn key(tenant: Tenant, slug: &str) -> Key {
    Key::new(partition(tenant), format!("template#{slug}"))
}

impl Store {
    /// The templates that the tenant has changed, by slug, strongly consistent.
    ///
    /// # Errors
    ///
    /// Only if the store fails.
    pub async fn list_templates(&self, tenant: Tenant) -> Result<Vec<Template>, StoreError> {
        self.partition(Table::Data, &partition(tenant), "template#")
            .await?
            .into_iter()
            .map(record)
            .collect()
    }

    /// A template, strongly consistent; none if the tenant never changed it.
    ///
    /// # Errors
    ///
    /// Only if the store fails.
    pub async fn get_template(
        &self,
        tenant: Tenant,
        slug: &str,
    ) -> Result<Option<Template>, StoreError> {
        self.get_record(Table::Data, &key(tenant, slug)).await
    }

    /// Applies `change` to a template, or to `blank` if it was never changed, on condition that nobody else changed it
    /// meanwhile; if so, asks again.
    ///
    /// # Errors
    ///
    /// Only if the store fails.
    pub async fn change_template(
        &self,
        tenant: Tenant,
        blank: &Template,
        change: impl Fn(Template) -> Template,
    ) -> Result<Template, StoreError> {
        self.until_decided(|| async {
            let key = key(tenant, &blank.slug);
            let found = self.get(Table::Data, &key).await?;
            let version = found.as_ref().and_then(|item| text(item, "version"));
            let template = match found {
                Some(item) => record(item)?,
                None => blank.clone(),
            };
            let before = template.clone();
            let template = change(template);
            if template == before {
                return Ok(Some(template));
            }
            let item = Item::new(&key, &template)?.with("version", self.new_version());
            let mut transaction = Transaction::new(self);
            transaction.put((), Table::Data, item, &Condition::as_seen(version))?;
            match transaction.commit().await? {
                Outcome::Committed => Ok(Some(template)),
                Outcome::Refused(_) | Outcome::Conflict => Ok(None),
            }
        })
        .await
    }
}
