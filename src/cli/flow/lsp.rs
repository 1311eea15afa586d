//! `ringback flow lsp`: the language server protocol over standard input and output. What is answered is
//! [`crate::workshop::editor`]'s; here are only the protocol's shapes.

use std::collections::{BTreeMap, HashMap};
use std::io::ErrorKind;
use std::path::PathBuf;

use anyhow::Context;
use gen_lsp_types as lsp;
use lsp_server::{Connection, ErrorCode, IoThreads, Message, Notification, Request, Response};
use serde_json::Value;

use crate::diagnostic::Severity;
use crate::flow::Library;
use crate::workshop::editor::{Document, Encoding, Finding, Place, Proposal, Range, Sort, Symbol, SymbolSort};

/// Serves one editor until it says `exit`, or its pipe is closed.
///
/// # Errors
/// What comes in is not the protocol.
pub(super) fn lsp() -> anyhow::Result<bool> {
    let (connection, threads) = Connection::stdio();
    let mut server = Server::default();
    let left = server.serve(&connection);
    drop(connection);
    match left {
        // Nobody listens any more; the thread that reads may wait for ever.
        Left::Deaf => Ok(true),
        Left::Exit => joined(threads).map(|()| server.shut_down),
        Left::Closed => joined(threads).map(|()| true),
    }
}

/// An editor that dies closes its pipes wherever it is; that is no fault of ours to report.
fn joined(threads: IoThreads) -> anyhow::Result<()> {
    match threads.join() {
        Err(why) if matches!(why.kind(), ErrorKind::BrokenPipe | ErrorKind::UnexpectedEof) => Ok(()),
        joined => joined.context("the editor does not speak the language server protocol"),
    }
}

/// Why serving has ended.
enum Left {
    /// `exit`, as the protocol wants it.
    Exit,
    /// Standard input has ended.
    Closed,
    /// Standard output is closed.
    Deaf,
}

#[derive(Default)]
struct Server {
    /// By URI.
    open: BTreeMap<String, Document>,
    /// Agreed on in `initialize`; until then nothing is answered.
    encoding: Option<Encoding>,
    shut_down: bool,
}

/// The sub-flows beside the file of this URI. One that is no file, or cannot be read, has none.
fn library(uri: &str) -> Library {
    let Some(path) = uri.strip_prefix("file://") else { return Library::default() };
    let mut bytes = Vec::new();
    let mut rest = path.as_bytes();
    while let Some((byte, after)) = rest.split_first() {
        let escaped = after.get(..2).and_then(|two| u8::from_str_radix(std::str::from_utf8(two).ok()?, 16).ok());
        match (byte, escaped) {
            (b'%', Some(escaped)) => {
                bytes.push(escaped);
                rest = &after[2..];
            }
            _ => {
                bytes.push(*byte);
                rest = after;
            }
        }
    }
    let path = PathBuf::from(String::from_utf8_lossy(&bytes).into_owned());
    super::files::library(&path).unwrap_or_default()
}

/// An answer, or the code and the words of its refusal.
type Answer = Result<Value, (ErrorCode, String)>;

impl Server {
    fn serve(&mut self, connection: &Connection) -> Left {
        for message in &connection.receiver {
            let said = match message {
                Message::Notification(n) if n.method == "exit" => return Left::Exit,
                Message::Notification(n) => self.take(n).map(Message::Notification),
                Message::Request(request) => Some(Message::Response(self.respond(request))),
                // Nothing is ever asked of the editor.
                Message::Response(_) => None,
            };
            if said.is_some_and(|said| connection.sender.send(said).is_err()) {
                return Left::Deaf;
            }
        }
        Left::Closed
    }

    fn respond(&mut self, request: Request) -> Response {
        match self.answer(&request) {
            Ok(result) => Response { id: request.id, response_result: Ok(result) },
            Err((code, why)) => Response::new_err(request.id, code as i32, why),
        }
    }

