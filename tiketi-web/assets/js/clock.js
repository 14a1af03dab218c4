// The server's time: a device whose clock is wrong counts down correctly all the same.

const rendered = Date.parse(document.documentElement.dataset.now ?? '');
const [navigation] = performance.getEntriesByType('navigation');
// A page out of the browser's cache was rendered long ago; an earlier one of this tab has measured the difference.
const isFresh = navigation?.transferSize > 0 && !Number.isNaN(rendered);
const measured = rendered - performance.timeOrigin - (navigation?.responseStart ?? 0);
const offset = isFresh ? measured : Number(sessionStorage.getItem('tiketi-clock') ?? 0);
if (isFresh) sessionStorage.setItem('tiketi-clock', String(offset));

/** Returns the server's time in milliseconds since 1970. */
export const now = () => Date.now() + offset;

const two = (number) => String(number).padStart(2, '0');

/** Writes a time span as `4:59`, `1:04:59`, or with days in the words of the template `{days} … {time}`. */
export function clockText(milliseconds, withDays = '{days} d {time}') {
  const seconds = Math.max(0, Math.round(milliseconds / 1000));
  const [days, hours, minutes] = [Math.floor(seconds / 86400), Math.floor(seconds / 3600) % 24, Math.floor(seconds / 60) % 60];
  const time = hours || days ? `${hours}:${two(minutes)}:${two(seconds % 60)}` : `${minutes}:${two(seconds % 60)}`;
  return days ? fill(withDays, { days, time }) : time;
}

/** Fills the places `{name}` of a sentence that the server wrote. */
export const fill = (sentence, values) => (sentence ?? '').replace(/\{(\w+)\}/g, (place, name) => values[name] ?? place);
