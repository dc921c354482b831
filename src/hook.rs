//! The hook protocol: the client's JSON ↔ events and answers. The only file that knows its field names.

use crate::call::Tool;
use serde_json::Value;

/// A tool and its input → the call.
pub fn tool(name: &str, input: &Value) -> Result<Tool, String> {
    let text = |key: &str| {
        input.get(key).and_then(Value::as_str).map(str::to_owned).ok_or_else(|| format!("`tool_input.{key}` of {name} is missing or no text"))
    };
    let optional = |key: &str| input.get(key).and_then(Value::as_str).map(str::to_owned);
    Ok(match name {
        "Bash" => Tool::Bash { command: text("command")? },
        "Monitor" if input.get("command").is_some() => Tool::Monitor { command: text("command")? },
        "Read" => Tool::Read { path: text("file_path")? },
        "Write" => Tool::Write { path: text("file_path")?, content: text("content")? },
        "Edit" => Tool::Edit { path: text("file_path")?, old: text("old_string")?, new: text("new_string")? },
        "NotebookEdit" => Tool::NotebookEdit { path: text("notebook_path")?, source: optional("new_source").unwrap_or_default() },
        "Glob" => Tool::Glob { pattern: text("pattern")?, path: optional("path") },
        "Grep" => Tool::Grep { pattern: text("pattern")?, path: optional("path"), glob: optional("glob") },
        "WebFetch" => Tool::WebFetch { url: text("url")?, prompt: optional("prompt").unwrap_or_default() },
        "WebSearch" => Tool::WebSearch { query: text("query")? },
        "Agent" | "Task" => Tool::Agent { prompt: text("prompt")? },
        _ => match name.strip_prefix("mcp__").and_then(|rest| rest.split_once("__")) {
            Some((server, tool)) => Tool::Mcp { server: server.into(), tool: tool.into(), input: input.clone() },
            None => Tool::Other { name: name.to_owned(), input: input.clone() },
        },
    })
}