    fn answer(&mut self, request: &Request) -> Answer {
        let params = &request.params;
        let encoding = match (request.method.as_str(), self.encoding) {
            ("initialize", None) => return Ok(self.initialize(params)),
            ("initialize", Some(_)) => return Err((ErrorCode::InvalidRequest, "initialized already".into())),
            (_, None) => return Err((ErrorCode::ServerNotInitialized, "`initialize` comes first".into())),
            _ if self.shut_down => return Err((ErrorCode::InvalidRequest, "shut down already".into())),
            (_, Some(encoding)) => encoding,
        };
        if request.method == "shutdown" {
            self.shut_down = true;
            return Ok(Value::Null);
        }
        let asked = || Asked::of(self, params, encoding);
        match request.method.as_str() {
            "textDocument/completion" => json(asked()?.completion()),
            "textDocument/hover" => json(asked()?.hover()),
            "textDocument/definition" => json(asked()?.definition()),
            "textDocument/references" => {
                let with_declaration = params.pointer("/context/includeDeclaration") == Some(&Value::Bool(true));
                json(asked()?.references(with_declaration))
            }
            "textDocument/prepareRename" => json(asked()?.renamable()?),
            "textDocument/rename" => {
                let params: lsp::RenameParams = read(params)?;
                json(asked()?.rename(&params.new_name)?)
            }
            "textDocument/documentSymbol" => json(asked()?.symbols()),
            other => Err((ErrorCode::MethodNotFound, format!("`{other}` is not served"))),
        }
    }

    /// Only the encoding is read of what the editor can: the rest is the same for all.
    fn initialize(&mut self, params: &Value) -> Value {
        let wanted = params.pointer("/capabilities/general/positionEncodings").and_then(Value::as_array);
        let wanted = wanted.into_iter().flatten().filter_map(Value::as_str);
        let known = |word: &str| match word {
            "utf-8" => Some(Encoding::Utf8),
            "utf-16" => Some(Encoding::Utf16),
            "utf-32" => Some(Encoding::Utf32),
            _ => None,
        };
        let encoding = wanted.filter_map(known).next().unwrap_or(Encoding::Utf16);
        self.encoding = Some(encoding);
        let sync = lsp::TextDocumentSyncOptions {
            open_close: Some(true),
            change: Some(lsp::TextDocumentSyncKind::Full),
            ..Default::default()
        };
        // Within slots and expressions, and for the words of a test's step.
        let triggers = ["{", ".", "|", " "].map(str::to_string).to_vec();
        let capabilities = lsp::ServerCapabilities {
            position_encoding: Some(match encoding {
                Encoding::Utf8 => lsp::PositionEncodingKind::UTF8,
                Encoding::Utf16 => lsp::PositionEncodingKind::UTF16,
                Encoding::Utf32 => lsp::PositionEncodingKind::UTF32,
            }),
            text_document_sync: Some(lsp::TextDocumentSync::Options(sync)),
            completion_provider: Some(lsp::CompletionOptions {
                trigger_characters: Some(triggers),
                ..Default::default()
            }),
            hover_provider: Some(true.into()),
            definition_provider: Some(true.into()),
            references_provider: Some(true.into()),
            document_symbol_provider: Some(true.into()),
            rename_provider: Some(lsp::RenameOptions { prepare_provider: Some(true), ..Default::default() }.into()),
            ..Default::default()
        };
        let server_info =
            lsp::ServerInfo { name: "ringback flow lsp".into(), version: Some(env!("CARGO_PKG_VERSION").into()) };
        serde_json::to_value(lsp::InitializeResult { capabilities, server_info: Some(server_info) })
            .expect("plain data becomes JSON")
    }

