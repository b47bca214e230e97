// Draws the power chart of History from the columns of an answer: lines, areas on each other, hover boxes.
(() => {
  const rounded = hours => Math.round(hours * 10_000) / 10_000;

  // fills in the traces of a chart
  function drawChart({data, points, hover}) {
    const {origin, start, step, columns} = points;
    const hours = columns.load_w.map((_, index) => rounded((start + (index + 0.5) * step - origin) / 3_600_000));
    for (const trace of data) {
      if (trace.fill) [trace.x, trace.y] = outline(hours, columns[trace.column], trace.on.map(name => columns[name]), trace.unit);
      else if (trace.column) [trace.x, trace.y] = [hours, columns[trace.column].map(one => one === null ? null : one / trace.unit)];
      else if (trace.hovertemplate) Object.assign(trace, {x: hours, y: hours.map(() => 0), customdata: boxes(points, hover)});
    }
  }

  // Returns the x and the y of a line around an area: along the top and back along the base, a part at a time, each as
  // wide as its points stand for; null parts the pieces. What lies on something unknown has no place of its own.
  function outline(hours, column, under, unit) {
    const half = hours.length > 1 ? (hours[1] - hours[0]) / 2 : 0.5;
    const plus = (sum, value) => sum === null || value === null ? null : sum + value;
    const base = hours.map((_, index) => under.map(one => one[index]).reduce(plus, 0));
    const top = base.map((value, index) => plus(value, column[index]));
    const [x, y] = [[], []];
    for (let end = 0, first = 0; first < top.length; first = end + 1) {
      for (end = first; end < top.length && top[end] !== null;) end += 1;
      if (first === end) continue;
      const along = [rounded(hours[first] - half), ...hours.slice(first, end), rounded(hours[end - 1] + half)];
      const wide = values => [values[first], ...values.slice(first, end), values[end - 1]].map(one => one / unit);
      if (x.length) [x, y].forEach(one => one.push(null));
      x.push(...along, ...[...along].reverse());
      y.push(...wide(top), ...wide(base).reverse());
    }
    return [x, y];
  }

  // the hover boxes: a label, four powers and the charge of each point
  function boxes({start, step, columns}, hover) {
    const known = (value, write) => value === null ? hover.unknown : write(value);
    const signed = name => {
      const away = columns[`${name}_out_w`];
      return columns[`${name}_in_w`].map((one, index) => one === null || away[index] === null ? null : one - away[index]);
    };
    const powers = (values, ways) => values.map(watts => known(watts, one => power(hover, one, ways)));
    const {pv_w: pv, load_w: load, battery_soc_percent: percents} = columns;
    const shown = [
      load.map((_, index) => label(hover, start + index * step)),
      powers(pv),
      ...['grid', 'battery'].map(name => powers(signed(name), hover.ways[name])),
      powers(load),
      percents.map(percent => known(percent, one => hover.percent.replace('0', Math.round(one)))),
    ];
    return shown[0].map((_, point) => shown.map(column => column[point]));
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

  Object.assign(window.easun, {drawChart});
})();
