// Discord's markdown as DOM nodes; whatever is not a known mark stays plain text.

import { h } from "./dom.js";
import { full, mark } from "./time.js";
import { roleColour } from "./store.js";

const MAX_DEPTH = 10;
const URL_END = /[.,:;!?'")\]]+$/;

// Each rule: a sticky pattern and how its match becomes a node. The first that matches at a place wins.
const RULES = [
  [/\\([^A-Za-z0-9\s])/y, (m) => m[1]],
  [/```(?:([A-Za-z0-9_+.#-]+)\n)?\n*([\s\S]+?)\n*```/y, (m) => h("pre", { class: "code-block", data: { lang: m[1] || "" } }, h("code", {}, m[2]))],
  [/(`+)([\s\S]*?[^`])\1(?!`)/y, (m) => h("code", { class: "code" }, m[2].replace(/^ (.*) $/, "$1"))],
  [/\|\|([\s\S]+?)\|\|/y, (m, c) => spoiler(inline(m[1], c))],
  [/\*\*\*(?=\S)([\s\S]+?\S|\S)\*\*\*(?!\*)/y, (m, c) => h("strong", {}, h("em", {}, inline(m[1], c)))],
  [/\*\*(?=\S)([\s\S]+?)\*\*(?!\*)/y, (m, c) => h("strong", {}, inline(m[1], c))],
  [/__(?=\S)([\s\S]+?)__(?!_)/y, (m, c) => h("u", {}, inline(m[1], c))],
  [/\*(?=[^\s*])([\s\S]*?[^\s*])\*(?!\*)/y, (m, c) => h("em", {}, inline(m[1], c))],
  [/(?<![A-Za-z0-9])_(?=[^\s_])([\s\S]*?[^\s_])_(?![A-Za-z0-9_])/y, (m, c) => h("em", {}, inline(m[1], c))],
  [/~~(?=\S)([\s\S]+?)~~/y, (m, c) => h("s", {}, inline(m[1], c))],
  [/\[((?:\\.|[^[\]\\])+)\]\(<?(https?:\/\/[^\s()<>]+(?:\([^\s()<>]*\)[^\s()<>]*)*)>?(?:\s+"[^"]*")?\)/y, (m, c) => link(m[2], inline(m[1], { ...c, noLinks: true }))],
  [/<(https?:\/\/[^\s>]+)>/y, (m) => link(m[1], m[1])],
  [/<@!?(\d{5,20})>/y, (m, c) => mention(m[1], c)],
  [/<@&(\d{5,20})>/y, (m, c) => roleMention(m[1], c)],
  [/<#(\d{5,20})>/y, (m, c) => channelMention(m[1], c)],
  [/<\/([^:>\n]{1,100}):(\d{5,20})>/y, (m) => h("span", { class: "mention" }, `/${m[1]}`)],
  [/<a?:(\w{2,32}):(\d{5,20})>/y, (m) => h("span", { class: "custom-emoji", title: `:${m[1]}:` }, `:${m[1]}:`)],
  [/<t:(-?\d{1,13})(?::([tTdDfFRsS]))?>/y, (m) => stamp(Number(m[1]), m[2] || "f")],
  [/@(everyone|here)\b/y, (m) => h("span", { class: "mention" }, m[0])],
];
const BARE_URL = /https?:\/\/[^\s<>]+/y;
const STARTS = new Set("\\`|*_~[<@h");

export function inline(text, context) {
  const depth = (context.depth || 0) + 1;
  if (depth > MAX_DEPTH) return [text];
  const inner = { ...context, depth };
  const out = [];
  let plain = "";
  const flush = () => { if (plain) { out.push(plain); plain = ""; } };
  for (let at = 0; at < text.length;) {
    const found = STARTS.has(text[at]) ? matchAt(text, at, inner) : null;
    if (found) {
      flush();
      out.push(found.node);
      at += found.length;
    } else {
      plain += text[at];
      at += 1;
    }
  }
  flush();
  return out;
}

function matchAt(text, at, context) {
  if (text[at] === "h") {
    if (context.noLinks || (at > 0 && /\w/.test(text[at - 1]))) return null;
    BARE_URL.lastIndex = at;
    const m = BARE_URL.exec(text);
    if (!m) return null;
    const url = m[0].replace(URL_END, "");
    return { node: link(url, url), length: url.length };
  }
  for (const [pattern, build] of RULES) {
    pattern.lastIndex = at;
    const m = pattern.exec(text);
    if (m) return { node: build(m, context), length: m[0].length };
  }
  return null;
}

function link(url, content) {
  return h("a", { href: url, target: "_blank", rel: "noopener noreferrer nofollow", title: url }, content);
}

function spoiler(content) {
  const show = () => { node.classList.add("shown"); node.removeAttribute("role"); node.removeAttribute("aria-label"); };
  const node = h("span", {
    class: "spoiler", role: "button", tabindex: "0", "aria-label": "Spoiler: press to show", onclick: show,
    onkeydown: (event) => { if (event.key === "Enter" || event.key === " ") { event.preventDefault(); show(); } },
  }, h("span", {}, content));
  return node;
}

function mention(id, { store, guildId, users }) {
  const fallback = (users || []).find((u) => u.id === id);
  const known = store.users.has(id) || fallback;
  return h("span", { class: "mention", data: { user: id } }, known ? `@${store.displayName(id, guildId, fallback)}` : "@unknown-user");
}

function roleMention(id, { store, guildId }) {
  const guild = store.guilds.get(guildId);
  const role = guild && guild.roles.get(id);
  const colour = role && roleColour(role);
  return h("span", { class: "mention", style: colour ? { color: colour } : {} }, role ? `@${role.name}` : "@unknown-role");
}

function channelMention(id, { store }) {
  const channel = store.channels.get(id);
  if (!channel) return h("span", { class: "mention" }, "#unknown");
  return h("a", { class: "mention", href: `#/${channel.guild_id || "@me"}/${id}` }, `#${store.channelName(channel)}`);
}

function stamp(seconds, style) {
  if (Math.abs(seconds) > 8.64e12) return `<t:${seconds}>`;
  const props = { class: "stamp", title: full(new Date(seconds * 1000)) };
  if (style === "R") props.data = { relative: seconds };
  return h("time", props, mark(seconds, style));
}

const LIST_ITEM = /^(\s*)(?:([-*])|(\d{1,9})\.)\s+(.+)$/;

// Message text: blocks line by line, with code fences kept whole.
export function markdown(text, context) {
  const out = [];
  const parts = text.split(/(```[\s\S]+?```)/);
  parts.forEach((part, index) => {
    if (index % 2) out.push(...inline(part, context));
    else blocks(trimBesideFence(part, index, parts.length), context, out);
  });
  return out;
}

function trimBesideFence(part, index, count) {
  const start = index > 0 ? part.replace(/^\n/, "") : part;
  return index < count - 1 ? start.replace(/\n$/, "") : start;
}

function blocks(text, context, out) {
  if (!text) return;
  const lines = text.split("\n");
  let paragraph = [];
  const flush = () => {
    if (!paragraph.length) return;
    out.push(...inline(paragraph.join("\n"), context));
    paragraph = [];
  };
  for (let i = 0; i < lines.length; i += 1) {
    const line = lines[i];
    let m;
    if (!context.quoted && line.startsWith(">>> ")) {
      flush();
      out.push(quote([line.slice(4), ...lines.slice(i + 1)], context));
      return;
    }
    if (!context.quoted && line.startsWith("> ")) {
      flush();
      const quoted = [];
      while (i < lines.length && (lines[i].startsWith("> ") || lines[i] === ">")) quoted.push(lines[i++].slice(2));
      i -= 1;
      out.push(quote(quoted, context));
    } else if ((m = /^(#{1,3})\s+(.+)$/.exec(line))) {
      flush();
      // The page has its own headings: these are shown as such, at a level below them.
      out.push(h(`h${m[1].length + 2}`, { class: `heading heading-${m[1].length}` }, inline(m[2], context)));
    } else if ((m = /^-#\s+(.+)$/.exec(line))) {
      flush();
      out.push(h("small", { class: "subtext" }, inline(m[1], context)));
    } else if (LIST_ITEM.test(line)) {
      flush();
      const items = [];
      while (i < lines.length && (m = LIST_ITEM.exec(lines[i]))) { items.push(m); i += 1; }
      i -= 1;
      out.push(list(items, context));
    } else paragraph.push(line);
  }
  flush();
}

function quote(lines, context) {
  const inner = [];
  blocks(lines.join("\n"), { ...context, quoted: true }, inner);
  return h("blockquote", {}, inner);
}

function list(items, context) {
  const ordered = Boolean(items[0][3]);
  const node = h(ordered ? "ol" : "ul", { class: "list", start: ordered ? items[0][3] : null });
  for (const item of items) {
    node.append(h("li", { class: item[1].length >= 2 ? "deep" : "" }, inline(item[4], context)));
  }
  return node;
}

const ONLY_EMOJI = /^(?:(?:\p{Extended_Pictographic}(?:\uFE0F|\u200D\p{Extended_Pictographic}|\p{Emoji_Modifier})*|\p{Regional_Indicator}{2})\s*){1,27}$/u;

export const isOnlyEmoji = (text) => text.length < 200 && ONLY_EMOJI.test(text);
