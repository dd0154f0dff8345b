{"jsonrpc": "2.0", "method": "initialize", "params": {"capabilities": {}}, "id": 1}
{"jsonrpc": "2.0", "method": "initialized", "params": {}}
{"jsonrpc": "2.0", "method": "textDocument/didOpen", "params": {"textDocument": {"uri": "file:///nonexistent/p.policy.yaml", "version": 1, "text": "certbatch_policy: 1\nname: site\nextends: [private]\nrules: {no.such.rule: error, dns.labels.max: {max: 2}}\n"}}}
{"jsonrpc": "2.0", "method": "textDocument/didChange", "params": {"textDocument": {"uri": "file:///nonexistent/p.policy.yaml", "version": 2}, "contentChanges": [{"range": {"start": {"line": 3, "character": 8}, "end": {"line": 3, "character": 20}}, "text": "key.rsa.min-bits"}]}}
{"jsonrpc": "2.0", "method": "textDocument/hover", "params": {"textDocument": {"uri": "file:///nonexistent/p.policy.yaml"}, "position": {"line": 6, "character": 40}}, "id": 2}
{"jsonrpc": "2.0", "method": "textDocument/codeAction", "params": {"textDocument": {"uri": "file:///nonexistent/p.policy.yaml"}, "range": {"start": {"line": 0, "character": 0}, "end": {"line": 99, "character": 0}}, "context": {"diagnostics": [], "only": ["quickfix", "source"]}}, "id": "three"}
{"jsonrpc": "2.0", "method": "textDocument/didSave", "params": {"textDocument": {"uri": "file:///nonexistent/p.policy.yaml"}}}
{"jsonrpc": "2.0", "method": "textDocument/didClose", "params": {"textDocument": {"uri": "file:///nonexistent/p.policy.yaml"}}}
{"jsonrpc": "2.0", "method": "shutdown", "params": null, "id": 4}
{"jsonrpc": "2.0", "method": "exit", "params": null}
