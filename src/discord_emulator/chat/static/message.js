// One message as a list item: header, text, embeds, components, reactions, and its small toolbar.

import { h, icon, toast } from "./dom.js";
import { avatar } from "./avatar.js";
import { components } from "./components.js";
import { attachment, embed } from "./embeds.js";
import { isOnlyEmoji, markdown } from "./markdown.js";
import { confirm } from "./modal.js";
import { can, MANAGE_MESSAGES } from "./permissions.js";
import { pickEmoji, reactions, toggleReaction } from "./reactions.js";
import { clock, full, messageTime } from "./time.js";

const EPHEMERAL = 64, LOADING = 128;
const SYSTEM = {
  1: "added someone to the group.", 3: "started a call.", 4: "changed the channel name.", 6: "pinned a message to this channel.",
  7: "joined the server.", 8: "boosted the server!", 12: "followed a channel.", 18: "started a thread.",
};

export const isSystem = (message) => message.type in SYSTEM;

export function tagOf(user) {
  if (!user || !user.bot) return null;
  return h("span", { class: "tag", testid: "bot-tag" }, "APP");
}

function authorName(message, app) {
  const { store } = app;
  if (message.webhook_id && !message.interaction_metadata) return message.author.username;
  return store.displayName(message.author.id, message.guild_id || store.guildId, message.author);
}

export function renderMessage(message, head, app) {
  const { store } = app;
  const guildId = store.guildId;
  const context = { store, guildId, users: message.mentions };
  const sent = new Date(message.timestamp);
  const mentioned = store.mentionsMe(message);
  const ephemeral = Boolean(message.flags & EPHEMERAL);
  const name = authorName(message, app);
  const colour = store.colourOf(message.author.id);
  const classes = ["message", head && "head", mentioned && "mentioned", ephemeral && "ephemeral"];
  const node = h("li", {
    class: classes.filter(Boolean).join(" "), testid: "message", tabindex: "-1",
    data: { id: message.id, author: message.author.username },
    onpointerenter: () => tools(node, message, app), onfocusin: () => tools(node, message, app), onpointerleave: () => dropTools(node),
  });
  if (isSystem(message)) {
    node.classList.add("system");
    node.append(h("div", { class: "system-line" }, h("strong", { style: colour ? { color: colour } : {} }, name), ` ${SYSTEM[message.type]} `,
      h("time", { class: "muted small", datetime: message.timestamp }, messageTime(sent))));
    return node;
  }
  const above = head ? aboveLine(message, app) : null;
  if (above) node.append(above);
  if (head) {
    node.append(h("div", { class: "gutter" }, avatar(message.author, 40, name)));
  } else {
    node.append(h("div", { class: "gutter" }, h("time", { class: "side-time", datetime: message.timestamp, "aria-hidden": "true" }, clock(sent))));
  }
  const body = h("div", { class: "message-body" },
    head ? h("div", { class: "message-header" },
      h("span", { class: "author", testid: "message-author", style: colour ? { color: colour } : {} }, name), tagOf(message.author),
      h("time", { class: "message-time", datetime: message.timestamp, title: full(sent) }, messageTime(sent))) : null,
    app.editing === message.id ? editor(message, app) : content(message, context),
    (message.attachments || []).map(attachment),
    (message.embeds || []).map((e) => embed(e, context)),
    message.poll ? poll(message.poll, context) : null,
    components(message, app, context),
    store.failed.has(message.id) ? h("div", { class: "failure", testid: "interaction-failed" }, "This interaction failed") : null,
    reactions(message, app),
    ephemeral ? h("div", { class: "ephemeral-note", testid: "ephemeral-note" }, icon("eye", 16), "Only you can see this • ",
      h("button", { type: "button", class: "link", testid: "dismiss", onclick: () => { store.historyOf(message.channel_id).remove(message.id); store.changed("messages"); } }, "Dismiss message")) : null);
  node.append(body);
  return node;
}

function content(message, context) {
  if (message.flags & LOADING) {
    return h("div", { class: "message-content thinking", testid: "message-content" }, dots(), `${message.author.global_name || message.author.username} is thinking…`);
  }
  if (!message.content) return null;
  const big = isOnlyEmoji(message.content) ? " big-emoji" : "";
  return h("div", { class: `message-content${big}`, testid: "message-content" }, markdown(message.content, context),
    message.edited_timestamp ? h("span", { class: "edited", title: full(new Date(message.edited_timestamp)) }, " (edited)") : null);
}

export function dots() {
  return h("span", { class: "dots", "aria-hidden": "true" }, h("i"), h("i"), h("i"));
}

// The thin line over a message: what it answers, or the command that called for it.
function aboveLine(message, app) {
  const { store } = app;
  const asked = message.interaction || message.interaction_metadata;
  if (asked && asked.user && message.type !== 0 && message.type !== 19) {
    const verb = asked.name ? [" used ", h("span", { class: "mention" }, `/${asked.name}`)] : " used a command";
    return h("div", { class: "above", testid: "command-header" }, h("span", { class: "elbow" }), avatar(asked.user, 16),
      h("span", { class: "above-name", style: { color: store.colourOf(asked.user.id) || "inherit" } }, store.displayName(asked.user.id, store.guildId, asked.user)), verb);
  }
  if (message.type === 19 || (message.message_reference && message.referenced_message !== undefined && message.type === 0)) {
    const to = message.referenced_message;
    if (!to) return h("div", { class: "above" }, h("span", { class: "elbow" }), h("em", {}, "Original message was deleted"));
    const colour = store.colourOf(to.author.id);
    return h("button", {
      type: "button", class: "above", testid: "reply-line", onclick: () => app.jumpTo(to.id),
    }, h("span", { class: "elbow" }), avatar(to.author, 16),
    h("span", { class: "above-name", style: colour ? { color: colour } : {} }, `@${store.displayName(to.author.id, store.guildId, to.author)}`),
    h("span", { class: "above-text" }, to.content || "Click to see attachment"));
  }
  return null;
}

