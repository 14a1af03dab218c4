// Makes the elements of a page live. Every page works without this script; it loads only what the page has.

const modules = {
  'tiketi-connection': './connection.js',
  'tiketi-countdown': './countdown.js',
  'tiketi-hall': './hall.js',
  'tiketi-hall-blocker': './hall-blocker.js',
  'tiketi-layout-preview': './layout-preview.js',
  'tiketi-line': './line.js',
  'tiketi-personal': './personal.js',
  'tiketi-refresh': './refresh.js',
  'tiketi-stock': './stock.js',
};

/** Imports the module of each element that stands in the document. */
function load() {
  for (const [name, module] of Object.entries(modules)) {
    if (!document.querySelector(name)) continue;
    delete modules[name];
    import(module).catch((error) => console.error(`${name} stays without script:`, error));
  }
}

load();
// A part of the page that was replaced may have an element that the page had not before.
document.addEventListener('tiketi-replaced', load);
