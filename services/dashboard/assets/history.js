// Tells the server whether a finger or a mouse is on the charts: a finger scrolls the page, a mouse zooms.
(() => {
  const pointer = matchMedia('(pointer: coarse)');
  const note = () => {
    document.cookie = `pointer=${pointer.matches ? 'coarse' : 'fine'}; path=/; max-age=31536000; SameSite=Lax`;
  };
  pointer.addEventListener('change', note);
  note();
})();
