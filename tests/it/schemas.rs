//! JSON Schemas of the files that people write, which editors complete and check them by.
//!
//! They are made from the keys of scenarios and from docs/policy-fields.md, and held against every file that is
//! shipped. Draft 7 is what editors of TOML read.

use std::fs;
use std::ops::RangeInclusive;
use std::path::Path;

use lastack::scenario::{KEYS, KeyValues, ScenarioKey, Unset};
use serde_json::{Map, Value, json};

use crate::generated;

const ROOT: &str = env!("CARGO_MANIFEST_DIR");

fn read(path: &str) -> String {
    fs::read_to_string(Path::new(ROOT).join(path)).unwrap()
}

fn schema(name: &str, title: &str, of_keys: &Value, required: &[&str], definitions: &Value) -> Value {
    json!({
        "$schema": "http://json-schema.org/draft-07/schema#",
        "$id": format!("urn:lastack:{name}"),
        "title": title,
        "type": "object",
        "properties": of_keys,
        "required": required,
        "additionalProperties": false,
        "definitions": definitions,
    })
}

fn table(of_keys: &Value) -> Value {
    json!({ "type": "object", "properties": of_keys, "additionalProperties": false })
}

fn text(description: &str) -> Value {
    json!({ "description": description, "type": "string", "minLength": 1 })
}

fn texts(description: &str) -> Value {
    json!({ "description": description, "type": "array", "items": { "type": "string", "minLength": 1 } })
}

/// A length of time in a policy, which is of no scenario, and so has no ticks.
fn length_of_time() -> Value {
    json!({
        "description": "A length of time: \"2 msl\", \"200 ms\", \"60 s\", \"10 min\".",
        "type": "string",
        "pattern": "^ *[0-9]+ *(msl|ms|s|min) *$",
    })
}

/// The same in a scenario.
fn ticks_or_length_of_time() -> Value {
    json!({
        "description": "Ticks, or a length of time: 2, \"2 msl\", \"200 ms\", \"60 s\", \"10 min\".",
        "anyOf": [{ "type": "integer", "minimum": 0 }, length_of_time()],
    })
}

/// The fields of a policy, each with its sentence and the values that it takes, by docs/policy-fields.md.
fn fields() -> Vec<(String, Value)> {
    let page = read("docs/policy-fields.md");
    let field = |section: &str| {
        let (name, rest) = section.split_once("\n\n")?;
        let (description, rest) = rest.split_once("\n\n")?;
        let words: Vec<&str> = rest
            .lines()
            .filter_map(|line| line.strip_prefix("* `\"")?.split_once("\"`: "))
            .map(|(word, _)| word)
            .collect();
        let none = json!({ "const": "none" });
        let duration = json!({ "$ref": "#/definitions/duration" });
        let values = match rest.split([',', ';']).next()? {
            "`true` or `false`" => json!({ "type": "boolean" }),
            "A duration" if rest.starts_with("A duration;") => duration,
            "A duration" => json!({ "anyOf": [duration, none] }),
            "A number" => json!({ "anyOf": [{ "type": "integer", "minimum": 0 }, none] }),
            _ => json!({ "enum": words }),
        };
        let mut of_field = json!({ "description": description.replace('\n', " ") });
        // Beside a reference, draft 7 looks at nothing else.
        of_field["allOf"] = json!([values]);
        Some((name.to_owned(), of_field))
    };
    page.split("\n### ").skip(1).map(|section| field(section).unwrap()).collect()
}

/// What a key of a scenario takes.
fn values(values: &KeyValues) -> Value {
    let numbers = |range: &RangeInclusive<u32>, word: Option<&str>, number: Value| {
        let mut values = match word {
            Some(word) => json!({ "anyOf": [number, { "const": word }] }),
            None => json!({ "allOf": [number] }),
        };
        // A bound says nothing of words.
        values["minimum"] = json!(range.start());
        if *range.end() < u32::MAX {
            values["maximum"] = json!(range.end());
        }
        values
    };
    match values {
        KeyValues::Bool => json!({ "type": "boolean" }),
        KeyValues::Words(words) => json!({ "enum": words }),
        KeyValues::Count(range, word) | KeyValues::Ticks(range, word) => {
            numbers(range, *word, json!({ "type": "integer" }))
        }
        KeyValues::Duration(range, word) => numbers(range, *word, json!({ "$ref": "#/definitions/duration" })),
        KeyValues::Seconds(range) => json!({ "type": "number", "minimum": range.start(), "maximum": range.end() }),
        KeyValues::Segments => json!({ "anyOf": [
            { "type": "boolean" },
            { "type": "array", "items": { "type": "string", "pattern": "^(FIN|DATA|ACK|RST|SYN) to [AB]$" } },
        ] }),
        KeyValues::Text => json!({ "type": "string", "minLength": 1 }),
        KeyValues::Names => json!({ "anyOf": [
            { "type": "string" },
            { "type": "array", "items": { "type": "string" }, "minItems": 1 },
        ] }),
    }
}

