{"jsonrpc": "2.0", "method": "initialize", "params": {"capabilities": {}}, "id": 1}
{"jsonrpc": "2.0", "method": "initialized", "params": {}}
{"jsonrpc": "2.0", "method": "textDocument/didOpen", "params": {"textDocument": {"uri": "file:///nonexistent/certbatch.yaml", "version": 1, "text": "certbatch_config: 1\ncas: {local: {type: local}}\ncolour: blue\n"}}}
{"jsonrpc": "2.0", "method": "textDocument/didChange", "params": {"textDocument": {"uri": "file:///nonexistent/certbatch.yaml", "version": 2}, "contentChanges": [{"range": {"start": {"line": 2, "character": 0}, "end": {"line": 3, "character": 0}}, "text": ""}]}}
{"jsonrpc": "2.0", "method": "textDocument/hover", "params": {"textDocument": {"uri": "file:///nonexistent/certbatch.yaml"}, "position": {"line": 6, "character": 40}}, "id": 2}
{"jsonrpc": "2.0", "method": "textDocument/codeAction", "params": {"textDocument": {"uri": "file:///nonexistent/certbatch.yaml"}, "range": {"start": {"line": 0, "character": 0}, "end": {"line": 99, "character": 0}}, "context": {"diagnostics": [], "only": ["quickfix", "source"]}}, "id": "three"}
{"jsonrpc": "2.0", "method": "textDocument/didSave", "params": {"textDocument": {"uri": "file:///nonexistent/certbatch.yaml"}}}
{"jsonrpc": "2.0", "method": "textDocument/didClose", "params": {"textDocument": {"uri": "file:///nonexistent/certbatch.yaml"}}}
{"jsonrpc": "2.0", "method": "shutdown", "params": null, "id": 4}
{"jsonrpc": "2.0", "method": "exit", "params": null}