function poll(data, context) {
  const counts = new Map(((data.results || {}).answer_counts || []).map((c) => [c.id, c.count]));
  const total = [...counts.values()].reduce((a, b) => a + b, 0);
  return h("div", { class: "poll", testid: "poll" }, h("div", { class: "poll-question" }, markdown(data.question.text || "", context)),
    data.answers.map((a) => {
      const votes = counts.get(a.answer_id) || 0;
      const share = total ? Math.round((votes * 100) / total) : 0;
      return h("div", { class: "poll-answer" }, h("div", { class: "poll-bar", style: { width: `${share}%` } }),
        h("span", {}, a.poll_media.emoji ? `${a.poll_media.emoji.name} ` : "", a.poll_media.text || ""), h("span", { class: "muted" }, `${votes} · ${share}%`));
    }),
    h("div", { class: "muted small" }, `${total} ${total === 1 ? "vote" : "votes"}`));
}

function editor(message, app) {
  const done = () => { app.editing = null; app.store.historyOf(message.channel_id).touch(message.id); app.store.changed("messages"); app.focusComposer(); };
  const save = async () => {
    const text = box.value.trim();
    if (!text) { toast("To remove the message, delete it."); return; }
    try {
      if (text !== message.content) await app.rest.edit(message.channel_id, message.id, text);
      done();
    } catch (error) { toast(error.message); }
  };
  const box = h("textarea", {
    class: "edit-box", testid: "edit-box", "aria-label": "Edit message", rows: Math.min(12, message.content.split("\n").length), value: message.content,
    onkeydown: (event) => {
      if (event.key === "Escape") { event.preventDefault(); done(); }
      if (event.key === "Enter" && !event.shiftKey) { event.preventDefault(); save(); }
    },
  });
  requestAnimationFrame(() => { box.focus(); box.setSelectionRange(box.value.length, box.value.length); });
  return h("div", {}, box, h("div", { class: "edit-help" }, "escape to ", h("button", { type: "button", class: "link", onclick: done }, "cancel"),
    " • enter to ", h("button", { type: "button", class: "link", onclick: save }, "save")));
}

export function startEdit(message, app) {
  const history = app.store.historyOf(message.channel_id);
  if (app.editing) history.touch(app.editing);
  app.editing = message.id;
  history.touch(message.id);
  app.store.changed("messages");
}

function tools(node, message, app) {
  if (node.querySelector(":scope > .tools")) return;
  const { store } = app;
  if (message.flags & EPHEMERAL) return;
  const mine = store.me && message.author.id === store.me.id;
  const mayDelete = mine || can(store.guild, store.channel || {}, store.me && store.me.id, MANAGE_MESSAGES);
  const tool = (name, label, testid, run) => h("button", { type: "button", class: "tool", title: label, "aria-label": label, testid, onclick: run }, icon(name, 18));
  node.append(h("div", { class: "tools", role: "toolbar", "aria-label": "Message actions" },
    ["👍", "❤️", "😂"].map((glyph) => h("button", {
      type: "button", class: "tool emoji", "aria-label": `React with ${glyph}`, onclick: () => toggleReaction(app, message, { id: null, name: glyph }, false),
    }, glyph)),
    tool("smile", "Add a reaction", "add-reaction", (event) => pickEmoji(event.currentTarget, (emoji) => toggleReaction(app, message, emoji, false))),
    tool("reply", "Reply", "reply", () => app.reply(message)),
    mine ? tool("pencil", "Edit", "edit", () => startEdit(message, app)) : null,
    mayDelete ? tool("trash", "Delete", "delete", (event) => remove(message, app, event.shiftKey)) : null));
}

function dropTools(node) {
  const bar = node.querySelector(":scope > .tools");
  if (bar && !bar.contains(document.activeElement)) bar.remove();
}

async function remove(message, app, sure) {
  if (!sure && !(await confirm("Delete message", "This message will be gone for everyone.", "Delete"))) return;
  app.rest.remove(message.channel_id, message.id).catch((error) => toast(error.message));
}

export function renderNote(note, app) {
  const { store } = app;
  const command = note.command;
  const bot = store.users.get(command.application.bot_id) || { id: command.application_id, username: command.application.name, bot: true };
  const failed = note.state === "failed";
  return h("li", { class: "message head", testid: "pending-command" },
    h("div", { class: "above" }, h("span", { class: "elbow" }), avatar(store.me, 16),
      h("span", { class: "above-name" }, store.displayName(store.me.id)), " used ", h("span", { class: "mention" }, `/${command.fullName || command.name}`)),
    h("div", { class: "gutter" }, avatar(bot, 40)),
    h("div", { class: "message-body" },
      h("div", { class: "message-header" }, h("span", { class: "author", style: { color: store.colourOf(bot.id) || "inherit" } }, bot.global_name || bot.username), tagOf({ bot: true })),
      failed ? h("div", { class: "failure", testid: "interaction-failed" }, "The application did not respond")
        : h("div", { class: "message-content thinking" }, dots(), "Sending command…"),
      failed ? h("div", { class: "ephemeral-note" }, icon("eye", 16), "Only you can see this • ",
        h("button", { type: "button", class: "link", onclick: () => app.interactions.dismiss(note) }, "Dismiss message")) : null));
}
