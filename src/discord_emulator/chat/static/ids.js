// Snowflake ids as strings: order, time of birth, and new nonces.

const EPOCH = 1420070400000n;

export function compareIds(a, b) {
  if (a.length !== b.length) return a.length - b.length;
  return a < b ? -1 : a > b ? 1 : 0;
}

export const newerId = (a, b) => (!a ? b : !b ? a : compareIds(a, b) >= 0 ? a : b);

export const timeOf = (id) => Number((BigInt(id) >> 22n) + EPOCH);

let counter = 0n;

export function nonce() {
  counter = (counter + 1n) & 0xfffn;
  return String(((BigInt(Date.now()) - EPOCH) << 22n) | counter);
}
