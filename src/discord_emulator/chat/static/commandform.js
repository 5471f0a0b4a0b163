// One slash command being filled in: an input for each option, with choices, lists and autocomplete.

import { h, icon, toast } from "./dom.js";
import { avatar } from "./avatar.js";
import { nest } from "./commands.js";
import { roleColour } from "./store.js";

const KINDS = { 3: "text", 4: "whole number", 5: "true or false", 6: "member", 7: "channel", 8: "role", 9: "member or role", 10: "number", 11: "file" };
const WAIT_MS = 120;

export class CommandForm {
  constructor(command, app, picker, leave) {
    this.command = command;
    this.app = app;
    this.picker = picker;
    this.leave = leave;
    this.fields = new Map();
    this.hint = h("div", { class: "command-hint", role: "status", testid: "command-hint" });
    this.chips = h("div", { class: "command-chips" });
    this.more = h("div", { class: "command-more" });
    this.name = h("button", {
      type: "button", class: "command-name", testid: "command-name", onkeydown: (event) => this.nameKey(event), "aria-label": `/${command.fullName}, press Enter to send`,
    }, `/${command.fullName}`);
    const bot = app.store.users.get(command.application.bot_id) || { id: command.application_id, username: command.application.name };
    this.node = h("div", { class: "command-form", testid: "command-form" }, this.hint,
      h("div", { class: "composer-box command-row" }, avatar(bot, 24), this.name, this.chips, this.more,
        h("button", { type: "button", class: "icon-button", "aria-label": "Leave the command", onclick: () => this.leave() }, icon("close", 18)),
        h("button", { type: "button", class: "button button-primary small-button", testid: "command-send", onclick: () => this.send() }, "Send")));
    for (const option of command.leaves.filter((o) => o.required)) this.add(option);
    this.paintMore();
    this.say(command.leafDescription);
  }

  say(text, bad = false) {
    this.hint.textContent = text;
    this.hint.classList.toggle("bad", bad);
  }

  focus() {
    const first = this.fields.values().next().value;
    (first ? first.input : this.name).focus();
  }

  paintMore() {
    const left = this.command.leaves.filter((o) => !this.fields.has(o.name));
    this.more.replaceChildren(...left.slice(0, 6).map((option) => h("button", {
      type: "button", class: "command-add", testid: "command-add", data: { name: option.name }, title: option.description,
      onclick: () => { this.add(option).input.focus(); this.paintMore(); },
    }, `+ ${option.name}`)));
  }

  add(option) {
    const input = h("input", {
      class: "command-input", testid: "command-option", data: { name: option.name }, type: option.type === 11 ? "file" : "text", autocomplete: "off", spellcheck: "false",
      "aria-label": `${option.name}: ${option.description}`, "aria-required": option.required ? "true" : null, placeholder: KINDS[option.type],
      onfocus: () => { this.say(`${option.name}: ${option.description}`); this.suggest(field); },
      oninput: () => { field.picked = null; chip.classList.remove("invalid"); this.widen(field); this.suggest(field); },
      onblur: () => setTimeout(() => { if (!this.node.contains(document.activeElement)) this.picker.hide(); }, 150),
      onkeydown: (event) => this.fieldKey(event, field),
    });
    const chip = h("label", { class: `command-chip${option.required ? " needed" : ""}` },
      h("span", { class: "command-chip-name" }, option.name, option.required ? h("span", { class: "required", title: "required" }, "*") : null), input);
    const field = { option, input, chip, picked: null };
    this.fields.set(option.name, field);
    this.chips.append(chip);
    this.widen(field);
    return field;
  }

  widen(field) {
    const length = Math.max(field.input.value.length, field.input.placeholder.length, 6);
    field.input.style.setProperty("width", `${Math.min(length + 2, 48)}ch`);
  }

  drop(field) {
    this.fields.delete(field.option.name);
    field.chip.remove();
    this.paintMore();
    this.focus();
  }

  nameKey(event) {
    if (event.key === "Enter") { event.preventDefault(); this.send(); }
    else if (event.key === "Escape" || event.key === "Backspace") { event.preventDefault(); this.leave(); }
  }

  fieldKey(event, field) {
    if (event.isComposing) return;
    if (event.key === "Tab" && field.picked) { this.picker.hide(); return; }
    if (event.key === "Tab" && !field.input.value) { this.picker.hide(); return; }
    if (event.key === "Enter" && field.picked) this.picker.hide();
    if (this.picker.key(event)) return;
    if (event.key === "Enter") { event.preventDefault(); this.send(); }
    else if (event.key === "Escape") { event.preventDefault(); this.leave(); }
    else if (event.key === "Backspace" && !field.input.value) {
      event.preventDefault();
      if (field.option.required) this.leave(); else this.drop(field);
    }
  }

  pick(field, value, label) {
    field.picked = { value };
    field.input.value = label;
    field.chip.classList.remove("invalid");
    this.widen(field);
    this.picker.hide();
    const empty = [...this.fields.values()].find((f) => !f.input.value);
    (empty || field).input.focus();
    if (!empty) this.picker.hide();
  }

