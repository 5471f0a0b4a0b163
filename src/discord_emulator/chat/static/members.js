// The member list: grouped by hoisted role, online before offline, bounded in length.

import { $, h, icon, popover, toast } from "./dom.js";
import { avatar, colourOf } from "./avatar.js";
import { tagOf } from "./message.js";
import { compareIds, timeOf } from "./ids.js";
import { roleColour } from "./store.js";
import { day } from "./time.js";

const MOST_SHOWN = 200;
const EVERY_MS = 500; // a stream of joins must not rebuild the list every frame

export class Members {
  constructor(app) {
    this.app = app;
    this.store = app.store;
    this.timer = 0;
    this.store.watch(["members"], () => this.soon());
  }

  soon() {
    if (this.timer) return;
    const wait = Math.max(0, EVERY_MS - (performance.now() - (this.painted || -EVERY_MS)));
    this.timer = setTimeout(() => { this.timer = 0; this.render(); }, wait);
  }

  groups(guild) {
    const hoisted = [...guild.roles.values()].filter((r) => r.hoist && r.id !== guild.id).sort((a, b) => b.position - a.position || compareIds(a.id, b.id));
    const byRole = new Map(hoisted.map((role) => [role.id, { title: role.name, ids: [] }]));
    const online = { title: "Online", ids: [] }, offline = { title: "Offline", ids: [], dim: true };
    const told = guild.presences.size > 0;
    for (const [id, member] of guild.members) {
      const user = this.store.users.get(id);
      const status = guild.presences.get(id);
      const away = told && !(user && user.bot) && id !== (this.store.me && this.store.me.id) && (!status || status === "offline");
      if (away) { offline.ids.push(id); continue; }
      const top = hoisted.find((role) => member.roles.includes(role.id));
      (top ? byRole.get(top.id) : online).ids.push(id);
    }
    return [...byRole.values(), online, offline].filter((group) => group.ids.length);
  }

  render() {
    const box = $("members");
    const guild = this.store.guild;
    box.hidden = !guild || !this.app.showMembers;
    if (box.hidden) { box.replaceChildren(); return; }
    this.painted = performance.now();
    const out = [];
    let left = MOST_SHOWN;
    for (const group of this.groups(guild)) {
      if (left <= 0) break;
      out.push(h("h3", { class: "member-group" }, `${group.title} — ${group.ids.length}`));
      const names = group.ids.map((id) => [this.store.displayName(id, guild.id), id]);
      names.sort((a, b) => a[0].localeCompare(b[0]));
      for (const [name, id] of names.slice(0, left)) out.push(this.member(guild, id, name, group.dim));
      left -= names.length;
    }
    const more = guild.member_count - Math.min(guild.members.size, MOST_SHOWN);
    if (more > 0) out.push(h("p", { class: "hint" }, `and ${more.toLocaleString("en")} more`));
    box.replaceChildren(...out);
  }

  member(guild, id, name, dim) {
    const user = this.store.users.get(id) || { id, username: name };
    const colour = this.store.colourOf(id, guild.id);
    return h("button", {
      type: "button", class: `member${dim ? " dim" : ""}`, testid: "member", data: { id, name: user.username },
      onclick: (event) => profile(event.currentTarget, id, this.app),
    }, h("span", { class: "presence-wrap" }, avatar(user, 32, name), dim ? null : h("span", { class: "presence" })),
    h("span", { class: "member-name", style: colour ? { color: colour } : {} }, name), tagOf(user),
    guild.owner_id === id ? h("span", { class: "crown", title: "Server owner" }, icon("crown", 14)) : null);
  }
}

function profile(anchor, id, app) {
  const { store } = app;
  const user = store.users.get(id);
  if (!user) return;
  const guild = store.guild;
  const roles = store.topRoles(id).map((role) => h("span", { class: "role-chip" }, h("i", { style: { "background-color": roleColour(role) || "#99aab5" } }), role.name));
  const own = store.me && id === store.me.id;
  const box = h("div", { class: "profile", testid: "profile" }, h("div", { class: "profile-banner", style: { "background-color": colourOf(user.id) } }), avatar(user, 72, store.displayName(id)),
    h("h3", {}, store.displayName(id), tagOf(user)), h("div", { class: "muted" }, user.username),
    h("div", { class: "muted small" }, `On Discord since ${day(new Date(timeOf(id)))}`),
    guild && roles.length ? h("div", { class: "role-chips" }, roles) : null,
    own || user.bot ? null : h("button", {
      type: "button", class: "button button-primary", testid: "open-dm", onclick: async () => {
        open.close();
        try {
          const channel = await app.rest.openDm(id);
          store.addChannel(channel, null);
          app.open(channel.id);
        } catch (error) { toast(error.message); }
      },
    }, "Message"),
    own ? null : h("button", { type: "button", class: "button button-secondary", onclick: () => { open.close(); app.mention(user); } }, "Mention"));
  const open = popover(anchor, box, { align: "end" });
}