    /// A notification; the diagnostics that come of it. What cannot be read is let pass: nobody waits for an answer.
    fn take(&mut self, notification: Notification) -> Option<Notification> {
        let encoding = self.encoding?;
        let params = &notification.params;
        match notification.method.as_str() {
            "textDocument/didOpen" => {
                let params: lsp::DidOpenTextDocumentParams = read(params).ok()?;
                let lsp::TextDocumentItem { uri, version, text, .. } = params.text_document;
                Some(self.look_at(uri, version, &text, encoding))
            }
            "textDocument/didChange" => {
                let params: lsp::DidChangeTextDocumentParams = read(params).ok()?;
                let lsp::VersionedTextDocumentIdentifier { version, text_document_identifier } = params.text_document;
                // Whole texts were agreed on; the last one is how the document stands.
                let text = params.content_changes.into_iter().rev().find_map(|change| match change {
                    lsp::TextDocumentContentChangeEvent::TextDocumentContentChangeWholeDocument(whole) => {
                        Some(whole.text)
                    }
                    lsp::TextDocumentContentChangeEvent::TextDocumentContentChangePartial(_) => None,
                })?;
                Some(self.look_at(text_document_identifier.uri, version, &text, encoding))
            }
            "textDocument/didClose" => {
                let params: lsp::DidCloseTextDocumentParams = read(params).ok()?;
                let uri = params.text_document.uri;
                self.open.remove(&uri.0);
                Some(published(lsp::PublishDiagnosticsParams { uri, version: None, diagnostics: Vec::new() }))
            }
            _ => None,
        }
    }

    fn look_at(&mut self, uri: lsp::Uri, version: i32, text: &str, encoding: Encoding) -> Notification {
        let document = Document::beside(text, library(&uri.0));
        let edge = Edge { document: &document, encoding };
        let diagnostics = document.findings().iter().map(|found| edge.diagnostic(found)).collect();
        self.open.insert(uri.0.clone(), document);
        published(lsp::PublishDiagnosticsParams { uri, version: Some(version), diagnostics })
    }
}

fn published(params: lsp::PublishDiagnosticsParams) -> Notification {
    Notification::new("textDocument/publishDiagnostics".into(), params)
}

fn read<T: serde::de::DeserializeOwned>(params: &Value) -> Result<T, (ErrorCode, String)> {
    serde_json::from_value(params.clone()).map_err(|why| (ErrorCode::InvalidParams, why.to_string()))
}

fn json(answer: impl serde::Serialize) -> Answer {
    serde_json::to_value(answer).map_err(|why| (ErrorCode::InternalError, why.to_string()))
}

/// A document, and how its editor counts columns.
#[derive(Clone, Copy)]
struct Edge<'d> {
    document: &'d Document,
    encoding: Encoding,
}

impl Edge<'_> {
    fn position(self, place: Place) -> lsp::Position {
        lsp::Position { line: place.line, character: self.document.text().for_editor(place, self.encoding) }
    }

    fn range(self, range: Range) -> lsp::Range {
        lsp::Range { start: self.position(range.from), end: self.position(range.to) }
    }

    fn diagnostic(self, found: &Finding) -> lsp::Diagnostic {
        lsp::Diagnostic {
            range: self.range(found.range),
            severity: Some(match found.severity {
                Severity::Error => lsp::DiagnosticSeverity::Error,
                Severity::Warning => lsp::DiagnosticSeverity::Warning,
            }),
            code: Some(lsp::Code::String(found.code.to_string())),
            code_description: None,
            source: Some("ringback".into()),
            message: lsp::Message::String(found.message.clone()),
            tags: None,
            related_information: None,
            data: None,
        }
    }

    #[expect(deprecated, reason = "the shape wants all its fields")]
    fn symbol(self, symbol: Symbol) -> lsp::DocumentSymbol {
        lsp::DocumentSymbol {
            name: symbol.name,
            detail: Some(symbol.detail).filter(|d| !d.is_empty()),
            kind: match symbol.sort {
                SymbolSort::Section => lsp::SymbolKind::Namespace,
                SymbolSort::Field => lsp::SymbolKind::Field,
                SymbolSort::Message => lsp::SymbolKind::String,
                SymbolSort::Node => lsp::SymbolKind::Function,
                SymbolSort::Test => lsp::SymbolKind::Event,
            },
            tags: None,
            deprecated: None,
            range: self.range(symbol.range),
            selection_range: self.range(symbol.at),
            children: Some(symbol.inside.into_iter().map(|inner| self.symbol(inner)).collect()),
        }
    }

    fn item(self, order: usize, proposal: Proposal) -> lsp::CompletionItem {
        let edit = lsp::TextEdit { range: self.range(proposal.range), new_text: proposal.insert };
        lsp::CompletionItem {
            label: proposal.label,
            kind: Some(match proposal.sort {
                Sort::Key => lsp::CompletionItemKind::Property,
                Sort::Word => lsp::CompletionItemKind::Keyword,
                Sort::Node => lsp::CompletionItemKind::Reference,
                Sort::Message => lsp::CompletionItemKind::Text,
                Sort::Field => lsp::CompletionItemKind::Field,
                Sort::Variable => lsp::CompletionItemKind::Variable,
                Sort::Function => lsp::CompletionItemKind::Function,
            }),
            detail: Some(proposal.detail).filter(|d| !d.is_empty()),
            documentation: Some(proposal.about).filter(|a| !a.is_empty()).map(|a| markdown(a).into()),
            sort_text: Some(format!("{order:04}")),
            text_edit: Some(edit.into()),
            ..Default::default()
        }
    }
}

