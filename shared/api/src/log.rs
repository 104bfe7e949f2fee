//! What a function writes to its log: a JSON object a line. The line about a request is also a document in CloudWatch's
//! embedded metric format, so a metric costs no call and can never say otherwise than the log.

use std::fmt;

use chrono::{DateTime, SecondsFormat, Utc};
use model::Clock as _;
use serde_json::{Map, Value, json};
use tracing::field::{Field, Visit};
use tracing::{Event, Subscriber};
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::fmt::format::{JsonFields, Writer};
use tracing_subscriber::fmt::{FmtContext, FormatEvent, FormattedFields, MakeWriter};
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::registry::LookupSpan;

use crate::ambient::SystemClock;
use crate::request_log::{REQUESTS, WORK};

/// The fields of the line of a request or of a worker's job that are metrics too, where the line has them, with their units.
pub const METRICS: [(&str, &str); 18] = [
    ("Requests", "Count"),
    ("ServerErrors", "Count"),
    ("Contended", "Count"),
    ("Conflicts", "Count"),
    ("AuthRefusals", "Count"),
    ("RateLimited", "Count"),
    ("MetersAway", "Count"),
    ("Duration", "Milliseconds"),
    ("StoreCalls", "Count"),
    ("ReadUnits", "Count"),
    ("WriteUnits", "Count"),
    ("Attempts", "Count"),
    ("FailedAttempts", "Count"),
    ("DisabledWebhooks", "Count"),
    ("UnreadableRows", "Count"),
    ("DueRows", "Count"),
    ("OldestDue", "Seconds"),
    ("FailedSteps", "Count"),
];

/// Whose metrics they are.
#[derive(Clone, Debug)]
pub struct Metrics {
    /// Their namespace: the stack's name.
    pub namespace: String,
    /// The function's name. It is no dimension, which would be paid for once for each metric and function: whoever wants
    /// to know asks the log.
    pub function: String,
}

/// Writes to `writer` the lines that `levels` names, and a line for each request whatever it names: a level, or levels of
/// targets, such as `info,store=debug`. What cannot be read means `info`, and so does nothing.
///
/// Without `metrics` no line is a metrics document.
pub fn subscriber<W>(
    levels: &str,
    metrics: Option<Metrics>,
    writer: W,
) -> impl Subscriber + Send + Sync
where
    W: for<'a> MakeWriter<'a> + Send + Sync + 'static,
{
    // Not by fields of spans: that takes regular expressions, which every function would carry.
    let levels: Targets = Some(levels)
        .filter(|levels| !levels.is_empty())
        .and_then(|levels| levels.parse().ok())
        .unwrap_or_else(|| Targets::new().with_default(LevelFilter::INFO));
    tracing_subscriber::fmt()
        .fmt_fields(JsonFields::new())
        .event_format(Lines(metrics))
        .with_max_level(LevelFilter::TRACE)
        .with_writer(writer)
        .finish()
        .with(
            levels
                .with_target(REQUESTS, LevelFilter::INFO)
                .with_target(WORK, LevelFilter::INFO),
        )
}

struct Lines(Option<Metrics>);

impl<S> FormatEvent<S, JsonFields> for Lines
where
    S: Subscriber + for<'a> LookupSpan<'a>,
{
    fn format_event(
        &self,
        context: &FmtContext<'_, S, JsonFields>,
        mut writer: Writer<'_>,
        event: &Event<'_>,
    ) -> fmt::Result {
        let now = SystemClock.now();
        let mut line = Map::new();
        let timestamp = now.to_rfc3339_opts(SecondsFormat::Millis, true);
        line.insert("timestamp".into(), timestamp.into());
        line.insert("level".into(), event.metadata().level().as_str().into());
        for span in context.event_scope().into_iter().flatten() {
            let extensions = span.extensions();
            let fields = extensions.get::<FormattedFields<JsonFields>>();
            if let Some(Ok(Value::Object(fields))) = fields.map(|text| serde_json::from_str(text)) {
                line.extend(fields);
            }
        }
        event.record(&mut Fields(&mut line));
        if let Some(metrics) = &self.0
            && [REQUESTS, WORK].contains(&event.metadata().target())
        {
            metrics.declare(&mut line, now);
        }
        writeln!(writer, "{}", Value::Object(line))
    }
}

impl Metrics {
    /// Tells CloudWatch which members of a line are metrics.
    fn declare(&self, line: &mut Map<String, Value>, now: DateTime<Utc>) {
        let metrics: Vec<Value> = METRICS
            .iter()
            .filter(|(name, _)| line.contains_key(*name))
            .map(|(name, unit)| json!({ "Name": name, "Unit": unit }))
            .collect();
        line.insert("function".into(), self.function.clone().into());
        let declared = json!({
            "Timestamp": now.timestamp_millis(),
            "CloudWatchMetrics": [{
                "Namespace": self.namespace,
                "Dimensions": [[]],
                "Metrics": metrics,
            }],
        });
        line.insert("_aws".into(), declared);
    }
}

/// An event's fields as members of a JSON object.
struct Fields<'a>(&'a mut Map<String, Value>);

impl Fields<'_> {
    fn add(&mut self, field: &Field, value: impl Into<Value>) {
        self.0.insert(field.name().to_owned(), value.into());
    }
}

impl Visit for Fields<'_> {
    fn record_f64(&mut self, field: &Field, value: f64) {
        self.add(field, value);
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.add(field, value);
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.add(field, value);
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.add(field, value);
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.add(field, value);
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.add(field, format!("{value:?}"));
    }
}
