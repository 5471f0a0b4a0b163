// Where one writes: text with mention completion, files, replies, and the way into slash commands.

import { $, h, icon, toast } from "./dom.js";
import { avatar } from "./avatar.js";
import { CommandForm } from "./commandform.js";
import { Picker } from "./picker.js";
import { loadCommands, matchCommands } from "./commands.js";
import { fileSize } from "./embeds.js";
import { dots, startEdit } from "./message.js";
import { can, SEND_MESSAGES } from "./permissions.js";
import { pickEmoji, withGlyphs } from "./reactions.js";
import { TEXT_TYPES } from "./sidebar.js";

const TYPING_EVERY_MS = 8000;
const LONGEST = 2000;

export class Composer {
  constructor(app) {
    this.app = app;
    this.store = app.store;
    this.files = [];
    this.drafts = new Map();
    this.form = null;
    this.typed = 0;
    this.picker = new Picker($("composer"));
    this.box = h("textarea", {
      class: "composer", testid: "composer", rows: 1, maxlength: 4000, role: "combobox", "aria-autocomplete": "list", "aria-expanded": "false",
      oninput: () => this.changed(), onkeydown: (event) => this.key(event), onpaste: (event) => this.paste(event), onblur: () => setTimeout(() => { if (document.activeElement !== this.box) this.picker.hide(); }, 150),
    });
    this.chooser = h("input", { type: "file", multiple: true, hidden: true, onchange: () => { this.addFiles(this.chooser.files); this.chooser.value = ""; } });
    this.above = h("div", { class: "composer-above" });
    this.row = h("div", { class: "composer-box" },
      h("button", { type: "button", class: "icon-button", "aria-label": "Attach a file", title: "Attach a file", onclick: () => this.chooser.click() }, icon("plus")),
      this.box,
      h("button", { type: "button", class: "icon-button", "aria-label": "Choose an emoji", title: "Choose an emoji", onclick: (event) => pickEmoji(event.currentTarget, (emoji) => this.insert(emoji.name)) }, icon("smile", 22)),
      this.chooser);
    this.slot = h("div", { class: "composer-slot" }, this.above, this.row);
    $("composer").append(this.slot);
    this.store.watch(["typing"], () => this.paintTyping());
    this.store.watch(["channels"], () => this.paint());
    const zone = document.querySelector(".conversation");
    zone.addEventListener("dragover", (event) => event.preventDefault());
    zone.addEventListener("drop", (event) => { event.preventDefault(); this.addFiles(event.dataTransfer.files); });
    this.paint();
  }

  switchTo(now) {
    if (now === this.current) { this.paint(); return; }
    this.leaveCommand();
    if (this.current) this.drafts.set(this.current, this.box.value);
    this.current = now;
    this.box.value = this.drafts.get(now) || "";
    this.files = [];
    this.replying = null;
    this.paint();
    this.fit();
    this.focus();
  }

  focus() { if (this.form) this.form.focus(); else this.box.focus({ preventScroll: true }); }

  paint() {
    const { channel } = this.store;
    const direct = channel && (channel.type === 1 || channel.type === 3);
    const writable = channel && TEXT_TYPES.has(channel.type);
    const may = writable && can(this.store.guild, channel, this.store.me && this.store.me.id, SEND_MESSAGES);
    this.slot.hidden = !channel;
    this.box.disabled = !may;
    const name = channel ? `${direct ? "@" : "#"}${this.store.channelName(channel)}` : "";
    this.box.placeholder = may ? `Message ${name}` : writable ? "You do not have permission to send messages in this channel." : "Messages cannot be written here.";
    this.box.setAttribute("aria-label", `Message ${name}`);
    this.above.replaceChildren(
      ...(this.replying ? [h("div", { class: "reply-bar", testid: "reply-bar" }, h("span", {}, "Replying to ", h("strong", {}, this.store.displayName(this.replying.author.id, this.store.guildId, this.replying.author))),
        h("button", { type: "button", class: "icon-button", "aria-label": "Stop replying", onclick: () => this.reply(null) }, icon("close", 16)))] : []),
      ...(this.files.length ? [h("div", { class: "file-bar" }, this.files.map((file) => h("span", { class: "file-chip" }, icon("file", 18), `${file.name} (${fileSize(file.size)})`,
        h("button", { type: "button", class: "icon-button", "aria-label": `Remove ${file.name}`, onclick: () => { this.files = this.files.filter((f) => f !== file); this.paint(); } }, icon("close", 14)))))] : []));
  }

  paintTyping() {
    const ids = [...(this.store.typing.get(this.store.channelId) || new Map()).keys()];
    const names = ids.slice(0, 3).map((id) => h("strong", {}, this.store.displayName(id)));
    const line = !ids.length ? [] : ids.length > 3 ? [dots(), "Several people are typing…"]
      : [dots(), ...names.flatMap((n, i) => (i ? [i === names.length - 1 ? " and " : ", ", n] : [n])), ids.length === 1 ? " is typing…" : " are typing…"];
    $("typing").replaceChildren(...line);
  }

  fit() {
    this.box.style.setProperty("height", "auto");
    this.box.style.setProperty("height", `${Math.min(this.box.scrollHeight, innerHeight * 0.4)}px`);
  }

  insert(text) {
    const { selectionStart: at, selectionEnd: end, value } = this.box;
    this.box.value = value.slice(0, at) + text + value.slice(end);
    this.box.setSelectionRange(at + text.length, at + text.length);
    this.box.focus();
    this.changed();
  }

