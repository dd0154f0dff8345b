(() => {
  'use strict';
  const table = document.getElementById('rows');
  if (!table) return;
  const groups = Array.from(table.tBodies);
  let rows = null; /* asked for only when somebody sorts or filters: 10,000 of them take a while */
  const all = () => { rows = rows || groups.flatMap((g) => Array.from(g.rows)); return rows; };
  const heads = Array.from(table.tHead.rows[0].cells).filter((th) => th.dataset.sort);
  const shows = Array.from(document.querySelectorAll('input.show'));
  const box = document.getElementById('search');
  const query = box.querySelector('input');
  const count = box.querySelector('output');
  const order = new Intl.Collator('en', { numeric: true });
  let texts = null;
  let sorted = '';

  const state = () => shows.find((s) => s.checked).value;

  const filter = () => {
    const words = query.value.toLowerCase().split(/\s+/).filter(Boolean);
    const wanted = state();
    if (!words.length && !wanted && !rows) {
      const n = table.rows.length - 1;
      count.textContent = n + ' of ' + n + ' shown';
      return;
    }
    if (words.length && !texts) texts = all().map((row) => row.textContent.toLowerCase());
    let shown = 0;
    table.classList.toggle('some', words.length > 0);
    all().forEach((row, i) => {
      const hit = words.every((word) => texts[i].includes(word));
      row.hidden = !hit;
      if (hit && (!wanted || row.className === 's-' + wanted)) shown += 1;
    });
    count.textContent = shown + ' of ' + all().length + ' shown';
  };

  const sort = (key) => {
    const down = key.startsWith('-');
    const head = heads.find((th) => th.dataset.sort === (down ? key.slice(1) : key));
    if (!head) return;
    const at = head.cellIndex;
    const keyed = all().map((row, i) => ({ row, i, text: row.cells[at].textContent }));
    keyed.sort((a, b) => {
      const c = order.compare(a.text, b.text);
      return (down ? -c : c) || a.i - b.i;
    });
    const size = groups[0].rows.length; /* all are as large but the last */
    groups.forEach((g, i) => g.append(...keyed.slice(i * size, (i + 1) * size).map((k) => k.row)));
    heads.forEach((th) => th.removeAttribute('aria-sort'));
    head.setAttribute('aria-sort', down ? 'descending' : 'ascending');
    sorted = key;
  };

  /* What is shown stands in the address, so that it can be sent to somebody. */
  const remember = () => {
    const p = new URLSearchParams();
    if (state()) p.set('show', state());
    if (query.value) p.set('q', query.value);
    if (sorted) p.set('sort', sorted);
    history.replaceState(null, '', '#' + p);
  };

  const recall = () => {
    const hash = location.hash.slice(1);
    const p = new URLSearchParams(hash.includes('=') ? hash : '');
    shows.forEach((s) => { s.checked = s.value === (p.get('show') || ''); });
    if (!shows.some((s) => s.checked)) shows[0].checked = true;
    query.value = p.get('q') || '';
    if (p.get('sort')) sort(p.get('sort'));
    filter();
  };

  /* Rows that come into view get their real heights, and what is below them moves: aim again until
     the row stays where it is. */
  const aim = () => {
    const row = location.hash.startsWith('#i-') && document.getElementById(location.hash.slice(1));
    let frames = 12, before = NaN;
    const again = () => {
      row.scrollIntoView();
      const top = row.getBoundingClientRect().top;
      if (frames-- && top !== before) { before = top; requestAnimationFrame(again); }
    };
    if (row) requestAnimationFrame(again);
  };

  heads.forEach((th) => {
    const button = document.createElement('button');
    button.type = 'button';
    button.append(...th.childNodes);
    button.addEventListener('click', () => {
      sort(sorted === th.dataset.sort ? '-' + sorted : th.dataset.sort);
      remember();
    });
    th.append(button);
  });
  shows.forEach((s) => s.addEventListener('change', () => { filter(); remember(); }));
  query.addEventListener('input', () => { filter(); remember(); });
  window.addEventListener('hashchange', () => {
    if (location.hash.includes('=')) recall();
    aim();
  });
  if (document.readyState === 'complete') aim();
  else window.addEventListener('load', aim);
  box.hidden = false;
  recall();
})();