fn markdown(value: String) -> lsp::MarkupContent {
    lsp::MarkupContent { kind: lsp::MarkupKind::Markdown, value }
}

/// A question about a place in an open document.
struct Asked<'d> {
    edge: Edge<'d>,
    uri: lsp::Uri,
    /// The beginning, for a question about the whole.
    place: Place,
}

impl<'d> Asked<'d> {
    fn of(server: &'d Server, params: &Value, encoding: Encoding) -> Result<Asked<'d>, (ErrorCode, String)> {
        let missing = || (ErrorCode::InvalidParams, "`textDocument` is missing".to_string());
        let about: lsp::TextDocumentIdentifier = read(params.get("textDocument").ok_or_else(missing)?)?;
        let uri = about.uri;
        let Some(document) = server.open.get(&uri.0) else {
            return Err((ErrorCode::InvalidParams, format!("`{}` is not open", uri.0)));
        };
        let position = match params.get("position") {
            Some(position) => read(position)?,
            None => lsp::Position { line: 0, character: 0 },
        };
        let place = document.text().from_editor(position.line, position.character, encoding);
        Ok(Asked { edge: Edge { document, encoding }, uri, place })
    }

    fn location(&self, range: Range) -> lsp::Location {
        lsp::Location { uri: self.uri.clone(), range: self.edge.range(range) }
    }

    fn completion(&self) -> lsp::CompletionList {
        let found = self.edge.document.completion(self.place);
        let items = found.into_iter().enumerate().map(|(n, proposal)| self.edge.item(n, proposal)).collect();
        lsp::CompletionList { is_incomplete: false, items, ..Default::default() }
    }

    fn hover(&self) -> Option<lsp::Hover> {
        let found = self.edge.document.hover(self.place)?;
        Some(lsp::Hover { contents: markdown(found.text).into(), range: Some(self.edge.range(found.range)) })
    }

    fn definition(&self) -> Option<lsp::Location> {
        self.edge.document.definition(self.place).map(|range| self.location(range))
    }

    fn references(&self, with_declaration: bool) -> Vec<lsp::Location> {
        let found = self.edge.document.references(self.place, with_declaration);
        found.into_iter().map(|range| self.location(range)).collect()
    }

    fn renamable(&self) -> Result<lsp::Range, (ErrorCode, String)> {
        let range = self.edge.document.renamable(self.place);
        range.map(|range| self.edge.range(range)).map_err(|why| (ErrorCode::RequestFailed, why))
    }

    fn rename(&self, new: &str) -> Result<lsp::WorkspaceEdit, (ErrorCode, String)> {
        let ranges = self.edge.document.rename(self.place, new).map_err(|why| (ErrorCode::RequestFailed, why))?;
        let edit = |range| lsp::TextEdit { range: self.edge.range(range), new_text: new.to_string() };
        let changes = HashMap::from([(self.uri.clone(), ranges.into_iter().map(edit).collect())]);
        Ok(lsp::WorkspaceEdit { changes: Some(changes), ..Default::default() })
    }

    fn symbols(&self) -> Vec<lsp::DocumentSymbol> {
        self.edge.document.symbols().into_iter().map(|symbol| self.edge.symbol(symbol)).collect()
    }
}
