// Pages are whole without this.
'use strict';

// A button that was pressed says so; the server sees to it that it is done once.
for (const form of document.querySelectorAll('[data-once]')) {
  form.addEventListener('submit', (event) => {
    if (form.getAttribute('aria-busy') === 'true') event.preventDefault();
    form.setAttribute('aria-busy', 'true');
  });
}
addEventListener('pageshow', () => {
  for (const form of document.querySelectorAll('[data-once]')) form.removeAttribute('aria-busy');
});

// Times are the server's until here, in UTC.
for (const time of document.querySelectorAll('time[datetime]')) {
  const moment = new Date(time.dateTime);
  if (!isNaN(moment)) {
    time.textContent = moment.toLocaleString(navigator.language, { dateStyle: 'medium', timeStyle: 'medium' });
  }
}
