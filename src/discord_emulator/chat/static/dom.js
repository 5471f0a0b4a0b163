// Builds DOM nodes from data; user text only ever becomes text nodes.

export function h(tag, props, ...children) {
  const node = document.createElement(tag);
  for (const [key, value] of Object.entries(props || {})) {
    if (value === null || value === undefined || value === false) continue;
    if (key === "class") node.className = value;
    else if (key === "testid") node.dataset.testid = value;
    else if (key === "data") Object.assign(node.dataset, value);
    else if (key === "style") for (const [name, v] of Object.entries(value)) node.style.setProperty(name, v);
    else if (key === "value") node.value = value;
    else if (key.startsWith("on")) node.addEventListener(key.slice(2), value);
    else node.setAttribute(key, value === true ? "" : String(value));
  }
  append(node, children);
  return node;
}

export function append(node, children) {
  for (const child of children) {
    if (child === null || child === undefined || child === false) continue;
    if (Array.isArray(child)) append(node, child);
    else node.append(child instanceof Node ? child : String(child));
  }
  return node;
}

export const $ = (id) => document.getElementById(id);

const PATHS = {
  hash: "M10 3 8 21M16 3l-2 18M4 8h17M3 16h17",
  speaker: "M4 9v6h4l5 4V5L8 9zM17 8a5 5 0 0 1 0 8",
  megaphone: "M4 10v4h3l9 5V5L7 10zM19 9v6",
  forum: "M4 5h16v10H10l-5 4v-4H4z",
  thread: "M6 4v7a4 4 0 0 0 4 4h8M14 11l4 4-4 4",
  chevron: "M6 9l6 6 6-6",
  smile: "M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18zM8.5 10h.01M15.5 10h.01M8 14.5c1 1.4 2.4 2 4 2s3-.6 4-2",
  reply: "M10 6 4 12l6 6M4 12h10a6 6 0 0 1 6 6v1",
  pencil: "M4 20l1-5L16 4l4 4L9 19z",
  trash: "M5 7h14M10 7V4h4v3M7 7l1 13h8l1-13",
  plus: "M12 5v14M5 12h14",
  close: "M6 6l12 12M18 6 6 18",
  moon: "M20 14.5A8.5 8.5 0 0 1 9.5 4 8.5 8.5 0 1 0 20 14.5z",
  sun: "M12 8a4 4 0 1 0 0 8 4 4 0 0 0 0-8zM12 2v2M12 20v2M2 12h2M20 12h2M5 5l1.4 1.4M17.6 17.6 19 19M19 5l-1.4 1.4M6.4 17.6 5 19",
  people: "M9 5a3.5 3.5 0 1 0 0 7 3.5 3.5 0 0 0 0-7zM2.5 20c.4-4 3-6 6.500-6s6 2 6.500 6M16 5.500a3.300 3.300 0 0 1 0 6.300M18 14.500c2 .9 3.300 2.800 3.500 5.500",
  file: "M6 3h8l5 5v13H6zM14 3v5h5",
  eye: "M2.500 12S6 5.500 12 5.500 21.500 12 21.500 12 18 18.500 12 18.500 2.500 12 2.500 12zM12 9.500a2.500 2.500 0 1 0 0 5 2.500 2.500 0 0 0 0-5z",
  external: "M10 5H5v14h14v-5M14 4h6v6M20 4l-9 9",
  down: "M12 5v14M6 13l6 6 6-6",
  home: "M4 5h16v11H11l-5 4v-4H4z",
  dots: "M5 12h.01M12 12h.01M19 12h.01",
  crown: "M4 18h16l1-10-5 4-4-7-4 7-5-4z",
};

const SVG = "http://www.w3.org/2000/svg";

export function icon(name, size = 20) {
  const svg = document.createElementNS(SVG, "svg");
  for (const [key, value] of Object.entries({
    viewBox: "0 0 24 24", width: size, height: size, fill: "none", stroke: "currentColor",
    "stroke-width": 2, "stroke-linecap": "round", "stroke-linejoin": "round", "aria-hidden": "true", class: "icon",
  })) svg.setAttribute(key, value);
  const path = document.createElementNS(SVG, "path");
  path.setAttribute("d", PATHS[name]);
  svg.append(path);
  return svg;
}

let shown = 0;

export function toast(text, kind = "error") {
  const node = h("div", { class: `toast toast-${kind}`, testid: "toast" }, text);
  $("toasts").append(node);
  shown += 1;
  while ($("toasts").childElementCount > 4) $("toasts").firstChild.remove();
  setTimeout(() => node.remove(), 6000);
  return shown;
}

// Places a floating box by an anchor, above or below, inside the window; closes on outside press and on Escape.
export function popover(anchor, content, { prefer = "below", align = "start", onclose } = {}) {
  const box = h("div", { class: "popover" }, content);
  const rect = anchor.getBoundingClientRect();
  // A modal dialog is in the top layer: what belongs to it must be inside it to be seen.
  (anchor.closest("dialog") || $("layer")).append(box);
  const { offsetWidth: w, offsetHeight: ht } = box;
  const below = rect.bottom + 4, above = rect.top - ht - 4;
  const top = prefer === "below" ? (below + ht > innerHeight - 8 ? above : below) : (above < 8 ? below : above);
  const left = align === "end" ? rect.right - w : rect.left;
  box.style.setProperty("top", `${Math.max(8, Math.min(top, innerHeight - ht - 8))}px`);
  box.style.setProperty("left", `${Math.max(8, Math.min(left, innerWidth - w - 8))}px`);
  let open = true;
  const close = () => {
    if (!open) return;
    open = false;
    box.remove();
    document.removeEventListener("pointerdown", outside, true);
    document.removeEventListener("keydown", escape, true);
    if (onclose) onclose();
  };
  const outside = (event) => { if (!box.contains(event.target) && !anchor.contains(event.target)) close(); };
  const escape = (event) => { if (event.key === "Escape") { event.stopPropagation(); event.preventDefault(); close(); anchor.focus(); } };
  document.addEventListener("pointerdown", outside, true);
  document.addEventListener("keydown", escape, true);
  return { box, close, get open() { return open; } };
}
