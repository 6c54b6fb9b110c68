// Light or dark: as the system has it, until the reader says otherwise.

const night = matchMedia("(prefers-color-scheme: dark)");

function kept(name, value) {
  try {
    if (value !== undefined) localStorage.setItem(name, value);
    return localStorage.getItem(name);
  } catch {
    return null; // storage is closed to some pages from files
  }
}

function setTheme(name) {
  if (name) document.documentElement.dataset.theme = name;
  const dark = (name || (night.matches ? "dark" : "light")) === "dark";
  find("theme").textContent = dark ? "Light" : "Dark";
  find("theme").setAttribute("aria-label", `Switch to the ${dark ? "light" : "dark"} theme`);
}

function toggleTheme() {
  const now = document.documentElement.dataset.theme || (night.matches ? "dark" : "light");
  const next = now === "dark" ? "light" : "dark";
  kept("windtunnel-theme", next);
  setTheme(next);
}

setTheme(kept("windtunnel-theme") || "");
night.addEventListener("change", () => setTheme(document.documentElement.dataset.theme || ""));
find("theme").addEventListener("click", toggleTheme);
