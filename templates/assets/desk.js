// Pages are whole without this.
'use strict';

// A button that was pressed says so; the server sees to it that it is done once.
for (const form of document.querySelectorAll('[data-once]')) {
  form.addEventListener('submit', () => form.setAttribute('aria-busy', 'true'));
}
addEventListener('pageshow', () => {
  for (const form of document.querySelectorAll('[data-once]')) form.removeAttribute('aria-busy');
});
