//! What the agent asks for: one tool call, free of the client's field names.

use serde_json::Value;
use std::path::PathBuf;

/// One tool call of the agent.
#[derive(Debug, Clone, PartialEq)]
pub struct ToolCall {
    pub tool: Tool,
    /// Folder in which relative paths of the call are meant.
    pub cwd: PathBuf,
    /// Session id as the client gives it; empty when it gave none.
    pub session: String,
}

/// The tool and what it was given.
#[derive(Debug, Clone, PartialEq)]
pub enum Tool {
    /// Shell text that runs to its end.
    Bash { command: String },
    /// Shell text whose output is watched.
    Monitor { command: String },
    Read { path: String },
    Write { path: String, content: String },
    Edit { path: String, old: String, new: String },
    NotebookEdit { path: String, source: String },
    Glob { pattern: String, path: Option<String> },
    Grep { pattern: String, path: Option<String>, glob: Option<String> },
    WebFetch { url: String, prompt: String },
    WebSearch { query: String },
    /// A subagent and its prompt.
    Agent { prompt: String },
    /// A tool of an MCP server.
    Mcp { server: String, tool: String, input: Value },
    /// A tool that guard has no words for; its arguments are still looked at.
    Other { name: String, input: Value },
}

impl Tool {
    /// The name under which rules and records speak of the tool.
    pub fn name(&self) -> String {
        match self {
            Tool::Bash { .. } => "Bash".into(),
            Tool::Monitor { .. } => "Monitor".into(),
            Tool::Read { .. } => "Read".into(),
            Tool::Write { .. } => "Write".into(),
            Tool::Edit { .. } => "Edit".into(),
            Tool::NotebookEdit { .. } => "NotebookEdit".into(),
            Tool::Glob { .. } => "Glob".into(),
            Tool::Grep { .. } => "Grep".into(),
            Tool::WebFetch { .. } => "WebFetch".into(),
            Tool::WebSearch { .. } => "WebSearch".into(),
            Tool::Agent { .. } => "Agent".into(),
            Tool::Mcp { server, tool, .. } => format!("mcp__{server}__{tool}"),
            Tool::Other { name, .. } => name.clone(),
        }
    }
}
