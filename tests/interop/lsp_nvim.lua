-- SPDX-License-Identifier: Apache-2.0
-- Neovim's own LSP client against `certbatch lsp`; lsp.sh starts it with CERTBATCH, WORK and OUT in
-- the environment. Lines "ok ..." and "not ok ..." go to the file OUT.
local certbatch, work = os.getenv('CERTBATCH'), os.getenv('WORK')
local out = assert(io.open(os.getenv('OUT'), 'w'))
local bad = false

local function check(name, holds, seen)
  out:write((holds and 'ok nvim: ' or 'not ok nvim: ') .. name)
  if not holds then
    out:write(': ' .. vim.inspect(seen):gsub('%s+', ' '))
    bad = true
  end
  out:write('\n')
  out:flush()
end

local exit_code, exit_signal, version_seen
local published = {} -- uri -> times
local client_id = vim.lsp.start_client({
  name = 'certbatch',
  cmd = { certbatch, 'lsp', '--as-of', '2026-11-21' },
  root_dir = work,
  handlers = {
    ['textDocument/publishDiagnostics'] = function(err, result, ctx, config)
      published[result.uri] = (published[result.uri] or 0) + 1
      version_seen = result.version
      vim.lsp.diagnostic.on_publish_diagnostics(err, result, ctx, config)
    end,
  },
  on_exit = function(code, signal) exit_code, exit_signal = code, signal end,
})
check('the server starts', client_id ~= nil, client_id)
local client = vim.lsp.get_client_by_id(client_id)
vim.wait(10000, function() return client.initialized end, 5)
check('it is initialized', client.initialized, client)
check('hover and code actions are offered', client.resolved_capabilities.hover
  and client.resolved_capabilities.code_action, client.resolved_capabilities)

local function edit(name)
  vim.cmd('edit ' .. vim.fn.fnameescape(work .. '/' .. name))
  local b = vim.api.nvim_get_current_buf()
  local uri = vim.uri_from_bufnr(b)
  vim.lsp.buf_attach_client(b, client_id)
  vim.wait(10000, function() return published[uri] ~= nil end, 5)
  return b, uri
end

local function code_of(d) return d.code or d.user_data.lsp.code end

local function found(b, code)
  local list = {}
  for _, d in ipairs(vim.diagnostic.get(b)) do
    if not code or code_of(d) == code then table.insert(list, d) end
  end
  return list
end

-- waits until `holds` of the diagnostics of b
local function settle(b, holds)
  return vim.wait(10000, function() return holds(vim.diagnostic.get(b)) end, 5)
end

local function ask(b, method, params)
  local reply = vim.lsp.buf_request_sync(b, method, params, 10000)
  return reply and reply[client_id] and reply[client_id].result
end

local function at(uri, line, character)
  return { textDocument = { uri = uri }, position = { line = line, character = character } }
end

local function actions(b, uri, d, only)
  return ask(b, 'textDocument/codeAction', {
    textDocument = { uri = uri },
    range = { start = { line = d.lnum, character = d.col }, ['end'] = { line = d.end_lnum, character = d.end_col } },
    context = { diagnostics = {}, only = only },
  }) or {}
end

local function line(b, n) return vim.api.nvim_buf_get_lines(b, n, n + 1, true)[1] end

