// What the keyboard does; the same list is shown to the reader.

const KEYS = [
  ["/", "search"], ["j  ↓", "next call"], ["k  ↑", "call before"], ["Enter", "unfold or fold the call"], ["n", "next finding"], ["p", "finding before"],
  ["]", "next run"], ["[", "run before"], ["u", "all runs"], ["+  −", "zoom the timeline"], ["h  l", "move the timeline"], ["0", "show the whole run"], ["t", "light or dark"], ["?", "this list"], ["Esc", "leave the search, close this list"],
];

function showKeys() {
  const dialog = find("keys");
  dialog.replaceChildren(h("h2", { id: "keys-title" }, "Keys"), h("dl", {}, KEYS.map(([keys, words]) => h("div", {}, h("dt", {}, keys.split("  ").map(key => h("kbd", {}, key))), h("dd", {}, words)))),
    h("p", { class: "soft" }, "On the timeline: drag to move, Ctrl and the wheel to zoom, double click to zoom in. In the table of runs: the headings sort."),
    button("Close", () => dialog.close(), { class: "primary" }));
  dialog.showModal();
}

function runKeys(current) {
  const on = action => () => { const { view } = current(); if (view) action(view); };
  const step = by => { const { place } = current(); if (place != null && PAGE.runs[place + by]) location.hash = links({ run: place + by }); };
  const acts = {
    "/": () => { const search = find("search"); search?.scrollIntoView({ block: "nearest" }); search?.focus(); search?.select(); },
    j: on(view => view.journal.move(1)), k: on(view => view.journal.move(-1)),
    n: on(view => view.nextFinding(1)), p: on(view => view.nextFinding(-1)),
    "]": () => step(1), "[": () => step(-1), u: () => { if (!PAGE.live && PAGE.runs.length > 1) location.hash = ""; },
    "+": on(view => view.timeline.zoom(2)), "=": on(view => view.timeline.zoom(2)), "-": on(view => view.timeline.zoom(0.5)), 0: on(view => view.timeline.fit()),
    h: on(view => view.timeline.pan(-0.2)), l: on(view => view.timeline.pan(0.2)), t: toggleTheme, "?": showKeys,
  };
  addEventListener("keydown", event => {
    if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || find("keys").open) return;
    const typing = event.target.closest?.("input:not([type=checkbox]), select, textarea");
    if (typing) { if (event.key === "Escape") typing.blur(); return; }
    const act = acts[event.key];
    if (!act) return;
    event.preventDefault();
    act();
  });
  find("help").addEventListener("click", showKeys);
}
