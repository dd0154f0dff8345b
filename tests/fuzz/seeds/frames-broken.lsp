Content-Length: 83

{"jsonrpc": "2.0", "method": "initialize", "params": {"capabilities": {}}, "id": 1}Content-Length: 57

{"jsonrpc": "2.0", "method": "initialized", "params": {}}Content-Length: 406

{"jsonrpc": "2.0", "method": "textDocument/didOpen", "params": {"textDocument": {"uri": "file:///nonexistent/a.batch.yaml", "version": 1, "text": "certbatch: 1\nname: lsp\npolicy: [private]\nchange: {ticket: CHG0031337, requested_by: a@example.com, approved_by: [b@example.com], approved_at: 2026-11-20T10:00:00Z}\nca: local\norders:\n  - {comment: \"😀é\", id: one, san: [\"www.corp.internal.\"]}\n"}}}Content-Length: 262

{"jsonrpc": "2.0", "method": "textDocument/didChange", "params":Content-Length: -1

{}