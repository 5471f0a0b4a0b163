// The REST routes that the page needs, with the user's token, waiting out rate limits.

export class RestError extends Error {
  constructor(status, body) {
    super(describe(status, body));
    this.status = status;
    this.code = body && body.code;
  }
}

function describe(status, body) {
  if (body && body.errors) {
    const first = firstError(body.errors, []);
    if (first) return first;
  }
  return (body && body.message) || `The server answered ${status}.`;
}

function firstError(node, path) {
  if (node._errors && node._errors.length) return `${path.join(".") || "Request"}: ${node._errors[0].message}`;
  for (const [key, value] of Object.entries(node)) {
    const found = value && typeof value === "object" ? firstError(value, [...path, key]) : null;
    if (found) return found;
  }
  return null;
}

export class Rest {
  constructor(token) { this.token = token; }

  async request(method, path, body, files) {
    for (let attempt = 0; ; attempt += 1) {
      const options = { method, headers: { Authorization: this.token } };
      if (files && files.length) {
        options.body = new FormData();
        options.body.set("payload_json", JSON.stringify(body || {}));
        files.forEach((file, index) => options.body.set(`files[${index}]`, file, file.name));
      } else if (body !== undefined) {
        options.headers["Content-Type"] = "application/json";
        options.body = JSON.stringify(body);
      }
      const response = await fetch(`/api/v10${path}`, options);
      const text = await response.text();
      const data = text && (response.headers.get("Content-Type") || "").includes("json") ? JSON.parse(text) : null;
      if (response.status === 429 && attempt < 5) {
        await new Promise((done) => setTimeout(done, Math.min(30, (data && data.retry_after) || 1) * 1000));
        continue;
      }
      if (!response.ok) throw new RestError(response.status, data);
      return data;
    }
  }

  messages(channel, query) { return this.request("GET", `/channels/${channel}/messages?${new URLSearchParams(query)}`); }
  send(channel, body, files) { return this.request("POST", `/channels/${channel}/messages`, body, files); }
  edit(channel, message, content) { return this.request("PATCH", `/channels/${channel}/messages/${message}`, { content }); }
  remove(channel, message) { return this.request("DELETE", `/channels/${channel}/messages/${message}`); }
  react(channel, message, emoji) { return this.request("PUT", this.reaction(channel, message, emoji)); }
  unreact(channel, message, emoji) { return this.request("DELETE", this.reaction(channel, message, emoji)); }
  reaction(channel, message, emoji) {
    const key = emoji.id ? `${emoji.name}:${emoji.id}` : emoji.name;
    return `/channels/${channel}/messages/${message}/reactions/${encodeURIComponent(key)}/@me`;
  }
  typing(channel) { return this.request("POST", `/channels/${channel}/typing`); }
  commands(guild) { return this.request("GET", `/guilds/${guild}/application-command-index`); }
  interact(body, files) { return this.request("POST", "/interactions", body, files); }
  openDm(user) { return this.request("POST", "/users/@me/channels", { recipient_id: user, recipients: [user] }); }
}

export async function localUsers() {
  const response = await fetch("/control/users");
  if (!response.ok) throw new Error(`The list of users could not be read (${response.status}).`);
  const data = await response.json();
  return Array.isArray(data) ? data : data.users;
}
