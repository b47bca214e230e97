// The page History: loads a period, its chart when zoomed into, and writes numbers in the reader's language.
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
    else if (node?.hover) writeHover(node);
    else if (node?.props) finish(node.props.figure ?? node.props.children);
    return node;
  }

  // writes the hover boxes of a chart: a label, four powers and the charge of each point
  function writeHover({data, hover}) {
    const known = (value, write) => (value === null ? hover.unknown : write(value));
    const columns = [
      hover.percents.map((_, index) => label(hover, hover.start + index * hover.step)),
      ...hover.powers.map((column, index) => column.map(watts => known(watts, one => power(hover, one, hover.ways[index])))),
      hover.percents.map(percent => known(percent, one => hover.percent.replace('0', one))),
    ];
    const trace = data.find(one => one.hovertemplate);
    trace.customdata = columns[0].map((_, point) => columns.map(column => column[point]));
  }

  // as Localizer.power: 640 W, 1.24 kW, 12.3 kW; a direction says what the sign does
  function power(hover, watts, ways) {
    const size = Math.abs(watts);
    const kilowatts = (size / 1000).toFixed(size < 10_000 ? 2 : 1).replace('.', hover.decimal);
    const text = size < 1000 ? hover.watts.replace('0', size) : hover.kilowatts.replace('0', kilowatts);
    return ways && watts ? `${text} ${ways[Number(watts < 0)]}` : text;
  }

  // which of the two it is in an hour that comes twice, as Localizer.clock
  function season({offsets, seasons}, at) {
    for (const [index, [from, minutes]] of offsets.entries()) {
      const twice = index && (offsets[index - 1][1] - minutes) * 60_000;
      if (twice > 0 && at >= from - twice && at < from + twice) return ` (${seasons[Number(at >= from)]})`;
    }
    return '';
  }

  // the wall clock of the house where a point begins, or its day
  function label(hover, at) {
    const [, minutes] = hover.offsets.findLast(([from]) => from <= at) ?? hover.offsets[0];
    const local = new Date(at + minutes * 60_000);
    const clock = local.toISOString().slice(11, 16) + season(hover, at);
    const day = `${hover.weekdays[(local.getUTCDay() + 6) % 7]} ${local.getUTCDate()} ${hover.months[local.getUTCMonth()]}`;
    return {time: clock, day, both: `${day}, ${clock}`}[hover.label];
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
