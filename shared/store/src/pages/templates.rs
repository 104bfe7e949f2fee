//! Templates of mail, as far as an app has changed them.

use model::template::Template;

use crate::dynamo::{
    Attempt, Item, Seen, Store, StoreError, Table, Transaction, Writer, read_or_skip, record,
};
use crate::places;
use crate::tenant::Tenant;

impl Store {
    /// The templates that the tenant has changed, by slug, strongly consistent.
    ///
    /// # Errors
    ///
    /// Only if the store fails.
    pub async fn list_templates(&self, tenant: Tenant) -> Result<Vec<Template>, StoreError> {
        let items = self.partition(&places::templates_of(tenant.app)).await?;
        let items = items.iter();
        Ok(items
            .filter_map(|item| read_or_skip(Table::Data, item, &record))
            .collect())
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
        self.get_record(&places::template(tenant.app, slug)).await
    }
}

impl Writer {
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
            let place = places::template(tenant.app, &blank.slug);
            let seen = self.see::<Template>(&place).await?;
            let before = seen.as_ref().map_or(blank, |seen| &seen.record);
            let template = change(before.clone());
            if template == *before {
                return Ok(Attempt::Decided(template));
            }
            let item = Item::new(&place, &template)?.with("version", self.new_version());
            let (item, condition) = Seen::rewrite(seen.as_ref(), item)?;
            let mut transaction = Transaction::new(self);
            transaction.put((), item, &condition)?;
            transaction.decide(template).await
        })
        .await
    }
}
