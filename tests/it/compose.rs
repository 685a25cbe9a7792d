//! The structure of `docker-compose.yml` and of what it mounts, since no container engine is at hand in the tests.
//! That Jaeger's part works is shown by `jaeger_smoke.rs`, with the very configuration and health check.

use agentspan_tests::root;
use std::fs;
use yaml_rust2::{Yaml, YamlLoader};

fn load(path: &str) -> Yaml {
    let text = fs::read_to_string(root().join(path)).expect(path);
    YamlLoader::load_from_str(&text).expect(path).remove(0)
}

fn compose() -> Yaml {
    load("docker-compose.yml")
}

fn strings(list: &Yaml) -> Vec<&str> {
    list.as_vec().into_iter().flatten().filter_map(Yaml::as_str).collect()
}

fn services(compose: &Yaml) -> Vec<(&str, &Yaml)> {
    let services = compose["services"].as_hash().expect("services");
    services.iter().map(|(name, service)| (name.as_str().expect("a name"), service)).collect()
}

#[test]
fn the_images_are_pinned_and_only_the_profile_adds_tempo_and_grafana() {
    let compose = compose();
    let found: Vec<_> = services(&compose)
        .into_iter()
        .map(|(name, service)| {
            (name, service["image"].as_str().unwrap_or_default(), strings(&service["profiles"]))
        })
        .collect();
    let expected = [
        ("jaeger", "jaegertracing/jaeger:2.20.0", vec![]),
        ("tempo", "grafana/tempo:3.0.3", vec!["tempo"]),
        ("grafana", "grafana/grafana:13.0.1", vec!["tempo"]),
    ];
    assert_eq!(found, expected);
}

#[test]
fn every_port_is_published_on_loopback_only_can_be_moved_and_differs_from_all_others() {
    let compose = compose();
    let mut published = Vec::new();
    for (name, service) in services(&compose) {
        for port in strings(&service["ports"]) {
            let rest = port.strip_prefix("127.0.0.1:${").unwrap_or_else(|| panic!("{name} publishes {port}"));
            let (variable, rest) = rest.split_once(":-").expect("a default");
            let (outside, inside) = rest.split_once("}:").expect("a port inside");
            assert!(!variable.is_empty());
            published.push((name, outside.to_owned(), inside.to_owned()));
        }
    }
    let shown: Vec<_> =
        published.iter().map(|(name, outside, inside)| format!("{name} {outside}:{inside}")).collect();
    assert_eq!(
        shown,
        [
            "jaeger 4317:4317",
            "jaeger 4318:4318",
            "jaeger 16686:16686",
            "tempo 14317:4317",
            "tempo 14318:4318",
            "tempo 3200:3200",
            "grafana 3000:3000",
        ]
    );
    assert!(services(&compose).iter().all(|(_, service)| service["network_mode"].is_badvalue()));
}

#[test]
fn everything_mounted_is_in_the_checkout_or_a_declared_volume() {
    let compose = compose();
    let mut mounted = Vec::new();
    for (_, service) in services(&compose) {
        for mount in strings(&service["volumes"]) {
            let source = mount.split(':').next().unwrap_or_default();
            match source.strip_prefix("./") {
                Some(path) => {
                    assert!(root().join(path).is_file(), "{path} is mounted and not there");
                    assert!(mount.ends_with(":ro"), "{mount} can be written");
                    load(path);
                    mounted.push(path.to_owned());
                }
                None => assert!(
                    compose["volumes"].as_hash().expect("volumes").contains_key(&Yaml::String(source.into()))
                ),
            }
        }
    }
    assert_eq!(mounted, ["deploy/jaeger.yaml", "deploy/tempo.yaml", "deploy/grafana/datasources.yaml"]);
}

#[test]
fn commands_name_the_configuration_where_it_is_mounted() {
    let compose = compose();
    for (name, path) in [("jaeger", "/etc/jaeger/jaeger.yaml"), ("tempo", "/etc/tempo/tempo.yaml")] {
        let service = &compose["services"][name];
        assert!(strings(&service["command"]).join(" ").contains(path), "{name}");
        assert!(
            strings(&service["volumes"]).iter().any(|mount| mount.ends_with(&format!(":{path}:ro"))),
            "{name}"
        );
    }
}

#[test]
fn health_checks_use_only_programs_that_the_images_hold() {
    let compose = compose();
    for (name, program) in [("jaeger", "/cmd/jaeger/jaeger-linux"), ("tempo", "/tempo"), ("grafana", "wget")]
    {
        let check = &compose["services"][name]["healthcheck"];
        assert_eq!(strings(&check["test"])[..2], ["CMD", program], "no shell is called for {name}");
        for setting in ["interval", "timeout", "start_period"] {
            assert!(check[setting].as_str().is_some(), "{name} has no {setting}");
        }
    }
}

