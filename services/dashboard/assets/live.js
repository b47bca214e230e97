// Fetches /live/<page> every two seconds and draws it. What a page shows is decided on the server (its view.py); this file
// fills texts, states and trees into the elements that ask for them. React never touches what is inside those elements.
(() => {
  const EVERY_MS = 2000;
  const PATIENCE_MS = 5000;
  const root = document.documentElement;
  let view = null;
  let shown = null;
  let failures = 0;

  const {ask, page} = easun;

  async function refresh() {
    const wanted = page();
    try {
      const answer = await ask(`/live/${wanted}${location.search}`, {signal: AbortSignal.timeout(PATIENCE_MS)});
      if (!answer.ok) throw new Error(answer.statusText);
      const received = await answer.json();
      if (wanted !== page()) return refresh(); // another page was opened meanwhile
      view = received;
      shown = wanted;
      failures = 0;
      if (received.version !== root.dataset.version) reload(received.version);
    } catch {
      failures += 1;
    }
    draw();
  }

  // after an update the server speaks to a page of its own version; once, or a proxy that keeps the old one would have
  // it reload for ever
  function reload(version) {
    if (sessionStorage.getItem('version') === version || document.activeElement?.matches('input')) return;
    sessionStorage.setItem('version', version);
    location.reload();
  }

  function draw() {
    const lost = failures > 1; // one answer may get lost on its way
    const known = view && shown === page();
    if (!view && !lost) return; // the document shows what the server knew when it was opened
    root.dataset.live = lost ? 'lost' : known ? view.page : 'waiting';
    if (!known) return;
    root.dataset.notice = view.notice;
    for (const element of document.querySelectorAll('[data-text]')) {
      if (element.dataset.text in view.text) put(element, view.text[element.dataset.text]);
    }
    const place = document.querySelector(`[data-page="${shown}"]`);
    for (const element of place?.querySelectorAll('[data-state-of]') ?? []) {
      if (element.dataset.stateOf in view.state) element.dataset.state = view.state[element.dataset.stateOf];
    }
    for (const element of place?.querySelectorAll('[data-part]') ?? []) {
      inside(element, view.parts[element.dataset.part] ?? []);
    }
    document.dispatchEvent(new CustomEvent('view', {detail: {page: shown, view, lost}}));
  }

  function put(element, text) {
    if (element.textContent !== text) element.textContent = text;
  }

  // redraws a tree where it has changed; keeps the focus, what was chosen, and open what was open
  function inside(element, trees, seen = JSON.stringify(trees)) {
    if (element.dataset.seen === seen) return;
    element.dataset.seen = seen;
    const held = element.contains(document.activeElement) ? document.activeElement.id : '';
    const open = [...element.querySelectorAll('details')].map(one => one.open);
    const chosen = [...element.querySelectorAll('select')].map(one => [one.id, one.value]);
    element.replaceChildren(...trees.map(build));
    for (const [id, value] of chosen) {
      if (document.querySelector(`#${CSS.escape(id)} > option[value="${CSS.escape(value)}"]`)) document.getElementById(id).value = value;
    }
    element.querySelectorAll('details').forEach((one, index) => { one.open = open[index] ?? one.open; });
    if (held) document.getElementById(held)?.focus();
  }

  // recorded content comes as a tree in an attribute
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

  async function keepFresh() {
    if (!document.hidden) await refresh();
    setTimeout(keepFresh, EVERY_MS);
  }

  // arrow keys step through the history as its buttons do
  const steps = {ArrowLeft: '.step-earlier', ArrowRight: '.step-later'};
  document.addEventListener('keydown', event => {
    if (event.altKey || event.ctrlKey || event.metaKey || event.target.closest('input, textarea, select, .wide')) return;
    document.querySelector(`.page.${page()} ${steps[event.key] ?? 'none'}`)?.click();
  });

  document.addEventListener('opened', () => { draw(); refresh(); });
  new MutationObserver(drawRecorded).observe(document, {childList: true, subtree: true, attributeFilter: ['data-tree']});

  document.addEventListener('visibilitychange', () => { if (!document.hidden) refresh(); });
  keepFresh();
})();
