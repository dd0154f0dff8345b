#!/usr/bin/python3
"""How long report.html takes to open in Chromium: report_bench.py REPORT.html RUNS

Median from the start of the navigation to the end of the load event, and to the first picture; the
browser is running already, as a reader's is. Prints one line, or why there is none.
"""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "interop"))
from browser import Browser  # noqa: E402

page, runs = os.path.abspath(sys.argv[1]), int(sys.argv[2])
TIMES = """new Promise((done) => requestAnimationFrame(() => setTimeout(() => done([
  performance.getEntriesByType('navigation')[0].loadEventEnd,
  (performance.getEntriesByName('first-contentful-paint')[0] || {startTime: 0}).startTime,
  document.querySelectorAll('#rows tbody tr').length]), 0)))"""
try:
    with Browser(1400, 1000) as b:
        seen = []
        for _ in range(runs):
            b.open("file://" + page)
            seen.append(b.run(TIMES))
except (FileNotFoundError, TimeoutError) as e:
    print("report.html in Chromium: not measured, %s" % e)
    sys.exit(0)
median = lambda i: sorted(s[i] for s in seen)[len(seen) // 2] / 1000
print("report.html of %d items (%.1f MB) in Chromium: loaded in %.2f s, first picture after %.2f s (target < 2 s)"
      % (seen[0][2], os.path.getsize(page) / 1e6, median(0), median(1)))
