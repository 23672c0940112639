// What an agent does inside of the gateway's sandbox; one line of JSON says what came of it.
const { execFileSync, fork } = require("node:child_process");
const { DatabaseSync } = require("node:sqlite");
const { Worker } = require("node:worker_threads");
const fs = require("node:fs"), net = require("node:net"), os = require("node:os");

if (process.argv[2] === "forked") { process.send("forked"); process.disconnect(); return; }
const heard = (target, event) => new Promise((done, fail) => target.once(event, done).once("error", fail));
const reach = (host, port) => new Promise((done) => {
  const socket = net.connect({ host, port, timeout: 3000 });
  const end = (word) => { socket.destroy(); done(word); };
  socket.once("connect", () => end("open")).once("timeout", () => end("shut")).once("error", (e) => end(e.code));
});
const tried = async (what) => { try { return await what(); } catch (error) { return `${error.code || ""} ${error.message}`; } };
const sqlite = () => {
  const path = `${os.homedir()}/probe.sqlite`;
  const db = new DatabaseSync(path);
  db.exec("PRAGMA journal_mode=WAL; CREATE VIRTUAL TABLE notes USING fts5(text); INSERT INTO notes VALUES ('the quick fox')");
  const found = db.prepare("SELECT text FROM notes WHERE notes MATCH 'fox'").get().text;
  db.close();
  for (const end of ["", "-wal", "-shm"]) fs.rmSync(path + end, { force: true });
  return found;
};
(async () => {
  const answer = {
    shell: await tried(() => execFileSync("sh", ["-c", "f=$(mktemp); cp -p /etc/hostname $f; tar -cf - $f 2>/dev/null | wc -c; rm $f"]).toString().trim()),
    fork: await tried(() => heard(fork(__filename, ["forked"]), "message")),
    worker: await tried(() => heard(new Worker("require('node:worker_threads').parentPort.postMessage('worked')", { eval: true }), "message")),
    sqlite: await tried(sqlite),
    interfaces: await tried(() => Object.keys(os.networkInterfaces()).includes("lo")),
    egress: await reach(process.env.PROBE_HOST, 443),
    metadata: await reach("169.254.169.254", 80),
    root: await tried(() => fs.readdirSync("/root").length),
    etc: await tried(() => fs.writeFileSync("/etc/probe", "")),
    secret: Object.keys(process.env).filter((name) => /_GATEWAY_(TOKEN|PASSWORD)$/.test(name)),
  };
  console.log("probe " + JSON.stringify(answer));
})();
