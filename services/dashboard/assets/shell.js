// The frame: which page is shown, light or dark, the language, requests to the server; loads Dash for a page with charts.
(() => {
  const EVERY_MS = 60000;
  const root = document.documentElement;
  const links = () => [...document.querySelectorAll('.goto')];
  const brand = document.title.split(' · ').at(-1);

  const page = () => root.dataset.route;
  const token = () => document.querySelector('meta[name="csrf"]').content;

  // asks in the language of this window, with proof that it is ours; leads to the login where the session is over
  async function ask(address, {headers, ...options} = {}) {
    const answer = await fetch(address, {
      cache: 'no-store',
      ...options,
      headers: {
        'X-Language': root.lang,
        'X-CSRF-Token': token(),
        ...headers,
      },
    });
    if (answer.status === 401) {
      location.assign(`/login?next=${encodeURIComponent(location.pathname + location.search)}`);
    }
    return answer;
  }

  function link(path) {
    return links().find(one => one.getAttribute('href') === path);
  }

  function go(address) {
    const before = page();
    history.pushState({}, '', address);
    route();
    if (page() === before) return;
    scrollTo(0, 0);
    document.getElementById('main').focus({preventScroll: true});
  }

  function route() {
    const current = link(location.pathname) ?? link('/');
    if (!link(location.pathname) && page() !== current.dataset.goto) return location.reload(); // a page without a tab
    root.dataset.route = current.dataset.goto;
    document.title = `${current.textContent} · ${brand}`;
    for (const one of links()) {
      if (one.dataset.goto === current.dataset.goto) one.setAttribute('aria-current', 'page');
      else one.removeAttribute('aria-current');
    }
    document.dispatchEvent(new Event('opened'));
    renew();
  }

  // a download is made for our own page only
  document.addEventListener('click', event => {
    const file = event.target.closest('a[download]');
    if (!file) return;
    const address = new URL(file.href);
    address.searchParams.set('csrf', token());
    file.href = address;
  });

  document.addEventListener('click', event => {
    const target = event.target.closest('a[href]');
    if (!target || event.defaultPrevented || event.button || event.ctrlKey || event.metaKey || event.shiftKey) return;
    if (target.hash || target.hasAttribute('download') || target.origin !== location.origin || !link(target.pathname)) return;
    event.preventDefault();
    go(target.href);
  });
  addEventListener('popstate', route);

  // what is recorded of a page without charts comes as trees by the ids of their places, which live.js draws
  async function renew() {
    const shown = page();
    if (link(location.pathname)?.dataset.charts === 'true') return charts();
    const place = document.getElementById(`${shown}-recorded`);
    if (!place || document.activeElement?.closest('form') && place.contains(document.activeElement)) return;
    try {
      const answer = await ask(`/recorded/${shown}${location.search}`);
      if (!answer.ok || shown !== page()) return;
      for (const [id, trees] of Object.entries(await answer.json())) {
        const element = document.getElementById(id);
        if (element) element.dataset.tree = JSON.stringify(trees);
      }
    } catch {
      // the notice says that the server is gone
    }
  }

  let asked = 0;
  let loading = false;

  // tells Dash that a page with charts has something to fetch, or loads it
  function charts() {
    if (document.querySelector('template#dash')) return loading || loadDash();
    if (!document.querySelector('#react-entry-point .page')) return; // once it is there, it asks by itself
    asked += 1;
    window.dash_clientside.set_props('asked', {data: asked});
  }

  function loadDash() {
    loading = true;
    const template = document.getElementById('dash');
    const parts = [...template.content.children].map(one => {
      const made = document.createElement(one.localName);
      for (const {name, value} of one.attributes) made.setAttribute(name, value);
      made.textContent = one.textContent;
      made.async = false;
      return made;
    });
    const needed = parts.filter(one => one.src);
    const start = parts.filter(one => !one.src && one.type !== 'application/json');
    needed.at(-1).addEventListener('load', () => {
      if (!loading) return;
      template.remove();
      document.body.append(...start);
    });
    needed.forEach(one => one.addEventListener('error', () => {
      loading = false; // the next minute tries again
      parts.forEach(part => part.remove());
    }));
    document.body.append(...parts.filter(one => !start.includes(one)));
  }

  async function recorded(name) {
    if (page() !== name) return window.dash_clientside.no_update;
    const query = new URLSearchParams(location.search);
    query.set('look', root.dataset.scheme);
    try {
      const answer = await ask(`/recorded/${name}?${query}`);
      return answer.ok ? await answer.json() : window.dash_clientside.no_update;
    } catch {
      return window.dash_clientside.no_update;
    }
  }

  const KEPT = 'look';
  const dark = matchMedia('(prefers-color-scheme: dark)');

  // what was chosen on this device: light, dark, or as the system has it
  const look = () => localStorage.getItem(KEPT) ?? 'auto';

  function choose(chosen) {
    localStorage.setItem(KEPT, chosen);
    colour();
  }

  function colour() {
    const scheme = look() === 'auto' ? (dark.matches ? 'dark' : 'light') : look();
    for (const button of document.querySelectorAll('[data-look]')) {
      button.setAttribute('aria-pressed', button.dataset.look === look());
    }
    if (scheme === root.dataset.scheme) return;
    root.dataset.scheme = scheme;
    renew(); // a chart carries its colours
  }

  document.addEventListener('click', event => {
    if (event.target.closest('[data-switch-look]')) choose(root.dataset.scheme === 'dark' ? 'light' : 'dark');
    const chosen = event.target.closest('[data-look]')?.dataset.look;
    if (chosen) choose(chosen);
    const language = event.target.closest('[data-language]')?.dataset.language;
    if (!language) return;
    document.cookie = `language=${language}; path=/; max-age=31536000; SameSite=Lax`;
    location.reload();
  });
  dark.addEventListener('change', colour);
  addEventListener('storage', colour);
  colour();

  setInterval(() => { if (!document.hidden) renew(); }, EVERY_MS);
  document.addEventListener('visibilitychange', () => { if (!document.hidden) renew(); });

  window.easun = {ask, go, page};
  window.dash_clientside = {...window.dash_clientside, recorded: {battery: () => recorded('battery')}};
})();
