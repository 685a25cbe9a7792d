//! The definitions of tools in a request, in the form of OTel's GenAI conventions.

use serde_json::{Value, json};

use super::json::{self, Json, Object};
use super::keys;

/// Name, description and parameters of each tool. The rest of a definition is left out: that of a remote
/// server can hold its credentials.
pub(super) fn tool_definitions(map: &Object<'_>) -> Option<Value> {
    let lists = ["tools", "functions"].into_iter().flat_map(|key| json::list(map, key));
    let tools = lists.chain(of_converse(map));
    let definitions: Vec<Value> = tools.filter_map(Json::as_object).flat_map(definitions).collect();
    (!definitions.is_empty()).then_some(Value::Array(definitions))
}

/// The list of Bedrock's Converse.
pub(super) fn of_converse<'a, 'b>(map: &'a Object<'b>) -> &'a [Json<'b>] {
    keys::object(map, "toolConfig").map(|config| keys::list(config, "tools")).unwrap_or_default()
}

fn definitions(tool: &Object<'_>) -> Vec<Value> {
    let declared = keys::list(tool, "functionDeclarations");
    if !declared.is_empty() {
        return declared
            .iter()
            .filter_map(Json::as_object)
            .filter_map(|inner| definition(None, inner))
            .collect();
    }
    if let Some(specification) = keys::object(tool, "toolSpec") {
        return definition(None, specification).into_iter().collect();
    }
    let nested = json::object(tool, "function").or_else(|| json::object(tool, "custom"));
    let kind = json::text(tool, "type").filter(|kind| *kind != "custom" || nested.is_some());
    definition(kind, nested.unwrap_or(tool)).or_else(|| hosted(tool)).into_iter().collect()
}

fn definition(kind: Option<&str>, inner: &Object<'_>) -> Option<Value> {
    let name = json::text(inner, "name").or(kind)?;
    let mut definition = json!({ "type": kind.unwrap_or("function"), "name": name });
    let schema = keys::at(inner, "inputSchema").map(|schema| json::get(schema, "json").unwrap_or(schema));
    let parameters = ["parameters", "parametersJsonSchema", "parameter_definitions"];
    let parameters = parameters.into_iter().find_map(|key| inner.get(key)).or(schema);
    for (key, value) in [("description", inner.get("description")), ("parameters", parameters)] {
        if let Some(value) = value.filter(|value| !value.is_null()) {
            definition[key] = value.into();
        }
    }
    Some(definition)
}

/// A tool that Gemini runs, which has its name as its only key.
fn hosted(tool: &Object<'_>) -> Option<Value> {
    let (name, settings) = tool.iter().next().filter(|_| tool.len() == 1)?;
    settings.is_object().then(|| json!({ "type": name, "name": name }))
}
