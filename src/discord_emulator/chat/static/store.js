// Everything the user may see, and word to the views, once per frame, of which parts changed.

import { History } from "./history.js";
import { compareIds, newerId } from "./ids.js";
import { can, VIEW_CHANNEL } from "./permissions.js";

const HISTORIES = 8;

export class Store {
  constructor() {
    this.views = new Map();
    this.dirty = new Set();
    this.frame = 0;
    this.clear();
  }

  clear() {
    this.me = null;
    this.sessionId = null;
    this.users = new Map();
    this.guilds = new Map();
    this.channels = new Map();
    this.histories = new Map();
    this.lastMessage = new Map();
    this.read = new Map();
    this.mentions = new Map();
    this.typing = new Map();
    this.pending = new Map();
    this.busy = new Map();
    this.failed = new Map();
    this.commandIndex = new Map();
    this.guildId = null;
    this.channelId = null;
    this.epoch = (this.epoch || 0) + 1;
    this.changed("servers", "channels", "messages", "members", "typing", "user");
  }

  watch(topics, render) {
    for (const topic of topics) this.views.set(topic, [...(this.views.get(topic) || []), render]);
  }

  changed(...topics) {
    for (const topic of topics) this.dirty.add(topic);
    if (!this.frame) this.frame = requestAnimationFrame(() => this.flush());
  }

  flush() {
    this.frame = 0;
    const renders = new Set();
    for (const topic of this.dirty) for (const render of this.views.get(topic) || []) renders.add(render);
    this.dirty.clear();
    for (const render of renders) render();
  }

  get guild() { return this.guilds.get(this.guildId) || null; }
  get channel() { return this.channels.get(this.channelId) || null; }
  get history() { return this.channelId ? this.historyOf(this.channelId) : null; }

  historyOf(channelId) {
    let history = this.histories.get(channelId);
    if (history) return history;
    history = new History();
    this.histories.set(channelId, history);
    if (this.histories.size > HISTORIES) {
      for (const id of this.histories.keys()) {
        if (id !== channelId && id !== this.channelId) { this.histories.delete(id); break; }
      }
    }
    return history;
  }

  addUser(user) {
    if (!user || !user.id) return;
    const known = this.users.get(user.id);
    if (known) Object.assign(known, user);
    else this.users.set(user.id, user);
  }

  addMember(guild, member) {
    if (member.user) this.addUser(member.user);
    const id = member.user ? member.user.id : member.user_id;
    if (!id) return;
    guild.members.set(id, { nick: member.nick || null, roles: member.roles || [], joined_at: member.joined_at,
      timeout: member.communication_disabled_until || null });
  }

  addChannel(channel, guildId) {
    if (guildId) channel.guild_id = guildId;
    const known = this.channels.get(channel.id);
    this.channels.set(channel.id, known ? Object.assign(known, channel) : channel);
    for (const user of channel.recipients || []) this.addUser(user);
    if (!known && channel.last_message_id) {
      this.lastMessage.set(channel.id, channel.last_message_id);
      if (!this.read.has(channel.id)) this.read.set(channel.id, channel.last_message_id);
    }
  }

  displayName(userId, guildId = this.guildId, fallback = null) {
    const guild = this.guilds.get(guildId);
    const member = guild && guild.members.get(userId);
    const user = this.users.get(userId) || fallback;
    return (member && member.nick) || (user && (user.global_name || user.username)) || "Unknown user";
  }

  topRoles(userId, guildId = this.guildId) {
    const guild = this.guilds.get(guildId);
    const member = guild && guild.members.get(userId);
    if (!member) return [];
    return member.roles.map((id) => guild.roles.get(id)).filter(Boolean)
      .sort((a, b) => b.position - a.position || compareIds(a.id, b.id));
  }

  colourOf(userId, guildId = this.guildId) {
    const role = this.topRoles(userId, guildId).find((r) => roleColour(r));
    return role ? roleColour(role) : null;
  }

  canSee(channel) {
    return can(this.guilds.get(channel.guild_id), channel, this.me && this.me.id, VIEW_CHANNEL);
  }

  channelsOf(guildId) {
    const found = [];
    for (const channel of this.channels.values()) if (channel.guild_id === guildId && this.canSee(channel)) found.push(channel);
    return found.sort((a, b) => (a.position || 0) - (b.position || 0) || compareIds(a.id, b.id));
  }

  directMessages() {
    return [...this.channels.values()].filter((c) => c.type === 1 || c.type === 3)
      .sort((a, b) => compareIds(this.lastMessage.get(b.id) || b.id, this.lastMessage.get(a.id) || a.id));
  }

  channelName(channel) {
    if (channel.type !== 1 && channel.type !== 3) return channel.name;
    if (channel.name) return channel.name;
    const others = (channel.recipients || []).filter((u) => !this.me || u.id !== this.me.id);
    return others.map((u) => u.global_name || u.username).join(", ") || "Direct message";
  }

  isUnread(channelId) {
    const last = this.lastMessage.get(channelId);
    if (!last) return false;
    const read = this.read.get(channelId);
    return !read || compareIds(last, read) > 0;
  }

  markRead(channelId) {
    if (!this.isUnread(channelId) && !this.mentions.get(channelId)) return;
    this.read.set(channelId, this.lastMessage.get(channelId));
    this.mentions.delete(channelId);
    this.changed("servers", "channels");
  }

  noteMessage(message) {
    const before = this.isUnread(message.channel_id);
    this.lastMessage.set(message.channel_id, newerId(this.lastMessage.get(message.channel_id), message.id));
    const reading = message.channel_id === this.channelId && document.visibilityState === "visible"
      && this.historyOf(message.channel_id).following;
    const mine = this.me && message.author && message.author.id === this.me.id;
    if (reading || mine) { this.read.set(message.channel_id, this.lastMessage.get(message.channel_id)); return; }
    if (this.mentionsMe(message)) {
      this.mentions.set(message.channel_id, (this.mentions.get(message.channel_id) || 0) + 1);
      this.changed("servers", "channels");
    }
    if (!before) this.changed("servers", "channels");
  }

  // Text as it is sent: @name of somebody known becomes a mention.
  withMentions(text) {
    return text.replace(/(?<![\w<`])@([\w.]{2,32})/g, (whole, name) => {
      const guild = this.guild;
      for (const id of guild ? guild.members.keys() : this.users.keys()) {
        const user = this.users.get(id);
        if (user && user.username === name) return `<@${id}>`;
      }
      return whole;
    });
  }

  mentionsMe(message) {
    if (!this.me) return false;
    if (message.mention_everyone) return true;
    if ((message.mentions || []).some((u) => u.id === this.me.id)) return true;
    const guild = this.guilds.get(message.guild_id || (this.channels.get(message.channel_id) || {}).guild_id);
    const own = guild && guild.members.get(this.me.id);
    return Boolean(own && (message.mention_roles || []).some((id) => own.roles.includes(id)));
  }
}

export function roleColour(role) {
  const value = role.color || (role.colors && role.colors.primary_color) || 0;
  return value ? `#${value.toString(16).padStart(6, "0")}` : null;
}
