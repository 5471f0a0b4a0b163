// Round pictures of users and servers: their own where set, otherwise initials on a colour of their id.

import { h } from "./dom.js";

const COLOURS = ["#5865f2", "#757e8a", "#3ba55c", "#d9822b", "#c94a8c", "#7a5cd6", "#2f8fa3", "#b4533c"];

// Ids made in one moment differ only in their last digits, so all digits count.
export function colourOf(id) {
  let sum = 0;
  for (const digit of id || "0") sum = (sum * 31 + digit.charCodeAt(0)) % 65521;
  return COLOURS[sum % COLOURS.length];
}

export function initials(name, most) {
  const words = (name || "?").replace(/[^\p{L}\p{N}\s'’_-]/gu, "").trim().split(/[\s_-]+/).filter(Boolean);
  return (words.length ? words.map((word) => (/^\d+$/.test(word) ? word : [...word][0])) : ["?"]).slice(0, most).join("").slice(0, most + 1).toUpperCase();
}

export function avatar(user, size = 40, name = null) {
  const label = name || (user && (user.global_name || user.username)) || "?";
  const id = (user && user.id) || "0";
  const size_ = { width: `${size}px`, height: `${size}px` };
  if (user && user.avatar) {
    return h("img", { class: "avatar", src: `/cdn/avatars/${id}/${user.avatar}.png?size=80`, alt: "", style: size_, loading: "lazy" });
  }
  return h("span", {
    class: "avatar avatar-text", "aria-hidden": "true",
    style: { ...size_, "background-color": colourOf(id), "font-size": `${Math.round(size * 0.42)}px` },
  }, initials(label, 1));
}

export function guildIcon(guild) {
  if (guild.icon) return h("img", { class: "guild-icon", src: `/cdn/icons/${guild.id}/${guild.icon}.png?size=96`, alt: "" });
  return h("span", { class: "guild-icon guild-initials", "aria-hidden": "true" }, initials(guild.name, 3));
}
