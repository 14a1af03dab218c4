// Makes the elements of a page live. Every page works without this script; it loads only what the page has.

/** Elements; the module of `tiketi-x` is `x.js`. */
const names = ['connection', 'countdown', 'hall', 'hall-blocker', 'layout-preview', 'line', 'personal', 'refresh', 'stock', 'toss'];
const loaded = new Set();

/** Imports the module of each element that stands in the document. */
function load() {
  for (const name of names) {
    if (loaded.has(name) || !document.querySelector(`tiketi-${name}`)) continue;
    loaded.add(name);
    import(`./${name}.js`).catch((error) => console.error(name, error));
  }
}

load();
// A part of the page that was replaced may have an element that the page had not before.
document.addEventListener('tiketi-replaced', load);
