// The page's connection: what it says when it is lost, and what was pressed before it was there.
(() => {
  const clock = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit', second: '2-digit' });
  const banner = document.getElementById('connection');
  const icon = path => `<svg class="icon" width="20" height="20" viewBox="0 0 24 24" fill="currentColor" aria-hidden="true">${path}</svg>`;
  const cloudOff = '<path d="M24 15c0-2.64-2.05-4.78-4.65-4.96C18.67 6.59 15.64 4 12 4c-1.33 0-2.57.36-3.65.97l1.49 1.49C10.51 6.17 11.23 6 12 6c3.04 0 5.5 2.46 5.5 5.5v.5H19c1.66 0 3 1.34 3 3 0 .99-.48 1.85-1.21 2.4l1.41 1.41c1.09-.92 1.8-2.27 1.8-3.81zM4.41 3.86 3 5.27l2.77 2.77h-.42C2.34 8.36 0 10.91 0 14c0 3.31 2.69 6 6 6h11.73l2 2 1.41-1.41L4.41 3.86zM6 18c-2.21 0-4-1.79-4-4s1.79-4 4-4h1.73l8 8H6z"/>';
  const check = '<path d="M12 2C6.48 2 2 6.48 2 12s4.48 10 10 10 10-4.48 10-10S17.52 2 12 2zm0 18c-4.41 0-8-3.59-8-8s3.59-8 8-8 8 3.59 8 8-3.59 8-8 8zm4.59-12.42L10 14.17l-2.59-2.58L6 13l4 4 8-8-1.41-1.42z"/>';
  const logout = '<path d="m17 8-1.41 1.41L17.17 11H9v2h8.17l-1.58 1.58L17 16l4-4-4-4zM5 5h7V3H5c-1.1 0-2 .9-2 2v14c0 1.1.9 2 2 2h7v-2H5V5z"/>';
  let lost = null;
  const show = (kind, html) => {
    // A modal dialog leaves nothing behind it within reach, so it shows inside.
    (document.querySelector('dialog[open]') ?? document.body).append(banner);
    banner.className = `connection ${kind}`;
    banner.innerHTML = html;
    banner.hidden = false;
  };
  const onLost = () => {
    if (lost) return;
    lost = { since: Date.now(), tries: 0 };
    document.documentElement.classList.add('lost');
    lost.shown = setTimeout(() => show('lost-server', `${icon(cloudOff)}<div><strong>The server is not answering.</strong> Trying again. Figures are as of ${clock.format(lost.since)}. What you typed is kept.</div><button type="button" class="button small" data-try>Try now</button>`), 1000);
    retry();
  };
  const onEnded = () => {
    clearTimeout(lost.shown);
    const back = `/sign-in?return=${encodeURIComponent(location.pathname + location.search)}`;
    show('lost-server', `${icon(logout)}<div><strong>Your session ended.</strong> You come back to this page, with the form as it was. The secret must be entered again.</div><a class="button primary small" href="${back}" data-reload>Sign in</a>`);
  };
  const isSignedOut = async () => !(await (await fetch('/sign-in/state', { signal: AbortSignal.timeout(5000) })).json()).signed_in;
  const retry = async () => {
    if (!lost) return;
    try {
      if (await isSignedOut()) { onEnded(); return; }
      if (await Blazor.reconnect()) { onBack(); return; }
      // The server is there, but knows this page no more: it was started again. The form comes back from the browser's own store.
      location.reload();
      return;
    } catch { /* not there yet */ }
    if (!lost) return;
    lost.tries++;
    lost.timer = setTimeout(retry, Math.min(5000, 500 * lost.tries));
  };
  const onBack = () => {
    if (!lost) return;
    const wasShown = !banner.hidden;
    clearTimeout(lost.timer);
    clearTimeout(lost.shown);
    lost = null;
    document.documentElement.classList.remove('lost');
    banner.hidden = true;
    if (!wasShown) return;
    show('server-back', `${icon(check)}<div><strong>Connected again.</strong> Figures are live.</div>`);
    setTimeout(() => { banner.hidden = true; }, 3000);
  };
  document.addEventListener('click', event => { if (event.target.closest?.('[data-try]') && lost) { clearTimeout(lost.timer); retry(); } });

  // --- before the connection is there ---------------------------------------------------------------------------
  // Links work by themselves. A button that was pressed too early is pressed again when somebody listens; what was typed into the search is kept.
  const root = document.documentElement;
  const early = { button: null, search: null };
  let live = false;   // not read from the class: a page that comes by a link pressed before the connection was there takes the class away again
  const isConnected = () => live;
  const nameOf = button => button.getAttribute('aria-label') ?? button.textContent.trim();
  document.addEventListener('click', event => {
    const button = event.target.closest?.('button');
    if (isConnected() || !button || ['focus', 'sidebar', 'copy', 'signOut', 'themeChoice', 'try', 'tabChoice'].some(name => name in button.dataset)) return;
    event.preventDefault();
    early.button = nameOf(button);
    button.setAttribute('aria-busy', 'true');
  }, true);
  document.addEventListener('input', event => { if (!isConnected() && event.target.matches?.('[data-search]')) early.search = event.target.value; }, true);
  // A page whose own script sends its form says so by data-listens; until then the press is kept for it.
  document.addEventListener('submit', event => { if (event.target.dataset.listens === 'not yet') event.target.dataset.listens = 'pressed'; });
  const connected = () => {
    if (isConnected()) return;
    live = true;
    root.classList.add('connected');
    new MutationObserver(() => { if (!root.classList.contains('connected')) root.classList.add('connected'); }).observe(root, { attributeFilter: ['class'] });
    setTimeout(() => {
      const search = document.querySelector('[data-search]');
      if (early.search !== null && search) { search.value = early.search; search.dispatchEvent(new Event('input', { bubbles: true })); search.focus(); }
      if (early.button !== null) [...document.querySelectorAll('button')].find(button => nameOf(button) === early.button)?.click();
    });
  };

  window.keypace.connected = connected;
  Blazor.start({
    circuit: {
      initializers: { beforeStart: [], afterStarted: [] },   // there are none; else they are asked for, without an Origin
      // A WebSocket (1) at once: the server takes nothing else.
      configureSignalR: connection => connection.withUrl('_blazor', { skipNegotiation: true, transport: 1 }).withServerTimeout(12_000).withKeepAliveInterval(10_000),
      reconnectionHandler: { onConnectionDown: onLost, onConnectionUp: onBack },
    },
  });
})();
