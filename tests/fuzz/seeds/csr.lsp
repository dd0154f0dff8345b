{"jsonrpc": "2.0", "method": "initialize", "params": {"capabilities": {}}, "id": 1}
{"jsonrpc": "2.0", "method": "initialized", "params": {}}
{"jsonrpc": "2.0", "method": "textDocument/didOpen", "params": {"textDocument": {"uri": "file:///nonexistent/w.csr", "version": 1, "text": "-----BEGIN CERTIFICATE REQUEST-----\nMIIBFDCBuwIBADAaMRgwFgYDVQQDDA93d3cuZXhhbXBsZS5jb20wWTATBgcqhkjO\nPQIBBggqhkjOPQMBBwNCAARI7+VX9sV76XG4AdrQtvtlJUVJvOlLdliTNYtJDPEH\ncgaB2SpngBsQpE0U3XDFHLlOqJvALvPqTtv+CUn++gKWoD8wKwYJKoZIhvcNAQkO\nMR4wHDAaBgNVHREEEzARgg93d3cuZXhhbXBsZS5jb20wEAYJKwYBBAGGjR8BMQMM\nAXgwCgYIKoZIzj0EAwIDSAAwRQIgLWh2iti5H0Uz63LGX0vR2Cx2aid43X3IiEDS\nuW/u+lYCIQCjvbnfiZJajWiCU8KUe5C4UT/4RnQwC3sFkHO3CsYH+w==\n-----END CERTIFICATE REQUEST-----\n"}}}
{"jsonrpc": "2.0", "method": "textDocument/didChange", "params": {"textDocument": {"uri": "file:///nonexistent/w.csr", "version": 2}, "contentChanges": [{"range": {"start": {"line": 1, "character": 0}, "end": {"line": 1, "character": 4}}, "text": "MIIC"}]}}
{"jsonrpc": "2.0", "method": "textDocument/hover", "params": {"textDocument": {"uri": "file:///nonexistent/w.csr"}, "position": {"line": 6, "character": 40}}, "id": 2}
{"jsonrpc": "2.0", "method": "textDocument/codeAction", "params": {"textDocument": {"uri": "file:///nonexistent/w.csr"}, "range": {"start": {"line": 0, "character": 0}, "end": {"line": 99, "character": 0}}, "context": {"diagnostics": [], "only": ["quickfix", "source"]}}, "id": "three"}
{"jsonrpc": "2.0", "method": "textDocument/didSave", "params": {"textDocument": {"uri": "file:///nonexistent/w.csr"}}}
{"jsonrpc": "2.0", "method": "textDocument/didClose", "params": {"textDocument": {"uri": "file:///nonexistent/w.csr"}}}
{"jsonrpc": "2.0", "method": "shutdown", "params": null, "id": 4}
{"jsonrpc": "2.0", "method": "exit", "params": null}
