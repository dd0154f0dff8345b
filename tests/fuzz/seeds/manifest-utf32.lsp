{"jsonrpc": "2.0", "method": "initialize", "params": {"capabilities": {"general": {"positionEncodings": ["utf-32"]}}}, "id": 1}
{"jsonrpc": "2.0", "method": "initialized", "params": {}}
{"jsonrpc": "2.0", "method": "textDocument/didOpen", "params": {"textDocument": {"uri": "untitled:a%20b.batch.yaml", "version": 1, "text": "certbatch: 1\r\nname: lsp\r\npolicy: [private]\r\nchange: {ticket: CHG0031337, requested_by: a@example.com, approved_by: [b@example.com], approved_at: 2026-11-20T10:00:00Z}\r\nca: local\r\norders:\r\n  - {comment: \"😀é\", id: one, san: [\"www.corp.internal.\"]}\r\n"}}}
{"jsonrpc": "2.0", "method": "textDocument/didChange", "params": {"textDocument": {"uri": "untitled:a%20b.batch.yaml", "version": 2}, "contentChanges": [{"range": {"start": {"line": 6, "character": 15}, "end": {"line": 6, "character": 16}}, "text": "🚀"}]}}
{"jsonrpc": "2.0", "method": "textDocument/didChange", "params": {"textDocument": {"uri": "untitled:a%20b.batch.yaml", "version": 3}, "contentChanges": [{"range": {"start": {"line": 9, "character": 9}, "end": {"line": 0, "character": 0}}, "text": "x"}]}}
{"jsonrpc": "2.0", "method": "textDocument/hover", "params": {"textDocument": {"uri": "untitled:a%20b.batch.yaml"}, "position": {"line": 6, "character": 40}}, "id": 2}
{"jsonrpc": "2.0", "method": "textDocument/codeAction", "params": {"textDocument": {"uri": "untitled:a%20b.batch.yaml"}, "range": {"start": {"line": 0, "character": 0}, "end": {"line": 99, "character": 0}}, "context": {"diagnostics": [], "only": ["quickfix", "source"]}}, "id": "three"}
{"jsonrpc": "2.0", "method": "textDocument/didSave", "params": {"textDocument": {"uri": "untitled:a%20b.batch.yaml"}}}
{"jsonrpc": "2.0", "method": "textDocument/didClose", "params": {"textDocument": {"uri": "untitled:a%20b.batch.yaml"}}}
{"jsonrpc": "2.0", "method": "shutdown", "params": null, "id": 4}
{"jsonrpc": "2.0", "method": "exit", "params": null}
