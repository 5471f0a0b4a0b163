// What each gateway event changes in the store; an event the page does not know is left alone.

import { interactionEvents } from "./interactions.js";

function makeGuild(store, d) {
  const known = store.guilds.get(d.id);
  const guild = known || { id: d.id, roles: new Map(), members: new Map(), presences: new Map() };
  Object.assign(guild, {
    name: d.name || (d.properties && d.properties.name) || guild.name || "",
    icon: d.icon || (d.properties && d.properties.icon) || null,
    owner_id: d.owner_id || (d.properties && d.properties.owner_id) || guild.owner_id,
    member_count: d.member_count || guild.member_count || 0,
    emojis: d.emojis || guild.emojis || [],
    unavailable: Boolean(d.unavailable),
  });
  if (d.roles) guild.roles = new Map(d.roles.map((role) => [role.id, role]));
  for (const member of d.members || []) store.addMember(guild, member);
  for (const presence of d.presences || []) guild.presences.set(presence.user.id, presence.status);
  store.guilds.set(d.id, guild);
  for (const channel of [...(d.channels || []), ...(d.threads || [])]) store.addChannel(channel, d.id);
  return guild;
}

const ALL = ["servers", "channels", "messages", "members", "user"];

function emojiKey(emoji) { return emoji.id || emoji.name; }

function reaction(store, d, by) {
  const history = store.histories.get(d.channel_id);
  const message = history && history.touch(d.message_id);
  if (!message) return;
  message.reactions = message.reactions || [];
  let entry = message.reactions.find((r) => emojiKey(r.emoji) === emojiKey(d.emoji));
  if (!entry) {
    if (by < 0) return;
    entry = { emoji: d.emoji, count: 0, me: false };
    message.reactions.push(entry);
  }
  entry.count += by;
  if (store.me && d.user_id === store.me.id) entry.me = by > 0;
  if (entry.count <= 0) message.reactions = message.reactions.filter((r) => r !== entry);
  store.changed("messages");
}

function dropReactions(store, d, keep) {
  const history = store.histories.get(d.channel_id);
  const message = history && history.touch(d.message_id);
  if (!message) return;
  message.reactions = (message.reactions || []).filter(keep);
  store.changed("messages");
}

function putChannel(store, d) {
  store.addChannel(d, d.guild_id);
  store.changed("channels", "messages", "servers");
}

function dropChannel(store, d) {
  store.channels.delete(d.id);
  store.histories.delete(d.id);
  store.lastMessage.delete(d.id);
  store.changed("channels", "messages", "servers");
}

function touchAuthor(store, userId) {
  const history = store.history;
  if (!history) return;
  for (const message of history.list) if (message.author && message.author.id === userId) message._rev += 1;
  store.changed("messages");
}

function putRole(store, d) {
  const guild = store.guilds.get(d.guild_id);
  if (!guild) return;
  guild.roles.set(d.role.id, d.role);
  store.epoch += 1;
  store.changed("messages", "members", "channels");
}

