// What is shown follows the address: #run=3&call=17.

const main = find("main");
let shown = { place: undefined, view: null }, turn = 0;

function route() {
  const parts = new URLSearchParams(location.hash.slice(1)), asked = parts.get("run"), call = Number(parts.get("call"));
  const place = asked == null ? (PAGE.runs.length === 1 ? 0 : null) : Number(asked);
  if (PAGE.live) return void (call && shown.view?.go(call));
  if (place == null || !PAGE.runs[place]) return showAll();
  if (shown.place === place && shown.view) return void (call && shown.view.go(call));
  showRun(place, call);
}

function leave() {
  turn++;
  shown.view?.leave();
  shown = { place: undefined, view: null };
}

function showAll() {
  leave();
  document.title = PAGE.title;
  showOverview(main);
}

function showRun(place, call) {
  leave();
  const mine = turn, progress = h("p", { class: "progress", role: "status" }, `reading ${counted(PAGE.runs[place].calls, "call")} …`);
  document.title = `${PAGE.runs[place].title} · ${PAGE.title}`;
  main.replaceChildren(progress);
  scrollTo(0, 0);
  shown.place = place;
  readRun(place, {
    wanted: () => mine === turn,
    more: (run, read) => { progress.textContent = `reading ${count(read)} of ${counted(PAGE.runs[place].calls, "call")} …`; },
    done: run => {
      shown.view = new RunView(run, main, { place });
      if (call) shown.view.go(call);
      else shown.view.element.querySelector("h2").focus({ preventScroll: true });
    },
  });
}

find("version").textContent = PAGE.version && `windtunnel ${PAGE.version}`;
runKeys(() => shown);
if (PAGE.live) {
  const live = new Live(main);
  shown = { place: null, view: live.view };
} else route();
addEventListener("hashchange", route);
