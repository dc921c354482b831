//! The parser crate's tree → ours. The only file that names the parser crate.
//!
//! Words are cut out of the source by their spans and read again by [`super::word`]; commands, lists and redirections
//! keep the parser's structure.

use super::word::{self, Piece, Place};
use super::{
    AssignedValue, Assignment, Command, Join, Redirection, RedirectionKind, Script, SimpleCommand, Statement, Word, skip,
};
use crate::verdict::Span;
use shuck_ast as ast;
use shuck_parser::parser::Parser;

/// Parser operations per parse: enough for the longest text that is judged, a bound for text made to be slow.
const FUEL: usize = 400_000;

/// Deeper text is not given to the parser, whose work grows with length times depth.
const MAX_DEPTH: usize = 200;

/// Reads shell text. Never fails: see [`Script::unread`].
pub fn parse(source: &str) -> Script {
    if skip::depth(source) > MAX_DEPTH {
        return Script { body: Vec::new(), unread: vec![Span { start: 0, end: u32::try_from(source.len()).unwrap_or(u32::MAX) }] };
    }
    // The parser would expand aliases itself, into words that stand nowhere in the source; effects follow aliases anyway.
    const SWITCH: (&str, &str) = ("expand_aliases", "expand_aliase_");
    let without_aliases = source.contains(SWITCH.0).then(|| source.replace(SWITCH.0, SWITCH.1));
    let mut result = Parser::with_fuel(without_aliases.as_deref().unwrap_or(source), FUEL.max(source.len())).parse();
    let lower = Lower { source };
    let body = if source.len() < LARGE {
        lower.sequence(&result.file.body)
    } else {
        std::mem::take(&mut result.file.body.stmts).into_iter().map(|s| lower.statement(&s)).collect()
    };
    let mut script = Script { body, unread: Vec::new() };
    if result.is_err() {
        for diagnostic in &result.diagnostics {
            script.unread.push(lower.span(diagnostic.span));
        }
        if script.unread.is_empty() || result.terminal_error.is_some() {
            script.unread.push(Span { start: 0, end: u32::try_from(source.len()).unwrap_or(u32::MAX) });
        }
    }
    // Dropping a small tree costs more than the process has left to live.
    if source.len() < LARGE {
        std::mem::forget(result);
    }
    script
}

/// Bytes of a text whose tree is worth giving back, statement by statement: the memory is used again for ours and what it leads to.
const LARGE: usize = 16 << 10;

struct Lower<'a> {
    source: &'a str,
}

