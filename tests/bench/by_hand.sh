# The tutorial's own steps, corrected so that they work, as somebody would type them as root.
# PRODUCT, PREFIX (of its variables), PACKAGE, MAJOR (of Node.js), COMMAND and TOKEN are set.
set -e
export DEBIAN_FRONTEND=noninteractive
apt-get -q update
apt-get -q install -y ca-certificates curl gnupg
curl -fsSL https://deb.nodesource.com/gpgkey/nodesource-repo.gpg.key | gpg --dearmor -o /usr/share/keyrings/nodesource.gpg
echo "deb [signed-by=/usr/share/keyrings/nodesource.gpg] https://deb.nodesource.com/node_$MAJOR.x nodistro main" >/etc/apt/sources.list.d/nodesource.list
apt-get -q update
apt-get -q install -y nodejs
mkdir -p /usr/lib/$PRODUCT
cd /usr/lib/$PRODUCT
echo "$PACKAGE" >package.json
npm install --no-audit --no-fund
[ $PRODUCT != openclaw ] || npm rebuild openclaw
ln -s /usr/lib/$PRODUCT/node_modules/.bin/$PRODUCT /usr/local/bin/$PRODUCT
mkdir -p /root/.$PRODUCT
echo '{"gateway":{"mode":"local","bind":"loopback","auth":{"mode":"token"}}}' >/root/.$PRODUCT/$PRODUCT.json
(umask 077; echo "${PREFIX}_GATEWAY_TOKEN=$TOKEN" >/root/.$PRODUCT/gateway.env)
cat >/etc/systemd/system/$PRODUCT.service <<UNIT
[Unit]
Description=$PRODUCT
After=network-online.target
[Service]
EnvironmentFile=/root/.$PRODUCT/gateway.env
ExecStart=/usr/local/bin/$PRODUCT $COMMAND
Restart=always
[Install]
WantedBy=multi-user.target
UNIT
systemctl daemon-reload
systemctl enable --now $PRODUCT
until ss -Hltn 'sport = :18789' | grep -q .; do sleep 0.2; done
