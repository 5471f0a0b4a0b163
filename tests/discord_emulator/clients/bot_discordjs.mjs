// The test's bot on discord.js: REST base and token are its arguments; each thing it sees is a line of JSON.
import {
  ActionRowBuilder,
  ApplicationCommandOptionType,
  ButtonBuilder,
  ButtonStyle,
  Client,
  Events,
  GatewayIntentBits,
} from "discord.js";

const [restUrl, , token] = process.argv.slice(2);
const intents = [
  GatewayIntentBits.Guilds,
  GatewayIntentBits.GuildMembers,
  GatewayIntentBits.GuildMessages,
  GatewayIntentBits.MessageContent,
];
const client = new Client({ intents, rest: { api: restUrl.replace(/\/v10$/, ""), version: "10" } });
const tell = (event, more = {}) => process.stdout.write(`${JSON.stringify({ event, ...more })}\n`);

client.once(Events.ClientReady, async () => {
  const name = { name: "name", description: "Whom", type: ApplicationCommandOptionType.String, required: true };
  await client.application.commands.set([{ name: "hello", description: "Say hello", options: [name] }]);
  tell("ready", { guilds: client.guilds.cache.map((guild) => guild.name).sort() });
});

client.on(Events.Error, (error) => tell("problem", { text: String(error) }));

client.on(Events.ShardResume, () => tell("resumed"));

client.on(Events.MessageCreate, async (message) => {
  if (message.author.bot) return;
  tell("message", { content: message.content, author: message.author.username });
  await message.reply(`heard ${message.content}`);
});

client.on(Events.InteractionCreate, async (interaction) => {
  const user = interaction.user.username;
  if (interaction.isChatInputCommand()) {
    tell("command", { name: interaction.commandName, user });
    const button = new ButtonBuilder().setCustomId("again").setLabel("Again").setStyle(ButtonStyle.Primary);
    const components = [new ActionRowBuilder().addComponents(button)];
    await interaction.reply({ content: `Hello ${interaction.options.getString("name")}`, components });
  } else if (interaction.isButton()) {
    tell("button", { custom_id: interaction.customId, user });
    await interaction.update({ content: "Pressed", components: [] });
  }
});

process.on("SIGTERM", async () => {
  await client.destroy();
  process.exit(0);
});

await client.login(token);
