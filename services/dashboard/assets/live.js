// Fetches /live/<page> every two seconds and draws it. What a page shows is decided on the server (its view.py); this file
// fills texts, states and trees into the elements that ask for them. React never touches what is inside those elements.
(() => {
  const EVERY_MS = 2000;
  const PATIENCE_MS = 5000;
  const root = document.documentElement;
  let view = null;
  let shown = null;
  let failures = 0;

  const page = () => location.pathname.slice(1) || 'now';

  async function refresh() {
    const wanted = page();
    try {
      const answer = await fetch(`/live/${wanted}`, {cache: 'no-store', signal: AbortSignal.timeout(PATIENCE_MS)});
      if (answer.status === 401) return location.assign(`/login?next=${encodeURIComponent(location.pathname + location.search)}`);
      if (!answer.ok) throw new Error(answer.statusText);
      const received = await answer.json();
      if (wanted !== page()) return refresh(); // another page was opened meanwhile
      view = received;
      shown = wanted;
      failures = 0;
    } catch {
      failures += 1;
    }
    draw();
  }

  function draw() {
    const lost = failures > 1; // one answer may get lost on its way
    const known = view && shown === page();
    root.dataset.live = lost ? 'lost' : known ? view.page : 'waiting';
    markCurrentTab();
    const place = document.querySelector(`[data-page="${page()}"]`);
    if (!known || !place) return;
    root.dataset.notice = view.notice;
    for (const element of document.querySelectorAll('[data-text]')) {
      if (element.dataset.text in view.text) put(element, view.text[element.dataset.text]);
    }
    for (const element of place.querySelectorAll('[data-state-of]')) {
      if (element.dataset.stateOf in view.state) element.dataset.state = view.state[element.dataset.stateOf];
    }
    for (const element of place.querySelectorAll('[data-part]')) inside(element, view.parts[element.dataset.part] ?? []);
    document.dispatchEvent(new CustomEvent('view', {detail: {page: shown, view, lost}}));
  }

  function put(element, text) {
    if (element.textContent !== text) element.textContent = text;
  }

  // redraws a tree where it has changed; keeps the focus, and open what was open
  function inside(element, trees, seen = JSON.stringify(trees)) {
    if (element.dataset.seen === seen) return;
    element.dataset.seen = seen;
    const held = element.contains(document.activeElement) ? document.activeElement.id : '';
    const open = [...element.querySelectorAll('details')].map(one => one.open);
    element.replaceChildren(...trees.map(build));
    element.querySelectorAll('details').forEach((one, index) => { one.open = open[index] ?? one.open; });
    if (held) document.getElementById(held)?.focus();
  }

  // recorded content comes through Dash, as a tree in an attribute
  function drawRecorded() {
    for (const element of document.querySelectorAll('[data-tree]')) {
      const trees = element.dataset.tree;
      if (element.dataset.seen !== trees) inside(element, JSON.parse(trees), trees);
    }
  }

  function build(tree) {
    if (typeof tree === 'string') return tree;
    const [tag, given, children] = tree;
    const element = document.createElement(tag);
    for (const [name, value] of Object.entries(given)) set(element, name, value);
    element.append(...children.map(build));
    return element;
  }

  const NAMES = {className: 'class', htmlFor: 'for', tabIndex: 'tabindex', colSpan: 'colspan', dateTime: 'datetime'};

  function set(element, name, value) {
    if (name === 'style') {
      for (const [property, size] of Object.entries(value)) {
        element.style.setProperty(property.replace(/[A-Z]/g, letter => `-${letter.toLowerCase()}`), size);
      }
    } else if (value === true) element.setAttribute(NAMES[name] ?? name, '');
    else if (value !== false && value !== null) element.setAttribute(NAMES[name] ?? name, value);
  }

  document.addEventListener('click', event => {
    const language = event.target.closest('[data-language]')?.dataset.language;
    if (!language) return;
    document.cookie = `language=${language}; path=/; max-age=31536000; SameSite=Lax`;
    location.reload();
  });

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
    if (event.altKey || event.ctrlKey || event.metaKey || event.target.closest('input, textarea, select, .wide')) return;
    document.querySelector(`[data-page="${page()}"] ${steps[event.key] ?? 'none'}`)?.click();
  });

  // a chart carries its colours, so it is drawn anew when light turns to dark
  let scheme = root.dataset.mantineColorScheme;
  new MutationObserver(() => {
    if (scheme === root.dataset.mantineColorScheme) return;
    scheme = root.dataset.mantineColorScheme;
    window.dash_clientside?.set_props?.('look', {data: scheme});
  }).observe(root, {attributeFilter: ['data-mantine-color-scheme']});

  // the page that was opened is asked for at once, not two seconds later
  new MutationObserver(() => { if (shown !== page()) refresh(); }).observe(document, {
    subtree: true, attributeFilter: ['data-route'],
  });

  new MutationObserver(drawRecorded).observe(document, {childList: true, subtree: true, attributeFilter: ['data-tree']});

  document.addEventListener('visibilitychange', () => { if (!document.hidden) refresh(); });
  new MutationObserver((_, observer) => {
    if (document.querySelector('[data-page]')) { observer.disconnect(); draw(); }
  }).observe(document, {childList: true, subtree: true});
  keepFresh();
})();