impl Lower<'_> {
    /// The parser counts past the end of some texts; nobody after this has to know.
    fn span(&self, span: ast::Span) -> Span {
        let place = |at: usize| u32::try_from(at.min(self.source.len())).unwrap_or(u32::MAX);
        Span { start: place(span.start.offset()), end: place(span.end.offset().max(span.start.offset())) }
    }

    fn slice(&self, s: ast::Span) -> &str {
        self.source.get(s.start.offset()..s.end.offset().min(self.source.len())).unwrap_or("")
    }

    fn text_word(&self, source: &str, at: ast::Span, place: Place) -> Word {
        Word { source: source.to_owned(), pieces: word::pieces(source, place), span: self.span(at) }
    }

    fn word(&self, w: &ast::Word) -> Word {
        // The descriptor in `0>&1` is part of the operator's token: the parser makes a word of its own for it.
        if let [ast::WordPartNode { kind: ast::WordPart::Literal(ast::LiteralText::Owned(text)), .. }] = w.parts.as_slice() {
            return self.text_word(text, w.span, Place::Word);
        }
        // Words the parser made itself have no place in the source.
        if w.span.start.offset() >= w.span.end.offset() {
            return Word { source: String::new(), pieces: Vec::new(), span: self.span(w.span) };
        }
        self.text_word(self.slice(w.span), w.span, Place::Word)
    }

    fn words<'w>(&self, all: impl IntoIterator<Item = &'w ast::Word>) -> Vec<Word> {
        all.into_iter().map(|w| self.word(w)).collect()
    }

    fn sequence(&self, all: &ast::StmtSeq) -> Vec<Statement> {
        all.iter().map(|s| self.statement(s)).collect()
    }

    fn statement(&self, s: &ast::Stmt) -> Statement {
        let mut redirections: Vec<Redirection> = s.redirects.iter().map(|r| self.redirection(r)).collect();
        let command = self.command(&s.command, &mut redirections);
        Statement {
            command,
            redirections,
            background: matches!(s.terminator, Some(ast::StmtTerminator::Background(_))),
            span: self.span(s.span),
        }
    }

    fn command(&self, c: &ast::Command, redirections: &mut Vec<Redirection>) -> Command {
        match c {
            ast::Command::Simple(simple) => {
                let mut words = Vec::with_capacity(simple.args.len() + 1);
                if simple.name.span.start.offset() < simple.name.span.end.offset() {
                    words.push(self.word(&simple.name));
                }
                words.extend(self.words(&simple.args));
                Command::Simple(SimpleCommand {
                    assignments: self.assignments(&simple.assignments),
                    words,
                    declared: Vec::new(),
                })
            }
            ast::Command::Builtin(builtin) => {
                let (name, first, more, assignments) = match builtin {
                    ast::BuiltinCommand::Break(b) => ("break", &b.depth, &b.extra_args, &b.assignments),
                    ast::BuiltinCommand::Continue(b) => ("continue", &b.depth, &b.extra_args, &b.assignments),
                    ast::BuiltinCommand::Return(b) => ("return", &b.code, &b.extra_args, &b.assignments),
                    ast::BuiltinCommand::Exit(b) => ("exit", &b.code, &b.extra_args, &b.assignments),
                };
                let mut words = vec![literal(name)];
                words.extend(self.words(first.iter().chain(more)));
                Command::Simple(SimpleCommand { assignments: self.assignments(assignments), words, declared: Vec::new() })
            }
            ast::Command::Decl(decl) => {
                let mut words = vec![Word { span: self.span(decl.variant_span), ..literal(decl.variant.as_str()) }];
                let mut declared = Vec::new();
                for operand in &decl.operands {
                    match operand {
                        ast::DeclOperand::Flag(w) | ast::DeclOperand::Dynamic(w) => words.push(self.word(w)),
                        ast::DeclOperand::Name(reference) => {
                            words.push(self.text_word(self.slice(reference.span), reference.span, Place::Word));
                        }
                        ast::DeclOperand::Assignment(a) => declared.push(self.assignment(a)),
                    }
                }
                Command::Simple(SimpleCommand { assignments: self.assignments(&decl.assignments), words, declared })
            }
            ast::Command::Binary(binary) => self.binary(binary),
            ast::Command::Compound(compound) => self.compound(compound, redirections),
            ast::Command::Function(function) => Command::Function {
                names: function.header.entries.iter().map(|e| self.word(&e.word)).collect(),
                body: self.function_body(function.body.as_ref()),
            },
            ast::Command::AnonymousFunction(function) => Command::Group(vec![self.statement(&function.body)]),
        }
    }

    fn function_body(&self, body: &ast::Stmt) -> String {
        self.slice(body.span).trim_end_matches([';', '&']).to_owned()
    }

    /// Chains of `&&`, `||` and `|` are trees that lean to the left; they become flat lists without recursion.
    fn binary(&self, top: &ast::BinaryCommand) -> Command {
        let pipe = |op: ast::BinaryOp| matches!(op, ast::BinaryOp::Pipe | ast::BinaryOp::PipeAll);
        let is_pipe = pipe(top.op);
        let mut tail = vec![(top.op, top.right.as_ref())];
        let mut first = top.left.as_ref();
        while let ast::Command::Binary(inner) = &first.command
            && pipe(inner.op) == is_pipe
            && first.redirects.is_empty()
            && !first.negated
        {
            tail.push((inner.op, inner.right.as_ref()));
            first = inner.left.as_ref();
        }
        tail.reverse();
        let first = self.statement(first);
        if is_pipe {
            let mut members = vec![(first, false)];
            for (op, statement) in tail {
                if let Some(last) = members.last_mut() {
                    last.1 = op == ast::BinaryOp::PipeAll;
                }
                members.push((self.statement(statement), false));
            }
            return Command::Pipeline(members);
        }
        let join = |op| if op == ast::BinaryOp::And { Join::And } else { Join::Or };
        Command::List(Box::new(first), tail.into_iter().map(|(op, s)| (join(op), self.statement(s))).collect())
    }

    fn compound(&self, c: &ast::CompoundCommand, redirections: &mut Vec<Redirection>) -> Command {
        use ast::CompoundCommand as C;
        match c {
            C::If(c) => Command::If {
                branches: std::iter::once((&c.condition, &c.then_branch))
                    .chain(c.elif_branches.iter().map(|(a, b)| (a, b)))
                    .map(|(condition, body)| (self.sequence(condition), self.sequence(body)))
                    .collect(),
                otherwise: c.else_branch.as_ref().map(|b| self.sequence(b)).unwrap_or_default(),
            },
            C::For(c) => Command::For {
                names: c.targets.iter().map(|t| self.slice(t.span).to_owned()).collect(),
                words: c.words.as_ref().map(|w| self.words(w)),
                body: self.sequence(&c.body),
            },
            C::Foreach(c) => Command::For {
                names: vec![c.variable.to_string()],
                words: Some(self.words(&c.words)),
                body: self.sequence(&c.body),
            },
            C::Select(c) => Command::For {
                names: vec![c.variable.to_string()],
                words: Some(self.words(&c.words)),
                body: self.sequence(&c.body),
            },
            C::Repeat(c) => Command::For { names: Vec::new(), words: Some(vec![self.word(&c.count)]), body: self.sequence(&c.body) },
            C::ArithmeticFor(c) => Command::Arithmetic {
                expressions: [c.init_span, c.condition_span, c.step_span]
                    .into_iter()
                    .flatten()
                    .map(|s| self.text_word(self.slice(s), s, Place::Arithmetic))
                    .collect(),
                body: self.sequence(&c.body),
            },
            C::While(c) => Command::Loop { condition: self.sequence(&c.condition), body: self.sequence(&c.body) },
            C::Until(c) => Command::Loop { condition: self.sequence(&c.condition), body: self.sequence(&c.body) },
            C::Case(c) => Command::Case {
                word: self.word(&c.word),
                arms: c
                    .cases
                    .iter()
                    .map(|arm| {
                        let patterns =
                            arm.patterns.iter().map(|p| self.text_word(self.slice(p.span), p.span, Place::Word)).collect();
                        (patterns, self.sequence(&arm.body))
                    })
                    .collect(),
            },
            C::Subshell(body) => Command::Subshell(self.sequence(body)),
            C::BraceGroup(body) => Command::Group(self.sequence(body)),
            C::Arithmetic(c) => self.arithmetic(c),
            C::Time(c) => match &c.command {
                Some(inner) => Command::Group(vec![self.statement(inner)]),
                None => Command::Group(Vec::new()),
            },
            C::Conditional(c) => {
                let mut words = Vec::new();
                self.conditional(&c.expression, &mut words);
                Command::Test(words)
            }
            C::Coproc(c) => Command::Coproc { name: c.name.to_string(), body: Box::new(self.statement(&c.body)) },
            C::Always(c) => {
                let _ = &redirections;
                let mut body = self.sequence(&c.body);
                body.extend(self.sequence(&c.always_body));
                Command::Group(body)
            }
        }
    }

    /// `((a); (b))` is two subshells; the parser takes it for arithmetic without an expression.
    fn arithmetic(&self, c: &ast::ArithmeticCommand) -> Command {
        let from = c.left_paren_span.start.offset();
        // The parser counts one too far when the closing parentheses end different things.
        let to = c.right_paren_span.end.offset().min(self.source.len());
        let text = self.source.get(from..to).unwrap_or("").trim();
        // INVARIANT: shorter than the source, as it is parsed again.
        let body = text.get(1..).unwrap_or("");
        let body = body.strip_suffix(')').unwrap_or(body);
        if skip::arithmetic_body(body).is_none() {
            return Command::Subshell(parse(body).body);
        }
        let expression = body.get(1..body.len() - 1).unwrap_or("");
        Command::Arithmetic { expressions: vec![self.text_word(expression, c.span, Place::Arithmetic)], body: Vec::new() }
    }

    fn conditional(&self, e: &ast::ConditionalExpr, out: &mut Vec<Word>) {
        match e {
            ast::ConditionalExpr::Binary(b) => {
                self.conditional(&b.left, out);
                self.conditional(&b.right, out);
            }
            ast::ConditionalExpr::Unary(u) => self.conditional(&u.expr, out),
            ast::ConditionalExpr::Parenthesized(p) => self.conditional(&p.expr, out),
            ast::ConditionalExpr::Word(w) | ast::ConditionalExpr::Regex(w) => out.push(self.word(w)),
            ast::ConditionalExpr::Pattern(p) => out.push(self.text_word(self.slice(p.span), p.span, Place::Word)),
            ast::ConditionalExpr::VarRef(v) => out.push(self.text_word(self.slice(v.span), v.span, Place::Word)),
        }
    }

    fn assignments(&self, all: &[ast::Assignment]) -> Vec<Assignment> {
        all.iter().map(|a| self.assignment(a)).collect()
    }

    fn assignment(&self, a: &ast::Assignment) -> Assignment {
        let subscript = a.target.subscript.as_ref().map(|s| self.text_word(s.syntax_text(self.source), s.span(), Place::Word));
        let value = match &a.value {
            ast::AssignmentValue::Scalar(w) => {
                // A tilde after `=` or `:` means a home folder, so the value is read as a word of its own.
                AssignedValue::Scalar(self.word(w))
            }
            ast::AssignmentValue::Compound(array) => AssignedValue::Array(
                array
                    .elements
                    .iter()
                    .map(|element| match element {
                        ast::ArrayElem::Sequential(w) => (None, self.word(w)),
                        ast::ArrayElem::Keyed { key, value } | ast::ArrayElem::KeyedAppend { key, value } => {
                            (Some(self.text_word(key.syntax_text(self.source), key.span(), Place::Word)), self.word(value))
                        }
                    })
                    .collect(),
            ),
        };
        Assignment { name: a.target.name.to_string(), subscript, append: a.append, value, span: self.span(a.span) }
    }

    fn redirection(&self, r: &ast::Redirect) -> Redirection {
        use RedirectionKind as K;
        let target = match &r.target {
            ast::RedirectTarget::Word(w) => self.word(w),
            ast::RedirectTarget::Heredoc(doc) => self.heredoc(doc),
        };
        let kind = match r.kind {
            ast::RedirectKind::Output | ast::RedirectKind::Clobber => K::Output,
            ast::RedirectKind::Append => K::Append,
            ast::RedirectKind::Input => K::Input,
            ast::RedirectKind::ReadWrite => K::ReadWrite,
            ast::RedirectKind::HereDoc | ast::RedirectKind::HereDocStrip => K::HereDocument,
            ast::RedirectKind::HereString => K::HereString,
            ast::RedirectKind::OutputBoth => K::OutputBoth,
            // `>&word` is a file when the word is no descriptor.
            ast::RedirectKind::DupOutput if !is_descriptor(&target.source) => K::OutputBoth,
            ast::RedirectKind::DupOutput => K::DuplicateOutput,
            ast::RedirectKind::DupInput => K::DuplicateInput,
        };
        Redirection {
            descriptor: r.fd.and_then(|fd| u32::try_from(fd).ok()),
            variable: r.fd_var.as_ref().map(ToString::to_string),
            kind,
            target,
        }
    }

    fn heredoc(&self, doc: &ast::Heredoc) -> Word {
        let raw = self.slice(doc.body.span);
        let text: String = if doc.delimiter.strip_tabs {
            raw.split_inclusive('\n').map(|line| line.trim_start_matches('\t')).collect()
        } else {
            raw.to_owned()
        };
        let pieces = if doc.delimiter.quoted {
            vec![Piece::Literal { text: text.clone(), quoted: true }]
        } else {
            word::pieces(&text, Place::Heredoc)
        };
        Word { source: text, pieces, span: self.span(doc.body.span) }
    }
}

fn literal(text: &str) -> Word {
    Word { source: text.to_owned(), pieces: vec![Piece::Literal { text: text.to_owned(), quoted: false }], span: Span::default() }
}

/// A number, `-`, a number to be moved (`4-`), or something only the shell knows (`$fd`).
fn is_descriptor(text: &str) -> bool {
    let digits = text.strip_suffix('-').unwrap_or(text);
    digits.bytes().all(|b| b.is_ascii_digit()) || text.starts_with('$') || text.starts_with("\"$")
}
