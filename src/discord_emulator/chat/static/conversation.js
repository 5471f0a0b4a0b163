// The message list: keeps rendered messages by id, follows the present, loads older ones on scroll.

import { $, h, icon, toast } from "./dom.js";
import { initials } from "./avatar.js";
import { isSystem, renderMessage, renderNote } from "./message.js";
import { day } from "./time.js";

const PAGE = 50;
const GROUP_MS = 7 * 60 * 1000;
const NEAR = 60;

export class Conversation {
  constructor(app) {
    this.app = app;
    this.store = app.store;
    this.list = $("messages");
    this.scroller = $("scroller");
    this.jump = $("jump");
    this.rows = new Map();
    this.shownChannel = null;
    this.missed = 0;
    this.store.watch(["messages"], () => this.render());
    this.scroller.addEventListener("scroll", () => this.scrolled(), { passive: true });
    this.jump.addEventListener("click", () => this.toPresent());
    document.addEventListener("visibilitychange", () => this.read());
    // Pictures and a growing composer change heights after the rows are in place.
    const resized = new ResizeObserver(() => { const history = this.store.history; if (history && history.following) this.toBottom(); });
    resized.observe(this.list);
    resized.observe(this.scroller);
  }

  async load() {
    const channelId = this.store.channelId;
    const history = this.store.historyOf(channelId);
    if (history.loaded || history.loading) { this.render(); return; }
    history.loading = true;
    try {
      const messages = await this.app.rest.messages(channelId, { limit: PAGE });
      history.reset(messages.reverse(), messages.length < PAGE);
      history.following = true;
      this.learnAuthors(messages);
    } catch (error) {
      history.loading = false;
      toast(error.message);
    }
    this.render();
    this.read();
    // A tall window may have room for more than one page, and then nothing can be scrolled.
    if (channelId === this.store.channelId && this.scroller.scrollHeight <= this.scroller.clientHeight) this.loadOlder();
  }

  async loadOlder() {
    const history = this.store.history;
    if (!history || !history.loaded || history.loading || history.atStart || !history.list.length) return;
    history.loading = true;
    const channelId = this.store.channelId;
    try {
      const messages = await this.app.rest.messages(channelId, { limit: PAGE, before: history.list[0].id });
      history.older(messages.reverse(), messages.length < PAGE);
      this.learnAuthors(messages);
    } catch (error) {
      history.loading = false;
      toast(error.message);
      return;
    }
    if (channelId === this.store.channelId) {
      const before = this.scroller.scrollHeight - this.scroller.scrollTop;
      this.render();
      this.scroller.scrollTop = this.scroller.scrollHeight - before;
    }
  }

  // Listed messages carry no roles of their authors: ask for those that are not known yet.
  learnAuthors(messages) {
    for (const message of messages) if (!message.webhook_id) this.store.addUser(message.author);
    const guild = this.store.guild;
    if (!guild) return;
    const unknown = [...new Set(messages.filter((m) => !m.webhook_id && !guild.members.has(m.author.id)).map((m) => m.author.id))];
    if (unknown.length) this.store.requestMembers({ guild_id: guild.id, user_ids: unknown.slice(0, 100), limit: 0 });
  }

  toBottom() { this.scroller.scrollTop = this.scroller.scrollHeight; }

  toPresent() {
    const history = this.store.history;
    history.following = true;
    this.missed = 0;
    if (history.detached) { history.loaded = false; this.load(); } else { history.trimOldest(); this.render(); this.toBottom(); }
    this.read();
  }

  read() {
    const history = this.store.history;
    if (document.visibilityState === "visible" && history && history.loaded && history.following) this.store.markRead(this.store.channelId);
  }

  scrolled() {
    const history = this.store.history;
    if (!history || this.shownChannel !== this.store.channelId) return;
    const { scrollTop, scrollHeight, clientHeight } = this.scroller;
    const following = scrollHeight - scrollTop - clientHeight < NEAR && !history.detached;
    if (following !== history.following) {
      history.following = following;
      this.missed = 0;
      this.paintJump(history);
      if (following) this.read();
    }
    if (scrollTop < 200 && !history.following) this.loadOlder();
  }

