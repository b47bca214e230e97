// The page System: the way out.
(() => {
  document.addEventListener('click', async event => {
    if (!event.target.closest('[data-log-out]')) return;
    await easun.ask('/logout', {method: 'POST'});
    location.assign('/login');
  });
})();
