// The page History: loads a period, and its chart when zoomed into.
(() => {
  // Tells the server whether a finger or a mouse is on the charts: a finger scrolls the page, a mouse zooms.
  const pointer = matchMedia('(pointer: coarse)');
  const note = () => {
    document.cookie = `pointer=${pointer.matches ? 'coarse' : 'fine'}; path=/; max-age=31536000; SameSite=Lax`;
  };
  pointer.addEventListener('change', note);
  note();

  const unchanged = () => window.dash_clientside.no_update;

  async function ask(hours = []) {
    const query = new URLSearchParams(location.search);
    query.set('look', document.documentElement.dataset.scheme);
    for (const hour of hours) query.append('hour', hour);
    const answer = await easun.ask(`/history.json?${query}`);
    if (!answer.ok) throw new Error(answer.statusText);
    return finish(await answer.json());
  }

  // completes the charts in components, or a chart
  function finish(node) {
    if (Array.isArray(node)) node.forEach(finish);
    else if (node?.points) easun.drawChart(node);
    else if (node?.props) finish(node.props.figure ?? node.props.children);
    return node;
  }

  async function load() {
    const {search} = location;
    const asked = `${search} ${document.documentElement.dataset.scheme}`;
    if (easun.page() !== 'history') return unchanged();
    try {
      const content = await ask();
      if (search !== location.search) return unchanged();
      if (asked === shown && await renew(content)) return unchanged();
      shown = asked;
      zoomed = [];
      kept = Object.fromEntries(Object.entries(named(content)).map(([id, props]) => [id, JSON.stringify(value(props))]));
      return content;
    } catch {
      return unchanged(); // the notice says that the server is gone
    }
  }

  let shown = '';
  let kept = {}; // what was put last, by the id of its place
  let zoomed = [];

  // puts new values where the old ones are, so that zoom, open table and place on the page stay; tells whether it could
  async function renew(content) {
    const found = named(content);
    const same = Object.keys(found).every(id => document.getElementById(id));
    if (!same || found['history-title']?.children !== document.getElementById('history-title')?.textContent) return false;
    if (!found.chart) return false;
    if (zoomed.length) found.chart.figure = await ask(zoomed);
    for (const [id, props] of Object.entries(found)) {
      const text = JSON.stringify(value(props));
      if (text !== kept[id]) window.dash_clientside.set_props(id, value(props));
      kept[id] = text;
    }
    return true;
  }

  // what a component shows
  function value({figure, children, 'data-tree': tree}) {
    return figure ? {figure} : tree ? {'data-tree': tree} : {children};
  }

  // the properties of all components with an id
  function named(node, found = {}) {
    if (Array.isArray(node)) node.forEach(one => named(one, found));
    else if (node?.props?.id) found[node.props.id] = node.props;
    else if (node?.props) named(node.props.children, found);
    return found;
  }

  async function zoom(hours) {
    zoomed = hours;
    try {
      return await ask(hours.length ? hours : ['all']);
    } catch {
      return unchanged();
    }
  }

  // from plotly's layout events, the range that was zoomed into; an empty range means zoomed out
  function range(relayout) {
    if (relayout?.['xaxis.autorange']) return [];
    const found = [relayout?.['xaxis.range[0]'], relayout?.['xaxis.range[1]']];
    return found.includes(undefined) ? unchanged() : found;
  }

  // opens the period that the clicked bar stands for
  function tapped(click) {
    const query = click?.points.map(one => one.customdata).find(one => one?.startsWith?.('?'));
    if (query) easun.go(`/history${query}`);
  }

  // the chosen days; the server sorts them
  document.addEventListener('submit', event => {
    if (!event.target.matches('[data-dates]')) return;
    event.preventDefault();
    easun.go(`/history?${new URLSearchParams(new FormData(event.target))}`);
  });

  window.dash_clientside = {...window.dash_clientside, history: {load, zoom, range, tapped}};
})();
