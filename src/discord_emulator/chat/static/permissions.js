// What the user may see and do in a channel, from roles and overwrites as Discord documents it.

export const ADMINISTRATOR = 1n << 3n;
export const ADD_REACTIONS = 1n << 6n;
export const VIEW_CHANNEL = 1n << 10n;
export const SEND_MESSAGES = 1n << 11n;
export const MANAGE_MESSAGES = 1n << 13n;
const ALL = ~0n;

export function channelPermissions(guild, channel, userId) {
  if (!guild) return ALL; // a direct message
  if (guild.owner_id === userId) return ALL;
  const member = guild.members.get(userId);
  if (!member) return ALL; // not told yet: the server decides
  const roles = [guild.id, ...member.roles];
  let allowed = 0n;
  for (const id of roles) {
    const role = guild.roles.get(id);
    if (role) allowed |= BigInt(role.permissions);
  }
  if (allowed & ADMINISTRATOR) return ALL;
  const overwrites = new Map((channel.permission_overwrites || []).map((o) => [o.id, o]));
  const apply = (allow, deny) => { allowed = (allowed & ~deny) | allow; };
  const everyone = overwrites.get(guild.id);
  if (everyone) apply(BigInt(everyone.allow), BigInt(everyone.deny));
  let allow = 0n, deny = 0n;
  for (const id of member.roles) {
    const o = overwrites.get(id);
    if (o) { allow |= BigInt(o.allow); deny |= BigInt(o.deny); }
  }
  apply(allow, deny);
  const own = overwrites.get(userId);
  if (own) apply(BigInt(own.allow), BigInt(own.deny));
  return allowed;
}

export const can = (guild, channel, userId, permission) => (channelPermissions(guild, channel, userId) & permission) !== 0n;
