// Reactions under a message and the small emoji picker.

import { h, icon, popover, toast } from "./dom.js";

// Names are Discord's short codes.
const EMOJI = [
  "👍 thumbsup", "👎 thumbsdown", "❤️ heart", "😂 joy", "😮 open_mouth", "😢 cry", "😡 rage", "🎉 tada",
  "🔥 fire", "👀 eyes", "🙏 pray", "👏 clap", "✅ white_check_mark", "❌ x", "💯 100", "🚀 rocket",
  "🤔 thinking", "😀 grinning", "😄 smile", "😎 sunglasses", "😴 sleeping", "🥳 partying_face", "😅 sweat_smile", "👋 wave",
  "🤖 robot", "💀 skull", "⭐ star", "⚡ zap", "🍕 pizza", "☕ coffee", "🎮 video_game", "🎵 musical_note",
  "📌 pushpin", "🐛 bug", "1️⃣ one", "2️⃣ two", "3️⃣ three", "4️⃣ four", "🟢 green_circle", "🔴 red_circle",
].map((entry) => entry.split(" "));
const GLYPHS = new Map(EMOJI.map(([glyph, name]) => [name, glyph]));

export const withGlyphs = (text) => text.replace(/:(\w{1,32}):(?!\d)/g, (whole, name) => GLYPHS.get(name) || whole);

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