  mentionUser(user) {
    this.insert(`@${user.username} `);
  }

  reply(message) {
    this.replying = message;
    this.paint();
    this.focus();
  }

  addFiles(list) {
    this.files = [...this.files, ...list].slice(0, 10);
    this.paint();
    this.focus();
  }

  paste(event) {
    if (event.clipboardData.files.length) { event.preventDefault(); this.addFiles(event.clipboardData.files); }
  }

  async changed() {
    this.fit();
    const { value } = this.box;
    if (value.startsWith("/") && !value.includes("\n") && this.store.guildId) { await this.suggestCommands(value); return; }
    this.suggestMentions();
    if (value.trim() && Date.now() - this.typed > TYPING_EVERY_MS) {
      this.typed = Date.now();
      this.app.rest.typing(this.store.channelId).catch((error) => console.warn("typing:", error.message));
    }
  }

  async suggestCommands(value) {
    let commands;
    try {
      commands = await loadCommands(this.app);
    } catch (error) { toast(error.message); return; }
    if (this.box.value !== value) return;
    const wanted = value.slice(1);
    const exact = wanted.endsWith(" ") && commands.find((c) => c.fullName === wanted.trim());
    if (exact) { this.enterCommand(exact); return; }
    const found = matchCommands(commands, wanted.trim());
    let section = null;
    this.picker.show(found.map((command) => {
      const heading = command.application.name !== section ? command.application.name : null;
      section = command.application.name;
      return {
        heading, picture: avatar(this.store.users.get(command.application.bot_id) || { id: command.application_id, username: command.application.name }, 32),
        label: `/${command.fullName}`, extra: command.leaves.map((o) => o.name).join("  "), note: command.leafDescription, side: command.application.name,
        pick: () => this.enterCommand(command),
      };
    }), { empty: wanted ? "No command of that name" : "This server has no commands", title: "Commands" });
    this.box.setAttribute("aria-expanded", "true");
  }

  suggestMentions() {
    const { value, selectionStart: at } = this.box;
    const before = value.slice(0, at);
    const m = /(^|\s)([@#])([^\s@#]{0,32})$/.exec(before);
    if (!m) { this.picker.hide(); this.box.setAttribute("aria-expanded", "false"); return; }
    const from = at - m[3].length - 1;
    const put = (text) => { this.box.setRangeText(text, from, at, "end"); this.picker.hide(); this.box.focus(); };
    const wanted = m[3].toLowerCase();
    const items = [];
    if (m[2] === "@") {
      const ids = this.store.guild ? this.store.guild.members.keys() : this.store.users.keys();
      for (const id of ids) {
        const user = this.store.users.get(id);
        if (!user) continue;
        const name = this.store.displayName(id);
        if (!name.toLowerCase().includes(wanted) && !user.username.toLowerCase().includes(wanted)) continue;
        items.push({ picture: avatar(user, 24), label: name, note: user.username, pick: () => put(`@${user.username} `) });
        if (items.length >= 10) break;
      }
    } else if (this.store.guild) {
      for (const channel of this.store.channelsOf(this.store.guildId)) {
        if (channel.type === 4 || !channel.name.includes(wanted)) continue;
        items.push({ picture: icon("hash", 18), label: channel.name, pick: () => put(`<#${channel.id}> `) });
        if (items.length >= 10) break;
      }
    }
    if (items.length) this.picker.show(items, { title: m[2] === "@" ? "Members" : "Channels" });
    else this.picker.hide();
  }

  key(event) {
    if (event.isComposing) return;
    if (this.picker.key(event)) return;
    if (event.key === "Enter" && !event.shiftKey) { event.preventDefault(); this.submit(); }
    else if (event.key === "Escape" && this.replying) this.reply(null);
    else if (event.key === "ArrowUp" && !this.box.value) {
      const mine = [...(this.store.history ? this.store.history.list : [])].reverse().find((m) => m.author.id === this.store.me.id && !(m.flags & 64) && m.type !== 20);
      if (mine) { event.preventDefault(); startEdit(mine, this.app); }
    }
  }

  async submit() {
    const text = this.box.value;
    const content = withGlyphs(this.store.withMentions(text)).trim();
    if (!content && !this.files.length) return;
    if ([...content].length > LONGEST) { toast(`A message may have ${LONGEST} characters; this one has ${[...content].length}.`); return; }
    const channelId = this.store.channelId;
    const body = { content, tts: false };
    if (this.replying) body.message_reference = { message_id: this.replying.id, channel_id: channelId };
    const files = this.files;
    this.box.value = "";
    this.files = [];
    this.replying = null;
    this.typed = 0;
    this.paint();
    this.fit();
    this.app.toPresent();
    try {
      if (files.length) body.attachments = files.map((file, id) => ({ id: String(id), filename: file.name }));
      await this.app.rest.send(channelId, body, files);
    } catch (error) {
      toast(error.message);
      if (!this.box.value && channelId === this.store.channelId) { this.box.value = text; this.files = files; this.paint(); this.fit(); }
    }
  }

  enterCommand(command) {
    this.picker.hide();
    this.box.value = "";
    this.fit();
    this.form = new CommandForm(command, this.app, this.picker, () => { this.leaveCommand(); this.focus(); });
    this.row.hidden = true;
    this.slot.append(this.form.node);
    this.form.focus();
  }

  leaveCommand() {
    this.picker.hide();
    if (!this.form) return;
    this.form.node.remove();
    this.form = null;
    this.row.hidden = false;
  }
}
