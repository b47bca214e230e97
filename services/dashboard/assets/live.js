// Fetches /live every two seconds and draws it. What the page says is decided on the server (view.py); this file only
// puts texts and states into the elements that ask for them. React never touches what is inside those elements.
(() => {
  const EVERY_MS = 2000;
  const PATIENCE_MS = 5000;
  const root = document.documentElement;
  let view = null;
  let failures = 0;

  async function refresh() {
    try {
      const answer = await fetch('/live', {cache: 'no-store', signal: AbortSignal.timeout(PATIENCE_MS)});
      if (!answer.ok) throw new Error(answer.statusText);
      view = await answer.json();
      failures = 0;
    } catch {
      failures += 1;
    }
    draw();
  }

  function draw() {
    const lost = failures > 1; // one answer may get lost on its way
    root.dataset.live = lost ? 'lost' : view ? view.page : 'waiting';
    markCurrentTab();
    if (!view || !document.querySelector('.now')) return;
    root.dataset.notice = view.text.notice ? 'broker' : '';
    for (const element of document.querySelectorAll('[data-text]')) put(element, view.text[element.dataset.text] ?? '');
    for (const element of document.querySelectorAll('[data-state-of]')) element.dataset.state = view.state[element.dataset.stateOf];
    root.style.setProperty('--soc', view.soc ?? 0);
    list('others', view.others, other => [span('name', other.name), span('word', other.power), span('as-of', other.as_of)]);
    list('services', view.services, one => [span('dot', ''), span('name', one.name), span('word', one.word), span('reason', one.reason)]);
    document.getElementById('others-card').hidden = !view.others.length;
    window.powerFlow.draw(document.getElementById('flow-lines'), view, lost);
  }

  function put(element, text) {
    if (element.textContent !== text) element.textContent = text;
  }

  function span(className, text) {
    const element = document.createElement('span');
    element.className = className;
    element.textContent = text;
    return element;
  }

  function list(id, rows, content) {
    const element = document.getElementById(id);
    const seen = JSON.stringify(rows);
    if (element.dataset.seen === seen) return;
    element.dataset.seen = seen;
    element.replaceChildren(...rows.map(row => {
      const item = document.createElement('li');
      if (row.state) item.dataset.state = row.state;
      item.append(...content(row).filter(part => part.textContent || part.className === 'dot'));
      return item;
    }));
  }

  function markCurrentTab() {
    for (const tab of document.querySelectorAll('.goto')) {
      tab.toggleAttribute('aria-current', new URL(tab.href).pathname === location.pathname);
    }
  }

  async function keepFresh() {
    if (!document.hidden) await refresh();
    setTimeout(keepFresh, EVERY_MS);
  }

  // arrow keys step through the history as its buttons do
  const steps = {ArrowLeft: '.step-earlier', ArrowRight: '.step-later'};
  document.addEventListener('keydown', event => {
    if (event.altKey || event.ctrlKey || event.metaKey || event.target.closest('input, textarea, select')) return;
    document.querySelector(`[data-route=history] ${steps[event.key] ?? 'none'}`)?.click();
  });

  // a chart carries its colours, so it is drawn anew when light turns to dark
  let scheme = root.dataset.mantineColorScheme;
  new MutationObserver(() => {
    if (scheme === root.dataset.mantineColorScheme) return;
    scheme = root.dataset.mantineColorScheme;
    window.dash_clientside?.set_props?.('look', {data: scheme});
  }).observe(root, {attributeFilter: ['data-mantine-color-scheme']});

  document.addEventListener('visibilitychange', () => { if (!document.hidden) refresh(); });
  new MutationObserver((_, observer) => {
    if (document.querySelector('.now')) { observer.disconnect(); draw(); }
  }).observe(document, {childList: true, subtree: true});
  keepFresh();
})();
