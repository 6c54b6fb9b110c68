// Elements are made, never written as HTML: what clients and servers said stays text.

function fill(element, attributes, children) {
  for (const [name, value] of Object.entries(attributes || {})) {
    if (value == null || value === false) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.flat(3).filter(child => child != null && child !== false));
  return element;
}

const h = (tag, attributes, ...children) => fill(document.createElement(tag), attributes, children);
const svg = (tag, attributes, ...children) =>
  fill(document.createElementNS("http://www.w3.org/2000/svg", tag), attributes, children);
const find = id => document.getElementById(id);

const badge = (value, words = value) =>
  h("span", { class: `badge ${value}` }, h("span", { class: "sign", "aria-hidden": "true" }, SIGNS[value] || "·"), words);

const button = (words, action, attributes = {}) => h("button", { type: "button", onclick: action, ...attributes }, words);

function say(words) {
  const said = find("said");
  said.textContent = words;
  clearTimeout(say.timer);
  say.timer = setTimeout(() => { said.textContent = ""; }, 2500);
}

async function copy(text, what) {
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    // Pages from files may not use the clipboard in every browser; the old way still works there.
    const held = h("textarea", { class: "off" });
    held.value = text;
    document.body.append(held);
    held.select();
    document.execCommand("copy");
    held.remove();
  }
  say(`${what} copied`);
}

const copier = (words, text, what) => button(words, () => copy(typeof text === "function" ? text() : text, what), { class: "quiet copy" });

const select = (label, options, action) =>
  h("label", { class: "field" }, h("span", {}, label),
    h("select", { "aria-label": label, onchange: event => action(event.target.value) },
      options.map(([value, words]) => h("option", { value }, words))));

// Work on a long list in slices, so that the page stays awake. `step(index)` is called for each; false ends it.
function inSlices(length, step, { done = () => {}, wanted = () => true, slice_s = 0.012 } = {}) {
  let at = 0;
  const go = () => {
    if (!wanted()) return;
    const until = performance.now() + slice_s * 1000;
    while (at < length && performance.now() < until) step(at++);
    if (at < length) setTimeout(go, 0);
    else done();
  };
  go();
}

const later = (action, after_s) => {
  let timer;
  return (...given) => { clearTimeout(timer); timer = setTimeout(() => action(...given), after_s * 1000); };
};

// At most once a frame.
const perFrame = action => {
  let asked = false;
  return () => {
    if (asked) return;
    asked = true;
    requestAnimationFrame(() => { asked = false; action(); });
  };
};

function showTip(words, x, y) {
  const tip = find("tip");
  tip.replaceChildren(...words.map((line, place) => h("div", { class: place ? "" : "first" }, line)));
  tip.hidden = false;
  const box = tip.getBoundingClientRect();
  tip.style.left = `${clamp(x + 12, 8, Math.max(innerWidth - box.width - 8, 8))}px`;
  tip.style.top = `${y + 18 + box.height > innerHeight ? y - box.height - 10 : y + 18}px`;
}

const hideTip = () => { find("tip").hidden = true; };
