// Times in the reader's zone and as long ago as they are, kept up to date without asking the server.
(() => {
  const clock = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit', second: '2-digit' });
  const minute = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit' });
  const day = new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'short' });
  const dayYear = new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'short', year: 'numeric' });
  const zone = new Intl.DateTimeFormat('en-GB', { timeZoneName: 'short' });
  const exactly = date => `${dayYear.format(date)}, ${clock.format(date)}.${String(date.getMilliseconds()).padStart(3, '0')} ${zone.formatToParts(date).find(part => part.type === 'timeZoneName').value}`;
  const span = ms => ms < 10_000 ? `${(ms / 1000).toFixed(1)} s` : ms < 100_000 ? `${Math.round(ms / 1000)} s` : `${Math.round(ms / 60_000)} min`;
  const past = (date, now) => {
    const ms = now - date;
    if (ms < 1000) return 'now';
    if (ms < 60_000) return `${Math.floor(ms / 1000)} s ago`;
    if (ms < 3_600_000) return `${Math.floor(ms / 60_000)} min ago`;
    const today = new Date(now);
    return date.toDateString() === today.toDateString() ? minute.format(date) : (date.getFullYear() === today.getFullYear() ? day : dayYear).format(date);
  };
  const written = (element, now) => {
    const date = new Date(+element.dataset.time);
    switch (element.dataset.style) {
      case 'clock': return clock.format(date);
      case 'exact': return `${clock.format(date)}.${Math.floor(date.getMilliseconds() / 100)}`;
      case 'day': return dayYear.format(date);
      case 'countdown': return date <= now ? 'now' : `in ${span(date - now)}`;
      default: return past(date, now);
    }
  };
  const writeTime = (element, now) => {
    const text = written(element, now);
    if (element.textContent !== text) element.textContent = text;
    if (element.dataset.titled !== element.dataset.time) {
      element.title = exactly(new Date(+element.dataset.time));
      element.dataset.titled = element.dataset.time;
    }
  };
  const writeTimes = () => { const now = Date.now(); for (const element of document.querySelectorAll('time[data-time]')) writeTime(element, now); };
  new MutationObserver(changes => {
    const now = Date.now();
    for (const change of changes) {
      if (change.type === 'attributes') writeTime(change.target, now);
      else for (const node of change.addedNodes) if (node.nodeType === 1) {
        if (node.matches('time[data-time]')) writeTime(node, now);
        for (const element of node.querySelectorAll('time[data-time]')) writeTime(element, now);
        if (node.matches('[data-theme-choice]') || node.querySelector('[data-theme-choice]')) window.keypaceTheme.apply();
      }
    }
  }).observe(document.body, { childList: true, subtree: true, attributes: true, attributeFilter: ['data-time', 'data-style'] });
  setInterval(() => { const now = Date.now(); for (const element of document.querySelectorAll('time[data-style=countdown]')) writeTime(element, now); }, 100);
  setInterval(writeTimes, 1000);
})();
