//! What the process is: the attributes that all of its spans share.

use opentelemetry::KeyValue;
use opentelemetry_sdk::Resource;

use crate::config::Telemetry;
use crate::kernel::RequestId;

/// The resource of this process (OpenTelemetry semantic conventions, "Service", "Process").
/// `service.instance.id` is new at every start, unless the configuration gives one.
pub(super) fn resource(config: &Telemetry) -> Resource {
    let mut attributes = vec![
        KeyValue::new("service.version", env!("CARGO_PKG_VERSION")),
        KeyValue::new("service.instance.id", RequestId::generate().to_string()),
        KeyValue::new("process.pid", i64::from(std::process::id())),
    ];
    if let Some(host) = host_name() {
        attributes.push(KeyValue::new("host.name", host));
    }
    if !config.environment.is_empty() {
        let environment = config.environment.clone();
        attributes.push(KeyValue::new("deployment.environment.name", environment));
    }
    let configured = config.resource.iter();
    attributes.extend(configured.map(|(key, value)| KeyValue::new(key.clone(), value.clone())));
    Resource::builder()
        .with_attributes(attributes)
        .with_service_name(config.service_name.clone())
        .build()
}

fn host_name() -> Option<String> {
    let name = std::fs::read_to_string("/proc/sys/kernel/hostname").ok()?;
    Some(name.trim().to_owned()).filter(|name| !name.is_empty())
}