  suggest(field) {
    clearTimeout(this.timer);
    if (field.option.autocomplete) {
      this.timer = setTimeout(() => this.ask(field), WAIT_MS);
      return;
    }
    const wanted = field.picked ? "" : field.input.value.trim().toLowerCase();
    const items = this.candidates(field.option)
      .filter((c) => !wanted || c.label.toLowerCase().includes(wanted)).slice(0, 25)
      .map((c) => ({ ...c, pick: () => this.pick(field, c.value, c.label) }));
    const closed = this.isList(field.option);
    if (!closed) { this.picker.hide(); return; }
    this.picker.show(items, { title: field.option.name, empty: "Nothing fits" });
  }

  isList(option) { return Boolean(option.choices && option.choices.length) || [5, 6, 7, 8, 9].includes(option.type); }

  candidates(option) {
    const { store } = this.app;
    const guild = store.guild;
    if (option.choices && option.choices.length) return option.choices.map((c) => ({ label: c.name, value: c.value }));
    if (option.type === 5) return [{ label: "True", value: true }, { label: "False", value: false }];
    if (!guild) return [];
    const out = [];
    if (option.type === 6 || option.type === 9) {
      for (const id of guild.members.keys()) {
        const user = store.users.get(id);
        if (user) out.push({ label: store.displayName(id), note: user.username, value: id, picture: avatar(user, 24) });
      }
    }
    if (option.type === 7) {
      for (const channel of store.channelsOf(guild.id)) {
        if (option.channel_types && option.channel_types.length && !option.channel_types.includes(channel.type)) continue;
        out.push({ label: channel.name, value: channel.id, picture: icon("hash", 18) });
      }
    }
    if (option.type === 8 || option.type === 9) {
      for (const role of guild.roles.values()) {
        const dot = h("span", { class: "role-dot", style: { "background-color": roleColour(role) || "#99aab5" } });
        out.push({ label: role.id === guild.id ? "@everyone" : `@${role.name.replace(/^@/, "")}`, value: role.id, picture: dot });
      }
    }
    return out;
  }

  async ask(field) {
    const options = [];
    for (const other of this.fields.values()) {
      const text = other.input.value;
      if (other !== field && !text) continue;
      const read = other === field ? { value: this.partial(other.option, text) } : this.read(other);
      if (read.problem) continue;
      const entry = { type: other.option.type, name: other.option.name, value: read.value };
      if (other === field) entry.focused = true;
      options.push(entry);
    }
    const choices = await this.app.interactions.autocomplete(this.command, nest(this.command, options), this.app.store.channel);
    if (choices === null || document.activeElement !== field.input) return;
    if (field.picked) return;
    this.picker.show(choices.map((c) => ({ label: c.name, pick: () => this.pick(field, c.value, c.name) })),
      { title: field.option.name, empty: "No suggestions", pickFirst: Boolean(field.input.value) });
  }

  // While one types, Discord sends the raw text of the focused option even when it is no number yet.
  partial(option, text) { return text; }

  read({ option, input, picked }) {
    if (option.type === 11) return { value: "", file: input.files[0] };
    if (picked) return { value: picked.value };
    const text = input.value.trim();
    if (this.isList(option)) {
      const exact = this.candidates(option).find((c) => c.label.toLowerCase() === text.toLowerCase()
        || c.label.toLowerCase() === `@${text.toLowerCase()}` || String(c.value) === text || (c.note && c.note === text));
      return exact ? { value: exact.value } : { problem: `choose a ${option.choices && option.choices.length ? "choice" : KINDS[option.type]} from the list` };
    }
    if (option.type === 4 || option.type === 10) {
      const number = Number(text);
      if (!text || !Number.isFinite(number) || (option.type === 4 && !Number.isInteger(number))) return { problem: `must be a ${KINDS[option.type]}` };
      if (option.min_value !== undefined && option.min_value !== null && number < option.min_value) return { problem: `must be at least ${option.min_value}` };
      if (option.max_value !== undefined && option.max_value !== null && number > option.max_value) return { problem: `must be at most ${option.max_value}` };
      return { value: number };
    }
    if (option.min_length && text.length < option.min_length) return { problem: `must have at least ${option.min_length} characters` };
    if (option.max_length && text.length > option.max_length) return { problem: `must have at most ${option.max_length} characters` };
    return { value: this.app.store.withMentions(text) };
  }

  async send() {
    const options = [];
    const files = [];
    for (const field of this.fields.values()) {
      if (!field.input.value && !field.option.required) continue;
      const { value, file, problem } = field.input.value ? this.read(field) : { problem: "is required" };
      if (problem) {
        field.chip.classList.add("invalid");
        field.input.focus();
        this.picker.hide();
        this.say(`${field.option.name}: ${problem}`, true);
        return;
      }
      // A file is named by its place among those that are sent along.
      options.push({ type: field.option.type, name: field.option.name, value: file ? String(files.push(file) - 1) : value });
    }
    clearTimeout(this.timer);
    const { command, app } = this;
    const channel = app.store.channel;
    this.leave();
    app.toPresent();
    try {
      await app.interactions.command(command, nest(command, options), channel, files);
    } catch (error) { toast(error.message); }
  }
}