  paintJump(history) {
    this.jump.hidden = history.following;
    const label = this.missed ? `${this.missed} new ${this.missed === 1 ? "message" : "messages"}` : "Jump to present";
    this.jump.replaceChildren(label, icon("down", 16));
  }

  jumpTo(id) {
    const row = this.rows.get(id);
    if (!row) { toast("That message is not loaded; scroll up to find it.", "info"); return; }
    row.node.scrollIntoView({ block: "center" });
    row.node.classList.remove("flash");
    requestAnimationFrame(() => row.node.classList.add("flash"));
  }

  render() {
    const { store } = this;
    const channelId = store.channelId;
    if (channelId !== this.shownChannel || this.epoch !== store.epoch) {
      this.rows.clear();
      this.list.replaceChildren();
      if (channelId !== this.shownChannel) this.missed = 0;
      this.shownChannel = channelId;
      this.epoch = store.epoch;
      this.newest = null;
    }
    const history = store.history;
    this.jump.hidden = true;
    if (!history) return;
    const wanted = this.wanted(history);
    const keep = new Set(wanted.map((row) => row.key));
    for (const [key, row] of this.rows) if (!keep.has(key)) { row.node.remove(); this.rows.delete(key); }
    let previous = null;
    for (const item of wanted) {
      let row = this.rows.get(item.key);
      if (!row || row.version !== item.version) {
        const node = item.build();
        if (row) row.node.replaceWith(node);
        row = { node, version: item.version };
        this.rows.set(item.key, row);
      }
      const place = previous ? previous.nextSibling : this.list.firstChild;
      if (place !== row.node) this.list.insertBefore(row.node, place);
      previous = row.node;
    }
    const last = history.list.length ? history.list[history.list.length - 1].id : null;
    if (!history.following && this.newest && last !== this.newest) {
      this.missed += history.list.length - 1 - history.list.findIndex((m) => m.id === this.newest);
    }
    this.newest = last;
    this.list.setAttribute("aria-busy", history.loading ? "true" : "false");
    this.paintJump(history);
    if (history.following) this.toBottom();
  }

  wanted(history) {
    const out = [];
    if (history.loaded && history.atStart) out.push({ key: "start", version: this.store.channelId, build: () => this.start() });
    else if (!history.loaded) out.push({ key: "loading", version: 0, build: () => h("li", { class: "loading" }, "Loading messages…") });
    let before = null;
    for (const message of history.list) {
      const sent = new Date(message.timestamp);
      const newDay = !before || new Date(before.timestamp).toDateString() !== sent.toDateString();
      if (newDay) {
        const label = day(sent);
        out.push({ key: `day-${message.id}`, version: 0, build: () => h("li", { class: "day", role: "separator" }, h("span", {}, label)) });
      }
      const head = newDay || !continues(before, message);
      const mark = this.app.editing === message.id ? "e" : "";
      out.push({ key: message.id, version: `${message._rev}:${head}:${mark}`, build: () => renderMessage(message, head, this.app) });
      before = message;
    }
    for (const note of history.pending) {
      out.push({ key: `note-${note.key}`, version: note.state, build: () => renderNote(note, this.app) });
    }
    return out;
  }

  start() {
    const channel = this.store.channel;
    const name = this.store.channelName(channel);
    const direct = channel.type === 1 || channel.type === 3;
    return h("li", { class: "start" }, h("div", { class: "start-icon", "aria-hidden": "true" }, direct ? initials(name, 1) : icon("hash", 40)),
      h("h2", {}, direct ? name : `Welcome to #${name}!`),
      h("p", { class: "muted" }, direct ? `This is the beginning of your conversation with ${name}.` : `This is the start of the #${name} channel.`));
  }
}

function continues(before, message) {
  if (!before || isSystem(before) || isSystem(message)) return false;
  if (message.type !== 0 || message.message_reference) return false;
  if (before.author.id !== message.author.id || before.author.username !== message.author.username) return false;
  if ((before.flags & 64) !== (message.flags & 64)) return false;
  return new Date(message.timestamp) - new Date(before.timestamp) < GROUP_MS;
}
