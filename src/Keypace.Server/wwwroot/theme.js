// Light, dark, or as the system has it. Runs before anything is drawn, so that nothing flashes.
(() => {
  const root = document.documentElement;
  const system = matchMedia('(prefers-color-scheme: dark)');
  const stored = () => { try { return localStorage.getItem('keypace-theme') ?? 'system'; } catch { return 'system'; } };
  let choice = stored();

  const apply = () => {
    root.dataset.theme = choice === 'system' ? (system.matches ? 'dark' : 'light') : choice;
    root.dataset.themeChoice = choice;
    for (const button of document.querySelectorAll('[data-theme-choice][type=button]'))
      button.setAttribute('aria-pressed', String(button.dataset.themeChoice === choice));
  };

  system.addEventListener('change', apply);
  document.addEventListener('DOMContentLoaded', apply);
  document.addEventListener('click', event => {
    const button = event.target.closest?.('button[data-theme-choice]');
    if (!button) return;
    choice = button.dataset.themeChoice;
    try { localStorage.setItem('keypace-theme', choice); } catch { /* private mode: until the page is left */ }
    apply();
  });
  // Signing out clears what the browser stored; how one likes it lit is no secret.
  const keep = () => { try { if (choice !== 'system') localStorage.setItem('keypace-theme', choice); } catch { /* as above */ } };
  window.keypaceTheme = { apply, keep };
  apply();
})();
