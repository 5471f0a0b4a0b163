// The servers rail, the channel list and the headers above them.

import { $, h, icon } from "./dom.js";
import { avatar, guildIcon } from "./avatar.js";

const ICONS = { 0: "hash", 2: "speaker", 5: "megaphone", 10: "thread", 11: "thread", 12: "thread", 13: "speaker", 15: "forum", 16: "forum" };
export const TEXT_TYPES = new Set([0, 1, 2, 3, 5, 10, 11, 12, 13]);

export class Sidebar {
  constructor(app) {
    this.app = app;
    this.store = app.store;
    this.closed = new Set();
    this.store.watch(["servers"], () => this.servers());
    this.store.watch(["channels"], () => { this.channels(); this.header(); });
  }

  badge(ids) {
    let mentions = 0, unread = false;
    for (const id of ids) { mentions += this.store.mentions.get(id) || 0; unread = unread || this.store.isUnread(id); }
    return { mentions, unread };
  }

  servers() {
    const { store } = this;
    const rail = $("servers");
    const focused = document.activeElement && rail.contains(document.activeElement) ? document.activeElement.dataset.id : null;
    const dms = store.directMessages();
    const visible = new Map();
    for (const channel of store.channels.values()) {
      // Permissions are only worth asking for where there is something to show.
      if (!channel.guild_id || !(store.isUnread(channel.id) || store.mentions.has(channel.id)) || !store.canSee(channel)) continue;
      visible.set(channel.guild_id, [...(visible.get(channel.guild_id) || []), channel.id]);
    }
    rail.replaceChildren(
      this.server("@me", "Direct messages", icon("home", 26), this.badge(dms.map((c) => c.id)), "home"),
      h("div", { class: "rail-line", role: "separator" }),
      ...[...store.guilds.values()].map((guild) => this.server(guild.id, guild.name, guildIcon(guild), this.badge(visible.get(guild.id) || []), "server")));
    if (focused) { const again = rail.querySelector(`[data-id="${CSS.escape(focused)}"]`); if (again) again.focus(); }
    const total = [...store.mentions.values()].reduce((a, b) => a + b, 0);
    const channel = store.channel;
    const place = channel ? `${channel.guild_id ? "#" : ""}${store.channelName(channel)}${store.guild ? ` | ${store.guild.name}` : ""}` : "Local Discord";
    document.title = total ? `(${total}) ${place}` : place;
  }

  server(id, name, picture, { mentions, unread }, testid) {
    const here = this.store.guildId === id || (id === "@me" && !this.store.guildId);
    return h("div", { class: `rail-item${here ? " here" : ""}${unread ? " unread" : ""}` }, h("span", { class: "pill" }),
      h("button", {
        type: "button", class: "server", testid, title: name, "aria-label": name + (mentions ? `, ${mentions} mentions` : unread ? ", unread" : ""),
        "aria-current": here ? "page" : null, data: { id }, onclick: () => this.app.openGuild(id),
      }, picture, mentions ? h("span", { class: "count" }, mentions > 99 ? "99+" : mentions) : null));
  }

  channels() {
    const { store } = this;
    const nav = $("channels");
    const guild = store.guild;
    $("guild-header").replaceChildren(h("h1", { testid: "guild-name" }, guild ? guild.name : "Direct messages"));
    if (!guild) {
      const dms = store.directMessages();
      nav.replaceChildren(...(dms.length ? dms.map((c) => this.channel(c)) : [h("p", { class: "hint" }, "No direct messages yet. Press a member in a server to start one.")]));
      return;
    }
    const all = store.channelsOf(guild.id);
    const threads = new Map();
    for (const c of all) if (c.type >= 10 && c.type <= 12 && !(c.thread_metadata && c.thread_metadata.archived)) threads.set(c.parent_id, [...(threads.get(c.parent_id) || []), c]);
    const plain = all.filter((c) => c.type !== 4 && !(c.type >= 10 && c.type <= 12));
    // Voice rooms stand below text channels of the same group, as in Discord.
    const voiceLast = (a, b) => Number(a.type === 2 || a.type === 13) - Number(b.type === 2 || b.type === 13);
    const rows = (list) => list.sort(voiceLast).flatMap((c) => [this.channel(c), ...(threads.get(c.id) || []).map((t) => this.channel(t, true))]);
    const categories = new Set(all.filter((c) => c.type === 4).map((c) => c.id));
    const out = rows(plain.filter((c) => !categories.has(c.parent_id)));
    for (const category of all.filter((c) => c.type === 4)) {
      const inside = plain.filter((c) => c.parent_id === category.id);
      if (!inside.length) continue;
      const shut = this.closed.has(category.id);
      out.push(h("button", {
        type: "button", class: `category${shut ? " shut" : ""}`, testid: "category", "aria-expanded": shut ? "false" : "true",
        onclick: () => { if (!this.closed.delete(category.id)) this.closed.add(category.id); this.channels(); },
      }, icon("chevron", 12), category.name));
      out.push(...rows(shut ? inside.filter((c) => c.id === store.channelId || store.isUnread(c.id)) : inside));
    }
    nav.replaceChildren(...out);
  }

  channel(channel, nested = false) {
    const { store } = this;
    const here = channel.id === store.channelId;
    const mentions = store.mentions.get(channel.id) || 0;
    const unread = !here && store.isUnread(channel.id);
    const name = store.channelName(channel);
    const direct = channel.type === 1 || channel.type === 3;
    const other = direct ? (channel.recipients || []).find((u) => !store.me || u.id !== store.me.id) : null;
    return h("a", {
      class: `channel${here ? " here" : ""}${unread ? " unread" : ""}${nested ? " nested" : ""}${direct ? " direct" : ""}`,
      href: this.app.hashOf(channel), testid: "channel", data: { id: channel.id, name }, "aria-current": here ? "page" : null,
      "aria-label": `${name}${unread ? ", unread" : ""}`,
    }, h("span", { class: "pill" }), direct ? avatar(other, 32, name) : icon(ICONS[channel.type] || "hash", 18), h("span", { class: "channel-name" }, name),
    mentions ? h("span", { class: "count" }, mentions) : null);
  }

  header() {
    const channel = this.store.channel;
    const { app } = this;
    const head = $("channel-header");
    if (!channel) { head.replaceChildren(); return; }
    const direct = channel.type === 1 || channel.type === 3;
    head.replaceChildren(
      h("button", { type: "button", class: "icon-button menu-button", "aria-label": "Show channels", onclick: () => document.body.classList.toggle("show-sidebar") }, icon("hash")),
      direct ? null : h("span", { class: "channel-icon" }, icon(ICONS[channel.type] || "hash", 24)),
      h("h2", { testid: "channel-title" }, this.store.channelName(channel)),
      channel.topic ? h("div", { class: "topic", title: channel.topic }, channel.topic) : h("div", { class: "topic" }),
      h("button", {
        type: "button", class: "icon-button", "aria-label": "Show or hide members", title: "Show or hide members", hidden: direct,
        "aria-pressed": app.showMembers ? "true" : "false", onclick: () => app.toggleMembers(),
      }, icon("people", 22)));
  }
}
