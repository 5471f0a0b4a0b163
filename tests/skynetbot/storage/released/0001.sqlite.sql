
CREATE TABLE guild_settings (
    guild_id INTEGER NOT NULL,
    feature TEXT NOT NULL,
    version INTEGER NOT NULL,
    body BLOB NOT NULL,
    author_id INTEGER NOT NULL,
    author_name TEXT NOT NULL,
    at REAL NOT NULL,
    PRIMARY KEY (guild_id, feature)
) WITHOUT ROWID;
CREATE TABLE member_activity (
    guild_id INTEGER NOT NULL,
    user_id INTEGER NOT NULL,
    messages INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (guild_id, user_id)
) WITHOUT ROWID;
CREATE INDEX member_activity_top ON member_activity (guild_id, messages DESC);
CREATE TABLE guild_day_activity (
    guild_id INTEGER NOT NULL,
    day INTEGER NOT NULL, -- days since 1970-01-01, UTC
    messages INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (guild_id, day)
) WITHOUT ROWID;
CREATE TABLE member_names (
    guild_id INTEGER NOT NULL,
    user_id INTEGER NOT NULL,
    name TEXT NOT NULL,
    PRIMARY KEY (guild_id, user_id)
) WITHOUT ROWID;
CREATE TABLE member_ranks (
    guild_id INTEGER NOT NULL,
    user_id INTEGER NOT NULL,
    rank INTEGER NOT NULL,
    at REAL NOT NULL,
    PRIMARY KEY (guild_id, user_id)
) WITHOUT ROWID;
CREATE TABLE actions (
    id INTEGER PRIMARY KEY,
    at REAL NOT NULL,
    guild_id INTEGER NOT NULL,
    feature TEXT NOT NULL,
    kind TEXT NOT NULL,
    subject TEXT NOT NULL,
    summary TEXT NOT NULL,
    reason TEXT NOT NULL,
    channel_id INTEGER,
    user_id INTEGER,
    message_id INTEGER,
    settings_version INTEGER NOT NULL,
    evidence BLOB NOT NULL
);
CREATE INDEX actions_recent ON actions (guild_id, id DESC);
CREATE TABLE web_sessions (
    key TEXT PRIMARY KEY,
    value BLOB NOT NULL,
    expires_at REAL
) WITHOUT ROWID;
