Content-Length: 83

{"jsonrpc": "2.0", "method": "initialize", "params": {"capabilities": {}}, "id": 1}Content-Length: 57

{"jsonrpc": "2.0", "method": "initialized", "params": {}}Content-Length: 406

{"jsonrpc": "2.0", "method": "textDocument/didOpen", "params": {"textDocument": {"uri": "file:///nonexistent/a.batch.yaml", "version": 1, "text": "certbatch: 1\nname: lsp\npolicy: [private]\nchange: {ticket: CHG0031337, requested_by: a@example.com, approved_by: [b@example.com], approved_at: 2026-11-20T10:00:00Z}\nca: local\norders:\n  - {comment: \"😀é\", id: one, san: [\"www.corp.internal.\"]}\n"}}}Content-Length: 262

{"jsonrpc": "2.0", "method": "textDocument/didChange", "params": {"textDocument": {"uri": "file:///nonexistent/a.batch.yaml", "version": 2}, "contentChanges": [{"range": {"start": {"line": 6, "character": 15}, "end": {"line": 6, "character": 17}}, "text": ""}]}}Content-Length: 265

{"jsonrpc": "2.0", "method": "textDocument/didChange", "params": {"textDocument": {"uri": "file:///nonexistent/a.batch.yaml", "version": 3}, "contentChanges": [{"range": {"start": {"line": 6, "character": 60}, "end": {"line": 7, "character": 0}}, "text": "\r\n"}]}}Content-Length: 430

{"jsonrpc": "2.0", "method": "textDocument/didChange", "params": {"textDocument": {"uri": "file:///nonexistent/a.batch.yaml", "version": 4}, "contentChanges": [{"text": "certbatch: 1\nname: lsp\npolicy: [private]\nchange: {ticket: CHG0031337, requested_by: a@example.com, approved_by: [b@example.com], approved_at: 2026-11-20T10:00:00Z}\nca: local\norders:\n  - {comment: \"😀é\", id: one, san: [\"www.corp.internal.\"]}\n"}]}}Content-Length: 174

{"jsonrpc": "2.0", "method": "textDocument/hover", "params": {"textDocument": {"uri": "file:///nonexistent/a.batch.yaml"}, "position": {"line": 6, "character": 40}}, "id": 2}Content-Length: 293

{"jsonrpc": "2.0", "method": "textDocument/codeAction", "params": {"textDocument": {"uri": "file:///nonexistent/a.batch.yaml"}, "range": {"start": {"line": 0, "character": 0}, "end": {"line": 99, "character": 0}}, "context": {"diagnostics": [], "only": ["quickfix", "source"]}}, "id": "three"}Content-Length: 125

{"jsonrpc": "2.0", "method": "textDocument/didSave", "params": {"textDocument": {"uri": "file:///nonexistent/a.batch.yaml"}}}Content-Length: 126

{"jsonrpc": "2.0", "method": "textDocument/didClose", "params": {"textDocument": {"uri": "file:///nonexistent/a.batch.yaml"}}}Content-Length: 65

{"jsonrpc": "2.0", "method": "shutdown", "params": null, "id": 4}Content-Length: 52

{"jsonrpc": "2.0", "method": "exit", "params": null}