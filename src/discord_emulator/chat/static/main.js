// Starts the page: chooses the user, connects, follows the address, and joins the views.

import { $, toast } from "./dom.js";
import { Composer } from "./composer.js";
import { Conversation } from "./conversation.js";
import { events } from "./events.js";
import { Gateway } from "./gateway.js";
import { Interactions } from "./interactions.js";
import { Members } from "./members.js";
import { openModal } from "./modal.js";
import { localUsers, Rest } from "./rest.js";
import { Sidebar, TEXT_TYPES } from "./sidebar.js";
import { Store } from "./store.js";
import { order, Switcher } from "./switcher.js";

// Private windows may refuse storage; the page works without its memory.
const memory = {
  get(key) { try { return localStorage.getItem(`chat.${key}`); } catch { return null; } },
  set(key, value) { try { localStorage.setItem(`chat.${key}`, value); } catch { /* nothing is remembered */ } },
};

function parseHash() {
  const [path, query] = location.hash.slice(1).split("?");
  const [, guild, channel] = path.split("/");
  return { guild: guild || null, channel: channel || null, as: new URLSearchParams(query || "").get("as") };
}

class App {
  constructor() {
    this.store = new Store();
    this.store.requestMembers = (query) => { if (this.gateway) this.gateway.requestMembers(query); };
    this.user = null;
    this.users = [];
    this.gateway = null;
    this.editing = null;
    this.showMembers = memory.get("members") !== "no";
    this.setTheme(memory.get("theme") || "dark");
    this.sidebar = new Sidebar(this);
    this.conversation = new Conversation(this);
    this.members = new Members(this);
    this.switcher = new Switcher(this);
    this.composer = new Composer(this);
    this.store.watch(["route"], () => this.follow());
    addEventListener("hashchange", () => this.addressChanged());
    addEventListener("keydown", (event) => this.strayKey(event));
  }

  async start() {
    try {
      this.users = order(await localUsers());
    } catch (error) {
      this.say(error.message);
      setTimeout(() => this.start(), 1500);
      return;
    }
    const people = this.users.filter((u) => !u.bot);
    const wanted = parseHash().as || memory.get("user");
    const user = people.find((u) => u.username === wanted) || people[0];
    if (user) this.become(user);
    else this.say("This local Discord has no users yet. Create one with the control API, then reload.");
  }

  become(user) {
    if (this.gateway) this.gateway.close();
    this.user = user;
    memory.set("user", user.username);
    this.editing = null;
    this.rest = new Rest(user.token);
    this.wish = parseHash();
    this.store.clear();
    this.interactions = new Interactions(this.store, this.rest, (modal) => openModal(modal, this));
    this.say("Connecting…");
    this.gateway = new Gateway({
      token: user.token,
      onEvent: (name, data) => this.event(name, data),
      onState: (state, reason) => this.connection(state, reason),
    });
  }

  event(name, data) {
    if (name === "READY") this.wish = parseHash();
    const handle = events[name];
    if (handle) handle(this.store, data);
  }

  connection(state, reason) {
    $("connection").hidden = state === "ready";
    if (state === "connecting") this.say("Connection lost. Reconnecting…");
    if (state === "failed") this.say(reason);
    document.body.dataset.connection = state;
  }

  say(text) {
    $("connection").hidden = false;
    $("connection").textContent = text;
  }

  hashOf(channel) {
    const as = this.user ? `?as=${encodeURIComponent(this.user.username)}` : "";
    return `#/${channel.guild_id || "@me"}/${channel.id}${as}`;
  }

  addressChanged() {
    const { guild, channel, as } = parseHash();
    if (as && this.user && as !== this.user.username) {
      const user = this.users.find((u) => u.username === as && !u.bot);
      if (user) { this.become(user); return; }
    }
    if (channel && channel !== this.store.channelId && this.store.channels.has(channel)) this.open(channel);
    else if (guild && !channel) this.openGuild(guild);
  }

  // After READY or a new server: go where the address says, else to the last place, else to the first channel.
  follow() {
    const { store } = this;
    if (store.channel) { this.conversation.load(); return; }
    const { guild, channel } = this.wish || {};
    if (channel && store.channels.has(channel)) { this.open(channel); return; }
    if (channel && guild && guild !== "@me" && !store.guilds.has(guild) && store.guilds.size < store.expectedGuilds) return; // it may still be on its way
    if (guild === "@me") { this.openGuild("@me"); return; }
    const home = store.guilds.has(guild) ? guild : store.guilds.has(memory.get("guild")) ? memory.get("guild") : store.guilds.keys().next().value;
    if (home) this.openGuild(home);
    else if (!store.guilds.size) this.openGuild("@me");
  }

  openGuild(id) {
    const { store } = this;
    const last = memory.get(`last.${id}`);
    const candidates = id === "@me" ? store.directMessages() : store.channelsOf(id).filter((c) => TEXT_TYPES.has(c.type) && c.type !== 2 && c.type !== 13);
    const target = candidates.find((c) => c.id === last) || candidates.find((c) => c.type !== 10 && c.type !== 11 && c.type !== 12) || candidates[0];
    if (target) { this.open(target.id); return; }
    store.guildId = id === "@me" ? null : id;
    store.channelId = null;
    this.composer.switchTo(null);
    store.changed("servers", "channels", "messages", "members");
  }

  open(channelId) {
    const { store } = this;
    const channel = store.channels.get(channelId);
    if (!channel) return;
    store.guildId = channel.guild_id || null;
    store.channelId = channelId;
    this.editing = null;
    memory.set("guild", store.guildId || "@me");
    memory.set(`last.${store.guildId || "@me"}`, channelId);
    const hash = this.hashOf(channel);
    if (location.hash !== hash) history.replaceState(null, "", hash);
    document.body.classList.remove("show-sidebar");
    const messages = store.historyOf(channelId);
    messages.following = true;
    this.composer.switchTo(channelId);
    store.changed("servers", "channels", "messages", "members", "typing");
    this.conversation.load();
  }

  reply(message) { this.composer.reply(message); }
  mention(user) { this.composer.mentionUser(user); }
  focusComposer() { this.composer.focus(); }
  jumpTo(id) { this.conversation.jumpTo(id); }
  toPresent() { this.conversation.toPresent(); }

  toggleMembers() {
    this.showMembers = !this.showMembers;
    memory.set("members", this.showMembers ? "yes" : "no");
    this.store.changed("members", "channels");
  }

  setTheme(theme) {
    document.documentElement.dataset.theme = theme;
    memory.set("theme", theme);
    this.store.changed("user");
  }

  // As in Discord, a letter typed anywhere goes to the composer.
  strayKey(event) {
    if (event.ctrlKey || event.metaKey || event.altKey || event.key.length !== 1 || event.key === " ") return;
    if (document.activeElement !== document.body && !document.activeElement.matches(".scroller, .message, .channel, .server")) return;
    if (document.querySelector("dialog[open]")) return;
    this.composer.focus();
  }
}

const app = new App();
addEventListener("unhandledrejection", (event) => toast(event.reason && event.reason.message ? event.reason.message : "Something went wrong."));
app.start();