#[test]
fn traces_of_jaeger_lie_on_a_volume_that_its_user_may_write() {
    let jaeger = &compose()["services"]["jaeger"];
    let environment = &jaeger["environment"];
    assert_eq!(environment["JAEGER_STORAGE"].as_str(), Some("disk"));
    assert_eq!(environment["JAEGER_LISTEN_HOST"].as_str(), Some("0.0.0.0"));
    assert!(environment["JAEGER_DIR"].as_str().is_some_and(|folder| folder.starts_with("/tmp/")));
    assert!(strings(&jaeger["volumes"]).contains(&"jaeger-data:/tmp"));
    let text = fs::read_to_string(root().join("deploy/jaeger.yaml")).expect("deploy/jaeger.yaml");
    for variable in environment.as_hash().expect("variables").keys().filter_map(Yaml::as_str) {
        assert!(
            text.contains(&format!("${{env:{variable}:-")),
            "deploy/jaeger.yaml does not read {variable}"
        );
    }
}

#[test]
fn retention_is_set_in_one_place_for_both_stores() {
    let compose = compose();
    let retention = "${TRACE_RETENTION:-168h}";
    assert_eq!(compose["x-retention"].as_str(), Some(retention));
    assert_eq!(compose["services"]["jaeger"]["environment"]["JAEGER_TTL"].as_str(), Some(retention));
    assert_eq!(compose["services"]["tempo"]["environment"]["TEMPO_RETENTION"].as_str(), Some(retention));
    assert!(strings(&compose["services"]["tempo"]["command"]).contains(&"-config.expand-env=true"));
    let tempo = load("deploy/tempo.yaml");
    let inside = Some("${TEMPO_RETENTION:-168h}");
    let planned = &tempo["backend_scheduler"]["provider"]["compaction"]["compaction"]["block_retention"];
    assert_eq!(
        (planned.as_str(), tempo["backend_worker"]["compaction"]["block_retention"].as_str()),
        (inside, inside)
    );
}

#[test]
fn tempo_takes_attributes_longer_than_we_send() {
    let tempo = load("deploy/tempo.yaml");
    let limit = tempo["distributor"]["max_attribute_bytes"].as_i64().expect("a limit");
    assert!(limit >= 2 * 16 * 1024, "{limit} bytes leave no room above the 16 KiB at which content is cut");
    let receivers = &tempo["distributor"]["receivers"]["otlp"]["protocols"];
    assert_eq!(receivers["grpc"]["endpoint"].as_str(), Some("0.0.0.0:4317"));
    assert_eq!(receivers["http"]["endpoint"].as_str(), Some("0.0.0.0:4318"));
}

#[test]
fn tempo_keeps_and_shows_a_long_run_with_its_messages_and_a_batch_of_short_ones() {
    let tempo = load("deploy/tempo.yaml");
    let limits = &tempo["overrides"]["defaults"];
    let trace = limits["global"]["max_bytes_per_trace"].as_i64().expect("a limit of traces");
    assert!(
        trace >= 1000 * 2 * 16 * 1024,
        "a thousand calls, each with what was asked and answered, or nothing of it"
    );
    let runs = limits["ingestion"]["max_traces_per_user"].as_i64().expect("a limit of runs");
    assert!(runs >= 100_000, "{runs} in half a minute");
    let server = &tempo["server"];
    for size in [
        &server["grpc_server_max_recv_msg_size"],
        &server["grpc_server_max_send_msg_size"],
        &tempo["querier"]["frontend_worker"]["grpc_client_config"]["max_send_msg_size"],
    ] {
        assert!(size.as_i64() > Some(2 * trace), "what is kept can also be shown: {size:?}");
    }
    let longest = tempo["query_frontend"]["search"]["max_duration"].as_str();
    assert_eq!(longest, Some("0s"), "whatever the retention, all of it can be searched");
}

#[test]
fn grafana_finds_both_stores_by_their_names_on_the_network() {
    let sources = load("deploy/grafana/datasources.yaml");
    let found: Vec<_> = sources["datasources"]
        .as_vec()
        .into_iter()
        .flatten()
        .map(|source| {
            (source["type"].as_str().unwrap_or_default(), source["url"].as_str().unwrap_or_default())
        })
        .collect();
    assert_eq!(found, [("tempo", "http://tempo:3200"), ("jaeger", "http://jaeger:16686")]);
}