-- a manifest; Neovim counts columns in octets, the protocol in UTF-16 units
local b, uri = edit('web shop.batch.yaml')
local dots = found(b, 'dns.trailing-dot')
check('both findings are there', #dots == 2, vim.diagnostic.get(b))
local d = dots[1] or { lnum = 0, col = 0, end_lnum = 0, end_col = 0 }
check('its line', d.lnum == 6, d)
check('its column, in octets', d.col == line(b, 6):find('"www', 1, true) - 1, d)
check('its end', d.end_lnum == 6 and d.end_col == line(b, 6):find(']', 1, true) - 1, d)
check('its severity', d.severity == vim.diagnostic.severity.ERROR, d)
check('its source', d.source == 'certbatch', d)
check('its message names the value', tostring(d.message):find('www.corp.internal.', 1, true), d)

local units = vim.str_utfindex(line(b, 6), d.col)
local _, utf16 = vim.str_utfindex(line(b, 6), d.col)
local hover = ask(b, 'textDocument/hover', at(uri, 6, utf16 + 1))
check('hover explains the rule', hover and hover.contents.value:find('dns.trailing-dot', 1, true)
  and hover.contents.value:find('BR 7.1.2.7.12', 1, true), hover)
check('UTF-16 and characters differ here', utf16 == units + 2, { units, utf16 })
local lines = vim.lsp.util.convert_input_to_markdown_lines(hover and hover.contents or {})
check('Neovim shows what hover says', #lines > 3, lines)
check('hover on nothing says nothing', ask(b, 'textDocument/hover', at(uri, 1, 0)) == nil)

-- mends
local list = actions(b, uri, d, { 'quickfix' })
check('one quick fix', #list == 1 and list[1].kind == 'quickfix', list)
local before = vim.api.nvim_buf_get_lines(b, 0, -1, true)
if list[1] then vim.lsp.util.apply_workspace_edit(list[1].edit, client.offset_encoding) end
local after = vim.api.nvim_buf_get_lines(b, 0, -1, true)
local wanted = vim.deepcopy(before)
wanted[7] = wanted[7]:gsub('internal%.', 'internal')
check('the quick fix gives the wanted text', vim.deep_equal(after, wanted), after)
check('and the finding goes', settle(b, function(l) return #found(b, 'dns.trailing-dot') == 1
  and found(b, 'dns.trailing-dot')[1].lnum == 7 and #l > 0 end), vim.diagnostic.get(b))
vim.cmd('silent undo')
check('undoing brings it back', settle(b, function() return #found(b, 'dns.trailing-dot') == 1
  and found(b, 'dns.trailing-dot')[1].lnum == 6 end) or #found(b, 'dns.trailing-dot') == 2, vim.diagnostic.get(b))
list = actions(b, uri, d, { 'source' })
check('one action mends everything', #list == 1 and list[1].kind == 'source.fixAll', list)
if list[1] then vim.lsp.util.apply_workspace_edit(list[1].edit, client.offset_encoding) end
after = vim.api.nvim_buf_get_lines(b, 0, -1, true)
wanted[8] = wanted[8]:gsub('internal%.', 'internal')
check('everything mended gives the wanted text', vim.deep_equal(after, wanted), after)
check('nothing is left', settle(b, function(l) return #l == 0 end), vim.diagnostic.get(b))

-- typing
vim.api.nvim_buf_set_text(b, 1, 0, 1, 0, { 'x' })
check('typing brings a finding', settle(b, function(l) return #l > 0 end), vim.diagnostic.get(b))
local typed = vim.tbl_filter(function(x)
  return x.lnum == 1 and x.col == 0 and x.end_col == 5 and x.message:find("'xname'", 1, true)
end, found(b, 'manifest.schema'))
check('on the word that was typed', #typed == 1, vim.diagnostic.get(b))
vim.api.nvim_buf_set_text(b, 1, 0, 1, 1, { '' })
check('taking it back takes the finding', settle(b, function(l) return #l == 0 end), vim.diagnostic.get(b))
vim.api.nvim_buf_set_lines(b, 7, 7, true, { '  - {id: two, san: ["🚀.corp.internal", "a_b.corp.internal."]}', '' })
check('new lines with an emoji are judged', settle(b, function()
  local l = found(b, 'dns.trailing-dot')
  return #l == 1 and l[1].lnum == 7 and l[1].col == line(b, 7):find('"a_b', 1, true) - 1
end), vim.diagnostic.get(b))
check('the version is the one Neovim counts', version_seen == vim.lsp.util.buf_versions[b], version_seen)
local was = published[uri]
vim.lsp.buf_detach_client(b, client_id) -- didClose
check('closing clears', vim.wait(10000, function()
  return published[uri] > was and #vim.diagnostic.get(b) == 0 end, 5), vim.diagnostic.get(b))

-- a policy, a configuration
b, uri = edit('site.policy.yaml')
d = found(b, 'policy.rule.unknown')[1]
check('a policy: the unknown rule', d and d.lnum == 3 and d.col == 8
  and d.severity == vim.diagnostic.severity.ERROR, vim.diagnostic.get(b))
hover = ask(b, 'textDocument/hover', at(uri, 3, line(b, 3):find('dns.labels.max', 1, true)))
check('a policy: hover over a rule id', hover and hover.contents.value:find('dns.labels.max', 1, true), hover)
vim.api.nvim_buf_set_text(b, 3, 8, 3, 20, { 'key.rsa.min-bits' })
check('a policy: mended while typing', settle(b, function(l) return #l == 0 end), vim.diagnostic.get(b))
b = edit('conf/certbatch.yaml')
d = vim.diagnostic.get(b)[1]
check('a configuration: the unknown key', d and code_of(d) == 'config.schema' and d.lnum == 2, vim.diagnostic.get(b))
b = edit('weak.csr')
check('a CSR file', #found(b, 'key.rsa.min-bits') == 1, vim.diagnostic.get(b))

client.stop() -- shutdown, then exit
vim.wait(10000, function() return exit_code ~= nil end, 5)
check('a clean shutdown: exit 0', exit_code == 0 and exit_signal == 0, { exit_code, exit_signal })
out:close()
vim.cmd(bad and 'cquit! 1' or 'qall!')
