// Follows a server's state while the page is open. The page is complete without this file.
const root = document.querySelector("[data-live]");
const badge = root.querySelector("[data-live-badge]");
const badgeText = root.querySelector("[data-live-text]");
const format = new Intl.NumberFormat("en");
const relative = new Intl.RelativeTimeFormat("en", { numeric: "auto" });

function age(iso) {
  const seconds = Math.round((Date.parse(iso) - Date.now()) / 1000);
  if (seconds > -5) return "just now";
  if (seconds > -60) return relative.format(seconds, "second");
  if (seconds > -3600) return relative.format(Math.round(seconds / 60), "minute");
  if (seconds > -86400) return relative.format(Math.round(seconds / 3600), "hour");
  return relative.format(Math.round(seconds / 86400), "day");
}

function showAges() {
  for (const time of root.querySelectorAll("time")) time.textContent = age(time.dateTime);
}

function showBadge(state, text) {
  badge.dataset.state = state;
  // A status that is set again is read out again.
  if (badgeText.textContent !== text) badgeText.textContent = text;
}

function showTotals(totals) {
  for (const place of root.querySelectorAll("[data-total]")) {
    const text = format.format(totals[place.dataset.total]);
    if (place.textContent === text) continue;
    place.textContent = text;
    place.classList.remove("bumped");
    void place.offsetWidth; // starts the animation anew
    place.classList.add("bumped");
  }
}

function showList(name, html) {
  const list = root.querySelector(`[data-${name}]`);
  const known = new Set([...list.children].map((item) => item.dataset.id));
  // The fragment comes from our own server, where the template has escaped every name and text.
  const template = document.createElement("template");
  template.innerHTML = html;
  const items = [...template.content.children];
  if (name === "actions") for (const item of items) item.classList.toggle("is-new", !known.has(item.dataset.id));
  list.replaceChildren(...items);
  root.querySelector(`[data-${name}-empty]`).hidden = items.length > 0;
}

let first = true;
let source = null;
function follow() {
  if (source !== null && source.readyState !== EventSource.CLOSED) return;
  const stream = new EventSource(root.dataset.live);
  source = stream;
  stream.addEventListener("state", (event) => {
    const state = JSON.parse(event.data);
    showTotals(state.totals);
    showList("actions", state.actions);
    showList("top", state.top);
    if (first) for (const item of root.querySelectorAll(".is-new")) item.classList.remove("is-new");
    first = false;
    showAges();
    showBadge("on", "Live");
  });
  stream.addEventListener("gone", () => {
    stream.close();
    showBadge("off", "You no longer have access. Reload the page.");
  });
  stream.addEventListener("closed", () => showBadge("wait", "Reconnecting"));
  stream.addEventListener("error", () => {
    if (stream.readyState === EventSource.CLOSED) showBadge("off", "Not live. Reload the page to try again.");
    else showBadge("wait", "Reconnecting");
  });
}

follow();
showAges();
setInterval(showAges, 10_000);
addEventListener("pagehide", () => source.close());
// A page that comes back from the back/forward cache has lost its stream.
addEventListener("pageshow", (event) => {
  if (event.persisted) follow();
});
// A browser opens six connections to a host, and every stream holds one: tabs that nobody sees give theirs back.
document.addEventListener("visibilitychange", () => {
  if (!document.hidden) follow();
  else {
    source.close();
    showBadge("wait", "Paused");
  }
});