/// The keys of a table of a scenario, by the name that the table has among all keys.
fn keys_of(table: &str) -> Value {
    let mut keys = Map::new();
    for key in KEYS {
        let (its, name) = key.table_and_name();
        if its == table {
            let mut of_key = values(&key.values);
            of_key["description"] = json!(key.meaning.replace('`', ""));
            // What an end has without a key of its TCP is what both have.
            if let (Unset::Default(value), true) = (key.unset, table != "tcp") {
                of_key["default"] = serde_json::from_str(value).unwrap();
            }
            keys.insert(name.to_owned(), of_key);
        }
    }
    Value::Object(keys)
}

fn required(table: &str) -> Vec<&'static str> {
    let needed = KEYS.iter().filter(|key| key.unset == Unset::Refused).map(ScenarioKey::table_and_name);
    needed.filter(|(its, _)| *its == table).map(|(_, name)| name).collect()
}

fn scenario() -> Value {
    let mut of_tcp = keys_of("tcp");
    for (name, mut field) in fields() {
        // A field says by itself what it is; in a scenario there is less room for it.
        for bound in ["minimum", "maximum"] {
            if let Some(bounded) = of_tcp.get(&name).and_then(|key| key.get(bound)) {
                field[bound] = bounded.clone();
            }
        }
        of_tcp[name] = field;
    }
    let mut of_end = keys_of("a");
    of_end["tcp"] =
        json!({ "description": "An end's own TCP, which overrides `tcp`.", "$ref": "#/definitions/tcp" });
    let mut of_expectation = table(&keys_of("expect.NAME"));
    of_expectation["required"] = json!(required("expect.NAME"));
    let mut of_keys = keys_of("");
    of_keys["network"] = table(&keys_of("network"));
    of_keys["fairness"] = table(&keys_of("fairness"));
    of_keys["tcp"] = json!({ "$ref": "#/definitions/tcp" });
    of_keys["a"] = table(&of_end);
    of_keys["b"] = table(&of_end);
    of_keys["expect"] = json!({
        "description": "What is not as the property wishes, by its name or that of an instance.",
        "type": "object",
        "additionalProperties": of_expectation,
    });
    let definitions = json!({ "duration": ticks_or_length_of_time(), "tcp": table(&of_tcp) });
    schema("scenario", "A scenario of lastack", &of_keys, &required(""), &definitions)
}

fn property() -> Value {
    use lastack::property::Requirement;
    let names: Vec<&str> = Requirement::ALL.iter().map(|requirement| requirement.name()).collect();
    let one = json!({ "enum": names });
    let of_keys = json!({
        "about": text("What holds, in one sentence."),
        "formula": text("One temporal operator over predicates of a state, as in `always losses <= 1`."),
        "sources": texts("Where this is required, as in `RFC 9293 section 3.6`."),
        "applies_to": {
            "description": "What a scenario must have for the property to mean anything there.",
            "anyOf": [one, { "type": "array", "items": one, "minItems": 1 }],
        },
    });
    schema("property", "A property of lastack", &of_keys, &["about", "formula"], &json!({}))
}

fn policy() -> Value {
    let mut of_keys = json!({
        "about": text("Whose policy it is, and how it is known."),
        "extends": text("The policy that this one is on top of; rfc9293 where none is named."),
        "sources": texts("Where the policy is written down as a whole."),
        "omits": texts("What the stack does that no field describes."),
    });
    for (name, field) in fields() {
        let with_source = json!({
            "type": "object",
            "properties": { "value": field["allOf"][0], "source": text("Where the value is from.") },
            "required": ["value", "source"],
            "additionalProperties": false,
        });
        of_keys[name] = json!({ "description": field["description"], "anyOf": [field["allOf"][0], with_source] });
    }
    schema("policy", "A policy of lastack", &of_keys, &["about"], &json!({ "duration": length_of_time() }))
}

