/** The keys of the page; `actions` names what each does. Esc closes what lies on top first, then stops the answer. */
export function listenToKeys(actions) {
  document.addEventListener('keydown', event => {
    const command = event.ctrlKey || event.metaKey;
    const name =
      command && event.shiftKey && event.key.toLowerCase() === 'f'
        ? 'search'
        : command && !event.shiftKey && !event.altKey
          ? { k: 'fresh', '/': 'help', ',': 'settings' }[event.key.toLowerCase()]
          : event.key === 'Escape'
            ? 'escape'
            : event.key === '/' && !event.altKey && !isField(event.target)
              ? 'focus'
              : null;
    if (!name) return;
    if (name !== 'escape') event.preventDefault();
    actions[name]();
  });
}

const isField = element => /^(?:INPUT|TEXTAREA|SELECT)$/.test(element.tagName) || element.isContentEditable;
