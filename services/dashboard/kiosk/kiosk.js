// The screen on the wall: asks for its figures every five seconds, for weeks. It adds nothing to the page, believes no
// clock of this device, and is written for browsers of ten years ago.
(function () {
  'use strict';
  var EVERY_MS = 5000;
  var PATIENCE_MS = 10000;
  var LOST_MS = 20000;
  var root = document.documentElement;
  var lost = document.getElementById('lost');
  var heard = now(); // when the server answered last, by a clock that nobody sets
  var ended = false;
  var timer = null;
  var asking = null;

  function now() { return window.performance.now(); }

  function put(id, text) {
    var place = document.getElementById(id);
    if (place && place.textContent !== text) place.textContent = text;
  }

  function show(figures) {
    heard = now();
    ended = false;
    root.setAttribute('data-state', figures.state);
    root.setAttribute('data-battery', figures.battery);
    if (!root.getAttribute('data-fixed')) root.setAttribute('data-look', figures.look);
    Object.keys(figures.text).forEach(function (name) { put(name, figures.text[name]); });
    if (figures.version !== root.getAttribute('data-version')) renew(figures.version);
  }

  // after an update; once, or a proxy that keeps the old page would have it reload for ever
  function renew(version) {
    try {
      if (sessionStorage.getItem('kiosk') === version) return;
      sessionStorage.setItem('kiosk', version);
    } catch (error) {
      return;
    }
    location.reload();
  }

  function judge() {
    var silent = now() - heard;
    var isLost = ended || silent > LOST_MS;
    var minutes = Math.floor(silent / 60000);
    var words = ended ? lost.dataset.ended : lost.dataset.lost;
    if (isLost && !ended && minutes > 0) words += ' ' + lost.dataset.for.replace('#', minutes);
    if (isLost) root.setAttribute('data-lost', '');
    else root.removeAttribute('data-lost');
    put('lost', isLost ? words : '');
  }

  function ask() {
    clearTimeout(timer);
    timer = setTimeout(ask, EVERY_MS);
    judge();
    if (asking) return;
    asking = new XMLHttpRequest();
    asking.open('GET', root.getAttribute('data-figures') + '?at=' + Math.round(now()));
    asking.timeout = PATIENCE_MS;
    asking.setRequestHeader('X-Language', root.lang);
    asking.onload = function () {
      if (this.status === 200) {
        try { show(JSON.parse(this.responseText)); } catch (error) { /* no answer of ours: a proxy's page */ }
      }
      if (this.status === 401 || this.status === 403) ended = true;
    };
    asking.onloadend = function () { asking = null; judge(); };
    asking.send();
  }

  // keeps the screen on where the browser can; it lets go whenever the page is hidden
  var held = null;
  function stayAwake() {
    if (document.hidden || held || !navigator.wakeLock) return;
    navigator.wakeLock.request('screen').then(function (lock) {
      held = lock;
      lock.addEventListener('release', function () { held = null; });
    }, function () { /* not allowed here: the tablet's own setting has to do it */ });
  }

  document.addEventListener('visibilitychange', function () {
    if (document.hidden) return;
    ask();
    stayAwake();
  });
  window.addEventListener('online', ask);
  stayAwake();
  ask();
})();