export const events = {
  ...interactionEvents,

  READY(store, d) {
    store.clear();
    store.me = d.user;
    store.sessionId = d.session_id;
    for (const user of d.users || []) store.addUser(user);
    store.addUser(d.user);
    for (const guild of d.guilds || []) if (!guild.unavailable) makeGuild(store, guild);
    for (const channel of d.private_channels || []) store.addChannel(channel, null);
    store.expectedGuilds = (d.guilds || []).length;
    store.changed(...ALL, "route");
  },
  GUILD_CREATE(store, d) {
    const guild = makeGuild(store, d);
    store.epoch += 1;
    if (guild.member_count > guild.members.size) store.requestMembers({ guild_id: d.id, query: "", limit: 100 });
    store.changed(...ALL, "route");
  },
  GUILD_UPDATE(store, d) { makeGuild(store, d); store.changed(...ALL); },
  GUILD_DELETE(store, d) {
    store.guilds.delete(d.id);
    for (const [id, channel] of store.channels) if (channel.guild_id === d.id) store.channels.delete(id);
    store.changed(...ALL, "route");
  },
  GUILD_MEMBER_ADD(store, d) {
    const guild = store.guilds.get(d.guild_id);
    if (!guild) return;
    store.addMember(guild, d);
    guild.member_count += 1;
    if (d.guild_id === store.guildId) store.changed("members");
  },
  GUILD_MEMBER_UPDATE(store, d) {
    const guild = store.guilds.get(d.guild_id);
    if (!guild) return;
    store.addMember(guild, d);
    if (d.guild_id === store.guildId) { store.changed("members"); touchAuthor(store, d.user.id); }
    if (store.me && d.user.id === store.me.id) store.changed("channels", "messages");
  },
  GUILD_MEMBER_REMOVE(store, d) {
    const guild = store.guilds.get(d.guild_id);
    if (!guild || !d.user) return;
    guild.members.delete(d.user.id);
    guild.member_count = Math.max(0, guild.member_count - 1);
    if (d.guild_id === store.guildId) store.changed("members");
  },
  GUILD_MEMBERS_CHUNK(store, d) {
    const guild = store.guilds.get(d.guild_id);
    if (!guild) return;
    for (const member of d.members) { store.addMember(guild, member); touchAuthor(store, member.user.id); }
    if (d.guild_id === store.guildId) store.changed("members");
  },
  PRESENCE_UPDATE(store, d) {
    const guild = store.guilds.get(d.guild_id);
    if (!guild) return;
    guild.presences.set(d.user.id, d.status);
    if (d.guild_id === store.guildId) store.changed("members");
  },
  USER_UPDATE(store, d) {
    store.addUser(d);
    if (store.me && d.id === store.me.id) Object.assign(store.me, d);
    store.epoch += 1;
    store.changed("user", "messages", "members");
  },
  GUILD_ROLE_CREATE: putRole,
  GUILD_ROLE_UPDATE: putRole,
  GUILD_ROLE_DELETE(store, d) {
    const guild = store.guilds.get(d.guild_id);
    if (!guild) return;
    guild.roles.delete(d.role_id);
    for (const member of guild.members.values()) member.roles = member.roles.filter((id) => id !== d.role_id);
    store.epoch += 1;
    store.changed("messages", "members", "channels");
  },
  CHANNEL_CREATE: putChannel,
  CHANNEL_UPDATE: putChannel,
  CHANNEL_DELETE: dropChannel,
  THREAD_CREATE: putChannel,
  THREAD_UPDATE: putChannel,
  THREAD_DELETE: dropChannel,

  MESSAGE_CREATE(store, d) {
    const author = d.author;
    if (author && !d.webhook_id) store.addUser(author);
    const channel = store.channels.get(d.channel_id);
    const guild = store.guilds.get(d.guild_id || (channel && channel.guild_id));
    if (guild && d.member && author) store.addMember(guild, { ...d.member, user: author });
    for (const user of d.mentions || []) store.addUser(user);
    store.settle(d);
    const typing = store.typing.get(d.channel_id);
    if (author && typing && typing.delete(author.id)) store.changed("typing");
    const history = store.histories.get(d.channel_id);
    if (history) history.live(d);
    store.noteMessage(d);
    if (d.channel_id === store.channelId) store.changed("messages");
    if (channel && channel.type === 1) store.changed("channels");
  },
  MESSAGE_UPDATE(store, d) {
    const history = store.histories.get(d.channel_id);
    if (!history || !history.update(d)) return;
    if (store.busy.delete(d.id)) history.touch(d.id);
    for (const message of history.list) {
      if (!message.referenced_message || message.referenced_message.id !== d.id) continue;
      Object.assign(message.referenced_message, d);
      message._rev += 1;
    }
    store.changed("messages");
  },
  MESSAGE_DELETE(store, d) {
    const history = store.histories.get(d.channel_id);
    if (history) history.remove(d.id);
    store.changed("messages");
  },
  MESSAGE_DELETE_BULK(store, d) {
    const history = store.histories.get(d.channel_id);
    if (history) for (const id of d.ids) history.remove(id);
    store.changed("messages");
  },
  MESSAGE_REACTION_ADD: (store, d) => reaction(store, d, 1),
  MESSAGE_REACTION_REMOVE: (store, d) => reaction(store, d, -1),
  MESSAGE_REACTION_REMOVE_ALL: (store, d) => dropReactions(store, d, () => false),
  MESSAGE_REACTION_REMOVE_EMOJI: (store, d) => dropReactions(store, d, (r) => emojiKey(r.emoji) !== emojiKey(d.emoji)),

  TYPING_START(store, d) {
    if (store.me && d.user_id === store.me.id) return;
    if (d.member && d.member.user) store.addUser(d.member.user);
    let typing = store.typing.get(d.channel_id);
    if (!typing) store.typing.set(d.channel_id, typing = new Map());
    typing.set(d.user_id, Date.now() + 10000);
    store.changed("typing");
    setTimeout(() => {
      for (const [id, until] of typing) if (until <= Date.now()) typing.delete(id);
      store.changed("typing");
    }, 10050);
  },
};
