# The tutorial's own steps, corrected so that they work, as somebody would type them as root.
set -e
export DEBIAN_FRONTEND=noninteractive
apt-get -q update
apt-get -q install -y ca-certificates curl gnupg
curl -fsSL https://deb.nodesource.com/gpgkey/nodesource-repo.gpg.key | gpg --dearmor -o /usr/share/keyrings/nodesource.gpg
echo "deb [signed-by=/usr/share/keyrings/nodesource.gpg] https://deb.nodesource.com/node_22.x nodistro main" >/etc/apt/sources.list.d/nodesource.list
apt-get -q update
apt-get -q install -y nodejs
mkdir -p /usr/lib/clawdbot
cd /usr/lib/clawdbot
echo '{"dependencies":{"clawdbot":"2026.1.24-3"},"overrides":{"libsignal":"6.0.0"}}' >package.json
npm install --no-audit --no-fund
ln -s /usr/lib/clawdbot/node_modules/.bin/clawdbot /usr/local/bin/clawdbot
mkdir -p /root/.clawdbot
echo '{"gateway":{"mode":"local","bind":"loopback","auth":{"mode":"token"}}}' >/root/.clawdbot/clawdbot.json
(umask 077; echo "CLAWDBOT_GATEWAY_TOKEN=$TOKEN" >/root/.clawdbot/gateway.env)
cat >/etc/systemd/system/clawdbot.service <<'UNIT'
[Unit]
Description=Clawdbot
After=network-online.target
[Service]
EnvironmentFile=/root/.clawdbot/gateway.env
ExecStart=/usr/local/bin/clawdbot gateway
Restart=always
[Install]
WantedBy=multi-user.target
UNIT
systemctl daemon-reload
systemctl enable --now clawdbot
until ss -Hltn 'sport = :18789' | grep -q .; do sleep 0.2; done
