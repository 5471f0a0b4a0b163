"""What tests share: worlds, browsers, servers."""
