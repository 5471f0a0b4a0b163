// Select menus (strings, users, roles, channels) as a combobox with a list, for messages and for modals.

import { h, icon, popover } from "./dom.js";
import { avatar } from "./avatar.js";
import { roleColour } from "./store.js";

const NAMES = { 3: "an option", 5: "users", 6: "roles", 7: "users or roles", 8: "channels" };
const MOST_SHOWN = 60;

export function selectOptions(component, { store, guildId }) {
  if (component.type === 3) {
    return component.options.map((o) => ({
      value: o.value, label: o.label, note: o.description, emoji: o.emoji && !o.emoji.id ? o.emoji.name : null, chosen: o.default,
    }));
  }
  const guild = store.guilds.get(guildId);
  const preset = new Set((component.default_values || []).map((d) => d.id));
  const out = [];
  if (component.type === 5 || component.type === 7) {
    const ids = guild ? guild.members.keys() : store.users.keys();
    for (const id of ids) {
      const user = store.users.get(id);
      out.push({ value: id, label: store.displayName(id, guildId), note: user && `@${user.username}`, user });
    }
  }
  if (guild && (component.type === 6 || component.type === 7)) {
    for (const role of guild.roles.values()) {
      if (role.id !== guild.id) out.push({ value: role.id, label: `@${role.name}`, colour: roleColour(role) });
    }
  }
  if (guild && component.type === 8) {
    const types = component.channel_types && component.channel_types.length ? component.channel_types : null;
    for (const channel of store.channelsOf(guildId)) {
      if (types ? types.includes(channel.type) : true) out.push({ value: channel.id, label: channel.type === 4 ? channel.name : `# ${channel.name}` });
    }
  }
  for (const option of out) option.chosen = preset.has(option.value);
  return out.sort((a, b) => a.label.localeCompare(b.label));
}

// `choose(values)` is called when a choice is made; in a modal `eager` is false and `values()` is read at the end.
export function selectMenu(component, context, { choose = () => {}, eager = true, disabled = false, label = null } = {}) {
  const least = component.min_values ?? 1;
  const most = component.max_values ?? 1;
  let chosen = selectOptions(component, context).filter((o) => o.chosen);
  const shown = h("span", { class: "select-value" });
  const button = h("button", {
    type: "button", class: "select", testid: "select", role: "combobox", "aria-haspopup": "listbox", "aria-expanded": "false",
    "aria-label": label || component.placeholder || `Choose ${NAMES[component.type]}`, disabled: disabled || component.disabled,
    data: { customId: component.custom_id }, onclick: () => (open && open.open ? open.close() : show()),
    onkeydown: (event) => { if (event.key === "ArrowDown") { event.preventDefault(); if (!open || !open.open) show(); } },
  }, shown, icon("chevron", 18));
  let open = null;

  function paint() {
    shown.replaceChildren(chosen.length ? chosen.map((o) => o.label).join(", ") : component.placeholder || "Make a selection");
    shown.classList.toggle("placeholder", !chosen.length);
  }

  function show() {
    const options = selectOptions(component, context);
    const before = chosen.map((o) => o.value).join();
    let at = 0;
    let visible = [];
    const search = component.type === 3 && options.length <= 8 ? null
      : h("input", { class: "select-search", type: "text", placeholder: "Search", "aria-label": "Search options", oninput: () => { at = 0; list(); } });
    const box = h("div", { class: "select-list", role: "listbox", tabindex: "-1", "aria-multiselectable": most > 1 ? "true" : null });
    const panel = h("div", { class: "select-panel", onkeydown: keys }, search, box);
    panel.style.setProperty("min-width", `${button.offsetWidth}px`);

    function list() {
      const wanted = search ? search.value.trim().toLowerCase() : "";
      visible = options.filter((o) => !wanted || o.label.toLowerCase().includes(wanted)).slice(0, MOST_SHOWN);
      box.replaceChildren(...visible.map((o, index) => row(o, index)));
      if (!visible.length) box.append(h("div", { class: "empty" }, "Nothing found"));
    }

    function row(o, index) {
      const on = chosen.some((c) => c.value === o.value);
      return h("div", {
        class: `select-option${index === at ? " active" : ""}`, role: "option", testid: "select-option", "aria-selected": on ? "true" : "false",
        data: { value: o.value }, onclick: () => toggle(o),
      },
        o.user ? avatar(o.user, 24) : null, o.emoji ? h("span", { class: "emoji" }, o.emoji) : null,
        h("div", { class: "select-text" }, h("div", { style: o.colour ? { color: o.colour } : {} }, o.label), o.note ? h("div", { class: "muted small" }, o.note) : null),
        most > 1 ? h("span", { class: `tick${on ? " on" : ""}` }, on ? "✓" : "") : null);
    }

    function toggle(o) {
      if (most === 1) {
        chosen = [o];
        open.close();
        return;
      }
      if (chosen.some((c) => c.value === o.value)) chosen = chosen.filter((c) => c.value !== o.value);
      else if (chosen.length < most) chosen = [...chosen, o];
      list();
    }

    function keys(event) {
      if (event.key === "ArrowDown" || event.key === "ArrowUp") {
        event.preventDefault();
        at = (at + (event.key === "ArrowDown" ? 1 : visible.length - 1)) % Math.max(1, visible.length);
        list();
        if (box.children[at]) box.children[at].scrollIntoView({ block: "nearest" });
      } else if (event.key === "Enter" || (event.key === " " && !search)) {
        event.preventDefault();
        if (visible[at]) toggle(visible[at]);
      } else if (event.key === "Tab") open.close();
    }

    list();
    button.setAttribute("aria-expanded", "true");
    open = popover(button, panel, {
      onclose: () => {
        button.setAttribute("aria-expanded", "false");
        paint();
        const now = chosen.map((o) => o.value);
        if (eager && now.length >= least && (now.join() !== before || most === 1) && (now.length || before)) {
          if (now.join() !== before) choose(now);
        }
      },
    });
    (search || box).focus();
  }

  paint();
  return { node: button, values: () => chosen.map((o) => o.value) };
}
