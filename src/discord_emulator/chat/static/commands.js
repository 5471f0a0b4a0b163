// The slash commands of a server, flattened so that each subcommand is a command of its own to choose.

const FRESH_MS = 5000;

export async function loadCommands(app) {
  const { store } = app;
  const guildId = store.guildId;
  const known = store.commandIndex.get(guildId);
  if (known && Date.now() - known.at < FRESH_MS) return known.commands;
  const index = await app.rest.commands(guildId);
  const applications = new Map(index.applications.map((a) => [a.id, { ...a, bot_id: a.bot_id || (a.bot && a.bot.id) || a.id }]));
  const commands = index.application_commands.filter((c) => (c.type || 1) === 1).flatMap((command) => {
    const application = applications.get(command.application_id) || { id: command.application_id, name: "Unknown application", bot_id: command.application_id };
    return flatten(command, application);
  });
  commands.sort((a, b) => a.application.name.localeCompare(b.application.name) || a.fullName.localeCompare(b.fullName));
  store.commandIndex.set(guildId, { at: Date.now(), commands });
  return commands;
}

function flatten(command, application) {
  const leaf = (path, node) => ({
    ...command, application, path, fullName: [command.name, ...path.map((p) => p.name)].join(" "), leafDescription: node.description,
    leaves: node.options || [],
  });
  const out = [];
  for (const option of command.options || []) {
    if (option.type === 1) out.push(leaf([option], option));
    else if (option.type === 2) for (const sub of option.options || []) out.push(leaf([option, sub], sub));
  }
  return out.length ? out : [leaf([], command)];
}

export function matchCommands(commands, wanted) {
  const text = wanted.toLowerCase();
  const starts = commands.filter((c) => c.fullName.startsWith(text));
  const holds = commands.filter((c) => !c.fullName.startsWith(text) && c.fullName.includes(text));
  return [...starts, ...holds].slice(0, 50);
}

// Wraps filled-in options into the subcommand path that the interaction carries.
export function nest(command, options) {
  return [...command.path].reverse().reduce((inner, part) => [{ type: part.type, name: part.name, options: inner }], options);
}
