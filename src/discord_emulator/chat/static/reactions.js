// Reactions under a message and the small emoji picker.

import { h, icon, popover, toast } from "./dom.js";

const EMOJI = [
  "👍 yes", "👎 no", "❤️ heart", "😂 laugh", "😮 wow", "😢 sad", "😡 angry", "🎉 party",
  "🔥 fire", "👀 eyes", "🙏 thanks", "👏 clap", "✅ done", "❌ cross", "💯 hundred", "🚀 rocket",
  "🤔 think", "😀 smile", "😎 cool", "😴 sleep", "🥳 celebrate", "😅 phew", "🤖 robot", "💀 skull",
  "⭐ star", "⚡ fast", "🍕 pizza", "☕ coffee", "🎮 game", "🎵 music", "📌 pin", "🐛 bug",
  "1️⃣ one", "2️⃣ two", "3️⃣ three", "4️⃣ four", "🇦 a", "🇧 b", "🟢 green", "🔴 red",
].map((entry) => entry.split(" "));

export function pickEmoji(anchor, choose, align = "end") {
  const grid = h("div", { class: "emoji-grid" });
  const search = h("input", { class: "select-search", type: "text", placeholder: "Find an emoji, or paste one", "aria-label": "Find an emoji", oninput: list,
    onkeydown: (event) => { if (event.key === "Enter" && grid.firstChild) { event.preventDefault(); grid.firstChild.click(); } } });
  function list() {
    const wanted = search.value.trim().toLowerCase();
    const found = EMOJI.filter(([glyph, name]) => !wanted || name.includes(wanted) || glyph === wanted);
    if (!found.length && wanted && /\p{Extended_Pictographic}|\p{Regional_Indicator}/u.test(wanted)) found.push([wanted, "pasted"]);
    grid.replaceChildren(...found.map(([glyph, name]) => h("button", {
      type: "button", class: "emoji-cell", testid: "emoji", title: name, "aria-label": name, data: { emoji: glyph },
      onclick: () => { open.close(); choose({ id: null, name: glyph }); },
    }, glyph)));
    if (!found.length) grid.append(h("div", { class: "empty" }, "Nothing found"));
  }
  list();
  const open = popover(anchor, h("div", { class: "emoji-picker", testid: "emoji-picker" }, search, grid), { align, prefer: "above" });
  search.focus();
  return open;
}

export function toggleReaction(app, message, emoji, mine) {
  const call = mine ? app.rest.unreact : app.rest.react;
  call.call(app.rest, message.channel_id, message.id, emoji).catch((error) => toast(error.message));
}

export function reactions(message, app) {
  if (!message.reactions || !message.reactions.length) return null;
  return h("div", { class: "reactions" }, message.reactions.map((r) => h("button", {
    type: "button", class: `reaction${r.me ? " mine" : ""}`, testid: "reaction", data: { emoji: r.emoji.name },
    "aria-pressed": r.me ? "true" : "false", "aria-label": `${r.emoji.name}, ${r.count}`,
    onclick: () => toggleReaction(app, message, r.emoji, r.me),
  }, h("span", { class: "emoji" }, r.emoji.id ? `:${r.emoji.name}:` : r.emoji.name), h("span", { class: "reaction-count" }, r.count))),
  h("button", {
    type: "button", class: "reaction add", "aria-label": "Add a reaction",
    onclick: (event) => pickEmoji(event.currentTarget, (emoji) => toggleReaction(app, message, emoji, false), "start"),
  }, icon("smile", 16)));
}