fn configuration() -> Value {
    let of_keys = json!({
        "scenarios": texts("Folders and files of scenarios. Paths begin where this file is."),
        "properties": texts("Folders and files of properties."),
        "policies": texts("Folders of policies."),
        "own": { "description": "`check` without names checks the scenarios above alone.", "type": "boolean" },
        "threads": { "description": "As --threads.", "type": "integer", "minimum": 1, "maximum": 1024 },
        "max_states": { "description": "As --max-states.", "type": "integer", "minimum": 1 },
        "max_memory": { "description": "As --max-memory.", "type": "string", "pattern": "^[0-9]+(KiB|MiB|GiB)$" },
        "timeout": { "description": "As --timeout: 500ms, 1m30s, or 30 for 30s.", "type": "string", "minLength": 1 },
    });
    schema("configuration", "A project's lastack.toml", &of_keys, &[], &json!({}))
}

fn each() -> [(&'static str, Value); 4] {
    [("scenario", scenario()), ("property", property()), ("policy", policy()), ("lastack", configuration())]
}

#[test]
fn the_schemas_are_current() {
    for (name, schema) in each() {
        jsonschema::meta::validate(&schema).unwrap();
        let text = serde_json::to_string_pretty(&schema).unwrap() + "\n";
        generated::assert_page_is_current(&format!("{name}.schema.json"), &text);
    }
}

/// What is wrong with a file by its schema.
fn mistakes(schema: &Value, text: &str) -> Vec<String> {
    let document: toml::Table = toml::from_str(text).unwrap();
    let validator = jsonschema::validator_for(schema).unwrap();
    let document = serde_json::to_value(document).unwrap();
    validator.iter_errors(&document).map(|mistake| format!("{}: {mistake}", mistake.instance_path())).collect()
}

#[test]
fn shipped_files_are_as_the_schemas_have_them() {
    let [scenario, property, policy, _] = each().map(|(_, schema)| schema);
    let folders = [
        ("scenarios", &scenario),
        ("scenarios/pairs", &scenario),
        ("tests/bugs/scenarios", &scenario),
        ("properties", &property),
        ("tests/bugs/properties", &property),
        ("policies", &policy),
    ];
    for (folder, schema) in folders {
        let files: Vec<_> =
            fs::read_dir(Path::new(ROOT).join(folder)).unwrap().map(|one| one.unwrap().path()).collect();
        let files = files.iter().filter(|path| path.extension().is_some_and(|extension| extension == "toml"));
        let mut seen = 0;
        for file in files {
            assert_eq!(mistakes(schema, &fs::read_to_string(file).unwrap()), [""; 0], "{}", file.display());
            seen += 1;
        }
        assert!(seen > 0, "{folder}");
    }
}

/// What lastack refuses for its shape, the schema refuses, too.
#[test]
fn mistakes_are_found_by_the_schemas() {
    let schemas = each();
    let schema = |name: &str| &schemas.iter().find(|(known, _)| *known == name).unwrap().1;
    for (name, text) in [
        ("scenario", "extends = 'sequential'"),
        ("scenario", "about = 'x'\n[network]\nlosses = -1"),
        ("scenario", "about = 'x'\n[network]\nlosses = 'many'"),
        ("scenario", "about = 'x'\n[network]\nlossess = 1"),
        ("scenario", "about = 'x'\n[fairness]\nnetwork = ['FIN to C']"),
        ("scenario", "about = 'x'\n[fairness]\nnetwork = ['ANY to B']"),
        ("scenario", "about = 'x'\n[tcp]\ntime_wait = '2 hours'"),
        ("scenario", "about = 'x'\n[a.tcp]\nout_of_order = 'maybe'"),
        ("scenario", "about = 'x'\n[b]\ncloses = true"),
        ("scenario", "about = 'x'\n[expect.no-reset]\nverdict = 'violated'"),
        ("property", "about = 'x'"),
        ("property", "about = 'x'\nformula = 'always true'\napplies_to = 'everything'"),
        ("scenario", "about = 'x'\n[tcp]\nsyn_retries = '6 s'"),
        ("scenario", "about = 'x'\n[tcp]\nrto = 0"),
        ("scenario", "about = 'x'\n[b.tcp]\nretries = 16"),
        ("scenario", "about = 'x'\n[a]\nreuse_time_wait = 8192"),
        ("policy", "about = 'x'\nrto = true"),
        ("policy", "about = 'x'\nrto = 3"),
        ("policy", "about = 'x'\nsyn_ack_retries = '6 s'"),
        ("policy", "about = 'x'\nrto = { value = '1 s' }"),
        ("policy", "about = 'x'\ncolour = 1"),
        ("lastack", "max_memory = '8GB'"),
        ("lastack", "threads = 0"),
        ("lastack", "scenarios = 'mine'"),
    ] {
        assert!(!mistakes(schema(name), text).is_empty(), "{name}: {text}");
    }
}
