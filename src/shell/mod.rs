//! The syntax tree of shell text: [`Script`], [`Statement`], [`SimpleCommand`], [`Redirection`], [`Word`].
//!
//! A broken command is never an error: [`parse`] always gives a script, and what could not be read is in
//! [`Script::unread`].

mod lower;
pub mod plain;
mod skip;
pub mod word;

use crate::verdict::Span;
pub use lower::parse as parse_with_grammar;
pub use word::Piece;

/// Reads shell text. Never fails: see [`Script::unread`].
pub fn parse(source: &str) -> Script {
    plain::parse(source).unwrap_or_else(|| parse_with_grammar(source))
}

/// Shell text as a tree.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Script {
    pub body: Vec<Statement>,
    /// Stretches that the grammar refused. Bash may refuse them too; each is also tried piece by piece.
    pub unread: Vec<Span>,
}

/// A command with its redirections.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Statement {
    pub command: Command,
    pub redirections: Vec<Redirection>,
    pub background: bool,
    pub span: Span,
}

/// How two statements of a list are joined.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Join {
    And,
    Or,
}

/// Any command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Command {
    Simple(SimpleCommand),
    /// Members in order; `true` where standard error flows too (`|&`).
    Pipeline(Vec<(Statement, bool)>),
    /// `a && b || c`
    List(Box<Statement>, Vec<(Join, Statement)>),
    Subshell(Vec<Statement>),
    Group(Vec<Statement>),
    If { branches: Vec<(Vec<Statement>, Vec<Statement>)>, otherwise: Vec<Statement> },
    /// `for` and `select`; no words means `"$@"`.
    For { names: Vec<String>, words: Option<Vec<Word>>, body: Vec<Statement> },
    /// `for ((…))`, `((…))`: expressions, then a body.
    Arithmetic { expressions: Vec<Word>, body: Vec<Statement> },
    Loop { condition: Vec<Statement>, body: Vec<Statement> },
    Case { word: Word, arms: Vec<(Vec<Word>, Vec<Statement>)> },
    /// The body stays text: it is parsed again for each call.
    Function { names: Vec<Word>, body: String },
    /// `[[ … ]]`
    Test(Vec<Word>),
    Coproc { name: String, body: Box<Statement> },
}

/// A command with its words.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SimpleCommand {
    pub assignments: Vec<Assignment>,
    /// The program's name first; empty for a bare assignment or redirection.
    pub words: Vec<Word>,
    /// Operands of `export`, `declare`, `local`, … that assign.
    pub declared: Vec<Assignment>,
}

/// `name=value`, `name[i]+=value`, `name=(a b)`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Assignment {
    pub name: String,
    pub subscript: Option<Word>,
    pub append: bool,
    pub value: AssignedValue,
    pub span: Span,
}

/// What is assigned.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AssignedValue {
    Scalar(Word),
    /// Elements with their subscripts, where given.
    Array(Vec<(Option<Word>, Word)>),
}

/// A word's source text and its pieces.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Word {
    pub source: String,
    pub pieces: Vec<Piece>,
    pub span: Span,
}

/// What a redirection does with its descriptor.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RedirectionKind {
    Input,
    Output,
    Append,
    ReadWrite,
    /// `&>`, `>&file`, `&>>`
    OutputBoth,
    DuplicateInput,
    DuplicateOutput,
    /// The target is the text itself.
    HereString,
    /// The target's pieces are the body.
    HereDocument,
}

/// One redirection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Redirection {
    pub descriptor: Option<u32>,
    /// `{name}>`: the shell picks the descriptor.
    pub variable: Option<String>,
    pub kind: RedirectionKind,
    pub target: Word,
}
