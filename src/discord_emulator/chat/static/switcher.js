// The panel at the foot: who one is, the list of local users to become, and the theme.

import { $, h, icon, popover, toast } from "./dom.js";
import { avatar } from "./avatar.js";
import { localUsers } from "./rest.js";

const MOST_SHOWN = 100;

export class Switcher {
  constructor(app) {
    this.app = app;
    app.store.watch(["user"], () => this.render());
  }

  render() {
    const me = this.app.user;
    const dark = document.documentElement.dataset.theme !== "light";
    $("user-panel").replaceChildren(
      h("button", {
        type: "button", class: "switcher", testid: "user-switcher", "aria-haspopup": "dialog", title: "Become another user",
        onclick: (event) => this.open(event.currentTarget),
      }, me ? avatar(me, 32) : null,
      h("span", { class: "switcher-text" }, h("span", { class: "muted small" }, "You are"),
        h("span", { class: "switcher-name" }, me ? me.global_name || me.username : "nobody yet")), icon("chevron", 16)),
      h("button", {
        type: "button", class: "icon-button", testid: "theme", "aria-label": dark ? "Light theme" : "Dark theme", title: dark ? "Light theme" : "Dark theme",
        onclick: () => this.app.setTheme(dark ? "light" : "dark"),
      }, icon(dark ? "sun" : "moon", 18)));
  }

  async open(anchor) {
    try {
      this.app.users = order(await localUsers());
    } catch (error) {
      toast(error.message);
      return;
    }
    const list = h("div", { class: "user-list", role: "listbox", "aria-label": "Users" });
    const search = h("input", { class: "select-search", type: "text", placeholder: "Find a user", "aria-label": "Find a user", testid: "user-search", oninput: () => fill(),
      onkeydown: (event) => {
        if (event.key === "Enter" && list.firstChild && list.firstChild.click) list.firstChild.click();
        if (event.key === "ArrowDown" && list.firstChild) { event.preventDefault(); list.firstChild.focus(); }
      } });
    const fill = () => {
      const wanted = search.value.trim().toLowerCase();
      const found = this.app.users.filter((u) => !u.bot && (!wanted || `${u.global_name || ""} ${u.username}`.toLowerCase().includes(wanted)));
      list.replaceChildren(...found.slice(0, MOST_SHOWN).map((user) => h("button", {
        type: "button", class: "user-option", role: "option", testid: "user-option", data: { username: user.username },
        "aria-selected": this.app.user && user.id === this.app.user.id ? "true" : "false",
        onclick: () => { panel.close(); this.app.become(user); },
        onkeydown: (event) => {
          const next = event.key === "ArrowDown" ? event.currentTarget.nextSibling : event.key === "ArrowUp" ? event.currentTarget.previousSibling : null;
          if (next && next.focus) { event.preventDefault(); next.focus(); }
        },
      }, avatar(user, 32), h("span", { class: "user-option-text" }, h("span", {}, user.global_name || user.username),
        h("span", { class: "muted small" }, `${user.username} · ${count((user.guild_ids || []).length)}`)))));
      if (found.length > MOST_SHOWN) list.append(h("div", { class: "empty" }, `${found.length - MOST_SHOWN} more: type to find them`));
      if (!found.length) list.append(h("div", { class: "empty" }, "Nobody found"));
    };
    fill();
    const panel = popover(anchor, h("div", { class: "user-panel-list", role: "dialog", "aria-label": "Become another user" },
      h("h3", {}, "Type as"), search, list), { prefer: "above" });
    search.focus();
  }
}

const count = (n) => `${n} ${n === 1 ? "server" : "servers"}`;

// People first, then those with something to see.
export function order(users) {
  const weight = (u) => (u.bot ? 2 : 0) + ((u.guild_ids || []).length ? 0 : 1);
  return [...users].sort((a, b) => weight(a) - weight(b));
}
