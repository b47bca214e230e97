// The lines between sun, grid, battery, home and the inverter in the middle. Each line runs the way the power flows when
// its strength is positive; dots travel along it, thicker and faster with more power.
(() => {
  const SVG = 'http://www.w3.org/2000/svg';
  const LINES = {
    sun: 'M180 60 V160',
    grid: 'M60 160 H180',
    battery: 'M180 260 V160',
    home: 'M180 160 H300',
  };
  const GAP = 18;
  const calm = matchMedia('(prefers-reduced-motion: reduce)');
  const running = {};

  function create(name, parent) {
    return parent.appendChild(document.createElementNS(SVG, name));
  }

  function path(parent, className, d) {
    const element = create('path', parent);
    element.setAttribute('class', className);
    element.setAttribute('d', d);
    return element;
  }

  function build(container) {
    const svg = create('svg', container);
    svg.setAttribute('viewBox', '0 0 360 320');
    svg.setAttribute('aria-hidden', 'true');
    for (const [name, d] of Object.entries(LINES)) {
      const group = create('g', svg);
      group.setAttribute('class', `line line-${name}`);
      path(group, 'track', d);
      const dots = path(group, 'dots', d);
      const motion = dots.animate([{strokeDashoffset: GAP}, {strokeDashoffset: 0}], {duration: 1000, iterations: Infinity});
      running[name] = {group, dots, motion};
    }
  }

  function run({group, dots, motion}, state, strength, lost) {
    const size = Math.sqrt(Math.abs(strength));
    const flows = size > 0 && !lost;
    group.dataset.state = state;
    group.dataset.flows = flows;
    dots.style.strokeWidth = 3.5 + 5 * size;
    dots.style.strokeDasharray = `0 ${GAP}`;
    motion.effect.updateTiming({direction: strength < 0 ? 'reverse' : 'normal'});
    motion.updatePlaybackRate(0.5 + 2.5 * size);
    if (flows && !calm.matches) motion.play();
    else motion.pause();
  }

  document.addEventListener('view', ({detail: {page, view, lost}}) => {
    const container = document.getElementById('flow-lines');
    if (page !== 'now' || !container) return;
    document.documentElement.style.setProperty('--soc', view.extra.soc ?? 0);
    document.documentElement.style.setProperty('--reserve', view.extra.reserve);
    document.documentElement.style.setProperty('--load', Math.min(100, view.extra.load ?? 0));
    if (!container.firstChild) build(container);
    for (const name of Object.keys(LINES)) run(running[name], view.state[name], view.extra.flow[name], lost);
  });
})();
